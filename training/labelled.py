"""Labelled verbatims: the row format of ``data/verbatims/`` and its reader."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from models.taxonomy import TASKS, Taxonomy

CORPUS = Path(__file__).parents[1] / "data" / "verbatims"
TAXONOMY = Path(__file__).parents[1] / "data" / "taxonomy" / "klantstem.json"


class LabelledDataError(ValueError):
    """A file of labelled verbatims breaks the format; the message names file, line and field."""


class Labels(NamedTuple):
    """What a person says about a verbatim or a segment; see the codebook's output format."""

    sentiment: str
    topics: tuple[str, ...]
    department: str
    department_2: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledSegment:
    """A clause with its own labels; offsets are half open, in characters of the text."""

    start: int
    end: int
    labels: Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Annotation:
    """What one of several annotators said of a verbatim."""

    annotator: str
    labels: Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledVerbatim:
    """One row of the corpus.

    ``story`` joins the rows that tell one event; splits never part them. ``split`` is
    ``train`` or ``validation``, ``batch`` says who wrote it together with what. ``annotations``
    holds what each annotator said, where more than one did.
    """

    id: str
    text: str
    lang: str
    labels: Labels
    variety: str = ""
    sector: str = ""
    story: str = ""
    split: str = "train"
    batch: str = ""
    segments: tuple[LabelledSegment, ...] = ()
    annotations: tuple[Annotation, ...] = ()


def _labels(entry: dict[str, Any]) -> Labels:
    return Labels(
        sentiment=entry["sentiment"],
        topics=tuple(entry["topics"]),
        department=entry["department"],
        department_2=entry.get("department_2"),
    )


def parse_row(entry: dict[str, Any]) -> LabelledVerbatim:
    """Turn a JSON object into a row; raises KeyError or TypeError where a field is missing."""
    return LabelledVerbatim(
        id=entry["id"],
        text=entry["text"],
        lang=entry["lang"],
        labels=_labels(entry),
        variety=entry.get("variety", ""),
        sector=entry.get("sector", entry.get("domain", "")),
        story=entry.get("story", entry["id"]),
        split=entry.get("split", "train"),
        batch=entry.get("batch", ""),
        segments=tuple(
            LabelledSegment(start=part["start"], end=part["end"], labels=_labels(part))
            for part in entry.get("segments", ())
        ),
    )


def read_jsonl(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Give each line's number and object.

    Raises
    ------
    LabelledDataError
        If a line is not a JSON object.
    """
    with path.open(encoding="utf-8") as stream:
        for number, line in enumerate(stream, start=1):
            if not line.strip():
                continue
            try:
                entry = json.loads(line)
            except ValueError as error:
                raise LabelledDataError(f"{path.name}:{number}: not JSON: {error}") from error
            if not isinstance(entry, dict):
                raise LabelledDataError(f"{path.name}:{number}: not a JSON object")
            yield number, entry


def read_rows(paths: Iterable[Path]) -> tuple[LabelledVerbatim, ...]:
    """Read rows from JSONL files, in order.

    Raises
    ------
    LabelledDataError
        If a row lacks a field; the message names file and line.
    """
    rows = []
    for path in paths:
        for number, entry in read_jsonl(path):
            try:
                rows.append(parse_row(entry))
            except (KeyError, TypeError) as error:
                raise LabelledDataError(f"{path.name}:{number}: field {error}") from error
    return tuple(rows)


def check_labels(rows: Iterable[LabelledVerbatim], taxonomy: Taxonomy) -> None:
    """Make sure that every label is one of the taxonomy's.

    Raises
    ------
    LabelledDataError
        Names every row with an unknown label, twenty at most.
    """
    known = {task: set(taxonomy.labels(task)) for task in TASKS}
    faults = []
    for row in rows:
        for labels in (row.labels, *(part.labels for part in row.segments)):
            owners = {labels.department, labels.department_2 or labels.department}
            unknown = set(labels.topics) - known["topics"]
            unknown |= {labels.sentiment} - known["sentiment"]
            unknown |= owners - known["department"]
            faults += [f"row {row.id}: {label!r} is not in the taxonomy" for label in unknown]
    if faults:
        more = f"; and {len(faults) - 20} more" if len(faults) > 20 else ""
        raise LabelledDataError("; ".join(faults[:20]) + more)


def read_corpus(folder: Path = CORPUS) -> tuple[LabelledVerbatim, ...]:
    """All rows of the project's own corpus."""
    return read_rows(sorted(folder.glob("*.jsonl")))


def story_pairs(rows: Iterable[LabelledVerbatim]) -> list[tuple[int, int]]:
    """Places of the first Dutch and the first English telling of each story that has both."""
    told: dict[str, dict[str, int]] = defaultdict(dict)
    for place, row in enumerate(rows):
        if row.story:
            told[row.story].setdefault(row.lang, place)
    return [(by["nl"], by["en"]) for by in told.values() if {"nl", "en"} <= by.keys()]
