"""Reads a column of dates, in mixed formats if need be."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from models.root_cause.trend import DateVector

_ISO: Final = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?!\d)")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})(?!\d)")
_NUMERIC: Final = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})(?!\d)")
_NAMED: Final = re.compile(r"(\d{1,2})(?:st|nd|rd|th|e)?[\s-]+([a-z]{3})[a-z]*\.?,?[\s-]+(\d{4})")
_NAMED_FIRST: Final = re.compile(r"([a-z]{3})[a-z]*\.?\s+(\d{1,2})(?:st|nd|rd|th)?,?\s+(\d{4})")
_MONTHS: Final = {
    "jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6,
    "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12,
    "mrt": 3, "maa": 3, "mei": 5, "okt": 10,
}  # fmt: skip
NOTHING: Final = frozenset({"", "none", "nan", "nat", "null", "n/a", "na", "nvt", "n.v.t.", "-"})
"""Cells that say that there is no value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dates:
    """Days, ``NaT`` where there is none; ``n_unreadable`` were given but cannot be dates."""

    days: DateVector
    n_unreadable: int
    is_month_first: bool


def read_dates(values: Sequence[object]) -> Dates:
    """Read dates from date values and texts.

    Parameters
    ----------
    values : sequence
        ``date``, ``datetime``, ``numpy.datetime64`` or text: year first, day first (03-09-2025,
        3/9/2025), month first where the column cannot be read day first, or with the month's name
        in Dutch or English. Clock times are dropped.

    Examples
    --------
    >>> read_dates(["2025-09-03T10:00", "3 sept 2025", "03/09/2025", "soon", None]).n_unreadable
    1
    """
    is_month_first = _is_month_first(values)
    days = np.full(len(values), np.datetime64("NaT", "D"))
    n_unreadable = 0
    for row, value in enumerate(values):
        if value is None or str(value).strip().casefold() in NOTHING:
            continue
        day = _read(value, is_month_first=is_month_first)
        if day is None:
            n_unreadable += 1
        else:
            days[row] = day
    return Dates(days=days, n_unreadable=n_unreadable, is_month_first=is_month_first)


def _is_month_first(values: Sequence[object]) -> bool:
    """Whether some dates can only be month first, and none can only be day first."""
    day_first = month_first = False
    for value in values:
        match = _NUMERIC.match(value.strip()) if isinstance(value, str) else None
        if match:
            day_first |= int(match[1]) > 12
            month_first |= int(match[2]) > 12
    return month_first and not day_first


def _read(value: object, *, is_month_first: bool) -> np.datetime64 | None:
    """One date, or None."""
    if isinstance(value, datetime.date):
        return np.datetime64(value.strftime("%Y-%m-%d"), "D")
    text = str(value).strip().casefold()
    found: np.datetime64 | None = None
    if match := _ISO.match(text) or _COMPACT.match(text):
        found = _day(match[1], match[2], match[3])
    elif match := _NUMERIC.match(text):
        year = match[3] if len(match[3]) == 4 else f"20{match[3]}"
        first, second = match[1], match[2]
        if is_month_first or int(second) > 12:
            first, second = second, first
        found = _day(year, second, first)
    elif match := _NAMED.match(text):
        found = _day(match[3], _MONTHS.get(match[2], 0), match[1])
    elif match := _NAMED_FIRST.match(text):
        found = _day(match[3], _MONTHS.get(match[1], 0), match[2])
    return found


def _day(year: str, month: str | int, day: str) -> np.datetime64 | None:
    """A day of the calendar between 1990 and 2100, or None."""
    try:
        found = datetime.date(int(year), int(month), int(day))
    except ValueError:
        return None
    return np.datetime64(found, "D") if 1990 <= found.year < 2100 else None
