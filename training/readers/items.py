"""The rows of all files of a command as they stand there, each with the columns of its file."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from collections.abc import Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from training.labelled import LabelledDataError
from training.readers import csv_files, doccano
from training.readers.columns import FIELDS, Columns
from training.readers.formats import detect_format, list_files, reader_of
from training.readers.raw import Fault, FaultyDataError, RawItem, RawRow
from training.readers.rows import SPLITS, TRAIN, VALIDATION

if TYPE_CHECKING:
    from training.readers.reading import ReadOptions

Item = tuple[RawItem, Columns]
_SHARD = re.compile(r"(.+)-\d{5}-of-\d{5}.*")  # as the Hub names the files of a data set
_USUAL = {alias for aliases in FIELDS.values() for alias in aliases}


def raw_items(paths: Sequence[Path], options: ReadOptions) -> list[Item]:
    """Read all rows of all files, a file that is given twice once.

    Raises
    ------
    FaultyDataError
        If a column that was asked for is in none of the files.
    """
    files = list({file.resolve(): file for path in paths for file in list_files(path)}.values())
    n_named = Counter(file.name for file in files)
    splits = [split_of(file) for file in files]
    tell_splits = len({split for split in splits if split}) > 1
    items: list[Item] = []
    asked = Columns(options.columns)
    seen: dict[str, None] = {}
    for file, split in zip(files, splits, strict=True):
        found = list(reader_of(_form_of(file, options))(file))
        if n_named[file.name] > 1:
            found = [_with_path(item, file) for item in found]
        if tell_splits:
            found = [_with_split(item, split) for item in found]
        own: dict[str, None] = {}
        for item in found:
            if isinstance(item, RawRow):
                for cells in (item.values, *(item.annotations or ())):
                    own.update(dict.fromkeys(cells))
        columns = asked.within(own)
        items += [(item, columns) for item in found]
        seen |= own
    missing = asked.missing(seen)
    if missing and items and options.is_strict:
        place = ", ".join(file.name for file in files)
        message = f"there is no such column; there are: {_show_columns(seen)}"
        raise FaultyDataError([Fault(place=place, field=one, message=message) for one in missing])
    return _leave_open(items)


def split_of(file: Path) -> str:
    """The split that the name of a file is, or that the name of a data set's file begins with."""
    shard = _SHARD.fullmatch(file.stem)
    return SPLITS.get((shard[1] if shard else file.stem).lower(), "")


def _form_of(file: Path, options: ReadOptions) -> str:
    """The format to read a file in."""
    if options.form and options.is_strict:
        return options.form
    try:
        form = detect_format(file)
        is_table = file.suffix.lower() in csv_files.SUFFIXES
        is_asked = doccano.TABLE_LABELS in options.columns.values()
        # A column that the caller says is one field's does not hold the labels of all tasks.
        return "csv" if form == "doccano" and is_table and is_asked else form
    except LabelledDataError:
        if options.form is None:
            raise
        return options.form


def _with_path(item: RawItem, file: Path) -> RawItem:
    """An item whose places hold the whole path, as another file has the same name."""

    def moved(place: str) -> str:
        return f"{file}{place.removeprefix(file.name)}"

    if isinstance(item, RawRow):
        return dataclasses.replace(item, place=moved(item.place))
    rows = tuple(map(moved, item.rows))
    return dataclasses.replace(item, place=moved(item.place), rows=rows)


def _with_split(item: RawItem, split: str) -> RawItem:
    """An item that is of its file's split, unless its place says another."""
    if isinstance(item, Fault) or item.split:
        return item
    return dataclasses.replace(item, split=split)


def _leave_open(items: list[Item]) -> list[Item]:
    """Rows to train on by their place alone have to give some, where none is for validation."""
    rows = [(item, columns) for item, columns in items if isinstance(item, RawRow)]
    if not any(row.split for row, _ in rows):
        return items
    stated = {str(columns.fields(row.values).get("split") or row.split) for row, columns in rows}
    if VALIDATION in {SPLITS.get(split.strip().lower()) for split in stated}:
        return items
    return [
        (dataclasses.replace(item, split=""), columns)
        if isinstance(item, RawRow) and SPLITS.get(item.split.lower()) == TRAIN
        else (item, columns)
        for item, columns in items
    ]


def _show_columns(names: Collection[str]) -> str:
    """The names that are usual; of a file without a header the others are somebody's answers."""
    others = [name for name in names if name.strip().lower() not in _USUAL]
    shown = [name for name in names if name not in others]
    if others:
        shown.append(f"{len(others)} not shown here, as a file without a header has texts there")
    return ", ".join(shown)
