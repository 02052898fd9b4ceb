"""What is known of a verbatim beside its complaints: shown and filtered on in the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from models.root_cause.frames import VerbatimTable


@dataclass(frozen=True, slots=True, kw_only=True)
class VerbatimFacts:
    """Score, ISO day and segment values of one verbatim; None or "" where unknown."""

    score: float | None = None
    date: str = ""
    segments: Mapping[str, str] = field(default_factory=dict)


def facts_from_table(table: VerbatimTable) -> dict[str, VerbatimFacts]:
    """Facts by verbatim id.

    Parameters
    ----------
    table : VerbatimTable
        What ``read_table`` read; values that are empty are left out.
    """
    days = np.datetime_as_string(table.dates.days.astype("datetime64[D]")).tolist()
    return {
        verbatim_id: VerbatimFacts(
            score=float(table.scores[row]) if np.isfinite(table.scores[row]) else None,
            date="" if days[row] == "NaT" else days[row],
            segments={
                column: values[row] for column, values in table.segments.items() if values[row]
            },
        )
        for row, verbatim_id in enumerate(table.ids)
    }
