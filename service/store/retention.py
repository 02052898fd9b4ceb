"""Delete what is past its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.store import corrections, idempotency
from service.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """How many rows of each kind were deleted."""

    corrections: int
    idempotency_records: int


def purge_expired(store: Store, now: datetime) -> Purged:
    """Delete the stored answers and corrections that are past their time.

    Receipts of erasure and keys are kept: they hold no data of a customer.
    """
    with store.write() as session:
        return Purged(
            corrections=corrections.purge(session, now),
            idempotency_records=idempotency.purge(session, now),
        )
