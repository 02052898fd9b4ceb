"""An application of the routes that need the store alone, and a client with keys for it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient

from service.api import problems
from service.api.auth import Authenticator
from service.api.limits import ApiMiddleware
from service.observe.metrics import Metrics
from service.settings import Settings
from service.store.keys import Scope, create_key
from service.store.store import Store
from tests.service.fakes_classifier import FakeClassifier

ALL_SCOPES = tuple(Scope)


def make_app(
    store: Store, *routers: APIRouter, key_cache_s: float = 0.0, **changes: Any
) -> FastAPI:
    """Build an application on ``store``; ``changes`` are settings."""
    settings = Settings(**changes)
    app = FastAPI()
    app.state.services = SimpleNamespace(
        settings=settings,
        store=store,
        authenticator=Authenticator(
            store,
            rate_limit_per_minute=settings.rate_limit_per_minute,
            storage=settings.rate_limit_storage,
            key_cache_s=key_cache_s,
        ),
        classifier=FakeClassifier(),
    )
    problems.install(app)
    for router in routers:
        app.include_router(router)
    app.add_middleware(ApiMiddleware, settings=settings, metrics=Metrics(), tracing=None)
    return app


@contextmanager
def running(app: FastAPI) -> Iterator[TestClient]:
    """Serve an application; its client may be used from several threads."""
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def make_key(
    store: Store,
    tenant: str = "acme",
    scopes: tuple[Scope, ...] = ALL_SCOPES,
    *,
    expires_in: timedelta | None = None,
    rate_limit: int | None = None,
) -> dict[str, str]:
    """Make a key; gives the header that carries it."""
    now = datetime.now(UTC)
    _, text = create_key(
        store,
        tenant=tenant,
        scopes=scopes,
        now=now,
        rate_limit_per_minute=rate_limit,
        expires_at=None if expires_in is None else now + expires_in,
    )
    return {"Authorization": f"Bearer {text}"}


def key_id(headers: dict[str, str]) -> str:
    """Id of the key in a header."""
    return headers["Authorization"].split("_")[1]
