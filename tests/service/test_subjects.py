"""Erasure and retention, on each kind of store."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from service.api.routes import corrections, subjects
from service.store import idempotency as records
from service.store.keys import Scope, list_keys
from service.store.retention import Purged, purge_expired
from service.store.store import Store, open_store
from service.store.subjects import erase_subject, find_receipt
from service.store.tables import CorrectionRow, ErasureReceiptRow, IdempotencyRow
from tests.service.store_app import make_app, make_key, running
from tests.service.test_corrections import correction, exported, kept_rows, post

NOW = datetime.now(UTC)


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    with running(make_app(store, corrections.router, subjects.router)) as made:
        made.headers.update(make_key(store))
        yield made


def stored_answers(store: Store) -> int:
    with store.read() as session:
        return len(session.scalars(select(IdempotencyRow)).all())


def test_a_subject_is_erased_everywhere_with_a_receipt(client: TestClient, store: Store) -> None:
    post(client, correction("A is laat", subject_id="a"), **{"Idempotency-Key": "k1"})
    post(client, correction("A is duur", subject_id="a"), correction("B is goed", subject_id="b"))
    post(client, correction("B is duur", subject_id="b"), **{"Idempotency-Key": "k2"})
    before = datetime.now(UTC)
    answer = client.delete("/v1/subjects/a")
    assert answer.status_code == 200
    receipt = answer.json()
    assert receipt["erased"] == {"corrections": 2, "job_rows": 0, "idempotency_records": 1}
    assert before <= datetime.fromisoformat(receipt["erased_at"]) <= datetime.now(UTC)
    assert [row["text"] for row in exported(client)] == ["B is goed", "B is duur"]
    assert stored_answers(store) == 1


def test_a_receipt_can_be_shown_again_and_holds_no_id(client: TestClient, store: Store) -> None:
    receipt = client.delete("/v1/subjects/klant-4711").json()
    shown = client.get(f"/v1/erasure-receipts/{receipt['receipt_id']}")
    assert shown.json() == receipt
    with store.read() as session:
        row = session.scalars(select(ErasureReceiptRow)).one()
        kept = str({column.key: getattr(row, column.key) for column in row.__table__.columns})
    assert "klant-4711" not in kept + shown.text


def test_a_receipt_of_another_tenant_is_not_shown(client: TestClient, store: Store) -> None:
    receipt = client.delete("/v1/subjects/a").json()
    path = f"/v1/erasure-receipts/{receipt['receipt_id']}"
    assert client.get(path, headers=make_key(store, "globex")).status_code == 404


@pytest.mark.parametrize("subject", ["a/b", "a\nb", "a b", "\u2028", "é%"])
def test_a_subject_of_any_text_is_erased(client: TestClient, store: Store, subject: str) -> None:
    post(client, correction(subject_id=subject))
    answer = client.delete(f"/v1/subjects/{quote(subject, safe='')}")
    assert answer.status_code == 200, answer.text
    assert answer.json()["erased"]["corrections"] == 1


def test_an_unknown_subject_gets_a_receipt_of_zeros(client: TestClient) -> None:
    answer = client.delete("/v1/subjects/nobody")
    assert answer.json()["erased"] == {
        "corrections": 0,
        "job_rows": 0,
        "idempotency_records": 0,
    }


def test_a_subject_of_another_tenant_stays(client: TestClient, store: Store) -> None:
    post(client, correction(subject_id="a"))
    answer = client.delete("/v1/subjects/a", headers=make_key(store, "globex"))
    assert answer.json()["erased"]["corrections"] == 0
    assert len(kept_rows(store)) == 1


@pytest.mark.parametrize(
    ("sent", "path"),
    [
        ("a/b", "a%2Fb"),
        ("../../x", "..%2F..%2Fx"),
        ("één é", "%C3%A9%C3%A9n%20%C3%A9"),
        ("%", "%25"),
    ],
)
def test_any_id_can_be_erased(client: TestClient, sent: str, path: str) -> None:
    post(client, correction(subject_id=sent))
    assert client.delete(f"/v1/subjects/{path}").json()["erased"]["corrections"] == 1


def test_only_admin_may_erase(client: TestClient, store: Store) -> None:
    scopes = tuple(scope for scope in Scope if scope is not Scope.ADMIN)
    headers = make_key(store, scopes=scopes)
    assert client.delete("/v1/subjects/a", headers=headers).status_code == 403
    assert client.get(f"/v1/erasure-receipts/{'0' * 32}", headers=headers).status_code == 403


def test_an_id_that_is_too_long_is_refused(client: TestClient) -> None:
    assert client.delete(f"/v1/subjects/{'x' * 201}").status_code == 422


def test_erasure_takes_in_what_other_parts_keep_or_nothing(store: Store) -> None:
    make_key(store)
    tenant = list_keys(store)[0].tenant_id
    given: dict[str, Any] = {"tenant_id": tenant, "subject_hash": "s" * 64, "now": NOW}
    receipt = erase_subject(store, **given, erasers=[lambda *_: {"job_rows": 3}])
    assert receipt.erased["job_rows"] == 3
    assert find_receipt(store, tenant_id=tenant, receipt_id=receipt.receipt_id) == receipt

    def fail(session: Session, *_: str) -> dict[str, int]:
        raise RuntimeError

    add(store, tenant, "c1", subject_hash="s" * 64)
    with pytest.raises(RuntimeError):
        erase_subject(store, **given, erasers=[fail])
    assert len(kept_rows(store)) == 1


def test_an_erased_text_is_gone_from_the_files_of_sqlite(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'k.db'}")
    with running(make_app(store, corrections.router, subjects.router)) as client:
        client.headers.update(make_key(store))
        post(client, correction("Zeldzaamwoord was laat", subject_id="a"))
        content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
        assert b"Zeldzaamwoord" in content
        client.delete("/v1/subjects/a")
        content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    store.close()
    assert b"Zeldzaamwoord" not in content


def test_a_call_that_runs_while_its_subject_is_erased_keeps_no_answer(store: Store) -> None:
    make_key(store)
    tenant = list_keys(store)[0].tenant_id
    call = records.Call(tenant_id=tenant, key_sha256="a" * 64, fingerprint="f" * 64)
    taken = records.begin(store, call, subject_hashes=["s" * 64], now=NOW, keep=timedelta(hours=1))
    assert isinstance(taken, records.Taken)
    erase_subject(store, tenant_id=tenant, subject_hash="s" * 64, now=NOW)
    answer = records.Answer(status=200, headers={}, body=b"text")
    assert not records.finish(store, call, taken, answer)
    assert stored_answers(store) == 0


def test_purge_expired_deletes_what_is_past_its_time_only(store: Store) -> None:
    make_key(store)
    tenant = list_keys(store)[0].tenant_id
    add(store, tenant, "old", expires_at=NOW - timedelta(seconds=1))
    add(store, tenant, "new", expires_at=NOW + timedelta(days=1))
    add(store, tenant, "kept", expires_at=None)
    assert purge_expired(store, NOW) == Purged(corrections=1, idempotency_records=0)
    assert [row.id for row in kept_rows(store)] == ["kept", "new"]
    assert purge_expired(store, NOW) == Purged(corrections=0, idempotency_records=0)


def add(store: Store, tenant_id: str, identity: str, **changes: Any) -> None:
    values: dict[str, Any] = {"text": "x", "language": "nl", "labels": {}, **changes}
    with store.write() as session:
        session.add(CorrectionRow(id=identity, tenant_id=tenant_id, created_at=NOW, **values))
