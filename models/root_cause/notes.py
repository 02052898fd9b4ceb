"""Says what an analysis could not do, and why."""

from __future__ import annotations

import numpy as np

from models.root_cause.feedback import TaggedFeedback
from models.root_cause.frames import VerbatimTable
from models.root_cause.grouping import MIN_EVOC_ROWS
from models.root_cause.impact import MIN_VERBATIMS, ImpactTable
from models.root_cause.report import Note
from models.root_cause.trend import MIN_PERIODS, TrendTable


def collect_notes(
    feedback: TaggedFeedback,
    table: VerbatimTable,
    *,
    n_complaints: int,
    n_unique: int,
    n_causes: int,
    impact: ImpactTable | None,
    trend: TrendTable | None,
    has_alignment: bool,
    has_other_previous: bool = False,
) -> tuple[Note, ...]:
    """All notes on a run, in the order in which a reader meets the matter."""
    n_failed, n_abstained = feedback.n_failed, feedback.n_abstained
    has_scores = bool(np.isfinite(table.scores).any())
    n_refused = impact.n_refused if impact else 0
    n_undated = int(np.isnat(table.dates.days).sum())
    n_missing_dates = n_undated - table.dates.n_unreadable
    found = (
        (n_failed > 0, "failed", n_failed, "verbatims could not be read and are left out"),
        (feedback.n_empty > 0, "empty", feedback.n_empty, "verbatims have no text"),
        (n_abstained > 0, "abstained", n_abstained, "verbatims hold no Dutch or English text"),
        (
            n_complaints == 0,
            "no_complaints",
            0,
            "no complaint was found, so no cause",
        ),
        (
            0 < n_unique < MIN_EVOC_ROWS,
            "few_complaints",
            n_unique,
            "different complaints only: too few for a hierarchy, causes are rough",
        ),
        (
            n_complaints > 0 and n_causes == 1,
            "one_cause",
            n_complaints,
            "complaints could not be told apart: they make one cause",
        ),
        (
            not has_alignment and n_complaints > 0,
            "no_language_alignment",
            0,
            "no language alignment was given: Dutch and English may be split",
        ),
        (
            has_other_previous,
            "previous_other_model",
            0,
            "the previous run was made with another model: its ids are not carried over",
        ),
        (not has_scores, "no_scores", 0, "no scores: impact could not be estimated"),
        (
            has_scores and impact is None and n_causes > 0,
            "unknown_metric",
            0,
            "the scale of the scores is not clear: say whether they are nps, csat or ces",
        ),
        (
            table.n_unreadable_scores > 0,
            "unreadable_scores",
            table.n_unreadable_scores,
            "scores are no numbers and are left out",
        ),
        (
            n_refused > 0,
            "scores_off_scale",
            n_refused,
            "scores lie off the scale and are left out",
        ),
        (
            impact is not None and impact.n_without_causes < MIN_VERBATIMS,
            "few_without_causes",
            impact.n_without_causes if impact else 0,
            "scored verbatims only are free of any cause: the adjusted impact, which measures from "
            "them, cannot be relied on",
        ),
        (
            n_undated == len(feedback),
            "no_dates",
            0,
            "no dates: trends could not be estimated",
        ),
        (
            trend is not None and len(trend.periods) < MIN_PERIODS,
            "few_periods",
            len(trend.periods) if trend else 0,
            f"{trend.period if trend else 'period'}s only: too few to test trends",
        ),
        (
            trend is not None and 0 < n_missing_dates < len(feedback),
            "undated",
            n_missing_dates,
            "verbatims have no date; they count in all but the trends",
        ),
        (
            table.dates.n_unreadable > 0,
            "unreadable_dates",
            table.dates.n_unreadable,
            "dates could not be read; those verbatims count in all but the trends",
        ),
        (
            table.dates.is_month_first,
            "month_first",
            0,
            "dates such as 3/25/2025 were read month first, throughout the column",
        ),
    )
    return tuple(
        Note(code=code, count=count, detail=f"{count} {detail}" if count else detail)
        for is_so, code, count, detail in found
        if is_so
    )
