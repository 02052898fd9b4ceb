"""Waiting for the batcher on behalf of a caller who may hang up."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from fastapi import Request
from starlette.requests import ClientDisconnect

from models.domain import Verbatim
from service.api.batching import MicroBatcher
from service.api.engine import Engine, Outcome, Recipe


async def run_call(
    request: Request,
    batcher: MicroBatcher,
    verbatims: Sequence[Verbatim],
    recipe: Recipe,
    *,
    engine: Engine | None = None,
) -> list[Outcome]:
    """Give the outcome of each verbatim, in order; all from one engine, by default that of now.

    Raises
    ------
    ProblemError
        If the queue takes no more.
    ClientDisconnect
        If the caller hung up; what still waited was taken out of the queue.
    """
    future = asyncio.wrap_future(batcher.submit(verbatims, recipe, engine=engine))
    hang_up = asyncio.ensure_future(_wait_for_hang_up(request))
    try:
        await asyncio.wait((future, hang_up), return_when=asyncio.FIRST_COMPLETED)
        if not future.done():
            raise ClientDisconnect
        return future.result()
    finally:
        hang_up.cancel()
        future.cancel()


async def _wait_for_hang_up(request: Request) -> None:
    """Return when the caller closes the connection; its body was read before."""
    while (await request.receive())["type"] != "http.disconnect":
        pass
