"""JSON lines, and JSON files that hold a list of objects: the rows of this project."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from training.labelled import LabelledDataError
from training.readers.raw import RawItems, RawRow, cannot_read, row_fault


def read(path: Path) -> RawItems:
    """Give each object with its line; for a list in one JSON file with its number."""
    for place, entry, problem in read_objects(path):
        if problem:
            yield row_fault(place, "row", problem)
        else:
            yield RawRow(place=place, values=entry)


def read_objects(path: Path) -> list[tuple[str, dict[str, Any], str]]:
    """Read place, object and problem (or nothing) of each row.

    Raises
    ------
    LabelledDataError
        If the file is no UTF-8 text, or a ``.json`` file holds no list of objects.
    """
    if path.suffix.lower() == ".json":
        document = read_document(path)
        if not isinstance(document, list):
            raise LabelledDataError(f"{path.name}: must hold a list of objects")
        return [_checked(f"{path.name}:{n}", entry) for n, entry in enumerate(document, start=1)]
    found = []
    try:
        with path.open(encoding="utf-8-sig") as stream:
            for number, line in enumerate(stream, start=1):
                if line.strip():
                    found.append(_parsed(f"{path.name}:{number}", line))
    except UnicodeDecodeError as error:
        raise cannot_read(path, "UTF-8 text", error) from None
    return found


def read_document(path: Path) -> Any:
    """Read a whole JSON file."""
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise cannot_read(path, "JSON in UTF-8", error) from None


def _parsed(place: str, line: str) -> tuple[str, dict[str, Any], str]:
    try:
        return _checked(place, json.loads(line))
    except (ValueError, RecursionError):
        return place, {}, "not JSON; each line must be one object"


def _checked(place: str, entry: object) -> tuple[str, dict[str, Any], str]:
    if isinstance(entry, dict):
        return place, entry, ""
    return place, {}, "not a JSON object"
