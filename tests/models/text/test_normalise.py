from __future__ import annotations

import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.text.normalise import normalise, replace_spans

DAMAGED = [
    ("don\u00e2\u0080\u0099t", "don\u2019t"),
    ("donâ€™t", "don’t"),
    ("CafÃ© in BelgiÃ«", "Café in België"),
    ("â‚¬ 5", "€ 5"),
    ("top ðŸ˜€ðŸ˜€", "top 😀😀"),
    ("don\x92t", "don’t"),
]
MARKUP = [
    ("R&amp;D is goed", "R&D is goed"),
    ("Tom &amp;amp; Co", "Tom & Co"),
    ("goed<br />maar duur", "goed\nmaar duur"),
    ("<p>goed</p><p>snel</p>", "goed\nsnel"),
    ("<b>zeer</b> goed", "zeer goed"),
    ("&lt;3 van jullie", "<3 van jullie"),
    ("a&nbsp;b", "a b"),
]
INVISIBLE = [
    ("go\u200bed", "goed"),
    ("\ufeffgoed", "goed"),
    ("\u202egoed\u202c", "goed"),
    ("go\x00ed\x07", "goed"),
    ("be\u00adzorging", "bezorging"),
    ("👨\u200d👩\u200d👧 fijn", "👨\u200d👩\u200d👧 fijn"),
]
SPACE = [
    ("  te   duur ", "te duur"),
    ("goed\r\n\r\n  duur", "goed\nduur"),
    ("a\tb\u00a0\u3000c", "a b c"),
    ("a\u2028b\x0bc\x85d", "a\nb\nc\nd"),
]
UNTOUCHED = [
    "",
    "Niet slecht, maar te duur: € 12,50 (was 3 < 5 & 7 > 2)!",
    "not bad at all… “really” – café, naïef, één, ’t",
    "ÂÃ NÃO ÇA VA Zürich Ångström",
    "ok 👍🏽 ❤️ 很好 ممتاز",
    "AT&T; <3 a<b c>d",
    "regel één\nregel twee",
    "x" * 4_000,
]


@pytest.mark.parametrize(("source", "expected"), DAMAGED + MARKUP + INVISIBLE + SPACE)
def test_normalise_undoes(source: str, expected: str) -> None:
    assert normalise(source).text == expected


@pytest.mark.parametrize("text", UNTOUCHED)
def test_normalise_leaves_regular_text_and_maps_it_to_itself(text: str) -> None:
    normalised = normalise(text)

    assert normalised.text == text
    assert normalised.source_starts.tolist() == list(range(len(text)))
    assert normalised.source_ends.tolist() == list(range(1, len(text) + 1))


def test_normalise_composes_characters() -> None:
    normalised = normalise("e\u0301e\u0301n")

    assert normalised.text == "één"
    assert normalised.source_starts.tolist() == [0, 2, 4]
    assert normalised.source_ends.tolist() == [2, 4, 5]


def test_normalise_joins_surrogate_pairs_and_replaces_lone_ones() -> None:
    assert normalise("\ud83d\ude00 \ud83d!").text == "😀 \ufffd!"


def test_normalise_gives_each_character_its_place_in_the_source() -> None:
    source = "  caf\u00c3\u00a9 &amp; bar "
    normalised = normalise(source)
    places = [
        source[start:end]
        for start, end in zip(normalised.source_starts, normalised.source_ends, strict=True)
    ]

    assert normalised.text == "café & bar"
    assert places == ["c", "a", "f", "\u00c3\u00a9", " ", "&amp;", " ", "b", "a", "r"]


def test_replace_spans_keeps_the_source_of_the_replaced_span() -> None:
    replaced = replace_spans(normalise("van  Anna gehad"), [(4, 8, "[NAAM]")])

    assert replaced.text == "van [NAAM] gehad"
    assert replaced.source_starts[4:10].tolist() == [5] * 6
    assert replaced.source_ends[4:10].tolist() == [9] * 6


UNICODE = st.text(
    st.one_of(
        st.characters(exclude_categories=()),
        st.sampled_from("é\u0301\u0323Ã©â€™&;<>abr/ \n\t\x00\u200b\u200d\ud83d\ude00\u1100\u1161"),
    ),
    max_size=60,
)


@given(UNICODE)
def test_normalise_offsets_are_monotone_and_inside_the_source(source: str) -> None:
    normalised = normalise(source)
    starts, ends = normalised.source_starts, normalised.source_ends

    assert len(starts) == len(ends) == len(normalised.text)
    assert np.all(np.diff(starts) >= 0)
    assert np.all(np.diff(ends) >= 0)
    assert np.all(starts < ends)
    assert not len(starts) or (starts[0] >= 0 and ends[-1] <= len(source))


@given(UNICODE)
def test_normalise_gives_regular_text(source: str) -> None:
    text = normalise(source).text

    assert unicodedata.is_normalized("NFC", text)
    assert text == text.strip()
    assert "  " not in text
    assert not any(unicodedata.category(c) in {"Cc", "Cs"} and c != "\n" for c in text)


@pytest.mark.parametrize(
    "source",
    ["Ã©" * 2_000, "<a " * 1_300, "&amp;" * 800, "a\u0301" * 2_000, "\u200d" * 4_000, " " * 4_000],
)
def test_normalise_takes_long_damage(source: str) -> None:
    assert len(normalise(source).text) <= len(source)
