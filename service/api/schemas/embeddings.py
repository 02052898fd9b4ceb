"""What ``POST /v1/embeddings`` takes and gives: OpenAI's shape."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from service.api.bodies import Body

Text = Annotated[str, Field(min_length=1)]
Texts = Annotated[
    list[Text],
    Field(min_length=1),
    BeforeValidator(
        lambda value: [value] if isinstance(value, str) else value,
        json_schema_input_type=Text | Annotated[list[Text], Field(min_length=1)],
    ),
]


class EmbeddingsRequest(Body):
    """Texts to embed."""

    input: Texts = Field(
        description="A text or a list of texts. Lists of token numbers are not taken."
    )
    model: str = Field(description="`klantstem`, or a bundle version that `GET /v1/models` names.")
    encoding_format: Literal["float", "base64"] = Field(
        default="float", description="`base64` is that of little-endian float32."
    )
    dimensions: int | None = Field(
        default=None,
        ge=1,
        description="Length of the vectors; only the model's own is taken, as shorter ones would "
        "be worse than they look.",
    )
    redact: bool = Field(
        default=False, description="Mask personal data before embedding (not of OpenAI's shape)."
    )
    user: str | None = Field(default=None, description="Taken and not used.")


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


class EmbeddingOut(_Out):
    """The unit vector of one text."""

    object: Literal["embedding"]
    index: int = Field(ge=0)
    embedding: list[float] | str


class EmbeddingUsage(_Out):
    """Tokens that were encoded."""

    prompt_tokens: int = Field(ge=0)
    total_tokens: int = Field(ge=0)


class EmbeddingsResponse(_Out):
    """One vector per text, in the order sent."""

    object: Literal["list"]
    data: list[EmbeddingOut]
    model: str
    usage: EmbeddingUsage
