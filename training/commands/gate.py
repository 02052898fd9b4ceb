"""``klantstem-train gate``: may a new bundle take the place of the one that serves."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from training.readers.options import add_read_options, load_labelled

_EPILOG = """\
A figure passes if the lower bound of its gain (one-sided, on paired resamples) is at least minus
its margin: a loss beyond the margin must be ruled out. Languages and departments with fewer gold
rows than --min-rows are shown and not counted. Speed is judged by the median over blocks that
both bundles answer in turn. A label with fewer than 10 gold rows does not count in a macro-F1.

CURRENT may be a bundle or a folder that 'klantstem-train promote' keeps. The report is written
beside the candidate's folder, where 'promote' looks for it.

exit status: 0 passed, 1 refused, 2 error
"""

_TRAINED = (
    "the candidate was trained on these very rows: give rows that it never saw (--split validation "
    "leaves out what it learnt from, but the rest chose its epoch and thresholds)"
)
_LEARNT = {
    None: _TRAINED,
    "train": _TRAINED,
    "validation": "these rows chose the candidate's epoch and thresholds: its figures look better "
    "here than they are; judge it on rows that it never saw",
}
"""What to tell where the rows are those that the candidate was made of, by split."""


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    from training.gate.config import GateConfig

    default = GateConfig()
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "gate",
        help="may a new bundle take the place of the one that serves",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("candidate", type=Path, help="bundle that is to be promoted")
    add("current", type=Path, help="bundle in place")
    add("data", type=Path, nargs="+", help="labelled verbatims that neither was trained on")
    add(
        "--clustering",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="JSONL with text, lang and cluster, or with nl and en that mean the same; "
        "default: topics and stories of the data",
    )
    add(
        "--split",
        choices=("train", "validation", "test"),
        help="only the rows of this split",
    )
    add("--report", type=Path, metavar="FILE", help="default: CANDIDATE.gate.json")
    add("--threads", type=int, metavar="N", help="verbatims encoded at a time")
    group = parser.add_argument_group("what is demanded")
    for name, meaning in (
        ("margin", "loss of F1 over all rows"),
        ("language_margin", "loss of F1 of a language"),
        ("department_margin", "loss of F1 of a department"),
        ("calibration_margin", "growth of the calibration error"),
        ("clustering_margin", "loss in the figures of clustering"),
        ("max_slowdown", "loss of speed, as a share"),
        ("confidence", "of the bounds, one-sided"),
        ("min_rows", "gold rows that a group needs to count"),
        ("n_resamples", "resamples of the rows"),
        ("clustering_rows", "most rows of a file of clusters"),
        ("seed", "of the resamples"),
    ):
        value = getattr(default, name)
        group.add_argument(
            f"--{name.removeprefix('n_').replace('_', '-')}",
            dest=f"config_{name}",
            type=type(value),
            default=value,
            metavar="N" if isinstance(value, int) else "X",
            help=f"{meaning} (default {value:g})",
        )
    add_read_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Compare, show the table and write the report."""
    from rich.console import Console

    from models.bundle import read_manifest, resolve_bundle
    from models.taxonomy import read_taxonomy
    from training.gate.clustering import read_clustering
    from training.gate.config import GateConfig
    from training.gate.report import ReportError, default_report
    from training.gate.run import check_labels_are_equal, run_gate
    from training.origins import corpus_hash

    prefix = "config_"
    config = GateConfig(
        **{
            key.removeprefix(prefix): value
            for key, value in vars(args).items()
            if key.startswith(prefix)
        }
    )
    candidate, current = (resolve_bundle(folder) for folder in (args.candidate, args.current))
    manifest, _ = read_manifest(candidate), read_manifest(current)
    taxonomy = read_taxonomy(candidate / "taxonomy.json")
    check_labels_are_equal(taxonomy, read_taxonomy(current / "taxonomy.json"))
    clustering = [
        read_clustering(path, max_rows=config.clustering_rows, seed=config.seed)
        for path in args.clustering
    ]
    rows = load_labelled(args, args.data, taxonomy, is_for_training=False)
    notes = []
    if manifest.origin.get("corpus_sha256") == corpus_hash(rows) and args.split in _LEARNT:
        notes.append(_LEARNT[args.split])
        print(f"note: {notes[0]}", file=sys.stderr)
    rows = tuple(row for row in rows if args.split in (None, row.split))
    report = run_gate(
        candidate,
        current,
        rows,
        clustering=clustering,
        config=config,
        n_threads=args.threads,
        notes=notes,
    )
    report.print(Console(width=None if sys.stdout.isatty() else 140))
    for note in report.notes[len(notes) :]:
        print(f"note: {note}", file=sys.stderr)
    path = args.report or default_report(args.candidate)
    try:
        report.save(path)
    except (OSError, RuntimeError) as error:
        raise ReportError(
            f"the outcome stands, but its report, which 'promote' asks for, is missing: {error}"
        ) from error
    print(f"report: {path}")
    return 0 if report.is_passed else 1
