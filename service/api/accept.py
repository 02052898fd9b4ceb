"""What a caller wants to have, by its ``Accept`` header (RFC 9110, 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence

from service.api.problems import Code, InvalidParam, ProblemError


def choose_media_type(accept: str | None, offered: Sequence[str]) -> str:
    """Choose what is wanted most of what is offered; the first one where all are the same.

    Raises
    ------
    ProblemError
        406 if none of them is wanted; names them.

    Examples
    --------
    >>> choose_media_type("text/*;q=0.5, application/json", ["text/csv", "application/json"])
    'application/json'
    >>> choose_media_type(None, ["text/csv", "application/json"])
    'text/csv'
    """
    if accept is None or not accept.strip():
        return offered[0]
    ranges = [_read_range(part) for part in accept.split(",") if part.strip()]
    best, best_quality = None, 0.0
    for media_type in offered:
        quality = _quality(media_type, ranges)
        if quality > best_quality:
            best, best_quality = media_type, quality
    if best is not None:
        return best
    raise ProblemError(
        Code.NOT_ACCEPTABLE,
        f"Accept must allow one of: {', '.join(offered)}",
        invalid_params=[
            InvalidParam(
                name="Accept",
                place="header",
                code="not_acceptable",
                reason="allows none of what is offered",
            )
        ],
    )


def _read_range(part: str) -> tuple[str, float]:
    """A range of media types and how much it is wanted."""
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = 1.0
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                quality = min(1.0, max(0.0, float(value)))
            except ValueError:
                quality = 0.0
    return name, quality


def _quality(media_type: str, ranges: Sequence[tuple[str, float]]) -> float:
    """How much a type is wanted: the narrowest range that has it decides."""
    family = media_type.partition("/")[0]
    for name in (media_type, f"{family}/*", "*/*"):
        found = [quality for own, quality in ranges if own == name]
        if found:
            return max(found)
    return 0.0
