"""A report as flat tables: one row per cause, complaint, theme, period and so on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from models.domain import Language
from models.root_cause.export.content import ReportContent
from models.root_cause.html.facts import VerbatimFacts
from models.root_cause.impact import Estimate
from models.root_cause.names import CauseName
from models.root_cause.report import Cause, ComplaintAssignment, RootCauseReport

N_EXEMPLARS = 3
_JOINED = "; "


class Kind(StrEnum):
    """Kind of the values in a column; each may be missing."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    SHARE = "share"
    FLAG = "flag"
    DATE = "date"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of a table, with its values and what they mean in Dutch and in English."""

    name: str
    kind: Kind
    values: Sequence[Any]
    nl: str = ""
    en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """Columns of equal length."""

    name: str
    columns: tuple[Column, ...]

    @property
    def n_rows(self) -> int:
        """Number of rows."""
        return len(self.columns[0].values) if self.columns else 0

    def as_dict(self) -> dict[str, list[Any]]:
        """Values by column."""
        return {column.name: list(column.values) for column in self.columns}

    def rows(self) -> Iterable[tuple[Any, ...]]:
        """Values by row."""
        return zip(*(column.values for column in self.columns), strict=True)


def causes_table(report: RootCauseReport) -> Table:
    """One row per cause, most complaints first."""
    causes = sorted(report.causes, key=lambda cause: (-cause.n_complaints, cause.cause_id))
    metric = report.impact.metric if report.impact else None
    themes = report.themes

    def of(name: str, kind: Kind, read: Callable[[Cause], Any], nl: str, en: str) -> Column:
        return Column(name=name, kind=kind, values=[read(each) for each in causes], nl=nl, en=en)

    departments = list(dict.fromkeys(label for each in causes for label in each.owner.mix))
    return Table(
        name="causes",
        columns=(
            of("cause_id", Kind.TEXT, lambda c: c.cause_id, "vaste code", "lasting id"),
            of("name_nl", Kind.TEXT, lambda c: c.name.nl, "naam", "name in Dutch"),
            of("name_en", Kind.TEXT, lambda c: c.name.en, "naam in het Engels", "name"),
            of(
                "theme_nl",
                Kind.TEXT,
                lambda c: themes[c.theme].name.nl if c.theme < len(themes) else None,
                "thema waar de oorzaak in valt",
                "theme of the cause, in Dutch",
            ),
            of(
                "theme_en",
                Kind.TEXT,
                lambda c: themes[c.theme].name.en if c.theme < len(themes) else None,
                "thema, in het Engels",
                "theme that the cause is part of",
            ),
            of("n_complaints", Kind.INTEGER, lambda c: c.n_complaints, "klachten", "complaints"),
            of(
                "n_verbatims",
                Kind.INTEGER,
                lambda c: c.n_verbatims,
                "antwoorden met deze oorzaak",
                "verbatims with this cause",
            ),
            of("share", Kind.SHARE, lambda c: c.share, "van alle klachten", "of all complaints"),
            *_owner_columns(of, departments),
            *_impact_columns(of, metric),
            *_trend_columns(of),
            of(
                "stability",
                Kind.NUMBER,
                lambda c: c.stability,
                "overeenkomst met herhalingen op een deel van de klachten (0 tot 1)",
                "agreement with runs on part of the complaints (0 to 1)",
            ),
            of(
                "change",
                Kind.TEXT,
                lambda c: c.change.change.value if c.change else None,
                "tegenover de vorige analyse",
                "against the previous run",
            ),
            of(
                "previous_ids",
                Kind.TEXT,
                lambda c: _JOINED.join(c.change.previous) if c.change else None,
                "codes in de vorige analyse",
                "ids in the previous run",
            ),
            of(
                "previous_share",
                Kind.SHARE,
                lambda c: c.change.previous_share if c.change else None,
                "aandeel in de vorige analyse",
                "share in the previous run",
            ),
            of(
                "share_dutch",
                Kind.SHARE,
                lambda c: c.languages.get(Language.NL, 0.0),
                "deel in het Nederlands",
                "part that is Dutch",
            ),
            of(
                "topics",
                Kind.TEXT,
                lambda c: _JOINED.join(f"{k} {100 * v:.0f}%" for k, v in c.topic_mix.items()),
                "onderwerpen met hun aandeel",
                "topics with their shares",
            ),
            *(
                of(
                    f"key_terms_{language.value}",
                    Kind.TEXT,
                    lambda c, code=language: _JOINED.join(  # type: ignore[misc]
                        term.text for term in c.key_terms.get(code, ())
                    ),
                    "kenmerkende woorden",
                    "key terms",
                )
                for language in (Language.NL, Language.EN)
            ),
            *(
                of(
                    f"exemplar_{place + 1}",
                    Kind.TEXT,
                    lambda c, row=place: (  # type: ignore[misc]
                        c.exemplars[row].text if row < len(c.exemplars) else None
                    ),
                    "echte klacht, zonder persoonsgegevens",
                    "a real complaint, personal data masked",
                )
                for place in range(N_EXEMPLARS)
            ),
        ),
    )


def placed_table(items: Sequence[ComplaintAssignment], names: Mapping[str, CauseName]) -> Table:
    """One row per complaint: where it belongs, by id and name of the cause."""
    own = [names.get(item.cause_id or "") for item in items]
    columns = (
        Column(
            name="verbatim_id",
            kind=Kind.TEXT,
            values=[item.verbatim_id for item in items],
            nl="id van het antwoord, of het rijnummer",
            en="id of the verbatim, or the number of its row",
        ),
        Column(
            name="segment",
            kind=Kind.INTEGER,
            values=[item.segment for item in items],
            nl="zinsdeel waarmee de klacht begint, vanaf 0",
            en="clause with which the complaint begins, from 0",
        ),
        Column(
            name="language",
            kind=Kind.TEXT,
            values=[item.language.value for item in items],
            nl="taal van het antwoord",
            en="language of the verbatim",
        ),
        Column(
            name="text",
            kind=Kind.TEXT,
            values=[item.text for item in items],
            nl="de klacht, zonder persoonsgegevens",
            en="the complaint, personal data masked",
        ),
        Column(
            name="cause_id",
            kind=Kind.TEXT,
            values=[item.cause_id for item in items],
            nl="oorzaak; leeg: opkomend, past bij geen oorzaak",
            en="cause; empty: emerging, fits no cause",
        ),
        Column(
            name="cause_nl",
            kind=Kind.TEXT,
            values=[name.nl if name else None for name in own],
            nl="naam van de oorzaak",
            en="name of the cause in Dutch",
        ),
        Column(
            name="cause_en",
            kind=Kind.TEXT,
            values=[name.en if name else None for name in own],
            nl="naam van de oorzaak in het Engels",
            en="name of the cause",
        ),
        Column(
            name="membership",
            kind=Kind.NUMBER,
            values=[round(item.membership, 4) for item in items],
            nl="hoe goed de klacht past (0 tot 1)",
            en="how well the complaint fits (0 to 1)",
        ),
        Column(
            name="nearest_id",
            kind=Kind.TEXT,
            values=[item.nearest_id for item in items],
            nl="dichtstbijzijnde oorzaak, ook van een opkomende klacht",
            en="nearest cause, of an emerging complaint too",
        ),
    )
    return Table(name="assignments", columns=columns)


def assignments_table(content: ReportContent) -> Table:
    """One row per complaint, in the order of the verbatims, with what is known of it."""
    causes = {cause.cause_id: cause for cause in content.report.causes}
    items = content.assignments
    nothing = VerbatimFacts()
    facts = [content.facts.get(item.verbatim_id, nothing) for item in items]
    own = [causes.get(item.cause_id or "") for item in items]
    placed = placed_table(items, {cause_id: cause.name for cause_id, cause in causes.items()})
    columns = [
        *placed.columns,
        Column(
            name="owner",
            kind=Kind.TEXT,
            values=[cause.owner.department if cause else None for cause in own],
            nl="afdeling die de oorzaak leidt",
            en="department that leads the cause",
        ),
        Column(
            name="score",
            kind=Kind.NUMBER,
            values=[item.score for item in facts],
            nl="score van het antwoord",
            en="score of the verbatim",
        ),
        Column(
            name="date",
            kind=Kind.DATE,
            values=[dt.date.fromisoformat(item.date) if item.date else None for item in facts],
            nl="dag van het antwoord",
            en="day of the verbatim",
        ),
    ]
    taken = {column.name for column in columns}
    for name in dict.fromkeys(key for item in content.facts.values() for key in item.segments):
        columns.append(
            Column(
                name=name if name not in taken else f"segment_{name}",
                kind=Kind.TEXT,
                values=[item.segments.get(name) for item in facts],
                nl="kolom van de invoer",
                en="column of the input",
            )
        )
    return Table(name="assignments", columns=tuple(columns))


def themes_table(report: RootCauseReport) -> Table:
    """One row per theme."""
    themes = report.themes
    return Table(
        name="themes",
        columns=(
            _text("theme_nl", [theme.name.nl for theme in themes]),
            _text("theme_en", [theme.name.en for theme in themes]),
            _text("cause_ids", [_JOINED.join(theme.cause_ids) for theme in themes]),
            Column(
                name="n_complaints",
                kind=Kind.INTEGER,
                values=[theme.n_complaints for theme in themes],
            ),
            Column(name="share", kind=Kind.SHARE, values=[theme.share for theme in themes]),
        ),
    )


def periods_table(report: RootCauseReport) -> Table:
    """Verbatims per cause and period; a row per cause, a column per period."""
    trend = report.trend
    causes = [cause for cause in report.causes if cause.trend] if trend else []
    periods = trend.periods if trend else ()
    return Table(
        name="periods",
        columns=(
            _text("cause_id", ["", *(cause.cause_id for cause in causes)] if trend else []),
            _text(
                "name_en",
                ["all verbatims", *(cause.name.en for cause in causes)] if trend else [],
            ),
            *(
                Column(
                    name=first_day,
                    kind=Kind.INTEGER,
                    values=[
                        trend.n_verbatims[row] if trend else 0,
                        *(cause.trend.counts[row] for cause in causes if cause.trend),
                    ],
                )
                for row, first_day in enumerate(periods)
            ),
        ),
    )


def segments_table(report: RootCauseReport) -> Table:
    """Verbatims with each cause per value of each segment column; a row per combination."""
    found = [
        (table, value, cause_id, n_verbatims)
        for table in report.cross_tables
        for value, counts in table.counts.items()
        for cause_id, n_verbatims in counts.items()
    ]
    impacts = [
        table.impacts[value].causes.get(cause_id) if value in table.impacts else None
        for table, value, cause_id, _ in found
    ]
    names = {cause.cause_id: cause.name.en for cause in report.causes}
    columns = [
        _text("column", [row[0].column for row in found]),
        _text("value", [row[1] for row in found]),
        _text("cause_id", [row[2] for row in found]),
        _text("name_en", [names.get(row[2]) for row in found]),
        Column(name="n_verbatims", kind=Kind.INTEGER, values=[row[3] for row in found]),
        Column(
            name="share_of_value",
            kind=Kind.SHARE,
            values=[row[3] / max(1, row[0].n_verbatims[row[1]]) for row in found],
        ),
    ]
    if any(impacts):
        columns += [
            Column(
                name=name,
                kind=Kind.NUMBER,
                values=[getattr(each.leave_one_out, part) if each else None for each in impacts],
            )
            for name, part in (
                ("impact_leave_one_out", "value"),
                ("impact_leave_one_out_low", "low"),
                ("impact_leave_one_out_high", "high"),
            )
        ]
        columns.append(
            Column(
                name="impact_is_too_few",
                kind=Kind.FLAG,
                values=[each.is_too_few if each else None for each in impacts],
            )
        )
    return Table(name="segments", columns=tuple(columns))


def exemplars_table(report: RootCauseReport) -> Table:
    """Every exemplar of every cause."""
    found = [(cause, item) for cause in report.causes for item in cause.exemplars]
    return Table(
        name="exemplars",
        columns=(
            _text("cause_id", [cause.cause_id for cause, _ in found]),
            _text("name_en", [cause.name.en for cause, _ in found]),
            _text("verbatim_id", [item.verbatim_id for _, item in found]),
            _text("language", [item.language.value for _, item in found]),
            _text("text", [item.text for _, item in found]),
        ),
    )


def notes_table(report: RootCauseReport) -> Table:
    """What the analysis could not do, its formula and its run."""
    rows = [(note.code, note.detail) for note in report.notes]
    if report.impact:
        rows.append(("formula", report.impact.formula))
    rows += [
        ("seed", str(report.seed)),
        ("bundle_version", report.bundle_version),
        ("names_polished_by", report.names_polished_by or "nobody: key phrases of the complaints"),
    ]
    return Table(
        name="notes",
        columns=(_text("code", [row[0] for row in rows]), _text("text", [row[1] for row in rows])),
    )


def columns_table(*tables: Table) -> Table:
    """What the columns of other tables mean."""
    found = [(table.name, column) for table in tables for column in table.columns if column.en]
    return Table(
        name="columns",
        columns=(
            _text("table", [name for name, _ in found]),
            _text("column", [column.name for _, column in found]),
            _text("nl", [column.nl for _, column in found]),
            _text("en", [column.en for _, column in found]),
        ),
    )


_Of = Callable[[str, Kind, Callable[[Cause], Any], str, str], Column]


def _owner_columns(of: _Of, departments: Sequence[str]) -> Iterable[Column]:
    """Who owns a cause, and how sure that is."""
    yield of(
        "owner",
        Kind.TEXT,
        lambda c: c.owner.department,
        "afdeling die de mix leidt",
        "department that leads the mix",
    )
    for name, nl, en in (
        ("share", "aandeel van de eigenaar in de mix", "share of the owner in the mix"),
        ("low", "ondergrens daarvan (95 %)", "its lower bound (95 %)"),
        ("high", "bovengrens daarvan (95 %)", "its upper bound (95 %)"),
    ):
        yield of(f"owner_{name}", Kind.SHARE, _owner_number(name), nl, en)
    yield of(
        "is_contested",
        Kind.FLAG,
        lambda c: c.owner.is_contested,
        "de tweede afdeling zit er dicht op",
        "the runner-up is close",
    )
    yield of(
        "runner_up", Kind.TEXT, lambda c: c.owner.runner_up, "tweede afdeling", "second department"
    )
    for label in departments:
        yield of(
            f"department_{label}",
            Kind.SHARE,
            _department_share(label),
            "aandeel in de mix",
            "share in the mix",
        )
    yield of(
        "no_department",
        Kind.SHARE,
        lambda c: c.owner.none_share,
        "kans dat geen afdeling het veroorzaakt",
        "probability that no department causes it",
    )


def _impact_columns(of: _Of, metric: str | None) -> Iterable[Column]:
    """What a cause costs; empty without scores."""
    yield of("impact_metric", Kind.TEXT, lambda _: metric, "maat", "metric")
    for name, nl, en in (
        (
            "adjusted",
            "kosten, gedeeld met oorzaken die samen voorkomen",
            "cost, co-mentions shared",
        ),
        ("leave_one_out", "verschil zonder deze oorzaak", "metric minus that without the cause"),
    ):
        for bound, suffix in (("value", ""), ("low", "_low"), ("high", "_high")):
            more = f" ({bound}, 95 %)" if suffix else ""
            yield of(
                f"impact_{name}{suffix}",
                Kind.NUMBER,
                _impact_number(name, bound),
                nl + more,
                en + more,
            )
    yield of(
        "impact_relative_weight",
        Kind.SHARE,
        lambda c: c.impact.relative_weight if c.impact else None,
        "deel van wat alle oorzaken samen verklaren",
        "part of what all causes explain",
    )
    yield of(
        "impact_n",
        Kind.INTEGER,
        lambda c: c.impact.n_verbatims if c.impact else None,
        "antwoorden met score en deze oorzaak",
        "scored verbatims with the cause",
    )
    yield of(
        "impact_too_few",
        Kind.FLAG,
        lambda c: c.impact.is_too_few if c.impact else None,
        "te weinig antwoorden om op te sturen",
        "too few verbatims to act on",
    )


def _trend_columns(of: _Of) -> Iterable[Column]:
    """Where a cause goes; empty without dates."""
    yield of(
        "trend",
        Kind.TEXT,
        lambda c: c.trend.direction.value if c.trend else None,
        "richting",
        "direction",
    )
    for name, nl, en in (
        ("change_per_period", "factor per periode", "factor per period"),
        ("q_value", "bijgestelde p-waarde", "adjusted p-value"),
        ("dispersion", "spreiding; 1 is toeval", "spread; 1 is chance"),
    ):
        yield of(f"trend_{name}", Kind.NUMBER, _trend_number(name), nl, en)


def _owner_number(name: str) -> Callable[[Cause], float]:
    return lambda cause: float(getattr(cause.owner, name))


def _department_share(label: str) -> Callable[[Cause], float]:
    return lambda cause: cause.owner.mix.get(label, 0.0)


def _impact_number(name: str, bound: str) -> Callable[[Cause], float | None]:
    def read(cause: Cause) -> float | None:
        if cause.impact is None:
            return None
        estimate: Estimate = getattr(cause.impact, name)
        return float(getattr(estimate, bound))

    return read


def _trend_number(name: str) -> Callable[[Cause], float | None]:
    return lambda cause: float(getattr(cause.trend, name)) if cause.trend else None


def _text(name: str, values: Sequence[str | None]) -> Column:
    return Column(name=name, kind=Kind.TEXT, values=values)
