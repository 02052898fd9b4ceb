import inspect
import re
from string import Formatter

import pytest

from models.root_cause import notes
from models.root_cause.html.text_en import TEXTS as ENGLISH
from models.root_cause.html.text_nl import TEXTS as DUTCH
from models.root_cause.html.wording import GAP, wording
from models.root_cause.impact import Estimate


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_texts_have_the_same_keys_in_both_languages() -> None:
    assert DUTCH.keys() == ENGLISH.keys()


@pytest.mark.parametrize("key", sorted(DUTCH))
def test_texts_have_the_same_fields_in_both_languages(key: str) -> None:
    assert fields(DUTCH[key]) == fields(ENGLISH[key])


def test_texts_cover_every_note_of_the_analysis() -> None:
    codes = re.findall(r'^ +(?:\(.+, )?"([a-z]+(?:_[a-z]+)*)",', inspect.getsource(notes), re.M)
    assert {"failed", "abstained", "month_first"} <= set(codes)
    assert {f"note_{code}" for code in codes} <= DUTCH.keys()


@pytest.mark.parametrize(
    ("language", "expected"),
    [("nl", ["1.234.567", "12,5 %", "−1.234,5", "+2,0", "0,0", "−3,0 tot +1,5", "1 maart 2025"]),
     ("en", ["1,234,567", "12.5%", "−1,234.5", "+2.0", "0.0", "−3.0 to +1.5", "1 March 2025"])],
)  # fmt: skip
def test_wording_writes_numbers_as_the_reader_expects(language: str, expected: list[str]) -> None:
    words = wording(language)
    shown = [
        words.integer(1234567),
        words.percent(0.125),
        words.decimal(-1234.54),
        words.signed(2),
        words.signed(-0.04),
        words.estimate(Estimate(value=0.0, low=-3.0, high=1.5)),
        words.date("2025-03-01"),
    ]
    assert [text.replace(GAP, " ") for text in shown] == expected


@pytest.mark.parametrize(("items", "expected"), [([], ""), (["a"], "a"), (["a", "b"], "a en b")])
def test_wording_lists_items(items: list[str], expected: str) -> None:
    assert wording("nl").listing(items) == expected


@pytest.mark.parametrize(("n", "expected"), [(0, "0 klachten"), (1, "1 klacht"), (2, "2 klachten")])
def test_wording_counts_in_singular_and_plural(n: int, expected: str) -> None:
    assert wording("nl").count("complaints", n) == expected


def test_wording_keeps_a_name_on_one_line() -> None:
    assert wording("nl").quoted("Winkel · filiaal") == f"‘Winkel{GAP}·{GAP}filiaal’"


def test_wording_refuses_another_language() -> None:
    with pytest.raises(ValueError, match="Got 'fr' instead"):
        wording("fr")
