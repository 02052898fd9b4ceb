"""The corrections of the service: ``GET /v1/corrections``, as JSONL or as a page of JSON."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from training.labelled import LabelledDataError
from training.readers import jsonl
from training.readers.raw import RawItems, RawRow, row_fault


def is_page(document: object) -> bool:
    """Whether a JSON document is a page of corrections."""
    return isinstance(document, dict) and isinstance(document.get("corrections"), list)


def read(path: Path) -> RawItems:
    """Give each correction that no later one supersedes.

    Raises
    ------
    LabelledDataError
        If the page is not the last: the others would be missing.
    """
    if path.suffix.lower() != ".json":
        yield from jsonl.read(path)
        return
    document = jsonl.read_document(path)
    if not is_page(document):
        raise LabelledDataError(f"{path.name}: is no page of GET /v1/corrections")
    if document.get("next_cursor"):
        raise LabelledDataError(
            f"{path.name}: is one page of several; GET /v1/corrections?format=jsonl gives all"
        )
    for number, item in enumerate(document["corrections"], start=1):
        place = f"{path.name}:{number}"
        if not isinstance(item, dict) or not isinstance(item.get("labels"), dict):
            yield row_fault(place, "labels", "must be an object")
        elif not item.get("is_superseded"):
            yield RawRow(place=place, values=_values(item))


def _values(item: dict[str, Any]) -> dict[str, Any]:
    """The row that the service's own JSONL would hold."""
    return {
        "id": f"correction-{item.get('id')}",
        "text": item.get("text"),
        "lang": item.get("language"),
        "batch": "corrections",
        **item["labels"],
    }
