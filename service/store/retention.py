"""Delete what is past its time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from service.store import corrections, idempotency, jobs
from service.store.store import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Purged:
    """How many rows of each kind were deleted."""

    corrections: int
    idempotency_records: int
    jobs: int = 0


def purge_expired(store: Store, now: datetime) -> Purged:
    """Delete the stored answers, corrections and jobs that are past their time.

    Receipts of erasure and keys are kept: they hold no data of a customer.
    """
    with store.write() as session:
        purged = Purged(
            corrections=corrections.purge(session, now),
            idempotency_records=idempotency.purge(session, now),
            jobs=jobs.purge(session, now),
        )
    if purged.jobs or purged.corrections:
        store.truncate_log()
    return purged
