"""From a raw row to a labelled verbatim, or to everything that is wrong with it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from models.domain import MAX_CHARACTERS, Language
from models.text.language import detect_language
from training.labelled import Annotation, LabelledSegment, LabelledVerbatim, Labels
from training.readers.columns import LABEL_FIELDS, Columns
from training.readers.doccano import MIXED
from training.readers.label_names import LabelNames
from training.readers.raw import Fault, RawRow, row_fault, show_value

TRAIN, VALIDATION, TEST = "train", "validation", "test"
SPLITS = {
    "train": TRAIN,
    "training": TRAIN,
    "validation": VALIDATION,
    "valid": VALIDATION,
    "val": VALIDATION,
    "dev": VALIDATION,
    "test": TEST,
}
_LANGUAGES = {"nl": "nl", "nld": "nl", "dutch": "nl", "nederlands": "nl"} | {
    "en": "en", "eng": "en", "english": "en", "engels": "en",
}  # fmt: skip
UNSPLIT = ""
_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_NO_COLUMN = "is missing: --column {0}=NAME names its column"
_UNANSWERED = "was not answered: label it, or name its question with --column {0}=NAME"


class RowBuilder:
    """Builds labelled verbatims from raw rows.

    Parameters
    ----------
    names : LabelNames
    language : str, optional
        Of rows that do not say theirs; default: told from the text.
    annotator : str, optional
        Whose labels count where several people labelled a row.
    is_settling : bool
        Whether annotators that differ without a majority are a fault; else the first counts.
    """

    def __init__(
        self,
        names: LabelNames,
        *,
        language: str | None = None,
        annotator: str | None = None,
        is_settling: bool = True,
    ) -> None:
        self._names = names
        self._language = language
        self._annotator = annotator
        self._is_settling = is_settling
        self._n_texts: Counter[str] = Counter()

    def build(self, raw: RawRow, columns: Columns) -> tuple[LabelledVerbatim | None, list[Fault]]:
        """Give the row, or None and its faults."""
        faults: list[Fault] = []
        cells = columns.fields(raw.values)
        if halves := _halves(cells, raw.place):
            return None, halves
        text = self._text(cells, raw.place, faults)
        labels, annotations = self._labels(raw, columns, cells, faults)
        segments = self._segments(cells.get("segments"), text, raw.place, faults)
        lang = self._lang(cells, text, raw.place, faults) if text else ""
        split = self._split(cells, raw, faults)
        if faults or labels is None:
            return None, faults
        identity = _string(cells, "id") or self._identity(text)
        # Rows with equal texts and no id of their own make one story, so that no split parts them.
        story = _string(cells, "story") or (identity if _string(cells, "id") else _digest(text))
        return (
            LabelledVerbatim(
                id=identity,
                text=text,
                lang=lang,
                labels=labels,
                variety=_string(cells, "variety"),
                sector=_string(cells, "sector"),
                story=story,
                split=split,
                batch=_string(cells, "batch"),
                segments=segments,
                annotations=annotations,
            ),
            [],
        )

    def build_text(self, raw: RawRow, columns: Columns) -> tuple[str, str, str, Fault | None]:
        """Id, text and language ('' if it cannot be told) of a row that needs no labels."""
        cells = columns.fields(raw.values)
        faults = _halves(cells, raw.place)
        text = "" if faults else self._text(cells, raw.place, faults)
        if faults:
            return "", "", "", faults[0]
        lang = self._lang(cells, text, raw.place, [])
        return _string(cells, "id") or self._identity(text), text, lang, None

    def _text(self, cells: Mapping[str, Any], place: str, faults: list[Fault]) -> str:
        text = cells.get("text")
        if "text" not in cells:
            faults.append(
                row_fault(place, "text", "is missing: --column text=NAME names its column")
            )
        elif text is not None and not isinstance(text, str | int | float):
            faults.append(row_fault(place, "text", "is no text"))
        elif text is None or not str(text).strip():
            faults.append(row_fault(place, "text", "is empty: leave the row out"))
        elif len(str(text)) > MAX_CHARACTERS:
            message = f"has {len(str(text))} characters, at most {MAX_CHARACTERS}: shorten it"
            faults.append(row_fault(place, "text", message))
        else:
            return str(text)
        return ""

    def _identity(self, text: str) -> str:
        """An id from the text alone, so that it stays when rows move."""
        digest = _digest(text)
        self._n_texts[digest] += 1
        number = self._n_texts[digest]
        return digest if number == 1 else f"{digest}-{number}"

    def _lang(self, cells: Mapping[str, Any], text: str, place: str, faults: list[Fault]) -> str:
        stated = _string(cells, "lang") or self._language or ""
        if stated:
            known = _LANGUAGES.get(stated.lower().replace("_", "-").split("-")[0])
            if known is None:
                faults.append(
                    row_fault(place, "lang", f"{show_value(stated)} is neither nl nor en")
                )
            return known or ""
        guess = detect_language(text).language
        if guess is not Language.UND:
            return guess.value
        message = "cannot be told from the text: add a column 'lang', or --lang nl or en"
        faults.append(row_fault(place, "lang", message))
        return ""

    def _split(self, cells: Mapping[str, Any], raw: RawRow, faults: list[Fault]) -> str:
        stated = _string(cells, "split") or raw.split
        if not stated:
            return UNSPLIT
        split = SPLITS.get(stated.lower())
        if split is None:
            message = f"{show_value(stated)} is none of train, validation, test"
            faults.append(row_fault(raw.place, "split", message))
        return split or UNSPLIT

    def _labels(
        self, raw: RawRow, columns: Columns, cells: Mapping[str, Any], faults: list[Fault]
    ) -> tuple[Labels | None, tuple[Annotation, ...]]:
        """The labels that count, and what each annotator said where more than one did."""
        if raw.annotations is None:
            return self._parse(self._unmixed(cells, raw, faults), raw.place, faults), ()
        if not raw.annotations:
            message = "nobody labelled it: label the row or leave it out"
            faults.append(row_fault(raw.place, "labels", message))
        annotations, is_gold = [], []
        for one in raw.annotations:
            # Labels that the row brought along, as those of a model, are no answer of a person.
            labels = self._parse(columns.fields(one), raw.place, faults, missing=_UNANSWERED)
            if labels is not None:
                by = str(one.get("annotator", ""))
                annotations.append(Annotation(annotator=by, labels=labels))
                is_gold.append(bool(one.get("is_gold")))
        if not annotations:
            return None, ()
        labels = self._settle(annotations, is_gold, raw.place, faults)
        return labels, tuple(annotations) if len(annotations) > 1 else ()

    def _settle(
        self,
        annotations: Sequence[Annotation],
        is_gold: Sequence[bool],
        place: str,
        faults: list[Fault],
    ) -> Labels | None:
        """Whose labels count: the gold ones, those of the annotator asked for, or most."""
        gold = [one.labels for one, counts in zip(annotations, is_gold, strict=True) if counts]
        asked = [one.labels for one in annotations if one.annotator == self._annotator]
        if gold or asked:
            return (gold or asked)[0]
        votes = Counter(_plain(one.labels) for one in annotations)
        (first, n_first), *others = votes.most_common()
        if others and others[0][1] == n_first and self._is_settling:
            different = [
                name
                for name in (*LABEL_FIELDS, "department_2")
                if len({getattr(_plain(one.labels), name) for one in annotations}) > 1
            ]
            message = (
                f"{len(annotations)} annotators differ and none has a majority: settle it, "
                "or choose one with --annotator"
            )
            faults.append(row_fault(place, ", ".join(different), message))
            return None
        return next(one.labels for one in annotations if _plain(one.labels) == first)

    def _unmixed(
        self, cells: Mapping[str, Any], raw: RawRow, faults: list[Fault]
    ) -> Mapping[str, Any]:
        """Labels of a mixed list put under their tasks."""
        if MIXED not in raw.values:
            return cells
        found: dict[str, list[str]] = {task: [] for task in LABEL_FIELDS}
        for value in raw.values[MIXED]:
            options, _ = self._names.tasks_of(value)
            if len(options) == 1:
                found[options[0][0]].append(options[0][1])
            elif options:
                tasks = " or ".join(task for task, _ in options)
                message = f"{show_value(value)} is a {tasks}: write 'TASK:LABEL'"
                faults.append(row_fault(raw.place, "label", message))
            else:
                message = f"{show_value(value)} is not in the taxonomy"
                faults.append(row_fault(raw.place, "label", message))
        for task in ("sentiment", "department"):
            if len(found[task]) > 1:
                message = f"{len(found[task])} are given, exactly one is needed"
                faults.append(row_fault(raw.place, task, message))
        first = {task: labels[0] if labels else None for task, labels in found.items()}
        return {**cells, **first, "topics": found["topics"]}

    def _parse(
        self,
        cells: Mapping[str, Any],
        place: str,
        faults: list[Fault],
        prefix: str = "",
        *,
        missing: str = _NO_COLUMN,
    ) -> Labels | None:
        """Labels of a row or segment, checked against the taxonomy."""
        n_before = len(faults)
        one: dict[str, str | None] = {"department_2": None}
        for name in ("sentiment", "department", "department_2"):
            value = _single(cells.get(name))
            if not value:
                if name != "department_2":
                    message = missing.format(name)
                    if name in cells:
                        message = "is empty: label the row or leave it out"
                    faults.append(row_fault(place, prefix + name, message))
                continue
            one[name] = self._names.find(name.removesuffix("_2"), value)
            if one[name] is None:
                message = f"{show_value(value)} is not in the taxonomy"
                faults.append(row_fault(place, prefix + name, message))
        topics = []
        if "topics" not in cells:
            message = missing.format("topics")
            faults.append(row_fault(place, prefix + "topics", message))
        else:
            given = self._names.split_topics(cells["topics"])
            if not given:
                message = "is empty: label the row or leave it out"
                faults.append(row_fault(place, prefix + "topics", message))
            for value in given:
                label = self._names.find("topics", value)
                if label is None:
                    message = f"{show_value(value)} is not in the taxonomy"
                    faults.append(row_fault(place, prefix + "topics", message))
                elif label not in topics:
                    topics.append(label)
        if len(faults) > n_before:
            return None
        return Labels(
            sentiment=str(one["sentiment"]),
            topics=tuple(topics),
            department=str(one["department"]),
            department_2=one["department_2"] if one["department_2"] != one["department"] else None,
        )

    def _segments(
        self, parts: object, text: str, place: str, faults: list[Fault]
    ) -> tuple[LabelledSegment, ...]:
        if parts is None or parts == "":
            return ()
        if not isinstance(parts, Sequence) or isinstance(parts, str):
            faults.append(row_fault(place, "segments", "must be a list"))
            return ()
        segments = []
        for number, part in enumerate(parts):
            prefix = f"segments[{number}]."
            start, end = (
                (part.get("start"), part.get("end")) if isinstance(part, Mapping) else (None, None)
            )
            if (
                not isinstance(start, int)
                or not isinstance(end, int)
                or not (0 <= start < end <= len(text) or not text)
            ):
                message = f"must have 0 <= start < end <= {len(text)}"
                faults.append(row_fault(place, f"segments[{number}]", message))
                continue
            labels = self._parse(part, place, faults, prefix)
            if labels is not None:
                segments.append(LabelledSegment(start=start, end=end, labels=labels))
        return tuple(segments)


def assign_split(story: str, *, validation_share: float) -> str:
    """The split of a story that has none: always the same one, drawn by its hash."""
    return VALIDATION if split_draw(story) < validation_share else TRAIN


def split_draw(story: str) -> float:
    """A number in [0, 1) that belongs to a story."""
    return int.from_bytes(hashlib.sha256(story.encode()).digest()[:4]) / 2**32


def _halves(cells: Mapping[str, Any], place: str) -> list[Fault]:
    """Cells that no file could hold: JSON can write one half of an emoji that was cut."""
    message = "holds half a character, as of an emoji that was cut: mend it or leave the row out"
    return [
        row_fault(place, name, message)
        for name, cell in cells.items()
        if isinstance(cell, str) and _HALF_CHARACTER.search(cell)
    ]


def _plain(labels: Labels) -> Labels:
    """Labels with the topics in one order, to compare."""
    return labels._replace(topics=tuple(sorted(labels.topics)))


def _digest(text: str) -> str:
    return "text-" + hashlib.sha256(" ".join(text.split()).encode()).hexdigest()[:12]


def _string(cells: Mapping[str, Any], name: str) -> str:
    value = cells.get(name)
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # as spreadsheets keep whole numbers
    return "" if value is None else str(value).strip()


def _single(value: object) -> str:
    """A cell that holds one label: a string, or a list of one."""
    if isinstance(value, Sequence) and not isinstance(value, str):
        return " | ".join(str(one) for one in value)
    return "" if value is None else str(value).strip()
