"""What ``/v1/subjects`` gives."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field


class ErasedOut(BaseModel):
    """How many rows of each kind were erased."""

    model_config = ConfigDict(extra="forbid")

    corrections: int = Field(ge=0)
    job_rows: int = Field(ge=0)
    idempotency_records: int = Field(ge=0, description="Stored answers.")


class ReceiptOut(BaseModel):
    """Proof of an erasure; holds no id in clear."""

    model_config = ConfigDict(extra="forbid")

    receipt_id: str
    subject_hash: str = Field(description="HMAC-SHA256 of the id, keyed per tenant.")
    erased: ErasedOut
    erased_at: datetime
