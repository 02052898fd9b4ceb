"""Reads scores, dates and segment columns from a frame: pandas, polars, or a mapping of lists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from models.domain import Language, Verbatim
from models.root_cause.arrays import FloatVector
from models.root_cause.dates import NOTHING, Dates, read_dates
from models.root_cause.scores import read_score


@dataclass(frozen=True, slots=True, kw_only=True)
class Columns:
    """Which column holds what; None where a frame has none, ``segments`` are filters."""

    text: str | None = None
    id: str | None = None
    score: str | None = None
    date: str | None = None
    language: str | None = None
    segments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbatimTable:
    """What is known of each verbatim beside its text; all of length n_verbatims.

    ``scores`` is nan where none was given; ``n_unreadable_scores`` were given but are no numbers.
    """

    ids: tuple[str, ...]
    scores: FloatVector
    dates: Dates
    segments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    n_unreadable_scores: int = 0


def column_names(frame: Any) -> tuple[str, ...]:
    """Names of the columns of a frame."""
    names = frame.keys() if isinstance(frame, Mapping) else frame.columns
    return tuple(str(name) for name in names)


def read_column(frame: Any, name: str) -> list[Any]:
    """A column as a list.

    Raises
    ------
    ValueError
        If the frame has no such column; the message names those it has.
    """
    if name not in column_names(frame):
        raise ValueError(
            f"The frame has no column {name!r}; it has {', '.join(column_names(frame))}."
        )
    column = frame[name]
    for method in ("to_list", "tolist"):
        if hasattr(column, method):
            return list(getattr(column, method)())
    return list(column)


def read_verbatims(frame: Any, columns: Columns) -> tuple[Verbatim, ...]:
    """The verbatims of a frame, ready to be embedded; rows without an id get their number.

    Raises
    ------
    ValueError
        If ``columns`` names no text column, or one that is not there.
    """
    if columns.text is None:
        raise ValueError("The 'columns' parameter of read_verbatims must name the text column.")
    texts = read_column(frame, columns.text)
    ids = _ids(frame, columns, len(texts))
    languages = read_column(frame, columns.language) if columns.language else [None] * len(texts)
    known = {language.value: language for language in (Language.NL, Language.EN)}
    return tuple(
        Verbatim(
            id=name,
            text="" if is_missing(text) else str(text),
            language=known.get(str(language)[:2].casefold()),
        )
        for name, text, language in zip(ids, texts, languages, strict=True)
    )


def read_table(frame: Any | None, columns: Columns, ids: Sequence[str]) -> VerbatimTable:
    """Line up a frame with the verbatims.

    Parameters
    ----------
    frame : pandas or polars frame, mapping of str to sequence, or None
    columns : Columns
    ids : sequence of str
        Ids of the verbatims. With an id column the rows are found by id, otherwise by position.

    Raises
    ------
    ValueError
        If a column is missing, an id stands twice in the frame, or, without an id column, the
        lengths differ.
    """
    n_rows = len(ids)
    if frame is None:
        return VerbatimTable(
            ids=tuple(ids), scores=np.full(n_rows, np.nan), dates=read_dates([None] * n_rows)
        )
    rows = _line_up(frame, columns, ids)

    def take(name: str) -> list[Any]:
        values = read_column(frame, name)
        return [None if row is None else values[row] for row in rows]

    scores, n_unreadable = _numbers(take(columns.score) if columns.score else [None] * n_rows)
    return VerbatimTable(
        ids=tuple(ids),
        scores=scores,
        dates=read_dates(take(columns.date) if columns.date else [None] * n_rows),
        segments={
            name: tuple("" if is_missing(value) else str(value).strip() for value in take(name))
            for name in columns.segments
        },
        n_unreadable_scores=n_unreadable,
    )


def is_missing(value: object) -> bool:
    """Whether a cell is empty: None, nan or NaT."""
    return value is None or value != value or str(value) in ("NaT", "<NA>")  # noqa: PLR0124


def _line_up(frame: Any, columns: Columns, ids: Sequence[str]) -> list[int | None]:
    """Row of the frame for every verbatim."""
    if columns.id is None:
        n_frame = len(read_column(frame, column_names(frame)[0])) if column_names(frame) else 0
        if n_frame != len(ids):
            raise ValueError(
                f"Without an id column the frame must have a row per verbatim: it has {n_frame} "
                f"rows for {len(ids)} verbatims."
            )
        return list(range(len(ids)))
    position: dict[str, int] = {}
    for row, name in enumerate(_ids(frame, columns, 0)):
        if name in position:
            raise ValueError(f"The id column {columns.id!r} must not repeat; {name!r} does.")
        position[name] = row
    return [position.get(name) for name in ids]


def _ids(frame: Any, columns: Columns, n_rows: int) -> list[str]:
    """Ids as text; whole numbers without a point."""
    if columns.id is None:
        return [str(row + 1) for row in range(n_rows)]
    names = []
    for row, value in enumerate(read_column(frame, columns.id)):
        if is_missing(value):
            names.append(f"row {row + 1}")
        elif isinstance(value, float) and value.is_integer():
            names.append(str(int(value)))
        else:
            names.append(str(value))
    return names


def _numbers(values: Iterable[object]) -> tuple[FloatVector, int]:
    """Numbers, and how many cells are given but are none."""
    result: list[float] = []
    n_unreadable = 0
    for value in values:
        number = None
        if not is_missing(value) and str(value).strip().casefold() not in NOTHING:
            number = read_score(value)
            n_unreadable += number is None
        result.append(float("nan") if number is None else number)
    return np.asarray(result, dtype=np.float64), n_unreadable
