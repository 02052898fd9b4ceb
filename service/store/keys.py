"""Tenants and their API keys.

A key reads ``kst_<id>_<secret>``. The id is public; the secret is 256 random bits, so a fast hash
of it is as safe as a slow one, and only that hash is kept.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.errors import KlantstemError
from service.store.store import Store
from service.store.tables import MAX_TENANT_NAME, ApiKeyRow, TenantRow

_KEY = re.compile(r"kst_([0-9a-f]{16})_([0-9a-f]{64})")
_TENANT_NAME = re.compile(rf"[a-z0-9][a-z0-9._-]{{0,{MAX_TENANT_NAME - 1}}}")


class KeyManagementError(KlantstemError):
    """A key cannot be made or revoked as asked."""


class Scope(StrEnum):
    """What a key may do."""

    CLASSIFY = "classify"
    ANALYSE = "analyse"
    CORRECT = "correct"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key without its secret; ``rate_limit_per_minute`` is None for the default of the service.

    ``tenant_salt`` keys the hashes of the tenant's subjects.
    """

    key_id: str
    tenant_id: str
    tenant_name: str
    tenant_salt: bytes = field(repr=False)
    secret_sha256: bytes = field(repr=False)
    scopes: frozenset[Scope]
    note: str
    rate_limit_per_minute: int | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None

    def is_valid(self, now: datetime) -> bool:
        """Whether the key may be used at ``now``."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)

    def has_secret(self, secret: str) -> bool:
        """Whether ``secret`` is the one of this key."""
        return hmac.compare_digest(self.secret_sha256, _sha256(secret))


def split_key(text: str) -> tuple[str, str] | None:
    """Part a key into id and secret; None if it is not of the form of a key.

    Examples
    --------
    >>> split_key("sk-123") is None
    True
    """
    match = _KEY.fullmatch(text)
    return None if match is None else (match[1], match[2])


def create_key(
    store: Store,
    *,
    tenant: str,
    scopes: Iterable[Scope],
    now: datetime,
    note: str = "",
    rate_limit_per_minute: int | None = None,
    expires_at: datetime | None = None,
) -> tuple[ApiKey, str]:
    """Make a key, and the tenant with it if there is none of that name.

    Parameters
    ----------
    store : Store
    tenant : str
        Small letters, digits, ``.``, ``_`` and ``-``; 100 characters at most.
    scopes : iterable of Scope
        At least one.
    now : datetime
    note : str, default=""
        For people, 200 characters at most.
    rate_limit_per_minute : int, optional
        Calls per minute; default that of the service.
    expires_at : datetime, optional
        Default: the key does not expire.

    Returns
    -------
    tuple of (ApiKey, str)
        The key as it is kept, and its full text, which cannot be had again.

    Raises
    ------
    KeyManagementError
        If a parameter is out of range.
    """
    granted = sorted(set(scopes))
    for is_wrong, message in (
        (not _TENANT_NAME.fullmatch(tenant), "the tenant must be small letters, digits, . _ or -"),
        (not granted, "a key needs at least one scope"),
        (len(note) > 200, "the note must be 200 characters at most"),
        (
            rate_limit_per_minute is not None and rate_limit_per_minute < 1,
            "the rate limit must be at least 1 call per minute",
        ),
        (expires_at is not None and expires_at <= now, "the key must expire in the future"),
    ):
        if is_wrong:
            raise KeyManagementError(message)
    secret = secrets.token_hex(32)
    with store.write() as session:
        owner = _tenant(session, tenant, now)
        row = ApiKeyRow(
            id=secrets.token_hex(8),
            tenant_id=owner.id,
            secret_sha256=_sha256(secret),
            scopes=[scope.value for scope in granted],
            note=note,
            rate_limit_per_minute=rate_limit_per_minute,
            created_at=now,
            expires_at=expires_at,
            revoked_at=None,
        )
        session.add(row)
        session.flush()
        key = _api_key(row, owner)
    return key, f"kst_{key.key_id}_{secret}"


def find_key(store: Store, key_id: str) -> ApiKey | None:
    """Look a key up by its id, whether it is valid or not."""
    with store.read() as session:
        found = session.execute(
            select(ApiKeyRow, TenantRow)
            .join(TenantRow, TenantRow.id == ApiKeyRow.tenant_id)
            .where(ApiKeyRow.id == key_id)
        ).one_or_none()
        return None if found is None else _api_key(found[0], found[1])


def list_keys(store: Store, *, tenant: str | None = None) -> tuple[ApiKey, ...]:
    """All keys, or those of one tenant, by tenant and age."""
    query = (
        select(ApiKeyRow, TenantRow)
        .join(TenantRow, TenantRow.id == ApiKeyRow.tenant_id)
        .order_by(TenantRow.name, ApiKeyRow.created_at, ApiKeyRow.id)
    )
    if tenant is not None:
        query = query.where(TenantRow.name == tenant)
    with store.read() as session:
        return tuple(_api_key(row, owner) for row, owner in session.execute(query))


def revoke_key(store: Store, key_id: str, *, now: datetime) -> ApiKey:
    """Revoke a key for good; a key that was revoked before keeps its first time.

    Raises
    ------
    KeyManagementError
        If there is no such key.
    """
    with store.write() as session:
        row = session.get(ApiKeyRow, key_id)
        if row is None:
            raise KeyManagementError(f"there is no key {key_id!r}; 'klantstem keys list' has them")
        if row.revoked_at is None:
            row.revoked_at = now
        owner = session.get_one(TenantRow, row.tenant_id)
        return _api_key(row, owner)


def tenant_salt(session: Session, tenant_id: str) -> bytes:
    """Read the salt that keys the hashes of a tenant's subjects."""
    return session.get_one(TenantRow, tenant_id).salt


def _tenant(session: Session, name: str, now: datetime) -> TenantRow:
    """Find or make a tenant; another process may make it at the same moment."""
    query = select(TenantRow).where(TenantRow.name == name)
    found = session.scalars(query).one_or_none()
    if found is not None:
        return found
    made = TenantRow(
        id=secrets.token_hex(16), name=name, salt=secrets.token_bytes(32), created_at=now
    )
    try:
        with session.begin_nested():
            session.add(made)
    except IntegrityError:
        return session.scalars(query).one()
    return made


def _api_key(row: ApiKeyRow, tenant: TenantRow) -> ApiKey:
    return ApiKey(
        key_id=row.id,
        tenant_id=tenant.id,
        tenant_name=tenant.name,
        tenant_salt=tenant.salt,
        secret_sha256=row.secret_sha256,
        scopes=frozenset(Scope(scope) for scope in row.scopes),
        note=row.note,
        rate_limit_per_minute=row.rate_limit_per_minute,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )


def _sha256(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("ascii", "replace")).digest()
