"""What the page's script needs, as plain JSON values: charts, map and the searchable table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from models.root_cause.html.facts import VerbatimFacts
from models.root_cause.html.figures import shorten
from models.root_cause.html.summary import department_name
from models.root_cause.html.view import by_count, map_points
from models.root_cause.html.wording import Wording
from models.root_cause.report import ComplaintAssignment, RootCauseReport
from models.taxonomy import Taxonomy

MAX_ROWS = 5000
"""Complaints in the page: about 1 MB of text; the export files hold all."""
MAX_BARS = 20
MAX_TIP = 160
"""Characters of a complaint that the map shows."""
MAX_FILTER_VALUES = 30
_SCRIPT_TEXTS = (
    "too_few",
    "filter_few",
    "map_other",
    "emerging",
    "contested",
    "table_found",
    "table_none",
    "table_page",
    "table_text",
    "table_membership",
    "table_id",
    "table_score",
    "table_date",
    "cause",
)


def build_payload(
    report: RootCauseReport,
    assignments: Sequence[ComplaintAssignment],
    facts: Mapping[str, VerbatimFacts],
    words: Wording,
    taxonomy: Taxonomy,
) -> dict[str, Any]:
    """All values for the script; causes are referred to by their place in ``causes``, -1 is none.

    Parameters
    ----------
    report : RootCauseReport
    assignments : sequence of ComplaintAssignment
        Every complaint of the run.
    facts : mapping of str to VerbatimFacts
        By verbatim id; may be empty.
    words : Wording
    taxonomy : Taxonomy
    """
    causes = by_count(report)
    place = {cause.cause_id: row for row, cause in enumerate(causes)}
    columns = segment_columns(facts)
    return {
        "lang": words.language.value,
        "texts": {key: words.texts[key] for key in _SCRIPT_TEXTS},
        "unit": words.texts[f"unit_{report.impact.metric}"] if report.impact else "",
        "nComplaints": report.n_complaints,
        "maxBars": MAX_BARS,
        "causes": [
            {
                "id": cause.cause_id,
                "name": cause.name.in_language(words.language),
                "n": cause.n_complaints,
                "owner": department_name(cause.owner.department, words, taxonomy),
                "impact": {
                    "value": round(cause.impact.adjusted.value, 4),
                    "low": round(cause.impact.adjusted.low, 4),
                    "high": round(cause.impact.adjusted.high, 4),
                    "few": cause.impact.is_too_few,
                }
                if cause.impact
                else None,
            }
            for cause in causes
        ],
        "filters": _filter_counts(assignments, facts, columns, place),
        "map": [
            [
                round(point.x, 3),
                round(point.y, 3),
                _place(point.cause_id, place),
                shorten(point.text, MAX_TIP),
            ]
            for point in map_points(report)
        ],
        "columns": columns,
        "hasScores": any(item.score is not None for item in facts.values()),
        "hasDates": any(item.date for item in facts.values()),
        "rows": [
            _row(item, facts.get(item.verbatim_id, VerbatimFacts()), columns, place)
            for item in pick_rows(assignments)
        ],
    }


def segment_columns(facts: Mapping[str, VerbatimFacts]) -> list[str]:
    """Names of the segment columns, in the order in which they are met."""
    return list(dict.fromkeys(column for item in facts.values() for column in item.segments))


def pick_rows(
    assignments: Sequence[ComplaintAssignment], n_rows: int = MAX_ROWS
) -> tuple[ComplaintAssignment, ...]:
    """At most ``n_rows`` complaints, every cause in proportion, spread evenly over the input."""
    if len(assignments) <= n_rows:
        return tuple(assignments)
    order = sorted(range(len(assignments)), key=lambda row: (assignments[row].cause_id or "", row))
    picked = np.linspace(0, len(order) - 1, n_rows).round().astype(np.int64).tolist()
    return tuple(assignments[row] for row in sorted(order[each] for each in picked))


def _place(cause_id: str | None, place: Mapping[str, int]) -> int:
    """Place of a cause in the payload; -1 for none."""
    return -1 if cause_id is None else place.get(cause_id, -1)


def _row(
    item: ComplaintAssignment,
    facts: VerbatimFacts,
    columns: Sequence[str],
    place: Mapping[str, int],
) -> list[Any]:
    """A complaint as text, cause, fit, id, score, date and segment values."""
    return [
        item.text,
        _place(item.cause_id, place),
        round(item.membership, 2),
        item.verbatim_id,
        facts.score,
        facts.date,
        *(facts.segments.get(column, "") for column in columns),
    ]


def _filter_counts(
    assignments: Sequence[ComplaintAssignment],
    facts: Mapping[str, VerbatimFacts],
    columns: Sequence[str],
    place: Mapping[str, int],
) -> list[dict[str, Any]]:
    """Complaints per cause under each value of each segment column, for the chart's filter."""
    empty = VerbatimFacts()
    found = []
    for column in columns:
        totals: Counter[str] = Counter()
        counts: dict[str, Counter[int]] = {}
        for item in assignments:
            value = facts.get(item.verbatim_id, empty).segments.get(column, "")
            if value:
                totals[value] += 1
                counts.setdefault(value, Counter())[_place(item.cause_id, place)] += 1
        ranked = sorted(totals, key=lambda value: (-totals[value], value))[:MAX_FILTER_VALUES]
        found.append(
            {
                "column": column,
                "values": [
                    {
                        "value": value,
                        "total": totals[value],
                        "counts": [counts.get(value, Counter())[row] for row in range(len(place))],
                    }
                    for value in ranked
                ],
            }
        )
    return found
