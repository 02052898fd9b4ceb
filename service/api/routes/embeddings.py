"""``POST /v1/embeddings``, in OpenAI's shape."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Annotated

import numpy as np
import orjson
from fastapi import APIRouter, Depends, Request, Response
from starlette.concurrency import run_in_threadpool

from models.domain import Verbatim
from service.api.auth import Caller, require
from service.api.bodies import body_doc, json_body
from service.api.calls import run_call
from service.api.engine import Engine, Outcome, Recipe, Task, TextEmbedding
from service.api.idempotency import IdempotencyKeyDoc, idempotent
from service.api.problems import (
    EVERYWHERE,
    WITH_BODY,
    Code,
    InvalidParam,
    ProblemError,
    problem_responses,
)
from service.api.routes.classify import check_count
from service.api.schemas.embeddings import EmbeddingsRequest, EmbeddingsResponse
from service.api.services import Services, ServicesDep
from service.store.keys import Scope

router = APIRouter(tags=["classify"])

MODEL_ID = "klantstem"
_FEW = 8

_EXAMPLES = {
    "list": {
        "summary": "Two texts",
        "value": {"model": MODEL_ID, "input": ["Prima geholpen.", "Too expensive."]},
    }
}


@router.post(
    "/v1/embeddings",
    summary="Embed texts, as OpenAI does",
    response_model=EmbeddingsResponse,
    responses=problem_responses(
        *WITH_BODY,
        Code.TOO_MANY_ITEMS,
        Code.MODEL_NOT_FOUND,
        Code.IDEMPOTENCY_MISMATCH,
        Code.IDEMPOTENCY_IN_PROGRESS,
        Code.OVERLOADED,
        *EVERYWHERE,
    ),
    openapi_extra=body_doc(EmbeddingsRequest, examples=_EXAMPLES),
)
async def create_embeddings(
    caller: Annotated[Caller, Depends(require(Scope.CLASSIFY))],
    request: Request,
    services: ServicesDep,
    call: Annotated[EmbeddingsRequest, Depends(json_body(EmbeddingsRequest))],
    _: IdempotencyKeyDoc = None,
) -> Response:
    """Give the unit vector of each text. Works with OpenAI's clients: set their `base_url` to
    this service's `/v1`.
    """
    engine = services.batcher.engine
    _check(call, services, engine)

    async def answer(_: str) -> Response:
        return await _embed(request, services, call, engine)

    return await idempotent(request, caller, services, answer)


def _check(call: EmbeddingsRequest, services: Services, engine: Engine) -> None:
    """Refuse what the schema cannot: another model, other dimensions, too much."""
    if call.model not in (MODEL_ID, engine.classifier.bundle_version):
        raise ProblemError(
            Code.MODEL_NOT_FOUND,
            f"there is no model of that name; GET /v1/models names them: {MODEL_ID}",
            invalid_params=[
                InvalidParam(
                    name="/model", place="body", code="model_not_found", reason="is not served"
                )
            ],
        )
    dim = engine.dim
    if call.dimensions not in (None, dim):
        _refuse("/dimensions", "dimensions", f"must be {dim}, the length of the model's vectors")
    check_count(len(call.input), services, "/input")
    most = services.settings.max_characters
    for index, text in enumerate(call.input):
        if len(text) > most:
            _refuse(
                f"/input/{index}",
                "too_long",
                f"has {len(text)} characters; at most {most} are taken",
            )


def _refuse(name: str, code: str, reason: str) -> None:
    raise ProblemError(
        Code.VALIDATION_FAILED,
        f"{name} {reason}",
        invalid_params=[InvalidParam(name=name, place="body", code=code, reason=reason)],
    )


async def _embed(
    request: Request, services: Services, call: EmbeddingsRequest, engine: Engine
) -> Response:
    """Embed and write the answer."""
    recipe = Recipe(task=Task.VECTOR, redact=call.redact)
    verbatims = [Verbatim(id="", text=text) for text in call.input]
    outcomes = await run_call(request, services.batcher, verbatims, recipe, engine=engine)
    request.state.log["n_texts"] = len(call.input)
    if len(outcomes) <= _FEW:
        body = _write(call, outcomes)
    else:
        body = await run_in_threadpool(_write, call, outcomes)
    return Response(body, media_type="application/json")


def _write(call: EmbeddingsRequest, outcomes: Sequence[Outcome]) -> bytes:
    """Write the answer as JSON."""
    data = []
    n_tokens = 0
    for index, outcome in enumerate(outcomes):
        if not isinstance(outcome, TextEmbedding):
            raise ProblemError(Code.INTERNAL, f"text {index} could not be embedded")
        vector = np.ascontiguousarray(outcome.vector, dtype="<f4")
        n_tokens += outcome.n_tokens
        data.append(
            {
                "object": "embedding",
                "index": index,
                "embedding": base64.b64encode(vector.tobytes()).decode("ascii")
                if call.encoding_format == "base64"
                else vector,
            }
        )
    usage = {"prompt_tokens": n_tokens, "total_tokens": n_tokens}
    document = {"object": "list", "data": data, "model": call.model, "usage": usage}
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
