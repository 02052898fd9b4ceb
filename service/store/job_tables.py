"""The tables of jobs: what was asked, the rows in chunks, and who works on them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from service.store.tables import HASH_LENGTH, ID_LENGTH, Base


class JobRow(Base):
    """A job: what is to be done with a file, and how far it is.

    ``n_done`` and ``n_failed`` count rows that are still kept, ``n_erased`` those that are not.
    ``n_runs`` counts the times that the work was begun anew on purpose.
    """

    __tablename__ = "jobs"
    __table_args__ = (Index(None, "tenant_id", "created_at", "id"),)

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    kind: Mapped[str] = mapped_column(String(32))
    status: Mapped[str] = mapped_column(String(16), index=True)
    options: Mapped[dict[str, Any]] = mapped_column(JSON)
    table_spec: Mapped[dict[str, Any]] = mapped_column(JSON)
    arrow_schema: Mapped[bytes | None] = mapped_column(LargeBinary)
    n_rows: Mapped[int] = mapped_column(default=0)
    n_chunks: Mapped[int] = mapped_column(default=0)
    n_done: Mapped[int] = mapped_column(default=0)
    n_failed: Mapped[int] = mapped_column(default=0)
    n_erased: Mapped[int] = mapped_column(default=0)
    n_by_status: Mapped[dict[str, int]] = mapped_column(JSON)
    n_runs: Mapped[int] = mapped_column(default=1)
    error: Mapped[dict[str, str] | None] = mapped_column(JSON(none_as_null=True))
    bundle_versions: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class JobChunkRow(Base):
    """Neighbouring rows of a job: as they came in, and once ``is_done`` with their results.

    ``rows_zlib`` and ``blobs`` are written and read by ``service.store.job_rows``.
    """

    __tablename__ = "job_chunks"
    __table_args__ = (ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),)

    job_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    n_rows: Mapped[int]
    is_done: Mapped[bool] = mapped_column(default=False)
    rows_zlib: Mapped[bytes] = mapped_column(LargeBinary)
    blobs: Mapped[bytes | None] = mapped_column(LargeBinary)


class JobSubjectRow(Base):
    """A subject who has a row in a chunk."""

    __tablename__ = "job_subjects"
    __table_args__ = (
        ForeignKeyConstraint(
            ["job_id", "chunk"], ["job_chunks.job_id", "job_chunks.number"], ondelete="CASCADE"
        ),
        Index(None, "tenant_id", "subject_hash"),
    )

    job_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    chunk: Mapped[int] = mapped_column(primary_key=True)
    subject_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH))


class JobFileRow(Base):
    """A file that a job made of all its rows, such as a report."""

    __tablename__ = "job_files"
    __table_args__ = (ForeignKeyConstraint(["job_id"], ["jobs.id"], ondelete="CASCADE"),)

    job_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    content_zlib: Mapped[bytes] = mapped_column(LargeBinary)


class JobRunnerRow(Base):
    """A process that works on jobs, and when it was last heard of."""

    __tablename__ = "job_runners"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[datetime]
