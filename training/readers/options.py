"""The options of commands that read labelled or unlabelled verbatims."""

from __future__ import annotations

import argparse
import csv
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from training.labelled import CORPUS, LabelledDataError

if TYPE_CHECKING:
    from models.domain import Verbatim
    from models.taxonomy import Taxonomy
    from training.labelled import LabelledVerbatim
    from training.readers.raw import Fault
    from training.readers.reading import ReadOptions

_FORMATS = (
    "jsonl", "csv", "xlsx", "parquet", "datasets", "label-studio", "argilla", "doccano",
    "corrections",
)  # fmt: skip


def add_read_options(parser: argparse.ArgumentParser, *, needs_labels: bool = True) -> None:
    """Add what says how files of verbatims are read."""
    group = parser.add_argument_group(
        "reading",
        "JSONL, CSV, TSV, XLSX, Parquet, folders of the datasets library, exports of Label "
        "Studio, Argilla and doccano, corrections of the service, and folders of such files",
    )
    add = group.add_argument
    add("--format", choices=_FORMATS, dest="form", help="default: told by name and content")
    add(
        "--column",
        action="append",
        default=[],
        metavar="FIELD=COLUMN",
        help="column (or question, control) that holds a field: text, sentiment, topics, "
        "department, department_2, id, lang, sector, variety, story, split, ...; repeatable; "
        "a file without it goes by the usual names",
    )
    add("--lang", choices=("nl", "en"), help="language of rows that do not say theirs")
    add("--faults", type=Path, metavar="FILE", help="write everything that is wrong as CSV")
    if needs_labels:
        add("--annotator", help="whose labels count where several people labelled a row")
        add("--skip-faulty", action="store_true", help="leave faulty rows out")
        add(
            "--validation-share",
            type=float,
            default=0.15,
            metavar="SHARE",
            help="share of the stories without a split that go to validation (default 0.15)",
        )


def read_options(args: argparse.Namespace, *, is_for_training: bool) -> ReadOptions:
    """The options as values."""
    from training.readers.columns import parse_mapping
    from training.readers.reading import VALIDATION_SHARE, ReadOptions

    share = getattr(args, "validation_share", VALIDATION_SHARE)
    if not 0.0 < share < 1.0:
        raise ValueError(f"--validation-share must be between 0 and 1. Got {share}")
    return ReadOptions(
        form=args.form,
        columns=parse_mapping(args.column),
        language=args.lang,
        annotator=getattr(args, "annotator", None),
        validation_share=share,
        is_for_training=is_for_training,
    )


def load_labelled(
    args: argparse.Namespace,
    paths: Sequence[Path] | None,
    taxonomy: Taxonomy,
    *,
    is_for_training: bool,
    is_beside: bool = False,
) -> tuple[LabelledVerbatim, ...]:
    """Read the rows of a command; notes go to stderr. Default: the project's own corpus.

    Parameters
    ----------
    is_beside : bool
        Whether other rows were read before these: see :func:`options_beside`.

    Raises
    ------
    FaultyDataError
        If rows are faulty and not to be skipped.
    """
    from training.readers.raw import FaultyDataError
    from training.readers.reading import read_labelled

    options = read_options(args, is_for_training=is_for_training)
    if is_beside:
        options = options_beside(options, is_corpus=not paths)
    try:
        data = read_labelled(paths or [CORPUS], taxonomy, options, skip_faulty=args.skip_faulty)
    except FaultyDataError as error:
        _write_last(args.faults, error.faults, is_more=is_beside)
        raise
    for note in (*data.notes, *_unread(paths or ())):
        print(f"note: {note}", file=sys.stderr)
    if data.faults:
        n_out = len({place for fault in data.faults for place in fault.rows})
        print(f"note: {n_out} faulty row(s) left out", file=sys.stderr)
    write_faults(args.faults, data.faults, is_more=is_beside)
    return data.rows


def load_unlabelled(
    args: argparse.Namespace, paths: Sequence[Path], *, is_beside: bool = True
) -> tuple[Verbatim, ...]:
    """Read verbatims without labels; those that cannot be used are counted on stderr.

    ``is_beside`` as in :func:`load_labelled`; most commands have read labelled rows before.
    """
    from training.readers.raw import FaultyDataError
    from training.readers.reading import read_unlabelled

    options = read_options(args, is_for_training=False)
    if is_beside:
        options = options_beside(options)
    try:
        verbatims, faults = read_unlabelled(paths, options)
    except FaultyDataError as error:
        _write_last(args.faults, error.faults, is_more=is_beside)
        raise
    for note in (*faults[:5], *_unread(paths)):
        print(f"note: {note}", file=sys.stderr)
    if len(faults) > 5:
        print(f"note: {len(faults)} faulty row(s) left out in all", file=sys.stderr)
    write_faults(args.faults, faults, is_more=is_beside)
    return verbatims


def _unread(paths: Sequence[Path]) -> list[str]:
    """Say which files of folders were not read."""
    from training.readers.formats import list_unread

    unread = [file for path in paths for file in list_unread(path)]
    more = f" and {len(unread) - 5} more" if len(unread) > 5 else ""
    return [f"not read: {', '.join(map(str, unread[:5]))}{more}"] if unread else []


def options_beside(options: ReadOptions, *, is_corpus: bool = False) -> ReadOptions:
    """The options for further files of a command, whose format and columns may be their own.

    Examples in someone's workbook stand beside the project's corpus, to which neither applies.
    """
    if is_corpus:
        return dataclasses.replace(options, form=None, columns={})
    return dataclasses.replace(options, is_strict=False)


def write_faults(path: Path | None, faults: Sequence[Fault], *, is_more: bool = False) -> None:
    """Write all faults as CSV, where a file is asked for; ``is_more`` adds to those it has.

    Raises
    ------
    LabelledDataError
        If they cannot be written.
    """
    if path is None:
        return
    try:
        with path.open("a" if is_more else "w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            if not is_more:
                writer.writerow(["place", "field", "message"])
            writer.writerows([fault.place, fault.field, fault.message] for fault in faults)
    except OSError as error:
        raise LabelledDataError(
            f"--faults {path}: could not be written ({error.strerror})"
        ) from error


def _write_last(path: Path | None, faults: Sequence[Fault], *, is_more: bool) -> None:
    """Write the faults that end a command, and let them be shown if it cannot be done."""
    try:
        write_faults(path, faults, is_more=is_more)
    except LabelledDataError as error:
        print(f"note: {error}", file=sys.stderr)
