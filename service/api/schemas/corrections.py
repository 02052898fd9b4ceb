"""What ``/v1/corrections`` takes and gives."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from service.api.bodies import Body

# PostgreSQL keeps no NUL in a text, and an id has no use for other control characters.
PlainId = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
ShortText = Annotated[str, Field(min_length=1, max_length=200)]
LabelName = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]


class LabelsIn(Body):
    """What a person says about the verbatim, in labels of `GET /v1/taxonomy`."""

    sentiment: LabelName
    topics: list[LabelName] = Field(min_length=1, max_length=16)
    department: LabelName = Field(description="Owner of the cause; `none` where there is none.")
    department_2: LabelName | None = Field(default=None, description="Second owner, if any.")


class PredictedIn(Body):
    """What the model had said; labels of an older bundle are fine."""

    sentiment: LabelName | None = None
    topics: list[LabelName] = Field(default=[], max_length=16)
    department: LabelName | None = None
    bundle_version: Annotated[str, Field(pattern=r"^[A-Za-z0-9._+-]{1,64}$")] | None = None


class CorrectionIn(Body):
    """A verbatim and its right labels."""

    text: str = Field(description="The verbatim. It is redacted before it is kept.")
    language: str | None = Field(
        default=None,
        pattern=r"^([Nn][Ll]|[Ee][Nn])([-_][A-Za-z0-9]{1,8}){0,3}$",
        description="`nl` or `en`, a region may follow; detected if left out.",
    )
    labels: LabelsIn
    predicted: PredictedIn | None = None
    annotator: ShortText | None = Field(
        default=None, description="Pseudonym of the person who corrected. Kept as a keyed hash."
    )
    subject_id: ShortText | None = Field(
        default=None,
        description="Pseudonym of the customer. Kept as a keyed hash; "
        "`DELETE /v1/subjects/{subject_id}` erases by it.",
    )
    verbatim_id: PlainId | None = Field(
        default=None,
        description="Your id of the verbatim, each once a call. A later correction of the same "
        "verbatim supersedes the earlier one.",
    )


class CorrectionsRequest(Body):
    """Corrections, kept all or none."""

    corrections: list[CorrectionIn] = Field(min_length=1)


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


class KeptOut(_Out):
    """A correction that was kept."""

    index: int = Field(ge=0, description="Its position in the request.")
    id: str
    verbatim_id: str | None
    language: str


class CorrectionsKept(_Out):
    """One entry per correction, in the order sent."""

    corrections: list[KeptOut]


class LabelsOut(_Out):
    """Labels that a person gave."""

    sentiment: str
    topics: list[str]
    department: str
    department_2: str | None


class PredictedOut(_Out):
    """Labels that the model had given."""

    sentiment: str | None
    topics: list[str]
    department: str | None
    bundle_version: str | None


class CorrectionOut(_Out):
    """A correction as it is kept."""

    id: str
    verbatim_id: str | None
    text: str = Field(description="Cleaned and redacted.")
    language: str
    labels: LabelsOut
    predicted: PredictedOut | None
    is_superseded: bool = Field(description="Whether the verbatim was corrected again later.")
    created_at: datetime


class CorrectionsPage(_Out):
    """Corrections of the tenant, oldest first."""

    corrections: list[CorrectionOut]
    next_cursor: str | None = Field(description="For the next page; null at the end.")
