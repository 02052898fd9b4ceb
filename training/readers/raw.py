"""What a format module gives: rows as they stand in the file, and what could not be read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.labelled import LabelledDataError

# A word, or the number of a class; four digits may be a part of someone's number.
_HARMLESS = re.compile(r"\d{1,2}|(?=.*[^\W\d_])(?!(.*\d){4})[\w-]{1,30}")
_MAX_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRow:
    """One row of a file.

    Attributes
    ----------
    place : str
        File and line, for messages.
    values : mapping of str to object
        Cells by the name of their column.
    annotations : tuple of mapping
        Where a file keeps several annotators apart: the label cells of each, and ``annotator``;
        empty where nobody labelled the row. None where it does not.
    split : str
        Split that the place of the row says (a data set's split), or nothing.
    """

    place: str
    values: Mapping[str, Any]
    annotations: tuple[Mapping[str, Any], ...] | None = None
    split: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What is wrong at a place, and what to do; never a part of the text.

    ``rows`` are the places of the rows that have to go, or be mended, for the fault to go. None
    of them where the data as a whole is at fault.
    """

    place: str
    field: str
    message: str
    rows: tuple[str, ...] = ()

    def __str__(self) -> str:
        return f"{self.place}: {self.field}: {self.message}"


class FaultyDataError(LabelledDataError):
    """Labelled data that cannot be used as it is; ``faults`` holds everything that is wrong."""

    def __init__(self, faults: list[Fault]) -> None:
        self.faults = tuple(faults)
        lines = [f"{len(faults)} fault(s) in the labelled data"]
        lines += [f"  {fault}" for fault in faults[:_MAX_SHOWN]]
        if len(faults) > _MAX_SHOWN:
            lines.append(f"  and {len(faults) - _MAX_SHOWN} more: --faults FILE writes all of them")
        if any(fault.rows for fault in faults):
            lines.append("  mend the rows, or leave them out with --skip-faulty")
        super().__init__("\n".join(lines))


RawItem = RawRow | Fault
RawItems = Iterator[RawItem]


def row_fault(place: str, name: str, message: str) -> Fault:
    """A fault of the one row at a place."""
    return Fault(place=place, field=name, message=message, rows=(place,))


def show_value(value: object) -> str:
    """A value for a message: as it is where it can only be a label, else its length."""
    text = str(value).strip()
    return repr(text) if _HARMLESS.fullmatch(text) else f"a value of {len(text)} characters"


def cannot_read(path: Path, what: str, error: Exception) -> LabelledDataError:
    """The error for a file that is not what its name says."""
    return LabelledDataError(f"{path.name}: not readable as {what} ({type(error).__name__})")
