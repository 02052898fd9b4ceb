"""Folders that the ``datasets`` library saved: one data set, or one per split."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

from training.readers.raw import RawItems, RawRow, cannot_read

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
        namers = {column: _namer(feature) for column, feature in part.features.items()}
        for number, values in enumerate(part, start=1):
            named = {column: namers[column](value) for column, value in values.items()}
            yield RawRow(place=f"{name}:{number}", values=named, split=str(split))


def _namer(feature: Any) -> Any:
    """What turns a value into a name: of a class, of a list of classes, or nothing."""
    inner = getattr(feature, "feature", None)
    if hasattr(feature, "int2str"):
        return lambda value: None if value is None else feature.int2str(value)
    if inner is not None and hasattr(inner, "int2str"):
        return lambda values: None if values is None else [inner.int2str(one) for one in values]
    return lambda value: value
