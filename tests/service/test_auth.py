"""Keys, scopes and rate limits, on each kind of store."""

import asyncio
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Annotated

import pytest
from fastapi import APIRouter, Depends, Request
from fastapi.testclient import TestClient
from starlette.types import Message

from service.api.auth import Authenticator, Caller, require
from service.settings import SettingsError
from service.store.errors import StoreUnavailableError
from service.store.keys import ApiKey, Scope, revoke_key
from service.store.store import Store
from tests.service.store_app import key_id, make_app, make_key, running

router = APIRouter()


@router.get("/v1/any")
async def any_key(caller: Annotated[Caller, Depends(require())]) -> dict[str, str]:
    return {"tenant": caller.tenant_name}


@router.post("/v1/correct")
async def correct(
    caller: Annotated[Caller, Depends(require(Scope.CORRECT))], request: Request
) -> dict[str, int]:
    return {"n_bytes": len(await request.body())}


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    with running(make_app(store, router)) as made:
        yield made


def test_a_key_opens_by_bearer_and_by_its_own_header(client: TestClient, store: Store) -> None:
    headers = make_key(store)
    text = headers["Authorization"].removeprefix("Bearer ")
    for sent in (headers, {"Authorization": f"bearer {text}"}, {"X-API-Key": text}):
        answer = client.get("/v1/any", headers=sent)
        assert (answer.status_code, answer.json()) == (200, {"tenant": "acme"})


def test_two_keys_at_once_are_refused_unless_they_are_the_same(
    client: TestClient, store: Store
) -> None:
    headers = make_key(store)
    text = headers["Authorization"].removeprefix("Bearer ")
    for other, status in ((text, 200), ("kst_1", 401)):
        answer = client.get("/v1/any", headers={**headers, "X-API-Key": other})
        assert answer.status_code == status


def altered(headers: dict[str, str]) -> dict[str, str]:
    text = headers["Authorization"]
    return {"Authorization": text[:-1] + ("0" if text[-1] != "0" else "1")}


@pytest.mark.parametrize("case", ["none", "empty", "basic", "shape", "unknown", "secret", "bytes"])
def test_a_wrong_key_is_refused_with_401(client: TestClient, store: Store, case: str) -> None:
    headers = {
        "none": {},
        "empty": {"Authorization": "Bearer "},
        "basic": {"Authorization": "Basic a3N0Og=="},
        "shape": {"Authorization": "Bearer sk-123"},
        "unknown": {"Authorization": f"Bearer kst_{'0' * 16}_{'0' * 64}"},
        "secret": altered(make_key(store)),
        "bytes": {b"Authorization": b"Bearer \xff\xfe"},
    }[case]
    answer = client.get("/v1/any", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "unauthenticated"
    assert answer.headers["www-authenticate"].startswith('Bearer realm="klantstem"')


def test_a_revoked_key_is_refused(client: TestClient, store: Store) -> None:
    headers = make_key(store)
    assert client.get("/v1/any", headers=headers).status_code == 200
    revoke_key(store, key_id(headers), now=datetime.now(UTC))
    answer = client.get("/v1/any", headers=headers)
    assert answer.status_code == 401
    assert 'error="invalid_token"' in answer.headers["www-authenticate"]


def test_an_expired_key_is_refused(client: TestClient, store: Store) -> None:
    headers = make_key(store, expires_in=timedelta(milliseconds=1))
    time.sleep(0.01)
    assert client.get("/v1/any", headers=headers).status_code == 401


def test_a_key_without_the_scope_is_refused_with_403(client: TestClient, store: Store) -> None:
    headers = make_key(store, scopes=(Scope.CLASSIFY,))
    answer = client.post("/v1/correct", headers=headers, content=b"x")
    assert answer.status_code == 403
    assert answer.json()["code"] == "forbidden"
    assert 'scope="correct"' in answer.headers["www-authenticate"]


def test_admin_has_no_scope_but_its_own(client: TestClient, store: Store) -> None:
    headers = make_key(store, scopes=(Scope.ADMIN,))
    assert client.post("/v1/correct", headers=headers).status_code == 403


def test_a_strangers_body_is_not_read(store: Store) -> None:
    statuses = []

    async def receive() -> Message:
        raise AssertionError("the body was read")

    async def send(message: Message) -> None:
        statuses.append(message.get("status"))

    scope = {
        **{"type": "http", "method": "POST", "path": "/v1/correct", "raw_path": b"/v1/correct"},
        **{"query_string": b"", "headers": [], "http_version": "1.1", "scheme": "http"},
        **{"server": ("test", 80), "client": ("test", 1), "root_path": ""},
    }
    asyncio.run(make_app(store, router)(scope, receive, send))
    assert statuses[0] == 401


def test_a_key_is_looked_up_once_while_it_is_cached(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service.api import auth

    seen: list[str] = []

    def counting(asked: Store, identity: str) -> ApiKey | None:
        seen.append(identity)
        return find(asked, identity)

    find = auth.find_key
    monkeypatch.setattr(auth, "find_key", counting)
    headers = make_key(store)
    with running(make_app(store, router, key_cache_s=60)) as client:
        for _ in range(5):
            assert client.get("/v1/any", headers=headers).status_code == 200
    assert seen == [key_id(headers)]


def test_a_cached_key_expires_on_time(store: Store) -> None:
    headers = make_key(store, expires_in=timedelta(seconds=0.5))
    with running(make_app(store, router, key_cache_s=60)) as client:
        assert client.get("/v1/any", headers=headers).status_code == 200
        time.sleep(0.6)
        assert client.get("/v1/any", headers=headers).status_code == 401


def test_calls_beyond_the_limit_of_a_key_get_429(client: TestClient, store: Store) -> None:
    headers = make_key(store, rate_limit=3)
    answers = [client.get("/v1/any", headers=headers) for _ in range(4)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert [answer.headers["ratelimit"].split(";")[1] for answer in answers] == [
        "r=2",
        "r=1",
        "r=0",
        "r=0",
    ]
    assert {answer.headers["ratelimit-policy"] for answer in answers} == {'"calls";q=3;w=60'}
    assert answers[3].json()["code"] == "rate_limited"
    assert 1 <= int(answers[3].headers["retry-after"]) <= 60


def test_a_limit_holds_for_one_key_only(client: TestClient, store: Store) -> None:
    busy, idle = make_key(store, rate_limit=1), make_key(store)
    assert [client.get("/v1/any", headers=busy).status_code for _ in range(2)] == [200, 429]
    assert client.get("/v1/any", headers=idle).status_code == 200


def test_a_key_without_a_limit_has_that_of_the_service(store: Store) -> None:
    headers = make_key(store)
    with running(make_app(store, router, rate_limit_per_minute=2)) as client:
        codes = [client.get("/v1/any", headers=headers).status_code for _ in range(3)]
    assert codes == [200, 200, 429]


def test_a_wrong_key_uses_up_no_calls_of_the_right_one(client: TestClient, store: Store) -> None:
    headers = make_key(store, rate_limit=1)
    for _ in range(3):
        assert client.get("/v1/any", headers=altered(headers)).status_code == 401
    assert client.get("/v1/any", headers=headers).status_code == 200


@pytest.mark.parametrize("storage", ["nowhere://", "redis+bad://host"])
def test_a_storage_of_limits_that_is_not_known_stops_the_start(storage: str) -> None:
    with pytest.raises(SettingsError, match="KLANTSTEM_RATE_LIMIT_STORAGE"):
        Authenticator(None, rate_limit_per_minute=1, storage=storage)  # type: ignore[arg-type]


def test_a_store_that_is_gone_is_told_as_503(
    client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailableError("the database does not answer")

    monkeypatch.setattr("service.api.auth.find_key", fail)
    answer = client.get("/v1/any", headers=make_key(store))
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert int(answer.headers["retry-after"]) >= 1


def test_two_tenants_hash_one_subject_apart() -> None:
    hashes = {
        Caller(
            tenant_id="t",
            tenant_name="t",
            key_id="k",
            scopes=frozenset(),
            rate_limit=1,
            salt=salt,
        ).subject_hash("customer-1")
        for salt in (b"a", b"b")
    }
    assert len(hashes) == 2
    assert all(len(found) == 64 for found in hashes)
