"""``Idempotency-Key`` as a caller sees it, on each kind of store."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, Request, Response
from fastapi.testclient import TestClient
from sqlalchemy import select, update
from starlette.concurrency import run_in_threadpool

from service.api.auth import Caller, require
from service.api.idempotency import idempotent
from service.api.problems import Code, ProblemError
from service.api.services import ServicesDep
from service.store import idempotency as records
from service.store.store import Store
from service.store.tables import IdempotencyRow
from tests.service.store_app import make_app, make_key, running

BODY = {"name": "één"}


class Maker:
    """A route that makes something: counts its runs and does what the body asks for."""

    def __init__(self) -> None:
        self.operations: list[str] = []
        self.is_running = threading.Event()
        self.may_end = threading.Event()
        self.fails_once_with: Exception | None = None
        self.status = 201
        self.router = APIRouter()
        self.router.post("/v1/make")(self.make)
        self.router.post("/v1/other")(self.make)

    async def make(
        self,
        caller: Annotated[Caller, Depends(require())],
        request: Request,
        services: ServicesDep,
    ) -> Response:
        body = await request.body()

        async def answer(operation_id: str) -> Response:
            self.operations.append(operation_id)
            if b"slow" in body:
                self.is_running.set()
                await run_in_threadpool(self.may_end.wait, 20)
            if self.fails_once_with is not None:
                error, self.fails_once_with = self.fails_once_with, None
                raise error
            made = f"made {len(self.operations)}"
            headers = {"Location": "/v1/made/1", "X-Other": "1"}
            return Response(made, self.status, headers, media_type="text/plain")

        return await idempotent(request, caller, services, answer, subject_ids=["s1"])


@pytest.fixture
def maker() -> Maker:
    return Maker()


@pytest.fixture
def client(store: Store, maker: Maker) -> Iterator[TestClient]:
    with running(make_app(store, maker.router)) as made:
        made.headers.update(make_key(store))
        yield made


def keyed(key: str = "k1") -> dict[str, str]:
    return {"Idempotency-Key": key}


def test_a_repeated_call_gets_the_first_answer(client: TestClient, maker: Maker) -> None:
    first, second = (client.post("/v1/make", json=BODY, headers=keyed()) for _ in range(2))
    assert first.text == second.text == "made 1"
    assert first.status_code == second.status_code == 201
    assert second.headers["location"] == first.headers["location"]
    assert second.headers["content-type"] == first.headers["content-type"]
    assert second.headers["idempotency-replayed"] == "true"
    assert "idempotency-replayed" not in first.headers
    assert second.headers["x-request-id"] != first.headers["x-request-id"]
    assert len(maker.operations) == 1


def test_a_replay_outlives_the_process(client: TestClient, maker: Maker, store: Store) -> None:
    client.post("/v1/make", json=BODY, headers=keyed())
    with running(make_app(store, Maker().router)) as other:
        other.headers.update(client.headers)
        answer = other.post("/v1/make", json=BODY, headers=keyed())
    assert (answer.text, answer.headers["idempotency-replayed"]) == ("made 1", "true")


def test_calls_without_a_key_all_run(client: TestClient, maker: Maker, store: Store) -> None:
    texts = [client.post("/v1/make", json=BODY).text for _ in range(2)]
    assert texts == ["made 1", "made 2"]
    with store.read() as session:
        assert session.scalars(select(IdempotencyRow)).all() == []


def test_quoted_and_bare_keys_are_the_same(client: TestClient) -> None:
    texts = [
        client.post("/v1/make", json=BODY, headers=keyed(key)).text for key in ("k-1", '"k-1"')
    ]
    assert texts == ["made 1", "made 1"]


@pytest.mark.parametrize("change", ["body", "query", "path", "type"])
def test_the_key_with_another_call_is_refused(
    client: TestClient, maker: Maker, change: str
) -> None:
    client.post("/v1/make", json=BODY, headers=keyed())
    answer = {
        "body": lambda: client.post("/v1/make", json={"name": "x"}, headers=keyed()),
        "query": lambda: client.post("/v1/make?a=1", json=BODY, headers=keyed()),
        "path": lambda: client.post("/v1/other", json=BODY, headers=keyed()),
        "type": lambda: client.post(
            "/v1/make",
            content=b'{"name":"\xc3\xa9\xc3\xa9n"}',
            headers={**keyed(), "Content-Type": "text/csv"},
        ),
    }[change]()
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")
    assert answer.json()["invalid_params"][0]["place"] == "header"
    assert len(maker.operations) == 1


def test_a_call_that_still_runs_gets_409(client: TestClient, maker: Maker) -> None:
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, "/v1/make", json={"slow": True}, headers=keyed())
        assert maker.is_running.wait(20)
        answer = client.post("/v1/make", json={"slow": True}, headers=keyed())
        maker.may_end.set()
        assert first.result(20).status_code == 201
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_in_progress")
    assert int(answer.headers["retry-after"]) >= 1
    again = client.post("/v1/make", json={"slow": True}, headers=keyed())
    assert (again.status_code, again.text) == (201, "made 1")


def test_a_slow_call_keeps_its_lease(
    client: TestClient, maker: Maker, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(records, "LEASE", timedelta(seconds=0.3))
    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, "/v1/make", json={"slow": True}, headers=keyed())
        assert maker.is_running.wait(20)
        threading.Event().wait(1.0)
        answer = client.post("/v1/make", json={"slow": True}, headers=keyed())
        maker.may_end.set()
        first.result(20)
    assert answer.status_code == 409
    assert len(maker.operations) == 1


def test_a_call_whose_runner_died_runs_again_under_its_operation(
    client: TestClient, maker: Maker, store: Store
) -> None:
    client.post("/v1/make", json=BODY, headers=keyed())
    past = datetime.now(UTC) - timedelta(seconds=1)
    with store.write() as session:  # as kill -9 would leave it, once the lease is over
        session.execute(
            update(IdempotencyRow).values(status=None, body_zlib=None, lease_expires_at=past)
        )
    assert client.post("/v1/make", json=BODY, headers=keyed()).text == "made 2"
    assert len(maker.operations) == 2
    assert len(set(maker.operations)) == 1


def test_a_call_that_broke_runs_again_under_its_operation(client: TestClient, maker: Maker) -> None:
    maker.fails_once_with = RuntimeError("x")
    assert client.post("/v1/make", json=BODY, headers=keyed()).status_code == 500
    assert client.post("/v1/make", json=BODY, headers=keyed()).status_code == 201
    assert len(set(maker.operations)) == 1


def test_a_refused_call_frees_its_key(client: TestClient, maker: Maker) -> None:
    maker.fails_once_with = ProblemError(Code.OVERLOADED, "busy")
    assert client.post("/v1/make", json=BODY, headers=keyed()).status_code == 429
    assert client.post("/v1/make", json={"name": "x"}, headers=keyed()).status_code == 201


def test_an_answer_that_is_no_success_is_not_kept(client: TestClient, maker: Maker) -> None:
    maker.status = 503
    assert client.post("/v1/make", json=BODY, headers=keyed()).status_code == 503
    maker.status = 201
    assert client.post("/v1/make", json=BODY, headers=keyed()).status_code == 201


def test_tenants_do_not_see_each_others_answers(client: TestClient, store: Store) -> None:
    client.post("/v1/make", json=BODY, headers=keyed())
    other = client.post("/v1/make", json=BODY, headers={**keyed(), **make_key(store, "globex")})
    assert (other.text, other.headers.get("idempotency-replayed")) == ("made 2", None)


def test_two_keys_of_a_tenant_share_their_calls(client: TestClient, store: Store) -> None:
    client.post("/v1/make", json=BODY, headers=keyed())
    other = client.post("/v1/make", json=BODY, headers={**keyed(), **make_key(store)})
    assert other.headers["idempotency-replayed"] == "true"


@pytest.mark.parametrize(
    "key", ["", '""', "a b", '"a', 'a"b', "é", "x" * 256, '"' + "x" * 256 + '"', "a\tb"]
)
def test_a_malformed_key_is_refused(client: TestClient, maker: Maker, key: str) -> None:
    sent = {b"Idempotency-Key": key.encode("utf-8")}
    answer = client.post("/v1/make", json=BODY, headers=sent)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_request")
    assert answer.json()["invalid_params"][0]["name"] == "Idempotency-Key"
    assert maker.operations == []


def test_a_key_given_twice_is_refused(client: TestClient, maker: Maker) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b")]
    assert client.post("/v1/make", json=BODY, headers=headers).status_code == 400  # type: ignore[arg-type]
    assert maker.operations == []


@pytest.mark.parametrize("key", ["x" * 255, r'"a \"b\" \\ c"', "urn:uuid:1-2;3,4=/+"])
def test_a_long_or_odd_key_is_taken(client: TestClient, key: str) -> None:
    for expected in (None, "true"):
        answer = client.post("/v1/make", json=BODY, headers=keyed(key))
        assert answer.status_code == 201
        assert answer.headers.get("idempotency-replayed") == expected


def test_neither_the_key_nor_the_body_is_kept_in_clear(client: TestClient, store: Store) -> None:
    client.post("/v1/make", json={"name": "geheim"}, headers=keyed("jan@example.org"))
    with store.read() as session:
        row = session.scalars(select(IdempotencyRow)).one()
        kept = str([getattr(row, column.key) for column in row.__table__.columns])
    assert "jan" not in kept
    assert "geheim" not in kept
