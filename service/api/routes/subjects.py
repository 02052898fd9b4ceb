"""``/v1/subjects``: erase all that is kept of a person, with a receipt."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor

from service.api.auth import Caller, require
from service.api.problems import EVERYWHERE, Code, ProblemError, problem_responses
from service.api.schemas.subjects import ErasedOut, ReceiptOut
from service.api.services import ServicesDep
from service.store import jobs, subjects
from service.store.keys import Scope

router = APIRouter(tags=["subjects"])


class AnyConvertor(Convertor[str]):
    """Any text; the ``path`` of Starlette stops at the end of a line."""

    regex = r"[\s\S]*"

    def convert(self, value: str) -> str:
        """Keep it as it is."""
        return value

    def to_string(self, value: str) -> str:
        """Keep it as it is."""
        return value


register_url_convertor("any", AnyConvertor())

_BREACHES = (Code.INVALID_REQUEST, Code.VALIDATION_FAILED, *EVERYWHERE)


@router.delete(
    "/v1/subjects/{subject_id:any}",
    summary="Erase a subject",
    responses=problem_responses(*_BREACHES),
)
async def erase_subject(
    caller: Annotated[Caller, Depends(require(Scope.ADMIN))],
    services: ServicesDep,
    subject_id: Annotated[
        str, Path(min_length=1, max_length=200, description="As it was sent with the verbatims.")
    ],
) -> ReceiptOut:
    """Erase the subject's corrections, rows of jobs and stored answers, and give a receipt.

    A subject of whom nothing is kept gets a receipt of zeros.
    """
    receipt = await run_in_threadpool(
        subjects.erase_subject,
        services.store,
        tenant_id=caller.tenant_id,
        subject_hash=caller.subject_hash(subject_id),
        now=datetime.now(UTC),
        erasers=[jobs.erase_subject],
    )
    return _receipt(receipt)


@router.get(
    "/v1/erasure-receipts/{receipt_id}",
    summary="Show a receipt of an erasure",
    responses=problem_responses(Code.NOT_FOUND, *_BREACHES),
)
async def show_receipt(
    caller: Annotated[Caller, Depends(require(Scope.ADMIN))],
    services: ServicesDep,
    receipt_id: Annotated[str, Path(pattern=r"^[0-9a-f]{32}$")],
) -> ReceiptOut:
    """Give a receipt again; it is kept for good and holds no id in clear."""
    receipt = await run_in_threadpool(
        subjects.find_receipt,
        services.store,
        tenant_id=caller.tenant_id,
        receipt_id=receipt_id,
    )
    if receipt is None:
        raise ProblemError(Code.NOT_FOUND, "there is no such receipt")
    return _receipt(receipt)


def _receipt(receipt: subjects.ErasureReceipt) -> ReceiptOut:
    return ReceiptOut(
        receipt_id=receipt.receipt_id,
        subject_hash=receipt.subject_hash,
        erased=ErasedOut(**receipt.erased),
        erased_at=receipt.erased_at,
    )
