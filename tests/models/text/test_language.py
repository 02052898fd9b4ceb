from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.domain import Language
from models.text.language import detect_language
from models.text.language_words import DUTCH, ENGLISH, FOREIGN, SHARED

ROOT = Path(__file__).parents[3]

DUTCH_TEXTS = [
    "Prima",
    "te duur",
    "n.v.t.",
    "niet slecht",
    "goed, maar te laat",
    "SLECHT GEHOLPEN",
    "Ge moet hier altijd lang aanschuiven",
    "De customer service is echt bagger, niemand die je helpt",
    "Geholpen door [NAAM], heel vriendelijk 😀",
    "@spoorhulp weer vertraging tussen Utrecht en Amersfoort #faal https://t.co/abc",
]
ENGLISH_TEXTS = [
    "great",
    "rude staff",
    "n/a",
    "not bad",
    "good, but too late",
    "TERRIBLE SERVICE",
    "I called the klantenservice three times and nobody speaks English",
    "Spoke to [NAAM] in billing, so kind 😀",
    "@RailHelpUK delayed again, brilliant #fail https://t.co/abc",
]
OTHER_TEXTS = [
    "très bien, merci",
    "sehr gut",
    "muy bueno",
    "çok iyi, teşekkürler",
    "bardzo dobrze",
    "很好",
    "ممتاز",
    "Das Essen war kalt und die Bedienung unfreundlich",
    "J'attends mon colis depuis trois semaines et personne ne répond",
]
SHARED_TEXTS = ["service", "top", "parking", "app", "ok", "Super!", "wifi", "TEAM"]
WORDLESS_TEXTS = ["", " ", "10", "👍", "...", "[NAAM]", "7,5!", "https://example.org", "jan@x.org"]


@pytest.mark.parametrize("text", DUTCH_TEXTS)
def test_detect_language_finds_dutch(text: str) -> None:
    assert detect_language(text).language is Language.NL


@pytest.mark.parametrize("text", ENGLISH_TEXTS)
def test_detect_language_finds_english(text: str) -> None:
    assert detect_language(text).language is Language.EN


@pytest.mark.parametrize("text", OTHER_TEXTS + WORDLESS_TEXTS)
def test_detect_language_leaves_the_rest_undetermined(text: str) -> None:
    assert detect_language(text).language is Language.UND


@pytest.mark.parametrize("text", SHARED_TEXTS)
def test_detect_language_takes_a_shared_word_for_dutch_or_english(text: str) -> None:
    assert detect_language(text).language in {Language.NL, Language.EN}


@pytest.mark.parametrize("text", ["goed " * 800, "x" * 4_000, "é" * 4_000, "@" * 4_000])
def test_detect_language_takes_4000_characters(text: str) -> None:
    assert 0.0 <= detect_language(text).probability <= 1.0


@given(st.text(st.characters(exclude_categories=()), max_size=80))
def test_detect_language_takes_any_string(text: str) -> None:
    guess = detect_language(text)

    assert 0.0 <= guess.probability <= 1.0
    assert guess == detect_language(text)


def test_detect_language_may_be_shared_by_threads() -> None:
    texts = (DUTCH_TEXTS + ENGLISH_TEXTS + OTHER_TEXTS) * 5
    expected = [detect_language(text) for text in texts]

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(detect_language, texts)) == expected


def test_language_loads_no_model_at_import() -> None:
    code = "import sys, models.text.language; sys.exit('fasttext' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_language_words_stand_in_one_group_only() -> None:
    groups = (DUTCH, ENGLISH, SHARED, FOREIGN)

    assert sum(map(len, groups)) == len(frozenset().union(*groups))


def test_detect_language_reaches_its_figures_on_the_gold() -> None:
    lines = (ROOT / "data/language/gold.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [row for row in map(json.loads, lines) if row["split"] == "test"]
    guesses = [detect_language(row["text"]).language.value for row in rows]
    customers = [(row, guess) for row, guess in zip(rows, guesses, strict=True) if is_customer(row)]
    others = [
        guess
        for row, guess in zip(rows, guesses, strict=True)
        if not is_customer(row) and len(row["text"].split()) >= 6
    ]

    assert sum(guess in row["accepted"] for row, guess in customers) >= 0.97 * len(customers)
    assert sum(guess == "und" for _, guess in customers) <= 0.005 * len(customers)
    assert sum(guess == "und" for guess in others) >= 0.90 * len(others)


def is_customer(row: dict[str, list[str]]) -> bool:
    return "und" not in row["accepted"]
