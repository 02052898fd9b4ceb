"""Corrections: verbatims with the labels that a person gave them, kept as labelled data."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from sqlalchemy import and_, delete, or_, select, update
from sqlalchemy.orm import Session

from service.store.store import Store
from service.store.tables import CorrectionRow

VALIDATION_SHARE = 0.1
"""Share of the subjects that an export puts into the validation split."""
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What a person says about a verbatim; see the codebook."""

    sentiment: str
    topics: tuple[str, ...]
    department: str
    department_2: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCorrection:
    """A correction as it comes in; ``text`` is clean and redacted, ids of people are hashed.

    ``predicted`` is what the model had said, None if that was not sent along.
    """

    text: str = field(repr=False)
    language: str
    labels: Labels
    predicted: Mapping[str, Any] | None = None
    verbatim_id: str | None = None
    subject_hash: str | None = None
    annotator_hash: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A correction as it is kept.

    ``is_superseded`` tells that the same verbatim was corrected again later.
    """

    id: str
    text: str = field(repr=False)
    language: str
    labels: Labels
    predicted: Mapping[str, Any] | None
    verbatim_id: str | None
    subject_hash: str | None
    is_superseded: bool
    created_at: datetime


def add_corrections(
    store: Store,
    tenant_id: str,
    corrections: Sequence[NewCorrection],
    *,
    operation_id: str,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[str, ...]:
    """Keep corrections, all of them or none.

    A correction of a verbatim that was corrected before supersedes the earlier one.

    Parameters
    ----------
    store : Store
    tenant_id : str
    corrections : sequence of NewCorrection
        No two of them name the same verbatim.
    operation_id : str
        Names the call: run a second time under the same id, it keeps nothing twice.
    now : datetime
    expires_at : datetime, optional
        Default: they are kept until they are erased.

    Returns
    -------
    tuple of str
        Their ids, in order.
    """
    ids = tuple(f"{operation_id}-{index}" for index in range(len(corrections)))
    with store.write() as session:
        if ids and session.get(CorrectionRow, ids[0]) is not None:
            return ids
        _supersede(session, tenant_id, [c.verbatim_id for c in corrections if c.verbatim_id])
        session.add_all(
            CorrectionRow(
                id=identity,
                tenant_id=tenant_id,
                verbatim_id=correction.verbatim_id,
                subject_hash=correction.subject_hash,
                annotator_hash=correction.annotator_hash,
                text=correction.text,
                language=correction.language,
                labels=_labels_object(correction.labels),
                predicted=None if correction.predicted is None else dict(correction.predicted),
                created_at=now,
                expires_at=expires_at,
            )
            for identity, correction in zip(ids, corrections, strict=True)
        )
    return ids


def list_corrections(
    store: Store,
    tenant_id: str,
    *,
    limit: int,
    after: tuple[datetime, str] | None = None,
    with_superseded: bool = True,
) -> tuple[Correction, ...]:
    """Give corrections of a tenant, oldest first.

    Parameters
    ----------
    store : Store
    tenant_id : str
    limit : int
        Most that are given.
    after : tuple of (datetime, str), optional
        ``created_at`` and ``id`` of the last one of the page before.
    with_superseded : bool, default=True
    """
    query = (
        select(CorrectionRow)
        .where(CorrectionRow.tenant_id == tenant_id)
        .order_by(CorrectionRow.created_at, CorrectionRow.id)
        .limit(limit)
    )
    if after is not None:
        created_at, identity = after
        query = query.where(
            or_(
                CorrectionRow.created_at > created_at,
                and_(CorrectionRow.created_at == created_at, CorrectionRow.id > identity),
            )
        )
    if not with_superseded:
        query = query.where(CorrectionRow.is_superseded.is_(False))
    with store.read() as session:
        return tuple(_correction(row) for row in session.scalars(query))


def labelled_row(correction: Correction) -> dict[str, Any]:
    """Turn a correction into a row of the labelled corpus, as ``training.labelled`` reads it.

    A subject's corrections go into one split: a tenth of the subjects, always the same ones, is for
    validation. They are a story per language, as one story in two languages is a translation.
    """
    subject = correction.subject_hash
    origin = f"correction-{correction.id}" if subject is None else f"subject-{subject[:16]}"
    draw = int.from_bytes(hashlib.sha256(origin.encode()).digest()[:4]) / 2**32
    return {
        "id": f"correction-{correction.id}",
        "text": correction.text,
        "lang": correction.language,
        "story": f"{origin}-{correction.language}",
        **_labels_object(correction.labels),
        "segments": [],
        "split": "validation" if draw < VALIDATION_SHARE else "train",
        "batch": "corrections",
    }


def purge(session: Session, now: datetime) -> int:
    """Delete the corrections that are past their time; gives their number."""
    statement = delete(CorrectionRow).where(CorrectionRow.expires_at <= now)
    return len(session.scalars(statement.returning(CorrectionRow.id)).all())


def _supersede(session: Session, tenant_id: str, verbatim_ids: Sequence[str]) -> None:
    """Mark earlier corrections of these verbatims; in pieces, as statements have a limit."""
    for piece in _pieces(verbatim_ids):
        session.execute(
            update(CorrectionRow)
            .where(CorrectionRow.tenant_id == tenant_id, CorrectionRow.verbatim_id.in_(piece))
            .values(is_superseded=True)
        )


def _pieces(items: Sequence[str]) -> Iterator[list[str]]:
    rest = iter(items)
    while piece := list(islice(rest, _BATCH)):
        yield piece


def _labels_object(labels: Labels) -> dict[str, Any]:
    return {
        "sentiment": labels.sentiment,
        "topics": list(labels.topics),
        "department": labels.department,
        "department_2": labels.department_2,
    }


def _correction(row: CorrectionRow) -> Correction:
    return Correction(
        id=row.id,
        text=row.text,
        language=row.language,
        labels=Labels(**{**row.labels, "topics": tuple(row.labels["topics"])}),
        predicted=row.predicted,
        verbatim_id=row.verbatim_id,
        subject_hash=row.subject_hash,
        is_superseded=row.is_superseded,
        created_at=row.created_at,
    )
