"""Jobs as they are kept: one place that says how far each is, whatever process works on it.

A chunk is done in one transaction: its results take the place of its rows as they came in. So
nothing is done twice, and a job that was cancelled or deleted gets no results any more.
"""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, TypeAlias

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from models.domain import Status
from service.store.job_rows import StoredRow, pack_rows, unpack_rows
from service.store.job_tables import JobChunkRow, JobFileRow, JobRow, JobSubjectRow
from service.store.store import Store

RECEIVING_LIMIT = timedelta(hours=1)
"""How long a file may take to come in; what is left of one that never did is deleted then."""
_FINE = frozenset({Status.OK.value, Status.NO_LETTERS.value, Status.OTHER_LANGUAGE.value})


class JobStatus(StrEnum):
    """How far a job is; one that is ``receiving`` is not there yet for its tenant."""

    RECEIVING = "receiving"
    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether nothing more happens to it."""
        return self in (JobStatus.SUCCEEDED, JobStatus.FAILED, JobStatus.CANCELLED)


_OPEN = (JobStatus.QUEUED.value, JobStatus.RUNNING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job as it comes in; its rows follow in chunks."""

    id: str
    tenant_id: str
    kind: str
    options: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it stands.

    ``table_spec`` says how its file was read and which columns are kept; ``arrow_schema`` has
    their types, where the file told them.
    """

    id: str
    tenant_id: str
    kind: str
    status: JobStatus
    options: Mapping[str, Any]
    table_spec: Mapping[str, Any] = field(repr=False)
    arrow_schema: bytes | None = field(repr=False)
    n_rows: int
    n_chunks: int
    n_done: int
    n_failed: int
    n_erased: int
    n_by_status: Mapping[str, int]
    n_runs: int
    error: Mapping[str, str] | None
    bundle_versions: tuple[str, ...]
    created_at: datetime
    started_at: datetime | None
    updated_at: datetime
    finished_at: datetime | None
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Neighbouring rows of a job."""

    number: int
    is_done: bool
    rows: Sequence[StoredRow] = field(repr=False)


class NotOpen:
    """The job was cancelled, deleted or finished, or has expired."""


Progress: TypeAlias = tuple[JobStatus, int, int, int, int]


def begin_job(store: Store, new: NewJob, *, now: datetime) -> bool:
    """Make a place for a job whose rows follow; False if the same job is there already.

    What an earlier attempt with the same id left unfinished is dropped.
    """
    with store.write() as session:
        row = session.get(JobRow, new.id, with_for_update=True)
        if row is not None and row.status != JobStatus.RECEIVING:
            return False
        if row is not None:
            _delete_rows(session, new.id)
            session.delete(row)
            session.flush()
        session.add(
            JobRow(
                id=new.id,
                tenant_id=new.tenant_id,
                kind=new.kind,
                status=JobStatus.RECEIVING.value,
                options=dict(new.options),
                table_spec={},
                arrow_schema=None,
                n_rows=0,
                n_by_status={},
                bundle_versions=[],
                created_at=now,
                updated_at=now,
                expires_at=now + RECEIVING_LIMIT,
            )
        )
    return True


def add_chunk(store: Store, new: NewJob, number: int, rows: Sequence[StoredRow]) -> int:
    """Keep the next rows of a job that comes in; gives the bytes they take."""
    packed, blobs = pack_rows(rows)
    subjects = {row.subject_hash for row in rows if row.subject_hash is not None}
    with store.write() as session:
        session.add(
            JobChunkRow(
                job_id=new.id, number=number, n_rows=len(rows), rows_zlib=packed, blobs=blobs
            )
        )
        session.flush()
        session.add_all(
            JobSubjectRow(
                job_id=new.id, chunk=number, subject_hash=subject, tenant_id=new.tenant_id
            )
            for subject in subjects
        )
    return len(packed)


def complete_job(
    store: Store,
    new: NewJob,
    *,
    table_spec: Mapping[str, Any],
    arrow_schema: bytes | None,
    now: datetime,
    expires_at: datetime,
) -> Job:
    """Let a job whose rows are all there wait for its turn."""
    with store.write() as session:
        row = session.get_one(JobRow, new.id, with_for_update=True)
        chunks = session.execute(
            select(JobChunkRow.n_rows).where(JobChunkRow.job_id == new.id)
        ).all()
        row.table_spec, row.arrow_schema = dict(table_spec), arrow_schema
        row.n_rows, row.n_chunks = sum(n_rows for (n_rows,) in chunks), len(chunks)
        row.status = JobStatus.QUEUED.value
        row.created_at = row.updated_at = now
        row.expires_at = expires_at
        return _job(row)


def drop_unfinished(store: Store, job_id: str) -> None:
    """Drop a job whose file could not be read; one that is complete stays."""
    with store.write() as session:
        row = session.get(JobRow, job_id, with_for_update=True)
        if row is not None and row.status == JobStatus.RECEIVING:
            _delete_rows(session, job_id)
            session.delete(row)


def find_job(store: Store, *, tenant_id: str, job_id: str) -> Job | None:
    """Look up a job of a tenant."""
    with store.read() as session:
        row = session.get(JobRow, job_id)
        if row is None or row.tenant_id != tenant_id or row.status == JobStatus.RECEIVING:
            return None
        return _job(row)


def list_jobs(
    store: Store, tenant_id: str, *, limit: int, before: tuple[datetime, str] | None = None
) -> tuple[Job, ...]:
    """Give jobs of a tenant, newest first.

    Parameters
    ----------
    store : Store
    tenant_id : str
    limit : int
        Most that are given.
    before : tuple of (datetime, str), optional
        ``created_at`` and ``id`` of the last one of the page before.
    """
    query = (
        select(JobRow)
        .where(JobRow.tenant_id == tenant_id, JobRow.status != JobStatus.RECEIVING.value)
        .order_by(JobRow.created_at.desc(), JobRow.id.desc())
        .limit(limit)
    )
    if before is not None:
        created_at, identity = before
        query = query.where(
            or_(
                JobRow.created_at < created_at,
                and_(JobRow.created_at == created_at, JobRow.id < identity),
            )
        )
    with store.read() as session:
        return tuple(_job(row) for row in session.scalars(query))


def list_open(store: Store) -> list[tuple[str, str, int]]:
    """Id, kind and number of runs of all jobs that are not finished, oldest first."""
    query = (
        select(JobRow.id, JobRow.kind, JobRow.n_runs)
        .where(JobRow.status.in_(_OPEN))
        .order_by(JobRow.created_at, JobRow.id)
    )
    with store.read() as session:
        return [(row.id, row.kind, row.n_runs) for row in session.execute(query)]


def run_id(job_id: str, n_runs: int) -> str:
    """Name of a run of a job's work."""
    return f"{job_id}-{n_runs}"


def start_job(store: Store, job_id: str, *, now: datetime) -> Job | None:
    """Say that work on a job begins or goes on; None if there is nothing to do."""
    with store.write() as session:
        row = session.get(JobRow, job_id, with_for_update=True)
        if row is None or row.status not in _OPEN:
            return None
        row.status = JobStatus.RUNNING.value
        row.started_at = row.started_at or now
        row.updated_at = now
        return _job(row)


def read_chunk(store: Store, job_id: str, number: int) -> Chunk | NotOpen:
    """Read a chunk to work on it."""
    with store.read() as session:
        job = session.get(JobRow, job_id)
        row = session.get(JobChunkRow, (job_id, number))
        if job is None or row is None or job.status != JobStatus.RUNNING:
            return NotOpen()
        return _chunk(row)


def finish_chunk(
    store: Store,
    job_id: str,
    number: int,
    rows: Sequence[StoredRow],
    *,
    now: datetime,
    expires_at: datetime,
) -> Progress | NotOpen:
    """Keep the results of a chunk, once; rows that were erased meanwhile are left out."""
    with store.write() as session:
        job = session.get(JobRow, job_id, with_for_update=True)
        chunk = session.get(JobChunkRow, (job_id, number))
        if job is None or chunk is None or job.status != JobStatus.RUNNING:
            return NotOpen()
        if not chunk.is_done:
            if chunk.n_rows != len(rows):
                left = {row.number for row in unpack_rows(chunk.rows_zlib, None)}
                rows = [row for row in rows if row.number in left]
            chunk.rows_zlib, chunk.blobs = pack_rows(rows)
            chunk.is_done = True
            _count(job, rows, sign=1)
            versions = [row.result["bundle_version"] for row in rows if row.result is not None]
            job.bundle_versions = list(dict.fromkeys([*job.bundle_versions, *versions]))
            job.updated_at, job.expires_at = now, expires_at
        return _progress(job)


def finish_job(
    store: Store,
    job_id: str,
    *,
    n_runs: int,
    files: Mapping[str, bytes],
    now: datetime,
    expires_at: datetime,
) -> bool:
    """Say that a job is done, and keep the files it made; False if it is open no more.

    ``n_runs`` is that of the job as it was read: a run that was begun anew meanwhile has lost.
    """
    packed = {name: zlib.compress(content, 6) for name, content in files.items()}
    with store.write() as session:
        job = session.get(JobRow, job_id, with_for_update=True)
        if job is None or job.status != JobStatus.RUNNING or job.n_runs != n_runs:
            return False
        for name, content in packed.items():
            session.merge(JobFileRow(job_id=job_id, name=name, content_zlib=content))
        job.status = JobStatus.SUCCEEDED.value
        job.finished_at = job.updated_at = now
        job.expires_at = expires_at
    return True


def fail_job(
    store: Store, job_id: str, *, code: str, detail: str, now: datetime, expires_at: datetime
) -> bool:
    """Say that a job cannot be done; its rows are dropped. False if it is open no more."""
    with store.write() as session:
        job = session.get(JobRow, job_id, with_for_update=True)
        if job is None or job.status not in _OPEN:
            return False
        _delete_rows(session, job_id)
        job.status = JobStatus.FAILED.value
        job.error = {"code": code, "detail": detail}
        job.finished_at = job.updated_at = now
        job.expires_at = expires_at
    return True


def cancel_job(
    store: Store, *, tenant_id: str, job_id: str, now: datetime, expires_at: datetime
) -> Job | None:
    """Cancel a job of a tenant and drop its rows; a finished one stays as it is."""
    with store.write() as session:
        job = session.get(JobRow, job_id, with_for_update=True)
        if job is None or job.tenant_id != tenant_id or job.status == JobStatus.RECEIVING:
            return None
        if job.status in _OPEN:
            _delete_rows(session, job_id)
            job.status = JobStatus.CANCELLED.value
            job.finished_at = job.updated_at = now
            job.expires_at = expires_at
        cancelled = _job(job)
    store.truncate_log()
    return cancelled


def delete_job(store: Store, *, tenant_id: str, job_id: str) -> bool:
    """Delete a job of a tenant with all it holds; False if there is none."""
    with store.write() as session:
        job = session.get(JobRow, job_id, with_for_update=True)
        if job is None or job.tenant_id != tenant_id or job.status == JobStatus.RECEIVING:
            return False
        _delete_rows(session, job_id)
        session.delete(job)
    store.truncate_log()
    return True


def purge(session: Session, now: datetime) -> int:
    """Delete the jobs that are past their time, with all they hold; gives their number."""
    expired = session.scalars(
        select(JobRow.id).where(JobRow.expires_at <= now).order_by(JobRow.id).with_for_update()
    ).all()
    for job_id in expired:
        _delete_rows(session, job_id)
        session.execute(delete(JobRow).where(JobRow.id == job_id))
    return len(expired)


def read_results(store: Store, job: Job) -> Iterator[Chunk]:
    """Give the chunks of a job that are done, in order, one at a time."""
    for number in range(job.n_chunks):
        with store.read() as session:
            row = session.get(JobChunkRow, (job.id, number))
            chunk = None if row is None or not row.is_done else _chunk(row)
        if chunk is not None:
            yield chunk


def read_file(store: Store, job: Job, name: str) -> bytes | None:
    """Read a file that a job made."""
    with store.read() as session:
        row = session.get(JobFileRow, (job.id, name))
        return None if row is None else zlib.decompress(row.content_zlib)


def erase_subject(session: Session, tenant_id: str, subject_hash: str) -> Mapping[str, int]:
    """Erase a subject's rows from the jobs of a tenant; gives their number.

    Files that a job made of all its rows are dropped, and made anew from those that are left.
    """
    own = (JobSubjectRow.tenant_id == tenant_id, JobSubjectRow.subject_hash == subject_hash)
    job_ids = session.scalars(select(JobSubjectRow.job_id).where(*own).distinct()).all()
    n_erased = 0
    for job_id in sorted(job_ids):
        job = session.get(JobRow, job_id, with_for_update=True)
        if job is None:
            continue
        numbers = session.scalars(
            select(JobSubjectRow.chunk).where(*own, JobSubjectRow.job_id == job_id)
        ).all()
        for number in sorted(numbers):
            n_erased += _erase_rows(session, job, number, subject_hash)
        dropped = session.execute(
            delete(JobFileRow).where(JobFileRow.job_id == job_id).returning(JobFileRow.name)
        ).all()
        if dropped:
            job.status = JobStatus.QUEUED.value
            job.finished_at = None
        is_summed_up = job.status in _OPEN and job.n_done >= job.n_rows
        if dropped or is_summed_up:  # what is made of all rows now is made of too many
            job.n_runs += 1
    session.execute(delete(JobSubjectRow).where(*own))
    return {"job_rows": n_erased}


def _erase_rows(session: Session, job: JobRow, number: int, subject_hash: str) -> int:
    """Take a subject's rows out of a chunk."""
    chunk = session.get_one(JobChunkRow, (job.id, number))
    rows = unpack_rows(chunk.rows_zlib, chunk.blobs)
    gone = [row for row in rows if row.subject_hash == subject_hash]
    left = [row for row in rows if row.subject_hash != subject_hash]
    chunk.rows_zlib, chunk.blobs = pack_rows(left)
    chunk.n_rows = len(left)
    if chunk.is_done:
        _count(job, gone, sign=-1)
    if job.status != JobStatus.RECEIVING:
        job.n_rows -= len(gone)
    job.n_erased += len(gone)
    return len(gone)


def _count(job: JobRow, rows: Sequence[StoredRow], *, sign: int) -> None:
    """Count rows that are done, or take them out of the count."""
    counts = Counter(job.n_by_status)
    statuses = [row.result["status"] for row in rows if row.result is not None]
    for status in statuses:
        counts[status] += sign
    job.n_by_status = {status: count for status, count in counts.items() if count}
    job.n_done += sign * len(rows)
    job.n_failed += sign * sum(status not in _FINE for status in statuses)


def _delete_rows(session: Session, job_id: str) -> None:
    """Delete all rows and files of a job."""
    for table in (JobSubjectRow, JobFileRow, JobChunkRow):
        session.execute(
            delete(table).where(table.job_id == job_id),
            execution_options={"synchronize_session": False},
        )


def _progress(job: JobRow) -> Progress:
    return JobStatus(job.status), job.n_done, job.n_failed, job.n_rows, job.n_runs


def _chunk(row: JobChunkRow) -> Chunk:
    return Chunk(number=row.number, is_done=row.is_done, rows=unpack_rows(row.rows_zlib, row.blobs))


def _job(row: JobRow) -> Job:
    return Job(
        id=row.id,
        tenant_id=row.tenant_id,
        kind=row.kind,
        status=JobStatus(row.status),
        options=row.options,
        table_spec=row.table_spec,
        arrow_schema=row.arrow_schema,
        n_rows=row.n_rows,
        n_chunks=row.n_chunks,
        n_done=row.n_done,
        n_failed=row.n_failed,
        n_erased=row.n_erased,
        n_by_status=row.n_by_status,
        n_runs=row.n_runs,
        error=row.error,
        bundle_versions=tuple(row.bundle_versions),
        created_at=row.created_at,
        started_at=row.started_at,
        updated_at=row.updated_at,
        finished_at=row.finished_at,
        expires_at=row.expires_at,
    )
