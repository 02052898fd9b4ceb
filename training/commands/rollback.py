"""``klantstem-train rollback``: put the bundle before the current one back in place."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "rollback", help="put the bundle before the current one back in place"
    )
    parser.add_argument("target", type=Path, help="folder of promoted bundles")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Roll back and say so."""
    from training.promotion import rollback

    switch = rollback(args.target)
    print(f"{args.target}: {switch.bundle_version} is in place again, before: {switch.before}")
    return 0
