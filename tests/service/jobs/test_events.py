"""Server-sent events, without a server."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import cast

from service.api.events import Event, stream_events


def told(states: Iterator[Event], *, stops_after: int = 99, heartbeat_s: float = 60) -> list[str]:
    """All that is sent, piece by piece."""
    n_looks = 0

    async def look() -> Event:
        nonlocal n_looks
        n_looks += 1
        return next(states)

    async def read() -> list[str]:
        response = stream_events(
            look,
            is_stopping=lambda: n_looks >= stops_after,
            every_s=0,
            heartbeat_s=heartbeat_s,
        )
        pieces = cast(AsyncIterator[bytes], response.body_iterator)
        return [piece.decode() async for piece in pieces]

    return asyncio.run(read())


def state(n_done: int, *, is_last: bool = False) -> Event:
    name = "done" if is_last else "progress"
    return Event(name=name, id=str(n_done), data={"n": n_done}, is_last=is_last)


def test_changes_are_sent_once_until_the_last() -> None:
    states = iter([state(0), state(0), state(5), state(9, is_last=True), state(99)])
    assert told(states) == [
        "retry: 2000\n\n",
        'event: progress\nid: 0\ndata: {"n":0}\n\n',
        'event: progress\nid: 5\ndata: {"n":5}\n\n',
        'event: done\nid: 9\ndata: {"n":9}\n\n',
    ]


def test_the_line_is_kept_open_while_nothing_changes() -> None:
    states = iter([state(0)] * 3 + [state(1, is_last=True)])
    pieces = told(states, heartbeat_s=0)
    assert pieces[2:4] == [": still here\n\n"] * 2


def test_the_stream_ends_when_the_service_stops() -> None:
    states = iter([state(0), state(1), state(2)])
    assert len(told(states, stops_after=2)) == 3
