"""Names each cause in Dutch and in English from its key phrases."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from models.domain import Language
from models.root_cause.key_terms import KeyTerm

SEPARATOR = " · "
LANGUAGES = (Language.NL, Language.EN)

FIRM_SUPPORT = 0.12
"""Share of a cause's complaints (of a language) that must hold its first key term to name it."""
MIN_LANGUAGE_SHARE = 0.15
"""Share of a cause's complaints from which a language has a name of its own."""
FEW_COMPLAINTS = 8
"""From so many on, a term of a single one names nothing."""

_UNNAMED = {Language.NL: "Overige klachten", Language.EN: "Other complaints"}
_OTHER = {Language.NL: Language.EN, Language.EN: Language.NL}


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseName:
    """What a cause is called in each language.

    ``borrowed`` tells the languages in which no customer named it: the name there is the topic's,
    with the other language's phrase between brackets.
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
    topic_names: Mapping[int, Mapping[Language, str]] | None = None,
    sizes: Mapping[tuple[int, Language], int] | None = None,
) -> tuple[CauseName, ...]:
    """Name all causes, no two alike.

    Parameters
    ----------
    terms : mapping of (int, Language) to tuple of KeyTerm
        What ``find_key_terms`` gave.
    n_causes : int
    topic_names : mapping of int to mapping of Language to str, optional
        Name of each cause's main topic, used in a language without key terms, and before key
        terms that few complaints hold.
    sizes : mapping of (int, Language) to int, optional
        Complaints of each cause in each language.

    Examples
    --------
    >>> term = KeyTerm(text="lang in de wacht", score=3.0, n_complaints=9)
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
            if sizes is not None and not _is_told(found, sizes, cause, language):
                found = ()
            own = [term.text for term in found]
            topic = topics.get(cause, {}).get(language)
            n_complaints = (sizes or {}).get((cause, language), 0)
            if not own:
                borrowed[cause].append(language)
                name = _free_name(_borrow(terms, topics, cause, language), taken)
            elif topic and found[0].n_complaints < FIRM_SUPPORT * n_complaints:
                pairs = [SEPARATOR.join(own[row : row + 2]) for row in range(0, len(own), 2)]
                name = _free_name([f"{topic} ({pair})" for pair in pairs], taken)
            else:
                name = _free_name(own, taken, prefer_two=True)
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


def _is_told(
    found: tuple[KeyTerm, ...],
    sizes: Mapping[tuple[int, Language], int],
    cause: int,
    language: Language,
) -> bool:
    """Whether enough complaints in a language hold the first term to speak for it."""
    own, other = (sizes.get((cause, each), 0) for each in (language, _OTHER[language]))
    if not found or own < MIN_LANGUAGE_SHARE * (own + other):
        return False
    return found[0].n_complaints > 1 or own < FEW_COMPLAINTS


def _borrow(
    terms: Mapping[tuple[int, Language], tuple[KeyTerm, ...]],
    topics: Mapping[int, Mapping[Language, str]],
    cause: int,
    language: Language,
) -> list[str]:
    """Candidates in a language in which the cause has no phrases."""
    topic = topics.get(cause, {}).get(language, _UNNAMED[language])
    others = [term.text for term in terms.get((cause, _OTHER[language]), ())]
    return [f"{topic} ({other})" for other in others] or [topic]


def _free_name(candidates: list[str], taken: set[str], *, prefer_two: bool = False) -> str:
    """The best candidate that is not taken; one lone word gets a second beside it."""
    first = candidates[0]
    options = [_join(first, other) for other in candidates[1:]]
    if prefer_two and " " not in first and options:
        options.append(_join(first))
    else:
        options.insert(0, _join(first))
    for option in options:
        if option.casefold() not in taken:
            return option
    number = 2
    while f"{options[0]} ({number})".casefold() in taken:
        number += 1
    return f"{options[0]} ({number})"


def _join(*parts: str) -> str:
    """Phrases side by side, the first with a capital."""
    text = SEPARATOR.join(parts)
    return text[:1].upper() + text[1:]
