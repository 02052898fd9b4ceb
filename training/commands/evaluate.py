"""``klantstem-train evaluate``: how good a bundle is, for whom, and how surely."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from training.readers.options import add_read_options, load_labelled

_EPILOG = """\
Figures per language, variety, sector, length and label, with bootstrap intervals over stories;
confusion, calibration, precision of the surest answers, agreement of annotators where the data
holds two (or --second gives the other), a check of single against batch, and the surest errors by
id. Texts appear nowhere unless --with-texts is given; then redacted, in JSON and HTML.

example:
  klantstem-train evaluate models/bundles/nl-en held_out.jsonl --html build/eval.html
"""


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "evaluate",
        help="measure a bundle on labelled verbatims",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("bundle", type=Path, help="bundle folder")
    add("data", type=Path, nargs="+", help="labelled verbatims that it was not trained on")
    add("--split", choices=("train", "validation", "test"), help="only the rows of this split")
    add("--json", type=Path, dest="json_out", metavar="FILE", help="write everything as JSON")
    add("--html", type=Path, metavar="FILE", help="write one page with plots; needs no network")
    add("--with-texts", action="store_true", help="redacted texts beside the surest errors")
    add("--second", type=Path, metavar="FILE", help="JSONL labels of a second annotator, by id")
    add("--errors", type=int, default=50, metavar="N", help="surest errors listed (default 50)")
    add("--resamples", type=int, default=1000, metavar="N", help="for the intervals")
    add("--alone", type=int, default=50, metavar="N", help="rows classified one by one as well")
    add("--seed", type=int, default=1)
    add("--threads", type=int, metavar="N", help="verbatims encoded at a time")
    add_read_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure, print, and write what is asked for."""
    from rich.console import Console

    from models.bundle import load_bundle
    from training.agreement import LabelPair, pair_labels, read_label_file
    from training.evaluation.measure import EvaluationPlan, evaluate
    from training.evaluation.output import as_json, print_evaluation

    for name, least in (("resamples", 1), ("errors", 0), ("alone", 0)):
        if getattr(args, name) < least:
            raise ValueError(f"--{name} must be at least {least}. Got {getattr(args, name)}")
    classifier = load_bundle(args.bundle, n_threads=args.threads)
    rows = load_labelled(args, args.data, classifier.taxonomy, is_for_training=False)
    rows = tuple(row for row in rows if args.split in (None, row.split))
    pairs: tuple[LabelPair, ...] = ()
    if args.second:
        first = {row.id: (row.lang, row.labels) for row in rows}
        pairs = pair_labels(first, read_label_file(args.second))
    plan = EvaluationPlan(
        n_resamples=args.resamples,
        n_errors=args.errors,
        n_alone=args.alone,
        with_texts=args.with_texts,
        seed=args.seed,
    )
    evaluation = evaluate(classifier, rows, plan, pairs=pairs)
    print_evaluation(evaluation, Console())
    if args.json_out:
        args.json_out.write_text(as_json(evaluation), encoding="utf-8")
    if args.html:
        from training.evaluation.page import render_page

        args.html.write_text(render_page(evaluation), encoding="utf-8")
        print(f"{args.html}: page written")
    return 0
