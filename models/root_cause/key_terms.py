"""Finds the words and phrases that set each cause apart, per language.

Class tf-idf (Grootendorst 2022, BERTopic): how often the complaints of a cause use a phrase,
times how rare the phrase is, times the root of the share of its uses that fall in the cause.
Forms of one word are counted together; what is shown is
the form written most. A phrase never begins or ends with a stop word, and never holds a place, a
handle, a redaction tag, an excluded term, or a word that customers write with a capital.
"""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from models.domain import Language
from models.root_cause.lemma import lemma_key
from models.root_cause.word_lists import NEGATIONS, PLACES, inner_words, stop_words
from models.text.tokenise import tokenise

MAX_WORDS = 4
MAX_TERMS = 20
MIN_SUPPORT = 0.05
"""Share of a cause's complaints (of a language) that must hold a phrase that stands for it."""
MIN_WIDER_SHARE = 0.2
"""Share of a word's uses that must be within one phrase for the phrase to be shown instead."""
MIN_CAPITAL_SHARE = 0.5
"""Share of a word's mid-sentence uses with a capital from which it is taken for a name."""
PHRASE_BONUS = {1: 1.0, 2: 1.7, 3: 1.9, 4: 1.9}
"""Phrases say more than words and come less often; chosen by eye on authored complaints."""

_PLAIN = re.compile(r"[^\W\d_]{2,}(?:['’-][^\W\d_]+)*")
_TAG = re.compile(r"\[[^\]]{1,20}\]|[@#]\w+|https?://\S+|www\.\S+")
_BREAK = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerm:
    """A phrase as customers write it, its score, and in how many complaints of the cause it is."""

    text: str
    score: float
    n_complaints: int


@dataclass(frozen=True, slots=True)
class _Word:
    """A token as it stands, its key, and whether it can begin or end a phrase."""

    text: str
    key: str
    is_content: bool


def find_key_terms(
    texts: Sequence[str],
    languages: Sequence[Language],
    causes: Sequence[int],
    *,
    n_terms: int = 10,
    excluded: Iterable[str] = (),
) -> dict[tuple[int, Language], tuple[KeyTerm, ...]]:
    """Find the key terms of every cause in Dutch and in English.

    Parameters
    ----------
    texts : sequence of str
        Redacted complaints, duplicates left out.
    languages : sequence of Language
    causes : sequence of int
        A negative cause counts towards the rarity of words only.
    n_terms : int, default=10
    excluded : iterable of str
        Names of the organisation, its brands and products.

    Returns
    -------
    dict of (int, Language) to tuple of KeyTerm
        Best first; ties go by the alphabet. No entry where a cause has no term in a language.
    """
    result: dict[tuple[int, Language], tuple[KeyTerm, ...]] = {}
    for language in (Language.NL, Language.EN):
        rows = [row for row, code in enumerate(languages) if code == language]
        if not rows:
            continue
        names = find_names([texts[row] for row in rows], language) | {
            word for term in excluded for word in term.casefold().split()
        }
        counts: dict[int, Counter[str]] = defaultdict(Counter)
        everywhere: Counter[str] = Counter()
        forms: dict[str, Counter[str]] = defaultdict(Counter)
        for row in rows:
            found = dict(_phrases(texts[row], language, names))
            everywhere.update(found.keys())
            counts[causes[row]].update(found.keys())
            for key, form in found.items():
                forms[key][form] += 1
        average = sum(everywhere.values()) / max(1, len(counts))
        sizes = Counter(causes[row] for row in rows)
        for cause, own in counts.items():
            if cause >= 0:
                least = max(2, math.ceil(MIN_SUPPORT * sizes[cause]))
                terms = _rank(own, everywhere, forms, average, least=least)[:n_terms]
                if terms:
                    result[cause, language] = terms
    return result


def find_names(texts: Iterable[str], language: Language) -> set[str]:
    """Words that are handles, or mostly written with a capital where nothing asks for one."""
    mid: Counter[str] = Counter()
    capital: Counter[str] = Counter()
    names: set[str] = set()
    stops = stop_words(language)
    for text in texts:
        names.update(tag[1:].casefold() for tag in _TAG.findall(text) if tag[0] in "@#")
        if text.isupper():
            continue
        after_end = True
        for token in tokenise(_TAG.sub(" . ", text), language):
            word = text_of = token.lower
            if token.is_word and word not in stops:
                text_of = _TAG.sub(" . ", text)[token.start : token.end]
                if not after_end and not (text_of.isupper() and len(text_of) > 4):
                    mid[word] += 1
                    capital[word] += text_of[:1].isupper()
            after_end = token.lower[:1] in ".!?\n:\"'“‘(-"
    names.update(
        word for word, count in mid.items() if capital[word] >= max(1, MIN_CAPITAL_SHARE * count)
    )
    return names


def _rank(
    own: Counter[str],
    everywhere: Counter[str],
    forms: dict[str, Counter[str]],
    average: float,
    *,
    least: int,
) -> tuple[KeyTerm, ...]:
    """The best phrases of one cause; a part of a better phrase is left out."""
    least = min(least, max(own.values(), default=0))
    scored = sorted(
        (
            (
                -count
                * PHRASE_BONUS[key.count(" ") + 1]
                * math.log1p(average / everywhere[key])
                * math.sqrt(count / everywhere[key]),
                key,
            )
            for key, count in own.items()
            if count >= least
        )
    )
    picked: list[tuple[str, float]] = []
    for score, found in scored:
        key = _widen(found, own) if " " not in found else found
        words = set(key.split())
        if not any(
            words <= set(other.split()) or set(other.split()) <= words for other, _ in picked
        ):
            picked.append((key, -score))
        if len(picked) == MAX_TERMS:
            break
    return tuple(
        KeyTerm(text=_best_form(forms[key]), score=round(score, 6), n_complaints=own[key])
        for key, score in picked
    )


def _widen(word: str, own: Counter[str]) -> str:
    """The phrase that a word is mostly part of, or the word itself."""
    least = max(2, MIN_WIDER_SHARE * own[word])
    wider = [
        (-count, len(key), key)
        for key, count in own.items()
        if " " in key and count >= least and word in key.split()
    ]
    return min(wider)[2] if wider else word


def _best_form(forms: Counter[str]) -> str:
    """The form written most, the first by the alphabet among equals."""
    return min(forms.items(), key=lambda item: (-item[1], item[0]))[0]


def _phrases(text: str, language: Language, names: set[str]) -> Iterator[tuple[str, str]]:
    """Keys and forms of all phrases of up to four words."""
    run: list[_Word] = []
    negations, inner = NEGATIONS[language], inner_words(language)
    for word in [*_read_words(text, language, names), None]:
        if word is not None:
            run.append(word)
            continue
        for start in range(len(run)):
            opens = run[start].is_content or run[start].text in negations
            for end in range(start + 1, min(start + MAX_WORDS, len(run)) + 1) if opens else ():
                part = run[start:end]
                middle = part[1:-1]
                if part[-1].is_content and all(
                    each.is_content or each.text in inner or each.text in negations
                    for each in middle
                ):
                    yield " ".join(each.key for each in part), " ".join(each.text for each in part)
        run = []


def _read_words(text: str, language: Language, names: set[str]) -> Iterator[_Word | None]:
    """Words of a text; None where a phrase must end."""
    stops, negations = stop_words(language), NEGATIONS[language]
    for token in tokenise(_TAG.sub(" . ", text), language):
        word = token.lower.replace("’", "'")
        if not token.is_word or not _PLAIN.fullmatch(word) or word in names or word in PLACES:
            yield None
        elif word in stops or word in negations or len(word) < 3:
            yield _Word(word, word, False)
        else:
            yield _Word(word, lemma_key(word, language), True)
