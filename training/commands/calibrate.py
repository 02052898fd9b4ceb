"""``klantstem-train calibrate``: probabilities that can be taken at their word, and the bars."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from models.taxonomy import TASKS
from training.readers.options import add_read_options, load_labelled, load_unlabelled

if TYPE_CHECKING:
    from training.recalibrate import Recalibration

_EPILOG = """\
DATA must be rows that the model did not learn from: for the data of 'fit' add --split validation.
The figures of 'recalibrated' come from rows that each fold was not calibrated on. With
--unlabelled the share of each label where the model will work is estimated from those texts and
corrected; 'sector unseen' tells what that does, tried on the sectors of DATA in turn.

examples:
  klantstem-train calibrate models/bundles/nl-en held_out.jsonl --out build/calibrated
  klantstem-train calibrate models/bundles/nl-en held_out.csv --unlabelled shop.csv --out build/shop
"""


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "calibrate",
        help="set probabilities, thresholds and bars of a bundle on held-out rows",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("bundle", type=Path, help="bundle folder; it is not changed")
    add("data", type=Path, nargs="+", help="held-out labelled verbatims")
    add("--out", type=Path, help="folder of the new bundle; without it only figures are given")
    add("--split", choices=("train", "validation", "test"), help="only the rows of this split")
    add(
        "--tasks",
        nargs="+",
        choices=TASKS,
        default=TASKS,
        help="what is calibrated; the others keep what the bundle has (default: all)",
    )
    add(
        "--method",
        choices=("bias", "temperature"),
        default="bias",
        help="one temperature per task, or that and a bias per label (default)",
    )
    add(
        "--precision",
        type=float,
        default=0.9,
        metavar="P",
        help="share of right answers wanted among those that need no review (default 0.9)",
    )
    add("--one-bar", action="store_true", help="one review bar per task, not one per label")
    add("--topic-precision", type=float, metavar="P", help="default: thresholds for the best F1")
    add(
        "--min-probability",
        type=float,
        default=0.3,
        metavar="P",
        help="below it sentiment and department are not given at all (default 0.3)",
    )
    add(
        "--answer-precision",
        type=float,
        metavar="P",
        help="share of right answers wanted among all that are given: the others are withheld",
    )
    add("--unlabelled", type=Path, nargs="+", help="texts from where the model will work")
    add("--max-unlabelled", type=int, default=5000, metavar="N", help="drawn from them")
    add("--damping", type=float, metavar="D", help="share of the shift corrected (default 0.5)")
    add("--field-shares", type=Path, help="JSON: share of each label there, where it is known")
    add("--seed", type=int, default=1)
    add("--json", type=Path, dest="json_out", metavar="FILE", help="write the figures")
    add("--threads", type=int, metavar="N", help="verbatims encoded at a time")
    add_read_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Score the rows, calibrate, and write the new bundle where one is asked for."""
    import numpy as np

    from models.bundle import load_bundle
    from training.calibrate import read_field_shares
    from training.recalibrate import (
        CalibrationPlan,
        keep_other_tasks,
        recalibrate,
        record_of,
        write_recalibrated,
    )
    from training.scoring import score, score_rows

    for name in ("precision", "topic_precision", "min_probability", "answer_precision", "damping"):
        value = getattr(args, name)
        if value is not None and not 0.0 <= value <= 1.0:
            raise ValueError(f"--{name.replace('_', '-')} must be in [0, 1]. Got {value}")
    if args.unlabelled and args.field_shares:
        raise ValueError("--unlabelled and --field-shares say the same: give one of them")
    if args.json_out is not None and not args.json_out.parent.is_dir():
        raise FileNotFoundError(f"--json: the folder {args.json_out.parent} does not exist")
    if args.out is not None and args.out.exists():
        raise FileExistsError(f"{args.out} exists: a bundle is never changed, name a new folder")
    plan = CalibrationPlan(
        has_bias=args.method == "bias",
        precision=args.precision,
        has_label_bars=not args.one_bar,
        topic_precision=args.topic_precision,
        min_probability=args.min_probability,
        answer_precision=args.answer_precision,
        seed=args.seed,
    )
    if args.damping is not None:
        plan = dataclasses.replace(plan, damping=args.damping)
    classifier = load_bundle(args.bundle, n_threads=args.threads)
    taxonomy = classifier.taxonomy
    shares = read_field_shares(args.field_shares, taxonomy) if args.field_shares else None
    rows = load_labelled(args, args.data, taxonomy, is_for_training=False)
    rows = tuple(row for row in rows if args.split in (None, row.split))
    texts = load_unlabelled(args, args.unlabelled) if args.unlabelled else ()
    scored = score_rows(classifier, rows)
    kept = np.flatnonzero(scored.is_scored)
    if len(kept) < len(rows):
        print(f"note: {len(rows) - len(kept)} row(s) get no labels, left out", file=sys.stderr)
    unlabelled = None
    if args.unlabelled:
        rng = np.random.default_rng(args.seed)
        drawn = sorted(rng.permutation(len(texts))[: args.max_unlabelled])
        field = score(classifier, [texts[place] for place in drawn], what="unlabelled")
        unlabelled = {task: rows[field.is_scored] for task, rows in field.logits.items()}
    chosen = [rows[place] for place in kept]
    result = recalibrate(
        {task: scores[kept] for task, scores in scored.logits.items()},
        chosen,
        taxonomy,
        classifier.calibration,
        plan,
        unlabelled=unlabelled,
        field_shares=shares,
        tasks=args.tasks,
    )
    _print(result, taxonomy)
    record = {**record_of(result, chosen, plan), "tasks": list(args.tasks)}
    if args.json_out:
        args.json_out.write_text(json.dumps(record, indent=1), encoding="utf-8")
    if args.out is not None:
        calibration = keep_other_tasks(result.calibration, classifier.calibration, args.tasks)
        version = write_recalibrated(args.bundle, args.out, calibration, record)
        print(f"{args.out}: bundle {version}")
    return 0


def _print(result: Recalibration, taxonomy: Any) -> None:
    """The figures as a table, then the bars and the shifts."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from training.recalibrate import COVERAGES

    table = Table(box=box.SIMPLE)
    for column in ("task", "way"):
        table.add_column(column, no_wrap=True)
    share = [f"{share:.0%}" for share in COVERAGES]
    columns = ("rows", "accuracy", "ECE", "by label", "noise", *(f"P at {one}" for one in share))
    for column in (*columns, "coverage", "AURC"):
        table.add_column(column, justify="right", no_wrap=True)
    for line in result.figures:
        numbers = (
            line.accuracy,
            line.top_label_error,
            line.class_wise_error,
            line.noise_floor,
            *line.precision_at.values(),
            line.coverage_at_precision,
            line.risk_area,
        )
        table.add_row(line.task, line.way, str(line.n_rows), *(f"{one:.3f}" for one in numbers))
    console = Console()
    console = Console(width=max(console.width, 150))
    console.print(table)
    print("ECE: of the likeliest label; by label: mean over labels; noise: ECE that perfect")
    print("probabilities would show on as many rows; coverage: share answered at the precision.")
    for task, least in result.calibration.min_probability.items():
        print(f"{task}: withheld below {least:.2f}")
    for task, bar in result.calibration.review_probability.items():
        own = result.calibration.label_review_probability.get(task, {})
        shown = ", ".join(f"{label} {value:.2f}" for label, value in own.items())
        print(f"{task}: review below {bar:.2f}" + (f" ({shown})" if shown else ""))
    for task, shift in result.shifts.items():
        pairs = zip(taxonomy.labels(task), shift.calibrated, shift.field, strict=True)
        shown = ", ".join(f"{label} {a:.2f} -> {b:.2f}" for label, a, b in pairs)
        print(f"{task}: estimated shares {shown}")
    for note in result.notes:
        print(f"note: {note}", file=sys.stderr)
