"""CSV and TSV files: UTF-8, UTF-16 or Windows-1252; delimited by comma, semicolon, tab or bar."""

from __future__ import annotations

import codecs
import csv
import io
from pathlib import Path

from training.labelled import LabelledDataError
from training.readers.raw import RawItems, RawRow, row_fault

_DELIMITERS = ",;\t|"


def read(path: Path) -> RawItems:
    """Give each record with the line on which it begins."""
    text = _decode(path.read_bytes())
    header, _, _ = text.partition("\n")
    delimiter = max(_DELIMITERS, key=header.count)
    records = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    columns = [name.strip() for name in next(records, [])]
    if not any(columns):
        raise LabelledDataError(f"{path.name}: is empty; the first line must name the columns")
    line = records.line_num + 1
    while True:
        place = f"{path.name}:{line}"
        try:
            cells = next(records, None)
        except csv.Error:
            yield row_fault(place, "row", "is no valid CSV: look for a quote that is not closed")
            line = records.line_num + 1
            continue
        line = records.line_num + 1
        if cells is None:
            return
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) != len(columns):
            message = f"has {len(cells)} fields, the header {len(columns)}: quote the text"
            yield row_fault(place, "row", message)
        else:
            yield RawRow(place=place, values=dict(zip(columns, cells, strict=True)))


def _decode(content: bytes) -> str:
    """Decode by byte order mark; else UTF-8 where all of it is valid, else Windows-1252."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
