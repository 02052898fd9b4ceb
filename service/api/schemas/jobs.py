"""What ``/v1/jobs`` takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from service.api.schemas.classify import Share
from service.tables.formats import Format

ColumnName = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]+$")]
_BY_NAME = "by its name, or by its position as `#3`"


class Kind(StrEnum):
    """What a job does with the rows."""

    CLASSIFY = "classify"
    ROOT_CAUSES = "root_causes"


class JobParams(BaseModel):
    """How to read a file and what to do with it; in the query, or as fields of the form."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: Kind = Field(
        default=Kind.CLASSIFY,
        description="`classify` tags each row; `root_causes` also finds the causes behind the "
        "complaints of all rows.",
    )
    format: Format | None = Field(
        default=None,
        description="Default: by the content type, else the extension of the file name, else the "
        "first bytes.",
    )
    text_column: ColumnName | None = Field(
        default=None,
        description=f"Column with the verbatims, {_BY_NAME}. Default: found by name and content.",
    )
    id_column: ColumnName | None = Field(
        default=None,
        description="Column with their ids, given back. Default: found by name; where there is "
        "none, `row` counts the rows from 1.",
    )
    language_column: ColumnName | None = Field(
        default=None, description="Column with declared languages. Default: found by name."
    )
    subject_column: ColumnName | None = Field(
        default=None,
        description="Column with pseudonyms of the persons, by which `DELETE "
        "/v1/subjects/{subject_id}` erases rows. Default: one called `subject_id`.",
    )
    keep_columns: list[ColumnName | Literal[""]] = Field(
        default=[],
        max_length=200,
        description="Other columns to give back beside the results, as they were sent; `*` for "
        "all. Repeat it for several. By default only the id is kept.",
    )
    language: Literal["nl", "en"] | None = Field(
        default=None, description="Language of rows that declare none. Default: detected."
    )
    encoding: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]{1,40}$")] | None = Field(
        default=None, description="Of CSV, TSV or JSONL. Default: detected."
    )
    delimiter: Annotated[str, Field(pattern=r"^[^\"\r\n \x00]$")] | None = Field(
        default=None, description="Of CSV. Default: detected."
    )
    sheet: Annotated[str, Field(min_length=1, max_length=100)] | None = Field(
        default=None, description="Of a workbook, by name or number. Default: the first visible."
    )
    header: bool = Field(
        default=True, description="`false`: the first row is data; columns are `column_1`, ..."
    )
    redact: bool = Field(
        default=True,
        description="Mask personal data before anything else sees the text; the text as it was "
        "sent is then deleted row by row as the job goes on.",
    )
    topic_threshold: Share | None = Field(
        default=None, description="Give topics from this probability on."
    )
    sentiment_threshold: Share | None = Field(
        default=None, description="Abstain from the sentiment below this probability."
    )
    department_threshold: Share | None = Field(
        default=None, description="Abstain from the department below this probability."
    )
    score_column: ColumnName | None = Field(
        default=None,
        description="Of `root_causes`: column with NPS, CSAT or CES answers; `-` for none. "
        "Default: found by name and content.",
    )
    date_column: ColumnName | None = Field(
        default=None, description="Of `root_causes`: column with dates; `-` for none."
    )
    segment_columns: list[ColumnName] = Field(
        default=[],
        max_length=20,
        description="Of `root_causes`: columns to compare by, such as channel or region; `-` for "
        "none. Repeat it for several.",
    )
    metric: Literal["nps", "csat", "ces"] | None = Field(
        default=None, description="Of `root_causes`: what the scores are. Default: guessed."
    )
    period: Literal["week", "month"] | None = Field(
        default=None, description="Of `root_causes`: of the trend. Default: by the dates."
    )
    n_causes: Annotated[int, Field(ge=1, le=1000)] | None = Field(
        default=None, description="Of `root_causes`: about how many. Default: found."
    )
    seed: int = Field(
        default=0, ge=0, le=2**31 - 1, description="Of `root_causes`: of all that is drawn."
    )
    exclude_terms: list[Annotated[str, Field(min_length=1, max_length=100)]] = Field(
        default=[],
        max_length=100,
        description="Of `root_causes`: names of the organisation, its brands and products, which "
        "name no cause. Repeat it for several.",
    )
    report_language: Literal["nl", "en"] = Field(
        default="nl", description="Of `root_causes`: language of the page."
    )
    title: Annotated[str, Field(min_length=1, max_length=200)] | None = Field(
        default=None, description="Of `root_causes`: title of the page."
    )

    @model_validator(mode="after")
    def _check_kind(self) -> Self:
        """Refuse what the other kind has no use for."""
        if self.kind is Kind.ROOT_CAUSES:
            for name in ("keep_columns", "redact"):
                if name in self.model_fields_set and getattr(self, name) not in (True, []):
                    raise PydanticCustomError(
                        "kind", "{name} does not go with root_causes", {"name": name}
                    )
        return self


LISTS = frozenset({"keep_columns", "segment_columns", "exclude_terms"})
"""Parameters that may come more than once."""


class _Out(BaseModel):
    model_config = ConfigDict(extra="forbid")


class JobColumns(_Out):
    """The columns that were chosen, by you or by their names and contents."""

    text: str
    id: str | None
    language: str | None
    subject: str | None
    score: str | None = Field(description="Null but for `root_causes`.")
    date: str | None = Field(description="Null but for `root_causes`.")
    segments: list[str] = Field(description="Empty but for `root_causes`.")
    kept: list[str] = Field(description="Columns that are kept; those the result begins with.")


class JobError(_Out):
    """Why a job failed."""

    code: str
    detail: str


class JobOut(_Out):
    """A job as it stands."""

    id: str
    kind: Kind
    status: Literal["queued", "running", "succeeded", "failed", "cancelled"]
    error: JobError | None = Field(description="Null unless the job failed.")
    rows_total: int = Field(ge=0, description="Rows of the file, without erased ones.")
    rows_done: int = Field(ge=0)
    rows_failed: int = Field(
        ge=0, description="Rows among those done that have an error of their own."
    )
    rows_erased: int = Field(ge=0, description="Rows that were erased with their subject.")
    rows_by_status: dict[str, int]
    format: Format = Field(description="Format of the file.")
    columns: JobColumns
    notes: list[str] = Field(description="What to know about the way the file was read.")
    options: dict[str, Any] = Field(description="The parameters that were sent.")
    bundle_versions: list[str] = Field(
        description="Bundles that tagged the rows; more than one where the service was upgraded "
        "meanwhile. Each row names its own."
    )
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    expires_at: datetime = Field(description="The job and its results are deleted then.")
    links: Mapping[str, str] = Field(description="Addresses of the job, its events and its result.")


class JobsPage(_Out):
    """Jobs of the tenant, newest first."""

    jobs: list[JobOut]
    next_cursor: str | None = Field(description="Send it as `cursor` for the next page.")
