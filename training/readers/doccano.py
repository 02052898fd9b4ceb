"""Exports of doccano (JSONL): all labels of a text stand in one list.

A label that several tasks have must say which it is for: ``department:none``.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.readers.jsonl import read_objects
from training.readers.raw import RawItems, RawRow, row_fault

MIXED = "labels of all tasks"
"""Column in which the list stands; no name that a file could hold."""


def is_export(entry: dict[str, Any]) -> bool:
    """Whether an object looks like a line of doccano's export."""
    return any(isinstance(entry.get(name), list) for name in ("label", "labels", "cats"))


def read(path: Path) -> RawItems:
    """Give each line; spans with labels are a fault, as they do not label the whole text."""
    for place, entry, problem in read_objects(path):
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
