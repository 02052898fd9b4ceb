"""Says in five sentences what a manager must know, from the values of a report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from models.root_cause.html.wording import Wording
from models.root_cause.report import Cause, RootCauseReport
from models.root_cause.trend import MIN_PERIODS, Direction
from models.taxonomy import Taxonomy

N_LARGEST = 3
N_NAMED = 3
FIRM = 0.75
UNCERTAIN = 0.6
"""Bounds of stability: Hennig (2007), Computational Statistics & Data Analysis 52, 258-271."""


def summarise(report: RootCauseReport, words: Wording, taxonomy: Taxonomy) -> tuple[str, ...]:
    """Scope, size, cost, trend and owner, one sentence each; two where there is no cause."""
    if not report.causes:
        return (
            words.say("sum_nothing", verbatims=words.count("verbatims", report.n_verbatims)),
            words.texts["sum_nothing_next"],
        )
    return (
        _scope(report, words),
        _size(report, words),
        _impact(report, words),
        _trend(report, words),
        _owner(report, words, taxonomy),
    )


def department_name(label: str | None, words: Wording, taxonomy: Taxonomy) -> str:
    """What a department is called; None is no owner."""
    names = {item.label: item.name for item in taxonomy.departments}
    if label is None:
        return words.texts["no_department"]
    return names.get(label, {}).get(words.language.value, label)


def stability_band(value: float) -> str:
    """``low``, ``middle`` or ``high``."""
    return "low" if value < UNCERTAIN else "high" if value > FIRM else "middle"


def costliest(report: RootCauseReport) -> Cause | None:
    """The cause with the worst adjusted impact among those whose interval lies under zero."""
    for cause in report.by_impact():
        impact = cause.impact
        if impact and not impact.is_too_few and impact.adjusted.high < 0:
            return cause
    return None


def _scope(report: RootCauseReport, words: Wording) -> str:
    """How much was read, and how much of it complains."""
    n_complaining = report.n_complaining
    return words.say(
        "sum_scope",
        verbatims=words.count("verbatims", report.n_verbatims),
        complaining=words.integer(n_complaining),
        share=words.percent(n_complaining / max(1, report.n_verbatims)),
        holds=words.texts["hold_one" if n_complaining == 1 else "hold_many"],
        complaints=words.count("complaints", report.n_complaints),
        causes=words.count("causes", len(report.causes)),
    )


def _size(report: RootCauseReport, words: Wording) -> str:
    """The largest causes."""
    largest = sorted(report.causes, key=lambda cause: -cause.n_complaints)[:N_LARGEST]
    return words.say(
        "sum_size_one" if len(largest) == 1 else "sum_size_many",
        names=_names(largest, words),
        share=words.percent(sum(cause.share for cause in largest)),
    )


def _impact(report: RootCauseReport, words: Wording) -> str:
    """The costliest cause, if any is beyond doubt."""
    if report.impact is None:
        return words.texts["sum_impact_none"]
    metric = words.texts[f"metric_{report.impact.metric}"]
    worst = costliest(report)
    if worst is None or worst.impact is None:
        return words.say("sum_impact_unsure", metric=metric)
    return words.say(
        "sum_impact",
        name=_names([worst], words),
        metric=metric,
        value=words.signed(worst.impact.adjusted.value),
        unit=words.texts[f"unit_{report.impact.metric}"],
        interval=words.estimate(worst.impact.adjusted),
        n=words.sample(worst.impact.n_verbatims),
    )


def _trend(report: RootCauseReport, words: Wording) -> str:
    """What is new, grows and shrinks."""
    if report.trend is None:
        return words.texts["sum_trend_none"]
    periods = words.count(report.trend.period, len(report.trend.periods))
    if len(report.trend.periods) < MIN_PERIODS:
        return words.say("sum_trend_short", periods=periods)
    parts = []
    for direction in (Direction.NEW, Direction.GROWING, Direction.SHRINKING):
        causes = [
            cause for cause in report.causes if cause.trend and cause.trend.direction is direction
        ]
        if causes:
            form = "one" if len(causes) == 1 else "many"
            parts.append(words.say(f"sum_{direction.value}_{form}", names=_names(causes, words)))
    if not parts:
        return words.say("sum_trend_steady", periods=periods)
    return words.say("sum_trend", periods=periods, parts=words.listing(parts))


def _owner(report: RootCauseReport, words: Wording, taxonomy: Taxonomy) -> str:
    """Who owns most, and how sure all this is."""
    sure = ""
    if report.stability is not None and len(report.causes) > 1:  # one cause has no borders
        sure = words.say(
            f"sum_sure_{stability_band(report.stability)}",
            value=words.decimal(report.stability, digits=2),
        )
    counts: Counter[str] = Counter()
    for cause in report.causes:
        if cause.owner.department is not None:
            counts[cause.owner.department] += cause.n_complaints
    if not counts:
        return words.say("sum_owner_none", sure=sure)
    department, n_complaints = min(counts.items(), key=lambda item: (-item[1], item[0]))
    n_contested = sum(cause.owner.is_contested for cause in report.causes)
    contested = (
        words.say(
            "sum_contested_one" if n_contested == 1 else "sum_contested_many",
            n=words.integer(n_contested),
        )
        if n_contested
        else ""
    )
    return words.say(
        "sum_owner",
        share=words.percent(n_complaints / max(1, report.n_complaints)),
        department=department_name(department, words, taxonomy),
        contested=contested,
        sure=sure,
    )


def _names(causes: Sequence[Cause], words: Wording) -> str:
    """Names of the first causes within a sentence, the others counted."""
    shown = [words.quoted(cause.name.in_language(words.language)) for cause in causes[:N_NAMED]]
    n_others = len(causes) - len(shown)
    if n_others:
        form = "one" if n_others == 1 else "many"
        shown.append(words.say(f"sum_others_{form}", n=words.integer(n_others)))
    return words.listing(shown)
