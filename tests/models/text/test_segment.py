from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.text import read_gold, score_boundaries
from models.domain import Language
from models.text.segment import MAX_SEGMENTS, segment

# Texts with "|" where a segment ends; a mark replaces the space there.
DUTCH = [
    "niet slecht",
    "niet slecht,|maar te duur",
    "goed,|maar te laat",
    "Prima geholpen.|Wel aan de prijs.",
    "Prima geholpen.|alleen de prijs viel tegen",
    "Er waren nog maar 2 plaatsen vrij",
    "Niet alleen vriendelijk maar ook deskundig.",
    "Product is prima|echter de handleiding is alleen in het Chinees",
    "De prijs is echter hoog",
    "Hoewel de wachttijd lang was,|ben ik goed geholpen.",
    "ik heb drie keer gebeld|en niemand nam op",
    "Personeel is vriendelijk, behulpzaam en deskundig.",
    "Snelle levering,|goede prijs,|vriendelijke bezorger",
    "De monteur kwam o.a. voor nr. 12 en bijv. de ketel",
    "Het kostte € 1.299,00 bij bol.com d.w.z. te veel",
    'De man zei "nee. dat kan niet" tegen mij',
    "De klantenservice was echt top,|but the app sucks big time",
    "lekker gegeten 😋|bediening was wel wat traag",
    "Slechte ervaring...|nooit meer",
    "Geholpen door [NAAM] van de balie",
    "jullie chatbot snapt niks|ik typ drie keer dat ik een mens wil spreken|maar er komt niemand",
]
ENGLISH = [
    "not bad",
    "not bad,|but too expensive",
    "good,|but too late",
    "Great help.|Shame about the price.",
    "great help.|shame about the price",
    "There was nothing but rubbish on the shelves",
    "Not only friendly but also very skilled.",
    "Product is fine,|however the manual is only in Chinese",
    "The staff were however quite rude",
    "Although the wait was long,|I was helped really well.",
    "I rang three times|and nobody picked up",
    "Staff are friendly, helpful and knowledgeable.",
    "Fast delivery,|good price,|friendly driver",
    "Ask for e.g. Mr. Smith at no. 12 vs. the rest",
    "It cost £1,299.00 at www.example.com/a?b=1.2 i.e. too much",
    'The guy said "no. not my problem" to me',
    "The service was great,|maar de app werkt niet",
    "lovely meal 😋|service was a bit slow",
    "Bad experience...|never again",
    "Spoke to [NAAM] in billing",
    "your chatbot is clueless|I typed three times that I want a human|and it keeps failing",
]
BOTH = [
    ("+ goed eten\n- lange rij\n• 3 wc's", ["goed eten", "lange rij", "3 wc's"]),
    ("1. duur\n2. traag", ["1. duur", "2. traag"]),
    ("top; snel", ["top;", "snel"]),
    ("maar", ["maar"]),
    ("ok. maar", ["ok. maar"]),
    ("😀", ["😀"]),
    ("Top!!! 😀😀 Super", ["Top!!! 😀😀", "Super"]),
    ("", []),
    (" \n ", []),
]


def cut(text: str, language: Language) -> list[str]:
    return [text[part.start : part.end] for part in segment(text, language)]


@pytest.mark.parametrize(
    ("marked", "language"),
    [(text, Language.NL) for text in DUTCH] + [(text, Language.EN) for text in ENGLISH],
)
def test_segment_cuts_at_the_points(marked: str, language: Language) -> None:
    assert cut(marked.replace("|", " "), language) == marked.split("|")


@pytest.mark.parametrize("language", [Language.NL, Language.EN])
@pytest.mark.parametrize(("text", "expected"), BOTH)
def test_segment_treats_lists_and_fragments(
    text: str, expected: list[str], language: Language
) -> None:
    assert cut(text, language) == expected


def test_segment_splits_a_full_stop_without_a_space() -> None:
    assert cut("goed.maar duur", Language.NL) == ["goed.", "maar duur"]
    assert cut("gekocht bij bol.com gisteren", Language.NL) == ["gekocht bij bol.com gisteren"]


def test_segment_cuts_at_punctuation_only_when_the_language_is_unknown() -> None:
    assert cut("bien, mais cher. merci", Language.UND) == ["bien, mais cher.", "merci"]


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize(
    "text", ["x" * 4_000, "!" * 4_000, "goed. " * 700, "a, " * 1_300, "maar " * 800, "- a " * 1_000]
)
def test_segment_takes_4000_characters(text: str, language: Language) -> None:
    assert 1 <= len(segment(text, language)) <= MAX_SEGMENTS


WORDS = st.one_of(
    st.sampled_from(["maar", "en", "ik", "goed", "te", "duur,", "wel,", "helaas", "o.a.", "3,50"]),
    st.sampled_from(["but", "and", "the", "was", "good", "however", "I", "it's", "www.a.nl/b.c"]),
    st.sampled_from([".", "...", ";", "-", "+", "\n", "1.", "2)", "(a)", '"', "“", "”", "İ", "ß"]),
    st.sampled_from(["[NAAM]", "😀", "goed.maar", "é", ":-)"]),
)


@given(
    st.one_of(
        # Lone surrogates do not get this far: normalising replaces them.
        st.text(st.characters(exclude_categories=["Cs"]), max_size=80),
        st.lists(WORDS, max_size=40).map(" ".join),
    ),
    st.sampled_from(list(Language)),
)
def test_segment_puts_every_letter_in_exactly_one_segment(text: str, language: Language) -> None:
    parts = segment(text, language)
    covered = [index for part in parts for index in range(part.start, part.end)]

    assert covered == sorted(set(covered))
    assert {i for i, character in enumerate(text) if character.isalnum()} <= set(covered)
    assert len(parts) <= MAX_SEGMENTS
    for part in parts:
        piece = text[part.start : part.end]
        assert piece
        assert piece == piece.strip()


def test_segment_may_be_shared_by_threads() -> None:
    texts = [text.replace("|", " ") for text in DUTCH] * 5
    expected = [segment(text, Language.NL) for text in texts]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(lambda text: segment(text, Language.NL), texts)) == expected


@pytest.mark.parametrize("language", ["nl", "en"])
def test_segment_reaches_its_figures_on_the_gold(language: str) -> None:
    rows = [row for row in read_gold("segmentation") if row["split"] == "test"]
    score = score_boundaries([row for row in rows if row["lang"] == language])

    assert score.precision >= 0.90
    assert score.recall >= 0.80
