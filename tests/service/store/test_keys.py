from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text

from service.store.keys import (
    KeyManagementError,
    Scope,
    create_key,
    find_key,
    list_keys,
    revoke_key,
    split_key,
)
from service.store.store import Store

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def test_create_key_gives_a_key_that_is_found_with_its_scopes(store: Store) -> None:
    key, full = create_key(
        store, tenant="acme", scopes=[Scope.CORRECT, Scope.CLASSIFY], now=NOW, note="desk"
    )
    parts = split_key(full)
    assert parts is not None
    found = find_key(store, parts[0])
    assert found == key
    assert found is not None
    assert found.scopes == {Scope.CLASSIFY, Scope.CORRECT}
    assert found.tenant_name == "acme"
    assert found.has_secret(parts[1])
    assert not found.has_secret("0" * 64)


def test_create_key_keeps_no_secret(store: Store) -> None:
    _, full = create_key(store, tenant="acme", scopes=[Scope.ADMIN], now=NOW)
    secret = full.rsplit("_", 1)[1]
    with store.read() as session:
        kept = session.execute(text("SELECT * FROM api_keys")).mappings().one()
    values = [bytes(value) if isinstance(value, memoryview) else value for value in kept.values()]
    assert secret not in str(values)
    assert bytes.fromhex(secret) not in values
    assert secret not in repr(find_key(store, kept["id"]))


def test_create_key_twice_makes_two_keys_of_one_tenant(store: Store) -> None:
    first, one = create_key(store, tenant="acme", scopes=[Scope.ADMIN], now=NOW)
    second, other = create_key(store, tenant="acme", scopes=[Scope.ADMIN], now=NOW)
    assert first.tenant_id == second.tenant_id
    assert first.key_id != second.key_id
    assert one != other


@pytest.mark.parametrize(
    "wrong",
    [
        {"tenant": "A b"},
        {"tenant": ""},
        {"tenant": "x" * 101},
        {"scopes": []},
        {"rate_limit_per_minute": 0},
        {"expires_at": NOW},
        {"note": "x" * 201},
    ],
)
def test_create_key_refuses_what_is_out_of_range(store: Store, wrong: dict[str, object]) -> None:
    given = {"tenant": "acme", "scopes": [Scope.ADMIN], "now": NOW, **wrong}
    with pytest.raises(KeyManagementError):
        create_key(store, **given)  # type: ignore[arg-type]
    assert list_keys(store) == ()


def test_a_key_is_valid_until_it_expires(store: Store) -> None:
    key, _ = create_key(
        store, tenant="acme", scopes=[Scope.ADMIN], now=NOW, expires_at=NOW + timedelta(days=1)
    )
    assert key.is_valid(NOW + timedelta(hours=23))
    assert not key.is_valid(NOW + timedelta(days=1))


def test_revoke_key_is_for_good_and_keeps_its_first_time(store: Store) -> None:
    key, _ = create_key(store, tenant="acme", scopes=[Scope.ADMIN], now=NOW)
    revoke_key(store, key.key_id, now=NOW + timedelta(hours=1))
    revoked = revoke_key(store, key.key_id, now=NOW + timedelta(hours=2))
    assert revoked.revoked_at == NOW + timedelta(hours=1)
    assert not revoked.is_valid(NOW + timedelta(hours=3))


def test_revoke_key_names_a_key_that_is_not_there(store: Store) -> None:
    with pytest.raises(KeyManagementError, match="no key 'abc'"):
        revoke_key(store, "abc", now=NOW)


def test_list_keys_gives_those_of_one_tenant(store: Store) -> None:
    for tenant in ("zeta", "acme", "acme"):
        create_key(store, tenant=tenant, scopes=[Scope.ADMIN], now=NOW)
    assert [key.tenant_name for key in list_keys(store)] == ["acme", "acme", "zeta"]
    assert [key.tenant_name for key in list_keys(store, tenant="zeta")] == ["zeta"]
    assert list_keys(store, tenant="none") == ()


@pytest.mark.parametrize(
    "wrong", ["", "kst_", "kst_a_b", f"kst_{'0' * 16}_{'0' * 63}", f"KST_{'0' * 16}_{'0' * 64}"]
)
def test_split_key_knows_no_other_form(wrong: str) -> None:
    assert split_key(wrong) is None
