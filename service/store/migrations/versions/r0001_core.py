"""Tenants, keys, corrections, idempotency records, receipts of erasure."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001_core"
down_revision = None
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "tenants",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("salt", sa.LargeBinary, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_tenants"),
        sa.UniqueConstraint("name", name="uq_tenants_name"),
    )
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("tenant_id", sa.String(32), nullable=False),
        sa.Column("secret_sha256", sa.LargeBinary, nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("note", sa.String(200), nullable=False),
        sa.Column("rate_limit_per_minute", sa.Integer, nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=True),
        sa.Column("revoked_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_api_keys"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_api_keys_tenant_id"),
    )
    op.create_index("ix_api_keys_tenant_id", "api_keys", ["tenant_id"])
    op.create_table(
        "idempotency_records",
        sa.Column("tenant_id", sa.String(32), nullable=False),
        sa.Column("key_sha256", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("operation_id", sa.String(32), nullable=False),
        sa.Column("owner", sa.String(32), nullable=False),
        sa.Column("lease_expires_at", _TIME, nullable=False),
        sa.Column("status", sa.Integer, nullable=True),
        sa.Column("headers", sa.JSON, nullable=True),
        sa.Column("body_zlib", sa.LargeBinary, nullable=True),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("tenant_id", "key_sha256", name="pk_idempotency_records"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_idempotency_records_tenant_id"
        ),
    )
    op.create_index("ix_idempotency_records_expires_at", "idempotency_records", ["expires_at"])
    op.create_table(
        "idempotency_subjects",
        sa.Column("tenant_id", sa.String(32), nullable=False),
        sa.Column("subject_hash", sa.String(64), nullable=False),
        sa.Column("key_sha256", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint(
            "tenant_id", "subject_hash", "key_sha256", name="pk_idempotency_subjects"
        ),
        sa.ForeignKeyConstraint(
            ["tenant_id", "key_sha256"],
            ["idempotency_records.tenant_id", "idempotency_records.key_sha256"],
            name="fk_idempotency_subjects_tenant_id_key_sha256",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_idempotency_subjects_tenant_id_key_sha256",
        "idempotency_subjects",
        ["tenant_id", "key_sha256"],
    )
    op.create_table(
        "corrections",
        sa.Column("id", sa.String(40), nullable=False),
        sa.Column("tenant_id", sa.String(32), nullable=False),
        sa.Column("verbatim_id", sa.Text, nullable=True),
        sa.Column("subject_hash", sa.String(64), nullable=True),
        sa.Column("annotator_hash", sa.String(64), nullable=True),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("labels", sa.JSON, nullable=False),
        sa.Column("predicted", sa.JSON, nullable=True),
        sa.Column("is_superseded", sa.Boolean, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("expires_at", _TIME, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_corrections"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_corrections_tenant_id"),
    )
    for columns in (
        ["tenant_id", "subject_hash"],
        ["tenant_id", "verbatim_id"],
        ["tenant_id", "created_at", "id"],
        ["expires_at"],
    ):
        op.create_index(f"ix_corrections_{'_'.join(columns)}", "corrections", columns)
    op.create_table(
        "erasure_receipts",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("tenant_id", sa.String(32), nullable=False),
        sa.Column("subject_hash", sa.String(64), nullable=False),
        sa.Column("erased", sa.JSON, nullable=False),
        sa.Column("erased_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_erasure_receipts"),
        sa.ForeignKeyConstraint(
            ["tenant_id"], ["tenants.id"], name="fk_erasure_receipts_tenant_id"
        ),
    )
    op.create_index("ix_erasure_receipts_tenant_id", "erasure_receipts", ["tenant_id"])


def downgrade() -> None:
    """Drop the tables."""
    for table in (
        "erasure_receipts",
        "corrections",
        "idempotency_subjects",
        "idempotency_records",
        "api_keys",
        "tenants",
    ):
        op.drop_table(table)
