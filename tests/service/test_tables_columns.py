from __future__ import annotations

import pytest

from models.domain import Language
from service.tables.columns import choose_columns, parse_language
from service.tables.errors import ColumnError
from service.tables.rows import Row

LONG = [
    "De monteur was vriendelijk maar kwam te laat",
    "The parcel was left in the rain again",
    "Prima geholpen door een vriendelijke medewerker",
]
SHORT = ["web", "app", "web"]
NUMBERS = ["7", "3", "9"]


def sample(columns: dict[str, list[str]]) -> tuple[tuple[str, ...], list[Row]]:
    rows = [
        Row(number, number + 1, dict(zip(columns, values, strict=True)))
        for number, values in enumerate(zip(*columns.values(), strict=True), start=1)
    ]
    return tuple(columns), rows


def choose(columns: dict[str, list[str]], **told: str) -> tuple[str, str | None, str | None]:
    names, rows = sample(columns)
    choice = choose_columns(names, rows, name="a.csv", **told)
    return choice.text, choice.id, choice.language


NAMES = """text verbatim Comment FEEDBACK review answer opmerking Toelichting antwoord reactie
klacht omschrijving tekst value_text Opmerkingen reviewText comments free_text"""


@pytest.mark.parametrize("name", NAMES.split())
def test_text_column_is_found_by_name_in_dutch_and_english(name: str) -> None:
    found = choose({"score": NUMBERS, name: ["Goed", "te duur", "rude"], "channel": SHORT})
    assert found == (name, None, None)


def test_text_column_is_found_by_a_word_in_its_name() -> None:
    columns = {
        "review_date": ["2025-09-01"] * 3,
        "Heeft u nog een opmerking voor ons?": ["Nee", "te duur", "prima"],
        "review_id": NUMBERS,
    }
    assert choose(columns)[:2] == ("Heeft u nog een opmerking voor ons?", "review_id")


def test_text_column_is_found_by_content_where_names_say_nothing() -> None:
    assert choose({"q1": NUMBERS, "q2": LONG, "q3": SHORT})[0] == "q2"


def test_a_column_named_for_text_that_holds_none_is_passed_over() -> None:
    assert choose({"text": NUMBERS, "q2": LONG})[0] == "q2"


def test_far_longer_cells_decide_between_two_names() -> None:
    assert choose({"answer": ["ja", "nee", "ja"], "comment": LONG})[0] == "comment"


@pytest.mark.parametrize("names", [("comment", "feedback"), ("q1", "q2")])
def test_two_candidates_are_an_error_that_names_them(names: tuple[str, str]) -> None:
    columns = {"score": NUMBERS, names[0]: LONG, names[1]: LONG[::-1]}
    with pytest.raises(ColumnError) as caught:
        choose(columns)
    message = str(caught.value)
    assert f"the text may be in '{names[0]}', '{names[1]}'" in message
    assert "--text-column" in message
    assert "'score'" in message
    assert choose(columns, text_column=names[1])[0] == names[1]


@pytest.mark.parametrize(
    "columns",
    [
        {"positief": LONG, "negatief": LONG[::-1]},
        {"positief": ["vriendelijk", "snel", "prijs"], "negatief": LONG},
        {"Wat ging goed?": ["snel", "prijs", ""], "Wat kan beter?": ["lang wachten", "niets", ""]},
        {"text": LONG, "text_2": LONG[::-1]},
        {"comment1": LONG, "comment": LONG[::-1]},
        {"q1": ["ik wacht al lang"] * 2 + ["duur"], "q2": ["lang gewacht", "te duur", "te laat"]},
    ],
)
def test_two_equal_candidates_are_told_by_name_and_position(columns: dict[str, list[str]]) -> None:
    first, second = columns
    with pytest.raises(ColumnError) as caught:
        choose({**columns, "score": NUMBERS})
    message = str(caught.value)
    assert f"the text may be in '{first}', '{second}'" in message
    assert "--text-column NAME, or by its position: --text-column '#2'" in message


def test_one_of_a_pair_without_text_is_no_candidate() -> None:
    assert choose({"positief": NUMBERS, "negatief": LONG})[0] == "negatief"


def test_no_candidate_is_an_error_that_lists_the_columns() -> None:
    with pytest.raises(ColumnError, match=r"no column looks like.*'score', 'q3'; name it with"):
        choose({"score": NUMBERS, "q3": SHORT})


def test_a_header_that_reads_as_data_is_not_quoted() -> None:
    columns = {"1": NUMBERS, "De monteur kwam te laat en wist niet wat hij deed": LONG}
    with pytest.raises(ColumnError, match="--no-header") as caught:
        choose({"2025-09-01": NUMBERS, "x": SHORT} | {"7": NUMBERS})
    assert "2025" not in str(caught.value)
    assert columns


def test_a_long_name_is_told_by_its_position() -> None:
    with pytest.raises(ColumnError, match=r"'score', column 2") as caught:
        choose({"score": NUMBERS, "w" * 70: SHORT})
    assert "www" not in str(caught.value)


def test_columns_are_told_by_name_in_any_case_or_by_position() -> None:
    columns = {"A": LONG, "B": LONG, "C": NUMBERS}
    assert choose(columns, text_column="b")[0] == "B"
    assert choose(columns, text_column="#1", id_column="#3")[:2] == ("A", "C")


@pytest.mark.parametrize(
    ("argument", "option"),
    [
        ("text_column", "--text-column"),
        ("id_column", "--id-column"),
        ("language_column", "--language-column"),
    ],
)
def test_a_column_that_is_told_must_exist(argument: str, option: str) -> None:
    with pytest.raises(ColumnError, match=rf"a\.csv: {option}: there is no column 'nope'"):
        choose({"text": LONG}, **{argument: "nope"})


def test_language_column_must_hold_languages() -> None:
    assert choose({"text": LONG, "taal": ["nl", "EN-gb", ""]})[2] == "taal"
    assert choose({"text": LONG, "lang": ["nl", "long", "short"]})[2] is None


@pytest.mark.parametrize(
    ("value", "language"),
    [
        ("nl", Language.NL),
        ("NL_be", Language.NL),
        ("Nederlands", Language.NL),
        ("English (UK)", Language.EN),
        ("de", Language.UND),
        (None, None),
        (" ", None),
    ],
)
def test_declared_languages_are_read_as_people_write_them(
    value: object, language: Language | None
) -> None:
    assert parse_language(value) == (language, True)


def test_an_empty_table_goes_by_its_names() -> None:
    assert choose({"id": [], "text": [], "score": []})[:2] == ("text", "id")


def test_a_table_without_columns_is_an_error() -> None:
    with pytest.raises(ColumnError, match="there is no column"):
        choose({})
