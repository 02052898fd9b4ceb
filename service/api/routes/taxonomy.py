"""``GET /v1/taxonomy`` and ``GET /v1/models``."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends

from models.taxonomy import TASKS, Label
from service.api.auth import Caller, require
from service.api.problems import EVERYWHERE, problem_responses
from service.api.routes.embeddings import MODEL_ID
from service.api.schemas.taxonomy import LabelOut, ModelOut, ModelsResponse, TaxonomyResponse
from service.api.services import ServicesDep

router = APIRouter(tags=["model"], responses=problem_responses(*EVERYWHERE))

CallerDep = Annotated[Caller, Depends(require())]


@router.get("/v1/taxonomy", summary="Labels with names and definitions")
async def get_taxonomy(_: CallerDep, services: ServicesDep) -> TaxonomyResponse:
    """Give every label that results may hold, named and defined in Dutch and English."""
    classifier = services.classifier  # once: a new bundle may take its place in between
    taxonomy = classifier.taxonomy
    return TaxonomyResponse(
        name=taxonomy.name,
        version=taxonomy.version,
        bundle_version=classifier.bundle_version,
        max_topics=taxonomy.max_topics,
        topics=[
            _label(topic, parent=topic.parent, is_exclusive=topic.is_exclusive)
            for topic in taxonomy.topics
        ],
        sentiments=[_label(sentiment, score=sentiment.score) for sentiment in taxonomy.sentiments],
        departments=[
            _label(department, is_no_owner=department.label in taxonomy.no_owner_departments)
            for department in taxonomy.departments
        ],
    )


@router.get("/v1/models", summary="Models that are served")
async def list_models(_: CallerDep, services: ServicesDep) -> ModelsResponse:
    """Give the models in OpenAI's shape, with what else is known of them."""
    classifier = services.classifier
    return ModelsResponse(
        object="list",
        data=[
            ModelOut(
                id=MODEL_ID,
                object="model",
                created=0,
                owned_by="klantstem",
                bundle_version=classifier.bundle_version,
                dimensions=services.batcher.dim,
                languages=["nl", "en"],
                tasks=[*TASKS, "embedding"],
                max_characters=services.settings.max_characters,
            )
        ],
    )


def _label(
    label: Label,
    *,
    parent: str | None = None,
    is_exclusive: bool | None = None,
    score: float | None = None,
    is_no_owner: bool | None = None,
) -> LabelOut:
    return LabelOut(
        label=label.label,
        name=dict(label.name),
        definition=dict(label.definition),
        parent=parent,
        is_exclusive=is_exclusive,
        score=score,
        is_no_owner=is_no_owner,
        is_zero_shot=label.is_zero_shot,
    )
