"""Agreement between two people who labelled the same verbatims.

``klantstem-train agreement FIRST SECOND`` compares two JSONL files (or folders of them) whose
rows hold ``id``, ``sentiment``, ``topics``, ``department`` and perhaps ``lang``; the order of rows
does not matter. It prints a table and lists where the two differ.

Figures, each with a 95 % bootstrap interval over verbatims:

- Cohen's kappa of sentiment and department (scikit-learn);
- Krippendorff's alpha: nominal for sentiment and department, with the MASI distance between sets
  for topics, and per label on whether it was given;
- F1 of the second against the first, which is symmetrical: over all topics (micro), and per label.

Sources: Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", University of
Pennsylvania; Passonneau (2006), "Measuring Agreement on Set-valued Items (MASI)", LREC. Alpha is
computed here because the package that computes it (``krippendorff``) is under the GPL.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeVar

import numpy as np
import numpy.typing as npt
from sklearn.metrics import cohen_kappa_score

from models.taxonomy import TASKS
from training.labelled import LabelledDataError, Labels, read_jsonl
from training.metrics import Interval

ALL_LANGS: Final = "all"
N_RESAMPLES: Final = 1000
_TABLE_WIDTH: Final = 150  # a narrower terminal, or a pipe, would cut the figures
Value = TypeVar("Value", bound=Hashable)
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelPair:
    """One verbatim and what each of the two said; ``lang`` is empty if neither file holds it."""

    id: str
    lang: str
    first: Labels
    second: Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementLine:
    """Figures of one task, or of one label of it (``label`` not empty), in one language.

    ``n_first`` and ``n_second`` say how many rows got the label; without label, how many rows.
    A figure that has no meaning there is None.
    """

    lang: str
    task: str
    label: str
    n_first: int
    n_second: int
    kappa: Interval | None
    alpha: Interval
    f1: Interval | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Disagreement:
    """A verbatim to which the two gave different labels in one task."""

    id: str
    lang: str
    task: str
    first: str
    second: str


def nominal_distance(a: Hashable, b: Hashable) -> float:
    """0 for equal values, else 1."""
    return float(a != b)


def masi_distance(a: frozenset[str], b: frozenset[str]) -> float:
    """Distance between two sets: 1 - Jaccard * monotonicity (Passonneau 2006).

    Monotonicity is 1 for equal sets, 2/3 if one holds the other, 1/3 if they overlap, else 0.

    Examples
    --------
    >>> round(masi_distance(frozenset("ab"), frozenset("abcd")), 3)
    0.667
    """
    shared, either = len(a & b), len(a | b)
    if not either:
        return 0.0
    if a == b:
        monotonicity = 1.0
    elif a <= b or b <= a:
        monotonicity = 2 / 3
    else:
        monotonicity = 1 / 3 if shared else 0.0
    return 1.0 - shared / either * monotonicity


class AlphaFigure:
    """Krippendorff's alpha of two coders as a function of row indices, for resampling.

    Parameters
    ----------
    first, second : sequence
        What each coder said of the same units, in the same order.
    distance : callable
        Squared difference of two values, 0 for equal ones.
    """

    def __init__(
        self,
        first: Sequence[Value],
        second: Sequence[Value],
        distance: Callable[[Value, Value], float] = nominal_distance,
    ) -> None:
        values = list(dict.fromkeys((*first, *second)))
        code = {value: index for index, value in enumerate(values)}
        self._first = np.asarray([code[value] for value in first], dtype=np.int64)
        self._second = np.asarray([code[value] for value in second], dtype=np.int64)
        self._distances = np.asarray([[distance(a, b) for b in values] for a in values])

    def __call__(self, indices: IntArray) -> float:
        """Alpha on some rows; NaN where all values are the same, which leaves it undefined."""
        first, second = self._first[indices], self._second[indices]
        n_values = 2 * len(indices)
        counts = np.bincount(np.concatenate([first, second]), minlength=len(self._distances))
        expected = counts @ self._distances @ counts / (n_values * (n_values - 1))
        if expected == 0:
            return math.nan
        return 1.0 - float(self._distances[first, second].mean() / expected)


def krippendorff_alpha(
    first: Sequence[Value],
    second: Sequence[Value],
    distance: Callable[[Value, Value], float] = nominal_distance,
) -> float:
    """Krippendorff's alpha of two coders without missing values.

    Returns
    -------
    float
        1 for full agreement, 0 for chance; NaN if every value is the same.

    Examples
    --------
    >>> round(krippendorff_alpha("0100000010", "1110010000"), 3)  # Krippendorff (2011), section A
    0.095
    """
    figure = AlphaFigure(first, second, distance)
    return figure(np.arange(len(first)))


def read_label_file(path: Path) -> dict[str, tuple[str, Labels]]:
    """Read language and labels by id from a JSONL file, or from all such files of a folder.

    Raises
    ------
    LabelledDataError
        If a row lacks a field or an id stands twice; the message names file, line and field.
    """
    paths = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    found: dict[str, tuple[str, Labels]] = {}
    for part in paths:
        if not part.is_file():
            raise LabelledDataError(f"{part}: no such file")
        for number, entry in read_jsonl(part):
            try:
                row_id, labels = str(entry["id"]), _labels(entry)
            except (KeyError, TypeError) as error:
                raise LabelledDataError(f"{part.name}:{number}: field {error}") from error
            if row_id in found:
                raise LabelledDataError(f"{part.name}:{number}: id {row_id!r} stands twice")
            found[row_id] = (str(entry.get("lang", "")), labels)
    return found


def _labels(entry: dict[str, Any]) -> Labels:
    """Labels of an annotation; KeyError or TypeError name the field that is wrong."""
    labels = Labels(entry["sentiment"], entry["topics"], entry["department"])
    for name, kind in (("sentiment", str), ("topics", list), ("department", str)):
        if not isinstance(getattr(labels, name), kind):
            raise TypeError(f"'{name}' is no {kind.__name__}")
    return labels._replace(topics=tuple(map(str, labels.topics)))


def pair_labels(
    first: dict[str, tuple[str, Labels]], second: dict[str, tuple[str, Labels]]
) -> tuple[LabelPair, ...]:
    """Join two label files on the id, in the order of the first.

    Raises
    ------
    LabelledDataError
        If they have no id in common.
    """
    pairs = tuple(
        LabelPair(
            id=row_id,
            lang=lang or second[row_id][0],
            first=labels,
            second=second[row_id][1],
        )
        for row_id, (lang, labels) in first.items()
        if row_id in second
    )
    if not pairs:
        raise LabelledDataError("the two label files have no id in common")
    return pairs


def measure_agreement(
    pairs: Sequence[LabelPair],
    *,
    rng: np.random.Generator,
    n_resamples: int = N_RESAMPLES,
) -> tuple[AgreementLine, ...]:
    """All figures: for all rows and for each language, per task and per label.

    Parameters
    ----------
    pairs : sequence of LabelPair
        See :func:`pair_labels`.
    rng : numpy.random.Generator
        Draws the resamples.
    n_resamples : int, default=1000
        Resamples per interval.
    """
    langs = sorted({pair.lang for pair in pairs} - {""})
    lines: list[AgreementLine] = []
    for lang in (ALL_LANGS, *langs):
        chosen = [pair for pair in pairs if lang in (ALL_LANGS, pair.lang)]
        for task in TASKS:
            lines += _task_lines(chosen, lang, task, rng, n_resamples)
    return tuple(lines)


def _values(pairs: Sequence[LabelPair], task: str) -> tuple[list[frozenset[str]], ...]:
    """What each of the two said in a task, as sets of labels (of one where one is given)."""

    def given(labels: Labels) -> frozenset[str]:
        return frozenset(labels.topics if task == "topics" else [getattr(labels, task)])

    return [given(pair.first) for pair in pairs], [given(pair.second) for pair in pairs]


def _task_lines(
    pairs: Sequence[LabelPair], lang: str, task: str, rng: np.random.Generator, n_resamples: int
) -> Iterator[AgreementLine]:
    """The line of a task and those of its labels, for one language."""

    def interval(figure: Callable[[IntArray], float]) -> Interval:
        return _interval(figure, len(pairs), rng=rng, n_resamples=n_resamples)

    first, second = _values(pairs, task)
    labels = sorted(frozenset().union(*first, *second))
    is_first, is_second = (
        np.asarray([[label in given for label in labels] for given in side], dtype=np.bool_)
        for side in (first, second)
    )
    is_multilabel = task == "topics"
    distance = masi_distance if is_multilabel else nominal_distance
    yield AgreementLine(
        lang=lang,
        task=task,
        label="",
        n_first=len(pairs),
        n_second=len(pairs),
        kappa=None if is_multilabel else interval(_kappa_figure(is_first, is_second)),
        alpha=interval(AlphaFigure(first, second, distance)),
        f1=interval(_f1_figure(is_first, is_second)) if is_multilabel else None,
    )
    for column, label in enumerate(labels):
        mine, theirs = is_first[:, column], is_second[:, column]
        yield AgreementLine(
            lang=lang,
            task=task,
            label=label,
            n_first=int(mine.sum()),
            n_second=int(theirs.sum()),
            kappa=None,
            alpha=interval(AlphaFigure(mine.tolist(), theirs.tolist())),
            f1=interval(_f1_figure(mine, theirs)),
        )


def _kappa_figure(
    first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]
) -> Callable[[IntArray], float]:
    """Cohen's kappa of indicators with one label a row; NaN where only one label occurs."""
    codes_first, codes_second = first.argmax(axis=1), second.argmax(axis=1)
    labels = np.arange(first.shape[1])

    def figure(indices: IntArray) -> float:
        chosen_first, chosen_second = codes_first[indices], codes_second[indices]
        if len(np.union1d(chosen_first, chosen_second)) < 2:
            return math.nan
        return float(cohen_kappa_score(chosen_first, chosen_second, labels=labels))

    return figure


def _f1_figure(
    first: npt.NDArray[np.bool_], second: npt.NDArray[np.bool_]
) -> Callable[[IntArray], float]:
    """Micro-F1 of indicators: twice the shared labels over all labels given."""

    def figure(indices: IntArray) -> float:
        mine, theirs = first[indices], second[indices]
        n_given = int(mine.sum()) + int(theirs.sum())
        return 2 * int((mine & theirs).sum()) / n_given if n_given else math.nan

    return figure


def _interval(
    figure: Callable[[IntArray], float],
    n_rows: int,
    *,
    rng: np.random.Generator,
    n_resamples: int,
) -> Interval:
    """Percentile interval over resampled rows; resamples where the figure is undefined fall out."""
    values = np.asarray([figure(rng.integers(0, n_rows, n_rows)) for _ in range(n_resamples)])
    defined = values[~np.isnan(values)]
    low, high = np.quantile(defined, [0.025, 0.975]) if defined.size else (math.nan, math.nan)
    return Interval(value=figure(np.arange(n_rows)), low=float(low), high=float(high))


def list_disagreements(pairs: Sequence[LabelPair]) -> tuple[Disagreement, ...]:
    """Where the two differ, by task, in the order of the rows; topics may stand in any order."""
    return tuple(
        Disagreement(
            id=pair.id,
            lang=pair.lang,
            task=task,
            first=", ".join(sorted(mine)),
            second=", ".join(sorted(theirs)),
        )
        for task in TASKS
        for pair, mine, theirs in zip(pairs, *_values(pairs, task), strict=True)
        if mine != theirs
    )


def print_table(lines: Sequence[AgreementLine], disagreements: Sequence[Disagreement]) -> None:
    """The figures as a table, then one line per disagreement."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE)
    for column in ("lang", "task", "label"):
        table.add_column(column, no_wrap=True)
    for column in ("n first", "n second", "kappa", "alpha", "F1"):
        table.add_column(column, justify="right", no_wrap=True)
    for line in lines:
        if not line.label:
            table.add_section()
        figures = [str(figure or "") for figure in (line.kappa, line.alpha, line.f1)]
        table.add_row(
            line.lang, line.task, line.label, str(line.n_first), str(line.n_second), *figures
        )
    Console(width=max(Console().width, _TABLE_WIDTH)).print(table)
    for found in disagreements:
        print(f"{found.task}: {found.id}: {found.first} | {found.second}")
    print(f"{len(disagreements)} disagreements on {lines[0].n_first} verbatims")


def as_json(value: Any) -> Any:
    """Replace NaN, which JSON lacks, by null."""
    if isinstance(value, dict):
        return {key: as_json(part) for key, part in value.items()}
    return None if isinstance(value, float) and math.isnan(value) else value


def main(arguments: Sequence[str] | None = None) -> int:
    """Compare label files: 0, or 2 if they cannot be compared."""
    from training.commands.agreement import add_options, run

    parser = argparse.ArgumentParser(prog="python -m training.agreement", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_options(parser)
    try:
        return run(parser.parse_args(arguments))
    except LabelledDataError as error:
        print(f"training.agreement: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
