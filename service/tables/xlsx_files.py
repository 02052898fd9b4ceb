"""Excel workbooks: read a sheet row by row, write one row by row."""

from __future__ import annotations

import datetime as dt
import math
import re
import warnings
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any, BinaryIO
from xml.etree.ElementTree import ParseError

from service.tables.cells import cell_text, mend_surrogates
from service.tables.errors import FormatError, OutputError
from service.tables.rows import Row, TableReader, unique_names

MAX_ROWS = 1_048_575  # without the header; Excel specifications and limits
MAX_COLUMNS = 16_384
MAX_CELL_CHARACTERS = 32_767
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_MIDNIGHT = dt.time()
_DAMAGED = (zipfile.BadZipFile, KeyError, ValueError, TypeError, EOFError, ParseError)


class XlsxReader(TableReader):
    """Reads one sheet of a workbook, formulas as the values Excel last computed.

    The first row that is not blank is the header. Blank rows at the end are left out.

    Parameters
    ----------
    path : Path
    name : str
        File name for messages.
    sheet : str, optional
        Name or number (from 1) of the sheet; default: the first visible one.
    has_header : bool, default=True

    Raises
    ------
    FormatError
        If the workbook is damaged, or has no such sheet, or the sheet is empty.
    """

    is_from_excel = True

    def __init__(
        self, path: Path, *, name: str, sheet: str | None = None, has_header: bool = True
    ) -> None:
        super().__init__(name)
        self._stream = path.open("rb")
        self._book: Any = None
        try:
            self._book = _load_book(self._stream, name)
            self._sheet = self._pick_sheet(sheet)
            self.elsewhere = self._other_sheets()
            self._n_stated = self._sheet.max_row or 0
            self._sheet.reset_dimensions()  # the size that a file states is often wrong
            self._rows = self._read_rows()
            self._first = self._read_header(has_header=has_header)
        except BaseException:
            self.close()
            raise

    def _read_header(self, *, has_header: bool) -> tuple[int, tuple[Any, ...]] | None:
        """Name the columns; without a header the first row is given back."""
        first = next(self._rows, None)
        if first is None:
            message = f"{self.name}: sheet '{self._sheet.title}' is empty"
            raise FormatError(f"{message}; {self.elsewhere}" if self.elsewhere else message)
        if not has_header:
            self.columns = unique_names([""] * len(first[1]))
            return first
        cells = [cell_text(value).strip() for value in first[1]]
        while cells and not cells[-1]:
            cells.pop()
        self.columns = unique_names(cells)
        return None

    def _pick_sheet(self, sheet: str | None) -> Any:
        """Find the sheet that was asked for, or the first visible one."""
        names = self._book.sheetnames
        visible = [one for one in self._book.worksheets if one.sheet_state == "visible"]
        if not visible:
            raise FormatError(f"{self.name}: the workbook has no sheet with cells")
        if sheet is None:
            if len(visible) > 1:
                others = ", ".join(f"'{one.title}'" for one in visible[1:])
                self.notes.append(
                    f"sheet '{visible[0].title}' is read, not {others}; --sheet names another"
                )
            return visible[0]
        for one in self._book.worksheets:
            if one.title == sheet:
                return one
        if sheet.isdecimal() and 1 <= int(sheet) <= len(self._book.worksheets):
            return self._book.worksheets[int(sheet) - 1]
        listed = ", ".join(f"'{title}'" for title in names)
        raise FormatError(f"{self.name}: there is no sheet '{sheet}'; there are {listed}")

    def _other_sheets(self) -> str:
        """Say which sheet is read and which are not, for a message."""
        title = self._sheet.title
        others = [f"'{one.title}'" for one in self._book.worksheets if one.title != title]
        if not others:
            return ""
        return f"sheet '{title}' was read, not {', '.join(others)}; --sheet names another"

    def iterate(self) -> Iterator[Row]:
        """Yield all rows; a cell beyond the header's columns is a problem of its row."""
        names, width = self.columns, len(self.columns)
        number = 0
        first = [self._first] if self._first is not None else []
        for source in (first, self._rows):
            for line, cells in source:
                number += 1
                problem = None
                if any(value not in (None, "") for value in cells[width:]):
                    problem = f"cells beyond the {width} columns of the header"
                values = dict(
                    zip(names, (*cells[:width], *[None] * (width - len(cells))), strict=True)
                )
                yield Row(number, line, values, problem)

    def _read_rows(self) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """Yield line and values; blank rows only where another row follows."""
        blank_from = 0
        has_begun = False
        line = 0
        try:
            for line, cells in enumerate(self._sheet.iter_rows(values_only=True), start=1):
                values = tuple(_cell_value(value) for value in cells)
                if all(value is None or value == "" for value in values):
                    blank_from = blank_from or line
                    continue
                if has_begun and blank_from:
                    for blank in range(blank_from, line):
                        yield blank, ()
                blank_from, has_begun = 0, True
                yield line, values
        except _DAMAGED as error:
            raise FormatError(
                f"{self.name}: sheet '{self._sheet.title}' is damaged after line {line} "
                f"({type(error).__name__})"
            ) from error

    def expected_rows(self) -> float | None:
        """Rows that the sheet says it has."""
        return self._n_stated - 1 if self._n_stated > 1 else None

    def dialect(self) -> Mapping[str, Any]:
        """The sheet that is read."""
        return {"sheet": self._sheet.title}

    def close(self) -> None:
        """Close the workbook."""
        if self._book is not None:
            self._book.close()
        self._stream.close()


def _load_book(stream: BinaryIO, name: str) -> Any:
    """Open a workbook for reading row by row."""
    import openpyxl

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about styles and extensions that we do not use
            return openpyxl.load_workbook(stream, read_only=True, data_only=True)
    except _DAMAGED as error:
        kind = type(error).__name__
        raise FormatError(f"{name}: not a readable Excel workbook ({kind})") from error


def _cell_value(value: Any) -> Any:
    """Undo Excel's escapes of control characters; a time stamp at midnight is a date."""
    if isinstance(value, str):
        return _ESCAPED.sub(lambda hit: chr(int(hit[1], 16)), value) if "_x" in value else value
    if isinstance(value, dt.datetime) and value.time() == _MIDNIGHT:
        return value.date()
    return value


class XlsxWriter:
    """Writes one sheet row by row in constant memory; text never becomes a formula.

    Parameters
    ----------
    path : Path
        Written anew.
    columns : sequence of str
    folder : Path
        For the temporary file that holds the rows until ``close``.
    """

    def __init__(self, path: Path, columns: Sequence[str], *, folder: Path) -> None:
        xlsxwriter = import_module("xlsxwriter")
        if len(columns) > MAX_COLUMNS:
            raise OutputError(f"{path.name}: Excel holds at most {MAX_COLUMNS} columns")
        self._path = path
        self._book = xlsxwriter.Workbook(
            str(path),
            {
                "constant_memory": True,
                "tmpdir": str(folder),
                "strings_to_formulas": False,
                "strings_to_urls": False,
                "strings_to_numbers": False,
            },
        )
        self._book.use_zip64()
        self._sheet = self._book.add_worksheet("klantstem")
        self._formats = {
            kind: self._book.add_format({"num_format": form})
            for kind, form in (
                ("date", "yyyy-mm-dd"),
                ("datetime", "yyyy-mm-dd hh:mm:ss"),
                ("time", "hh:mm:ss"),
            )
        }
        bold = self._book.add_format({"bold": True})
        self._sheet.freeze_panes(1, 0)
        for column, name in enumerate(columns):
            self._sheet.write_string(0, column, mend_surrogates(name), bold)
        self._n_rows = 0
        self.n_cut = 0

    def write(self, records: Sequence[Sequence[Any]]) -> None:
        """Write rows.

        Raises
        ------
        OutputError
            If there are more rows than a sheet can hold.
        """
        for record in records:
            self._n_rows += 1
            if self._n_rows > MAX_ROWS:
                raise OutputError(too_many_rows(self._path.name))
            for column, value in enumerate(record):
                if value is not None:
                    self._write_cell(self._n_rows, column, value)

    def _write_cell(self, row: int, column: int, value: Any) -> None:
        """Write one value by its kind; what Excel lacks or would round becomes text."""
        sheet = self._sheet
        if isinstance(value, bool):
            sheet.write_boolean(row, column, value)
        elif isinstance(value, (int, float)) and _fits_excel(value):
            sheet.write_number(row, column, value)
        elif isinstance(value, dt.datetime) and value.tzinfo is None and value.year >= 1900:
            sheet.write_datetime(row, column, value, self._formats["datetime"])
        elif (
            isinstance(value, dt.date) and not isinstance(value, dt.datetime) and value.year >= 1900
        ):
            sheet.write_datetime(row, column, value, self._formats["date"])
        elif isinstance(value, dt.time) and value.tzinfo is None:
            sheet.write_datetime(row, column, value, self._formats["time"])
        else:
            text = mend_surrogates(cell_text(value))
            if len(text) > MAX_CELL_CHARACTERS:
                text = text[:MAX_CELL_CHARACTERS]
                self.n_cut += 1
            if text:
                sheet.write_string(row, column, text)

    def abandon(self) -> None:
        """Let go of the temporary file of a workbook that will not be finished."""
        rows = getattr(self._sheet, "row_data_fh", None)
        if rows is not None:
            rows.close()

    def close(self) -> None:
        """Pack the workbook."""
        try:
            self._book.close()
        except Exception as error:
            # The library wraps what the system said.
            cause = next((part for part in error.args if isinstance(part, OSError)), error)
            raise cause from None


def _fits_excel(value: int | float) -> bool:
    """Whether Excel keeps the number: finite, and whole numbers of at most 15 digits."""
    return abs(value) < 10**15 if isinstance(value, int) else math.isfinite(value)


def too_many_rows(name: str) -> str:
    """Message for a sheet that would be too long."""
    return f"{name}: an Excel sheet holds at most {MAX_ROWS} rows; choose .csv or .parquet"
