import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from service.store.keys import Scope
from service.store.store import Store
from tests.service.api_app import GatedEncoder, add_key, make_full_app
from tests.service.jobs.job_files import wait_for


@dataclass
class Served:
    """A running application, and a client with a tenant of its own."""

    app: FastAPI
    client: TestClient
    encoder: GatedEncoder
    tenant: str = field(default_factory=lambda: f"tenant-{uuid4().hex}")

    def __post_init__(self) -> None:
        self.client.headers.update(self.key())

    @property
    def store(self) -> Store:
        store: Store = self.app.state.services.store
        return store

    def key(self, *scopes: Scope, tenant: str | None = None) -> dict[str, str]:
        """Header with a key, by default of the same tenant."""
        return add_key(self.app, *scopes, tenant=tenant or self.tenant)

    def send(self, content: bytes | str, media_type: str = "text/csv", **params: Any) -> Any:
        """Send a file that can be read; gives the job."""
        answer = self.client.post(
            "/v1/jobs", params=params, content=content, headers={"Content-Type": media_type}
        )
        assert answer.status_code == 202, answer.text
        assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
        return answer.json()

    def done(self, job: Any) -> Any:
        """Wait until a job is finished; gives it."""
        return wait_for(
            lambda: self.client.get(f"/v1/jobs/{job['id']}").json(),
            lambda found: found["status"] not in ("queued", "running"),
        )

    def result(self, job: Any, accept: str = "application/x-ndjson") -> Any:
        return self.client.get(f"/v1/jobs/{job['id']}/result", headers={"Accept": accept})


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def running_app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[FastAPI, TestClient, GatedEncoder]]:
    """One application per kind of database; starting it takes seconds."""
    folder: Path = tmp_path_factory.mktemp("jobs")
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), folder / "klantstem.db")
        url = f"sqlite:///{folder / 'klantstem.db'}"
    else:
        postgres = request.getfixturevalue("postgres")
        url = postgres.url(
            postgres.create_database(template=request.getfixturevalue("postgres_template"))
        )
    encoder = GatedEncoder()
    app = make_full_app(
        url,
        encoder,
        data_dir=folder,
        max_upload_bytes=2**20,
        max_job_rows=2000,
        max_unpacked_bytes=2**22,
    )
    with TestClient(app, raise_server_exceptions=False) as client:
        yield app, client, encoder


@pytest.fixture
def served(running_app: tuple[FastAPI, TestClient, GatedEncoder]) -> Iterator[Served]:
    app, client, encoder = running_app
    encoder.gate.clear()
    encoder.is_waiting.clear()
    yield Served(app, client, encoder)
    encoder.gate.set()


@pytest.fixture
def work(tmp_path: Path) -> Callable[[str], Path]:
    return lambda name: tmp_path / name
