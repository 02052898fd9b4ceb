"""Tokens of a clean text, by the rules of spaCy's blank Dutch and English pipelines."""

from __future__ import annotations

import re
import threading
from typing import TYPE_CHECKING, Final, NamedTuple

from models.domain import Language
from models.text.clause_words import ABBREVIATIONS
from models.text.language_words import DUTCH, ENGLISH, SHARED

if TYPE_CHECKING:
    from spacy.language import Language as Pipeline

_MAX_CHUNK: Final = 48  # characters; spaCy takes quadratic time on a long run of punctuation
_MAX_LEXEMES: Final = 100_000  # word forms that a pipeline may remember before it is made anew

_LONG_CHUNK: Final = re.compile(rf"\S{{{_MAX_CHUNK},}}")
_PLAIN_TOKEN: Final = re.compile(r"\w+|[.!?…]+|[^\w\s]")
_GLUED: Final = re.compile(r"([^\W\d_]{2,})([.!?]+)([^\W\d_]+)")
_TOP_DOMAINS: Final = frozenset({"be", "nl", "com", "eu", "org", "net", "uk", "info"})


class Token(NamedTuple):
    r"""A token: its half-open span, its text in small letters, and whether it is a word or number.

    A line end is a token of its own, ``"\n"``.
    """

    start: int
    end: int
    lower: str
    is_word: bool


def tokenise(text: str, language: Language) -> list[Token]:
    r"""Split a text into tokens.

    Parameters
    ----------
    text : str
        A clean text.
    language : Language
        Whose rules apply; English for ``UND``.

    Returns
    -------
    list of Token
        In order; spaces belong to no token.

    Notes
    -----
    Linear: chunks of 48 characters and more without a space are split by a plain pattern. A full
    stop without a space after it ("goed.maar") is cut loose if there are known words on both sides.

    Examples
    --------
    >>> [token.lower for token in tokenise("Goed geholpen.Maar duur, o.a. de bon\n", Language.NL)]
    ['goed', 'geholpen', '.', 'maar', 'duur', ',', 'o.a.', 'de', 'bon', '\n']
    """
    tokeniser = _TOKENISERS.get(language, _TOKENISERS[Language.EN])
    tokens: list[Token] = []
    position = 0
    for match in _LONG_CHUNK.finditer(text):
        _add(tokens, text, tokeniser.spans(text[position : match.start()]), position)
        is_link = "://" in match.group() or match.group().startswith("www.")
        pieces = [match.span()] if is_link else _plain_spans(match)
        _add(tokens, text, pieces, 0)
        position = match.end()
    _add(tokens, text, tokeniser.spans(text[position:]), position)
    return tokens


class _Tokeniser:
    """A blank spaCy pipeline, made on first use, and made anew when it remembers too many words."""

    def __init__(self, code: str) -> None:
        self._code = code
        self._lock = threading.Lock()
        self._pipeline: Pipeline | None = None

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Offsets of the tokens of a text."""
        with self._lock:
            if self._pipeline is None or len(self._pipeline.vocab) > _MAX_LEXEMES:
                import spacy  # noqa: PLC0415 - takes half a second

                self._pipeline = spacy.blank(self._code)
            doc = self._pipeline.make_doc(text)
            return [(token.idx, token.idx + len(token)) for token in doc]


_TOKENISERS: Final = {code: _Tokeniser(code.value) for code in (Language.NL, Language.EN)}


def _plain_spans(match: re.Match[str]) -> list[tuple[int, int]]:
    """Spans of words and marks in a long chunk."""
    return [piece.span() for piece in _PLAIN_TOKEN.finditer(match.string, *match.span())]


def _add(tokens: list[Token], text: str, spans: list[tuple[int, int]], shift: int) -> None:
    """Append the tokens of spaCy's spans, mended where customers forget spaces."""
    for span_start, span_end in spans:
        start, end = span_start + shift, span_end + shift
        lower = text[start:end].lower()
        if lower.isalnum():
            tokens.append(Token(start, end, lower, True))
        elif lower.isspace():
            if "\n" in lower:
                tokens.append(Token(start, end, "\n", False))
        elif lower.isascii() or len(lower) == end - start:  # small letters may differ in length
            tokens += _mend(start, end, lower)
        else:
            tokens.append(Token(start, end, lower, True))


def _mend(start: int, end: int, lower: str) -> list[Token]:
    """Cut sentence ends loose from the words that they are glued to."""
    glued = _GLUED.fullmatch(lower)
    if glued and _is_known(glued[1]) and _is_known(glued[3]) and glued[3] not in _TOP_DOMAINS:
        return [
            Token(start + glued.start(group), start + glued.end(group), glued[group], group != 2)
            for group in (1, 2, 3)
        ]
    if lower[-1] == "." and lower[:-1].isalpha() and len(lower) > 2 and not is_abbreviation(lower):
        return [Token(start, end - 1, lower[:-1], True), Token(end - 1, end, ".", False)]
    return [Token(start, end, lower, any(character.isalnum() for character in lower))]


def _is_known(word: str) -> bool:
    """Whether a word is in the Dutch or English list."""
    return word in DUTCH or word in ENGLISH or word in SHARED


def is_abbreviation(lower: str) -> bool:
    """Whether a word in small letters is one that is written with a full stop."""
    return lower.removesuffix(".") in ABBREVIATIONS
