"""``POST /v1/classify``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from models.domain import FailedVerbatim, Status, TaggedVerbatim, Verbatim
from service.api.auth import Caller, require
from service.api.bodies import body_doc, json_body
from service.api.calls import run_call
from service.api.idempotency import IdempotencyKeyDoc, idempotent
from service.api.problems import (
    EVERYWHERE,
    WITH_BODY,
    Code,
    InvalidParam,
    ProblemError,
    problem_responses,
)
from service.api.schemas.classify import (
    ClassifyOptions,
    ClassifyRequest,
    ClassifyResponse,
    VerbatimIn,
)
from service.api.services import Services, ServicesDep
from service.store.keys import Scope
from service.tables.results import result_object

router = APIRouter(tags=["classify"])

_INVALID_TEXT = "the text holds half of a surrogate pair, which is no character"
_FEW = 32  # so many results are written faster than another thread would take over

_EXAMPLES = {
    "mixed": {
        "summary": "Two languages in one call",
        "value": {
            "verbatims": [
                {"id": "r1", "text": "Vriendelijke monteur, maar hij kwam twee dagen te laat."},
                {"id": "r2", "text": "Charged twice for one order.", "score": 2},
            ],
            "options": {"return_text": True},
        },
    }
}


@router.post(
    "/v1/classify",
    summary="Tag up to 1 000 verbatims",
    response_model=ClassifyResponse,
    responses=problem_responses(
        *WITH_BODY,
        Code.TOO_MANY_ITEMS,
        Code.DUPLICATE_ID,
        Code.IDEMPOTENCY_MISMATCH,
        Code.IDEMPOTENCY_IN_PROGRESS,
        Code.OVERLOADED,
        *EVERYWHERE,
    ),
    openapi_extra=body_doc(ClassifyRequest, examples=_EXAMPLES),
)
async def classify(
    caller: Annotated[Caller, Depends(require(Scope.CLASSIFY))],
    request: Request,
    services: ServicesDep,
    call: Annotated[ClassifyRequest, Depends(json_body(ClassifyRequest))],
    _: IdempotencyKeyDoc = None,
) -> Response:
    """Tag each verbatim on its own: results stand in the order sent, and one that cannot be
    tagged has an `error` without touching the others.
    """
    check_count(len(call.verbatims), services, "/verbatims")
    _check_ids(call.verbatims)

    async def answer(_: str) -> Response:
        return await _classify(request, services, call)

    subjects = {sent.subject_id for sent in call.verbatims if sent.subject_id is not None}
    return await idempotent(request, caller, services, answer, subject_ids=subjects)


async def _classify(request: Request, services: Services, call: ClassifyRequest) -> Response:
    """Tag what can be tagged and write the answer."""
    failed = _fail_early(call, services.settings.max_characters)
    verbatims = [
        Verbatim(id="", text=sent.text, language=sent.declared_language())
        for index, sent in enumerate(call.verbatims)
        if index not in failed
    ]
    engine = services.batcher.engine
    outcomes = iter(
        await run_call(request, services.batcher, verbatims, call.options.recipe(), engine=engine)
    )
    results: list[Any] = [
        failed[index] if index in failed else next(outcomes) for index in range(len(call.verbatims))
    ]
    services.metrics.count_results(results)
    request.state.log["n_verbatims"] = len(results)
    version = engine.classifier.bundle_version
    if len(results) <= _FEW:
        body = _write(call, results, version)
    else:
        body = await run_in_threadpool(_write, call, results, version)
    return Response(body, media_type="application/json")


def check_count(n_items: int, services: Services, name: str) -> None:
    """Refuse a call of more items than are taken at a time."""
    most = services.settings.max_items
    if n_items > most:
        reason = f"has {n_items} items; at most {most} are taken a call"
        raise ProblemError(
            Code.TOO_MANY_ITEMS,
            f"{name} {reason}",
            invalid_params=[
                InvalidParam(name=name, place="body", code="too_many_items", reason=reason)
            ],
        )


def _check_ids(verbatims: Sequence[VerbatimIn]) -> None:
    """Refuse an id that stands twice: its results could not be told apart."""
    first: dict[str, int] = {}
    for index, sent in enumerate(verbatims):
        if sent.id is None:
            continue
        before = first.setdefault(sent.id, index)
        if before != index:
            raise ProblemError(
                Code.DUPLICATE_ID,
                f"verbatims {before} and {index} have the same id; give each an id of its own",
                invalid_params=[
                    InvalidParam(
                        name=f"/verbatims/{place}/id",
                        place="body",
                        code="duplicate_id",
                        reason=f"is the id of verbatim {other}, too",
                    )
                    for place, other in ((before, index), (index, before))
                ],
            )


def _fail_early(call: ClassifyRequest, max_characters: int) -> dict[int, FailedVerbatim]:
    """Fail the verbatims that need not wait in the queue for it."""
    failed = {
        index: FailedVerbatim(id="", status=Status.FAILED, detail=_INVALID_TEXT)
        for index in call.broken
    }
    for index, sent in enumerate(call.verbatims):
        if len(sent.text) > max_characters:
            failed[index] = FailedVerbatim(
                id="",
                status=Status.TOO_LONG,
                detail=f"the text has {len(sent.text)} characters; at most {max_characters} are "
                "taken: shorten or split it",
            )
    return failed


def _write(
    call: ClassifyRequest, results: Sequence[TaggedVerbatim | FailedVerbatim], version: str
) -> bytes:
    """Write the answer as JSON."""
    items = [
        _item(index, sent, result, call, version)
        for index, (sent, result) in enumerate(zip(call.verbatims, results, strict=True))
    ]
    usage = {
        "verbatims": len(items),
        "characters": sum(len(sent.text) for sent in call.verbatims),
    }
    return orjson.dumps({"results": items, "bundle_version": version, "usage": usage})


def _item(
    index: int,
    sent: VerbatimIn,
    result: TaggedVerbatim | FailedVerbatim,
    call: ClassifyRequest,
    version: str,
) -> dict[str, Any]:
    """One result: that of the command line, with its place, its error and what was sent along."""
    options: ClassifyOptions = call.options
    tags = result_object(result, bundle_version=version, is_redacted=options.redact)
    del tags["bundle_version"]
    detail = tags.pop("detail")
    tags["evidence"] = _evidence(tags, options)
    if not options.segments:
        tags["segments"] = []
    if not options.return_text:
        tags["text_redacted"] = None
    code = "invalid_text" if index in call.broken else tags["status"]
    return {
        "index": index,
        "id": sent.id,
        "status": tags.pop("status"),
        "error": None if detail is None else {"code": code, "detail": detail},
        **tags,
        "score": sent.score,
        "date": sent.date,
        "touchpoint": sent.touchpoint,
        "subject_id": sent.subject_id,
        "metadata": sent.metadata,
    }


def _evidence(tags: Mapping[str, Any], options: ClassifyOptions) -> list[dict[str, Any]]:
    """The evidence with the place and words of its clause, so that it stands on its own."""
    if not options.evidence:
        return []
    pieces = []
    for piece in tags["evidence"]:
        segment = tags["segments"][piece["segment"]]
        pieces.append(
            {
                "task": piece["task"],
                "label": piece["label"],
                "segment": piece["segment"] if options.segments else None,
                "start": segment["start"],
                "end": segment["end"],
                "text": segment["text"],
                "probability": piece["probability"],
            }
        )
    return pieces
