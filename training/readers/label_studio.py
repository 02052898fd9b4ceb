"""Exports of Label Studio: ``JSON`` (tasks with annotations) and ``JSON_MIN``.

The names of the controls (``from_name``) are the columns: call them ``sentiment``, ``topics`` and
``department`` in the labelling configuration, or map them. Choices on the whole text are read;
labels on regions are not.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.readers.jsonl import read_objects
from training.readers.raw import RawItems, RawRow, row_fault


def is_export(entry: dict[str, Any]) -> bool:
    """Whether an object looks like a task of either export."""
    return ("annotations" in entry and "data" in entry) or (
        "annotation_id" in entry and "annotator" in entry
    )


def read(path: Path) -> RawItems:
    """Give each task that has an annotation, with its number in the export."""
    for place, task, problem in read_objects(path):
        if problem:
            yield row_fault(place, "row", problem)
        elif "data" not in task:
            cells = {name: _choices(value) for name, value in task.items()}
            yield RawRow(place=place, values={**cells, "annotator": str(task.get("annotator"))})
        elif not isinstance(task["data"], dict):
            yield row_fault(place, "data", "must be an object")
        else:
            annotations = [
                _cells(one) for one in task.get("annotations", ()) if not one.get("was_cancelled")
            ]
            values = {"id": task.get("id"), **task["data"]}
            yield RawRow(place=place, values=values, annotations=tuple(annotations))


def _cells(annotation: dict[str, Any]) -> dict[str, Any]:
    """The choices of one annotation by the name of their control."""
    cells: dict[str, Any] = {}
    for part in annotation.get("result", ()):
        value = part.get("value", {})
        if "choices" in value and "start" not in value:
            cells[part.get("from_name", "")] = value["choices"]
    by = annotation.get("completed_by")
    cells["annotator"] = str(by.get("email", by.get("id")) if isinstance(by, dict) else by)
    cells["is_gold"] = bool(annotation.get("ground_truth"))
    return cells


def _choices(value: object) -> object:
    """JSON_MIN keeps several choices in an object of their own."""
    return value["choices"] if isinstance(value, dict) and "choices" in value else value
