"""Records of Argilla: as ``to_json`` writes them, flat as data sets hold them, and of Argilla 1.

The names of the questions are the columns. Suggestions are no labels and are not read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from training.readers.jsonl import read_objects
from training.readers.raw import RawItem, RawItems, RawRow, row_fault

_FLAT = ".responses"
_ANSWER = {"user_id", "value", "status"}


def is_export(entry: Mapping[str, Any]) -> bool:
    """Whether an object looks like a record of Argilla."""
    return ("fields" in entry and "responses" in entry) or any(
        name.endswith(_FLAT) or _are_answers(value) for name, value in entry.items()
    )


def read(path: Path) -> RawItems:
    """Give each record with its number in the export."""
    for place, record, problem in read_objects(path):
        yield row_fault(place, "row", problem) if problem else make_row(place, record)


def make_row(place: str, record: Mapping[str, Any], *, split: str = "") -> RawItem:
    """A record, of a file or of a data set, with the answers of each annotator."""
    given: dict[str, dict[str, Any]] = {}
    try:
        for question, user, value in _responses(record):
            given.setdefault(user, {"annotator": user})[question] = value
    except (AttributeError, TypeError):  # no such objects as Argilla writes
        return row_fault(place, "responses", "must hold objects with a user and a value")
    fields, metadata = record.get("fields", {}), _metadata(record)
    if not isinstance(fields, dict) or not isinstance(metadata, dict):
        return row_fault(place, "fields", "must be an object")
    flat = {
        name: value
        for name, value in record.items()
        if not fields and "." not in name and not _are_answers(value)
    }
    identity = record.get("id") or record.get("external_id") or record.get("_server_id")
    values = {**metadata, **flat, **fields, "id": identity}
    return RawRow(place=place, values=values, annotations=tuple(given.values()), split=split)


def _metadata(record: Mapping[str, Any]) -> Any:
    """What stands beside the fields; the data sets of Argilla 1 hold it as JSON."""
    metadata = record.get("metadata") or {}
    try:
        return json.loads(metadata) if isinstance(metadata, str) else metadata
    except ValueError:
        return None


def _are_answers(value: object) -> bool:
    """Whether a cell holds the answers to one question, as the data sets of Argilla 1 do."""
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and one.keys() >= _ANSWER for one in value)
    )


def _responses(record: Mapping[str, Any]) -> Iterator[tuple[str, str, Any]]:
    """Question, annotator and value of each response that was not discarded."""
    responses = record.get("responses")
    if isinstance(responses, list):  # Argilla 1
        for place, answer in enumerate(responses):
            if answer.get("status", "submitted") == "submitted":
                for question, value in (answer.get("values") or {}).items():
                    yield question, str(answer.get("user_id") or place), value.get("value")
    asked = responses if isinstance(responses, dict) else {}
    cells = {name: value for name, value in record.items() if _are_answers(value)}
    for question, answers in (asked | cells).items():
        for place, answer in enumerate(answers or ()):
            if answer.get("status") not in ("discarded", "draft"):
                yield question, str(answer.get("user_id") or place), answer.get("value")
    for name, answers in record.items():
        if name.endswith(_FLAT) and isinstance(answers, list):
            question = name.removesuffix(_FLAT)
            users = record.get(f"{name}.users") or range(len(answers))
            statuses = record.get(f"{name}.status") or ["submitted"] * len(answers)
            for user, status, value in zip(users, statuses, answers, strict=False):
                if status == "submitted":
                    yield question, str(user), value
