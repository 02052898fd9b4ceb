"""``klantstem-train base-encoder``: write the base encoder as a folder."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "base-encoder", help="write the base encoder as a folder"
    )
    parser.add_argument("out", type=Path)
    parser.add_argument("--source", help="sentence-transformers folder or hub id")
    parser.add_argument("--cache", type=Path, default=Path("build/packages"))
    parser.add_argument("--no-prune", action="store_true", help="keep the whole vocabulary")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Build the encoder and say how many pieces it has."""
    from training.base_encoder import build

    size = build(args.out, source=args.source, cache=args.cache, prune=not args.no_prune)
    print(f"{args.out}: {size} pieces")
    return 0
