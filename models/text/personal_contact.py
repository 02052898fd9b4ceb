"""Find e-mail addresses, telephone numbers and web addresses that point to one person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberType

_AT: Final = re.compile(r"@|\(at\)|\[at\]|\bapen?staart(?:je)?\b", re.IGNORECASE)
_LOCAL_PART: Final = re.compile(r"\w[\w.+%'&-]{0,63}\Z")
_LOCAL_PART_SPACED: Final = re.compile(r"\w[\w.+%'&-]{0,63}[ ]\Z")
_DOMAIN: Final = re.compile(r"(?:[^\W_][\w-]{0,62}\.){1,6}[^\W\d_]{2,24}(?!\w)")
_SPOKEN_DOMAIN: Final = re.compile(
    r"[ ]?[^\W_][\w-]{0,62}(?:[ ]?\.[ ]?|[ ](?:punt|dot)[ ])[^\W\d_]{2,24}(?!\w)", re.IGNORECASE
)
_MAX_LOCAL_PART: Final = 65  # RFC 5321, 4.5.3.1.1 allows 64 octets


def find_emails(text: str) -> Iterator[tuple[int, int]]:
    """Find e-mail addresses, also with spaces round the sign or with the sign in words.

    Parameters
    ----------
    text : str
        Any text.

    Yields
    ------
    tuple of (int, int)
        Half-open span of each address, in order.

    Examples
    --------
    >>> list(find_emails("mail jan@example.nl of jan @ example.nl, niet @bol.com"))
    [(5, 19), (23, 39)]
    """
    if "@" not in text and "(at)" not in text and "[at]" not in text and "staart" not in text:
        return
    for at in _AT.finditer(text):
        spaced = text[at.start() - 1 : at.start()] == " "
        local_pattern = _LOCAL_PART_SPACED if spaced else _LOCAL_PART
        local = local_pattern.search(text, max(0, at.start() - _MAX_LOCAL_PART), at.start())
        if local is None:
            continue
        if at[0] == "@" and not spaced:
            domain = _DOMAIN.match(text, at.end())
        elif at[0] == "@":
            domain = _DOMAIN.match(text, at.end() + 1) if text.startswith(" ", at.end()) else None
        else:
            domain = _SPOKEN_DOMAIN.match(text, at.end())
        if domain is not None:
            yield local.start(), domain.end()


_TOP_LEVEL: Final = (
    "com|nl|be|org|net|eu|io|co|uk|de|fr|info|app|me|dev|shop|ie|lu|edu|gov|tv|to|gl|ly|ai"
)
_URL: Final = re.compile(
    r"(?:https?://|(?<![\w.@/-])www\.)[^\s<>\"]+"
    r"|(?<![\w.@/-])(?:[a-z0-9][a-z0-9-]{0,62}\.){1,5}"
    rf"(?:{_TOP_LEVEL})(?=[/?])[^\s<>\"]+",
    re.IGNORECASE,
)
_URL_PARTS: Final = re.compile(
    r"(?:https?://)?(?P<host>[^/?#]*)(?P<path>[^?#]*)(?:\?(?P<query>[^#]*))?", re.IGNORECASE
)
# Hosts where any path names a person or something that a person put there.
_PERSONAL_HOST: Final = re.compile(
    r"(?:^|\.)(?:facebook|fb|instagram|linkedin|twitter|x|tiktok|threads|pinterest|snapchat|youtube"
    r"|youtu|t|wa|wetransfer|we|dropbox|drive|docs|onedrive|1drv|imgur|flickr|strava|photos|icloud"
    r"|mastodon|bsky|vimeo|marktplaats|2dehands)(?:\.[a-z]{2,6}){1,2}$|(?:drive|docs|photos)\.google",
    re.IGNORECASE,
)
_PERSONAL_PATH: Final = re.compile(
    r"/(?:users?|profiles?|profiel|accounts?|orders?|bestelling(?:en)?|klant(?:en)?|customers?"
    r"|reset|activate|activeer|unsubscribe|afmelden|invite|share|bookings?|boeking(?:en)?"
    r"|reservering(?:en)?|track|downloads?|tickets?|factuur|facturen|invoices?|mijn|my|cart|u|r|i|t)"
    r"/[^/]",
    re.IGNORECASE,
)
_PRODUCT_PATH: Final = re.compile(
    r"/(?:p|dp|products?|producten|artikel(?:en)?|item)/", re.IGNORECASE
)
_HARMLESS_QUERY: Final = re.compile(
    r"(?:(?:q|query|search|zoek|lang|taal|page|pagina|sort|utm_\w+)=[^&]*&?)*\Z", re.IGNORECASE
)
_LONG_DIGITS: Final = re.compile(r"[0-9]{5}")
_KIND_CHANGE: Final = re.compile(r"[a-z](?=[A-Z0-9])|[A-Z](?=[0-9])|[0-9](?=[A-Za-z])")
_MIN_TOKEN_CHANGES: Final = 3


def find_urls(text: str) -> Iterator[tuple[int, int]]:
    """Find web addresses that carry a person, a file or a token; bare domains stay.

    Parameters
    ----------
    text : str
        Any text.

    Yields
    ------
    tuple of (int, int)
        Half-open span of each address, in order, without closing punctuation.

    Examples
    --------
    >>> list(find_urls("bol.com is sneller dan example.nl/bestelling/9928371."))
    [(23, 52)]
    """
    if "/" not in text and "www." not in text.lower():
        return
    for match in _URL.finditer(text):
        url = match[0].rstrip(".,;:!?'\"’”»…*")
        if url.endswith((")", "]")) and "(" not in url and "[" not in url:
            url = url.rstrip(")].,;:!?'\"’”")
        if _is_personal_url(url):
            yield match.start(), match.start() + len(url)


def _is_personal_url(url: str) -> bool:
    """Tell whether the path or query of a web address points to one person's data."""
    parts = _URL_PARTS.match(url)
    if parts is None:
        return False
    host, path, query = parts["host"], parts["path"].rstrip("/"), parts["query"] or ""
    if "@" in host or "@" in path:
        return True
    if "=" in query and not _HARMLESS_QUERY.match(query):
        return True
    if not path:
        return False
    if _PERSONAL_HOST.search(host) or _PERSONAL_PATH.search(path):
        return True
    return not _PRODUCT_PATH.search(path) and any(_is_token(segment) for segment in path.split("/"))


def _is_token(segment: str) -> bool:
    """Tell whether a path segment looks like a number or key, not like words."""
    if _LONG_DIGITS.search(segment):
        return True
    return "-" not in segment and len(_KIND_CHANGE.findall(segment)) >= _MIN_TOKEN_CHANGES


_PHONE: Final = re.compile(
    r"(?<![0-9A-Za-z@#€$£_])(?<![0-9][.,:–-])"
    r"(?:\+[ ]?\(?[1-9]|\([0+]|0|31|32|44|\([2-9][0-9]{2}\))"
    r"(?:[ \u00a0\u202f]?(?:[-–./()]{1,3}[ \u00a0\u202f]?)?[0-9]){6,16}(?![0-9])"
)
_DATE_START: Final = re.compile(r"[0-9]{1,2}[-/. ][0-9]{1,2}[-/. ](?:19|20)[0-9]{2}(?![0-9])")
_DECIMAL: Final = re.compile(r"0[.][0-9]+\Z")
# A number spelled digit by digit begins where the digits begin; so long runs of digits cost little.
_SPELLED: Final = re.compile(r"(?:[0-9][ \u00a0]){5}")
_DIGIT_BEFORE: Final = re.compile(r"[0-9][ \u00a0]\Z")
_NORTH_AMERICAN: Final = re.compile(r"\([2-9][0-9]{2}\)[ ]?[0-9]{3}[- ][0-9]{4}\Z")
_PHONE_CONTEXT: Final = re.compile(
    r"\b(?:tel|telefoon|phone|call|bel|belde|bellen|gebeld|mobiel|mobile|gsm|whatsapp|app|sms|text"
    r"|nummer|number|cell|ring|reach|bereik|contact|landline|fax)",
    re.IGNORECASE,
)
_SERVICE_TYPES: Final = frozenset(
    {PhoneNumberType.TOLL_FREE, PhoneNumberType.PREMIUM_RATE, PhoneNumberType.SHARED_COST}
)
# Regions tried for a number without country code, by its count of digits with the leading zero.
_NATIONAL_REGIONS: Final = {9: ("BE",), 10: ("NL", "BE", "GB"), 11: ("GB",)}
_MIN_PHONE_DIGITS: Final = 9
_MAX_PHONE_DIGITS: Final = 15  # ITU-T E.164
_CONTEXT_WIDTH: Final = 40


def find_phone_numbers(text: str) -> Iterator[tuple[int, int]]:
    """Find Dutch, Belgian, British and international telephone numbers.

    Numbers that only a company has (0800, 0900 and the like) stay.

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
    >>> list(find_phone_numbers("bel 06 12 34 56 78 op 12-05-2024, niet 0900-1234"))
    [(4, 18)]
    """
    position = 0
    while (match := _PHONE.search(text, position)) is not None:
        end = _phone_end(text, match.start(), match.end())
        if end is None:
            date = _DATE_START.match(text, match.start())
            position = date.end() if date is not None else _next_position(text, match)
        else:
            yield match.start(), end
            position = end


def _next_position(text: str, match: re.Match[str]) -> int:
    """Give where to look on after a run of digits that is no number: behind its first group."""
    position = match.start() + 1
    while position < match.end() and text[position].isdigit():
        position += 1
    return position


def _phone_end(text: str, start: int, end: int) -> int | None:
    """Give where the longest valid number that begins at ``start`` ends, None if there is none."""
    if _DATE_START.match(text, start) or _DECIMAL.match(text[start:end]):
        return None
    if _SPELLED.match(text, start) and _DIGIT_BEFORE.search(text, max(0, start - 2), start):
        return None
    has_context = _PHONE_CONTEXT.search(text, max(0, start - _CONTEXT_WIDTH), start) is not None
    for stop in range(end, start, -1):
        if not text[stop - 1].isdigit() or (stop < end and text[stop].isdigit()):
            continue
        raw = text[start:stop]
        n_digits = sum(character.isdigit() for character in raw)
        if n_digits < _MIN_PHONE_DIGITS:
            return None
        if n_digits <= _MAX_PHONE_DIGITS + 2 and _is_phone_number(raw, has_context=has_context):
            return stop
    return None


def _is_phone_number(raw: str, *, has_context: bool) -> bool:
    """Tell whether a written number is a subscriber's telephone number somewhere likely."""
    digits = re.sub(r"[^+0-9]", "", raw)
    if _NORTH_AMERICAN.match(raw):
        return _is_valid(raw, "US", lenient=has_context)
    if digits.startswith(("31", "32", "44")):
        return digits[2:3] in "467" and _is_valid("+" + digits, None, lenient=False)
    if digits.startswith(("+", "00")):
        return _is_valid(raw, "NL", lenient=True)
    return any(
        _is_valid(raw, region, lenient=has_context and region == "GB" and digits[:2] == "07")
        for region in _NATIONAL_REGIONS.get(len(digits), ())
    )


def _is_valid(raw: str, region: str | None, *, lenient: bool) -> bool:
    """Ask the numbering plan; ``lenient`` accepts any number of a possible length."""
    try:
        number = phonenumbers.parse(raw, region)
    except NumberParseException:
        return False
    if phonenumbers.number_type(number) in _SERVICE_TYPES:
        return False
    return phonenumbers.is_valid_number(number) or (
        lenient and phonenumbers.is_possible_number(number)
    )
