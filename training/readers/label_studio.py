"""Exports of Label Studio: ``JSON`` (tasks with annotations), ``JSON_MIN`` and ``CSV``.

The names of the controls (``from_name``) are the columns: call them ``sentiment``, ``topics`` and
``department`` in the labelling configuration, or map them. Choices on the whole text are read;
labels on regions are not.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Any

from training.readers import csv_files
from training.readers.columns import Columns
from training.readers.jsonl import read_objects
from training.readers.raw import Fault, RawItem, RawItems, RawRow, row_fault

_USUAL = Columns({})


def is_export(entry: Collection[str]) -> bool:
    """Whether an object or a table with these names looks like one of the exports."""
    return {"annotations", "data"} <= set(entry) or {"annotation_id", "annotator"} <= set(entry)


def read(path: Path) -> RawItems:
    """Give each task with its number in the export, and what each annotator chose."""
    is_table = path.suffix.lower() in csv_files.SUFFIXES
    yield from _by_task(csv_files.read(path) if is_table else _tasks(path))


def _tasks(path: Path) -> RawItems:
    for place, task, problem in read_objects(path):
        if problem:
            yield row_fault(place, "row", problem)
        elif "data" not in task:
            yield RawRow(place=place, values=task)
        elif not isinstance(task["data"], dict):
            yield row_fault(place, "data", "must be an object")
        else:
            yield _annotated(place, task)


def _annotated(place: str, task: dict[str, Any]) -> RawItem:
    try:
        annotations = tuple(
            _cells(one) for one in task.get("annotations") or () if not one.get("was_cancelled")
        )
    except (AttributeError, TypeError):  # no such objects as Label Studio writes
        return row_fault(place, "annotations", "must be a list of objects with their results")
    return RawRow(
        place=place, values={"id": task.get("id"), **task["data"]}, annotations=annotations
    )


def _by_task(items: Iterable[RawItem]) -> RawItems:
    """Put the annotations of a task together, to which JSON_MIN and CSV give a row each."""
    tasks: dict[tuple[str, str], list[RawRow]] = {}
    for item in items:
        if isinstance(item, Fault) or item.annotations is not None:
            yield item
            continue
        # Exports of two projects in one file may have tasks of one number.
        text = str(_USUAL.fields(item.values).get("text"))
        tasks.setdefault((str(item.values.get("id", item.place)), text), []).append(item)
    for rows in tasks.values():
        annotations = tuple(
            {name: _choices(value) for name, value in row.values.items()}
            | {"annotator": str(row.values.get("annotator"))}
            for row in rows
            if row.values.get("annotation_id") not in (None, "")
        )
        yield dataclasses.replace(rows[0], annotations=annotations)


def _cells(annotation: dict[str, Any]) -> dict[str, Any]:
    """The choices of one annotation by the name of their control."""
    cells: dict[str, Any] = {}
    for part in annotation.get("result") or ():
        value = part.get("value") or {}
        if "choices" in value and "start" not in value:
            cells[part.get("from_name", "")] = value["choices"]
    by = annotation.get("completed_by")
    cells["annotator"] = str(by.get("email", by.get("id")) if isinstance(by, dict) else by)
    cells["is_gold"] = bool(annotation.get("ground_truth"))
    return cells


def _choices(value: object) -> object:
    """Several choices stand in an object of their own, which CSV holds as JSON."""
    if isinstance(value, str) and value.startswith('{"choices"'):
        with contextlib.suppress(ValueError):
            value = json.loads(value)
    return value["choices"] if isinstance(value, dict) and "choices" in value else value
