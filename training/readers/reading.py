"""Read labelled verbatims from files of any format, checked row by row.

Everything that is wrong is collected, not only the first: a person mends a file once.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tqdm.auto import tqdm

from models.domain import Language, Verbatim
from models.taxonomy import TASKS, Taxonomy
from training.labelled import Annotation, LabelledVerbatim
from training.readers.checks import (
    Placed,
    check_annotator,
    check_for_training,
    check_pairs,
    note_rare_labels,
)
from training.readers.items import Item, raw_items
from training.readers.label_names import LabelNames
from training.readers.raw import Fault, FaultyDataError, RawRow
from training.readers.rows import (
    TRAIN,
    UNSPLIT,
    VALIDATION,
    RowBuilder,
    assign_split,
    split_draw,
)

VALIDATION_SHARE = 0.15
_SHOWN_AFTER_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How files are read.

    Attributes
    ----------
    form : str, optional
        One of :data:`training.readers.formats.MODULES`; default: told by name and content.
    columns : mapping of field to column
        See :class:`training.readers.columns.Columns`. A file without the column goes by the
        usual names of the field.
    is_strict : bool
        Whether all files are of this form, and a column that none of them has is a fault. Else
        the form is for files that tell none themselves.
    language : str, optional
        Of rows that do not say theirs; default: told from the text.
    annotator : str, optional
        Whose labels count where several people labelled a row.
    validation_share : float
        Share of the stories without a split that go to validation.
    is_for_training : bool
        Whether rows that contradict each other, one label for all, or a lone split are faults;
        else notes.
    """

    form: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    is_strict: bool = True
    language: str | None = None
    annotator: str | None = None
    validation_share: float = VALIDATION_SHARE
    is_for_training: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledData:
    """Rows that can be used, what is wrong with the others, and what a person should know."""

    rows: tuple[LabelledVerbatim, ...]
    faults: tuple[Fault, ...]
    notes: tuple[str, ...]


def read_labelled(
    paths: Sequence[Path],
    taxonomy: Taxonomy,
    options: ReadOptions | None = None,
    *,
    skip_faulty: bool = False,
) -> LabelledData:
    """Read and check labelled verbatims.

    Parameters
    ----------
    paths : sequence of Path
        Files, folders of files, or folders of the ``datasets`` library.
    taxonomy : Taxonomy
        Labels that are known.
    options : ReadOptions, optional
    skip_faulty : bool
        Leave faulty rows out; of rows that contradict each other all.

    Raises
    ------
    FaultyDataError
        If a row is faulty and none is to be skipped, or the data as a whole cannot be used.
    LabelledDataError
        If a file cannot be read at all.
    """
    options = options or ReadOptions()
    builder = RowBuilder(
        LabelNames(taxonomy), language=options.language, annotator=options.annotator
    )
    placed: list[Placed] = []
    faults: list[Fault] = []
    items = raw_items(paths, options)
    name = ", ".join(path.name for path in paths)
    if options.annotator is not None and options.is_strict:
        said = [item.annotations or () for item, _ in items if isinstance(item, RawRow)]
        if unknown := list(check_annotator(said, options.annotator, name)):
            raise FaultyDataError(unknown)
    for item, columns in _shown(items):
        if isinstance(item, Fault):
            faults.append(item)
            continue
        row, found = builder.build(item, columns)
        faults += found
        if row is not None:
            placed.append((item.place, row))
    placed = _split_rows(placed, options.validation_share)
    notes: list[str] = []
    between = list(check_pairs(placed))
    if options.is_for_training:
        faults += between
    else:
        notes += [str(fault) for fault in between if fault.field != "split"]
    faulty = {place for fault in faults for place in fault.rows}
    rows = tuple(row for place, row in placed if place not in faulty)
    whole: list[Fault] = []
    if not rows:
        whole = [Fault(place=name, field="rows", message="no row can be used")]
    elif options.is_for_training:
        whole = list(check_for_training(rows, name))
        notes += [
            note for task in TASKS if (note := note_rare_labels(rows, taxonomy.labels(task), task))
        ]
    if whole or (faults and not skip_faulty):
        raise FaultyDataError([*faults, *whole])
    return LabelledData(rows=rows, faults=tuple(faults), notes=tuple(notes))


def read_unlabelled(
    paths: Sequence[Path], options: ReadOptions | None = None
) -> tuple[tuple[Verbatim, ...], tuple[Fault, ...]]:
    """Read texts, their ids and languages; labels that may be there are not looked at.

    Raises
    ------
    FaultyDataError
        If no row can be used.
    """
    options = options or ReadOptions()
    builder = RowBuilder(_NO_NAMES, language=options.language)
    verbatims, faults = [], []
    for item, columns in _shown(raw_items(paths, options)):
        if isinstance(item, Fault):
            faults.append(item)
            continue
        identity, text, lang, fault = builder.build_text(item, columns)
        if fault is None:
            language = Language(lang) if lang else None
            verbatims.append(Verbatim(id=identity, text=text, language=language))
        else:
            faults.append(fault)
    if not verbatims:
        name = ", ".join(path.name for path in paths)
        raise FaultyDataError(
            faults or [Fault(place=name, field="rows", message="no row can be used")]
        )
    return tuple(verbatims), tuple(faults)


def read_annotations(
    paths: Sequence[Path],
    taxonomy: Taxonomy,
    options: ReadOptions | None = None,
    *,
    skip_faulty: bool = False,
) -> list[tuple[str, str, tuple[Annotation, ...]]]:
    """Read id, language and annotations of the rows that several annotators labelled.

    Raises
    ------
    FaultyDataError
        If an annotation cannot be read and none is to be skipped. That annotators differ, or
        that nobody labelled a row, is no fault here.
    """
    options = options or ReadOptions()
    builder = RowBuilder(LabelNames(taxonomy), language=options.language, is_settling=False)
    found, faults = [], []
    for item, columns in _shown(raw_items(paths, options)):
        if isinstance(item, Fault):
            faults.append(item)
            continue
        if item.annotations == ():
            continue
        row, wrong = builder.build(item, columns)
        faults += wrong
        if row is not None and row.annotations:
            found.append((row.id, row.lang, row.annotations))
    if faults and not skip_faulty:
        raise FaultyDataError(faults)
    return found


def _shown(items: list[Item]) -> Iterator[Item]:
    """The items, with a progress bar where there are many."""
    yield from tqdm(items, desc="reading rows", delay=_SHOWN_AFTER_S, leave=False)


def _split_rows(placed: Sequence[Placed], validation_share: float) -> list[Placed]:
    """Give rows without a split that of their story, else one drawn by the story's hash.

    If all rows lack one, or are for testing, both splits get a story, however few there are.
    """
    known = {row.story: row.split for _, row in placed if row.split != UNSPLIT}
    open_stories = sorted({row.story for _, row in placed} - set(known), key=split_draw)
    drawn = {
        story: assign_split(story, validation_share=validation_share) for story in open_stories
    }
    if not {TRAIN, VALIDATION} & set(known.values()) and len(open_stories) > 1:
        drawn[open_stories[0]] = VALIDATION
        drawn[open_stories[-1]] = TRAIN
    splits = known | drawn
    return [
        (place, row if row.split else dataclasses.replace(row, split=splits[row.story]))
        for place, row in placed
    ]


class _NoNames(LabelNames):
    """Stands in where no labels are read."""

    def __init__(self) -> None:
        self._known = {}


_NO_NAMES = _NoNames()
