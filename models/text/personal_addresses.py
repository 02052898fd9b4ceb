"""Find home addresses: street and house number, postcode and house number, or all of them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from stdnum.nl import postcode


def _words(text: str) -> frozenset[str]:
    """Split a list written as prose."""
    return frozenset(text.split())


# Endings that only streets have: with a capital and a house number they are an address.
_STREET_ENDING: Final = (
    "straat|laan|gracht|kade|plein|plantsoen|steenweg|singel|dreef|steeg|str|boulevard|allee"
)
# Endings that other words have too: they count beside a Dutch or Belgian postcode.
_LOOSE_ENDING: Final = (
    "weg|lei|baan|markt|hof|vest|kaai|veld|berg|dijk|pad|park|bos|heide|plaats|poort|wijk|akker|kouter"
    "|ring|wal|hoek|oord|horst|burg|kamp|poel|meer|donk|eind|einde|dorp|brink|es|kerk|brug|haven"
)
_NUMBER: Final = (
    r"[0-9]{1,4}(?:[ ]?[A-Za-z](?![\w])|[ ]?-[ ]?(?:[0-9]{1,4}|[A-Za-z]{1,3})(?!\w)|/[0-9]{1,3})?"
    r"(?:[ ](?:hs|bis|[IVX]{1,4})(?!\w))?"
    r"(?:,?[ ](?:bus|bte|boite|box|app?)\.?[ ]?[0-9A-Za-z]{1,4})?"
)
_WORD: Final = r"[^\W\d_][\w.'’-]{0,30}"
_UNIT: Final = (
    r"(?!\w|[.,:][0-9]|[ ]?(?:%|€|x\b|keer|uur|uren|euro|min|minuten|dag|dagen|week|weken|maand"
    r"|maanden|jaar|km|meter|m2|auto|man|winkels?|huizen|huisjes?|woningen|times|hours?|days?|weeks?|months?"
    r"|years?|minutes|sterren|stars)(?!\w))"
)
_DUTCH_POSTCODE: Final = re.compile(r"(?<![\w.,€-])[1-9][0-9]{3}[ ]?[A-Za-z]{2}(?!\w)")
_BELGIAN_POSTCODE: Final = re.compile(r"(?<![\w.€-])[1-9][0-9]{3}(?![\w%€]|[.,:][0-9])")
_STREET_BEFORE: Final = re.compile(
    rf"(?P<street>{_WORD})[ ]{_NUMBER}[ ]?[,;]?\s?(?:(?:te|in)[ ])?\Z"
)
_HOUSE_NUMBER_AFTER: Final = re.compile(
    r"[ ]?,?[ ]?"
    r"(?:(?:(?:en )?huis(?:nummer|nr)|nummer|nr|no|number|house number)\.?[: ]{1,2})?"
    rf"(?:[0-9]{{1,4}}(?:[ ]?-[ ]?[IVX]{{1,4}}(?!\w))?{_UNIT}|{_NUMBER}{_UNIT})",
    re.IGNORECASE,
)
_POSTCODE_WORD: Final = re.compile(
    r"\b(?:postcode|post code|postal code|zip|zipcode|adres|address|woon|wonen|live"
    r"|wonende)\b[^.!?\n]{0,14}\Z",
    re.IGNORECASE,
)
# Two letters behind four digits that are a word or a unit: never a postcode by themselves.
_NO_POSTCODE_LETTERS: Final = _words(
    """
    en of op in is om te we ze me je de er al nu ik na no to on at so my be by do go he if it or
    up us am as an pm ex km mb gb tb kb kg cm mm ml cl mg hz eu ur uu kw mw pk hp cc ap ah nm wh
    db px fr nl dm st rs li xl xs gt tv cd va ma
    """
)
_STREET_PREFIX_WORDS: Final = _words(
    """
    laan plein weg straat hof markt kade
    van de der den het ter ten te 't la le du des oude nieuwe grote kleine lange korte hoge lage
    eerste tweede derde 1e 2e 3e noord zuid oost west sint st st. dr. dr dokter prof. prof
    professor burg. burg burgemeester mr. mr pastoor prins prinses koning koningin president
    generaal admiraal jan willem rue avenue chaussee chaussée place boulevard
    """
)
_FRENCH_STREET: Final = _words("rue avenue chaussee chaussée boulevard place")
_LINKING_WORDS: Final = _words("van de der den het ter ten te 't la le du des")
_WINDOW: Final = 80
_MAX_STREET_WORDS: Final = 6
_PREVIOUS_WORD: Final = re.compile(
    r"(?:(?<=\s)|\A|(?<=[(\"'’:,;]))(?P<word>['’]?[\w.'’-]{1,30})[ ]\Z"
)
_INITIALS: Final = re.compile(r"(?:[A-Z]\.)+\Z")
_POSTCODE_WORD_AFTER: Final = re.compile(r"[ ](?:is|=)[^.!?\n]{0,10}\bpostcode", re.IGNORECASE)
_STREET_NUMBER: Final = re.compile(
    rf"(?<![\w])(?P<street>[^\W\d_][\w'’-]{{0,40}}(?:{_STREET_ENDING}))\.?[ ]"
    rf"(?:nr\.?[ ]|nummer[ ])?{_NUMBER}{_UNIT}",
    re.IGNORECASE,
)
_WEG_NUMBER: Final = re.compile(rf"(?<![\w])[A-Z][\w'’-]{{1,40}}weg[ ]{_NUMBER}{_UNIT}")
_UK_POSTCODE: Final = r"[A-Z]{1,2}[0-9][0-9A-Z]?[ ]?[0-9][A-Z]{2}(?!\w)"
_ENGLISH_STREET: Final = re.compile(
    r"(?<![\w.,/€£$-])(?:(?:[Ff]lat|[Uu]nit|[Aa]partment)[ ][0-9]{1,4}[A-Za-z]?,?[ ])?"
    r"[0-9]{1,4}[A-Za-z]?,?[ ]"
    r"(?:(?:[A-Z][\w'’.-]{1,20}|of|the)[ ]){1,3}"
    r"(?:(?:Street|Road|Rd|Lane|Ln|Avenue|Ave|Drive|Close|Crescent|Gardens|Terrace"
    r"|Grove|Mews)(?!\w)\.?"
    rf"(?:,?[ ](?:[A-Z][a-z]{{1,20}},?[ ]){{0,2}}{_UK_POSTCODE})?"
    r"|(?:St|Way|Hill|Park|Place|Court|Square|Green|Row)(?!\w)\.?"
    rf",?[ ](?:[A-Z][a-z]{{1,20}},?[ ]){{0,2}}{_UK_POSTCODE})"
)


def find_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Find Dutch, Belgian and British addresses; the town behind the postcode stays.

    A street without a house number stays, and so does a postcode without house number, street
    or a word that says whose it is.

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
    >>> list(find_addresses("woont Kerkstraat 12, 1234 AB Utrecht"))
    [(6, 28)]
    >>> list(find_addresses("in de Kerkstraat lag 1000 MB"))
    []
    """
    found_until = 0
    for start, end in sorted(_candidates(text), key=lambda span: (span[0], -span[1])):
        if start >= found_until:
            yield start, end
            found_until = end


def _candidates(text: str) -> Iterator[tuple[int, int]]:
    """Find addresses of every form; they may overlap."""
    yield from _dutch_addresses(text)
    yield from _belgian_addresses(text)
    for match in _ENGLISH_STREET.finditer(text):
        yield match.span()
    for match in _STREET_NUMBER.finditer(text):
        if match["street"][:1].isupper() or _POSTCODE_WORD.search(
            text, max(0, match.start() - _WINDOW), match.start()
        ):
            yield _street_start(text, match.start()), match.end()
    for match in _WEG_NUMBER.finditer(text):
        yield _street_start(text, match.start()), match.end()


def _dutch_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Find addresses round a Dutch postcode."""
    for match in _DUTCH_POSTCODE.finditer(text):
        if not postcode.is_valid(match[0]):
            continue
        start, end = match.span()
        letters = match[0][-2:]
        is_word = letters.lower() in _NO_POSTCODE_LETTERS
        street = _STREET_BEFORE.search(text, max(0, start - _WINDOW), start)
        if street is not None and (letters.isupper() or not is_word):
            yield _street_start(text, street.start("street")), end
            continue
        is_named = (
            _POSTCODE_WORD.search(text, max(0, start - _WINDOW), start) is not None
            or _POSTCODE_WORD_AFTER.match(text, end) is not None
        )
        looks_like_postcode = not is_word and (letters.isupper() or " " not in match[0])
        number = _HOUSE_NUMBER_AFTER.match(text, end)
        if number is not None and (looks_like_postcode or is_named):
            yield start, number.end()
        elif is_named and not is_word:
            yield start, end


def _belgian_addresses(text: str) -> Iterator[tuple[int, int]]:
    """Find addresses that end in a Belgian postcode."""
    for match in _BELGIAN_POSTCODE.finditer(text):
        street = _STREET_BEFORE.search(text, max(0, match.start() - _WINDOW), match.start())
        if street is None:
            continue
        start = _street_start(text, street.start("street"))
        words = text[start : street.end("street")].lower()
        rest = text[street.end("street") : match.start()]
        if (
            _ENDS_LIKE_STREET.search(words)
            or words.split()[0] in _FRENCH_STREET
            or _BUS_NUMBER.search(rest)
            or _BELGIAN_TOWN.match(text, match.end())
        ):
            yield start, match.end()


_ENDS_LIKE_STREET: Final = re.compile(rf"(?:{_STREET_ENDING}|{_LOOSE_ENDING})\Z")
_BELGIAN_TOWN: Final = re.compile(
    r" (?:antwerpen|gent|brugge|brussel|bruxelles|brussels|ghent|bruges|antwerp|leuven|mechelen"
    r"|aalst|kortrijk|hasselt|oostende|genk|roeselare|turnhout|lier|dendermonde|vilvoorde|geel|mol"
    r"|sint-niklaas|waregem|ieper|lokeren|beveren|mortsel|wetteren|deinze|halle|tongeren|luik|li[eè]ge"
    r"|namen|namur|charleroi)(?!\w)",
    re.IGNORECASE,
)
_BUS_NUMBER: Final = re.compile(r"[0-9] (?:bus|bte|boite|box) ?[0-9A-Za-z]|[0-9]/[0-9]")


def _street_start(text: str, start: int) -> int:
    """Extend a street name to the left over its capitals and linking words."""
    name_start = start
    for _ in range(_MAX_STREET_WORDS):
        previous = _PREVIOUS_WORD.search(text, max(0, start - _WINDOW), start)
        if previous is None:
            break
        word = previous["word"]
        start = previous.start("word")
        if word.lower() in _STREET_PREFIX_WORDS:
            # a linking word counts only where more of the name stands before it
            name_start = name_start if word.lower() in _LINKING_WORDS else start
        elif word[0].isupper() and (
            not _is_sentence_start(text, start) or _INITIALS.match(word) is not None
        ):
            name_start = start
        else:
            break
    return _with_article(text, name_start)


def _with_article(text: str, start: int) -> int:
    """Take in one article or preposition that may be part of a street name."""
    previous = _PREVIOUS_WORD.search(text, max(0, start - _WINDOW), start)
    if previous is not None and previous["word"].lower() in {"de", "het", "den", "'t", "van"}:
        return previous.start("word")
    return start


def _is_sentence_start(text: str, start: int) -> bool:
    """Tell whether nothing, or the end of a sentence, stands before."""
    before = text[max(0, start - 3) : start].rstrip()
    return not before or before[-1] in ".!?:"
