"""What ``GET /v1/taxonomy`` and ``GET /v1/models`` give."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LabelOut(_Out):
    """One label."""

    label: str = Field(description="The code that results hold.")
    name: dict[str, str] = Field(description="Name per language.")
    definition: dict[str, str] = Field(description="Definition per language.")
    parent: str | None = Field(default=None, description="Topic above it.")
    is_exclusive: bool | None = Field(default=None, description="Topic that stands alone.")
    score: float | None = Field(default=None, description="Place of a sentiment from -1 to 1.")
    is_no_owner: bool | None = Field(
        default=None, description="Department that stands for no owner of a cause."
    )
    is_zero_shot: bool = Field(
        description="Scored by its definition alone: the bundle learnt no example of it, so its "
        "probabilities are guesses.",
    )


class TaxonomyResponse(_Out):
    """All labels, with names and definitions in Dutch and English."""

    name: str
    version: int
    bundle_version: str
    max_topics: int = Field(description="Most topics that a text is given.")
    topics: list[LabelOut]
    sentiments: list[LabelOut]
    departments: list[LabelOut]


class ModelOut(_Out):
    """A model that this service serves."""

    id: str
    object: Literal["model"]
    created: int
    owned_by: str
    bundle_version: str
    dimensions: int = Field(description="Length of an embedding.")
    languages: list[str]
    tasks: list[str]
    max_characters: int


class ModelsResponse(_Out):
    """The models, in OpenAI's shape."""

    object: Literal["list"]
    data: list[ModelOut]
