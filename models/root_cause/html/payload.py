"""What the page's scripts need, as plain JSON values: filters, map and the searchable table."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from models.domain import Language
from models.root_cause.html.charts import map_place
from models.root_cause.html.facts import VerbatimFacts
from models.root_cause.html.figures import shorten
from models.root_cause.html.view import by_count
from models.root_cause.html.wording import Wording
from models.root_cause.report import ComplaintAssignment, RootCauseReport
from models.root_cause.segment_impact import SegmentImpact

MAX_ROWS = 2500
MAX_TEXT = 250_000
"""Characters of complaints in the page, so that it can be mailed; the export files hold all."""
MAX_TIP = 160
"""Characters of a complaint that the map shows."""
MAX_FILTER_VALUES = 12
_SCRIPT_TEXTS = (
    "too_few",
    "filter_few",
    "filter_impact",
    "filter_unscored",
    "emerging",
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
) -> dict[str, Any]:
    """All values for the scripts; causes are known by their place in ``causes``, -1 is none.

    Parameters
    ----------
    report : RootCauseReport
    assignments : sequence of ComplaintAssignment
        Every complaint of the run.
    facts : mapping of str to VerbatimFacts
        By verbatim id, those without a complaint included; may be empty.
    words : Wording
    """
    causes = by_count(report)
    place = {cause.cause_id: row for row, cause in enumerate(causes)}
    columns = segment_columns(facts)
    return {
        "lang": words.language.value,
        "texts": {key: words.texts[key] for key in _SCRIPT_TEXTS},
        "metric": words.texts[f"metric_{report.impact.metric}"] if report.impact else "",
        "causes": [
            {"id": cause.cause_id, "name": cause.name.in_language(words.language)}
            for cause in causes
        ],
        "filters": _filters(report, assignments, facts, columns, place),
        "map": [
            [*map_place(point), _place(point.cause_id, place), shorten(point.text, MAX_TIP)]
            for point in report.map_points
        ],
        "columns": columns,
        "hasScores": any(item.score is not None for item in facts.values()),
        "hasDates": any(item.date for item in facts.values()),
        "rows": [
            _row(item, facts.get(item.verbatim_id, VerbatimFacts()), columns, place, words.language)
            for item in pick_rows(assignments)
        ],
    }


def segment_columns(facts: Mapping[str, VerbatimFacts]) -> list[str]:
    """Names of the segment columns, in the order in which they are met."""
    return list(dict.fromkeys(column for item in facts.values() for column in item.segments))


def pick_rows(
    assignments: Sequence[ComplaintAssignment],
    n_rows: int = MAX_ROWS,
    *,
    n_characters: int = MAX_TEXT,
) -> tuple[ComplaintAssignment, ...]:
    """As many complaints as fit, every cause in proportion, spread evenly over the input."""
    picked = list(range(len(assignments)))
    order = sorted(picked, key=lambda row: (assignments[row].cause_id or "", row))
    n_rows = min(n_rows, len(order))
    while n_rows:
        places = np.linspace(0, len(order) - 1, n_rows).round().astype(np.int64).tolist()
        picked = sorted(order[each] for each in places)
        n_found = sum(len(assignments[row].text) for row in picked)
        if n_found <= n_characters:
            break
        n_rows = min(n_rows - 1, int(n_rows * n_characters / n_found))
    return tuple(assignments[row] for row in picked) if n_rows else ()


def _place(cause_id: str | None, place: Mapping[str, int]) -> int:
    """Place of a cause in the payload; -1 for none."""
    return -1 if cause_id is None else place.get(cause_id, -1)


def _row(
    item: ComplaintAssignment,
    facts: VerbatimFacts,
    columns: Sequence[str],
    place: Mapping[str, int],
    language: Language,
) -> list[Any]:
    """A complaint as text, cause, fit, id, score, date, language and segment values.

    The language is "" where it is unknown, or that of the page.
    """
    is_other = item.language not in (language, Language.UND)
    return [
        item.text,
        _place(item.cause_id, place),
        round(item.membership, 2),
        item.verbatim_id,
        facts.score,
        facts.date,
        item.language.value if is_other else "",
        *(facts.segments.get(column, "") for column in columns),
    ]


def _filters(
    report: RootCauseReport,
    assignments: Sequence[ComplaintAssignment],
    facts: Mapping[str, VerbatimFacts],
    columns: Sequence[str],
    place: Mapping[str, int],
) -> list[dict[str, Any]]:
    """Complaints and impact per cause under each value of each segment column."""
    empty = VerbatimFacts()
    impacts = {table.column: table.impacts for table in report.cross_tables}
    found = []
    for column in columns:
        counts: dict[str, Counter[int]] = defaultdict(Counter)
        for item in assignments:
            value = facts.get(item.verbatim_id, empty).segments.get(column, "")
            if value:
                counts[value][_place(item.cause_id, place)] += 1
        totals = {value: own.total() for value, own in counts.items()}
        ranked = sorted(totals, key=lambda value: (-totals[value], value))[:MAX_FILTER_VALUES]
        entries = []
        for value in ranked:
            known = impacts.get(column, {}).get(value)
            entries.append(
                {
                    "value": value,
                    "total": totals[value],
                    "counts": [counts[value][cause] for cause in place.values()],
                    "score": round(known.metric_value, 1) if known else None,
                    "scored": known.n_scored if known else 0,
                    "impacts": [_impact(known.causes.get(each)) for each in place] if known else [],
                }
            )
        found.append({"column": column, "values": entries})
    return found


def _impact(impact: SegmentImpact | None) -> list[float] | None:
    """Value, bounds, number of verbatims and whether they are too few, 1 or 0."""
    if impact is None:
        return None
    each = impact.leave_one_out
    bounds = [round(number, 2) for number in (each.value, each.low, each.high)]
    return [*bounds, impact.n_verbatims, int(impact.is_too_few)]
