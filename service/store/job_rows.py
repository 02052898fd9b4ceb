"""Rows of a job as they are kept: compressed JSON that keeps the kinds of values.

Rows that are kept with vectors have those beside it, as bytes in the order of the rows.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from service.tables.cells import json_value

_KIND = "\x00kind"  # no name that a file is likely to have
_LEVEL = 1  # measured on results: a fifth of the size; higher levels gain 5 % and cost thrice


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRow:
    """A row of a job.

    ``result`` is None until the row is done. ``blob`` holds what else a kind of job keeps of it.
    """

    number: int
    values: Mapping[str, Any]
    line: int | None = None
    problem: str | None = None
    subject_hash: str | None = None
    result: Mapping[str, Any] | None = None
    blob: bytes = b""


def pack_rows(rows: Sequence[StoredRow]) -> tuple[bytes, bytes | None]:
    """Write rows as compressed JSON, and their blobs one after the other."""
    document = [
        [
            row.number,
            row.line,
            row.problem,
            row.subject_hash,
            row.values,
            row.result,
            len(row.blob),
        ]
        for row in rows
    ]
    text = json.dumps(document, default=_tagged, separators=(",", ":"))
    return zlib.compress(text.encode(), _LEVEL), b"".join(row.blob for row in rows) or None


def unpack_rows(rows_zlib: bytes, blobs: bytes | None) -> list[StoredRow]:
    """Read what :func:`pack_rows` wrote.

    Examples
    --------
    >>> row = StoredRow(number=7, values={"date": dt.date(2025, 9, 1), "score": 9})
    >>> unpack_rows(*pack_rows([row])) == [row]
    True
    """
    rows, place = [], 0
    for number, line, problem, subject_hash, values, result, n_bytes in json.loads(
        zlib.decompress(rows_zlib), object_hook=_untagged
    ):
        rows.append(
            StoredRow(
                number=number,
                values=values,
                line=line,
                problem=problem,
                subject_hash=subject_hash,
                result=result,
                blob=(blobs or b"")[place : place + n_bytes],
            )
        )
        place += n_bytes
    return rows


def _tagged(value: Any) -> Any:
    """A value that JSON lacks, with its kind."""
    for form, (kind, write, _) in _KINDS.items():
        if isinstance(value, form):
            return {_KIND: kind, "value": write(value)}
    return json_value(value)


def _untagged(value: dict[str, Any]) -> Any:
    """A value with its kind back, or the object itself."""
    kind = value.get(_KIND)
    read = _READ.get(kind) if isinstance(kind, str) else None
    return value if read is None else read(value["value"])


_KINDS: Mapping[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    # a point in time is a date, too, and stands first
    dt.datetime: ("datetime", dt.datetime.isoformat, dt.datetime.fromisoformat),
    dt.date: ("date", dt.date.isoformat, dt.date.fromisoformat),
    dt.time: ("time", dt.time.isoformat, dt.time.fromisoformat),
    dt.timedelta: (
        "timedelta",
        lambda value: [value.days, value.seconds, value.microseconds],
        lambda parts: dt.timedelta(*parts),
    ),
    Decimal: ("decimal", str, Decimal),
    bytes: ("bytes", lambda value: base64.b64encode(value).decode(), base64.b64decode),
}
_READ = {kind: read for kind, _, read in _KINDS.values()}
