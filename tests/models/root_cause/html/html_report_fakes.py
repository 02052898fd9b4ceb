"""A small report by hand: three causes, one contested, one on too few answers, hostile texts."""

from dataclasses import replace
from typing import Any

from models.domain import Language
from models.root_cause.html import VerbatimFacts
from models.root_cause.impact import Estimate, Impact, ImpactTable
from models.root_cause.key_terms import KeyTerm
from models.root_cause.names import CauseName
from models.root_cause.owner import OwnerMix
from models.root_cause.report import (
    Cause,
    ComplaintAssignment,
    CrossTable,
    Exemplar,
    Note,
    RootCauseReport,
    Theme,
)
from models.root_cause.stability import CauseChange, Change
from models.root_cause.trend import Direction, Trend, TrendTable
from models.taxonomy import Taxonomy, parse_taxonomy

HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)> & \"'{{7*7}}\u2028"
PERIODS = ("2025-01-01", "2025-02-01", "2025-03-01", "2025-04-01")


def taxonomy() -> Taxonomy:
    def label(name: str, dutch: str, english: str, **extra: Any) -> dict[str, Any]:
        names = {"nl": dutch, "en": english}
        return {"label": name, "name": names, "definition": names, **extra}

    return parse_taxonomy(
        {
            "name": "tiny",
            "version": 1,
            "max_topics": 2,
            "topics": [label("price", "Prijs", "Price"), label("wait", "Wachten", "Waiting")],
            "sentiments": [label("negative", "n", "n", score=-1), label("positive", "p", "p")],
            "departments": [
                label("hr", "Personeelszaken", "Human resources"),
                label("board", "Directie", "Board"),
                label("none", "Geen eigenaar", "No owner"),
            ],
        }
    )


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value=value, low=low, high=high)


def impact(adjusted: Estimate, *, n: int = 120, is_too_few: bool = False) -> Impact:
    return Impact(
        n_verbatims=n,
        leave_one_out=estimate(-1.5, -2.0, -1.0),
        adjusted=adjusted,
        relative_weight=0.5,
        is_too_few=is_too_few,
    )


def trend(direction: Direction, *, factor: float = 1.0, q: float = 0.5) -> Trend:
    return Trend(
        direction=direction,
        counts=(10, 20, 30, 40),
        rates=(0.01, 0.02, 0.03, 0.04),
        change_per_period=factor,
        q_value=q,
        dispersion=1.0,
    )


def owner(department: str | None = "board", *, is_contested: bool = False) -> OwnerMix:
    return OwnerMix(
        department=department,
        share=0.55 if department else 0.0,
        low=0.5,
        high=0.6,
        runner_up="hr" if department else None,
        runner_up_share=0.45,
        is_contested=is_contested,
        mix={"hr": 0.45, "board": 0.55},
        none_share=0.3,
        n_complaints=10,
    )


def cause(number: int, dutch: str, english: str, n_complaints: int, **extra: Any) -> Cause:
    values: dict[str, Any] = {
        "cause_id": f"C{number:03d}",
        "name": CauseName(nl=dutch, en=english),
        "theme": 0,
        "n_complaints": n_complaints,
        "n_verbatims": n_complaints - 1,
        "share": n_complaints / 2000,
        "owner": owner(),
        "impact": impact(estimate(-12.34, -15.0, -9.0)),
        "trend": trend(Direction.STEADY),
        "stability": 0.5,
        "change": None,
        "key_terms": {Language.NL: (KeyTerm(text="wacht", score=1.0, n_complaints=3),)},
        "exemplars": (
            Exemplar(verbatim_id="v1", language=Language.NL, text="Een uur gewacht."),
            Exemplar(verbatim_id="v2", language=Language.EN, text="On hold for an hour."),
        ),
        "topic_mix": {"wait": 0.75, "price": 0.25},
        "languages": {Language.NL: 0.6, Language.EN: 0.4},
    }
    return Cause(**{**values, **extra})


def report(**extra: Any) -> RootCauseReport:
    causes = (
        cause(1, "Lang in de wacht", "On hold", 1200, trend=trend(Direction.GROWING, factor=1.25)),
        cause(
            2,
            "Dure factuur",
            "Costly bill",
            600,
            owner=owner("hr", is_contested=True),
            impact=impact(estimate(-20.0, -30.0, -10.0), n=12, is_too_few=True),
            trend=trend(Direction.NEW, q=0.00001),
            change=CauseChange(
                cause_id="C002",
                change=Change.MERGED,
                previous=("C002", "C009"),
                previous_share=0.2,
                share=0.3,
            ),
        ),
        cause(
            3,
            f"Naam {HOSTILE}",
            f"Name {HOSTILE}",
            100,
            owner=owner(None),
            impact=impact(estimate(0.5, -1.0, 2.0)),
            exemplars=(Exemplar(verbatim_id="v3", language=Language.UND, text=HOSTILE),),
        ),
    )
    values: dict[str, Any] = {
        "n_verbatims": 12345,
        "n_tagged": 12000,
        "n_complaining": 1543,
        "n_complaints": 2000,
        "n_unique": 1900,
        "emerging_share": 0.05,
        "causes": causes,
        "themes": (
            Theme(
                name=CauseName(nl="Contact", en="Contact"),
                cause_ids=("C001", "C002"),
                n_complaints=1800,
                share=0.9,
            ),
            Theme(name=causes[2].name, cause_ids=("C003",), n_complaints=100, share=0.05),
        ),
        "impact": ImpactTable(
            metric="nps",
            unit="NPS points",
            metric_value=-3.25,
            metric_without_causes=41.0,
            explained_share=0.31,
            n_scored=11000,
            n_without_causes=9000,
            n_refused=0,
            causes=tuple(each.impact for each in causes if each.impact),
            formula="formula",
        ),
        "trend": TrendTable(
            period="month",
            periods=PERIODS,
            n_verbatims=(1000, 1000, 1000, 1000),
            n_undated=0,
            causes=tuple(each.trend for each in causes if each.trend),
        ),
        "stability": 0.44,
        "gone": (),
        "cross_tables": (
            CrossTable(
                column=f"channel {HOSTILE}",
                n_verbatims={"web": 200, "app": 20, HOSTILE: 100},
                counts={"web": {"C001": 40, "C002": 10}, "app": {"C001": 20}, HOSTILE: {}},
            ),
        ),
        "notes": (
            Note(code="abstained", count=345, detail="345 verbatims hold no text"),
            Note(code="something_else", detail="a sentence in English"),
        ),
        "seed": 7,
        "bundle_version": "abc123",
    }
    return RootCauseReport(**{**values, **extra})


def bare_report() -> RootCauseReport:
    """Neither scores nor dates nor segments, one cause."""
    only = replace(report().causes[0], impact=None, trend=None, stability=None)
    return report(
        causes=(only,),
        themes=(),
        impact=None,
        trend=None,
        stability=None,
        cross_tables=(),
        notes=(),
    )


def empty_report() -> RootCauseReport:
    """No complaint at all."""
    return report(
        n_complaining=0,
        n_complaints=0,
        n_unique=0,
        emerging_share=0.0,
        causes=(),
        themes=(),
        impact=None,
        trend=None,
        stability=None,
        cross_tables=(),
        notes=(Note(code="no_complaints", detail="no complaint was found"),),
    )


def assignment(row: int, cause_id: str | None, text: str = "Een uur gewacht.") -> Any:
    return ComplaintAssignment(
        verbatim_id=f"v{row}",
        segment=0,
        text=text,
        cause_id=cause_id,
        nearest_id=cause_id or "C001",
        membership=0.876,
    )


def assignments() -> tuple[ComplaintAssignment, ...]:
    return (
        assignment(1, "C001"),
        assignment(2, "C001", "Café était closed"),
        assignment(3, "C003", HOSTILE),
        assignment(4, None),
    )


def facts() -> dict[str, VerbatimFacts]:
    return {
        "v1": VerbatimFacts(score=2.0, date="2025-03-01", segments={"channel": "web"}),
        "v2": VerbatimFacts(segments={"channel": "web", "region": "Zuid"}),
        "v3": VerbatimFacts(segments={"channel": HOSTILE}),
    }
