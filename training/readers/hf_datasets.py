"""Folders that the ``datasets`` library saved: one data set, or one per split."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from training.readers import argilla
from training.readers.raw import RawItem, RawItems, RawRow, cannot_read

MARKS = ("dataset_dict.json", "dataset_info.json", "state.json")
"""Files that tell such a folder."""


def read(path: Path) -> RawItems:
    """Give each row with its number; class numbers become their names."""
    datasets = import_module("datasets")
    try:
        loaded = datasets.load_from_disk(str(path))
    except Exception as error:  # the library raises what Arrow, JSON and the disk raise
        raise cannot_read(path, "a folder of the datasets library", error) from None
    parts = loaded if isinstance(loaded, dict) else {"": loaded}
    for split, part in parts.items():
        name = f"{path.name}/{split}" if split else path.name
        inner = {column: getattr(one, "feature", one) for column, one in part.features.items()}
        classes = {column: one.names for column, one in inner.items() if hasattr(one, "names")}
        for number, values in enumerate(part, start=1):
            yield make_row(f"{name}:{number}", values, classes, split=str(split))


def make_row(
    place: str,
    values: Mapping[str, Any],
    classes: Mapping[str, Sequence[str]],
    *,
    split: str = "",
) -> RawItem:
    """A row with class numbers turned into the names of their column; or a record of Argilla."""
    named = {name: _name(value, classes.get(name, ())) for name, value in values.items()}
    if argilla.is_export(named):
        return argilla.make_row(place, named, split=split)
    return RawRow(place=place, values=named, split=split)


def _name(value: Any, names: Sequence[str]) -> Any:
    """The name of a class, or those of a list; -1 stands for none, what is no class stays."""
    if names and isinstance(value, list):
        return [_name(one, names) for one in value]
    if names and isinstance(value, int):
        return names[value] if 0 <= value < len(names) else None if value == -1 else value
    return value
