"""The application: what it is made of, how it starts and how it stops."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from importlib import import_module

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware.cors import CORSMiddleware

from service.api import docs, problems
from service.api.batching import MicroBatcher
from service.api.bundles import BundleWatcher
from service.api.description import DESCRIPTION, TAGS, describe, operation_id
from service.api.engine import Engine
from service.api.health import Health
from service.api.limits import ApiMiddleware
from service.api.services import LoadClassifier, Services
from service.observe.logs import set_up_logs
from service.observe.metrics import Metrics
from service.observe.tracing import start_tracing
from service.settings import Settings

ROUTES = (
    "classify",
    "embeddings",
    "jobs",
    "corrections",
    "subjects",
    "taxonomy",
    "health",
)
"""Modules in ``service.api.routes``; the order is that of the documentation."""


def create_app(settings: Settings, load_classifier: LoadClassifier) -> FastAPI:
    """Build the application; nothing is loaded or opened before it starts.

    Parameters
    ----------
    settings : Settings
    load_classifier : callable
        Gives the classifier, for instance ``load_bundle``; called at the start, and whenever the
        bundle changes.

    Returns
    -------
    FastAPI
        Its services are at ``app.state.services`` from start to stop.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if app.state.tracing is not None:
                stack.push_async_callback(run_in_threadpool, app.state.tracing.close)
            try:
                app.state.services = await _start(
                    settings, load_classifier, app.state.metrics, stack
                )
            except Exception as error:
                app.state.health.start_error = error
                raise
            app.state.health.is_started = True
            try:
                yield
            finally:
                app.state.health.is_stopping = True

    app = FastAPI(
        title="klantstem",
        version=_version(),
        summary="Reads what customers write, in Dutch and English.",
        description=DESCRIPTION,
        openapi_tags=TAGS,
        lifespan=lifespan,
        generate_unique_id_function=operation_id,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.metrics = Metrics()
    app.state.health = Health()
    app.state.tracing = start_tracing(settings)
    set_up_logs(settings)
    problems.install(app)
    for name in ROUTES:
        app.include_router(import_module(f"service.api.routes.{name}").router)
    docs.install(app)
    app.openapi = lambda: describe(app)  # type: ignore[method-assign]
    if settings.cors_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.cors_origins,
            allow_methods=["GET", "POST", "DELETE"],
            allow_headers=["*"],
            expose_headers=["*"],
        )
    app.add_middleware(
        ApiMiddleware, settings=settings, metrics=app.state.metrics, tracing=app.state.tracing
    )
    return app


async def _start(
    settings: Settings, load_classifier: LoadClassifier, metrics: Metrics, stack: AsyncExitStack
) -> Services:
    """Open everything in order; ``stack`` closes it in reverse."""
    from service.api.auth import Authenticator
    from service.jobs.runner import open_jobs
    from service.store.store import open_store

    await run_in_threadpool(settings.data_dir.mkdir, parents=True, exist_ok=True)
    store = await run_in_threadpool(open_store, settings.database_url)
    stack.push_async_callback(run_in_threadpool, store.close)
    authenticator = Authenticator(
        store,
        rate_limit_per_minute=settings.rate_limit_per_minute,
        storage=settings.rate_limit_storage,
    )
    bundles = BundleWatcher(load_classifier, settings=settings, metrics=metrics)
    classifier = await run_in_threadpool(bundles.load)
    batcher = MicroBatcher(Engine(classifier), settings=settings, metrics=metrics)
    batcher.start()
    stack.push_async_callback(run_in_threadpool, batcher.close)
    bundles.start(batcher)
    stack.push_async_callback(run_in_threadpool, bundles.close)
    jobs = await run_in_threadpool(
        open_jobs, settings=settings, store=store, batcher=batcher, metrics=metrics
    )
    stack.push_async_callback(run_in_threadpool, jobs.close)
    return Services(
        settings=settings,
        store=store,
        authenticator=authenticator,
        batcher=batcher,
        bundles=bundles,
        metrics=metrics,
        jobs=jobs,
    )


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("klantstem")
    except PackageNotFoundError:
        return "0"
