from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from service.store import idempotency as records
from service.store.idempotency import Answer, Call, Mismatch, Running, Taken
from service.store.store import Store
from service.store.tables import IdempotencyRow, IdempotencySubjectRow, TenantRow

NOW = datetime.now(UTC)
KEEP = timedelta(hours=24)
CALL = Call(tenant_id="t1", key_sha256="a" * 64, fingerprint="f" * 64)
ANSWER = Answer(status=201, headers={"content-type": "text/plain"}, body="één\x00".encode())


@pytest.fixture(autouse=True)
def tenants(store: Store) -> None:
    with store.write() as session:
        session.add_all(
            TenantRow(id=name, name=name, salt=b"", created_at=NOW) for name in ("t1", "t2")
        )


def begin(store: Store, call: Call = CALL, now: datetime = NOW, **changes: object) -> object:
    given: dict[str, object] = {"subject_hashes": (), "keep": KEEP, **changes}
    return records.begin(store, call, now=now, **given)  # type: ignore[arg-type]


def taken(store: Store, call: Call = CALL, **changes: object) -> Taken:
    found = begin(store, call, **changes)
    assert isinstance(found, Taken)
    return found


def test_a_finished_call_gives_its_answer_again(store: Store) -> None:
    assert records.finish(store, CALL, taken(store), ANSWER)
    assert begin(store) == ANSWER


def test_a_running_call_is_told(store: Store) -> None:
    taken(store)
    found = begin(store)
    assert isinstance(found, Running)
    assert 0 < found.lease_s <= records.LEASE.total_seconds()


@pytest.mark.parametrize("is_finished", [False, True])
def test_another_call_with_the_key_is_told(store: Store, is_finished: bool) -> None:
    mine = taken(store)
    if is_finished:
        records.finish(store, CALL, mine, ANSWER)
    assert isinstance(begin(store, replace(CALL, fingerprint="0" * 64)), Mismatch)


def test_tenants_do_not_share_keys(store: Store) -> None:
    records.finish(store, CALL, taken(store), ANSWER)
    taken(store, replace(CALL, tenant_id="t2", fingerprint="0" * 64))


def test_a_call_of_a_dead_runner_is_taken_over_under_its_operation(store: Store) -> None:
    first = taken(store)
    second = taken(store, now=NOW + records.LEASE + timedelta(seconds=1))
    assert second.operation_id == first.operation_id
    assert second.owner != first.owner


def test_a_runner_that_was_replaced_can_keep_nothing(store: Store) -> None:
    first = taken(store)
    second = taken(store, now=NOW + records.LEASE + timedelta(seconds=1))
    assert not records.finish(store, CALL, first, replace(ANSWER, status=200))
    assert not records.renew(store, CALL, first)
    assert records.finish(store, CALL, second, ANSWER)
    assert begin(store) == ANSWER


def test_a_renewed_lease_holds_the_call_longer(store: Store) -> None:
    mine = taken(store, now=NOW - records.LEASE)
    assert records.renew(store, CALL, mine)
    assert isinstance(begin(store), Running)


def test_a_released_call_runs_again_at_once_under_its_operation(store: Store) -> None:
    first = taken(store)
    assert records.release(store, CALL, first)
    second = taken(store, now=datetime.now(UTC))
    assert second.operation_id == first.operation_id


def test_a_forgotten_key_may_be_used_for_another_call(store: Store) -> None:
    records.forget(store, CALL, taken(store))
    taken(store, replace(CALL, fingerprint="0" * 64))


def test_a_key_past_its_time_is_new(store: Store) -> None:
    first = taken(store)
    records.finish(store, CALL, first, ANSWER)
    later = taken(store, replace(CALL, fingerprint="0" * 64), now=NOW + KEEP)
    assert later.operation_id != first.operation_id


def test_one_of_many_at_once_takes_the_call(store: Store) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: begin(store), range(8)))
    assert sum(isinstance(each, Taken) for each in found) == 1
    assert sum(isinstance(each, Running) for each in found) == 7


def test_purge_forgets_only_what_is_past_its_time(store: Store) -> None:
    old = replace(CALL, key_sha256="b" * 64)
    taken(store, old, now=NOW - KEEP, subject_hashes=["s"])
    taken(store, subject_hashes=["s", "s"])
    with store.write() as session:
        assert records.purge(session, NOW) == 1
    with store.read() as session:
        assert session.scalars(select(IdempotencyRow.key_sha256)).all() == [CALL.key_sha256]
        assert session.scalar(select(func.count()).select_from(IdempotencySubjectRow)) == 1


def test_a_body_is_kept_compressed(store: Store) -> None:
    records.finish(store, CALL, taken(store), replace(ANSWER, body=b"verbatim " * 10_000))
    with store.read() as session:
        kept = session.scalars(select(IdempotencyRow.body_zlib)).one()
    assert kept is not None
    assert len(kept) < 1000
