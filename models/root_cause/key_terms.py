"""Finds the words and phrases that set each cause apart, per language.

Words are weighted by class tf-idf (Grootendorst 2022, BERTopic): how many complaints of a cause
hold a word, times how rare the word is, times the root of the share of its uses that fall in the
cause. Forms of one word are counted together. A phrase weighs what its words weigh in the
complaints that no better phrase holds yet, so that the first terms between them tell what most
complaints are about; what is shown is how customers wrote it most. A phrase holds no place, no
handle, no redaction tag, no excluded term, no word that customers write with a capital and none
that is at home in the other language.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from models.domain import Language
from models.root_cause.phrases import Kind, Phrase, Reader, Word, cut_phrases, find_names
from models.root_cause.word_lists import stop_words

MIN_SUPPORT = 0.06
"""Share of a cause's complaints (of a language) that must hold the main word of a term."""
FEW_COMPLAINTS = 20
"""Below so many, two complaints make a term; from there on three."""
VERY_FEW_COMPLAINTS = 3
"""Up to so many, one is enough."""
MAX_TOP_WORDS = 40
"""Words of a cause, best first, of which phrases are made."""
MAX_READ = 600
"""Complaints of a cause in which phrases are looked for; words are counted in all."""
MAX_CANDIDATES = 80
MIN_COMPOUND = 4
"""Letters of a word from which it is looked for in compounds."""
HOME_FACTOR = 3
"""A word so many times as frequent in the other language is at home there."""

_WORD_BONUS = {1: 1.0, 2: 1.3, 3: 1.35, 4: 1.3}
"""Phrases say more than words; these and the factors below were chosen by eye on authored
complaints of several sectors."""
_CUT_FACTOR = 0.8
_ONCE_NEGATED_FACTOR = 0.9
_ONCE_INNER_FACTOR = 0.6
_TOGETHER_FACTOR = {1: 0.7, 2: 1.15, 3: 1.3}
"""By the number of complaints that hold all words of a phrase."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTerm:
    """A phrase as customers write it, its score, and how many complaints of the cause it covers.

    A complaint is covered if it holds half of the phrase's words, whatever stands between them.
    """

    text: str
    score: float
    n_complaints: int


@dataclass(slots=True)
class _Candidate:
    """A phrase and how often and how it was written."""

    content: tuple[str, ...]
    is_negated: bool
    has_inner: bool
    forms: Counter[str] = field(default_factory=Counter)
    n_whole: int = 0

    def factor(self, n_together: int) -> float:
        """What the make-up of the phrase does to its weight.

        ``n_together`` is the number of complaints that hold all its words.
        """
        count = sum(self.forms.values())
        n_words = min(len(self.content) + (self.is_negated and count > 1), max(_WORD_BONUS))
        factor = _WORD_BONUS[n_words] / math.sqrt(len(self.content))
        factor *= _CUT_FACTOR if 2 * self.n_whole < count else 1.0
        if len(self.content) == 1:
            return factor * (_ONCE_NEGATED_FACTOR if self.is_negated and count == 1 else 1.0)
        if count == 1 and self.has_inner:
            factor *= _ONCE_INNER_FACTOR
        return factor * _TOGETHER_FACTOR[min(n_together, max(_TOGETHER_FACTOR))]

    def form(self) -> str:
        """The form written most, the first by the alphabet among equals."""
        return min(self.forms.items(), key=lambda item: (-item[1], item[0]))[0]


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
        Best first; ties go by the alphabet. No word stands in two terms of one cause. No entry
        where a cause has no term in a language.
    """
    barred = {word for term in excluded for word in term.casefold().split()}
    read = {
        language: _read(texts, languages, language, barred)
        for language in (Language.NL, Language.EN)
    }
    result: dict[tuple[int, Language], tuple[KeyTerm, ...]] = {}
    for language, other in ((Language.NL, Language.EN), (Language.EN, Language.NL)):
        foreign = _foreign_keys(read[language], read[other], other)
        rows_of: dict[int, list[int]] = defaultdict(list)
        everywhere: Counter[str] = Counter()
        keys = {row: _content_keys(words) - foreign for row, words in read[language].items()}
        for row, own in keys.items():
            rows_of[causes[row]].append(row)
            everywhere.update(own)
        average = everywhere.total() / max(1, len(rows_of))
        for cause, rows in sorted(rows_of.items()):
            if cause >= 0:
                holders = _holders([keys[row] for row in rows])
                weights = _top_words(holders, everywhere, average)
                if language is Language.NL:
                    holders = _with_compounds(holders, weights)
                candidates = _collect(
                    [read[language][row] for row in rows[:MAX_READ]], weights.keys()
                )
                terms = _pick(candidates, holders, weights, len(rows), n_terms)
                if terms:
                    result[cause, language] = terms
    return result


def _read(
    texts: Sequence[str], languages: Sequence[Language], language: Language, barred: set[str]
) -> dict[int, list[Word | None]]:
    """Words of the texts in a language, by row."""
    rows = [row for row, code in enumerate(languages) if code == language]
    names = find_names((texts[row] for row in rows), language)
    reader = Reader(language, names | barred)
    return {row: reader.read(texts[row]) for row in rows}


def _foreign_keys(
    own: Mapping[int, list[Word | None]], other: Mapping[int, list[Word | None]], language: Language
) -> set[str]:
    """Keys of words that are at home in the other language."""
    here, there = (
        Counter(word for words in side.values() for word in words if word is not None)
        for side in (own, other)
    )
    abroad: Counter[str] = Counter()
    for word, count in there.items():
        abroad[word.text] += count
    stops = stop_words(language)
    return {
        word.key
        for word, count in here.items()
        if word.kind is Kind.CONTENT
        and (word.text in stops or abroad[word.text] >= HOME_FACTOR * count)
    }


def _content_keys(words: Iterable[Word | None]) -> set[str]:
    """Keys of the words that say something."""
    return {word.key for word in words if word is not None and word.kind is Kind.CONTENT}


def _holders(keys: Sequence[set[str]]) -> dict[str, set[int]]:
    """Complaints of a cause that hold each key."""
    holders: dict[str, set[int]] = defaultdict(set)
    for position, own in enumerate(keys):
        for key in own:
            holders[key].add(position)
    return holders


def _top_words(
    holders: Mapping[str, set[int]], everywhere: Counter[str], average: float
) -> dict[str, float]:
    """What one complaint with a word counts for, for the best words of a cause."""
    weights = {
        key: math.log1p(average / everywhere[key]) * math.sqrt(len(own) / everywhere[key])
        for key, own in holders.items()
    }
    least = min(2, max(map(len, holders.values()), default=0))
    ranked = sorted(
        (key for key, own in holders.items() if len(own) >= least),
        key=lambda key: (-len(holders[key]) * weights[key], key),
    )
    return {key: weights[key] for key in ranked[:MAX_TOP_WORDS]}


def _with_compounds(
    holders: Mapping[str, set[int]], weights: Mapping[str, float]
) -> dict[str, set[int]]:
    """Complaints that hold a word or a compound of it: "rits" is in "ritssluiting"."""
    result = {key: set(holders[key]) for key in weights}
    for key in weights:
        if len(key) >= MIN_COMPOUND:
            for other, own in holders.items():
                is_longer = len(other) - len(key) > 2 and other not in weights
                if is_longer and (other.startswith(key) or other.endswith(key)):
                    result[key] |= own
    return result


def _collect(
    texts: Iterable[list[Word | None]], keys: Iterable[str]
) -> dict[tuple[str, ...], _Candidate]:
    """Phrases made of a cause's top words."""
    known = frozenset(keys)
    candidates: dict[tuple[str, ...], _Candidate] = {}
    for words in texts:
        content = {word for word in words if word and word.kind is Kind.CONTENT}
        seen: dict[tuple[str, ...], Phrase] = {}
        for phrase in cut_phrases(words, known):
            if phrase.keys not in seen or phrase.n_cuts < seen[phrase.keys].n_cuts:
                seen[phrase.keys] = phrase
        own_keys = {word.key for word in content}
        for keys_of, phrase in seen.items():
            candidate = candidates.get(keys_of)
            if candidate is None:
                candidate = candidates[keys_of] = _Candidate(
                    content=tuple(key for key in keys_of if key in known and key in own_keys),
                    is_negated=phrase.is_negated,
                    has_inner=phrase.has_inner,
                )
            candidate.forms[phrase.text] += 1
            candidate.n_whole += phrase.n_cuts == 0
    return candidates


def _pick(
    candidates: Mapping[tuple[str, ...], _Candidate],
    holders: Mapping[str, set[int]],
    weights: Mapping[str, float],
    n_complaints: int,
    n_terms: int,
) -> tuple[KeyTerm, ...]:
    """The phrases that between them cover the complaints best, one after the other."""
    most = max((len(holders[key]) for key in weights), default=0)
    least = 2 if n_complaints < FEW_COMPLAINTS else max(3, math.ceil(MIN_SUPPORT * n_complaints))
    if n_complaints <= VERY_FEW_COMPLAINTS:
        least = min(least, most)

    pool: list[tuple[float, str, _Candidate, float]] = []
    for candidate in candidates.values():
        if max(len(holders[key]) for key in candidate.content) >= least:
            together = set.intersection(*(holders[key] for key in candidate.content))
            factor = candidate.factor(len(together))
            gain = sum(weights[key] * len(holders[key]) for key in candidate.content)
            pool.append((-round(gain * factor, 6), candidate.form(), candidate, factor))
    left = sorted(pool, key=lambda item: item[:2])[:MAX_CANDIDATES]
    covered: set[int] = set()
    terms: list[KeyTerm] = []
    while left and len(terms) < n_terms:
        loss, form, candidate, _ = left[0]
        if loss >= 0.0:
            break
        own = _covered(candidate, holders)
        terms.append(KeyTerm(text=form, score=-loss, n_complaints=len(own)))
        covered |= own
        new = {key: weights[key] * len(holders[key] - covered) for key in weights}
        left = sorted(
            (
                (-round(sum(new[key] for key in each.content) * factor, 6), text, each, factor)
                for _, text, each, factor in left
                if not _is_akin(each.content, candidate.content)
            ),
            key=lambda item: item[:2],
        )
    return tuple(terms)


def _covered(candidate: _Candidate, holders: Mapping[str, set[int]]) -> set[int]:
    """Complaints that hold at least half of a phrase's words."""
    counts = Counter(row for key in candidate.content for row in holders[key])
    return {row for row, count in counts.items() if 2 * count >= len(candidate.content)}


def _is_akin(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether two phrases share a word, or one has a compound of the other's."""
    return any(
        one == two or (min(len(one), len(two)) >= MIN_COMPOUND and (one in two or two in one))
        for one in some
        for two in others
    )
