"""Find names of persons, customers and staff alike, by titles, phrases and lists.

A word is read as a name when the words round it say so ("mevrouw Jansen", "genaamd Fenna"), when
it is a first name that is nothing else, or when both together make it likely. Brands, places and
sayings that look like names are taken out first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from models.text.first_names import (
    FIRST_NAMES,
    LOWER_CASE_WORD_FIRST_NAMES,
    WEAK_FIRST_NAMES,
    WORD_FIRST_NAMES,
)
from models.text.name_context import (
    AGENT_WORDS,
    BRANDS,
    COMPANIONS,
    INTRODUCERS,
    KNOWN_NAME_INTRODUCERS,
    NO_NAMES,
    PERSON_INTRODUCERS,
    PROFESSIONAL_TITLES,
    ROLES,
    SIGN_OFFS,
    TITLES,
    WEAK_SIGN_OFFS,
)
from models.text.name_reader import (
    NO_UNKNOWN_NAMES,
    RARE_SURNAMES,
    ROLE_GAP,
    SIGN_OFF_GAP,
    SURNAME_SHAPE,
    WORD,
    NameReader,
    PhraseIndex,
    first_part,
    fold,
)
from models.text.surnames import SURNAMES


def _words(text: str) -> frozenset[str]:
    """Split a list written as prose."""
    return frozenset(text.split())


_UNAMBIGUOUS_FIRST_NAMES: Final = FIRST_NAMES - WORD_FIRST_NAMES - WEAK_FIRST_NAMES
# First names that in lower case are words too common to be read as names anywhere.
_LOWER_WORDS: Final = _words("will can may said al an for don per art ad so dan guy")
_ALL_TITLES: Final = TITLES | PROFESSIONAL_TITLES
_TRIGGERS: Final = (
    _UNAMBIGUOUS_FIRST_NAMES
    | RARE_SURNAMES
    | _ALL_TITLES
    | ROLES
    | SIGN_OFFS
    | frozenset(max(phrase, key=len) for phrase in INTRODUCERS)
    | ((WORD_FIRST_NAMES | WEAK_FIRST_NAMES) - _LOWER_WORDS)
)
_CAPITAL_TRIGGERS: Final = FIRST_NAMES | SURNAMES
_FREE_PARTICLES: Final = _words("van vd vander vanden de el ter ten")
_REST_OF_LINE: Final = re.compile(r"[^\w\n]{0,20}(?:\n|\Z)")
_MONTH_AFTER: Final = re.compile(r"\.?[ ]?['’]?[0-9]")
_MONTH_BEFORE: Final = re.compile(
    r"(?:[0-9](?:st|nd|rd|th)?(?: of)?|\b(?:since|sinds|in|until|mid|vanaf)) \Z"
)
_COMPANION_GAP: Final = re.compile(r"[ \u00a0]\Z")
_STAFF_PREPOSITIONS: Final = _words("van vd from achter behind at")
_CAMEL_CASE: Final = re.compile(r"(?<!Mc)(?<!Mac)(?<=[a-z])[A-Z]")
_PAST_TENSE: Final = re.compile(r"[a-z]{3,}(?:te|de|ed)\Z")
_MIN_LOWER_LENGTH: Final = 3
_ALONE_INITIAL: Final = 2
_MAX_INITIALS: Final = 5


def find_names(text: str) -> Iterator[tuple[int, int]]:
    """Find names of persons; the title before a name stays.

    Parameters
    ----------
    text : str
        Any text.

    Yields
    ------
    tuple of (int, int)
        Half-open span of each name, in order, with initials and "van der" but without title.

    Examples
    --------
    >>> text = "mevrouw van den Berg en Kevin hielpen, Jan Linders niet"
    >>> [text[start:end] for start, end in find_names(text)]
    ['van den Berg', 'Kevin']
    """
    if not any(_is_trigger(match[0]) for match in WORD.finditer(text)):
        return
    reader = NameReader(text)
    position = 0
    while position < len(reader.words):
        last = _name_end(reader, position)
        if last is None:
            position += 1
        else:
            yield reader.words[position].start, reader.words[last].end
            position = last + 1


def _is_trigger(word: str) -> bool:
    """Tell whether a text with this word needs a closer look."""
    key = fold(word)
    if key[-2:] == "'s":
        key = key[:-2]
    elif "-" in key:
        key = first_part(key)
    return key in _TRIGGERS or (word[0].isupper() and key in _CAPITAL_TRIGGERS)


def _index_by_last_word(phrases: Sequence[tuple[str, ...]]) -> PhraseIndex:
    """Index phrases by their last word."""
    index: PhraseIndex = {}
    for phrase in phrases:
        index[phrase[-1]] = (*index.get(phrase[-1], ()), phrase)
    return index


_INTRODUCER_INDEX: Final = _index_by_last_word(INTRODUCERS)
_PERSON_INTRODUCER_INDEX: Final = _index_by_last_word(PERSON_INTRODUCERS)
_KNOWN_INTRODUCER_INDEX: Final = _index_by_last_word(PERSON_INTRODUCERS + KNOWN_NAME_INTRODUCERS)


def _name_end(reader: NameReader, at: int) -> int | None:
    """Give the last word of the name that begins at word ``at``, None if none does."""
    word = reader.words[at]
    if reader.blocked[at] or word.key in _ALL_TITLES or reader.is_part_of_code(at):
        return None
    last = _bare_surname_end(reader, at)
    if last is None and not word.has_loose_tail and _is_name_head(reader, at):
        last = reader.extend(at)
    if last is None or reader.is_place(at, last):
        return None
    return last


def _is_name_head(reader: NameReader, at: int) -> bool:
    """Tell whether a name begins with this word."""
    word = reader.words[at]
    if word.is_first_name:
        return _is_first_name_here(reader, at)
    if word.is_capital and len(word.name) > 1:
        return _is_unknown_name_here(reader, at)
    return _is_lower_surname_here(reader, at)


def _is_first_name_here(reader: NameReader, at: int) -> bool:
    """Tell whether a word that is a first name is meant as one."""
    word = reader.words[at]
    name = word.name if word.name in FIRST_NAMES else first_part(word.name)
    if name in _UNAMBIGUOUS_FIRST_NAMES and (len(name) > _MIN_LOWER_LENGTH - 1 or word.is_capital):
        return True
    if not word.is_capital:
        return name not in _LOWER_WORDS and _calls_for_lower_name(reader, at)
    if name != word.name and all(part in FIRST_NAMES for part in word.name.split("-")):
        return True
    last = reader.extend(at)
    return not _is_month(reader, at) and (
        _calls_for_name(reader, at)
        or reader.has_department(last)
        or _has_telling_surname(reader, at, last)
        or (name not in WEAK_FIRST_NAMES and _has_telling_capital(reader, at, last))
    )


def _has_telling_surname(reader: NameReader, at: int, last: int) -> bool:
    """Tell whether what follows makes a first name that is also a word a name."""
    further = reader.words[at + 1 : last + 1]
    return (len(further) > 1 and reader.words[last].name in SURNAMES) or any(
        word.is_rare_surname or (word.is_capital and word.name in _UNAMBIGUOUS_FIRST_NAMES)
        for word in further
    )


def _has_telling_capital(reader: NameReader, at: int, last: int) -> bool:
    """Tell whether the capital of a first name that is also a word makes it a name."""
    further = reader.words[at + 1 : last + 1]
    if further and not any(
        other.name in SURNAMES or other.is_first_name or SURNAME_SHAPE.match(other.name)
        for other in further
    ):
        return False  # "Olive Tree": a word of its own with another capital behind it is a brand
    return not reader.is_title_case and (
        not reader.is_sentence_start(at)
        or len(further) > 1
        or _has_agent(reader, at)
        or (reader.has_person_verb(last) and reader.words[at].name in LOWER_CASE_WORD_FIRST_NAMES)
    )


def _is_month(reader: NameReader, at: int) -> bool:
    """Tell whether "Jan" is the month."""
    word = reader.words[at]
    return word.name == "jan" and (
        _MONTH_AFTER.match(reader.text, word.end) is not None
        or _MONTH_BEFORE.search(reader.text, max(0, word.start - 12), word.start) is not None
    )


def _calls_for_name(reader: NameReader, at: int) -> bool:
    """Tell whether the words before call for a name."""
    return (
        reader.has_title(at)
        or reader.has_professional_title(at)
        or reader.has_role(at)
        or reader.is_introduced(at, _INTRODUCER_INDEX)
        or reader.is_introduced(at, _KNOWN_INTRODUCER_INDEX)
        or _is_signed(reader, at, SIGN_OFFS)
        or _is_signed(reader, at, WEAK_SIGN_OFFS)
    )


def _calls_for_lower_name(reader: NameReader, at: int) -> bool:
    """Tell whether the words before call for a name so much that it needs no capital."""
    return (
        reader.is_introduced(at, _KNOWN_INTRODUCER_INDEX)
        or _is_signed(reader, at, SIGN_OFFS)
        or (
            reader.has_role(at)
            and reader.gap(at - 1) == " "
            and reader.words[at].name not in WEAK_FIRST_NAMES
        )
    )


def _has_agent(reader: NameReader, at: int) -> bool:
    """Tell whether "door", "with" or the like stands before."""
    return reader.is_behind(at, AGENT_WORDS, ROLE_GAP)


def _is_signed(reader: NameReader, at: int, sign_offs: frozenset[str]) -> bool:
    """Tell whether the name is a signature: behind a greeting, and last on its line."""
    before = at - 1
    if before > 0 and reader.words[before].key in {"van", "from"}:
        before -= 1
    if before < 0 or reader.words[before].key.rstrip(".") not in sign_offs:
        return False
    if not all(SIGN_OFF_GAP.match(reader.gap(index)) for index in range(before, at)):
        return False
    last = reader.extend(at)
    return _REST_OF_LINE.match(reader.text, reader.words[last].end) is not None


def _is_unknown_name_here(reader: NameReader, at: int) -> bool:
    """Tell whether a word with a capital that is no first name we know is a name."""
    word = reader.words[at]
    if word.name in NO_NAMES:
        return False
    if reader.has_title(at) or (word.name not in BRANDS and reader.has_professional_title(at)):
        return True
    if word.name in NO_UNKNOWN_NAMES or _CAMEL_CASE.search(reader.text, word.start, word.end):
        return False
    if _introduces_any_name(reader, at):
        return True
    return (reader.has_role(at) and _fits_role(reader, at)) or (
        word.is_rare_surname
        and (
            _has_agent(reader, at)
            or reader.is_introduced(at, _KNOWN_INTRODUCER_INDEX)
            or reader.has_department(at)
            or reader.has_person_verb(at)
        )
    )


def _introduces_any_name(reader: NameReader, at: int) -> bool:
    """Tell whether the words round a word with a capital make it a name, whatever it is."""
    return (
        reader.is_introduced(at, _INTRODUCER_INDEX)
        or _is_signed(reader, at, SIGN_OFFS)
        or (
            not reader.is_title_case
            and reader.follows(at - 1)
            and reader.is_introduced(at, _PERSON_INTRODUCER_INDEX)
        )
        or (
            not reader.is_sentence_start(at)
            and (
                reader.has_department(at, prepositions=_STAFF_PREPOSITIONS)
                or reader.is_behind(at, COMPANIONS, _COMPANION_GAP)
            )
        )
    )


def _fits_role(reader: NameReader, at: int) -> bool:
    """Tell whether an unknown word behind "monteur" or "colleague" goes on as a name does."""
    last = reader.extend(at)
    end = reader.words[last].end
    after = reader.text[end : end + 1]
    return (
        reader.words[at].name in SURNAMES
        or reader.has_person_verb(last)
        or (reader.follows(last) and _PAST_TENSE.match(reader.words[last + 1].key) is not None)
        or (reader.gap(at - 1) != " " and after in {",", ")"})
    )


def _is_lower_surname_here(reader: NameReader, at: int) -> bool:
    """Tell whether a word without capital is the surname behind a form of address."""
    word = reader.words[at]
    if word.name in NO_NAMES or len(word.name) < _MIN_LOWER_LENGTH:
        return False
    if reader.has_title(at):
        return word.name in SURNAMES or SURNAME_SHAPE.match(word.name) is not None
    return word.name in RARE_SURNAMES and reader.has_professional_title(at)


def _bare_surname_end(reader: NameReader, at: int) -> int | None:
    """Give the end of a name that begins with initials or with "van", "de", "el"."""
    first_particle = at
    n_words = min(len(reader.words), at + _MAX_INITIALS)
    while first_particle < n_words and reader.words[first_particle].is_initial:
        if not reader.has_initial_dot(first_particle) or len(reader.gap(first_particle)) > 2:
            return None
        first_particle += 1
    surname = reader.skip_particles(first_particle)
    if surname == at or surname >= len(reader.words) or reader.blocked[surname]:
        return None
    is_surname = (
        _is_called_for_surname(reader, at, surname)
        or (first_particle > at and _is_surname_behind_initials(reader, at, surname))
        or (first_particle == at and _is_free_surname(reader, at, surname))
    )
    return reader.extend(surname) if is_surname else None


def _is_called_for_surname(reader: NameReader, at: int, surname: int) -> bool:
    """Tell whether title, role or greeting make "de Vries" or "A. Hendriks" a name."""
    word = reader.words[surname]
    if word.name in SURNAMES:
        return (
            _calls_for_surname(reader, at)
            or (reader.has_role(at) and reader.words[at].is_capital)
            or reader.is_behind(at, SIGN_OFFS, SIGN_OFF_GAP)
        )
    return (
        (word.is_capital or word.is_shouted)
        and word.name not in NO_UNKNOWN_NAMES
        and not word.has_loose_tail
        and (
            _calls_for_surname(reader, at)
            or (reader.words[at].is_initial and reader.is_behind(at, SIGN_OFFS, SIGN_OFF_GAP))
        )
    )


def _calls_for_surname(reader: NameReader, at: int) -> bool:
    """Tell whether a title or an introduction stands before."""
    return (
        reader.has_title(at)
        or reader.has_professional_title(at)
        or reader.is_introduced(at, _INTRODUCER_INDEX)
    )


def _is_surname_behind_initials(reader: NameReader, at: int, surname: int) -> bool:
    """Tell whether "T. Mulder" or "J.P. van Xyz" stands alone as a name."""
    word = reader.words[surname]
    if not word.is_capital:
        return False
    return word.name in SURNAMES or (
        len(reader.words[at].key) > _ALONE_INITIAL
        and word.name not in NO_UNKNOWN_NAMES
        and SURNAME_SHAPE.match(word.name) is not None
    )


def _is_free_surname(reader: NameReader, at: int, surname: int) -> bool:
    """Tell whether "van Dijk", "van der Berg" or "de Vries" stands alone as a name."""
    word = reader.words[surname]
    return (
        reader.words[at].key in _FREE_PARTICLES
        and word.is_capital
        and word.name in SURNAMES
        and word.name not in NO_NAMES
        and (word.is_rare_surname or surname - at > 1 or reader.has_person_verb(surname))
    )
