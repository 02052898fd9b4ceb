"""Where a new clause begins inside a sentence: contrast, addition, comma, run-on."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from models.text.clause_words import ClauseWords, Words
from models.text.tokenise import Token

_WINDOW: Final = 9  # words looked at ahead
_RUN_ON_WORDS: Final = 14  # a longer stretch without punctuation may hold two clauses
_SUBORDINATE_WORDS: Final = 5  # after "that" and the like, a subject so near is the clause's own
_OWN_CLAUSE_WORDS: Final = 5  # after "and", a clause that borrows its subject needs as many
_PARTICIPLE: Final = re.compile(r"(?:ge|be|ver|terug|op|af)\w+(?:d|t|en)")  # "iets maar gelaten"
_EMOTICON: Final = re.compile(r"[:;=8xX][-'^o]?[()\[\]DPp/|3oO*]+|<3+")


@dataclass(slots=True)
class _Left:
    """What the clause under way has so far."""

    words: ClauseWords
    opening: tuple[str, ...] = ()
    last: str = ""
    n_words: int = 0
    has_verb: bool = False
    n_since_link: int = 99
    seen: set[str] = field(default_factory=set)

    def take(self, word: str) -> None:
        """Add a word."""
        self.has_verb = self.has_verb or self.words.is_finite(word, self.last)
        if self.n_words < 2:
            self.opening += (word,)
        self.last = word
        self.n_words += 1
        self.n_since_link = 0 if word in self.words.links else self.n_since_link + 1
        self.seen.add(word)

    def ends_in(self, *groups: Words) -> bool:
        """Whether its last word is in one of the groups."""
        return any(self.last in group for group in groups)

    def opens_with(self, group: Words) -> bool:
        """Whether its first word, after a "but" or "and", is in a group."""
        words = self.words
        linked = self.opening[0] in words.contrast or self.opening[0] in words.additions
        return any(word in group for word in self.opening[: 1 + linked])


@dataclass(frozen=True, slots=True)
class _Right:
    """The words ahead, the candidate first."""

    window: list[str]
    """At most nine words, across commas."""
    n_item: int
    """How many of them stand before the next comma, "and" or mark."""
    n_words: int
    """Words to the end of the sentence."""

    def after(self, n: int) -> _Right:
        """The same without the first words."""
        return _Right(self.window[n:], max(self.n_item - n, 0), self.n_words - n)


def find_clauses(
    tokens: Sequence[Token], start: int, end: int, protected: Sequence[bool], words: ClauseWords
) -> list[int]:
    """Find the tokens at which a new clause begins inside one sentence.

    Parameters
    ----------
    tokens : sequence of Token
        Tokens of the text.
    start, end : int
        Half-open range of the sentence.
    protected : sequence of bool
        Per token, whether it stands inside a short quotation or brackets: no clause begins there.
    words : ClauseWords
        Words of the language.

    Returns
    -------
    list of int
        Indices in ``tokens``, rising, all above ``start``.

    Notes
    -----
    Linear: a candidate sees the words since the last cut in summary, and nine words ahead.
    """
    places = [index for index in range(start, end) if tokens[index].is_word]
    found: list[int] = []
    left = _Left(words)
    for order, index in enumerate(places):
        word, before = tokens[index].lower, tokens[index - 1]
        if left.n_words and not protected[index] and (words.may_open(word) or not before.is_word):
            right = _look_ahead(tokens, places, order, words)
            if _opens_clause(left, right, before.lower, words):
                found.append(index)
                left = _Left(words)
        left.take(word)
    return found


def _look_ahead(
    tokens: Sequence[Token], places: Sequence[int], order: int, words: ClauseWords
) -> _Right:
    """Summarise the words from a candidate on."""
    ahead = places[order : order + _WINDOW]
    window = [tokens[index].lower for index in ahead]
    n_item = len(window)
    for offset in range(1, len(window)):
        if window[offset] in words.additions or ahead[offset] != ahead[offset - 1] + 1:
            n_item = offset
            break
    return _Right(window, n_item, len(places) - order)


def _opens_clause(left: _Left, right: _Right, before: str, words: ClauseWords) -> bool:
    """Whether a new clause begins at the first word of ``right``."""
    word = right.window[0]
    if right.n_words < 2:
        opens = False
    elif word in words.contrast:
        opens = _opens_contrast(left, right, before == ",", words)
    elif word in words.soft_contrast:
        opens = _opens_soft_contrast(left, right, before == ",", words)
    elif word in words.additions:
        opens = left.n_words >= 2 and _opens_addition(left, right.after(1), words)
    elif before == ",":
        opens = _opens_after_comma(left, right, words)
    elif _is_face(before):
        opens = left.n_words >= 2
    else:
        opens = before == left.last and _opens_run_on(left, right, words)
    return opens


def _opens_contrast(left: _Left, right: _Right, has_comma: bool, words: ClauseWords) -> bool:
    """Whether "maar", "but" and the like really oppose two clauses."""
    word, after = right.window[0], right.window[1]
    if _has_other_sense(left, right, words) or (
        after in words.correlatives and left.seen & words.only
    ):
        return False
    if word in words.movable:
        if has_comma:
            return right.n_words >= 3
        return left.last not in words.verbs and starts_clause(right.after(1), words)
    if has_comma:
        return True
    is_last = right.n_words == 2 and _PARTICIPLE.fullmatch(after) is not None
    if word == "maar" and (is_last or left.last in words.persons):
        return False
    return word in words.strong or left.n_words >= 2


def _opens_soft_contrast(left: _Left, right: _Right, has_comma: bool, words: ClauseWords) -> bool:
    """Whether "wel", "alleen", "yet" and the like open a clause rather than modify a word."""
    word, after = right.window[0], right.window[1]
    if after.isdigit() or _has_other_sense(left, right, words):
        return False
    if has_comma:
        return True
    if left.n_words < 2 or word in words.comma_only or left.seen & words.links:
        return False
    if left.ends_in(words.holders, words.verbs, words.subjects):
        return False
    is_verdict = left.last in words.evaluations and after in words.degrees
    return is_verdict or not left.has_verb or words.is_finite(after, word)


def _has_other_sense(left: _Left, right: _Right, words: ClauseWords) -> bool:
    """Whether a neighbour gives a contrast word another sense ("nog maar", "maar liefst")."""
    word = right.window[0]
    return left.last in words.never_before.get(word, ()) or right.window[1] in (
        words.never_after.get(word, ())
    )


def _opens_addition(left: _Left, right: _Right, words: ClauseWords) -> bool:
    """Whether "en" or "and" is followed by a clause or point of its own, and not by a mere word."""
    if right.n_words < 2:
        return False
    if not left.has_verb and _is_point(right, words):
        return True
    if left.n_words < 3 or right.n_words < 3 or left.opens_with(words.conditions):
        return False
    first = right.window[0]
    if first in words.persons and not left.seen & words.links:
        return True
    if words.is_finite(first, ""):  # with its subject after it, or that of the clause before
        return right.window[1] in words.subjects or right.n_words >= _OWN_CLAUSE_WORDS
    may_start = left.has_verb or any(
        first in group for group in (words.subjects, words.determiners, words.adverbs)
    )
    return may_start and starts_clause(right, words)


def _opens_after_comma(left: _Left, right: _Right, words: ClauseWords) -> bool:
    """Whether a clause or a telegram-style point follows a comma."""
    word = right.window[0]
    if left.n_words < 2 or left.opens_with(words.conditions):
        return False
    if left.opens_with(words.concessions):
        return left.n_words >= 3
    if right.n_words >= 3 and (
        word in words.openers or word in words.persons or starts_clause(right, words)
    ):
        return True
    if word in words.links:
        return False
    n_least = _OWN_CLAUSE_WORDS if left.has_verb else 3
    if words.is_finite(word, "") and right.n_words >= n_least and not left.seen & words.links:
        return True
    return _is_verdict(right, words) if left.has_verb else _is_point(right, words)


def _opens_run_on(left: _Left, right: _Right, words: ClauseWords) -> bool:
    """Whether a sentence goes on, unmarked, with the subject and verb of a new clause."""
    if left.n_words < 3 or right.n_words < 3 or left.n_words + right.n_words <= _RUN_ON_WORDS:
        return False
    if not left.has_verb or left.n_since_link < _SUBORDINATE_WORDS:
        return False
    if left.ends_in(words.holders, words.verbs, words.adverbs):
        return False
    subject, verb = right.window[0], right.window[1]
    if not words.is_finite(verb, subject):
        return False
    if subject in words.persons:
        return not left.opens_with(words.conditions)
    return subject in words.sequels and left.n_words >= 5


def starts_clause(right: _Right, words: ClauseWords) -> bool:
    """Whether words begin with a subject and its finite verb, or an adverbial and a verb."""
    window = right.window
    first = window[0]
    if len(window) < 3:
        starts = False
    elif first in words.relatives:
        starts = words.is_finite(window[1], first)
    elif first in words.subjects:
        starts = _has_finite(window, 1, 3, words)
    elif first in words.adverbs:
        is_inverted = window[1] in words.bare_verbs and window[2] in words.subjects
        starts = (
            is_inverted or words.is_finite(window[1], first) or starts_clause(right.after(1), words)
        )
    elif first in words.prepositions:
        starts = right.n_words >= 5 and _has_finite(window, 2, 7, words)
    elif first in words.determiners:
        starts = _has_finite(window, 2, 5, words)
    elif first in words.links or first in words.holders:
        starts = False
    elif first in words.evaluations:
        starts = _has_finite(window, 2, 4, words)
    else:
        starts = not words.is_finite(first, "") and _has_finite(window, 1, 3, words)
    return starts


def _has_finite(window: Sequence[str], start: int, end: int, words: ClauseWords) -> bool:
    """Whether a finite verb stands among some of the words ahead, before any linking word."""
    for place in range(start, min(end, len(window))):
        if words.is_finite(window[place], window[place - 1]):
            return True
        if window[place] in words.links:
            return False
    return False


def _is_point(right: _Right, words: ClauseWords) -> bool:
    """Whether a verbless item makes a point: "lange wachttijd", "geen schaduw", "prijs te hoog"."""
    item = right.window[: right.n_item]
    if len(item) < 2 or any(words.is_finite(a, b) for a, b in zip(item[1:], item, strict=False)):
        return False
    if item[0] in words.evaluations or item[0] in words.quantities:
        return item[-1] not in words.evaluations
    return _is_verdict(right, words)


def _is_verdict(right: _Right, words: ClauseWords) -> bool:
    """Whether an item is a noun and its verdict: "bediening top", "soep te zout"."""
    item = right.window[: right.n_item]
    return (
        len(item) >= 2
        and not any(item[0] in group for group in (words.evaluations, words.links, words.holders))
        and (item[1] in words.evaluations or (len(item) <= 4 and item[-1] in words.evaluations))
    )


def _is_face(mark: str) -> bool:
    """Whether a token is an emoji or emoticon."""
    return unicodedata.category(mark[0]) == "So" or _EMOTICON.fullmatch(mark) is not None
