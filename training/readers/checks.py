"""What is wrong between rows, and with the data as a whole."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from training.labelled import LabelledVerbatim
from training.readers.raw import Fault
from training.readers.rows import TRAIN, VALIDATION

_MAX_NAMES = 20
Placed = tuple[str, LabelledVerbatim]
"""Where a row stands, and the row."""


def check_pairs(rows: Sequence[Placed]) -> Iterator[Fault]:
    """Ids that stand twice, equal texts with other labels, stories in two splits."""
    first_id: dict[str, str] = {}
    texts: dict[str, list[Placed]] = defaultdict(list)
    stories: dict[str, list[Placed]] = defaultdict(list)
    for place, row in rows:
        other = first_id.setdefault(row.id, place)
        if other != place:
            message = f"stands at {other} too: each row needs an id of its own"
            yield Fault(place=place, field="id", message=message, rows=(place,))
        texts[" ".join(row.text.casefold().split())].append((place, row))
        stories[row.story].append((place, row))
    for group in texts.values():
        yield from _conflicts(group)
    for group in stories.values():
        yield from _parted(group)


def _conflicts(group: Sequence[Placed]) -> Iterator[Fault]:
    """Rows of one text whose labels are not those of its first row; all of the text have to go."""
    (first_place, first), *others = group
    places = tuple(place for place, _ in group)
    for place, row in others:
        different = [
            name
            for name in ("sentiment", "department")
            if getattr(row.labels, name) != getattr(first.labels, name)
        ]
        if set(row.labels.topics) != set(first.labels.topics):
            different.append("topics")
        if different:
            yield Fault(
                place=place,
                field=", ".join(different),
                message=f"same text as {first_place}, other labels: decide which are right",
                rows=places,
            )


def _parted(group: Sequence[Placed]) -> Iterator[Fault]:
    """Rows of one story in another split than its first row."""
    (first_place, first), *others = group
    for place, row in others:
        if row.split != first.split:
            message = (
                f"is {row.split}, that of {first_place} is {first.split}, and both tell one "
                "story: put a story into one split"
            )
            yield Fault(place=place, field="split", message=message, rows=(place,))


def check_annotator(
    rows: Iterable[Sequence[Mapping[str, Any]]], annotator: str, name: str
) -> Iterator[Fault]:
    """The annotator asked for, if none of the annotations of the rows is theirs."""
    known = {str(one.get("annotator", "")) for annotations in rows for one in annotations}
    if known and annotator not in known:
        names = ", ".join(sorted(known)[:_MAX_NAMES])
        message = f"no row was labelled by '{annotator}'; there are: {names}"
        yield Fault(place=name, field="annotator", message=message)


def check_for_training(rows: Sequence[LabelledVerbatim], name: str) -> Iterator[Fault]:
    """Splits that are missing, tasks with one label only; no row alone is at fault."""
    splits = Counter(row.split for row in rows)
    for split in (TRAIN, VALIDATION):
        if not splits[split]:
            message = (
                f"no row of split '{split}' among {len(rows)}: give rows that split, or leave "
                "the column out to have rows split by their story"
            )
            yield Fault(place=name, field="split", message=message)
    train = [row for row in rows if row.split == TRAIN]
    if not train:
        return
    for task in ("sentiment", "department"):
        found = {getattr(row.labels, task) for row in train}
        if len(found) == 1:
            yield _one_class(name, task, len(train), found.pop())
    topics = {row.labels.topics for row in train}
    if len(topics) == 1:
        yield _one_class(name, "topics", len(train), " + ".join(topics.pop()))


def _one_class(name: str, task: str, n_rows: int, label: str) -> Fault:
    message = f"all {n_rows} rows to train on are '{label}': add rows with other labels"
    return Fault(place=name, field=task, message=message)


def note_rare_labels(
    rows: Sequence[LabelledVerbatim], labels: Sequence[str], task: str, *, least: int = 5
) -> str:
    """Say which labels of a taxonomy have fewer rows to train on than needed, or nothing."""
    counts: Counter[str] = Counter()
    for row in rows:
        if row.split == TRAIN:
            given = row.labels.topics if task == "topics" else (getattr(row.labels, task),)
            counts.update(given)
    rare = [f"{label} {counts[label]}" for label in labels if counts[label] < least]
    return f"{task}: fewer than {least} rows to train on: {', '.join(rare)}" if rare else ""
