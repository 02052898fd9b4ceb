"""CSV and TSV files: UTF-8, UTF-16 or Windows-1252; delimited by comma, semicolon, tab or bar."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from training.labelled import LabelledDataError
from training.readers.raw import RawItems, RawRow, row_fault

SUFFIXES = (".csv", ".tsv", ".txt")
Records = Iterator[tuple[int, list[str] | None]]
_DELIMITERS = ",;\t|"
_STATED = re.compile(r"sep=(.)\s*")  # a first line that Excel writes and takes
_QUOTED = re.compile(r'"[^"]*"')


def read(path: Path) -> RawItems:
    """Give each record with the line on which it begins."""
    columns, records = _open(path)
    if not any(columns):
        raise LabelledDataError(f"{path.name}: is empty; the first line must name the columns")
    for line, cells in records:
        place = f"{path.name}:{line}"
        if cells is None:
            message = "is no valid CSV: close each quote, and double those within a quoted text"
            yield row_fault(place, "row", message)
        elif len(cells) != len(columns) and any(map(str.strip, cells)):
            message = f"has {len(cells)} fields, the header {len(columns)}: quote the text"
            yield row_fault(place, "row", message)
        elif any(map(str.strip, cells)):
            yield RawRow(place=place, values=dict(zip(columns, cells, strict=True)))


def read_columns(path: Path) -> list[str]:
    """Give the names of the columns."""
    return _open(path)[0]


def _open(path: Path) -> tuple[list[str], Records]:
    """The names of the columns, and the records after them."""
    lines = list(io.StringIO(_decode(path.read_bytes()), newline=""))
    stated = _STATED.fullmatch(lines[0]) if lines else None
    start = 1 if stated else 0
    header = _QUOTED.sub("", lines[start]) if start < len(lines) else ""
    records = _records(lines, start, stated[1] if stated else max(_DELIMITERS, key=header.count))
    _, first = next(records, (0, None))
    return [name.strip() for name in first or ()], records


def _records(lines: Sequence[str], start: int, delimiter: str) -> Records:
    """Number of the first line and cells of each record, None where it is not valid.

    After a line that is not valid the next one is tried: a quote that nothing closes would
    else take in the rows after it.
    """
    while start < len(lines):
        reader = csv.reader(islice(lines, start, None), delimiter=delimiter, strict=True)
        n_before = 0
        try:
            for cells in reader:
                yield start + n_before + 1, cells
                n_before = reader.line_num
            return
        except csv.Error:
            yield start + n_before + 1, None
            start += n_before + 1


def _decode(content: bytes) -> str:
    """Decode by byte order mark; else UTF-8 where all of it is valid, else Windows-1252."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("cp1252", errors="replace")
