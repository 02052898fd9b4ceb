"""A lean HTTP client for load: one socket per connection, exact times, little work of its own.

The measured server shares the machine with this client, so the client has to be cheap: httpx
takes about as long for a request as the server does.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import numpy as np


@dataclass(slots=True)
class Tally:
    """Times in seconds per status, and how long it all took."""

    seconds: dict[int, list[float]] = field(default_factory=dict)
    wall_s: float = 0.0

    def add(self, status: int, seconds: float) -> None:
        """Count one answer."""
        self.seconds.setdefault(status, []).append(seconds)

    def count(self, status: int = 200) -> int:
        """Answers of one status."""
        return len(self.seconds.get(status, ()))

    def summary(self, status: int = 200) -> dict[str, float]:
        """Rate and percentiles of one status; times in milliseconds."""
        times = np.asarray(self.seconds.get(status) or [np.nan]) * 1000
        p50, p95, p99 = np.percentile(times, (50, 95, 99))
        return {
            "n": self.count(status),
            "per_s": self.count(status) / self.wall_s if self.wall_s else float("nan"),
            "p50_ms": round(float(p50), 1),
            "p95_ms": round(float(p95), 1),
            "p99_ms": round(float(p99), 1),
            "max_ms": round(float(times.max()), 1),
        }


class Connection:
    """One kept connection that sends requests one after another."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._host, self._port = str(parts.hostname), int(parts.port or 80)
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def send(self, request: bytes) -> tuple[int, bytes]:
        """Send a request and read its answer: status and body."""
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port, limit=2**26)
        reader, writer = self._streams
        writer.write(request)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        status = int(head[9:12])
        length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        body = await reader.readexactly(length)
        if b"connection: close" in head:
            self.close()
        return status, body

    def close(self) -> None:
        """Close the connection; the next request opens another."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def make_request(path: str, key: str, document: object) -> bytes:
    """Write a POST with a JSON body."""
    body = json.dumps(document, ensure_ascii=False).encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer {key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def closed_loop(
    url: str, requests: Iterator[bytes], *, n_connections: int, seconds: float
) -> Tally:
    """Keep every connection busy: each sends its next request when it has its answer."""
    tally = Tally()
    began = time.perf_counter()

    async def run() -> None:
        connection = Connection(url)
        try:
            while time.perf_counter() - began < seconds:
                sent = time.perf_counter()
                status, _ = await connection.send(next(requests))
                tally.add(status, time.perf_counter() - sent)
        finally:
            connection.close()

    await asyncio.gather(*(run() for _ in range(n_connections)))
    tally.wall_s = time.perf_counter() - began
    return tally


async def open_loop(url: str, requests: Iterator[bytes], *, per_s: float, seconds: float) -> Tally:
    """Send at a fixed rate, whatever comes back: the way a crowd behaves.

    A time is counted from when the request was due, so that a late client hides nothing.
    """
    tally = Tally()
    idle: list[Connection] = []
    running: set[asyncio.Task[None]] = set()
    began = time.perf_counter()

    async def one(due: float) -> None:
        connection = idle.pop() if idle else Connection(url)
        status, _ = await connection.send(next(requests))
        tally.add(status, time.perf_counter() - due)
        idle.append(connection)

    n_sent = 0
    while (elapsed := time.perf_counter() - began) < seconds:
        while n_sent < elapsed * per_s:
            task = asyncio.create_task(one(began + n_sent / per_s))
            running.add(task)
            task.add_done_callback(running.discard)
            n_sent += 1
        await asyncio.sleep(0.002)
    await asyncio.gather(*running)
    tally.wall_s = time.perf_counter() - began
    for connection in idle:
        connection.close()
    return tally


async def repeat_until(deadline: float, work: Callable[[], Awaitable[object]]) -> None:
    """Do the same again until the time has come."""
    while time.perf_counter() < deadline:
        await work()


def cycle_requests(path: str, key: str, documents: Sequence[object]) -> Iterator[bytes]:
    """Give the requests of documents over and over, written beforehand."""
    written = [make_request(path, key, document) for document in documents]
    while True:
        yield from written
