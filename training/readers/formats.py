"""Tell the format of a file, by its name and, for JSON, by its first object."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from training.labelled import LabelledDataError
from training.readers import argilla, corrections, csv_files, doccano, label_studio
from training.readers.hf_datasets import MARKS
from training.readers.raw import RawItems

MODULES = {
    "jsonl": "jsonl",
    "csv": "csv_files",
    "xlsx": "xlsx",
    "parquet": "parquet",
    "datasets": "hf_datasets",
    "label-studio": "label_studio",
    "argilla": "argilla",
    "doccano": "doccano",
    "corrections": "corrections",
}
"""Formats and the modules that read them."""

_BY_SUFFIX = {
    **dict.fromkeys(csv_files.SUFFIXES, "csv"),
    ".xlsx": "xlsx",
    ".xlsm": "xlsx",
    ".parquet": "parquet",
}
_FOLDER_FILES = (".jsonl", ".ndjson", ".json", ".parquet", ".csv", ".tsv", ".xlsx", ".xlsm")
_ABOUT = ("dataset_infos.json", *MARKS)  # files about a data set, not of it
_PROSE = ("", ".md", ".rst", ".pdf", ".docx")


def reader_of(form: str) -> Callable[[Path], RawItems]:
    """The function that reads a format."""
    module = import_module(f"training.readers.{MODULES[form]}")
    return cast("Callable[[Path], RawItems]", module.read)


def list_files(path: Path) -> list[Path]:
    """The path itself, or the files of a folder that is no data set of its own.

    Raises
    ------
    LabelledDataError
        If there is nothing to read.
    """
    if not path.exists():
        raise LabelledDataError(f"{path}: no such file or folder")
    if path.is_file() or is_dataset(path):
        return [path]
    found = sorted(file for file in path.iterdir() if _is_read(file))
    if not found and (path / "data").is_dir():  # as the Hub keeps a data set
        return list_files(path / "data")
    if not found:
        raise LabelledDataError(f"{path}: holds no file that is read ({', '.join(_FOLDER_FILES)})")
    return found


def list_unread(path: Path) -> list[Path]:
    """The files of a folder that :func:`list_files` leaves out and that may hold rows."""
    if not path.is_dir() or is_dataset(path):
        return []
    return sorted(
        file
        for file in path.iterdir()
        if file.is_file()
        and not _is_read(file)
        and not file.name.startswith(".")
        and file.name not in _ABOUT
        and file.suffix.lower() not in _PROSE
    )


def _is_read(file: Path) -> bool:
    is_hidden = file.name.startswith((".", "~$"))  # as those of a program that has it open
    return file.suffix.lower() in _FOLDER_FILES and file.name not in _ABOUT and not is_hidden


def is_dataset(path: Path) -> bool:
    """Whether a folder was saved by the ``datasets`` library."""
    return path.is_dir() and any((path / mark).is_file() for mark in MARKS)


def detect_format(path: Path) -> str:
    """Name the format of a file.

    Raises
    ------
    LabelledDataError
        If it is none that is read.
    """
    if path.is_dir():
        return "datasets"
    suffix = path.suffix.lower()
    if _BY_SUFFIX.get(suffix) == "csv":
        return _table_format(csv_files.read_columns(path))
    if suffix in _BY_SUFFIX:
        return _BY_SUFFIX[suffix]
    if suffix not in (".json", ".jsonl", ".ndjson"):
        raise LabelledDataError(
            f"{path.name}: the name tells no format; name one with --format: {', '.join(MODULES)}"
        )
    return _json_format(path)


def _table_format(columns: Collection[str]) -> str:
    """Tell the tool that wrote a table from the names of its columns."""
    if label_studio.is_export(columns):
        return "label-studio"
    return "doccano" if doccano.is_table(columns) else "csv"


def _json_format(path: Path) -> str:
    """Tell the tool that wrote a JSON file from its first object."""
    try:
        with path.open(encoding="utf-8-sig") as stream:
            if path.suffix.lower() == ".json":
                document: Any = json.load(stream)
            else:
                document = [json.loads(next((line for line in stream if line.strip()), "{}"))]
    except (ValueError, RecursionError):
        return "jsonl"  # whose reader says what is wrong, line by line
    if corrections.is_page(document):
        return "corrections"
    first = document[0] if isinstance(document, list) and document else None
    if isinstance(first, dict):
        if label_studio.is_export(first):
            return "label-studio"
        if argilla.is_export(first):
            return "argilla"
        if doccano.is_export(first):
            return "doccano"
    return "jsonl"
