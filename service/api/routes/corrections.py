"""``/v1/corrections``: labels that a person corrected, kept as labelled data."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from models.domain import Language
from models.taxonomy import Taxonomy
from models.text.clean import clean
from models.text.language import detect_language
from service.api.auth import Caller, require
from service.api.bodies import body_doc, json_body
from service.api.cursors import Cursor, make_cursor, read_cursor
from service.api.idempotency import IdempotencyKeyDoc, idempotent
from service.api.problems import (
    EVERYWHERE,
    MAX_INVALID_PARAMS,
    WITH_BODY,
    Code,
    InvalidParam,
    ProblemError,
    problem_responses,
)
from service.api.routes.classify import check_count
from service.api.schemas.corrections import (
    CorrectionIn,
    CorrectionsKept,
    CorrectionsPage,
    CorrectionsRequest,
    LabelsIn,
)
from service.api.services import Services, ServicesDep
from service.store import corrections as store
from service.store.keys import Scope

router = APIRouter(tags=["corrections"])

_JSONL = "application/x-ndjson"
_EXPORT_BATCH = 500

_EXAMPLES = {
    "correction": {
        "summary": "One verbatim, its right labels and what the model had said",
        "value": {
            "corrections": [
                {
                    "text": "Monteur kwam twee dagen te laat.",
                    "language": "nl",
                    "labels": {
                        "sentiment": "negative",
                        "topics": ["delivery"],
                        "department": "purchasing",
                    },
                    "predicted": {"sentiment": "negative", "department": "board"},
                    "verbatim_id": "r1",
                }
            ]
        },
    }
}


@router.post(
    "/v1/corrections",
    summary="Keep corrected labels",
    status_code=201,
    response_model=CorrectionsKept,
    responses=problem_responses(
        *WITH_BODY,
        Code.TOO_MANY_ITEMS,
        Code.DUPLICATE_ID,
        Code.IDEMPOTENCY_MISMATCH,
        Code.IDEMPOTENCY_IN_PROGRESS,
        *EVERYWHERE,
    ),
    openapi_extra=body_doc(CorrectionsRequest, examples=_EXAMPLES),
)
async def create_corrections(
    caller: Annotated[Caller, Depends(require(Scope.CORRECT))],
    request: Request,
    services: ServicesDep,
    call: Annotated[CorrectionsRequest, Depends(json_body(CorrectionsRequest))],
    _: IdempotencyKeyDoc = None,
) -> Response:
    """Keep verbatims with the labels that a person gave them, all of them or none.

    The texts are redacted first. They are kept until their retention ends or their subject is
    erased.
    """
    sent = call.corrections
    check_count(len(sent), services, "/corrections")
    _refuse_all(_duplicates(sent), Code.DUPLICATE_ID)
    _refuse_all(_breaches(sent, services), Code.VALIDATION_FAILED)

    async def answer(operation_id: str) -> Response:
        kept, body = await run_in_threadpool(_prepare, sent, caller, operation_id)
        now = datetime.now(UTC)
        days = services.settings.correction_retention_days
        await run_in_threadpool(
            store.add_corrections,
            services.store,
            caller.tenant_id,
            kept,
            operation_id=operation_id,
            now=now,
            expires_at=None if days is None else now + timedelta(days=days),
        )
        request.state.log["n_corrections"] = len(kept)
        return Response(body, status_code=201, media_type="application/json")

    subject_ids = [item.subject_id for item in sent if item.subject_id is not None]
    return await idempotent(request, caller, services, answer, subject_ids=subject_ids)


@router.get(
    "/v1/corrections",
    summary="List or export corrections",
    response_model=CorrectionsPage,
    responses={
        200: {
            "description": "A page (`json`), or all of them as labelled rows (`jsonl`).",
            "content": {_JSONL: {"schema": {"type": "string"}}},
        },
        **problem_responses(Code.INVALID_REQUEST, Code.VALIDATION_FAILED, *EVERYWHERE),
    },
)
async def list_corrections(
    caller: Annotated[Caller, Depends(require(Scope.CORRECT))],
    services: ServicesDep,
    form: Annotated[
        Literal["json", "jsonl"],
        Query(
            alias="format",
            description="`jsonl` gives the rows that `klantstem-train fit --data` reads, without "
            "superseded ones; `limit` and `cursor` do not apply to it.",
        ),
    ] = "json",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
    cursor: Cursor = None,
) -> Response:
    """Give the tenant's corrections, oldest first."""
    if form == "jsonl":
        disposition = {"Content-Disposition": 'attachment; filename="corrections.jsonl"'}
        return StreamingResponse(_export(services, caller), media_type=_JSONL, headers=disposition)
    page = await run_in_threadpool(
        store.list_corrections,
        services.store,
        caller.tenant_id,
        limit=limit + 1,
        after=None if cursor is None else read_cursor(cursor),
    )
    shown = page[:limit]
    document = {
        "corrections": [
            {
                "id": item.id,
                "verbatim_id": item.verbatim_id,
                "text": item.text,
                "language": item.language,
                "labels": item.labels,
                "predicted": item.predicted,
                "is_superseded": item.is_superseded,
                "created_at": item.created_at,
            }
            for item in shown
        ],
        "next_cursor": make_cursor(shown[-1].created_at, shown[-1].id)
        if len(page) > limit
        else None,
    }
    return Response(orjson.dumps(document), media_type="application/json")


async def _export(services: Services, caller: Caller) -> AsyncIterator[bytes]:
    """Give all labelled rows as JSONL, in pieces."""
    after = None
    while True:
        page = await run_in_threadpool(
            store.list_corrections,
            services.store,
            caller.tenant_id,
            limit=_EXPORT_BATCH,
            after=after,
            with_superseded=False,
        )
        yield b"".join(orjson.dumps(store.labelled_row(item)) + b"\n" for item in page)
        if len(page) < _EXPORT_BATCH:
            return
        after = page[-1].created_at, page[-1].id


def _prepare(
    sent: Sequence[CorrectionIn], caller: Caller, operation: str
) -> tuple[list[store.NewCorrection], bytes]:
    """Redact the texts and tell their languages; gives what is kept, and the answer."""
    kept = []
    undetermined = []
    for index, item in enumerate(sent):
        text = clean(item.text).text
        language = item.language[:2].lower() if item.language else detect_language(text).language
        if not text or language == Language.UND:
            undetermined.append(_breach_of_text(index, is_empty=not text))
        kept.append(
            store.NewCorrection(
                text=text,
                language=str(language),
                labels=_labels(item.labels),
                predicted=None if item.predicted is None else item.predicted.model_dump(),
                verbatim_id=item.verbatim_id,
                subject_hash=_hashed(caller, item.subject_id),
                annotator_hash=_hashed(caller, item.annotator),
            )
        )
    _refuse_all(iter(undetermined), Code.VALIDATION_FAILED)
    entries = [
        {
            "index": index,
            "id": f"{operation}-{index}",
            "verbatim_id": item.verbatim_id,
            "language": item.language,
        }
        for index, item in enumerate(kept)
    ]
    return kept, orjson.dumps({"corrections": entries})


def _breaches(sent: Sequence[CorrectionIn], services: Services) -> Iterator[InvalidParam]:
    """What is wrong with the texts and labels, as far as it shows without reading them."""
    taxonomy = services.classifier.taxonomy
    most = services.settings.max_characters
    for index, item in enumerate(sent):
        place = f"/corrections/{index}"
        if len(item.text) > most:
            yield _param(
                f"{place}/text",
                "too_long",
                f"has {len(item.text)} characters; at most {most} are taken",
            )
        for name, code, reason in _label_breaches(item.labels, taxonomy):
            yield _param(f"{place}/labels/{name}", code, reason)


def _label_breaches(labels: LabelsIn, taxonomy: Taxonomy) -> Iterator[tuple[str, str, str]]:
    """Fields of labels that break the taxonomy: name, code, reason."""
    given = [("sentiment", "sentiment", labels.sentiment)]
    given += [(f"topics/{place}", "topics", topic) for place, topic in enumerate(labels.topics)]
    given += [("department", "department", labels.department)]
    if labels.department_2 is not None:
        given += [("department_2", "department", labels.department_2)]
    for name, task, label in given:
        if label not in taxonomy.labels(task):
            yield name, "unknown_label", "is no label of GET /v1/taxonomy"
    if len(labels.topics) > taxonomy.max_topics:
        yield "topics", "too_many_topics", f"has more than {taxonomy.max_topics} topics"
    if len(set(labels.topics)) < len(labels.topics):
        yield "topics", "duplicate_topic", "names a topic twice"
    if len(labels.topics) > 1 and taxonomy.exclusive_topics & set(labels.topics):
        yield "topics", "exclusive_topic", "holds a topic that stands alone"
    if labels.department_2 == labels.department:
        yield "department_2", "duplicate_department", "is the first owner; leave it out"


def _duplicates(sent: Sequence[CorrectionIn]) -> Iterator[InvalidParam]:
    """Verbatims that are corrected twice in one call."""
    first: dict[str, int] = {}
    for index, item in enumerate(sent):
        if item.verbatim_id is not None:
            before = first.setdefault(item.verbatim_id, index)
            if before != index:
                reason = f"is the verbatim of correction {before}, too"
                yield _param(f"/corrections/{index}/verbatim_id", "duplicate_id", reason)


def _refuse_all(breaches: Iterator[InvalidParam], code: Code) -> None:
    """Refuse a call if anything is wrong with it."""
    found = list(breaches)
    if found:
        raise ProblemError(
            code,
            f"{len(found)} part(s) of the request cannot be kept; nothing was",
            invalid_params=found[:MAX_INVALID_PARAMS],
        )


def _breach_of_text(index: int, *, is_empty: bool) -> InvalidParam:
    if is_empty:
        return _param(f"/corrections/{index}/text", "empty", "has nothing to read")
    reason = "must be given, nl or en: the text does not tell"
    return _param(f"/corrections/{index}/language", "undetermined_language", reason)


def _param(name: str, code: str, reason: str) -> InvalidParam:
    return InvalidParam(name=name, place="body", code=code, reason=reason)


def _labels(sent: LabelsIn) -> store.Labels:
    return store.Labels(
        sentiment=sent.sentiment,
        topics=tuple(sent.topics),
        department=sent.department,
        department_2=sent.department_2,
    )


def _hashed(caller: Caller, identity: str | None) -> str | None:
    return None if identity is None else caller.subject_hash(identity)
