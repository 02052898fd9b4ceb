"""A file that is sent: kept in a temporary file, as the only part of a form or as the body."""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any, BinaryIO

from fastapi import Request
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import FormData, UploadFile

from service.api.problems import Code, InvalidParam, ProblemError

FORM = "multipart/form-data"
FILE_FIELD = "file"
_MAX_FIELDS = 300
_MAX_SUFFIX = 10
_PIECE = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """A file that was sent.

    ``fields`` are those of the form beside it. ``sha256`` is of the content and the fields: two
    forms that say the same have the same one, though their boundaries differ.
    """

    path: Path
    media_type: str
    suffix: str
    fields: Sequence[tuple[str, str]]
    sha256: bytes


@contextmanager
def temporary_file(folder: Path) -> Iterator[BinaryIO]:
    """Open a file that its owner alone can read, and that is gone afterwards."""
    with tempfile.NamedTemporaryFile(dir=folder, prefix="upload-") as stream:
        yield stream  # type: ignore[misc]


async def receive(request: Request, stream: BinaryIO, media_types: Sequence[str]) -> Received:
    """Read the body of a request into ``stream``.

    Raises
    ------
    ProblemError
        415 for a content type that is none of ``media_types`` and no form; 422 for a form without
        a file.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type == FORM:
        return await _receive_form(request, stream)
    if media_type not in media_types:
        raise ProblemError(
            Code.UNSUPPORTED_MEDIA_TYPE,
            f"Content-Type must be {FORM}, or that of the file: {', '.join(media_types)}",
            headers={"Accept": ", ".join((FORM, *media_types))},
        )
    digest = hashlib.sha256()
    async for piece in _pieces(request):
        await run_in_threadpool(_write, stream, digest, piece)
    stream.flush()
    return Received(
        path=Path(stream.name), media_type=media_type, suffix="", fields=(), sha256=digest.digest()
    )


async def _receive_form(request: Request, stream: BinaryIO) -> Received:
    """Copy the file of a form."""
    async with request.form(max_files=1, max_fields=_MAX_FIELDS) as form:
        sent = _only_file(form)
        digest = hashlib.sha256()
        while piece := await sent.read(_PIECE):
            await run_in_threadpool(_write, stream, digest, piece)
        stream.flush()
        fields = [(name, value) for name, value in form.multi_items() if isinstance(value, str)]
        for part in sorted(fields):
            digest.update(repr(part).encode("utf-8", "surrogatepass"))
        return Received(
            path=Path(stream.name),
            media_type=(sent.content_type or "").partition(";")[0].strip().lower(),
            suffix=_suffix(sent.filename or ""),
            fields=fields,
            sha256=digest.digest(),
        )


def _only_file(form: FormData) -> UploadFile:
    """The file of a form, which must be called ``file``."""
    sent = form.get(FILE_FIELD)
    if isinstance(sent, UploadFile) and len(form.getlist(FILE_FIELD)) == 1:
        return sent
    reason = f"must be one file, in a field called {FILE_FIELD!r} with a file name"
    raise ProblemError(
        Code.VALIDATION_FAILED,
        f"the form {reason.replace('must be', 'must hold')}",
        invalid_params=[
            InvalidParam(name=f"/{FILE_FIELD}", place="body", code="missing", reason=reason)
        ],
    )


def _suffix(file_name: str) -> str:
    """The extension of a file name, whose folders mean nothing here."""
    suffix = PurePath(file_name.replace("\\", "/").replace("\x00", "")).suffix.lower()
    return suffix if len(suffix) <= _MAX_SUFFIX else ""


async def _pieces(request: Request) -> AsyncIterator[bytes]:
    """The body in pieces of a good size to write."""
    waiting = bytearray()
    async for part in request.stream():
        waiting += part
        if len(waiting) >= _PIECE:
            yield bytes(waiting)
            waiting.clear()
    yield bytes(waiting)


def _write(stream: BinaryIO, digest: Any, piece: bytes) -> None:
    digest.update(piece)
    stream.write(piece)
