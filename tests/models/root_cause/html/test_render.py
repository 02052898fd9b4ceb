import base64
import datetime as dt
import hashlib
import itertools
import json
import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from html_report_fakes import (
    HOSTILE,
    assignments,
    bare_report,
    cause,
    empty_report,
    facts,
    report,
    taxonomy,
)

from models.domain import Language
from models.root_cause.html import VerbatimFacts, render_html
from models.root_cause.html.render import MAX_BARS
from models.root_cause.report import Exemplar, MapPoint, RootCauseReport

VOID = {"meta", "link", "br", "input", "img", "line", "path", "rect", "circle"} | {
    "polygon",
    "polyline",
}


class Page(HTMLParser):
    """Elements of a page: their attributes, and the text right inside each."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self._open: list[int] = []
        self.unclosed: list[str] = []
        self.feed(source)
        self.unclosed += [self.elements[each][0] for each in self._open]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")
        if tag not in VOID:
            self._open.append(len(self.elements) - 1)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.texts.append("")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self.elements[self._open[-1]][0] != tag:
            self.unclosed.append(f"/{tag}")
        else:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if self._open:
            self.texts[self._open[-1]] += data

    def of(self, tag: str) -> list[tuple[dict[str, str | None], str]]:
        return [
            (attributes, text)
            for (name, attributes), text in zip(self.elements, self.texts, strict=True)
            if name == tag
        ]


def render(found: RootCauseReport | None = None, language: str = "nl") -> str:
    return render_html(
        found or report(),
        assignments(),
        language=language,
        taxonomy=taxonomy(),
        facts=facts(),
    )


PAGES = {
    "full nl": render(),
    "full en": render(language="en"),
    "bare": render_html(bare_report(), assignments(), language="nl", taxonomy=taxonomy()),
    "empty": render_html(empty_report(), (), language="en", taxonomy=taxonomy()),
}
each_page = pytest.mark.parametrize("source", PAGES.values(), ids=PAGES.keys())


@each_page
def test_page_is_well_formed(source: str) -> None:
    assert Page(source).unclosed == []


@each_page
def test_page_asks_nothing_of_a_network(source: str) -> None:
    page = Page(source)
    for _, attributes in page.elements:
        assert "src" not in attributes
        assert (attributes.get("href") or "#")[0] == "#" or attributes["href"] == "data:,"
    styles = "".join(text for _, text in page.of("style"))
    assert "url(" not in styles
    assert "@import" not in styles


@each_page
def test_page_lets_only_its_own_scripts_run(source: str) -> None:
    page = Page(source)
    policy = next(
        attributes["content"] or ""
        for attributes, _ in page.of("meta")
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe-eval" not in policy
    for attributes, text in page.of("script"):
        if attributes.get("type") != "application/json":
            digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
            assert f"'sha256-{digest}'" in policy


@each_page
def test_page_has_no_inline_handlers(source: str) -> None:
    names = {name for _, attributes in Page(source).elements for name in attributes}
    assert not {name for name in names if name.startswith("on")}


@each_page
def test_page_shows_hostile_text_as_text(source: str) -> None:
    page = Page(source)
    assert not page.of("img")
    assert not any("alert(1)" in text for attributes, text in page.of("script") if not attributes)


def test_page_keeps_hostile_text_intact() -> None:
    page = Page(PAGES["full nl"])
    quotes = [text for _, text in page.of("p")]
    assert HOSTILE in quotes
    payload = next(text for attributes, text in page.of("script") if "id" in attributes)
    assert [row[0] for row in json.loads(payload)["rows"]][2] == HOSTILE


@each_page
def test_page_links_lead_somewhere(source: str) -> None:
    page = Page(source)
    ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
    assert max(ids.values()) == 1
    targets = {(attributes["href"] or "")[1:] for attributes, _ in page.of("a")}
    assert targets <= set(ids)
    for _, attributes in page.elements:
        for name in (attributes.get("aria-labelledby") or "").split():
            assert name in ids


@each_page
def test_page_headings_skip_no_level(source: str) -> None:
    levels = [int(name[1]) for name, _ in Page(source).elements if name in {"h1", "h2", "h3", "h4"}]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


@each_page
def test_page_drawings_and_controls_have_names(source: str) -> None:
    page = Page(source)
    for attributes, _ in page.of("svg"):
        assert {"aria-label", "aria-labelledby", "aria-hidden"} & attributes.keys()
    for attributes, _ in page.of("th"):
        assert attributes.get("scope") in {"col", "row", "rowgroup"}
    for _, attributes in page.elements:
        if attributes.get("role") == "region":
            assert attributes.get("aria-label")
            assert attributes.get("tabindex") == "0"


@pytest.mark.parametrize(
    ("language", "title"), [("nl", "Oorzaken van klachten"), ("en", "Root causes of complaints")]
)
def test_page_is_in_its_language(language: str, title: str) -> None:
    page = Page(PAGES[f"full {language}"])
    assert page.of("html")[0][0]["lang"] == language
    assert page.of("h1")[0][1] == title


def test_page_marks_the_language_of_quotes() -> None:
    page = Page(PAGES["full nl"])
    marked = {text: attributes.get("lang") for attributes, text in page.of("p")}
    assert marked["Een uur gewacht."] == "nl"
    assert marked["On hold for an hour."] == "en"
    assert marked[HOSTILE] is None


def test_page_marks_a_note_that_it_cannot_translate() -> None:
    notes = {text: attributes.get("lang") for attributes, text in Page(PAGES["full nl"]).of("li")}
    assert notes["A sentence in English."] == "en"


def test_page_prints_interval_sample_and_doubt_beside_an_impact() -> None:
    text = PAGES["full en"].replace("\u00a0", " ")
    assert "95% interval −15.0 to −9.0; n = 120" in text
    assert "gap of −44.2 (all −3.2, without any cause 41.0) × relative weight 50.0%" in text
    assert "all −3.2 minus −1.8 without this cause ≈ −1.5" in text
    assert "too few" in text
    assert "contested with Human resources (45%)" in text
    assert "association, not proof" in text


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("full nl", {"summary", "pareto", "owners", "causes", "segments", "complaints", "method"}),
        ("bare", {"summary", "pareto", "owners", "causes", "complaints", "method"}),
        ("empty", {"summary", "method"}),
    ],
)
def test_page_has_the_parts_that_there_is_something_for(name: str, parts: set[str]) -> None:
    found = {attributes["id"] for attributes, _ in Page(PAGES[name]).of("section")}
    assert found == parts


def test_page_without_causes_needs_no_script() -> None:
    assert not Page(PAGES["empty"]).of("script")


def test_page_is_the_same_each_time() -> None:
    assert render() == PAGES["full nl"]


def test_page_shows_title_and_day() -> None:
    source = render_html(
        bare_report(),
        (),
        language="en",
        taxonomy=taxonomy(),
        title="Q1 <b>",
        prepared_on=dt.date(2025, 4, 2),
    )
    page = Page(source)
    assert page.of("h1")[0][1] == "Q1 <b>"
    assert "Prepared on 2 April 2025" in [text for _, text in page.of("p")]


def test_page_stays_light() -> None:
    assert len(PAGES["full nl"].encode()) < 80_000


def test_page_says_when_it_leaves_complaints_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("models.root_cause.html.payload.pick_rows", lambda rows: rows[:2])
    assert "Deze pagina bevat 2 van 4 klachten" in render()


def test_render_refuses_another_language() -> None:
    with pytest.raises(ValueError, match="'nl' or 'en'"):
        render(language="de")


def test_page_shows_a_map_where_there_are_points() -> None:
    points = (
        MapPoint(x=0.0, y=0.0, cause_id="C001", text=HOSTILE),
        MapPoint(x=1.0, y=1.0, cause_id=None, text=""),
    )
    page = Page(render(report(map_points=points)))
    assert "map" in {attributes["id"] for attributes, _ in page.of("section")}
    assert "2 van 2.000 klachten zijn getekend." in [text for _, text in page.of("figcaption")]
    dots = [attributes for attributes, _ in page.of("path") if "data-cause" in attributes]
    assert [(each["data-cause"], each["d"]) for each in dots] == [
        ("", "M975 25h0"),
        ("C001", "M25 975h0"),
    ]
    assert not page.of("img")


def test_page_of_one_cause_leaves_out_what_would_say_nothing() -> None:
    point = MapPoint(x=0.5, y=0.5, cause_id="C001", text="")
    only = report(causes=report().causes[:1], map_points=(point,))
    source = render(only, "en")
    assert "map" not in {attributes["id"] for attributes, _ in Page(source).of("section")}
    assert "tability" not in source
    assert "hold 80% of the complaints" not in source


def test_page_draws_the_largest_causes_and_lists_all() -> None:
    causes = tuple(cause(row, f"naam {row}", f"name {row}", 100 - row) for row in range(1, 31))
    page = Page(render(report(causes=causes)))
    bars = [attributes for attributes, _ in page.of("li") if "data-place" in attributes]
    assert [("hidden" in each) for each in bars] == [row >= MAX_BARS for row in range(30)]
    rows = [text for attributes, text in page.of("a") if attributes["href"] == "#C030"]
    assert rows.count("naam 30") >= 3  # bar, table, and where its owner is


def test_page_can_be_mailed() -> None:
    quotes = tuple(
        Exemplar(verbatim_id=f"v{row}", language=Language.NL, text="Één klacht. " * 15)
        for row in range(5)
    )
    causes = tuple(
        cause(row, f"naam {row}", f"name {row}", 400, exemplars=quotes) for row in range(1, 101)
    )
    rows = [
        replace(item, text="Één lange klacht. " * 15, verbatim_id=f"v{row}")
        for row, item in enumerate(assignments() * 10_000)
    ]
    known = {
        item.verbatim_id: VerbatimFacts(
            score=float(row % 11), date="2025-03-01", segments={"channel": f"channel {row % 7}"}
        )
        for row, item in enumerate(rows)
    }
    source = render_html(
        report(causes=causes), rows, language="nl", taxonomy=taxonomy(), facts=known
    )
    assert len(source.encode()) < 1_000_000


@each_page
def test_page_animates_only_for_those_who_let_it(source: str) -> None:
    styles = "".join(text for _, text in Page(source).of("style"))
    moving = re.findall(r"scroll-behavior: smooth|transition|animation", styles)
    assert moving == ["scroll-behavior: smooth"]
    assert "@media (prefers-reduced-motion: no-preference) { html { scroll-beh" in styles


@each_page
def test_page_prints_all_cards(source: str) -> None:
    styles = "".join(text for _, text in Page(source).of("style"))
    assert "details.more::details-content { content-visibility: visible;" in styles
