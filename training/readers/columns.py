"""Which column of a file holds which field of a labelled verbatim."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping
from functools import lru_cache

from training.labelled import LabelledDataError

FIELDS: Mapping[str, tuple[str, ...]] = {
    "text": ("text", "verbatim", "comment", "review", "opmerking", "toelichting", "tekst"),
    "sentiment": ("sentiment", "gevoel"),
    "topics": ("topics", "topic", "onderwerpen", "onderwerp"),
    "department": ("department", "afdeling", "owner"),
    "department_2": ("department_2", "afdeling_2"),
    "id": ("id", "verbatim_id", "row_id"),
    "lang": ("lang", "language", "taal"),
    "variety": ("variety",),
    "sector": ("sector", "domain", "branche"),
    "story": ("story",),
    "split": ("split",),
    "batch": ("batch",),
    "segments": ("segments",),
    "annotator": ("annotator",),
}
"""Fields, and the names of columns that are taken for them, in any case."""

LABEL_FIELDS = ("sentiment", "topics", "department")


def parse_mapping(pairs: list[str]) -> dict[str, str]:
    """Read ``FIELD=COLUMN`` pairs.

    Raises
    ------
    LabelledDataError
        If a pair has no ``=`` or names no field.

    Examples
    --------
    >>> parse_mapping(["text=Open antwoord"])
    {'text': 'Open antwoord'}
    """
    mapping = {}
    for pair in pairs:
        name, is_pair, column = pair.partition("=")
        if not is_pair or name not in FIELDS or not column:
            raise LabelledDataError(
                f"--column {name}: must be FIELD=COLUMN, FIELD one of {', '.join(FIELDS)}"
            )
        mapping[name] = column
    return mapping


class Columns:
    """Finds the cells of a row by field.

    Parameters
    ----------
    mapping : mapping of field to column
        What was asked for; the other fields go by the names of :data:`FIELDS`. A row without
        the column that was asked for has no cell for the field.
    """

    def __init__(self, mapping: Mapping[str, str]) -> None:
        self._mapping = dict(mapping)
        self._resolve = lru_cache(maxsize=256)(self._find)

    def fields(self, values: Mapping[str, object]) -> dict[str, object]:
        """The cells of a row by field; a column that is not there gives no entry.

        NaN, with which pandas says that there is nothing, gives None.
        """
        found = {name: values[column] for name, column in self._resolve(tuple(values)).items()}
        return {name: None if _is_nan(cell) else cell for name, cell in found.items()}

    def within(self, columns: Collection[str]) -> Columns:
        """The same for a file with these columns: what it lacks goes by the usual names."""
        asked = {name: column for name, column in self._mapping.items() if column in columns}
        return Columns(asked)

    def missing(self, columns: Collection[str]) -> list[str]:
        """Columns that were asked for and are not among these."""
        return [column for column in self._mapping.values() if column not in columns]

    def _find(self, columns: tuple[str, ...]) -> dict[str, str]:
        by_name = {column.strip().lower(): column for column in reversed(columns)}
        found = {}
        for name, aliases in FIELDS.items():
            if name in self._mapping:
                if self._mapping[name] in columns:
                    found[name] = self._mapping[name]
                continue
            alias = next((alias for alias in aliases if alias in by_name), None)
            if alias is not None:
                found[name] = by_name[alias]
        return found


def _is_nan(cell: object) -> bool:
    return isinstance(cell, float) and math.isnan(cell)
