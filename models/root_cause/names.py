"""Names each cause in Dutch and in English from its key phrases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.domain import Language
from models.root_cause.key_terms import KeyTerm

SEPARATOR = " · "
LANGUAGES = (Language.NL, Language.EN)

MAX_LENGTH = 45
"""Characters of a name of two phrases; a longer one keeps the first phrase alone."""
MAX_TOPIC_LENGTH = 60
"""Characters of a name that begins with a topic."""
FIRM_SUPPORT = 0.15
"""Share of a cause's complaints (of a language) that the first key term must cover to name it."""
FIRM_COMPLAINTS = 3
"""Complaints that it must cover at least."""
QUOTED_SUPPORT = 0.2
"""Share of the complaints of the other language that its first term must cover to be quoted."""
MIN_WEIGHT = 0.8
"""Score per complaint below which a key term is at home in other causes as much."""
MIN_SECOND = 0.2
"""Share of the first term's score from which a second one stands beside it."""
MIN_LANGUAGE_SHARE = 0.15
"""Share of a cause's complaints from which a language has a name of its own."""
FEW_COMPLAINTS = 4
"""From so many on, a term of a single one names nothing."""

_UNNAMED = {Language.NL: "Overige klachten", Language.EN: "Other complaints"}
_OTHER = {Language.NL: Language.EN, Language.EN: Language.NL}


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseName:
    """What a cause is called in each language.

    ``borrowed`` tells the languages in which no customer named it: the name there is the topic's,
    with a firm phrase of the other language between brackets.
    """

    nl: str
    en: str
    borrowed: tuple[Language, ...] = ()

    def in_language(self, language: Language) -> str:
        """The name in a language; English for ``UND``."""
        return self.nl if language is Language.NL else self.en


def name_causes(
    terms: Mapping[tuple[int, Language], tuple[KeyTerm, ...]],
    n_causes: int,
    *,
    topic_names: Mapping[int, Mapping[Language, Sequence[str]]] | None = None,
    sizes: Mapping[tuple[int, Language], int] | None = None,
) -> tuple[CauseName, ...]:
    """Name all causes, no two alike.

    Two key terms name a cause where enough complaints hold the first; otherwise its main topic
    does, with what terms there are between brackets.

    Parameters
    ----------
    terms : mapping of (int, Language) to tuple of KeyTerm
        What ``find_key_terms`` gave: each term covers complaints that those before it do not.
    n_causes : int
    topic_names : mapping of int to mapping of Language to sequence of str, optional
        Names of each cause's topics, the main one first.
    sizes : mapping of (int, Language) to int, optional
        Complaints of each cause in each language. Without them every term is firm.

    Examples
    --------
    >>> term = KeyTerm(text="lang in de wacht", score=30.0, n_complaints=9)
    >>> name_causes({(0, Language.NL): (term,)}, 1)[0].nl
    'Lang in de wacht'
    """
    topics = topic_names or {}
    names: dict[Language, list[str]] = {language: [] for language in LANGUAGES}
    borrowed: list[list[Language]] = [[] for _ in range(n_causes)]
    for language in LANGUAGES:
        taken: set[str] = set()
        for cause in range(n_causes):
            found = terms.get((cause, language), ())
            own_topics = tuple(topics.get(cause, {}).get(language, ()))
            if _is_told(found, sizes, cause, language):
                n_complaints = (sizes or {}).get((cause, language), 0)
                is_firm = _is_firm(found, n_complaints) or not own_topics
                options = _phrase_names(found) if is_firm else []
                options += _topic_names(own_topics, found)
            else:
                borrowed[cause].append(language)
                other = terms.get((cause, _OTHER[language]), ())
                n_other = (sizes or {}).get((cause, _OTHER[language]), 0)
                is_clear = _is_firm(other, n_other) and (
                    other[0].n_complaints >= QUOTED_SUPPORT * n_other
                )
                quoted = other if is_clear else ()
                options = _topic_names(own_topics or (_UNNAMED[language],), quoted[:1])
            name = _free_name(options, taken)
            taken.add(name.casefold())
            names[language].append(name)
    return tuple(
        CauseName(
            nl=names[Language.NL][cause],
            en=names[Language.EN][cause],
            borrowed=tuple(borrowed[cause]),
        )
        for cause in range(n_causes)
    )


def name_themes(
    topic_names: Mapping[int, Mapping[Language, Sequence[str]]], n_themes: int
) -> tuple[CauseName, ...]:
    """Name themes after their two main topics, no two alike.

    A theme holds causes of several kinds; a phrase of one would speak for all.

    Parameters
    ----------
    topic_names : mapping of int to mapping of Language to sequence of str
        Names of the topics of each theme's complaints, the main one first.
    n_themes : int
    """
    names: dict[Language, list[str]] = {language: [] for language in LANGUAGES}
    for language in LANGUAGES:
        taken: set[str] = set()
        for theme in range(n_themes):
            topics = tuple(topic_names.get(theme, {}).get(language, ())) or (_UNNAMED[language],)
            name = _free_name([_join(*topics[:2]), _join(*topics), _join(topics[0])], taken)
            taken.add(name.casefold())
            names[language].append(name)
    return tuple(
        CauseName(nl=nl, en=en)
        for nl, en in zip(names[Language.NL], names[Language.EN], strict=True)
    )


def _is_told(
    found: tuple[KeyTerm, ...],
    sizes: Mapping[tuple[int, Language], int] | None,
    cause: int,
    language: Language,
) -> bool:
    """Whether enough complaints in a language hold the first term to speak for it."""
    if not found:
        return False
    if sizes is None:
        return True
    own, other = (sizes.get((cause, each), 0) for each in (language, _OTHER[language]))
    if own < MIN_LANGUAGE_SHARE * (own + other):
        return False
    if found[0].score < MIN_WEIGHT * found[0].n_complaints:
        return False
    return found[0].n_complaints > 1 or own < FEW_COMPLAINTS


def _is_firm(found: tuple[KeyTerm, ...], n_complaints: int) -> bool:
    """Whether key terms can name a cause without its topic; one word alone says too little."""
    if not found or (" " not in found[0].text and _second(found) is None):
        return False
    least = min(FIRM_COMPLAINTS, n_complaints)
    return found[0].n_complaints >= max(least, FIRM_SUPPORT * n_complaints)


def _second(found: tuple[KeyTerm, ...]) -> KeyTerm | None:
    """The term that stands beside the first, if any says enough."""
    for term in found[1:]:
        is_short = len(found[0].text) + len(SEPARATOR) + len(term.text) <= MAX_LENGTH
        if is_short and term.score >= MIN_SECOND * found[0].score:
            return term
    return None


def _phrase_names(found: tuple[KeyTerm, ...]) -> list[str]:
    """Names of one or two phrases, the best first."""
    first, second = found[0].text, _second(found)
    pairs = [_join(first, term.text) for term in found[1:] if term is not second]
    return [_join(first, second.text) if second else _join(first), *pairs, _join(first)]


def _topic_names(topics: Sequence[str], found: tuple[KeyTerm, ...]) -> list[str]:
    """Names that begin with a topic: two phrases, one, none; then more topics."""
    if not topics:
        return []
    second = _second(found) if found else None
    brackets = [f"{found[0].text}{SEPARATOR}{second.text}"] if second else []
    brackets += [term.text for term in found]
    names = [f"{topics[0]} ({bracket})" for bracket in brackets]
    fitting = [name for name in names if len(name) <= MAX_TOPIC_LENGTH]
    return [*fitting, topics[0], *(_join(topics[0], topic) for topic in topics[1:])]


def _free_name(candidates: Sequence[str], taken: set[str]) -> str:
    """The first candidate that is not taken, with a number where all are."""
    for candidate in candidates:
        if candidate.casefold() not in taken:
            return candidate
    number = 2
    while f"{candidates[0]} ({number})".casefold() in taken:
        number += 1
    return f"{candidates[0]} ({number})"


def _join(*parts: str) -> str:
    """Phrases side by side, the first with a capital."""
    text = SEPARATOR.join(parts)
    return text[:1].upper() + text[1:]
