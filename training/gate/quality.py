"""Quality and calibration of two bundles on labelled verbatims."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial

import numpy as np

from models.taxonomy import TASKS, Taxonomy
from training.gate.answers import Answers
from training.gate.config import GateConfig, Kind
from training.gate.judge import Comparison, compare
from training.gate.resample import (
    BoolMatrix,
    Values,
    Weights,
    calibration_error,
    label_f1,
    macro_f1,
    micro_f1,
)
from training.labelled import LabelledVerbatim
from training.targets import gold_rows, probability_rows

_FIGURES = {
    "sentiment": "sentiment macro-F1",
    "department": "department macro-F1",
    "topics": "topics micro-F1",
}


def compare_quality(
    candidate: Answers,
    current: Answers,
    rows: Sequence[LabelledVerbatim],
    *,
    taxonomy: Taxonomy,
    weights: Weights,
    config: GateConfig,
) -> Iterator[Comparison]:
    """Compare F1 of all rows, of each language and of each department, and the calibration."""
    gold, truth = (
        {task: targets > 0 for task, targets in as_arrays(rows, taxonomy).items()}
        for as_arrays in (gold_rows, probability_rows)
    )
    languages = np.asarray([row.lang for row in rows])
    for language in ("all", *sorted(set(languages))):
        places = np.flatnonzero((languages == language) | (language == "all"))
        for task, figure in _FIGURES.items():
            here = gold[task][places]
            measure: Callable[[Weights, BoolMatrix, BoolMatrix], Values] = micro_f1
            left_out: tuple[str, ...] = ()
            if task != "topics":
                measure = partial(macro_f1, min_gold=config.min_label_rows)
                left_out = _rare(here, taxonomy.labels(task), config.min_label_rows)
            current_values, candidate_values = (
                measure(weights[:, places], here, answers.given[task][places])
                for answers in (current, candidate)
            )
            yield compare(
                Kind.OVERALL if language == "all" else Kind.LANGUAGE,
                figure,
                current_values,
                candidate_values,
                n_rows=len(places),
                group=language,
                config=config,
                left_out=left_out,
            )
    yield from _compare_departments(
        candidate, current, gold["department"], taxonomy=taxonomy, weights=weights, config=config
    )
    yield from _compare_calibration(candidate, current, truth, weights=weights, config=config)


def _rare(gold: BoolMatrix, labels: Sequence[str], least: int) -> tuple[str, ...]:
    """Labels that occur in the gold, but in fewer rows than it takes to count."""
    counts = gold.sum(axis=0)
    return tuple(label for label, n in zip(labels, counts, strict=True) if 0 < n < least)


def _compare_departments(
    candidate: Answers,
    current: Answers,
    gold: BoolMatrix,
    *,
    taxonomy: Taxonomy,
    weights: Weights,
    config: GateConfig,
) -> Iterator[Comparison]:
    """F1 of each department that occurs."""
    before, after = (
        label_f1(weights, gold, answers.given["department"]) for answers in (current, candidate)
    )
    for column, label in enumerate(taxonomy.labels("department")):
        n_rows = int(gold[:, column].sum())
        if n_rows:
            yield compare(
                Kind.DEPARTMENT,
                "F1",
                before[:, column],
                after[:, column],
                n_rows=n_rows,
                group=label,
                config=config,
            )


def _compare_calibration(
    candidate: Answers,
    current: Answers,
    truth: Mapping[str, BoolMatrix],
    *,
    weights: Weights,
    config: GateConfig,
) -> Iterator[Comparison]:
    """Calibration error of each task, on the rows that both looked at.

    Of sentiment and department the likeliest label counts, of topics every one.
    """
    places = np.flatnonzero(candidate.is_scored & current.is_scored)
    if not places.size:
        return
    for task in TASKS:
        before, after = (
            _errors(task, answers, truth[task], places, weights) for answers in (current, candidate)
        )
        yield compare(
            Kind.CALIBRATION,
            f"calibration error of {task}",
            before,
            after,
            n_rows=len(places),
            config=config,
            is_loss=True,
        )


def _errors(
    task: str, answers: Answers, truth: BoolMatrix, places: np.ndarray, weights: Weights
) -> Values:
    probabilities, right = answers.probabilities[task][places], truth[places]
    if task != "topics":
        best = probabilities.argmax(axis=1)[:, None]
        probabilities = np.take_along_axis(probabilities, best, axis=1)
        right = np.take_along_axis(right, best, axis=1)
    return calibration_error(weights[:, places], probabilities, right)
