"""Single values on their way between formats, and the kinds of values that a column holds."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_SURROGATE = re.compile("[\ud800-\udfff]")
_KINDS: tuple[tuple[type, str], ...] = (  # a truth value is an int, a time stamp a date: both first
    (str, "text"),
    (type(None), "null"),
    (bool, "bool"),
    (int, "int"),
    (float, "float"),
    (dt.datetime, "datetime"),
    (dt.date, "date"),
    (dt.time, "time"),
)
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


def json_value(value: Any) -> Any:
    """Give a value that JSON lacks as text (dates in ISO 8601) or as a number.

    Examples
    --------
    >>> json_value(dt.date(2025, 9, 1)), json_value(Decimal("1.50"))
    ('2025-09-01', 1.5)
    """
    if isinstance(value, Decimal):
        is_exact = value.is_finite() and Decimal(repr(float(value))) == value
        return float(value) if is_exact else str(value)
    if isinstance(value, (dt.datetime, dt.date, dt.time)):
        return value.isoformat()
    if isinstance(value, dt.timedelta):
        return value.total_seconds()
    if isinstance(value, (bytes, bytearray, memoryview)):
        return base64.b64encode(bytes(value)).decode()
    if hasattr(value, "item"):  # NumPy scalars
        return value.item()
    return str(value)


def cell_text(value: Any) -> str:
    """Give a value as the text of a cell; None is the empty text.

    Examples
    --------
    >>> [cell_text(value) for value in ("goed", None, True, 0.5, {"a": 1})]
    ['goed', '', 'true', '0.5', '{"a": 1}']
    """
    if isinstance(value, str):
        return value
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    if isinstance(value, (bool, Mapping, list, tuple)):
        return json.dumps(value, ensure_ascii=False, default=json_value)
    if isinstance(value, (int, float)):
        return repr(value)
    return str(value if isinstance(value, Decimal) else json_value(value))


def guard_formula(text: str) -> str:
    """Put a quote before a text that a spreadsheet would take for a formula.

    Examples
    --------
    >>> guard_formula("- te duur"), guard_formula("te duur")
    ("'- te duur", 'te duur')
    """
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def mend_surrogates(text: str) -> str:
    """Put U+FFFD for every lone surrogate, which no file format can hold."""
    return text if text.isascii() else _SURROGATE.sub("\ufffd", text)


def value_kind(value: Any) -> str:
    """Name the kind of a value, as column types are chosen by it.

    Examples
    --------
    >>> [value_kind(value) for value in (None, True, 3, 2**70, 0.5, "a", [1])]
    ['null', 'bool', 'int', 'bigint', 'float', 'text', 'nested']
    """
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        return "bigint"
    return next((kind for form, kind in _KINDS if isinstance(value, form)), "nested")
