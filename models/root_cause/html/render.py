"""Writes a report as one HTML page that needs nothing from outside."""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import resources

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from models.root_cause.html.charts import (
    CUMULATIVE_TICKS,
    MAP_SIZE,
    lay_count_bars,
    lay_impact_bars,
    lay_map_layers,
)
from models.root_cause.html.facts import VerbatimFacts
from models.root_cause.html.payload import build_payload, segment_columns
from models.root_cause.html.summary import summarise
from models.root_cause.html.view import (
    bone_items,
    build_cards,
    build_cross,
    build_fishbone,
    by_count,
    cause_names,
    n_for_share,
    note_text,
)
from models.root_cause.html.wording import wording
from models.root_cause.impact import MIN_VERBATIMS
from models.root_cause.report import ComplaintAssignment, RootCauseReport
from models.taxonomy import Taxonomy

SCRIPTS = ("assets/page.js", "assets/table.js")
STYLES = ("assets/page.css", "assets/parts.css")
N_OPEN_CARDS = 10
MAX_BARS = 20
_PACKAGE = "models.root_cause.html"


def render_html(
    report: RootCauseReport,
    assignments: Sequence[ComplaintAssignment],
    *,
    language: str,
    taxonomy: Taxonomy,
    title: str | None = None,
    facts: Mapping[str, VerbatimFacts] | None = None,
    prepared_on: dt.date | None = None,
) -> str:
    """Write a report as HTML.

    Parameters
    ----------
    report : RootCauseReport
    assignments : sequence of ComplaintAssignment
        Every complaint of the run; a page holds at most ``MAX_ROWS`` of them.
    language : {"nl", "en"}
        Of the page; customers' words stay as they are.
    taxonomy : Taxonomy
        Names of departments and topics.
    title : str, optional
        Default: "Root causes of complaints" in the language.
    facts : mapping of str to VerbatimFacts, optional
        Scores, dates and segments by verbatim id (``facts_from_table``): columns and filters.
    prepared_on : datetime.date, optional
        Printed under the title; left out, the same report gives the same page on any day.

    Returns
    -------
    str
        A whole document. Its content security policy lets it load nothing and run only its own
        scripts, so markup within a verbatim is harmless even beyond the escaping.

    Raises
    ------
    ValueError
        If the language is neither ``nl`` nor ``en``.
    """
    words = wording(language)
    known = facts or {}
    scripts = [_asset(name) for name in SCRIPTS]
    cards = build_cards(report, words, taxonomy)
    ranked = by_count(report)
    scale, impact_bars = lay_impact_bars(report.by_impact())
    layers = lay_map_layers(report.map_points, [cause.cause_id for cause in ranked])
    page = _environment().get_template("report.html.jinja")
    return page.render(
        report=report,
        words=words,
        t=words.texts,
        title=title or words.texts["title"],
        prepared_on=words.date(prepared_on) if prepared_on else "",
        policy=_policy(scripts),
        styles=[_asset(name) for name in STYLES],
        scripts=scripts,
        summary=summarise(report, words, taxonomy),
        count_bars=lay_count_bars(ranked, report.n_complaints),
        cumulative_ticks=CUMULATIVE_TICKS,
        impact_bars=impact_bars,
        impact_scale=scale,
        names=cause_names(report, words),
        n_eighty=n_for_share(report),
        max_bars=MAX_BARS,
        cards=cards,
        n_open_cards=N_OPEN_CARDS,
        min_verbatims=MIN_VERBATIMS,
        too_few_help=words.say("too_few_help", n=MIN_VERBATIMS),
        fishbone=build_fishbone(report, words, taxonomy),
        bones=bone_items(report, words, taxonomy),
        cross=build_cross(report, words),
        map_layers=layers if len(layers) > 1 else (),  # one group of dots shows nothing
        map_size=MAP_SIZE,
        columns=segment_columns(known),
        notes=[note_text(note, words) for note in report.notes],
        n_complaints=len(assignments),
        payload=build_payload(report, assignments, known, words),
    )


@cache
def _environment() -> Environment:
    """Templates that escape everything and stop at a name they do not know."""
    environment = Environment(
        loader=PackageLoader(_PACKAGE),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.policies["json.dumps_kwargs"] = {
        "ensure_ascii": False,
        "separators": (",", ":"),
    }
    return environment


@cache
def _asset(name: str) -> Markup:
    """A file of this package, as it must stand in the page."""
    text = resources.files(_PACKAGE).joinpath(name).read_text(encoding="utf-8")
    return Markup(text)  # noqa: S704  # our own file, no input


def _policy(scripts: Sequence[str]) -> str:
    """Content security policy: no network, only scripts with these hashes."""
    hashes = (base64.b64encode(hashlib.sha256(text.encode()).digest()) for text in scripts)
    sources = " ".join(f"'sha256-{each.decode()}'" for each in hashes)
    return (
        f"default-src 'none'; script-src {sources}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )
