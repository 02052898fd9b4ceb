import datetime as dt
from typing import Any

import pytest

from service.tables.columns import ColumnChoice
from service.tables.errors import ColumnError
from service.tables.roles import Roles, choose_roles
from service.tables.rows import Row


def choose(columns: dict[str, list[Any]], **options: Any) -> Roles:
    records = [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values())]  # noqa: B905
    rows = [Row(number=row, line=row, values=each) for row, each in enumerate(records, start=1)]
    choice = ColumnChoice(text="text", id="id" if "id" in columns else None)
    return choose_roles(list(columns), rows, choice, name="in.csv", **options)


def table(**columns: list[Any]) -> dict[str, list[Any]]:
    return {"text": [f"tekst {row}" for row in range(12)], **columns}


SCORES = [str(row % 11) for row in range(12)]
DAYS = [f"2025-09-{row + 1:02d}" for row in range(12)]


@pytest.mark.parametrize(
    "name", ["score", "NPS", "nps_score", "Rapportcijfer", "hoeveel sterren", "CSAT score Q3"]
)
def test_score_by_name(name: str) -> None:
    assert choose(table(**{name: SCORES})).score == name


def test_score_must_hold_numbers() -> None:
    assert choose(table(score=["goed"] * 12)).score is None
    assert choose(table(score=["goed"] * 12, nps=SCORES)).score == "nps"
    assert choose(table(score=["10 - zeer waarschijnlijk", "", None, "7"] * 3)).score == "score"


def test_numbers_without_a_name_are_no_score() -> None:
    assert choose(table(leeftijd=SCORES)).score is None


@pytest.mark.parametrize("name", ["date", "Datum", "created_at", "Ingevuld op", "recordedDate"])
def test_date_by_name(name: str) -> None:
    assert choose(table(**{name: DAYS})).date == name


def test_date_by_content_where_only_one_can_be_it() -> None:
    assert choose(table(moment=DAYS)).date == "moment"
    assert choose(table(moment=[dt.date(2025, 9, 1)] * 12)).date == "moment"
    assert choose(table(van=DAYS, tot=DAYS)).date is None
    assert choose(table(datum=["ooit"] * 12)).date is None


def test_scores_are_not_taken_for_dates() -> None:
    found = choose(table(score=SCORES, datum=DAYS))
    assert (found.score, found.date) == ("score", "datum")


def test_segments_by_name_and_content() -> None:
    found = choose(
        table(
            Kanaal=["web", "app"] * 6,
            regio=["noord", "", None, "zuid"] * 3,
            product_group=["a"] * 12,
            store=[f"filiaal {row}" for row in range(12)],
            leeftijd=["20", "30"] * 6,
        )
    )
    assert found.segments == ("Kanaal", "regio", "product_group")


def test_columns_that_are_asked_for_come_first() -> None:
    columns = table(score=SCORES, cijfer=SCORES, datum=DAYS, leeftijd=["20", "30"] * 6)
    found = choose(
        columns, score_column="#3", date_column="-", segment_columns=["LEEFTIJD", "leeftijd"]
    )
    assert (found.score, found.date, found.segments) == ("cijfer", None, ("leeftijd",))
    assert found.told() == "text 'text', score 'cijfer', segment 'leeftijd'"
    assert choose(columns, score_column="-", segment_columns=["-"]).score is None


@pytest.mark.parametrize("option", ["score_column", "date_column"])
def test_a_column_that_is_missing_is_told(option: str) -> None:
    with pytest.raises(ColumnError, match="there is no column 'x'; there are: 'text'"):
        choose(table(), **{option: "x"})


def test_an_empty_table_has_no_roles() -> None:
    found = choose({"text": [], "score": [], "datum": [], "kanaal": []})
    assert (found.score, found.date, found.segments) == (None, None, ())
