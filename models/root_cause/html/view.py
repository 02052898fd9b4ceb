"""Turns a report into what the page shows: ordered, worded, and laid out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from models.domain import Language
from models.root_cause.html.figures import (
    BoneItem,
    Fishbone,
    RibItem,
    Sparkline,
    lay_fishbone,
    lay_sparkline,
    lay_upright_fishbone,
)
from models.root_cause.html.summary import department_name, stability_band
from models.root_cause.html.wording import GAP, Wording
from models.root_cause.impact import MIN_VERBATIMS, ImpactTable
from models.root_cause.report import Cause, CrossTable, Note, RootCauseReport
from models.root_cause.trend import Direction, Trend, TrendTable
from models.taxonomy import Taxonomy

MAX_CROSS_CAUSES = 15
MAX_CROSS_VALUES = 10
N_TOPICS = 3
N_SHADES = 5
MIN_MIX_SHARE = 0.03
_SYMBOLS = {
    Direction.GROWING: "▲",
    Direction.SHRINKING: "▼",
    Direction.NEW: "✦",
    Direction.STEADY: "→",
    Direction.TOO_FEW: "·",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A named share of a whole."""

    name: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendView:
    """A trend in words, with its sparkline."""

    kind: str
    symbol: str
    label: str
    detail: str
    sparkline: Sparkline | None
    spark_label: str
    spark_caption: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """All that a card of one cause shows beside the cause itself.

    ``gap`` is what the causes share: the metric of all minus that of answers without any cause,
    with the sign of this cause's impact.
    """

    cause: Cause
    name: str
    is_borrowed: bool
    theme: str
    owner: str
    runner_up: str
    departments: tuple[Part, ...]
    topics: tuple[Part, ...]
    languages: tuple[Part, ...]
    terms: tuple[str, ...]
    trend: TrendView | None
    stability: str
    change: str
    gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossCell:
    """Verbatims with a cause among those with a value; ``shade`` runs from 0 to ``N_SHADES``."""

    n: int
    share: float
    shade: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossView:
    """A cross table as shown: largest causes, most frequent values."""

    column: str
    values: tuple[tuple[str, int], ...]
    rows: tuple[tuple[Cause, str, tuple[CrossCell, ...]], ...]
    n_causes: int
    n_values: int


def build_cards(report: RootCauseReport, words: Wording, taxonomy: Taxonomy) -> tuple[Card, ...]:
    """A card per cause, by number of complaints."""
    themes = {
        cause_id: theme.name.in_language(words.language)
        for theme in report.themes
        if len(theme.cause_ids) > 1
        for cause_id in theme.cause_ids
    }
    topics = {label.label: label.name for label in taxonomy.topics}
    names = cause_names(report, words)
    return tuple(
        Card(
            cause=cause,
            name=names[cause.cause_id],
            is_borrowed=words.language in cause.name.borrowed,
            theme=themes.get(cause.cause_id, ""),
            owner=department_name(cause.owner.department, words, taxonomy),
            runner_up=department_name(cause.owner.runner_up, words, taxonomy),
            departments=tuple(
                Part(name=department_name(label, words, taxonomy), share=share)
                for label, share in sorted(
                    cause.owner.mix.items(), key=lambda item: (-item[1], item[0])
                )
                if share >= MIN_MIX_SHARE
            ),
            topics=tuple(
                Part(name=topics.get(label, {}).get(words.language.value, label), share=share)
                for label, share in list(cause.topic_mix.items())[:N_TOPICS]
            ),
            languages=tuple(
                Part(name=words.texts[f"language_{language.value}"], share=share)
                for language, share in cause.languages.items()
            ),
            terms=tuple(term.text for term in cause.key_terms.get(words.language, ())[:6]),
            trend=_trend(cause.trend, report.trend, words),
            stability=_stability(cause.stability, words) if len(names) > 1 else "",
            change=_change(cause, words),
            gap=_gap(cause, report.impact),
        )
        for cause in by_count(report)
    )


def by_count(report: RootCauseReport) -> tuple[Cause, ...]:
    """Causes by number of complaints, most first, ties by id."""
    return tuple(sorted(report.causes, key=lambda cause: (-cause.n_complaints, cause.cause_id)))


def cause_names(report: RootCauseReport, words: Wording) -> dict[str, str]:
    """Name of every cause in the language of the report, by id."""
    return {cause.cause_id: cause.name.in_language(words.language) for cause in report.causes}


def build_fishbone(
    report: RootCauseReport, words: Wording, taxonomy: Taxonomy
) -> tuple[Fishbone, Fishbone] | None:
    """The fishbone for a wide and for a narrow page; None without causes."""
    if not report.causes:
        return None
    items = bone_items(report, words, taxonomy)
    return lay_fishbone(items), lay_upright_fishbone(items)


def bone_items(report: RootCauseReport, words: Wording, taxonomy: Taxonomy) -> tuple[BoneItem, ...]:
    """Departments with their causes, both by number of complaints; no owner comes last."""
    causes = by_count(report)
    most = max((cause.n_complaints for cause in causes), default=1)
    groups: dict[str | None, list[Cause]] = {}
    for cause in causes:
        groups.setdefault(cause.owner.department, []).append(cause)
    totals = {label: sum(each.n_complaints for each in own) for label, own in groups.items()}
    ranked = sorted(groups, key=lambda label: (label is None, -totals[label], label or ""))
    return tuple(
        BoneItem(
            department=department_name(label, words, taxonomy),
            count=words.integer(totals[label]),
            ribs=tuple(
                RibItem(
                    cause_id=cause.cause_id,
                    name=cause.name.in_language(words.language),
                    count=words.integer(cause.n_complaints),
                    weight=cause.n_complaints / max(1, most),
                    is_contested=cause.owner.is_contested,
                )
                for cause in groups[label]
            ),
        )
        for label in ranked
    )


def build_cross(report: RootCauseReport, words: Wording) -> tuple[CrossView, ...]:
    """Cross tables with at least one value, cut to a size that can be read."""
    causes = by_count(report)[:MAX_CROSS_CAUSES]
    names = cause_names(report, words)
    views = []
    for table in report.cross_tables:
        values = sorted(table.n_verbatims.items(), key=lambda item: (-item[1], item[0]))
        if not values or not causes:
            continue
        shown = tuple(values[:MAX_CROSS_VALUES])
        views.append(
            CrossView(
                column=table.column,
                values=shown,
                rows=_cross_rows(table, causes, names, shown),
                n_causes=len(report.causes),
                n_values=len(values),
            )
        )
    return tuple(views)


def note_text(note: Note, words: Wording) -> tuple[str, str]:
    """A note and its language: that of the report, English for a code without a text."""
    key = f"note_{note.code}"
    if key in words.texts:
        return words.say(key, n=words.integer(note.count)), words.language.value
    return f"{note.detail[:1].upper()}{note.detail[1:]}.", Language.EN.value


def n_for_share(report: RootCauseReport, share: float = 0.8) -> int:
    """How many of the largest causes hold a share of the complaints that fit a cause."""
    counts = [cause.n_complaints for cause in by_count(report)]
    bound, total = share * sum(counts), 0
    for position, count in enumerate(counts, start=1):
        total += count
        if total >= bound:
            return position
    return len(counts)


def _cross_rows(
    table: CrossTable,
    causes: tuple[Cause, ...],
    names: Mapping[str, str],
    values: tuple[tuple[str, int], ...],
) -> tuple[tuple[Cause, str, tuple[CrossCell, ...]], ...]:
    """Rows of a cross table; the shade is relative to the highest share among enough answers."""
    counts = {
        (cause.cause_id, value): table.counts.get(value, {}).get(cause.cause_id, 0)
        for cause in causes
        for value, _ in values
    }
    sizes = dict(values)
    top = max(
        (n / sizes[value] for (_, value), n in counts.items() if sizes[value] >= MIN_VERBATIMS),
        default=1.0,
    )
    rows = []
    for cause in causes:
        cells = []
        for value, size in values:
            n = counts[cause.cause_id, value]
            share = n / max(1, size)
            is_sure = size >= MIN_VERBATIMS and top > 0
            cells.append(
                CrossCell(n=n, share=share, shade=round(N_SHADES * share / top) if is_sure else 0)
            )
        rows.append((cause, names[cause.cause_id], tuple(cells)))
    return tuple(rows)


def _trend(trend: Trend | None, table: TrendTable | None, words: Wording) -> TrendView | None:
    """A trend in words: the factor only where a slope was shown."""
    if trend is None or table is None:
        return None
    per = words.texts[f"per_{table.period}"]
    first, last = (words.period(table.periods[each], table.period) for each in (0, -1))
    q_value = _q_value(trend.q_value, words)
    detail = ""
    if trend.direction in (Direction.GROWING, Direction.SHRINKING):
        change = words.percent(trend.change_per_period - 1, is_signed=True)
        detail = f"{change} {per} ({q_value})"
    elif trend.direction is Direction.NEW:
        detail = q_value
    return TrendView(
        kind=trend.direction.value,
        symbol=_SYMBOLS[trend.direction],
        label=words.texts[f"trend_{trend.direction.value}"],
        detail=detail,
        sparkline=lay_sparkline(trend.rates),
        spark_label=words.say(
            "spark_label",
            per=per,
            first=first,
            last=last,
            start=words.percent(trend.rates[0]),
            end=words.percent(trend.rates[-1]),
            high=words.percent(max(trend.rates)),
        ),
        spark_caption=words.say(
            "spark_caption", per=per, first=first, last=last, high=words.percent(max(trend.rates))
        ),
    )


def _q_value(value: float, words: Wording) -> str:
    """An adjusted p-value, with a lower bound."""
    least = 0.001
    sign = "<" if value < least else "="
    return f"q{GAP}{sign}{GAP}{words.decimal(max(value, least), digits=3)}"


def _gap(cause: Cause, table: ImpactTable | None) -> float:
    """The gap that a cause has its part of; 0 without scores."""
    if table is None or cause.impact is None:
        return 0.0
    size = abs(table.metric_value - table.metric_without_causes)
    return math.copysign(size, cause.impact.adjusted.value)


def _stability(value: float | None, words: Wording) -> str:
    """Stability of one cause in words; "" where it was not estimated."""
    if value is None:
        return ""
    return words.say(
        f"card_stability_{stability_band(value)}", value=words.decimal(value, digits=2)
    )


def _change(cause: Cause, words: Wording) -> str:
    """What became of a cause since the previous run; "" without one."""
    if cause.change is None:
        return ""
    return words.say(
        f"change_{cause.change.change.value}",
        before=words.percent(cause.change.previous_share),
        now=words.percent(cause.change.share),
        previous=words.listing(cause.change.previous),
    )
