"""Cut a clean text into clause-sized segments, one point of the customer each."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from models.domain import Language, Segment
from models.text.clause_words import ABBREVIATIONS, CLAUSE_WORDS, MAY_END, ClauseWords
from models.text.clauses import find_clauses
from models.text.tokenise import Token, tokenise

MAX_SEGMENTS: Final = 40
"""Most segments of one text; the shortest neighbours are merged beyond that."""

_PROTECTED_TOKENS: Final = 9  # longest quotation or pair of brackets that is kept whole
_WRAPPED_LINE: Final = 55  # characters; a shorter line was ended on purpose

_ENDER: Final = re.compile(r"[.!?…]+")
_BULLETS: Final = frozenset("-–—+*•●▪◦·✓✔✅❌→>")
_CLOSERS: Final = frozenset("\"'”’»)]")
_PAIRS: Final = {'"': '"', "“": "”", "„": "”", "«": "»", "(": ")", "[": "]", "‘": "’"}
_LEADING: Final = re.compile(r"(?:\s|[-–—+*•●▪◦·✓✔✅❌→>](?=[\s\w\"'“‘(\[]))+")


def segment(text: str, language: Language) -> tuple[Segment, ...]:
    """Cut a text into clause-sized segments.

    Parameters
    ----------
    text : str
        A clean text.
    language : Language
        Language whose clause words apply; ``UND`` cuts at punctuation only.

    Returns
    -------
    tuple of Segment
        In order, without overlap, without outer white space and leading bullets; every letter and
        digit lies in exactly one. At most ``MAX_SEGMENTS``; none for a text of white space only.

    Notes
    -----
    Linear in the length of the text. How well the cuts agree with a reader's: see
    data/cards/segmentation.md.

    Examples
    --------
    >>> text = "Goed geholpen, maar te duur. Niet slecht!"
    >>> [text[part.start : part.end] for part in segment(text, Language.NL)]
    ['Goed geholpen,', 'maar te duur.', 'Niet slecht!']
    """
    tokens = tokenise(text, language)
    if all(token.lower == "\n" for token in tokens):
        return ()
    protected = _find_protected(tokens)
    words = CLAUSE_WORDS.get(language)
    begins: list[int] = []
    for start, end in _find_sentences(text, tokens, protected):
        begins.append(start)
        if words is not None:
            begins += find_clauses(tokens, start, end, protected, words)
    ranges = _merge_beyond(_join_fragments(tokens, begins, words), MAX_SEGMENTS)
    return tuple(_trim(text, tokens[first].start, tokens[last - 1].end) for first, last in ranges)


def _find_protected(tokens: Sequence[Token]) -> list[bool]:
    """Mark the tokens inside a short quotation, pair of brackets or tag: no cut before them."""
    protected = [False] * len(tokens)
    index = 0
    while index < len(tokens):
        closing = _PAIRS.get(tokens[index].lower)
        if closing:
            for other in range(index + 1, min(index + 1 + _PROTECTED_TOKENS, len(tokens))):
                if tokens[other].lower == closing:
                    protected[index + 1 : other + 1] = [True] * (other - index)
                    index = other
                    break
        index += 1
    return protected


def _find_sentences(
    text: str, tokens: Sequence[Token], protected: Sequence[bool]
) -> list[tuple[int, int]]:
    """Token ranges between line ends, sentence ends, semicolons and bullets."""
    begins = {0}
    resume = 0
    for index, token in enumerate(tokens):
        if index < resume or protected[index] or token.is_word:
            continue
        if token.lower == "\n":
            if not _is_soft_line_end(text, tokens, index):
                begins.add(index + 1)
        elif token.lower == ";" or _ends_sentence(text, tokens, index):
            resume = _skip_closers(tokens, index + 1)
            begins.add(resume)
        elif token.lower in _BULLETS and _is_bullet(tokens, index):
            begins.add(index)
    ordered = sorted(begin for begin in begins if begin < len(tokens))
    return list(zip(ordered, [*ordered[1:], len(tokens)], strict=True))


def _is_soft_line_end(text: str, tokens: Sequence[Token], index: int) -> bool:
    """Whether a line end follows a comma, or wraps a long line that goes on in small letters."""
    if index == 0 or index + 1 == len(tokens) or tokens[index - 1].lower == ",":
        return True
    n_line = tokens[index].start - (text.rfind("\n", 0, tokens[index].start) + 1)
    goes_on = text[tokens[index + 1].start].islower() and tokens[index - 1].is_word
    return goes_on and n_line > _WRAPPED_LINE


def _ends_sentence(text: str, tokens: Sequence[Token], index: int) -> bool:
    """Whether a token of full stops or marks ends a sentence."""
    token = tokens[index]
    if _ENDER.fullmatch(token.lower) is None or index == 0:
        return False
    before = tokens[index - 1]
    if token.lower != "." or before.end != token.start or index + 1 == len(tokens):
        return True
    after = tokens[index + 1]
    if before.lower in ABBREVIATIONS:
        return before.lower in MAY_END and text[after.start].isupper()
    if len(before.lower) == 1 and before.lower.isalpha():
        return False
    if before.lower.isdigit() and len(before.lower) <= 2:
        return index > 1 and tokens[index - 2].is_word and after.start > token.end
    return True


def _skip_closers(tokens: Sequence[Token], index: int) -> int:
    """Move past the marks, closing quotes and emoji that belong to the sentence before."""
    while index < len(tokens):
        token = tokens[index]
        is_glued = token.start == tokens[index - 1].end
        if token.is_word or token.lower == "\n" or token.lower in _BULLETS:
            break
        if token.lower in _PAIRS and not (token.lower in _CLOSERS and is_glued):
            break
        index += 1
    return index


def _is_bullet(tokens: Sequence[Token], index: int) -> bool:
    """Whether a dash, plus or the like opens a new point."""
    token = tokens[index]
    if index + 1 == len(tokens) or tokens[index + 1].lower == "\n":
        return False
    after = tokens[index + 1]
    if index == 0 or tokens[index - 1].lower == "\n":
        return True
    before = tokens[index - 1]
    if token.start == before.end or (before.lower[-1].isdigit() and after.lower[0].isdigit()):
        return False
    return token.end < after.start or (token.lower in "-+" and not after.lower[0].isdigit())


def _join_fragments(
    tokens: Sequence[Token], begins: Sequence[int], words: ClauseWords | None
) -> list[tuple[int, int]]:
    """Token ranges of the segments; one that makes no point joins the next, or else the last."""
    ranges: list[tuple[int, int]] = []
    start = 0
    content: list[str] = []
    for begin, end in zip(begins, [*begins[1:], len(tokens)], strict=True):
        content += [token.lower for token in tokens[begin:end] if token.is_word]
        is_last = end == len(tokens)
        is_fragment = not content or (len(content) == 1 and _is_function_word(content[0], words))
        if is_fragment and not is_last and (content or not ranges):
            continue  # goes with what follows
        if is_fragment and ranges:
            ranges[-1] = (ranges[-1][0], end)
        else:
            ranges.append((start, end))
        start, content = end, []
    return ranges


def _is_function_word(word: str, words: ClauseWords | None) -> bool:
    """Whether a word alone makes no point: a number, or a word that links clauses."""
    if words is None or word.isdigit():
        return word.isdigit()
    linking = (words.contrast, words.soft_contrast, words.additions, words.openers, words.links)
    return any(word in group for group in linking)


def _merge_beyond(ranges: list[tuple[int, int]], n_most: int) -> list[tuple[int, int]]:
    """Merge neighbours, the short ones first, until at most ``n_most`` ranges are left."""
    n_longest = 4
    while len(ranges) > n_most:
        n_left = len(ranges) - n_most
        merged = ranges[:1]
        for start, end in ranges[1:]:
            if n_left and end - merged[-1][0] <= n_longest:
                merged[-1] = (merged[-1][0], end)
                n_left -= 1
            else:
                merged.append((start, end))
        ranges = merged
        n_longest *= 2
    return ranges


def _trim(text: str, start: int, end: int) -> Segment:
    """Take off outer white space and leading bullets."""
    while end > start and text[end - 1].isspace():
        end -= 1
    leading = _LEADING.match(text, start, end)
    if leading and leading.end() < end:
        start = leading.end()
    return Segment(start=start, end=end)
