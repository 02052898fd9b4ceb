"""Writes numbers, dates and enumerations as a Dutch or an English reader expects them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from models.domain import Language
from models.root_cause.html.text_en import TEXTS as ENGLISH
from models.root_cause.html.text_nl import TEXTS as DUTCH
from models.root_cause.impact import Estimate

MINUS = "\N{MINUS SIGN}"
GAP = "\N{NO-BREAK SPACE}"
LANGUAGES = (Language.NL, Language.EN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """Texts and formats of one language.

    ``texts`` maps a key to a text; a text may hold ``{fields}`` for ``say``.
    """

    language: Language
    texts: Mapping[str, str]
    decimal_mark: str
    thousands_mark: str

    def say(self, key: str, **fields: object) -> str:
        """A text with its fields filled in.

        Raises
        ------
        KeyError
            If the key or a field is missing.
        """
        return self.texts[key].format(**fields)

    def count(self, key: str, n: int) -> str:
        """A number with its noun: singular under ``key_one``, plural under ``key_many``.

        Examples
        --------
        >>> wording("en").count("complaints", 1)
        '1 complaint'
        """
        form = "one" if n == 1 else "many"
        return f"{self.integer(n)} {self.texts[f'{key}_{form}']}"

    def integer(self, value: int) -> str:
        """A whole number with its thousands marked.

        Examples
        --------
        >>> wording("nl").integer(12345)
        '12.345'
        """
        return self.decimal(float(value), digits=0)

    def decimal(self, value: float, *, digits: int = 1, is_signed: bool = False) -> str:
        """A number with a real minus sign; never a negative zero.

        Examples
        --------
        >>> wording("nl").decimal(-1234.56)
        '−1.234,6'
        """
        shown = f"{abs(value):,.{digits}f}"
        is_zero = not shown.strip("0.,")
        marks = str.maketrans(",.", self.thousands_mark + self.decimal_mark)
        shown = shown.translate(marks)
        sign = MINUS if value < 0 else "+" if is_signed else ""
        return shown if is_zero else f"{sign}{shown}"

    def signed(self, value: float) -> str:
        """A difference: with its sign, one decimal."""
        return self.decimal(value, is_signed=True)

    def tick(self, value: float) -> str:
        """A number on a scale, with no more decimals than it needs.

        Examples
        --------
        >>> wording("nl").tick(-2.5), wording("nl").tick(-10.0)
        ('−2,5', '−10')
        """
        digits = next((n for n in range(3) if abs(value - round(value, n)) < 1e-9), 3)
        return self.decimal(value, digits=digits)

    def percent(self, share: float, *, digits: int = 1, is_signed: bool = False) -> str:
        """A share in [0, 1] as a percentage.

        Examples
        --------
        >>> wording("nl").percent(0.125).replace(GAP, " ")
        '12,5 %'
        >>> wording("en").percent(0.125)
        '12.5%'
        """
        gap = GAP if self.language is Language.NL else ""
        return f"{self.decimal(100 * share, digits=digits, is_signed=is_signed)}{gap}%"

    def interval(self, low: str, high: str) -> str:
        """Two bounds that are already written."""
        return f"{low} {self.texts['to']} {high}"

    def estimate(self, value: Estimate) -> str:
        """The interval of a signed estimate."""
        return self.interval(self.signed(value.low), self.signed(value.high))

    def date(self, day: str | dt.date) -> str:
        """A day in full, given as a date or in ISO format.

        Examples
        --------
        >>> wording("nl").date("2025-03-01")
        '1 maart 2025'
        """
        value = dt.date.fromisoformat(day) if isinstance(day, str) else day
        return f"{value.day} {self.texts['months'].split()[value.month - 1]} {value.year}"

    def period(self, first_day: str, period: str) -> str:
        """A week by its first day, a month by its name.

        Examples
        --------
        >>> wording("en").period("2025-03-01", "month")
        'March 2025'
        """
        shown = self.date(first_day)
        return shown.partition(" ")[2] if period == "month" else shown

    def listing(self, items: Sequence[str]) -> str:
        """Items in a row: commas, and a word before the last.

        Examples
        --------
        >>> wording("en").listing(["a", "b", "c"])
        'a, b and c'
        """
        if len(items) < 2:
            return "".join(items)
        return f"{', '.join(items[:-1])} {self.texts['and']} {items[-1]}"

    def quoted(self, name: str) -> str:
        """A name of a cause within a sentence; its parts stay on one line."""
        return f"‘{name.replace(' · ', f'{GAP}·{GAP}')}’"

    def sample(self, n: int) -> str:
        """A number of verbatims behind a figure.

        Examples
        --------
        >>> wording("en").sample(1200).replace(GAP, " ")
        'n = 1,200'
        """
        return f"n{GAP}={GAP}{self.integer(n)}"


def wording(language: str) -> Wording:
    """Texts and formats of a language.

    Raises
    ------
    ValueError
        If it is neither ``nl`` nor ``en``.
    """
    if language == Language.NL:
        return Wording(language=Language.NL, texts=DUTCH, decimal_mark=",", thousands_mark=".")
    if language == Language.EN:
        return Wording(language=Language.EN, texts=ENGLISH, decimal_mark=".", thousands_mark=",")
    raise ValueError(f"The language of a report must be 'nl' or 'en'. Got {language!r} instead.")
