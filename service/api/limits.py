"""What surrounds every request: its id, its limits, its place in the log and the metrics."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.api.problems import Code, ProblemError, note_code, problem_response
from service.observe.logs import code_places
from service.observe.metrics import Metrics
from service.observe.tracing import Tracing
from service.settings import Settings

UPLOAD_ROUTES = frozenset({"/v1/jobs"})
"""Paths whose body is a file, with a limit of its own."""

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_UNLOGGED = frozenset({"/health/live", "/health/ready", "/metrics"})
_NO_ROUTE = "(none)"


class ApiMiddleware:
    """Gives a request its id, holds its body to the limit and tells what became of it.

    Pure ASGI, outermost: it also answers errors that nothing else foresaw.
    """

    def __init__(
        self, app: ASGIApp, *, settings: Settings, metrics: Metrics, tracing: Tracing | None
    ) -> None:
        self._app = app
        self._settings = settings
        self._metrics = metrics
        self._tracing = tracing
        self._announced = {
            "X-Limit-Items": str(settings.max_items),
            "X-Limit-Characters": str(settings.max_characters),
            "X-Limit-Body-Bytes": str(settings.max_body_bytes),
            "X-Limit-Upload-Bytes": str(settings.max_upload_bytes),
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        request_id = _request_id(headers)
        state = scope.setdefault("state", {})
        state.update(request_id=request_id, log={}, answer_headers={})
        announced = self._announced if scope["path"].startswith("/v1/") else {}
        exchange = _Exchange(send, announced, state, request_id)
        limit = self._limit(scope["path"])
        began = time.perf_counter()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        span = self._tracing.request(scope["method"], headers) if self._tracing else nullcontext()
        try:
            with span:
                await self._answer(scope, _counted(receive, limit), exchange, headers, limit)
                self._tell(scope, exchange, began, request_id, span)
        finally:
            structlog.contextvars.unbind_contextvars("request_id")

    async def _answer(
        self, scope: Scope, receive: Receive, exchange: _Exchange, headers: Headers, limit: int
    ) -> None:
        """Run the application; an error that it did not answer becomes a 500."""
        try:
            _check_length(headers, limit)
            await self._app(scope, receive, exchange.send)
        except ProblemError as error:
            await self._refuse(scope, receive, exchange, error)
        except Exception as error:
            # The message could quote a verbatim: the log gets the class and places in the code.
            structlog.get_logger("service").error(
                "unforeseen_error", error=type(error).__name__, places=code_places(error)
            )
            problem = ProblemError(
                Code.INTERNAL, "internal error; its request_id finds it in the log"
            )
            await self._refuse(scope, receive, exchange, problem)

    async def _refuse(
        self, scope: Scope, receive: Receive, exchange: _Exchange, error: ProblemError
    ) -> None:
        """Answer with a problem, or break the answer off where it has begun."""
        if exchange.status is not None:
            raise RuntimeError("the answer broke off") from None
        note_code(scope, error.code)
        response = problem_response(error, request_id=exchange.request_id)
        await response(scope, receive, exchange.send)

    def _limit(self, path: str) -> int:
        is_upload = path in UPLOAD_ROUTES
        return self._settings.max_upload_bytes if is_upload else self._settings.max_body_bytes

    def _tell(
        self, scope: Scope, exchange: _Exchange, began: float, request_id: str, span: Any
    ) -> None:
        """Count, log and trace an answered request, by the template of its path."""
        seconds = time.perf_counter() - began
        route = getattr(scope.get("route"), "path", None) or _NO_ROUTE
        method = scope["method"] if route != _NO_ROUTE else "(any)"
        status = exchange.status if exchange.status is not None else 499
        self._metrics.requests.labels(method, route, status).inc()
        self._metrics.request_seconds.labels(route).observe(seconds)
        code = scope["state"].get("refusal")
        if code is not None:
            self._metrics.refused.labels(code).inc()
        if self._tracing:
            span.finish(method=method, route=route, status=status, request_id=request_id)
        if route in _UNLOGGED and status < 500:
            return
        structlog.get_logger("service").info(
            "request",
            method=method,
            route=route,
            status=status,
            ms=round(seconds * 1000, 1),
            **({} if code is None else {"code": code}),
            **scope["state"]["log"],
        )


class _Exchange:
    """The answer as it goes out: its status, and the headers that every answer has."""

    def __init__(
        self, send: Send, announced: Mapping[str, str], state: Mapping[str, Any], request_id: str
    ) -> None:
        self._send = send
        self._announced = announced
        self._state = state
        self.request_id = request_id
        self.status: int | None = None

    async def send(self, message: Message) -> None:
        """Send a message of the application."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            headers["X-Request-ID"] = self.request_id
            headers["X-Content-Type-Options"] = "nosniff"
            headers.setdefault("Cache-Control", "no-store")
            headers.update(self._announced)
            headers.update(self._state["answer_headers"])
        await self._send(message)


def _request_id(headers: Headers) -> str:
    """Take the caller's id where it is a plain one, else make one."""
    sent = headers.get("x-request-id", "")
    return sent if _REQUEST_ID.fullmatch(sent) else uuid.uuid4().hex


def _check_length(headers: Headers, limit: int) -> None:
    """Refuse by the announced length, before anything is read."""
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)


def _counted(receive: Receive, limit: int) -> Receive:
    """Count the bytes of the body as they come in, whatever length was announced."""
    n_bytes = 0

    async def counted() -> Message:
        nonlocal n_bytes
        message = await receive()
        if message["type"] == "http.request":
            n_bytes += len(message.get("body", b""))
            if n_bytes > limit:
                raise _too_large(limit)
        return message

    return counted


def _too_large(limit: int) -> ProblemError:
    return ProblemError(
        Code.TOO_LARGE,
        f"the body is larger than {limit} bytes; send fewer items a call",
        headers={"Connection": "close"},
    )
