"""Rows as they pass from a reader to a writer, whatever the format."""

from __future__ import annotations

import itertools
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from service.tables.csv_files import CsvDialect

SAMPLE_ROWS = 256
"""Rows that are looked at to find the columns by their content."""


@dataclass(frozen=True, slots=True)
class Row:
    """One data row.

    ``number`` counts data rows from 1; ``line`` is the line of the file where the row starts,
    where the format has lines. ``problem`` says why the row cannot be used, without quoting it;
    ``line_text`` is the line of a row of which no value could be read, where there is one.
    """

    number: int
    line: int | None
    values: Mapping[str, Any]
    problem: str | None = None
    line_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RowBatch:
    """Neighbouring rows. ``arrow`` holds the same rows as an Arrow record batch, or None."""

    rows: Sequence[Row]
    arrow: Any = None


class TableReader(ABC):
    """Reads a table once, from front to end, in constant memory.

    Attributes
    ----------
    name : str
        File name for messages.
    columns : tuple of str
        Names in order. Where ``has_fixed_columns`` is false (JSONL), those of the sample.
    n_rows : int or None
        Rows in all, where the format tells beforehand.
    is_from_excel : bool
        Whether a spreadsheet program wrote the file.
    notes : list of str
        What the user should know about the way the file was read.
    elsewhere : str
        Where else in the file a column may be that is not found; may be empty.
    """

    name: str
    columns: tuple[str, ...]
    has_fixed_columns: bool = True
    n_rows: int | None = None
    is_from_excel: bool = False
    elsewhere: str = ""

    def __init__(self, name: str) -> None:
        self.name = name
        self.notes: list[str] = []
        self._started: Iterator[Row] | None = None
        self._head: list[Row] = []

    @abstractmethod
    def iterate(self) -> Iterator[Row]:
        """Yield all rows; called once."""

    @abstractmethod
    def close(self) -> None:
        """Let go of the file."""

    def sample(self, n_rows: int = SAMPLE_ROWS) -> Sequence[Row]:
        """Look at the first rows; ``batches`` gives them again."""
        if self._started is None:
            self._started = self.iterate()
        if len(self._head) < n_rows:
            self._head.extend(itertools.islice(self._started, n_rows - len(self._head)))
        return self._head[:n_rows]

    def batches(self, *, batch_size: int, skip: int = 0) -> Iterator[RowBatch]:
        """Give the rows in order, ``batch_size`` at a time, leaving out the first ``skip``."""
        rest = self._started if self._started is not None else self.iterate()
        head, self._head = self._head, []
        rows = itertools.islice(itertools.chain(head, rest), skip, None)
        del head
        while batch := list(itertools.islice(rows, batch_size)):
            yield RowBatch(rows=batch)

    def expected_rows(self) -> float | None:
        """How many rows there seem to be, judging by those read so far; None if nobody knows."""
        return self.n_rows

    def dialect(self) -> Mapping[str, Any]:
        """Tell how the file is written, for a writer that does alike and for the journal."""
        return {}

    @property
    def csv_dialect(self) -> CsvDialect | None:
        """How a delimited file is written; None for the other formats."""
        return None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def unique_names(header: Sequence[str]) -> tuple[str, ...]:
    """Give every column a name of its own.

    An empty name becomes ``column_3``; the second ``score`` becomes ``score_2``.

    Examples
    --------
    >>> unique_names(["score", "", "score"])
    ('score', 'column_2', 'score_2')
    """
    taken = set(header)
    seen: set[str] = set()
    names = []
    for position, name in enumerate(header, start=1):
        stem = name if name.strip() else f"column_{position}"
        unique, n_same = stem, 1
        while unique in seen or (n_same > 1 and unique in taken):
            n_same += 1
            unique = f"{stem}_{n_same}"
        seen.add(unique)
        names.append(unique)
    return tuple(names)


def show_name(name: str, position: int) -> str:
    """Column name for a message; a long one may be a customer's sentence and is not shown."""
    return f"'{name}'" if len(name) <= 60 and "\n" not in name else f"column {position}"
