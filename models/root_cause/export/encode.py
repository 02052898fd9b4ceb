"""Tables as the bytes of a file: CSV, Parquet, JSON, JSON Lines, XLSX."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json
import re
from collections.abc import Iterable, Sequence
from importlib import import_module
from itertools import islice
from typing import Any

from models.root_cause.export.tables import Column, Kind, Table

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
MAX_SHEET_ROWS = 1_048_575  # without the header; Excel specifications and limits
MAX_CELL_CHARACTERS = 32_767
_WIDTHS = {Kind.TEXT: (12, 60), Kind.DATE: (11, 11)}
_NARROW = (9, 22)
_SAMPLE_ROWS = 500
_WRAPPED_FROM = 60
_BREAKS = re.compile("[\x85\u2028\u2029]")
"""Marks within a text at which some readers of lines break."""
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]")


def to_csv(table: Table, *, delimiter: str = ",") -> bytes:
    """CSV in UTF-8; a quote stands before a text that a spreadsheet would take for a formula."""
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    writer.writerow([_csv_cell(column.name) for column in table.columns])
    for row in table.rows():
        writer.writerow([_csv_cell(value) for value in row])
    return stream.getvalue().encode(errors="replace")


def to_json(table: Table) -> bytes:
    """An array with an object per row."""
    lines = ",\n".join(_json_rows(table))
    return f"[\n{lines}\n]\n".encode(errors="replace")


def to_jsonl(table: Table) -> bytes:
    """An object per row and line."""
    return "".join(f"{line}\n" for line in _json_rows(table)).encode(errors="replace")


def to_parquet(table: Table) -> bytes:
    """Parquet with a type per column, an empty table too."""
    # Slow to import, and not needed to fit.
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    types = {
        Kind.TEXT: pa.string(),
        Kind.INTEGER: pa.int64(),
        Kind.NUMBER: pa.float64(),
        Kind.SHARE: pa.float64(),
        Kind.FLAG: pa.bool_(),
        Kind.DATE: pa.date32(),
    }
    arrays = [
        pa.array([_clean(value) for value in column.values], type=types[column.kind])
        for column in table.columns
    ]
    sink = io.BytesIO()
    names = [column.name for column in table.columns]
    pq.write_table(pa.table(arrays, names=names), sink, compression="zstd")
    return sink.getvalue()


def to_xlsx(tables: Sequence[Table], *, made_on: dt.date | None = None) -> bytes:
    """A workbook with a sheet per table; text never becomes a formula or a link.

    A table that is longer than a sheet goes on in a second one.
    """
    xlsxwriter = import_module("xlsxwriter")
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(
        stream,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    day = made_on or dt.date(2000, 1, 1)  # the clock would make equal reports differ
    book.set_properties({"created": dt.datetime(day.year, day.month, day.day)})
    book.use_zip64()
    formats = {
        "head": book.add_format({"bold": True, "bottom": 1, "valign": "top"}),
        "wrapped": book.add_format({"text_wrap": True, "valign": "top"}),
        Kind.TEXT: book.add_format({"valign": "top"}),
        Kind.INTEGER: book.add_format({"valign": "top", "num_format": "#,##0"}),
        Kind.NUMBER: book.add_format({"valign": "top", "num_format": "0.00"}),
        Kind.SHARE: book.add_format({"valign": "top", "num_format": "0.0%"}),
        Kind.FLAG: book.add_format({"valign": "top"}),
        Kind.DATE: book.add_format({"valign": "top", "num_format": "yyyy-mm-dd"}),
    }
    for table in tables:
        rows = iter(table.rows())
        for number in range(1, 2 + max(0, table.n_rows - 1) // MAX_SHEET_ROWS):
            sheet = book.add_worksheet(table.name if number == 1 else f"{table.name} {number}")
            _fill_sheet(sheet, table, list(islice(rows, MAX_SHEET_ROWS)), formats)
    book.close()
    return stream.getvalue()


def _fill_sheet(
    sheet: Any, table: Table, rows: Sequence[tuple[Any, ...]], formats: dict[Any, Any]
) -> None:
    """Write the header and the rows of a sheet."""
    sheet.freeze_panes(1, 1)
    if table.columns:
        sheet.autofilter(0, 0, max(1, len(rows)), len(table.columns) - 1)
    for place, column in enumerate(table.columns):
        width, is_wrapped = _width(column)
        form = formats["wrapped" if is_wrapped else column.kind]
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, _clean(column.name), formats["head"])
        for row, values in enumerate(rows, start=1):
            value = values[place]
            if value is None:
                continue
            if isinstance(value, bool):
                sheet.write_boolean(row, place, value, form)
            elif isinstance(value, (int, float)):
                sheet.write_number(row, place, value, form)
            elif isinstance(value, dt.date):
                sheet.write_datetime(row, place, value, form)
            elif text := _clean(str(value))[:MAX_CELL_CHARACTERS]:
                sheet.write_string(row, place, text, form)


def _width(column: Column) -> tuple[float, bool]:
    """Width in characters by the longest of the first cells, and whether to wrap."""
    low, high = _WIDTHS.get(column.kind, _NARROW)
    longest = len(column.name) + 3  # room for the filter's arrow
    if column.kind is Kind.TEXT:
        cells = (str(value) for value in column.values[:_SAMPLE_ROWS] if value is not None)
        longest = max([longest, *map(len, cells)])
    return max(low, min(high, longest)), longest > _WRAPPED_FROM


def _json_rows(table: Table) -> Iterable[str]:
    """Each row as a JSON object."""
    names = [column.name for column in table.columns]
    for row in table.rows():
        values = dict(zip(names, map(_json_value, row), strict=True))
        line = json.dumps(values, ensure_ascii=False, allow_nan=False)
        yield _BREAKS.sub(lambda hit: f"\\u{ord(hit[0]):04x}", line)


def _json_value(value: Any) -> Any:
    if isinstance(value, dt.date):
        return value.isoformat()
    return round(value, 9) if isinstance(value, float) else value


def _csv_cell(value: Any) -> str:
    """Text of a cell: nothing for None, small letters for flags, a quote before a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(round(value, 9))
    text = str(value)
    is_formula = isinstance(value, str) and text.startswith(FORMULA_STARTS)
    return f"'{text}" if is_formula else text


def _clean(value: Any) -> Any:
    """The value without characters that XML and UTF-8 lack."""
    return _CONTROL.sub("\ufffd", value) if isinstance(value, str) else value
