"""The whole application on a classifier without weights, and what tests need around it."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from fastapi import FastAPI
from fastapi.testclient import TestClient

from models.classifier import Classifier
from models.embedding import plain_space
from models.encoder import TokenStates
from models.encoder.hashing import HashingEncoder
from models.taxonomy import Taxonomy, read_taxonomy
from service.api.app import create_app
from service.settings import Settings
from service.store.keys import Scope, create_key
from service.store.store import Store
from tests.models.fakes import make_calibration, make_heads
from tests.service.fakes_classifier import ROOT

MARKER = "zeldzaamwoord"
"""A word that no log may hold."""


class GatedEncoder(HashingEncoder):
    """Waits at a text with ``poort`` until the gate opens; breaks on one with ``kapot``."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        self.is_waiting = threading.Event()
        self.seen: list[str] = []

    def encode_states(self, texts: Iterable[str]) -> Iterator[TokenStates]:
        for text in texts:
            self.seen.append(text)
            if "poort" in text:
                self.is_waiting.set()
                assert self.gate.wait(30)
            if "kapot" in text:
                raise MemoryError(f"kapot: {text}")
            yield from super().encode_states([text])


def make_classifier(encoder: HashingEncoder | None = None) -> Classifier:
    """A classifier of the full taxonomy whose labels follow from the words, at random."""
    taxonomy: Taxonomy = read_taxonomy(ROOT / "data" / "taxonomy" / "klantstem.json")
    encoder = encoder or HashingEncoder()
    bias = {task: [0.0] * len(taxonomy.labels(task)) for task in ("sentiment", "department")}
    return Classifier(
        encoder=encoder,
        heads=make_heads(taxonomy, encoder.dim),
        space=plain_space(encoder.dim),
        calibration=make_calibration(taxonomy, bias=bias),
        taxonomy=taxonomy,
        bundle_version="tiny-1",
    )


def make_full_app(
    database_url: str, encoder: HashingEncoder | None = None, **changes: Any
) -> FastAPI:
    """Build the application as ``klantstem serve`` does; ``changes`` are settings."""
    folder = changes.pop("data_dir")
    settings = Settings(data_dir=folder, database_url=database_url, **changes)
    return create_app(settings, lambda: make_classifier(encoder))


@contextmanager
def without_jobs() -> Iterator[None]:
    """Start applications without jobs, of which a process can have one only."""
    with mock.patch("service.jobs.runner.open_jobs", return_value=mock.Mock(spec=["close"])):
        yield


@contextmanager
def serving(
    app: FastAPI, *scopes: Scope, tenant: str = "acme", has_jobs: bool = False
) -> Iterator[TestClient]:
    """Start an application; its client has a key with ``scopes``, by default all of them."""
    with ExitStack() as stack:
        client = TestClient(app, raise_server_exceptions=False)
        with nullcontext() if has_jobs else without_jobs():
            stack.enter_context(client)
        client.headers.update(add_key(app, *scopes, tenant=tenant))
        yield client


def add_key(
    app: FastAPI,
    *scopes: Scope,
    tenant: str = "acme",
    rate_limit: int | None = None,
    expires_in: timedelta | None = None,
) -> dict[str, str]:
    """Make a key in the store of a running application; gives the header that carries it."""
    store: Store = app.state.services.store
    now = datetime.now(UTC)
    _, text = create_key(
        store,
        tenant=tenant,
        scopes=scopes or tuple(Scope),
        now=now,
        rate_limit_per_minute=rate_limit or 1_000_000,
        expires_at=None if expires_in is None else now + expires_in,
    )
    return {"Authorization": f"Bearer {text}"}


def classify(client: TestClient, *texts: str, **options: Any) -> Any:
    """Classify texts and give the document of the answer."""
    sent: dict[str, Any] = {"verbatims": [{"text": text} for text in texts], "options": options}
    answer = client.post("/v1/classify", json=sent)
    assert answer.status_code == 200, answer.text
    return answer.json()
