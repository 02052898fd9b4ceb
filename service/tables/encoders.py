"""Rows with their results as bytes, for formats that can be appended to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from service.tables.cells import cell_text, guard_formula
from service.tables.csv_files import CsvDialect, CsvLines
from service.tables.errors import ColumnError
from service.tables.formats import Format
from service.tables.jsonl_files import json_line
from service.tables.results import (
    FLAT_COLUMNS,
    GUARDED_COLUMNS,
    LINE_KEY,
    OBJECT_KEY,
    PREFIX,
    flat_result,
    segments_text,
)
from service.tables.rows import Row, TableReader

Result = Mapping[str, Any]
_GUARDED = frozenset(PREFIX + name for name in GUARDED_COLUMNS)
_SEGMENTS = PREFIX + "segments"


class RowEncoder(Protocol):
    """Turns rows and results into the bytes of a file."""

    def head(self) -> bytes:
        """What stands before the first row."""
        ...

    def encode(self, rows: Sequence[Row], results: Sequence[Result]) -> bytes:
        """Rows, each with its result."""
        ...


class ResultEncoder:
    """One JSON line per result, without the row: the input is read again to join them."""

    def head(self) -> bytes:
        """Nothing."""
        return b""

    def encode(self, rows: Sequence[Row], results: Sequence[Result]) -> bytes:
        """One line per result."""
        return b"".join(json_line(result) for result in results)


class JsonlEncoder:
    """One JSON line per row: its columns, then the result under ``klantstem``.

    Parameters
    ----------
    name : str
        File name for messages.
    overwrite : bool
        Whether a ``klantstem`` of the row may be replaced.
    text_column : str, optional
        Column that gets the redacted text; default: none, the text stays as it was sent.
    keep_lines : bool, default=False
        Whether a line that could not be read is written as it is; nobody can redact it.
    """

    def __init__(
        self,
        *,
        name: str,
        overwrite: bool,
        text_column: str | None = None,
        keep_lines: bool = False,
    ) -> None:
        self._name = name
        self._overwrite = overwrite
        self._keep_lines = keep_lines
        self._text_column = text_column

    def head(self) -> bytes:
        """Nothing."""
        return b""

    def encode(self, rows: Sequence[Row], results: Sequence[Result]) -> bytes:
        """One line per row.

        Raises
        ------
        ColumnError
            If a row has a ``klantstem`` of its own.
        """
        lines = []
        for row, result in zip(rows, results, strict=True):
            record = {**row.values}
            if record.pop(OBJECT_KEY, None) is not None and not self._overwrite:
                raise ColumnError(f"{self._name}: row {row.number}: {collision(OBJECT_KEY)}")
            if self._text_column in record:
                record[self._text_column] = result["text_redacted"]
            if self._keep_lines and row.line_text is not None:
                record[LINE_KEY] = row.line_text
            record[OBJECT_KEY] = result
            lines.append(json_line(record))
        return b"".join(lines)


class CsvEncoder:
    """One line of delimited text per row: its columns, then those of the result.

    Parameters
    ----------
    columns : sequence of str
        Input columns that are kept.
    dialect : CsvDialect
    text_column : str, optional
        Column that gets the redacted text; default: none.
    """

    def __init__(
        self, columns: Sequence[str], dialect: CsvDialect, *, text_column: str | None = None
    ) -> None:
        self._columns = tuple(columns)
        self._lines = CsvLines(dialect)
        self._text_column = text_column

    def head(self) -> bytes:
        """The header line."""
        return self._lines.head([*self._columns, *(PREFIX + name for name in FLAT_COLUMNS)])

    def encode(self, rows: Sequence[Row], results: Sequence[Result]) -> bytes:
        """One line per row."""
        records = []
        for row, result in zip(rows, results, strict=True):
            values = row.values
            record = [cell_text(values.get(column)) for column in self._columns]
            if self._text_column is not None:
                place = self._columns.index(self._text_column)
                record[place] = cell_text(result["text_redacted"])
            for column, value in flat_result(result).items():
                if column == _SEGMENTS:
                    record.append(segments_text(value))
                elif column in _GUARDED:
                    record.append(guard_formula(cell_text(value)))
                else:
                    record.append(cell_text(value))
            records.append(record)
        return self._lines.lines(records)


def csv_encoder(
    reader: TableReader, columns: Sequence[str], *, table_format: Format, text_column: str | None
) -> CsvEncoder:
    """Make an encoder that writes as the input was written, where that was CSV too.

    Otherwise CSV has commas. A byte order mark is written where the input came from a
    spreadsheet, which needs it to know the encoding.
    """
    alike = reader.csv_dialect
    if table_format is Format.TSV:
        delimiter = "\t"
    else:
        delimiter = alike.delimiter if alike and alike.delimiter != "\t" else ","
    dialect = CsvDialect(
        delimiter=delimiter,
        line_end=alike.line_end if alike else "\r\n",
        has_bom=alike.has_bom if alike else reader.is_from_excel,
    )
    return CsvEncoder(columns, dialect, text_column=text_column)


def collision(column: str) -> str:
    """Message for an input column that has the name of one of ours."""
    return (
        f"the input has a column '{column}' of its own; rename it, "
        "or give --overwrite-columns to replace it"
    )


def keep_columns(columns: Sequence[str], *, name: str, is_flat: bool, overwrite: bool) -> list[str]:
    """Input columns that do not have the name of one of ours.

    Raises
    ------
    ColumnError
        If one has, and ``overwrite`` is false.
    """
    ours = {PREFIX + column for column in FLAT_COLUMNS} if is_flat else {OBJECT_KEY}
    clashes = [column for column in columns if column in ours]
    if clashes and not overwrite:
        raise ColumnError(f"{name}: {collision(clashes[0])}")
    return [column for column in columns if column not in ours]
