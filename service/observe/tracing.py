"""Traces over OTLP, when an endpoint is configured.

Spans are made here rather than by an instrumentation package, because those record the path of
a request, and a path can hold the id of a person.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

from service.settings import Settings


class Tracing:
    """Makes one span per request; made by :func:`start_tracing`."""

    def __init__(self, tracer: Any, provider: Any) -> None:
        self._tracer = tracer
        self._provider = provider

    def request(self, method: str, headers: Mapping[str, str]) -> RequestSpan:
        """Begin the span of a request, below the caller's span if it sent one."""
        from opentelemetry.propagate import extract
        from opentelemetry.trace import SpanKind

        return RequestSpan(
            self._tracer.start_span(method, context=extract(headers), kind=SpanKind.SERVER)
        )

    def close(self) -> None:
        """Send what is left."""
        self._provider.shutdown()


class RequestSpan:
    """The span of a request; current inside ``with``."""

    def __init__(self, span: Any) -> None:
        from opentelemetry.trace import use_span

        self._span = span
        self._current = use_span(span, end_on_exit=True, record_exception=False)

    def __enter__(self) -> Self:
        self._current.__enter__()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._current.__exit__(None, None, None)

    def finish(self, *, method: str, route: str, status: int, request_id: str) -> None:
        """Name the span and tell what became of the request."""
        from opentelemetry.trace import Status, StatusCode

        self._span.update_name(f"{method} {route}")
        self._span.set_attribute("http.request.method", method)
        self._span.set_attribute("http.route", route)
        self._span.set_attribute("http.response.status_code", status)
        self._span.set_attribute("klantstem.request_id", request_id)
        if status >= 500:
            self._span.set_status(Status(StatusCode.ERROR))


def start_tracing(settings: Settings) -> Tracing | None:
    """Make a tracer that sends to ``otlp_endpoint``, or None where there is none."""
    if settings.otlp_endpoint is None:
        return None
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": "klantstem"}))
    endpoint = settings.otlp_endpoint.rstrip("/") + "/v1/traces"
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=endpoint)))
    return Tracing(provider.get_tracer("klantstem"), provider)
