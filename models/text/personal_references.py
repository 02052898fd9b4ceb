"""Find numbers that point to one customer's file: orders, invoices, policies, plates.

A number alone says little, so the words just before it decide; only forms that nothing else has
(a parcel code, a bank card number, a licence plate with its dashes) count without them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from stdnum import luhn


def _words(text: str) -> frozenset[str]:
    """Split a list written as prose."""
    return frozenset(text.split())


# What the number belongs to. Compounds with "nummer" and the like are built from these.
_FILE_WORD: Final = (
    r"(?:(?:web)?order|bestel(?:lings?)?|besteling|klant(?:en)?|customer|client|cli[eë]nt(?:en)?"
    r"|ticket|factuur|facturen|invoice|polis(?:sen)?|policy|zaak|case|dossier|contract"
    r"|lid(?:maatschaps?)?|membership|member|melding(?:s)?|reserverings?|reservation|boekings?|booking"
    r"|claim|schade(?:dossier)?|relatie|deelnemers?|abonnees?|abonnements?|subscription"
    r"|account|rekening|debiteur(?:en)?|pakket|parcel|zendings?|shipment|verzendings?|tracking"
    r"|track(?:[ ]?(?:&|and|en|n)[ ]?trace)?(?:[- ]?code)?|t&t|aanvraags?|application"
    r"|incident|klacht(?:en)?|complaint|pati[eë]nt(?:en)?|patient|studenten|student|leerling|personeels"
    r"|employee|huurders?|transactie|transaction|betalings?|payment|offerte|quote|bon|retour|return|rma"
    r"|user|gebruikers?|confirmation|bevestigings?|loan|lening|paspoort|passport|rijbewijs"
    r"|identiteitskaart|serie|serial|meter|ean|bsn|burgerservice|bank|credit|debit|reference|ref"
    r"|referentie|registratie|registration|inschrijvings?|kaart|card|pas|loyalty[ ]card"
    r"|(?:ov[- ]?chip|bonus|klanten|spaar|leden|bank|credit[ ]?|debit[ ])(?:kaart|pas|card)"
    r"|creditcard|gift[ ]?card|cadeaukaart|kadokaart|voucher)"
)
_NUMBER_WORD: Final = (
    r"(?:nummers?|nummertje|numers?|nrs?|numbers?|no|num|nbr|id|ids|code|kenmerk|pin|reference|ref"
    r"|referentie|key)"
)
_LINK: Final = (
    r"\.?(?:[\s:#=(,/\"'’*-]|\b(?:is|was|are|van|mij|mijn|met|with|het|the|als|zijn|dit|nl|on|onder"
    r"|number|nummer|nr|no)\b){0,8}"
)
_SHORT_LINK: Final = (
    r"[\s:#=(.*\"'’-]{0,4}(?:(?:met |with )?\b(?:number|nummer|nr|no|id)\b[\s:#=(.]{1,3})?"
)
# "bestelnummer is", "order no. ", "kenmerk: ", "my ref is": a number must follow.
_STRONG_CONTEXT: Final = re.compile(
    rf"(?:\b{_FILE_WORD}[-_ ]?{_NUMBER_WORD}\b"
    rf"|\b(?:nummer|nr|number) (?:van|of|voor|for) (?:(?:mijn|de|het|my|the) )?"
    rf"(?:{_FILE_WORD}|bestelling)\b"
    r"|\b(?:kenmerk|referentie|reference|ref|lidnr|bestelnr|ordernr|klantnr|polisnr|dossiernr|rma|pnr"
    r"|track[ ]?(?:&|and|en|n)[ ]?trace|t&t|ov[- ]?chipkaart|bonuskaart|klantenkaart|credit[ ]?card"
    r"|creditcard|loyalty card|bankpas|meternummer)\b)"
    rf"{_LINK}\Z",
    re.IGNORECASE,
)
# "order 12345678", "dossier AX99213": only what looks like a file number counts.
_WEAK_CONTEXT: Final = re.compile(
    r"\b(?:(?:web)?order|bestelling|klant|customer|client|ticket|factuur|invoice|polis|policy|zaak|case"
    r"|dossier|contract|lid|member|melding|reservering|reservation|boeking|booking|claim|account"
    r"|rekening|pakket|parcel|zending|shipment|tracking|aanvraag|application|incident|klacht"
    r"|complaint|offerte|quote|retour|return|transactie|transaction|voucher|debiteur)"
    rf"{_SHORT_LINK}\Z",
    re.IGNORECASE,
)
_HASH_CONTEXT: Final = re.compile(r"#[ ]?\Z")
_REVERSE_CONTEXT: Final = re.compile(
    r"[\s,]*(?:(?:is|was|=|\()[\s]*)(?:(?:mijn|my|het|the|ons|our|de)[ ])?"
    rf"{_FILE_WORD}[-_ ]?{_NUMBER_WORD}\b",
    re.IGNORECASE,
)
_VALUE: Final = re.compile(
    r"(?<![\w€$£])(?<![0-9][.,:])"
    r"(?:[0-9]{3,4}(?:[ ][0-9]{3,4}){1,5}(?:[ ][0-9]{1,3})?(?![\w])"
    r"|(?=[A-Za-z_./-]{0,12}[0-9])[A-Za-z0-9]{1,40}(?:[-._/][A-Za-z0-9]{1,40}){0,6})"
)
_DATE: Final = re.compile(
    r"(?:[0-3]?[0-9][-./][01]?[0-9](?:[-./](?:[0-9]{2}|[0-9]{4}))?|(?:19|20)[0-9]{2}[-./][01]?[0-9]"
    r"(?:[-./][0-3]?[0-9])?|[0-3]?[0-9][-./][A-Za-z]{3,9}[-./][0-9]{2,4})\Z"
)
_AMOUNT: Final = re.compile(r"[0-9]{1,3}(?:\.[0-9]{3})+\Z|[0-9]+\.[0-9]{1,2}\Z")
_UNIT_AFTER: Final = re.compile(
    r"(?:,[0-9]|[ ]?(?:%|€|euro|eur\b|pond|pounds?|dollars?|km\b|kilometer|stuks?|keer|x\b|maal"
    r"|dagen|days|weken|weeks|maanden|months|jaar|years?|uur|hours?|min|kwh|m3|kg|gram|gb|mb|punten|points|times"
    r"|personen|people|mensen|klanten|customers|items?)\b)",
    re.IGNORECASE,
)
_FIXED_FORM: Final = re.compile(
    r"(?<![\w-])(?:3S[A-Z0-9]{9,15}|JVGL[0-9]{10,20}|1Z[A-Z0-9]{16}|[A-Z]{2}[0-9]{9}[A-Z]{2}"
    r"|[0-9]{3}-[0-9]{7}-[0-9]{7}|871[0-9]{15})(?![\w-])"
)
_CARD: Final = re.compile(
    r"(?<![\w+])(?<![0-9][ .,-])[3-6][0-9]{3}(?P<sep>[ -]?)[0-9]{4}(?P=sep)[0-9]{4}(?P=sep)[0-9]{4}"
    r"(?![ -]?[0-9])(?!\w)"
)
_CONTEXT_WIDTH: Final = 48
_REVERSE_WIDTH: Final = 40
_MIN_STRONG_DIGITS: Final = 3
_MIN_WEAK_DIGITS: Final = 5


def find_references(text: str) -> Iterator[tuple[int, int]]:
    """Find order, customer, ticket, invoice, policy and other file numbers, and card numbers.

    Parameters
    ----------
    text : str
        Any text.

    Yields
    ------
    tuple of (int, int)
        Half-open span of each number, without the word before it.

    Examples
    --------
    >>> list(find_references("order #A-99213 kostte 12345 euro"))
    [(7, 14)]
    >>> list(find_references("bestelling van 2500 euro op 12-05-2024"))
    []
    """
    for pattern in (_FIXED_FORM, _CARD):
        for match in pattern.finditer(text):
            if pattern is _FIXED_FORM or luhn.is_valid(re.sub("[^0-9]", "", match[0])):
                yield match.span()
    for match in _VALUE.finditer(text):
        n_digits = sum(map(str.isdigit, match[0]))
        if n_digits >= _MIN_STRONG_DIGITS or (n_digits and len(match[0]) >= _MIN_WEAK_DIGITS):
            span = _reference_span(text, match.start(), match.end(), n_digits)
            if span is not None:
                yield span


def _reference_span(text: str, start: int, end: int, n_digits: int) -> tuple[int, int] | None:
    """Give the span of a value if the words round it make it a file number."""
    value = text[start:end]
    if _DATE.match(value) or _AMOUNT.match(value) or _UNIT_AFTER.match(text, end):
        return None
    window = text[max(0, start - _CONTEXT_WIDTH) : start]
    if _STRONG_CONTEXT.search(window):
        return start, end
    looks_like_number = n_digits >= _MIN_WEAK_DIGITS or (
        n_digits >= _MIN_STRONG_DIGITS and _HASH_CONTEXT.search(window) is not None
    )
    if looks_like_number and _WEAK_CONTEXT.search(window):
        return start, end
    if n_digits >= _MIN_WEAK_DIGITS and _REVERSE_CONTEXT.match(text, end, end + _REVERSE_WIDTH):
        return start, end
    return None


_LETTER_CODE: Final = re.compile(r"(?<![\w.-])[A-Z]{5,8}(?![\w-])")
_LETTER_CODE_CONTEXT: Final = re.compile(
    r"\b(?:booking|boekings?|reserverings?|reservation|confirmation|bevestigings?)[- ]?"
    r"(?:reference|referentie|ref|code|nummer|number|nr|no|kenmerk)\b[\s:.=(#]{0,3}"
    r"(?:(?:is|was)[ ])?\Z|\bpnr[\s:.=(#]{0,3}(?:(?:is|was)[ ])?\Z",
    re.IGNORECASE,
)


def find_letter_codes(text: str) -> Iterator[tuple[int, int]]:
    """Find booking codes that are all capitals, behind a word for them.

    Parameters
    ----------
    text : str
        Any text.

    Yields
    ------
    tuple of (int, int)
        Half-open span of each code, in order.

    Examples
    --------
    >>> list(find_letter_codes("booking reference QWERTZ not found"))
    [(18, 24)]
    """
    for match in _LETTER_CODE.finditer(text):
        window = text[max(0, match.start() - _REVERSE_WIDTH) : match.start()]
        if not window.isupper() and _LETTER_CODE_CONTEXT.search(window):
            yield match.span()


def _shape_pattern(shapes: str, separator: str) -> str:
    """Spell out plate shapes (L letter, D digit, dash between groups) as one alternation."""
    parts = {"L": "[A-Za-z]", "D": "[0-9]", "-": separator}
    return "|".join("".join(parts[part] for part in shape) for shape in shapes.split())


# Dutch sidecodes 1 to 14 (RDW, "Uitleg over de cijfers en letters op de kentekenplaat"), then
# the Belgian shapes since 2010 (DIV: index digit or letter, three letters, three digits).
_DASHED_SHAPES: Final = (
    "LL-DD-DD DD-DD-LL DD-LL-DD LL-DD-LL LL-LL-DD DD-LL-LL DD-LLL-D D-LLL-DD LL-DDD-L L-DDD-LL"
    " LLL-DD-L L-DD-LLL D-LL-DDD DDD-LL-D D-LLL-DDD L-LLL-DDD"
)
# Older Belgian and British shapes, which much else has too: only behind a word for a plate.
_OTHER_SHAPES: Final = "LLL-DDD DDD-LLL LLDD-LLL"
_DASHED_PLATE: Final = re.compile(
    rf"(?<![\w.,/-])(?:{_shape_pattern(_DASHED_SHAPES, '-')})(?![\w/]|-\w)"
)
_ANY_PLATE: Final = re.compile(
    rf"(?<![\w.,/-])(?:{_shape_pattern(_DASHED_SHAPES + ' ' + _OTHER_SHAPES, '[ .-]?')})"
    r"(?![\w/]|-\w)"
)
_PLATE_WORD: Final = (
    r"\b(?:kenteken(?:plaat|nummer|nr)?|nummerplaat|nummer plaat|nrplaat|plaatnummer"
    r"|number[ ]?plate"
    r"|licen[cs]e[ ]?(?:plate|number)|plate(?: number)?"
    r"|registration(?: number| plate)?|reg(?: no)?|plaat)\b"
)
_PLATE_CONTEXT: Final = re.compile(rf"{_PLATE_WORD}[^.!?\n]{{0,20}}\Z", re.IGNORECASE)
_PLATE_CONTEXT_AFTER: Final = re.compile(rf"[ ]?[(,]?[ ]?{_PLATE_WORD}", re.IGNORECASE)
_PRODUCT_WORD: Final = (
    r"(?:model|type|art|artikel|artikelnr|artikelnummer|article|onderdeel|part|item|code|serie|versie"
    r"|version|sku|drill|boor\w*|accu|batter\w*|adapter|printer|filter|toner|cartridge|lamp|maat|size"
    r"|schroef\w*|pomp|pump|motor|engine|sensor|kabel|cable|lader|charger)"
)
_PRODUCT_BEFORE: Final = re.compile(
    rf"\b{_PRODUCT_WORD}s?\b[ ]?(?:nr|no|nummer|number)?[.:#]?[ ]?\Z", re.IGNORECASE
)
_PRODUCT_AFTER: Final = re.compile(rf"[ ]{_PRODUCT_WORD}s?\b", re.IGNORECASE)
_NO_PLATE_LETTERS: Final = _words(
    """
    jan feb mrt mar apr mei may jun jul aug sep okt oct nov dec uur min dag dgn van tot een the and
    for per keer op of in en om to is at by te km nu na ik we ze or on eur
    """
)
_PLATE_WIDTH: Final = 45


def find_licence_plates(text: str) -> Iterator[tuple[int, int]]:
    """Find Dutch and Belgian licence plates.

    With its dashes and in capitals a plate stands alone, unless a word for a product stands
    beside it. Any other form needs a word for a plate.

    Parameters
    ----------
    text : str
        Any text.

    Yields
    ------
    tuple of (int, int)
        Half-open span of each plate, in order.

    Examples
    --------
    >>> list(find_licence_plates("mijn XZ-123-B, kenteken sh47tr, onderdeel XZ-123-B"))
    [(5, 13), (24, 30)]
    """
    position = 0
    while (match := _ANY_PLATE.search(text, position)) is not None:
        start, end = match.span()
        if _is_licence_plate(text, start, end):
            yield start, end
            position = end
        else:
            position = start + 1


def _is_licence_plate(text: str, start: int, end: int) -> bool:
    """Tell whether something of the shape of a plate is one, by the words round it."""
    plate = text[start:end]
    if any(group.lower() in _NO_PLATE_LETTERS for group in re.findall("[A-Za-z]+", plate)):
        return False
    window = text[max(0, start - _PLATE_WIDTH) : start]
    if _PRODUCT_BEFORE.search(window) or _PRODUCT_AFTER.match(text, end):
        return False
    if _PLATE_CONTEXT.search(window) or _PLATE_CONTEXT_AFTER.match(text, end):
        return True
    return plate.isupper() and _DASHED_PLATE.fullmatch(plate) is not None
