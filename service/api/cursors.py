"""Cursors of pages: a place in a list that is ordered by time and id."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query

_PATTERN = r"^[0-9]{1,16}\.[0-9a-f]{32}(-[0-9]{1,6})?$"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)

Cursor = Annotated[
    str | None, Query(pattern=_PATTERN, description="`next_cursor` of the page before.")
]
"""Parameter of a route that gives pages. Whatever has its form is a place in a list."""


def make_cursor(created_at: datetime, identity: str) -> str:
    """Name the place at an item.

    Examples
    --------
    >>> make_cursor(datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC), "0" * 32)
    '1000000.00000000000000000000000000000000'
    """
    return f"{(created_at - _EPOCH) // _TICK}.{identity}"


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Read a cursor, given that it has the form of one."""
    ticks, _, identity = cursor.partition(".")
    return _EPOCH + int(ticks) * _TICK, identity
