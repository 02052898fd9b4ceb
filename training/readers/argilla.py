"""Exports of Argilla: records as ``to_json`` writes them, flat rows, and those of Argilla 1.

The names of the questions are the columns. Suggestions are no labels and are not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from training.readers.jsonl import read_objects
from training.readers.raw import RawItems, RawRow, row_fault

_FLAT = ".responses"


def is_export(entry: dict[str, Any]) -> bool:
    """Whether an object looks like a record of Argilla."""
    return ("fields" in entry and "responses" in entry) or any(
        name.endswith(_FLAT) for name in entry
    )


def read(path: Path) -> RawItems:
    """Give each record with its number in the export."""
    for place, record, problem in read_objects(path):
        if problem:
            yield row_fault(place, "row", problem)
            continue
        fields = record.get("fields", {})
        metadata = record.get("metadata") or {}
        if not isinstance(fields, dict) or not isinstance(metadata, dict):
            yield row_fault(place, "fields", "must be an object")
            continue
        given: dict[str, dict[str, Any]] = {}
        for question, user, value in _responses(record):
            cells = given.setdefault(user, {"annotator": user})
            cells[question] = value
        flat = {} if fields else {key: value for key, value in record.items() if "." not in key}
        identity = record.get("id") or record.get("external_id") or record.get("_server_id")
        values = {**metadata, **flat, **fields, "id": identity}
        yield RawRow(place=place, values=values, annotations=tuple(given.values()))


def _responses(record: dict[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Question, annotator and value of each response that was not discarded."""
    responses = record.get("responses")
    if isinstance(responses, dict):
        for question, answers in responses.items():
            for place, answer in enumerate(answers or ()):
                if answer.get("status") not in ("discarded", "draft"):
                    yield question, str(answer.get("user_id") or place), answer.get("value")
    elif isinstance(responses, list):  # Argilla 1
        for place, answer in enumerate(responses):
            if answer.get("status", "submitted") == "submitted":
                for question, value in (answer.get("values") or {}).items():
                    yield question, str(answer.get("user_id") or place), value.get("value")
    for name, answers in record.items():
        if name.endswith(_FLAT) and isinstance(answers, list):
            question = name.removesuffix(_FLAT)
            users = record.get(f"{name}.users") or range(len(answers))
            statuses = record.get(f"{name}.status") or ["submitted"] * len(answers)
            for user, status, value in zip(users, statuses, answers, strict=False):
                if status == "submitted":
                    yield question, str(user), value
