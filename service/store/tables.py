"""The tables of the store, but for those of the jobs.

Every row belongs to a tenant. Times are UTC. Ids are random hexadecimal strings. A subject (the
customer a verbatim is from) and an annotator stand here as keyed hashes only, see
``service.store.subjects``.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

from sqlalchemy import (
    JSON,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    MetaData,
    String,
    Text,
)
from sqlalchemy.engine import Dialect
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

ID_LENGTH = 32
HASH_LENGTH = 64
MAX_TENANT_NAME = 100


class UtcDateTime(TypeDecorator[datetime]):
    """A point in time in UTC, with its zone on both sides; SQLite itself keeps no zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware time into UTC; a naive one is refused."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A time that is stored must have a zone. Got a naive one instead.")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give an aware time."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Base of all tables; constraint names are fixed so that migrations can refer to them."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {datetime: UtcDateTime}


class TenantRow(Base):
    """A tenant; ``salt`` (32 random bytes) keys the hashes of its subjects and annotators."""

    __tablename__ = "tenants"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    name: Mapped[str] = mapped_column(String(MAX_TENANT_NAME), unique=True)
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]


class ApiKeyRow(Base):
    """An API key: its public id and the SHA-256 of its secret, never the secret."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), index=True)
    secret_sha256: Mapped[bytes] = mapped_column(LargeBinary)
    scopes: Mapped[list[str]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(String(200), default="")
    rate_limit_per_minute: Mapped[int | None]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class IdempotencyRow(Base):
    """A call with an ``Idempotency-Key``: running (``status`` is None) or answered.

    ``operation_id`` stays the same when another runner takes the call over, so that what the call
    makes can be named after it. ``owner`` is the runner that may write the answer.
    """

    __tablename__ = "idempotency_records"

    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), primary_key=True)
    key_sha256: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(HASH_LENGTH))
    operation_id: Mapped[str] = mapped_column(String(ID_LENGTH))
    owner: Mapped[str] = mapped_column(String(ID_LENGTH))
    lease_expires_at: Mapped[datetime]
    status: Mapped[int | None]
    headers: Mapped[dict[str, str] | None] = mapped_column(JSON)
    body_zlib: Mapped[bytes | None] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class IdempotencySubjectRow(Base):
    """A subject whose verbatim is in the call of an idempotency record."""

    __tablename__ = "idempotency_subjects"
    __table_args__ = (
        ForeignKeyConstraint(
            ["tenant_id", "key_sha256"],
            ["idempotency_records.tenant_id", "idempotency_records.key_sha256"],
            ondelete="CASCADE",
        ),
        Index(None, "tenant_id", "key_sha256"),
    )

    tenant_id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    subject_hash: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)
    key_sha256: Mapped[str] = mapped_column(String(HASH_LENGTH), primary_key=True)


class CorrectionRow(Base):
    """A verbatim, redacted, with the labels a person gave it.

    ``is_superseded`` marks a correction whose verbatim was corrected again later.
    """

    __tablename__ = "corrections"
    __table_args__ = (
        Index(None, "tenant_id", "subject_hash"),
        Index(None, "tenant_id", "verbatim_id"),
        Index(None, "tenant_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(ID_LENGTH + 8), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"))
    verbatim_id: Mapped[str | None] = mapped_column(Text)
    subject_hash: Mapped[str | None] = mapped_column(String(HASH_LENGTH))
    annotator_hash: Mapped[str | None] = mapped_column(String(HASH_LENGTH))
    text: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(String(8))
    labels: Mapped[dict[str, Any]] = mapped_column(JSON)
    predicted: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    is_superseded: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime | None] = mapped_column(index=True)


class ErasureReceiptRow(Base):
    """Proof that a subject was erased; holds the hash of its id and counts, nothing else."""

    __tablename__ = "erasure_receipts"

    id: Mapped[str] = mapped_column(String(ID_LENGTH), primary_key=True)
    tenant_id: Mapped[str] = mapped_column(ForeignKey("tenants.id"), index=True)
    subject_hash: Mapped[str] = mapped_column(String(HASH_LENGTH))
    erased: Mapped[dict[str, int]] = mapped_column(JSON)
    erased_at: Mapped[datetime]
