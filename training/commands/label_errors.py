"""``klantstem-train label-errors``: labels that are likely wrong, as a file to relabel."""

from __future__ import annotations

import argparse
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from training.labelled import TAXONOMY
from training.readers.options import add_read_options, load_labelled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from training.label_errors import SuspectLabel
    from training.labelled import LabelledVerbatim

_EPILOG = """\
Each row is judged by plain models that were fitted on other stories (cross-validation on frozen
embeddings), so the labels judge each other; the bundle's own opinion is not asked. Mend the columns
sentiment, topics, department and department_2 in the file; 'klantstem-train fit' and all other
commands read it, and --relabelled puts the mended rows back into the whole.

examples:
  klantstem-train label-errors rows.jsonl --out suspects.xlsx
  klantstem-train label-errors rows.jsonl --relabelled suspects.xlsx --out mended.jsonl
"""


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "label-errors",
        help="find labels that are likely wrong, as a file to relabel",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("data", type=Path, nargs="+", help="labelled verbatims")
    add("--out", type=Path, required=True, metavar="FILE", help="CSV, JSONL or XLSX")
    add("--encoder", type=Path, metavar="FOLDER", help="bundle or sentence-transformers folder "
        "whose embeddings are used; best one that was not trained on these labels "
        "(default: the released bundle)")  # fmt: skip
    add("--taxonomy", type=Path, default=TAXONOMY)
    add("--relabelled", type=Path, metavar="FILE", help="put mended rows back, by id")
    add("--most", type=int, metavar="N", help="rows in the file at most, the worst first")
    add("--folds", type=int, default=5, metavar="N", help="of the cross-validation (default 5)")
    add("--seed", type=int, default=1)
    add_read_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Find suspects and write them, or put mended rows back."""
    from models.taxonomy import read_taxonomy
    from training.cross_probabilities import cross_probabilities
    from training.frozen_embeddings import embed_texts
    from training.label_errors import find_suspects
    from training.labelled import LabelledDataError
    from training.tables_out import check_suffix, write_table
    from training.targets import gold_rows

    check_suffix(args.out, (".jsonl",) if args.relabelled else (".csv", ".jsonl", ".xlsx"))
    if args.folds < 2:
        raise ValueError(f"--folds must be at least 2. Got {args.folds}")
    taxonomy = read_taxonomy(args.taxonomy)
    rows = load_labelled(args, args.data, taxonomy, is_for_training=False)
    if args.relabelled:
        return _put_back(args, rows)
    if len({row.story for row in rows}) < 2 * args.folds:
        raise LabelledDataError(f"{len(rows)} rows are too few for --folds {args.folds}")
    gold = gold_rows(rows, taxonomy)
    embeddings = embed_texts(args.encoder, [row.text for row in rows])
    probabilities = cross_probabilities(embeddings, rows, gold, n_folds=args.folds, seed=args.seed)
    suspects = find_suspects(rows, gold, probabilities, taxonomy)
    table = _table(rows, suspects, args.most)
    write_table(table, args.out)
    counts = Counter(suspect.task for suspect in suspects)
    shown = ", ".join(f"{task} {n}" for task, n in sorted(counts.items())) or "none"
    print(f"{args.out}: {len(table)} of {len(rows)} rows to look at; suspect labels: {shown}")
    return 0


def _table(
    rows: Sequence[LabelledVerbatim], suspects: Sequence[SuspectLabel], most: int | None
) -> list[dict[str, object]]:
    """One line per suspect row, the worst first: what is doubted, and the labels to mend."""
    by_place: dict[int, list[SuspectLabel]] = defaultdict(list)
    for suspect in suspects:
        by_place[suspect.place].append(suspect)
    table = []
    for place, own in list(by_place.items())[:most]:
        row = rows[place]
        table.append(
            {
                "id": row.id,
                "text": row.text,
                "quality": round(own[0].quality, 4),
                "doubt": "; ".join(_doubt(one) for one in own),
                "sentiment": row.labels.sentiment,
                "topics": list(row.labels.topics),
                "department": row.labels.department,
                "department_2": row.labels.department_2,
                "lang": row.lang,
                "sector": row.sector,
                "variety": row.variety,
                "story": row.story,
                "split": row.split,
                "batch": row.batch,
            }
        )
    return table


def _doubt(suspect: SuspectLabel) -> str:
    """What is doubted, in words."""
    sure = f"{suspect.suggested_probability:.0%}"
    if suspect.task == "topics" and not suspect.suggested:
        return f"topics: without {suspect.label}? ({sure})"
    if suspect.task == "topics":
        return f"topics: {suspect.suggested} too? ({sure})"
    return f"{suspect.task}: {suspect.suggested} in place of {suspect.label}? ({sure})"


def _put_back(args: argparse.Namespace, rows: Sequence[LabelledVerbatim]) -> int:
    """Write all rows, those of the relabelled file with their new labels."""
    import dataclasses

    from models.taxonomy import read_taxonomy
    from training.labelled import LabelledDataError
    from training.readers.reading import ReadOptions, read_labelled
    from training.tables_out import write_table

    options = ReadOptions(is_for_training=False)
    relabelled = read_labelled([args.relabelled], read_taxonomy(args.taxonomy), options).rows
    mended = {row.id: row.labels for row in relabelled}
    n_rows = Counter(row.id for row in rows)
    n_mended = Counter(row.id for row in relabelled)
    # An id that two files share would put the labels of one text on another.
    twice = [one for one in n_mended if max(n_rows[one], n_mended[one]) > 1]
    if twice:
        raise LabelledDataError(
            f"{args.relabelled.name}: {len(twice)} id(s) stand more than once, in it or in the "
            f"data, the first is {twice[0]}: give each row an id of its own and start anew"
        )
    unknown = sorted(set(mended) - set(n_rows))
    if unknown:
        raise LabelledDataError(
            f"{args.relabelled.name}: {len(unknown)} id(s) are not in the data, the first is "
            f"{unknown[0]}"
        )
    table, n_changed = [], 0
    for row in rows:
        labels = mended.get(row.id, row.labels)
        n_changed += labels != row.labels
        # Labels of clauses may no longer fit a text whose own labels have changed.
        segments = [] if labels != row.labels else [
            {"start": part.start, "end": part.end, **part.labels._asdict()}
            for part in row.segments
        ]  # fmt: skip
        fields = {
            field.name: getattr(row, field.name)
            for field in dataclasses.fields(row)
            if field.name not in ("labels", "segments", "annotations")
        }
        table.append({**fields, **labels._asdict(), "segments": segments})
    write_table(table, args.out)
    print(f"{args.out}: {len(table)} rows, {n_changed} with new labels")
    return 0
