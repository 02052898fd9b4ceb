"""Calls with an ``Idempotency-Key``: who runs one, and what was answered.

A record is running until its answer is kept. A runner holds it by a lease that it renews; when the
runner dies, the record becomes free for the next caller with the same key.
"""

from __future__ import annotations

import secrets
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from service.store.store import Store
from service.store.tables import IdempotencyRow, IdempotencySubjectRow

LEASE = timedelta(seconds=30)
"""How long a record stays taken after its runner was last heard of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """A call, named by its tenant and the SHA-256 of its key.

    ``fingerprint`` is a SHA-256 over all that must be the same when the call is repeated.
    """

    tenant_id: str
    key_sha256: str
    fingerprint: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it is kept and replayed."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The call is this runner's; ``operation_id`` is that of earlier runners of the same call."""

    owner: str
    operation_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """Another runner has the call, and holds it for ``lease_s`` more seconds at least."""

    lease_s: float


class Mismatch:
    """The key was used for another call."""


Begun: TypeAlias = Taken | Running | Mismatch | Answer


def begin(
    store: Store, call: Call, *, subject_hashes: Iterable[str], now: datetime, keep: timedelta
) -> Begun:
    """Take a call, or tell why it cannot be taken.

    Parameters
    ----------
    store : Store
    call : Call
    subject_hashes : iterable of str
        Those whose verbatims stand in the call or its answer; erasing one erases the record.
    now : datetime
    keep : timedelta
        How long the key is remembered.
    """
    taken = Taken(owner=secrets.token_hex(16), operation_id=secrets.token_hex(16))
    with store.write() as session:
        row = _locked(session, call)
        if row is not None and row.expires_at <= now:
            session.delete(row)
            session.flush()
            row = None
        if row is None:
            made = _new_row(call, taken, now=now, keep=keep)
            try:
                with session.begin_nested():
                    session.add(made)
            except IntegrityError:  # PostgreSQL: another runner was first
                row = _locked(session, call)
            else:
                session.add_all(
                    IdempotencySubjectRow(
                        tenant_id=call.tenant_id, key_sha256=call.key_sha256, subject_hash=subject
                    )
                    for subject in set(subject_hashes)
                )
                return taken
        return Running(lease_s=0) if row is None else _take_over(row, call, taken, now)


def renew(store: Store, call: Call, taken: Taken) -> bool:
    """Hold a call for longer; False if it is no longer this runner's."""
    return _update(store, call, taken, lease_expires_at=datetime.now(UTC) + LEASE)


def finish(store: Store, call: Call, taken: Taken, answer: Answer) -> bool:
    """Keep the answer; False if the call is no longer this runner's, or was erased."""
    return _update(
        store,
        call,
        taken,
        status=answer.status,
        headers=dict(answer.headers),
        body_zlib=zlib.compress(answer.body, 1),
    )


def release(store: Store, call: Call, taken: Taken) -> bool:
    """Give a call back without an answer, so that a repeat runs at once."""
    return _update(store, call, taken, lease_expires_at=datetime.now(UTC))


def forget(store: Store, call: Call, taken: Taken) -> None:
    """Drop a call that was refused: it made nothing, so its key may be used for another one."""
    with store.write() as session:
        session.execute(
            delete(IdempotencyRow).where(
                IdempotencyRow.tenant_id == call.tenant_id,
                IdempotencyRow.key_sha256 == call.key_sha256,
                IdempotencyRow.owner == taken.owner,
                IdempotencyRow.status.is_(None),
            )
        )


def purge(session: Session, now: datetime) -> int:
    """Forget the keys that are past their time; gives their number."""
    statement = delete(IdempotencyRow).where(IdempotencyRow.expires_at <= now)
    return len(session.scalars(statement.returning(IdempotencyRow.key_sha256)).all())


def _new_row(call: Call, taken: Taken, *, now: datetime, keep: timedelta) -> IdempotencyRow:
    return IdempotencyRow(
        tenant_id=call.tenant_id,
        key_sha256=call.key_sha256,
        fingerprint=call.fingerprint,
        operation_id=taken.operation_id,
        owner=taken.owner,
        lease_expires_at=now + LEASE,
        created_at=now,
        expires_at=now + keep,
    )


def _take_over(row: IdempotencyRow, call: Call, taken: Taken, now: datetime) -> Begun:
    """Say what an existing record means for a caller; takes it if its runner is gone."""
    if row.fingerprint != call.fingerprint:
        return Mismatch()
    if row.status is not None:
        return Answer(
            status=row.status,
            headers=row.headers or {},
            body=zlib.decompress(row.body_zlib or b""),
        )
    if row.lease_expires_at > now:
        return Running(lease_s=(row.lease_expires_at - now).total_seconds())
    row.owner, row.lease_expires_at = taken.owner, now + LEASE
    return Taken(owner=taken.owner, operation_id=row.operation_id)


def _locked(session: Session, call: Call) -> IdempotencyRow | None:
    """Read the record and keep others from changing it."""
    query = (
        select(IdempotencyRow)
        .where(
            IdempotencyRow.tenant_id == call.tenant_id,
            IdempotencyRow.key_sha256 == call.key_sha256,
        )
        .with_for_update()
    )
    return session.scalars(query).one_or_none()


def _update(store: Store, call: Call, taken: Taken, **values: object) -> bool:
    """Change the record if it is still this runner's and without an answer."""
    statement = (
        update(IdempotencyRow)
        .where(
            IdempotencyRow.tenant_id == call.tenant_id,
            IdempotencyRow.key_sha256 == call.key_sha256,
            IdempotencyRow.owner == taken.owner,
            IdempotencyRow.status.is_(None),
        )
        .values(**values)
        .returning(IdempotencyRow.key_sha256)
    )
    with store.write() as session:
        return session.scalars(statement).one_or_none() is not None
