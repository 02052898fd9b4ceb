"""Rows of a table as CSV, JSONL or XLSX, for people who label."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import xlsxwriter

from training.writing import written_beside

SUFFIXES = (".csv", ".jsonl", ".xlsx")
_FORMULA_MARKS = ("=", "+", "-", "@", "\t", "\r")
Row = Mapping[str, object]


def check_suffix(path: Path, suffixes: Sequence[str] = SUFFIXES) -> None:
    """Make sure that the name tells a format.

    Raises
    ------
    ValueError
        If it does not.
    """
    if path.suffix.lower() not in suffixes:
        raise ValueError(f"{path}: the name must end in {', '.join(suffixes)}")


def write_table(rows: Sequence[Row], path: Path) -> None:
    """Write rows with equal keys; lists become cells parted by bars, but in JSONL."""
    check_suffix(path)
    with written_beside(path) as partial:
        if path.suffix.lower() == ".jsonl":
            lines = [json.dumps(dict(row), ensure_ascii=False) for row in rows]
            partial.write_text("".join(line + "\n" for line in lines), encoding="utf-8")
        elif path.suffix.lower() == ".csv":
            with partial.open("w", newline="", encoding="utf-8-sig") as stream:
                writer = csv.writer(stream)
                writer.writerow(rows[0] if rows else [])
                writer.writerows([_safe(_cell(cell)) for cell in row.values()] for row in rows)
        else:
            _write_xlsx(rows, partial)


def _write_xlsx(rows: Sequence[Row], path: Path) -> None:
    # In memory: the files that it keeps its parts in would stay behind where writing fails.
    options = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}
    book = xlsxwriter.Workbook(str(path), options)
    sheet = book.add_worksheet()
    for column, name in enumerate(rows[0] if rows else ()):
        sheet.write_string(0, column, name)
    for line, row in enumerate(rows, start=1):
        for column, cell in enumerate(row.values()):
            sheet.write(line, column, _cell(cell))
    sheet.freeze_panes(1, 0)
    book.close()


def _cell(value: object) -> object:
    """A value that fits into one cell."""
    if isinstance(value, list | tuple):
        return "|".join(map(str, value))
    return "" if value is None else value


def _safe(cell: object) -> object:
    """A cell that no spreadsheet takes for a formula."""
    if isinstance(cell, str) and cell.startswith(_FORMULA_MARKS):
        return f" {cell}"
    return cell
