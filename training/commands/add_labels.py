"""``klantstem-train add-labels``: teach a bundle new labels from a few examples."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from training.readers.options import add_read_options, load_labelled


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "add-labels", help="teach a bundle new labels from 8 examples each, or none"
    )
    add = parser.add_argument
    add("bundle", type=Path, help="bundle to start from; it stays as it is")
    add("--taxonomy", type=Path, required=True, help="its labels and the new ones")
    add("--data", type=Path, nargs="+", help="rows with the new labels; none for zero-shot")
    add(
        "--background",
        type=Path,
        nargs="+",
        help="rows without the new labels; default: data/verbatims/",
    )
    add("--max-background", type=int, default=2000, metavar="N", help="at most so many of them")
    add("--out", type=Path, required=True, help="bundle folder to write")
    add_read_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Fit the new labels and say how many examples each had."""
    from models.taxonomy import read_taxonomy
    from training.few_shot import FEW, add_labels, few_examples

    taxonomy = read_taxonomy(args.taxonomy)
    examples = load_labelled(args, args.data, taxonomy, is_for_training=False) if args.data else ()
    background = load_labelled(
        args, args.background, taxonomy, is_for_training=False, is_beside=bool(args.data)
    )
    step = max(1, -(-len(background) // args.max_background))
    counts = add_labels(args.bundle, taxonomy, examples, background[::step], args.out)
    for label, n_examples in counts.items():
        how = f"{n_examples} examples" if n_examples else "zero-shot, from its definition alone"
        print(f"{label}: {how}")
    if few := few_examples(counts):
        print(f"note: fewer than {FEW} examples of {', '.join(few)}", file=sys.stderr)
    return 0
