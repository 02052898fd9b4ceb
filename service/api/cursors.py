"""Cursors of pages: a place in a list that is ordered by time and id."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime

from service.api.problems import Code, InvalidParam, ProblemError


def make_cursor(created_at: datetime, identity: str) -> str:
    """Name the place at an item."""
    text = f"{created_at.isoformat()} {identity}"
    return base64.urlsafe_b64encode(text.encode("ascii")).decode("ascii")


def read_cursor(cursor: str) -> tuple[datetime, str]:
    """Read what :func:`make_cursor` made.

    Raises
    ------
    ProblemError
        422 for anything else.
    """
    try:
        text = base64.b64decode(cursor, altchars=b"-_", validate=True).decode("ascii")
        moment, _, identity = text.partition(" ")
        created_at = datetime.fromisoformat(moment)
        if created_at.tzinfo is None or not identity.isprintable():
            raise ValueError
        created_at = created_at.astimezone(UTC)  # overflows at either end of time
    except (ValueError, OverflowError, binascii.Error) as error:
        param = InvalidParam(
            name="cursor", place="query", code="malformed", reason="is no next_cursor of a page"
        )
        raise ProblemError(
            Code.VALIDATION_FAILED,
            "cursor is none that this service gave; leave it out to begin anew",
            invalid_params=[param],
        ) from error
    return created_at, identity
