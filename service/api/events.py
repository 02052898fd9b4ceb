"""Server-sent events: the state of something, told again whenever it changes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import orjson
from starlette.responses import StreamingResponse

HEARTBEAT_S = 15.0
"""A comment is sent after so long without an event, so that proxies keep the line open."""
RETRY_MS = 2000
MEDIA_TYPE = "text/event-stream"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A state. ``is_last`` tells that it does not change any more."""

    name: str
    id: str
    data: object
    is_last: bool = False


def stream_events(
    look: Callable[[], Awaitable[Event]],
    *,
    is_stopping: Callable[[], bool],
    every_s: float = 0.5,
    heartbeat_s: float = HEARTBEAT_S,
) -> StreamingResponse:
    """Send the present state at once, then each change, until the last one.

    A client that comes back gets the present state again, whatever it had seen: it has missed
    nothing then, so ``Last-Event-ID`` need not be read.

    Parameters
    ----------
    look : callable
        Gives the present state; two with the same name and id are the same.
    is_stopping : callable
        Whether the service stops; the client then comes back after ``RETRY_MS``.
    every_s : float, default=0.5
        How often to look.
    heartbeat_s : float, default=15
    """
    return StreamingResponse(
        _events(look, is_stopping, every_s, heartbeat_s),
        media_type=MEDIA_TYPE,
        headers={"X-Accel-Buffering": "no"},
    )


async def _events(
    look: Callable[[], Awaitable[Event]],
    is_stopping: Callable[[], bool],
    every_s: float,
    heartbeat_s: float,
) -> AsyncIterator[bytes]:
    yield f"retry: {RETRY_MS}\n\n".encode()
    told: tuple[str, str] | None = None
    told_at = time.monotonic()
    while not is_stopping():
        event = await look()
        if (event.name, event.id) != told:
            told, told_at = (event.name, event.id), time.monotonic()
            yield _line(event)
        elif time.monotonic() - told_at >= heartbeat_s:
            told_at = time.monotonic()
            yield b": still here\n\n"
        if event.is_last:
            return
        await asyncio.sleep(every_s)


def _line(event: Event) -> bytes:
    head = f"event: {event.name}\nid: {event.id}\ndata: "
    return head.encode() + orjson.dumps(event.data) + b"\n\n"
