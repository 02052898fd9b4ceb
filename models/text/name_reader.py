"""The words of a text, and what stands round them, for the rules that find names."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, TypeAlias

from models.text.first_names import FIRST_NAMES
from models.text.name_context import (
    ABBREVIATED_TITLES,
    ARTICLES,
    BRANDS,
    DEPARTMENT_WORDS,
    NO_NAME_PHRASES,
    NO_NAMES,
    PARTICLES,
    PERSON_VERBS,
    PREPOSITIONS,
    PROFESSIONAL_TITLES,
    ROLES,
    STREET_ENDINGS,
    TITLES,
    VENUE_WORDS,
    VENUES_AFTER,
)
from models.text.surnames import COMMON_WORD_SURNAMES, SURNAMES

PhraseIndex: TypeAlias = dict[str, tuple[tuple[str, ...], ...]]

WORD: Final = re.compile(
    r"[^\W\d_](?:\.[^\W\d_](?![^\W\d_]))+\.?|[^\W\d_]+"
    r"(?:['’-](?!(?:van|de|der|den|el|ten|ter)[ ])[^\W\d_]+)*(?:['’](?![^\W\d_]))?"
)
RARE_SURNAMES: Final = SURNAMES - COMMON_WORD_SURNAMES
NO_UNKNOWN_NAMES: Final = NO_NAMES | BRANDS | DEPARTMENT_WORDS | ROLES | TITLES
SURNAME_SHAPE: Final = re.compile(
    r".{3,}(?:stra|sma|inga|ema|mans?|sen|ssens|ink|berg|burg|veld|horst|meij?er|beek|dijk|huis"
    r"|ski|ska|icz|oglu|aerts?|poel|kamp|wijk|woud|waard|bergen|oven|schot|hout|son|escu|ova|ovic)\Z"
)
ROLE_GAP: Final = re.compile(r"[ \u00a0]?[,:(]?[ \u00a0]?[\"'“‘]?\Z")
SIGN_OFF_GAP: Final = re.compile(r"[\s,.!:;-]{1,5}\Z")
_TITLE_GAP: Final = re.compile(r"\.?[ \u00a0]{1,2}\Z|\.\Z")
_PHRASE_GAP: Final = re.compile(r"(?:['’]s)?[ .&+'’-]{1,3}\Z")
_CONTRACTION: Final = re.compile(r".*(?:n't|'(?:ve|ll|re|m|d|t))\Z")
_PLAIN_LETTERS: Final = str.maketrans({"ı": "i", "ø": "o", "ł": "l", "ß": "s", "đ": "d", "’": "'"})
_SENTENCE_END: Final = '.!?:;…\n•*-–—"“()'
# Written in capitals these are companies or formats far more often than titles.
_NO_SHOUTED_TITLES: Final = frozenset({"ms", "ing", "ir", "mw"})
_MAX_NAME_WORDS: Final = 6
_MAX_UNKNOWN_WORDS: Final = 2
_MAX_PARTICLES: Final = 3
_MIN_TITLE_CASE_WORDS: Final = 4
_TITLE_CASE_SHARE: Final = 0.75


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the text; ``name`` is ``key``, the folded word, without a possessive ending."""

    start: int
    end: int
    key: str
    name: str
    is_capital: bool
    is_shouted: bool
    has_loose_tail: bool
    """Whether it is a compound that ends in lower case ("Taylor-reeks") or a contraction."""

    @property
    def is_initial(self) -> bool:
        """Whether it is a capital letter, or several with dots."""
        return self.is_capital and (len(self.key) == 1 or self.key[1] == ".")

    @property
    def is_first_name(self) -> bool:
        """Whether it, or its part before a hyphen, is a first name."""
        return self.name in FIRST_NAMES or (
            "-" in self.name and not self.has_loose_tail and first_part(self.name) in FIRST_NAMES
        )

    @property
    def is_rare_surname(self) -> bool:
        """Whether it has a capital and is a surname and nothing else."""
        return self.is_capital and self.name in RARE_SURNAMES


def fold(word: str) -> str:
    """Lower a word and take off its accents, so that "Kübra" is found as "kubra".

    Parameters
    ----------
    word : str
        One word.

    Returns
    -------
    str
        Never empty unless ``word`` is.

    Examples
    --------
    >>> fold("Kübra"), fold("O’Brien")
    ('kubra', "o'brien")
    """
    key = word.lower()
    if key.isascii():
        return key
    letters = unicodedata.normalize("NFD", key.translate(_PLAIN_LETTERS))
    return "".join(letter for letter in letters if not unicodedata.combining(letter)) or key


def first_part(name: str) -> str:
    """Give the part of a double name before its hyphen."""
    return name.split("-", 1)[0]


def _read_word(match: re.Match[str]) -> Word:
    """Describe one word; a possessive "'s" does not belong to the name."""
    word, end = match[0], match.end()
    key = fold(word)
    name = key
    if key.endswith("'s"):
        name, end = key[:-2], end - 2
    elif key.endswith("'"):
        name, end = key[:-1], end - 1
    is_shouted = len(word) > 1 and word.isupper() and "." not in word
    is_compound = "-" in word and (
        word[word.rindex("-") + 1].islower() and name[name.rindex("-") + 1 :] not in FIRST_NAMES
    )
    return Word(
        start=match.start(),
        end=end,
        key=key,
        name=name,
        is_capital=word[0].isupper() and not is_shouted,
        is_shouted=is_shouted,
        has_loose_tail=is_compound or _CONTRACTION.match(key) is not None,
    )


def _phrases_by_first_word(phrases: Sequence[str]) -> PhraseIndex:
    """Index phrases by their first word, longest first."""
    index: dict[str, list[tuple[str, ...]]] = {}
    for phrase in phrases:
        words = tuple(phrase.split())
        index.setdefault(words[0], []).append(words)
    return {first: tuple(sorted(found, key=len, reverse=True)) for first, found in index.items()}


_NO_NAME_INDEX: Final = _phrases_by_first_word(NO_NAME_PHRASES)


class NameReader:
    """The words of one text, with the questions that the rules ask about their surroundings.

    ``words`` are in order; ``blocked`` tells per word whether it belongs to a brand, place or
    saying that looks like a name.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = [_read_word(match) for match in WORD.finditer(text)]
        self.blocked = self._find_no_names()

    @cached_property
    def is_title_case(self) -> bool:
        """Whether most words have a capital, so that a capital says nothing."""
        n_capitals = sum(word.is_capital for word in self.words)
        return len(self.words) >= _MIN_TITLE_CASE_WORDS and n_capitals >= _TITLE_CASE_SHARE * len(
            self.words
        )

    def _find_no_names(self) -> list[bool]:
        """Mark the words of brands, places and sayings that look like names."""
        blocked = [False] * len(self.words)
        for at, word in enumerate(self.words):
            phrases = _NO_NAME_INDEX.get(word.key.rstrip("."))
            if phrases is None or self._has_open_title(at, blocked):
                continue
            for phrase in phrases:
                if self._is_phrase(at, phrase):
                    blocked[at : at + len(phrase)] = [True] * len(phrase)
                    break
        return blocked

    def _has_open_title(self, at: int, blocked: Sequence[bool]) -> bool:
        """Tell whether a form of address stands before, as in "Mr. van Houten"."""
        return at > 0 and self.words[at - 1].key in TITLES and not blocked[at - 1]

    def _is_phrase(self, at: int, phrase: tuple[str, ...]) -> bool:
        """Tell whether a phrase stands at word ``at``; its last word may begin a compound."""
        stop = at + len(phrase)
        keys = [word.key for word in self.words[at:stop]]
        return (
            keys[:-1] == list(phrase[:-1])
            and len(keys) == len(phrase)
            and (keys[-1] == phrase[-1] or keys[-1].startswith(phrase[-1] + "-"))
            and all(_PHRASE_GAP.match(self.gap(index)) for index in range(at, stop - 1))
        )

    # --- gaps ---------------------------------------------------------------------------------

    def gap(self, at: int) -> str:
        """Give what stands between word ``at`` and the next, a possessive ending included."""
        if at + 1 >= len(self.words):
            return ""
        return self.text[self.words[at].end : self.words[at + 1].start]

    def follows(self, at: int) -> bool:
        """Tell whether another word follows word ``at`` with nothing but a space between."""
        return self.gap(at) in {" ", "\u00a0"}

    def is_part_of_code(self, at: int) -> bool:
        """Tell whether the word touches a digit, an underscore or an at sign."""
        word = self.words[at]
        before, after = self.text[word.start - 1 : word.start], self.text[word.end : word.end + 1]
        return (word.start > 0 and (before in "@_#" or before.isdigit())) or (
            after != "" and (after == "_" or after.isdigit())
        )

    # --- what stands before -------------------------------------------------------------------

    def has_title(self, at: int) -> bool:
        """Tell whether a form of address stands before ("mevrouw", "dhr.")."""
        return self._is_behind_title(at, TITLES)

    def has_professional_title(self, at: int) -> bool:
        """Tell whether a profession that is used as a title stands before ("Dr.")."""
        return self._is_behind_title(at, PROFESSIONAL_TITLES)

    def _is_behind_title(self, at: int, titles: frozenset[str]) -> bool:
        """Tell whether one of ``titles`` stands before; only abbreviations may have a dot."""
        if at == 0:
            return False
        title, gap = self.words[at - 1], self.gap(at - 1)
        return (
            title.key in titles
            and not self.blocked[at - 1]
            and not (title.is_shouted and title.key in _NO_SHOUTED_TITLES)
            and _TITLE_GAP.match(gap) is not None
            and ("." not in gap or title.key in ABBREVIATED_TITLES)
        )

    def has_role(self, at: int) -> bool:
        """Tell whether a word for a member of staff or a companion stands before."""
        return self.is_behind(at, ROLES, ROLE_GAP)

    def is_behind(self, at: int, words: frozenset[str], gap: re.Pattern[str]) -> bool:
        """Tell whether one of ``words`` stands before word ``at``, with ``gap`` between."""
        return (
            at > 0
            and self.words[at - 1].key.rstrip(".") in words
            and not self.blocked[at - 1]
            and gap.match(self.gap(at - 1)) is not None
        )

    def is_introduced(self, at: int, index: PhraseIndex) -> bool:
        """Tell whether one of the phrases, indexed by last word, stands before word ``at``."""
        if at == 0 or not ROLE_GAP.match(self.gap(at - 1)):
            return False
        return any(
            tuple(word.key.rstrip(".") for word in self.words[max(0, at - len(phrase)) : at])
            == phrase
            for phrase in index.get(self.words[at - 1].key.rstrip("."), ())
        )

    def is_sentence_start(self, at: int) -> bool:
        """Tell whether a capital means nothing here."""
        if at == 0:
            return True
        gap = self.gap(at - 1)
        return any(character in _SENTENCE_END for character in gap) or not gap.isascii()

    # --- what stands after --------------------------------------------------------------------

    def has_department(self, last: int, *, prepositions: frozenset[str] = PREPOSITIONS) -> bool:
        """Tell whether "van de klantenservice" or the like follows word ``last``."""
        if not self.follows(last) or self.words[last + 1].key not in prepositions:
            return False
        for at in range(last + 2, min(last + 5, len(self.words))):
            if not self.follows(at - 1):
                return False
            if self.words[at].key in DEPARTMENT_WORDS:
                return True
            if self.words[at].key not in ARTICLES:
                return False
        return False

    def has_person_verb(self, last: int) -> bool:
        """Tell whether a verb follows that persons do."""
        return self.follows(last) and self.words[last + 1].key in PERSON_VERBS

    def is_place(self, at: int, last: int) -> bool:
        """Tell whether the words belong to a street, building, storm, illness or product."""
        if (
            at > 0
            and self.words[at - 1].key.rstrip(".") in VENUE_WORDS
            and _TITLE_GAP.match(self.gap(at - 1))
        ):
            return True
        stop = last + 1
        if self.follows(last) and (
            self.words[stop].is_capital or self.words[stop].key in VENUES_AFTER
        ):
            stop += 1
        return any(
            word.key in VENUES_AFTER
            or (
                word.key.endswith(STREET_ENDINGS)
                and word.name not in SURNAMES
                and word.name not in FIRST_NAMES
            )
            for word in self.words[at:stop]
        )

    # --- how far a name goes ------------------------------------------------------------------

    def extend(self, at: int) -> int:
        """Give the last word of the name whose first name or surname is word ``at``."""
        last, n_unknown = at, 0
        while last - at < _MAX_NAME_WORDS and last + 1 < len(self.words):
            if not self._is_joined(last) or self.blocked[last + 1]:
                break
            if self.words[last + 1].is_initial and self.has_initial_dot(last + 1):
                last += 1
                continue
            further = self.skip_particles(last + 1)
            if further >= len(self.words) or not self._is_further_name(at, further):
                break
            n_unknown += not self._is_known_name(further)
            if n_unknown > _MAX_UNKNOWN_WORDS:
                break
            last = further
        return last

    def has_initial_dot(self, at: int) -> bool:
        """Tell whether an initial is written with its dot."""
        end = self.words[at].end
        return "." in self.text[end - 1 : end + 1]

    def skip_particles(self, at: int) -> int:
        """Give the first word from ``at`` on that is no "van", "der", "el" and the like."""
        further = at
        while (
            further < len(self.words)
            and further - at < _MAX_PARTICLES
            and self.words[further].key in PARTICLES
            and not self.words[further].is_shouted
            and self.follows(further)
        ):
            further += 1
        if further > at and self.words[at].key in {"in", "op"}:
            return further if further - at > 1 and self.words[at + 1].key != "het" else at
        is_loose = further - at == 1 and self.words[at].key in {"ben", "te", "la", "al", "het"}
        return at if is_loose and not self.words[at].is_capital else further

    def _is_joined(self, at: int) -> bool:
        """Tell whether the next word may belong to the same name."""
        return (
            self.follows(at)
            or (self.words[at].is_initial and _TITLE_GAP.match(self.gap(at)) is not None)
            or (self.gap(at) == "-" and self.words[at + 1].key in PARTICLES)
        )

    def _is_known_name(self, at: int) -> bool:
        """Tell whether a word is a name on our lists."""
        return self.words[at].name in SURNAMES or self.words[at].is_first_name

    def _is_further_name(self, at: int, further: int) -> bool:
        """Tell whether word ``further`` goes on with the name that begins at word ``at``."""
        word = self.words[further]
        if self.blocked[further] or word.has_loose_tail or self.is_part_of_code(further):
            return False
        if word.is_capital:
            if self._is_known_name(further):
                return word.name not in NO_NAMES
            return (
                not self.is_title_case and len(word.name) > 1 and word.name not in NO_UNKNOWN_NAMES
            )
        if word.is_shouted:
            return word.name in SURNAMES and self.words[at].is_shouted
        return word.name in RARE_SURNAMES and not self.words[at].is_capital
