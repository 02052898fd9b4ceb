"""``Idempotency-Key``: a repeated call gets the answer that the first one got.

A route wraps the making of its answer::

    return await idempotent(request, caller, services, make_response, subject_ids=...)

where ``make_response`` takes the id of the operation: the same one when a call is run again after
its first runner died, so that what the call makes can be named after it and is not made twice.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

import anyio
from fastapi import Header, Request
from pydantic import WithJsonSchema
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from service.api.auth import Caller
from service.api.problems import Code, InvalidParam, ProblemError
from service.api.services import Services
from service.store import idempotency as records
from service.store.errors import StoreUnavailableError
from service.store.store import Store

MakeResponse = Callable[[str], Awaitable[Response]]

MAX_KEY_LENGTH = 255
_KEPT = ("content-type", "location", "content-disposition")
_QUOTED = re.compile(r'"((?:[\x20\x21\x23-\x5b\x5d-\x7e]|\\["\\])*)"')
_BARE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]+")
_DESCRIPTION = (
    "Any text of your own, up to 255 ASCII characters, quoted or bare; a UUID does. A repeated "
    "call with the same key and body gets the stored answer (`Idempotency-Replayed: true`) and "
    "does nothing again; another body is refused with 422, a call that still runs with 409."
)

_SCHEMA = {
    "type": "string",
    "pattern": r'^("([ !#-\[\]-~]|\\["\\]){1,255}"|[!#-\[\]-~]{1,255})$',
}

IdempotencyKeyDoc = Annotated[
    str | None,
    Header(alias="Idempotency-Key", description=_DESCRIPTION),
    WithJsonSchema(_SCHEMA),  # told, not checked by it: read_key says better what is wrong
]
"""Parameter of a route that is idempotent, for the OpenAPI document."""


async def idempotent(
    request: Request,
    caller: Caller,
    services: Services,
    make_response: MakeResponse,
    *,
    subject_ids: Iterable[str] = (),
    body_sha256: bytes | None = None,
) -> Response:
    """Answer a call once per ``Idempotency-Key``; without one it is answered as it is.

    Parameters
    ----------
    request : Request
        Its body has been read with ``request.body()``, unless ``body_sha256`` is given.
    caller : Caller
    services : Services
    make_response : callable
        Takes the id of the operation, 32 hexadecimal digits; gives a response with a body, no
        stream. Not called for a replay.
    subject_ids : iterable of str
        Subjects in the call; erasing one of them erases the stored answer.
    body_sha256 : bytes, optional
        Hash of what was sent, where that is streamed (or multipart, whose boundary is random).

    Raises
    ------
    ProblemError
        400 for a malformed key, 409 while the first call runs, 422 for a key used for another call.

    Notes
    -----
    Only answers of status 2xx are kept. A call that was refused made nothing, so its key is free
    again for this call or another one.
    """
    key = read_key(request)
    if key is None:
        return await make_response(secrets.token_hex(16))
    body_hash = body_sha256 or hashlib.sha256(await request.body()).digest()
    call = records.Call(
        tenant_id=caller.tenant_id,
        key_sha256=hashlib.sha256(key.encode("ascii")).hexdigest(),
        fingerprint=_fingerprint(request, body_hash),
    )
    begun = await run_in_threadpool(
        records.begin,
        services.store,
        call,
        subject_hashes={caller.subject_hash(subject_id) for subject_id in subject_ids},
        now=datetime.now(UTC),
        keep=timedelta(hours=services.settings.idempotency_hours),
    )
    match begun:
        case records.Answer():
            return _replay(begun)
        case records.Running():
            raise ProblemError(
                Code.IDEMPOTENCY_IN_PROGRESS,
                "the first call with this Idempotency-Key is still running; try again later",
                headers={"Retry-After": "1"},
            )
        case records.Mismatch():
            raise ProblemError(
                Code.IDEMPOTENCY_MISMATCH,
                "this Idempotency-Key was used for another call; take a new key for a new call",
                invalid_params=[_key_param("mismatch", "was used for another call")],
            )
        case records.Taken():
            return await _run(services.store, call, begun, make_response)


def read_key(request: Request) -> str | None:
    """Read the key, quoted (as RFC 9651 has strings) or bare; None if there is none.

    Raises
    ------
    ProblemError
        400 if it is empty, too long, not ASCII, or given more than once.
    """
    sent = request.headers.getlist("idempotency-key")
    if not sent:
        return None
    text = sent[0].strip()
    quoted = _QUOTED.fullmatch(text)
    key = re.sub(r"\\(.)", r"\1", quoted[1]) if quoted else text
    if len(sent) > 1 or not 1 <= len(key) <= MAX_KEY_LENGTH or not (quoted or _BARE.fullmatch(key)):
        reason = f"must be one text of 1 to {MAX_KEY_LENGTH} ASCII characters, quoted or bare"
        raise ProblemError(
            Code.INVALID_REQUEST,
            f"Idempotency-Key {reason}",
            invalid_params=[_key_param("malformed", reason)],
        )
    return key


async def _run(
    store: Store, call: records.Call, taken: records.Taken, make_response: MakeResponse
) -> Response:
    """Make the answer and keep it, or give the call back."""
    try:
        async with _held(store, call, taken):
            response = await make_response(taken.operation_id)
    except BaseException as error:
        if isinstance(error, ProblemError) and error.status < 500:
            await _settle(records.forget, store, call, taken)
        else:
            await _settle(records.release, store, call, taken)
        raise
    if 200 <= response.status_code < 300:
        answer = records.Answer(
            status=response.status_code,
            headers={name: response.headers[name] for name in _KEPT if name in response.headers},
            body=bytes(response.body),
        )
        await _settle(records.finish, store, call, taken, answer)
    else:
        await _settle(records.release, store, call, taken)
    return response


async def _settle(step: Callable[..., object], *arguments: object) -> None:
    """Write what became of a call, also when the caller is gone.

    Where the store does not answer, the answer is still right and a repeat is still safe: it runs
    when the lease is over, under the same id of the operation.
    """
    with anyio.CancelScope(shield=True), suppress(StoreUnavailableError):
        await run_in_threadpool(step, *arguments)


@asynccontextmanager
async def _held(store: Store, call: records.Call, taken: records.Taken) -> AsyncIterator[None]:
    """Renew the lease for as long as the block runs."""

    async def renew() -> None:
        while True:
            await asyncio.sleep(records.LEASE.total_seconds() / 3)
            with suppress(StoreUnavailableError):
                await run_in_threadpool(records.renew, store, call, taken)

    renewing = asyncio.create_task(renew())
    try:
        yield
    finally:
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing


def _fingerprint(request: Request, body_hash: bytes) -> str:
    """Hash what makes two calls the same."""
    parts = (
        request.method,
        request.url.path,
        request.url.query,
        request.headers.get("content-type", "").partition(";")[0].strip().lower(),
    )
    digest = hashlib.sha256(body_hash)
    for part in parts:
        digest.update(hashlib.sha256(part.encode("utf-8", "surrogateescape")).digest())
    return digest.hexdigest()


def _replay(answer: records.Answer) -> Response:
    headers: dict[str, Any] = {**answer.headers, "Idempotency-Replayed": "true"}
    return Response(answer.body, status_code=answer.status, headers=headers)


def _key_param(code: str, reason: str) -> InvalidParam:
    return InvalidParam(name="Idempotency-Key", place="header", code=code, reason=reason)
