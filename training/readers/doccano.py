"""Exports of doccano (JSONL or CSV): all labels of a text stand in one list, or one cell.

A label that several tasks have must say which it is for: ``department:none``.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from training.readers import csv_files
from training.readers.columns import LABEL_FIELDS, Columns
from training.readers.jsonl import read_objects
from training.readers.raw import Fault, RawItems, RawRow, row_fault

MIXED = "labels of all tasks"
"""Column in which the list stands; no name that a file could hold."""


TABLE_LABELS = "label"
"""Column of a table in which they stand."""


def is_export(entry: dict[str, Any]) -> bool:
    """Whether an object looks like a line of doccano's export."""
    return any(isinstance(entry.get(name), list) for name in ("label", "labels", "cats"))


def is_table(columns: Collection[str]) -> bool:
    """Whether a table looks like doccano's: a column for all labels, and none for a task."""
    tasks = Columns({}).fields(dict.fromkeys(columns)).keys() & set(LABEL_FIELDS)
    return {"id", "text", TABLE_LABELS} <= set(columns) and not tasks


def read(path: Path) -> RawItems:
    """Give each line; spans with labels are a fault, as they do not label the whole text."""
    is_csv = path.suffix.lower() in csv_files.SUFFIXES
    for place, entry, problem in _rows(path) if is_csv else read_objects(path):
        if problem:
            yield row_fault(place, "row", problem)
            continue
        name = next((one for one in ("label", "labels", "cats") if one in entry), "label")
        given = entry.get(name) or []
        if not isinstance(given, list) or not all(isinstance(one, str) for one in given):
            message = "must be a list of labels of the whole text: export a text classification"
            yield row_fault(place, name, message)
            continue
        values = {key: value for key, value in entry.items() if key != name}
        meta = values.pop("meta", None)
        values = {**(meta if isinstance(meta, dict) else {}), **values, MIXED: given}
        if "text" not in values and "data" in values:
            values["text"] = values.pop("data")
        yield RawRow(place=place, values=values, annotations=None if given else ())


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Place, entry and problem of each row of CSV, in which ``#`` parts the labels."""
    for item in csv_files.read(path):
        if isinstance(item, Fault):
            yield item.place, {}, item.message
        else:
            labels = [one.strip() for one in item.values.get(TABLE_LABELS, "").split("#")]
            yield item.place, {**item.values, TABLE_LABELS: [one for one in labels if one]}, ""
