"""``klantstem-train agreement``: how well annotators agree."""

from __future__ import annotations

import argparse
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.labelled import TAXONOMY
from training.readers.options import add_read_options

if TYPE_CHECKING:
    from training.agreement import LabelPair

_EPILOG = """\
Two files are joined by the id of their rows. One file must keep annotators apart itself, as the
exports of Label Studio and Argilla do: each pair of annotators with rows in common is compared.
"""


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "agreement",
        help="Cohen's kappa and Krippendorff's alpha between annotators",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_options(parser)
    parser.set_defaults(run=run)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options, to the command or to a parser of their own."""
    add = parser.add_argument
    add("first", type=Path, metavar="FIRST", help="labels of one annotator, or of several")
    add("second", type=Path, metavar="SECOND", nargs="?", help="labels of another")
    add("--json", action="store_true", help="print JSON in place of the table")
    add("--resamples", type=int, default=1000, metavar="N")
    add("--seed", type=int, default=0)
    add("--taxonomy", type=Path, default=TAXONOMY, help="for files other than JSONL rows")
    add_read_options(parser)


def run(args: argparse.Namespace) -> int:
    """Compare, and print tables or JSON."""
    import json

    import numpy as np

    from training.agreement import (
        as_json,
        list_disagreements,
        measure_agreement,
        pair_labels,
        print_table,
    )
    from training.labelled import LabelledDataError

    compared: list[tuple[str, tuple[LabelPair, ...], dict[str, int]]] = []
    if args.second is None:
        for name, pairs in _pairs_within(args):
            compared.append((name, pairs, {}))
        if not compared:
            raise LabelledDataError(
                f"{args.first.name}: no row has labels of two annotators: name a second file"
            )
    else:
        first, second = _labels_of(args.first, args), _labels_of(args.second, args)
        pairs = pair_labels(first, second)
        n_only = {"only_first": len(first) - len(pairs), "only_second": len(second) - len(pairs)}
        compared.append(("", pairs, n_only))
    documents = []
    for name, pairs, n_only in compared:
        rng = np.random.default_rng(args.seed)
        lines = measure_agreement(pairs, rng=rng, n_resamples=args.resamples)
        disagreements = list_disagreements(pairs)
        if args.json:
            documents.append(
                {
                    **({"annotators": name} if name else {}),
                    "n_pairs": len(pairs),
                    **n_only,
                    "figures": [as_json(asdict(line)) for line in lines],
                    "disagreements": [asdict(found) for found in disagreements],
                }
            )
            continue
        if name:
            print(name)
        print_table(lines, disagreements)
        if n_only:
            print(
                f"rows in one file only: {n_only['only_first']} first, "
                f"{n_only['only_second']} second"
            )
    if args.json:
        document = documents if args.second is None else documents[0]
        json.dump(document, sys.stdout, ensure_ascii=False, indent=1)
        print()
    return 0


def _labels_of(path: Path, args: argparse.Namespace) -> Any:
    """Language and labels by id of one annotator's file."""
    from models.taxonomy import read_taxonomy
    from training.agreement import read_label_file
    from training.readers.options import read_options
    from training.readers.reading import read_labelled

    if _is_plain(path, args):
        return read_label_file(path)
    options = read_options(args, is_for_training=False)
    rows = read_labelled(
        [path], read_taxonomy(args.taxonomy), options, skip_faulty=args.skip_faulty
    ).rows
    return {row.id: (row.lang, row.labels) for row in rows}


def _is_plain(path: Path, args: argparse.Namespace) -> bool:
    """Whether all there is are JSONL rows, which need no taxonomy."""
    from training.readers.formats import detect_format, list_files

    if args.form is not None or args.column:
        return False
    return all(
        file.suffix.lower() == ".jsonl" and detect_format(file) == "jsonl"
        for file in list_files(path)
    )


def _pairs_within(args: argparse.Namespace) -> list[tuple[str, tuple[LabelPair, ...]]]:
    """Pairs of annotators of one export, those with the most rows in common first."""
    from collections import defaultdict
    from itertools import combinations

    from models.taxonomy import read_taxonomy
    from training.agreement import LabelPair
    from training.readers.options import read_options
    from training.readers.reading import read_annotations

    options = read_options(args, is_for_training=False)
    found: dict[tuple[str, str], list[LabelPair]] = defaultdict(list)
    rows = read_annotations(
        [args.first], read_taxonomy(args.taxonomy), options, skip_faulty=args.skip_faulty
    )
    for row_id, lang, said in rows:
        own = sorted({one.annotator: one for one in said}.items())
        for (name, first), (other, second) in combinations(own, 2):
            found[(name, other)].append(
                LabelPair(id=row_id, lang=lang, first=first.labels, second=second.labels)
            )
    ranked = sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    return [(f"{first} and {second}", tuple(pairs)) for (first, second), pairs in ranked]
