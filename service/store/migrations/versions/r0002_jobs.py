"""Jobs, their rows, their files and who works on them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_jobs"
down_revision = "0001_core"
branch_labels = None
depends_on = None

_TIME = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "jobs",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("tenant_id", sa.String(32), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("options", sa.JSON, nullable=False),
        sa.Column("table_spec", sa.JSON, nullable=False),
        sa.Column("arrow_schema", sa.LargeBinary, nullable=True),
        sa.Column("n_rows", sa.Integer, nullable=False),
        sa.Column("n_chunks", sa.Integer, nullable=False),
        sa.Column("n_done", sa.Integer, nullable=False),
        sa.Column("n_failed", sa.Integer, nullable=False),
        sa.Column("n_erased", sa.Integer, nullable=False),
        sa.Column("n_by_status", sa.JSON, nullable=False),
        sa.Column("n_runs", sa.Integer, nullable=False),
        sa.Column("error", sa.JSON, nullable=True),
        sa.Column("bundle_versions", sa.JSON, nullable=False),
        sa.Column("created_at", _TIME, nullable=False),
        sa.Column("started_at", _TIME, nullable=True),
        sa.Column("updated_at", _TIME, nullable=False),
        sa.Column("finished_at", _TIME, nullable=True),
        sa.Column("expires_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.ForeignKeyConstraint(["tenant_id"], ["tenants.id"], name="fk_jobs_tenant_id"),
    )
    for columns in (["tenant_id", "created_at", "id"], ["status"], ["expires_at"]):
        op.create_index(f"ix_jobs_{'_'.join(columns)}", "jobs", columns)
    op.create_table(
        "job_chunks",
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("n_rows", sa.Integer, nullable=False),
        sa.Column("is_done", sa.Boolean, nullable=False),
        sa.Column("rows_zlib", sa.LargeBinary, nullable=False),
        sa.Column("blobs", sa.LargeBinary, nullable=True),
        sa.PrimaryKeyConstraint("job_id", "number", name="pk_job_chunks"),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name="fk_job_chunks_job_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "job_subjects",
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("chunk", sa.Integer, nullable=False),
        sa.Column("subject_hash", sa.String(64), nullable=False),
        sa.Column("tenant_id", sa.String(32), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "chunk", "subject_hash", name="pk_job_subjects"),
        sa.ForeignKeyConstraint(
            ["job_id", "chunk"],
            ["job_chunks.job_id", "job_chunks.number"],
            name="fk_job_subjects_job_id_chunk",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_job_subjects_tenant_id_subject_hash", "job_subjects", ["tenant_id", "subject_hash"]
    )
    op.create_table(
        "job_files",
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("content_zlib", sa.LargeBinary, nullable=False),
        sa.PrimaryKeyConstraint("job_id", "name", name="pk_job_files"),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name="fk_job_files_job_id", ondelete="CASCADE"
        ),
    )
    op.create_table(
        "job_runners",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("seen_at", _TIME, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_job_runners"),
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("job_runners", "job_files", "job_subjects", "job_chunks", "jobs"):
        op.drop_table(table)
