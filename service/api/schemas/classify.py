"""What ``POST /v1/classify`` takes and gives."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    PlainValidator,
    PrivateAttr,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from models.domain import Language, Status
from service.api.bodies import Body, Path
from service.api.engine import Recipe, Task

_MAX_NUMBER = 2**53 - 1  # beyond it, JSON integers lose digits in most languages
_MAX_VALUE = 1000


def _check_scalar(value: Any) -> Any:
    """One plain value; a union of types would name each of them in its errors."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str) and len(value) <= _MAX_VALUE:
        return value
    if isinstance(value, (int, float)) and abs(value) <= _MAX_NUMBER:  # NaN is not
        return value
    raise PydanticCustomError(
        "scalar_type",
        "Input should be a string of at most 1000 characters, a number of at most 15 digits, "
        "true, false or null",
    )


def _check_date(value: str) -> str:
    """A date, or a date and time, as ISO 8601 has them; kept as it was written."""
    try:
        datetime.datetime.fromisoformat(value.upper())
    except ValueError:
        raise PydanticCustomError(
            "iso_date", "Input should be a date, or a date and time, of ISO 8601"
        ) from None
    return value


MetadataValue = Annotated[
    Any,
    PlainValidator(
        _check_scalar,
        json_schema_input_type=Annotated[str, Field(max_length=_MAX_VALUE)]
        | Annotated[float, Field(ge=-_MAX_NUMBER, le=_MAX_NUMBER)]
        | bool
        | None,
    ),
]
IsoDate = Annotated[
    str,
    Field(max_length=40),
    AfterValidator(_check_date),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "format": "date"},
                {"type": "string", "format": "date-time"},
            ]
        }
    ),
]
Metadata = Annotated[
    dict[Annotated[str, Field(max_length=64)], MetadataValue], Field(max_length=50)
]
ShortText = Annotated[str, Field(min_length=1, max_length=200)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]


class VerbatimIn(Body):
    """One answer as typed, and what is known of it."""

    text: str = Field(
        description="The verbatim. A text that is empty, too long or no valid Unicode gets an "
        "error of its own; the others are classified."
    )
    id: ShortText | None = Field(default=None, description="Given back; each id once a call.")
    language: str | None = Field(
        default=None,
        pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8}){0,3}$",
        description="Declared language, `nl`, `en` or with a region (`nl-BE`); detected if left "
        "out. Of another language only the status is told.",
    )
    score: float | None = Field(default=None, description="NPS, CSAT or CES answer. Given back.")
    date: IsoDate | None = Field(
        default=None, description="When it was written (ISO 8601). Given back."
    )
    touchpoint: ShortText | None = Field(default=None, description="Where. Given back.")
    subject_id: ShortText | None = Field(
        default=None,
        description="Pseudonym of the person. Given back; `DELETE /v1/subjects/{subject_id}` "
        "erases by it.",
    )
    metadata: Metadata | None = Field(default=None, description="Given back as it is.")

    def declared_language(self) -> Language | None:
        """Language that the sender declared, or None to detect it."""
        if self.language is None:
            return None
        code = self.language[:3].rstrip("-_").lower()
        known = {"nl": Language.NL, "nld": Language.NL, "dut": Language.NL}
        known |= {"en": Language.EN, "eng": Language.EN}
        return None if code == "und" else known.get(code, Language.UND)


class ClassifyOptions(Body):
    """How to read the verbatims, and what to give back."""

    segments: bool = Field(default=True, description="Give the clauses with their own tags.")
    evidence: bool = Field(default=True, description="Give the clause that drives each label.")
    redact: bool = Field(
        default=True, description="Mask personal data before anything else sees the text."
    )
    return_text: bool = Field(
        default=False, description="Give the redacted text. Needs `redact`; else it is null."
    )
    topic_threshold: Share | None = Field(
        default=None, description="Give topics from this probability on; default per topic."
    )
    sentiment_threshold: Share | None = Field(
        default=None, description="Abstain from the sentiment below this probability."
    )
    department_threshold: Share | None = Field(
        default=None, description="Abstain from the department below this probability."
    )

    def recipe(self) -> Recipe:
        """Give what the batcher needs to know of these options."""
        return Recipe(
            task=Task.TAGS,
            redact=self.redact,
            topic_threshold=self.topic_threshold,
            sentiment_threshold=self.sentiment_threshold,
            department_threshold=self.department_threshold,
        )


class ClassifyRequest(Body):
    """Verbatims of any mix of languages."""

    verbatims: list[VerbatimIn] = Field(min_length=1)
    options: ClassifyOptions = ClassifyOptions()
    _broken: frozenset[int] = PrivateAttr(default=frozenset())

    def take_broken_texts(self, paths: Sequence[Path]) -> Sequence[Path]:
        """Take broken verbatims as errors of their own."""
        own = {path for path in paths if path[0] == "verbatims" and path[2:] == ("text",)}
        self._broken = frozenset(int(path[1]) for path in own)
        return [path for path in paths if path not in own]

    @property
    def broken(self) -> frozenset[int]:
        """Positions of verbatims that are no valid Unicode."""
        return self._broken


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ItemError(_Out):
    """Why one verbatim was not classified."""

    code: str = Field(description="`empty`, `too_long`, `invalid_text` or `failed`")
    detail: str


class TopicOut(_Out):
    """A topic that the text addresses."""

    topic: str
    probability: Share


class SentimentOut(_Out):
    """How the customer feels; `sentiment` is null where the model abstained."""

    sentiment: str | None
    probability: Share
    score: float = Field(ge=-1, le=1, description="-1 negative, 1 positive")


class DepartmentOut(_Out):
    """Whose decisions caused it; `department` is null where the model abstained."""

    department: str | None
    probability: Share
    runner_up: str
    runner_up_probability: Share


class SegmentOut(_Out):
    """A clause with its own tags."""

    start: int = Field(ge=0, description="Offset in the text that was sent, in code points.")
    end: int = Field(ge=0, description="Offset after its last character.")
    text: str = Field(description="The clause, cleaned and redacted.")
    topics: list[TopicOut]
    sentiment: SentimentOut
    department: DepartmentOut


class EvidenceOut(_Out):
    """The clause in which a label of the verbatim is likeliest."""

    task: str = Field(description="`topics`, `sentiment` or `department`")
    label: str
    segment: int | None = Field(ge=0, description="Index into `segments`; null if left out.")
    start: int = Field(ge=0)
    end: int = Field(ge=0)
    text: str
    probability: Share


class ResultOut(_Out):
    """What became of one verbatim."""

    index: int = Field(ge=0, description="Its position in the request.")
    id: str | None
    status: Status
    error: ItemError | None = Field(description="Null unless the verbatim was not classified.")
    language: str | None = Field(description="`nl`, `en`, or `und` for any other.")
    language_probability: Share | None
    topics: list[TopicOut]
    sentiment: SentimentOut | None
    department: DepartmentOut | None
    segments: list[SegmentOut]
    evidence: list[EvidenceOut]
    needs_review: bool | None = Field(description="Whether a person should look at it.")
    text_redacted: str | None
    score: float | None
    date: str | None
    touchpoint: str | None
    subject_id: str | None
    metadata: dict[str, Any] | None


class Usage(_Out):
    """What the call took."""

    verbatims: int
    characters: int


class ClassifyResponse(_Out):
    """One result per verbatim, in the order sent."""

    results: list[ResultOut]
    bundle_version: str
    usage: Usage
