"""``/health/live``, ``/health/ready`` and ``/metrics``: for operators, without a key."""

from __future__ import annotations

import structlog
from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from service.api.problems import Code, ProblemError, problem_responses
from service.api.schemas.health import Live, Ready
from service.api.services import Services
from service.observe.metrics import CONTENT_TYPE

router = APIRouter(tags=["health"])


@router.get(
    "/health/live",
    summary="Is the process alive",
    responses=problem_responses(Code.NOT_READY, Code.INTERNAL),
)
async def live(request: Request) -> Live:
    """Answer 200 as long as the process can go on; 503 once only a restart helps."""
    state = request.app.state
    if state.health.is_started and state.services.batcher.is_broken:
        raise ProblemError(Code.NOT_READY, "the classifier stopped; restart the service")
    return Live(status="live")


@router.get(
    "/health/ready",
    summary="Are requests taken",
    responses=problem_responses(Code.NOT_READY, Code.SHUTTING_DOWN, Code.INTERNAL),
)
async def ready(request: Request) -> Ready:
    """Answer 200 when the bundle is loaded and warm, the classifier works and the store can be
    reached; else 503.
    """
    services = await _check(request)
    return Ready(status="ready", bundle_version=services.classifier.bundle_version)


@router.get(
    "/metrics",
    summary="Prometheus metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def metrics(request: Request) -> Response:
    """Give the metrics in the text format of Prometheus. They name no tenant."""
    try:
        await _check(request)
        request.app.state.metrics.ready.set(1)
    except ProblemError:
        request.app.state.metrics.ready.set(0)
    body = await run_in_threadpool(request.app.state.metrics.exposition)
    return Response(body, headers={"Content-Type": CONTENT_TYPE})


async def _check(request: Request) -> Services:
    """Give the services if requests can be served, else refuse."""
    state = request.app.state
    if state.health.is_stopping:
        raise ProblemError(
            Code.SHUTTING_DOWN, "the service is stopping", headers={"Retry-After": "5"}
        )
    if not state.health.is_started:
        raise ProblemError(Code.NOT_READY, "the service is starting", headers={"Retry-After": "5"})
    services: Services = state.services
    if not services.batcher.is_healthy:
        raise ProblemError(Code.NOT_READY, "the classifier stopped")
    try:
        await run_in_threadpool(services.store.check)
    except Exception as error:  # whatever the database raises, it cannot be used
        structlog.get_logger("service").error("store_unreachable", error=type(error).__name__)
        raise ProblemError(Code.NOT_READY, "the store cannot be reached") from error
    return services
