"""Subjects: hashed on the way in, erased on request."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from service.store.store import Store
from service.store.tables import (
    CorrectionRow,
    ErasureReceiptRow,
    IdempotencyRow,
    IdempotencySubjectRow,
)

Eraser: TypeAlias = Callable[[Session, str, str], Mapping[str, int]]
"""Erases a subject's rows, given session, tenant id and subject hash; gives counts by kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErasureReceipt:
    """Proof of an erasure; ``erased`` holds the number of rows by kind."""

    receipt_id: str
    subject_hash: str
    erased: Mapping[str, int]
    erased_at: datetime


def subject_hash(salt: bytes, subject_id: str) -> str:
    """Hash an id with the salt of its tenant, as 64 hexadecimal digits.

    Without the salt nobody can try customer numbers against it, and two tenants' hashes of one id
    differ.

    Examples
    --------
    >>> subject_hash(b"salt", "customer-1") == subject_hash(b"other", "customer-1")
    False
    """
    return hmac.new(salt, subject_id.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()


def erase_subject(
    store: Store,
    *,
    tenant_id: str,
    subject_hash: str,
    now: datetime,
    erasers: Sequence[Eraser] = (),
) -> ErasureReceipt:
    """Erase all that is kept of a subject, in one transaction, and keep a receipt.

    Parameters
    ----------
    store : Store
    tenant_id : str
    subject_hash : str
        As :func:`subject_hash` gives it.
    now : datetime
    erasers : sequence of Eraser
        Those of other parts of the service.

    Returns
    -------
    ErasureReceipt
        Counts are 0 for a subject of whom nothing was kept.

    Notes
    -----
    A stored answer that holds verbatims of several subjects goes as a whole; a call that is still
    running keeps no answer then. SQLite overwrites what is deleted; PostgreSQL frees it at the
    next (auto)vacuum.
    """
    with store.write() as session:
        erased = {
            "corrections": _erase_corrections(session, tenant_id, subject_hash),
            "idempotency_records": _erase_answers(session, tenant_id, subject_hash),
        }
        for erase in erasers:
            erased |= erase(session, tenant_id, subject_hash)
        receipt = ErasureReceiptRow(
            id=secrets.token_hex(16),
            tenant_id=tenant_id,
            subject_hash=subject_hash,
            erased=erased,
            erased_at=now,
        )
        session.add(receipt)
    store.truncate_log()
    return _receipt(receipt)


def find_receipt(store: Store, *, tenant_id: str, receipt_id: str) -> ErasureReceipt | None:
    """Look up a receipt of a tenant."""
    with store.read() as session:
        row = session.get(ErasureReceiptRow, receipt_id)
        return _receipt(row) if row is not None and row.tenant_id == tenant_id else None


def _erase_corrections(session: Session, tenant_id: str, subject: str) -> int:
    statement = delete(CorrectionRow).where(
        CorrectionRow.tenant_id == tenant_id, CorrectionRow.subject_hash == subject
    )
    return len(session.scalars(statement.returning(CorrectionRow.id)).all())


def _erase_answers(session: Session, tenant_id: str, subject: str) -> int:
    keys = select(IdempotencySubjectRow.key_sha256).where(
        IdempotencySubjectRow.tenant_id == tenant_id,
        IdempotencySubjectRow.subject_hash == subject,
    )
    statement = delete(IdempotencyRow).where(
        IdempotencyRow.tenant_id == tenant_id, IdempotencyRow.key_sha256.in_(keys)
    )
    returned = session.scalars(
        statement.returning(IdempotencyRow.key_sha256),
        execution_options={"synchronize_session": False},
    )
    return len(returned.all())


def _receipt(row: ErasureReceiptRow) -> ErasureReceipt:
    return ErasureReceipt(
        receipt_id=row.id,
        subject_hash=row.subject_hash,
        erased=dict(row.erased),
        erased_at=row.erased_at,
    )
