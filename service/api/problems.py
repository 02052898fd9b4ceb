"""Errors of the interface, as problem details (RFC 9457) with a stable ``code``.

::

    ProblemError
    every refusal raises it with a Code; STATUS_BY_CODE holds the one status of each code

No answer holds a stack, a message of an unforeseen error, or a part of a verbatim.
"""

from __future__ import annotations

import http
from collections.abc import Mapping, MutableMapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import orjson
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match

from models.errors import KlantstemError
from service.store.errors import StoreUnavailableError

MEDIA_TYPE = "application/problem+json"
MAX_INVALID_PARAMS = 20
_MAX_NAME = 64


class Code(StrEnum):
    """What went wrong, for programs; a code never changes its meaning."""

    INVALID_JSON = "invalid_json"
    INVALID_REQUEST = "invalid_request"
    UNAUTHENTICATED = "unauthenticated"
    FORBIDDEN = "forbidden"
    NOT_FOUND = "not_found"
    MODEL_NOT_FOUND = "model_not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    NOT_ACCEPTABLE = "not_acceptable"
    CONFLICT = "conflict"
    IDEMPOTENCY_IN_PROGRESS = "idempotency_in_progress"
    GONE = "gone"
    TOO_LARGE = "too_large"
    TOO_MANY_ITEMS = "too_many_items"
    UNSUPPORTED_MEDIA_TYPE = "unsupported_media_type"
    VALIDATION_FAILED = "validation_failed"
    DUPLICATE_ID = "duplicate_id"
    IDEMPOTENCY_MISMATCH = "idempotency_mismatch"
    KIND_UNAVAILABLE = "kind_unavailable"
    UNREADABLE_FILE = "unreadable_file"
    RATE_LIMITED = "rate_limited"
    OVERLOADED = "overloaded"
    CLIENT_CLOSED = "client_closed"
    INTERNAL = "internal"
    SHUTTING_DOWN = "shutting_down"
    NOT_READY = "not_ready"


STATUS_BY_CODE: Mapping[Code, int] = {
    Code.INVALID_JSON: 400,
    Code.INVALID_REQUEST: 400,
    Code.UNAUTHENTICATED: 401,
    Code.FORBIDDEN: 403,
    Code.NOT_FOUND: 404,
    Code.MODEL_NOT_FOUND: 404,
    Code.METHOD_NOT_ALLOWED: 405,
    Code.NOT_ACCEPTABLE: 406,
    Code.CONFLICT: 409,
    Code.IDEMPOTENCY_IN_PROGRESS: 409,
    Code.GONE: 410,
    Code.TOO_LARGE: 413,
    Code.TOO_MANY_ITEMS: 422,
    Code.UNSUPPORTED_MEDIA_TYPE: 415,
    Code.VALIDATION_FAILED: 422,
    Code.DUPLICATE_ID: 422,
    Code.IDEMPOTENCY_MISMATCH: 422,
    Code.KIND_UNAVAILABLE: 422,
    Code.UNREADABLE_FILE: 422,
    Code.RATE_LIMITED: 429,
    Code.OVERLOADED: 429,
    Code.CLIENT_CLOSED: 499,
    Code.INTERNAL: 500,
    Code.SHUTTING_DOWN: 503,
    Code.NOT_READY: 503,
}

_CODE_BY_STATUS: Mapping[int, Code] = {
    400: Code.INVALID_REQUEST,
    401: Code.UNAUTHENTICATED,
    403: Code.FORBIDDEN,
    404: Code.NOT_FOUND,
    405: Code.METHOD_NOT_ALLOWED,
    406: Code.NOT_ACCEPTABLE,
    409: Code.CONFLICT,
    410: Code.GONE,
    413: Code.TOO_LARGE,
    415: Code.UNSUPPORTED_MEDIA_TYPE,
    422: Code.VALIDATION_FAILED,
    429: Code.RATE_LIMITED,
    503: Code.NOT_READY,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidParam:
    """One part of a request that was refused.

    ``name`` is a JSON pointer into the body (``/verbatims/3/text``), or the name of a query
    parameter, path parameter or header, as ``place`` says.
    """

    name: str
    place: str
    code: str
    reason: str


class ProblemError(KlantstemError):
    """A refusal with its code; the handlers turn it into problem+json.

    Parameters
    ----------
    code : Code
        Gives the status, too.
    detail : str
        What is wrong and what to do, for people. Never quotes a verbatim.
    invalid_params : sequence of InvalidParam
    headers : mapping of str to str
        Added to the answer, for instance ``Retry-After``.
    title : str, optional
        Default: the phrase of the status.
    """

    def __init__(
        self,
        code: Code,
        detail: str,
        *,
        invalid_params: Sequence[InvalidParam] = (),
        headers: Mapping[str, str] | None = None,
        title: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail
        self.invalid_params = tuple(invalid_params)
        self.headers = dict(headers or {})
        self.title = title

    @property
    def status(self) -> int:
        """HTTP status of the answer."""
        return STATUS_BY_CODE[self.code]


class InvalidParamBody(BaseModel):
    """One part of a request that was refused."""

    model_config = ConfigDict(title="InvalidParam", extra="forbid")

    name: str = Field(description="JSON pointer into the body, or name of the parameter or header")
    place: str = Field(description="`body`, `query`, `path` or `header`")
    code: str = Field(description="kind of breach, for programs")
    reason: str


class Problem(BaseModel):
    """An error (RFC 9457). `code` is stable; `detail` is for people and may change."""

    model_config = ConfigDict(extra="forbid")

    type: str
    title: str
    status: int
    code: Code
    detail: str
    request_id: str | None
    invalid_params: list[InvalidParamBody]


EVERYWHERE = (
    Code.UNAUTHENTICATED,
    Code.FORBIDDEN,
    Code.RATE_LIMITED,
    Code.INTERNAL,
    Code.SHUTTING_DOWN,
    Code.NOT_READY,
)
"""Codes that any route below ``/v1`` may answer."""
WITH_BODY = (
    Code.INVALID_JSON,
    Code.INVALID_REQUEST,
    Code.TOO_LARGE,
    Code.UNSUPPORTED_MEDIA_TYPE,
    Code.VALIDATION_FAILED,
)
"""Codes of routes that take a body."""


def problem_responses(*codes: Code) -> dict[int | str, dict[str, Any]]:
    """Describe the refusals of a route, for ``responses`` of its decorator."""
    by_status: dict[int | str, dict[str, Any]] = {}
    for status in sorted({STATUS_BY_CODE[code] for code in codes}):
        named = [f"`{code.value}`" for code in codes if STATUS_BY_CODE[code] == status]
        by_status[status] = {
            "description": f"{_phrase(status)}: {', '.join(named)}",
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
    return by_status


def problem_response(
    error: ProblemError, *, request_id: str | None, status: int | None = None
) -> Response:
    """Write a refusal as problem+json."""
    status = error.status if status is None else status
    body = {
        "type": f"urn:klantstem:problem:{error.code.value}",
        "title": error.title or _phrase(status),
        "status": status,
        "code": error.code.value,
        "detail": error.detail,
        "request_id": request_id,
        "invalid_params": [asdict(param) for param in error.invalid_params],
    }
    return Response(
        orjson.dumps(body), status_code=status, media_type=MEDIA_TYPE, headers=error.headers
    )


def from_validation(errors: Sequence[ErrorDetails | Mapping[str, Any]]) -> ProblemError:
    """Turn the errors of pydantic into a refusal, without the values that were sent."""
    params = tuple(_invalid_param(error) for error in errors[:MAX_INVALID_PARAMS])
    n_more = len(errors) - len(params)
    more = f", and {n_more} more" if n_more else ""
    names = ", ".join(dict.fromkeys(param.name or "(the body)" for param in params[:3]))
    return ProblemError(
        Code.VALIDATION_FAILED,
        f"{len(errors)} part(s) of the request are not as they should be: {names}"
        f"{', ...' if len(params) > 3 else ''}{more}",
        invalid_params=params,
    )


def install(app: FastAPI) -> None:
    """Answer the errors that are foreseen as problem+json; the middleware answers the others."""
    app.add_exception_handler(ProblemError, _answer_problem)
    app.add_exception_handler(RequestValidationError, _answer_validation)
    app.add_exception_handler(HTTPException, _answer_http)
    app.add_exception_handler(ClientDisconnect, _answer_disconnect)
    app.add_exception_handler(StoreUnavailableError, _answer_unavailable)


def request_id_of(request: Request) -> str | None:
    """Read the id that the middleware gave this request."""
    request_id: str | None = request.scope.get("state", {}).get("request_id")
    return request_id


def note_code(scope: MutableMapping[str, Any], code: Code) -> None:
    """Leave the code of a refusal where the middleware finds it."""
    scope.setdefault("state", {})["refusal"] = code.value


def pointer(parts: Sequence[str | int]) -> str:
    """JSON pointer (RFC 6901); a name that is longer than any of ours is cut."""
    return "".join(
        "/" + str(part)[:_MAX_NAME].replace("~", "~0").replace("/", "~1") for part in parts
    )


async def _answer_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)  # noqa: S101 - the type it was registered for
    return _answer(request, error)


async def _answer_validation(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)  # noqa: S101
    return _answer(request, from_validation(error.errors()))


async def _answer_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)  # noqa: S101
    status = error.status_code
    code = _CODE_BY_STATUS.get(status, Code.INVALID_REQUEST if status < 500 else Code.INTERNAL)
    headers = dict(error.headers or {})
    if status == 405:  # that of the error has the methods of one route only
        headers["Allow"] = ", ".join(_allowed_methods(request))
    problem = ProblemError(code, _DETAIL_BY_STATUS.get(status, _phrase(status)), headers=headers)
    return _answer(request, problem, status=status)


async def _answer_unavailable(request: Request, error: Exception) -> Response:
    problem = ProblemError(Code.NOT_READY, str(error), headers={"Retry-After": "5"})
    return _answer(request, problem)


async def _answer_disconnect(request: Request, _: Exception) -> Response:
    problem = ProblemError(Code.CLIENT_CLOSED, "the client closed the connection")
    return _answer(request, problem)


def _allowed_methods(request: Request) -> list[str]:
    """All methods that the address of a request takes."""
    routes: list[Any] = []
    for route in request.app.routes:  # recent versions of FastAPI keep routers as they are
        router = getattr(route, "original_router", None)
        routes += [route] if router is None else router.routes
    methods: set[str] = set()
    for route in routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            methods |= getattr(route, "methods", None) or set()
    return sorted(methods)


def _answer(request: Request, problem: ProblemError, *, status: int | None = None) -> Response:
    """Write a refusal, and leave its code for the log and the metrics."""
    note_code(request.scope, problem.code)
    return problem_response(problem, request_id=request_id_of(request), status=status)


_DETAIL_BY_STATUS = {
    404: "there is nothing at this address",
    405: "this address does not take this method; the Allow header names those it takes",
}


# 499 is no status of the standard; the others were renamed by it, in some Pythons.
_PHRASES = {413: "Content Too Large", 422: "Unprocessable Content", 499: "Client Closed Request"}


def _phrase(status: int) -> str:
    return _PHRASES.get(status) or http.HTTPStatus(status).phrase


def _invalid_param(error: ErrorDetails | Mapping[str, Any]) -> InvalidParam:
    """One error of pydantic without the value it is about."""
    place, *parts = error["loc"] or ("body",)
    is_body = place not in {"query", "path", "header", "cookie"}
    if is_body and place != "body":
        parts = [place, *parts]
    return InvalidParam(
        name=pointer(parts) if is_body else ".".join(str(part)[:_MAX_NAME] for part in parts),
        place="body" if is_body else str(place),
        code=str(error["type"]),
        reason=str(error["msg"]),
    )
