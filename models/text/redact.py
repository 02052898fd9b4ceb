"""Find personal data in a verbatim: where it stands and of what kind.

Each kind has a finder of its own in the ``personal_*`` modules; here they are put in order and
their spans made to exclude each other. Rules and check digits only: no model, no network, the
same text always gives the same spans.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final, TypeAlias

from models.text.personal_addresses import find_addresses
from models.text.personal_contact import find_emails, find_phone_numbers, find_urls
from models.text.personal_names import find_names
from models.text.personal_numbers import find_bsns, find_ibans, find_national_numbers
from models.text.personal_references import (
    find_letter_codes,
    find_licence_plates,
    find_references,
)

__all__ = ["TAGS", "PersonalDataKind", "PersonalDataSpan", "find_personal_data"]


class PersonalDataKind(StrEnum):
    """Kind of personal data; ``ORDER_NUMBER`` is any number that points to one customer's file."""

    EMAIL = "email"
    PHONE = "phone"
    IBAN = "iban"
    BSN = "bsn"
    NATIONAL_NUMBER_BE = "national_number_be"
    POSTCODE_ADDRESS = "postcode_address"
    LICENCE_PLATE = "licence_plate"
    ORDER_NUMBER = "order_number"
    URL = "url"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonalDataSpan:
    """One piece of personal data, as half-open offsets in the text given."""

    start: int
    end: int
    kind: PersonalDataKind


TAGS: Final[Mapping[PersonalDataKind, str]] = MappingProxyType(
    {
        PersonalDataKind.EMAIL: "[EMAIL]",
        PersonalDataKind.PHONE: "[TELEFOON]",
        PersonalDataKind.IBAN: "[IBAN]",
        PersonalDataKind.BSN: "[BSN]",
        PersonalDataKind.NATIONAL_NUMBER_BE: "[RIJKSREGISTER]",
        PersonalDataKind.POSTCODE_ADDRESS: "[ADRES]",
        PersonalDataKind.LICENCE_PLATE: "[KENTEKEN]",
        PersonalDataKind.ORDER_NUMBER: "[NUMMER]",
        PersonalDataKind.URL: "[URL]",
        PersonalDataKind.PERSON: "[NAAM]",
    }
)

_Finder: TypeAlias = Callable[[str], Iterable[tuple[int, int]]]

# In order of precedence: of two spans that overlap, the earlier finder's stays.
_DIGIT_FINDERS: Final[tuple[tuple[PersonalDataKind, _Finder], ...]] = (
    (PersonalDataKind.IBAN, find_ibans),
    (PersonalDataKind.NATIONAL_NUMBER_BE, find_national_numbers),
    (PersonalDataKind.BSN, find_bsns),
    (PersonalDataKind.LICENCE_PLATE, find_licence_plates),
    (PersonalDataKind.POSTCODE_ADDRESS, find_addresses),
    (PersonalDataKind.ORDER_NUMBER, find_references),
    (PersonalDataKind.PHONE, find_phone_numbers),
)
_FIRST_FINDERS: Final[tuple[tuple[PersonalDataKind, _Finder], ...]] = (
    (PersonalDataKind.URL, find_urls),
    (PersonalDataKind.EMAIL, find_emails),
)
_LAST_FINDERS: Final[tuple[tuple[PersonalDataKind, _Finder], ...]] = (
    (PersonalDataKind.ORDER_NUMBER, find_letter_codes),
    (PersonalDataKind.PERSON, find_names),
)
_DIGIT: Final = re.compile("[0-9]")


def find_personal_data(text: str) -> tuple[PersonalDataSpan, ...]:
    """Find the personal data in a text, whatever its language.

    Parameters
    ----------
    text : str
        Any text; Dutch and English may be mixed.

    Returns
    -------
    tuple of PersonalDataSpan
        Sorted by start, never overlapping. Empty if nothing was found.

    Notes
    -----
    Cost O(len(text)). Precision and recall per kind: ``data/cards/redaction.md``. Names come from
    titles, phrases and lists, so a rare name without such context is missed.

    Examples
    --------
    >>> [(span.kind.value, span.start, span.end)
    ...  for span in find_personal_data("Sanne belde 06-12345678 terug")]
    [('person', 0, 5), ('phone', 12, 23)]
    >>> find_personal_data("Bij Albert Heijn kost het 12,50")
    ()
    """
    found: list[PersonalDataSpan] = []
    taken = bytearray(len(text))
    digit_finders = _DIGIT_FINDERS if _DIGIT.search(text) else ()
    for kind, find in (*_FIRST_FINDERS, *digit_finders, *_LAST_FINDERS):
        for start, end in find(text):
            if not any(taken[start:end]):
                taken[start:end] = b"\x01" * (end - start)
                found.append(PersonalDataSpan(start=start, end=end, kind=kind))
    return tuple(sorted(found, key=lambda span: span.start))
