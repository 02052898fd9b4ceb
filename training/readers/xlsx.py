"""Excel workbooks: the first sheet, its first row the header."""

from __future__ import annotations

import zipfile
from pathlib import Path

import openpyxl
from openpyxl.utils.escape import unescape
from openpyxl.utils.exceptions import InvalidFileException

from training.labelled import LabelledDataError
from training.readers.raw import RawItems, RawRow, cannot_read


def read(path: Path) -> RawItems:
    """Give each row that is not blank with its number in the sheet."""
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError) as error:
        raise cannot_read(path, "an Excel workbook", error) from None
    try:
        sheet = book.worksheets[0]
        sheet.reset_dimensions()  # the size that a file states is often wrong
        rows = sheet.iter_rows(values_only=True)
        header = next(rows, ())
        columns = ["" if cell is None else str(cell).strip() for cell in header]
        if not any(columns):
            raise LabelledDataError(f"{path.name}: the first row of the first sheet is empty")
        for line, cells in enumerate(rows, start=2):
            if any(cell not in (None, "") for cell in cells):
                named = zip(columns, cells, strict=False)
                values = {name: _plain(cell) for name, cell in named if name}
                yield RawRow(place=f"{path.name}:{line}", values=values)
    finally:
        book.close()


def _plain(cell: object) -> object:
    """A cell without the escapes that workbooks have for control characters, as ``_x000D_``."""
    return unescape(cell) if isinstance(cell, str) else cell
