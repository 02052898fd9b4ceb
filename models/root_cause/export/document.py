"""A report as one JSON document, and back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter, ValidationError

from models.errors import KlantstemError
from models.root_cause.report import RootCauseReport

FORMAT = 1
KIND = "klantstem.root_causes"
REPORT_SCHEMA = "report.schema.json"
"""File beside this module; a test holds it equal to ``report_schema``."""


class ReportError(KlantstemError):
    """A report cannot be read or written."""


@cache
def _adapter() -> TypeAdapter[RootCauseReport]:
    return TypeAdapter(RootCauseReport)


def report_document(report: RootCauseReport) -> dict[str, Any]:
    """All values of a report as JSON values, after ``report.schema.json``."""
    values = _adapter().dump_python(report, mode="json")
    return {"kind": KIND, "format": FORMAT, **values}


def report_json(report: RootCauseReport) -> bytes:
    """The document as UTF-8, with the last digits of numbers that two machines share."""
    document = _rounded(report_document(report))
    return (json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n").encode()


def read_report(content: bytes) -> RootCauseReport:
    """Read what ``report_json`` wrote.

    Raises
    ------
    ReportError
        If it is no such document, or of another format.
    """
    try:
        document = json.loads(content)
        if not isinstance(document, dict) or document.pop("kind", None) != KIND:
            raise ReportError(f"not a report of root causes: its kind is not {KIND!r}")
        if document.pop("format", None) != FORMAT:
            raise ReportError(f"this version reads reports of format {FORMAT} only")
        return _adapter().validate_python(document)
    except ValidationError as error:
        places = {".".join(map(str, each["loc"][:3])) for each in error.errors()}
        raise ReportError(f"not a report of root causes: {', '.join(sorted(places))}") from None
    except ValueError as error:
        raise ReportError("not a report of root causes: no JSON") from error


def report_schema() -> dict[str, Any]:
    """JSON Schema of the document; descriptions are those of the values' classes."""
    schema = _adapter().json_schema(mode="serialization")
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["properties"] = {
        "kind": {"const": KIND, "type": "string"},
        "format": {"const": FORMAT, "type": "integer"},
        **schema["properties"],
    }
    schema["required"] = ["kind", "format", *schema["required"]]
    return schema


def _rounded(value: Any) -> Any:
    """Numbers to nine digits behind the point."""
    if isinstance(value, float):
        return round(value, 9)
    if isinstance(value, Mapping):
        return {key: _rounded(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_rounded(each) for each in value]
    return value
