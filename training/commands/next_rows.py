"""``klantstem-train next``: which unlabelled verbatims to label."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from training.readers.options import add_read_options, load_unlabelled

_EPILOG = """\
Verbatims that the bundle is unsure of, spread over what customers write about; equal texts count
once, and texts that stand in --labelled, redacted or not, are left out. Texts are redacted unless
--raw. A name in .json gives tasks for Label Studio; --config writes the labelling configuration
that goes with them.

examples:
  klantstem-train next models/bundles/nl-en feedback.csv -n 200 --out to_label.csv
  klantstem-train next models/bundles/nl-en feedback.csv -n 200 --out tasks.json --config labels.xml
"""


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "next",
        help="choose the unlabelled verbatims that are worth labelling",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("bundle", type=Path, help="bundle folder")
    add("data", type=Path, nargs="+", help="verbatims; labels in it are not looked at")
    add("--out", type=Path, required=True, metavar="FILE", help="CSV, JSONL, XLSX, or JSON tasks")
    add("-n", type=int, default=100, dest="n_picks", metavar="N", help="how many (default 100)")
    add("--labelled", type=Path, nargs="+", default=[], metavar="FILE", help="already labelled")
    add("--suggest", action="store_true", help="what the bundle says as a start; it sways people")
    add("--config", type=Path, metavar="FILE", help="labelling configuration of Label Studio")
    add("--raw", action="store_true", help="texts as they are, personal data included")
    add("--seed", type=int, default=1)
    add("--threads", type=int, metavar="N", help="verbatims encoded at a time")
    add_read_options(parser, needs_labels=False)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Score the pool, pick, and write."""
    from models.bundle import load_bundle
    from models.domain import TaggedVerbatim
    from models.taxonomy import TASKS
    from training.label_studio_tasks import make_config, make_task
    from training.next_rows import measure_uncertainty, pick_next
    from training.scoring import labels_given, score
    from training.tables_out import SUFFIXES, check_suffix, write_table
    from training.writing import save_text

    check_suffix(args.out, (*SUFFIXES, ".json"))
    if args.n_picks < 1:
        raise ValueError(f"-n must be at least 1. Got {args.n_picks}")
    classifier = load_bundle(args.bundle, n_threads=args.threads)
    found = load_unlabelled(args, args.data, is_beside=False)
    labelled = load_unlabelled(args, args.labelled) if args.labelled else ()
    # What was labelled may be the redacted text that this command gave, or the text as typed.
    seen = {form for one in labelled for form in (_plain(one.text), _form(one.text))}
    pool = []
    for verbatim in found:
        form = _form(verbatim.text)
        if form not in seen:
            seen.add(form)
            pool.append(verbatim)
    scored = score(classifier, pool)
    kept = [place for place in range(len(pool)) if scored.is_scored[place]]
    if not kept:
        raise ValueError("no verbatim is left to choose from: all are labelled or get no labels")
    logits = {task: rows[kept] for task, rows in scored.logits.items()}
    uncertainty = measure_uncertainty(classifier.calibration.probabilities(logits))
    picks = pick_next(scored.embeddings[kept], uncertainty, n_picks=args.n_picks, seed=args.seed)
    rows, tasks = [], []
    for pick in picks:
        place = kept[pick.place]
        result = scored.results[place]
        if not isinstance(result, TaggedVerbatim):
            continue
        text = pool[place].text if args.raw else result.text
        data = {"id": pool[place].id, "text": text, "lang": result.language.language.value}
        suggested = {task: list(labels_given(result, task)) for task in TASKS if args.suggest}
        doubt = round(pick.uncertainty, 4)
        tasks.append(make_task(data, suggested, version=classifier.bundle_version, score=1 - doubt))
        first = {
            task: labels if task == "topics" else labels[:1] for task, labels in suggested.items()
        }
        labels = {task: first.get(task, []) for task in ("sentiment", "topics", "department")}
        rows.append({**data, **labels, "uncertainty": doubt})
    if args.out.suffix.lower() == ".json":
        save_text(json.dumps(tasks, indent=1, ensure_ascii=False), args.out)
    else:
        write_table(rows, args.out)
    if args.config:
        save_text(make_config(classifier.taxonomy), args.config)
    print(f"{args.out}: {len(rows)} of {len(pool)} verbatims to label")
    return 0


def _form(text: str) -> str:
    """A text for telling whether two are the same to the model, personal data masked."""
    from models.text.clean import clean

    return _plain(clean(text).text)


def _plain(text: str) -> str:
    """A text without what case and spaces tell."""
    return " ".join(text.casefold().split())
