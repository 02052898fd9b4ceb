"""What goes into a report: the values of one run, before any format."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field

from models.root_cause.html import VerbatimFacts
from models.root_cause.report import ComplaintAssignment, RootCauseReport
from models.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportContent:
    """One run.

    ``facts`` are scores, dates and segment values by verbatim id. ``title`` and ``prepared_on``
    stand at the head of the page; None leaves the usual title, and the day out.
    """

    report: RootCauseReport
    assignments: tuple[ComplaintAssignment, ...]
    taxonomy: Taxonomy
    facts: Mapping[str, VerbatimFacts] = field(default_factory=dict)
    title: str | None = None
    prepared_on: dt.date | None = None
