"""Find numbers that identify a person by law or by bank: IBAN, BSN, Belgian national number.

The check digits decide; they come from python-stdnum.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from stdnum import iban
from stdnum.be import bis, nn
from stdnum.nl import bsn

_IBAN_START: Final = re.compile(
    r"(?<![A-Za-z0-9])[A-Za-z]{2}[ ]?[0-9]{2}(?=[ .\u00a0-]?[A-Za-z0-9])"
)
_IBAN_BODY: Final = re.compile(r"(?:[ .\u00a0\u202f-]{0,2}[A-Za-z0-9]){11,32}")
_MIN_IBAN_LENGTH: Final = 15  # ISO 13616 registry: Norway is the shortest
_MIN_IBAN_DIGITS: Final = 8


def find_ibans(text: str) -> Iterator[tuple[int, int]]:
    """Find bank account numbers (IBAN) with valid check digits, spaced or not, in any case.

    Parameters
    ----------
    text : str
        Any text.

    Yields
    ------
    tuple of (int, int)
        Half-open span of each number, in order.

    Examples
    --------
    >>> list(find_ibans("naar nl91 abna 0417 1643 00 graag, niet NL92ABNA0417164300"))
    [(5, 27)]
    """
    position = 0
    while (match := _IBAN_START.search(text, position)) is not None:
        end = _iban_end(text, match.start(), match.end())
        if end is None:
            position = match.end()
        else:
            yield match.start(), end
            position = end


def _iban_end(text: str, start: int, body_start: int) -> int | None:
    """Give where the longest valid IBAN that begins at ``start`` ends, None if there is none."""
    body = _IBAN_BODY.match(text, body_start)
    if body is None:
        return None
    for stop in range(body.end(), body_start, -1):
        if not text[stop - 1].isalnum() or (stop < len(text) and text[stop].isalnum()):
            continue
        compact = re.sub("[^A-Za-z0-9]", "", text[start:stop])
        if len(compact) < _MIN_IBAN_LENGTH:
            return None
        if sum(map(str.isdigit, compact)) >= _MIN_IBAN_DIGITS and iban.is_valid(compact):
            return stop
    return None


_NATIONAL_NUMBER: Final = re.compile(
    r"(?<![\w+])(?<![0-9][.,/-])"
    r"[0-9]{2}[ .]?[0-9]{2}[ .]?[0-9]{2}[ .-]{0,3}[0-9]{3}[ .-]{0,2}[0-9]{2}(?![0-9])"
)


def find_national_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Find Belgian national register and BIS numbers with valid check digits.

    Parameters
    ----------
    text : str
        Any text.

    Yields
    ------
    tuple of (int, int)
        Half-open span of each number, in order.

    Examples
    --------
    >>> list(find_national_numbers("nummer 85.07.30-033.28, niet 85.07.30-033.29"))
    [(7, 22)]
    """
    for match in _NATIONAL_NUMBER.finditer(text):
        digits = re.sub("[^0-9]", "", match[0])
        if nn.is_valid(digits) or bis.is_valid(digits):
            yield match.span()


_BSN: Final = re.compile(
    r"(?<![\w+])(?<![0-9][ .,/-])[0-9](?:[ .-]?[0-9]){7,8}(?![0-9])(?![ .-][0-9])"
)
_BSN_WORD: Final = re.compile(
    r"\b(?:bsn|b\.s\.n|burgerservice|burger service|sofi|citizen service|social security)",
    re.IGNORECASE,
)
_BSN_WIDTH_BEFORE: Final = 60
_BSN_WIDTH_AFTER: Final = 30


def find_bsns(text: str) -> Iterator[tuple[int, int]]:
    """Find Dutch citizen service numbers: the eleven test holds and a word for it stands near.

    Parameters
    ----------
    text : str
        Any text.

    Yields
    ------
    tuple of (int, int)
        Half-open span of each number, in order.

    Examples
    --------
    >>> list(find_bsns("mijn bsn is 9999.22.026"))
    [(12, 23)]
    >>> list(find_bsns("bestelling 999922026"))
    []
    """
    if _BSN_WORD.search(text) is None:
        return
    for match in _BSN.finditer(text):
        start, end = match.span()
        if (
            _BSN_WORD.search(text, max(0, start - _BSN_WIDTH_BEFORE), start)
            or _BSN_WORD.search(text, end, end + _BSN_WIDTH_AFTER)
        ) and bsn.is_valid(re.sub("[^0-9]", "", match[0])):
            yield start, end
