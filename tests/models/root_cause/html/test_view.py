from dataclasses import replace

import pytest
from html_report_fakes import HOSTILE, cause, owner, report, taxonomy, trend

from models.domain import Language
from models.root_cause.html.view import (
    bone_items,
    build_cards,
    build_cross,
    build_fishbone,
    n_for_share,
    note_text,
)
from models.root_cause.html.wording import GAP, wording
from models.root_cause.names import CauseName
from models.root_cause.report import Note
from models.root_cause.stability import CauseChange, Change
from models.root_cause.trend import Direction

NL, EN = wording("nl"), wording("en")


def test_cards_stand_by_number_of_complaints() -> None:
    found = report()
    turned = replace(found, causes=found.causes[::-1])
    cards = build_cards(turned, NL, taxonomy())
    assert [card.cause.cause_id for card in cards] == ["C001", "C002", "C003"]


def test_card_names_departments_topics_and_languages() -> None:
    card = build_cards(report(), EN, taxonomy())[0]
    assert (card.owner, card.runner_up, card.theme) == ("Board", "Human resources", "Contact")
    assert [part.name for part in card.departments] == ["Board", "Human resources"]
    assert [part.name for part in card.topics] == ["Waiting", "Price"]
    assert [part.name for part in card.languages] == ["Dutch", "English"]


def test_card_marks_a_borrowed_name() -> None:
    name = CauseName(nl="Wachten (hold)", en="On hold", borrowed=(Language.NL,))
    found = report(causes=(cause(1, "", "", 10, name=name),))
    assert build_cards(found, NL, taxonomy())[0].is_borrowed
    assert not build_cards(found, EN, taxonomy())[0].is_borrowed


@pytest.mark.parametrize(
    ("direction", "factor", "q", "expected"),
    [
        (Direction.GROWING, 1.25, 0.01, "+25,0 % per maand (q = 0,010)"),
        (Direction.SHRINKING, 0.9, 0.0002, "−10,0 % per maand (q < 0,001)"),
        (Direction.NEW, 9.0, 0.02, "q = 0,020"),
        (Direction.STEADY, 1.5, 0.4, ""),
        (Direction.TOO_FEW, 1.5, 0.4, ""),
    ],
)
def test_card_gives_a_factor_only_where_a_trend_is_shown(
    direction: Direction, factor: float, q: float, expected: str
) -> None:
    found = report(causes=(cause(1, "a", "a", 10, trend=trend(direction, factor=factor, q=q)),))
    view = build_cards(found, NL, taxonomy())[0].trend
    assert view is not None
    assert view.detail.replace(GAP, " ") == expected


@pytest.mark.parametrize(
    ("change", "previous", "expected"),
    [
        (Change.NEW, (), "niet in de vorige analyse"),
        (Change.GROWN, ("C001",), "gegroeid van 10,0 % naar 20,0 % van de klachten"),
        (Change.SHRUNK, ("C001",), "gekrompen van 10,0 % naar 20,0 % van de klachten"),
        (Change.STEADY, ("C001",), "ongeveer gelijk: 10,0 %, nu 20,0 % van de klachten"),
        (Change.MERGED, ("C001", "C002"), "samengevoegd uit C001 en C002"),
        (Change.SPLIT, ("C001",), "afgesplitst van C001"),
    ],
)
def test_card_says_what_changed(change: Change, previous: tuple[str, ...], expected: str) -> None:
    value = CauseChange(
        cause_id="C001", change=change, previous=previous, previous_share=0.1, share=0.2
    )
    found = report(causes=(cause(1, "a", "a", 10, change=value),))
    assert build_cards(found, NL, taxonomy())[0].change.replace(GAP, " ") == expected


def test_bones_are_departments_with_no_owner_last() -> None:
    causes = (
        cause(1, "a", "a", 50, owner=owner(None)),
        cause(2, "b", "b", 10, owner=owner("hr")),
        cause(3, "c", "c", 30, owner=owner("board", is_contested=True)),
        cause(4, "d", "d", 40, owner=owner("board")),
    )
    items = bone_items(report(causes=causes), NL, taxonomy())
    assert [(item.department, item.count) for item in items] == [
        ("Directie", "70"),
        ("Personeelszaken", "10"),
        ("Geen eigenaar", "50"),
    ]
    assert [rib.cause_id for rib in items[0].ribs] == ["C004", "C003"]
    assert [rib.is_contested for rib in items[0].ribs] == [False, True]


def test_fishbone_needs_a_cause() -> None:
    assert build_fishbone(report(causes=()), NL, taxonomy()) is None


def test_cross_gives_shares_and_shades_only_where_there_are_enough() -> None:
    (table,) = build_cross(report(), NL)
    assert table.values == (("web", 200), (HOSTILE, 100), ("app", 20))
    web, _, app = table.rows[0][2]
    assert (web.n, web.share, web.shade) == (40, 0.2, 5)
    assert (app.n, app.share, app.shade) == (20, 1.0, 0)


@pytest.mark.parametrize(("share", "expected"), [(0.1, 1), (0.64, 2), (0.95, 3), (1.0, 3)])
def test_n_for_share_counts_the_largest(share: float, expected: int) -> None:
    assert n_for_share(report(), share) == expected


def test_note_is_in_the_language_of_the_report() -> None:
    note = Note(code="failed", count=1200, detail="x")
    assert note_text(note, NL) == (
        "Antwoorden weggelaten omdat ze niet te lezen waren: 1.200.",
        "nl",
    )


def test_note_with_an_unknown_code_stays_english() -> None:
    note = Note(code="brand_new", detail="a sentence")
    assert note_text(note, NL) == ("A sentence.", "en")
