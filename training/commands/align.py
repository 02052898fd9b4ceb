"""``klantstem-train align``: the alignment of the two languages, estimated anew."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

_EPILOG = """\
PAIRS are lines of JSON with 'nl' and 'en' that mean the same. Encoder, heads and calibration stay
as they are; what changes is the space in which complaints are clustered.

example:
  klantstem-train align models/bundles/nl-en --out build/aligned
"""


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "align",
        help="estimate a bundle's alignment of Dutch and English anew",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("bundle", type=Path, help="bundle folder; it is not changed")
    add("pairs", type=Path, nargs="*", help="default: data/parallel/ and the corpus' stories")
    add("--out", type=Path, required=True, help="folder of the new bundle")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Embed both sides of all pairs, estimate, and write the new bundle."""
    from models.bundle import load_bundle
    from training.alignment import align_space, pairs_of, read_parallel
    from training.derive import derive_bundle
    from training.labelled import read_corpus

    if args.pairs:
        pairs = tuple(pair for path in args.pairs for pair in read_parallel(path))
    else:
        pairs = pairs_of(read_corpus())
    classifier = load_bundle(args.bundle)
    space = align_space(classifier.space, classifier.encoder, pairs)
    origin = {"aligned_from": classifier.bundle_version, "alignment": {"pairs": len(pairs)}}
    version = derive_bundle(args.bundle, args.out, {"embedding.safetensors": space.save}, origin)
    print(f"{args.out}: bundle {version}, aligned on {len(pairs)} pairs")
    return 0
