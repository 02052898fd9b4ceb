"""Reads complaints as runs of words and cuts the phrases that could name a cause.

A phrase is up to four words as a customer wrote them: "parcel left outside", "niet geldig". It
begins and ends with a word that says something, a negation or, at the end, a particle ("zip came
off", "geld niet terug"); between them a few stop words may stand ("in de wacht").
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from models.domain import Language
from models.root_cause.lemma import lemma_key
from models.root_cause.word_lists import (
    FORM_BREAKS,
    LATE_NEGATIONS,
    NEGATIONS,
    PARTICLES,
    PLACES,
    inner_words,
    stop_words,
)

MAX_WORDS = 4
MIN_CAPITAL_SHARE = 0.5
"""Share of a word's mid-sentence uses with a capital from which it is taken for a name."""

_TAG = re.compile(r"\[[^\]]{1,20}\]|[@#]\w+|https?://\S+|www\.\S+")
_TOKEN = re.compile(r"[^\W_]+(?:['’-][^\W_]+)*|[^\w\s]|\n")
_PLAIN = re.compile(r"[^\W\d_]{2,}(?:['’-][^\W\d_]+)*")
_CONTRACTION = re.compile(r"['’](?:s|m|re|ve|ll|d)$")
_BEFORE_CAPITAL = frozenset(".!?…\n:;\"'“”‘’(-–=*/")
_MIN_LETTERS = 3


class Kind(Enum):
    """What a word can do in a phrase."""

    CONTENT = "content"
    NEGATION = "negation"
    PARTICLE = "particle"
    INNER = "inner"
    STOP = "stop"


class Word(NamedTuple):
    """A word in small letters, the key its forms share, and its part in a phrase."""

    text: str
    key: str
    kind: Kind


class Phrase(NamedTuple):
    """A phrase: its words' keys, how it was written, and how many of its ends cut a run short."""

    keys: tuple[str, ...]
    text: str
    n_cuts: int
    has_inner: bool
    is_negated: bool


@dataclass(slots=True)
class Reader:
    """Reads texts of one language; every form is looked up once."""

    language: Language
    names: Container[str] = frozenset()
    _known: dict[str, Word | None] = field(default_factory=dict)

    def read(self, text: str) -> list[Word | None]:
        """Words of a text; None where a phrase must end."""
        words: list[Word | None] = []
        for token in _TOKEN.findall(_TAG.sub(" . ", text)):
            form = token.lower().replace("’", "'")
            if form not in self._known:
                self._known[form] = self._look_up(form)
            words.append(self._known[form])
        return words

    def _look_up(self, form: str) -> Word | None:
        """A form as a word, or None where it breaks a phrase."""
        language, bare = self.language, form
        if language is Language.EN:
            if form.endswith("n't") or form.removesuffix("nt") in FORM_BREAKS:
                return Word(form, form, Kind.STOP)
            bare = _CONTRACTION.sub("", form)
        if form in self.names or bare in self.names or bare in PLACES:
            return None
        for kind, group in (
            (Kind.NEGATION, NEGATIONS[language]),
            (Kind.PARTICLE, PARTICLES[language]),
            (Kind.INNER, inner_words(language)),
            (Kind.STOP, stop_words(language)),
        ):
            if bare in group:
                return Word(form, bare, kind)
        if not _PLAIN.fullmatch(form):
            return None
        if len(bare) < _MIN_LETTERS or bare != form:
            return Word(form, bare, Kind.STOP)
        return Word(form, lemma_key(form, language), Kind.CONTENT)


def cut_phrases(words: list[Word | None], keys: Container[str]) -> Iterator[Phrase]:
    """Phrases of up to four words whose words that say something all have one of some keys."""
    n_words = len(words)
    for start, first in enumerate(words):
        if first is None or not _opens(first, words[start + 1 : start + 2], keys):
            continue
        for end in range(start + 1, min(start + MAX_WORDS, n_words) + 1):
            last = words[end - 1]
            if last is None or last.kind is Kind.STOP:
                break
            if last.kind is Kind.CONTENT and last.key not in keys:
                break
            if last.kind is Kind.INNER or (end - start == 1 and last.kind is not Kind.CONTENT):
                continue
            beyond = words[end] if end < n_words else None
            if last.kind is Kind.NEGATION and (last.text not in LATE_NEGATIONS or beyond):
                continue
            part = [word for word in words[start:end] if word is not None]
            content = tuple(word.key for word in part if word.kind is Kind.CONTENT)
            if not content or len(set(content)) < len(content):
                continue
            yield Phrase(
                keys=tuple(word.key for word in part),
                text=" ".join(word.text for word in part),
                n_cuts=_is_cut(first, words[start - 1] if start else None) + _is_cut(last, beyond),
                has_inner=any(word.kind is Kind.INNER for word in part[1:-1]),
                is_negated=any(word.kind is Kind.NEGATION for word in part),
            )


def _opens(word: Word, following: list[Word | None], keys: Container[str]) -> bool:
    """Whether a phrase may begin with a word; Dutch "te" before an infinitive opens none."""
    if word.text == "te":
        return any(each is not None and not each.text.endswith("en") for each in following)
    return word.kind is Kind.NEGATION or (word.kind is Kind.CONTENT and word.key in keys)


def _is_cut(end: Word, beyond: Word | None) -> bool:
    """Whether a phrase ends where a run of words that say something goes on."""
    return (
        beyond is not None
        and end.kind is Kind.CONTENT
        and beyond.kind in (Kind.CONTENT, Kind.NEGATION)
    )


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
        for token in _TOKEN.findall(_TAG.sub(" . ", text)):
            word = token.lower()
            if (
                not after_end
                and word not in stops
                and token[0].isalpha()
                and not (token.isupper() and len(token) > MAX_WORDS)
            ):
                mid[word] += 1
                capital[word] += token[0].isupper()
            after_end = token in _BEFORE_CAPITAL
    return {
        *names,
        *(word for word, count in mid.items() if capital[word] >= MIN_CAPITAL_SHARE * count > 0),
    }
