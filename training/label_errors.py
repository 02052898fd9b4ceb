"""Labels that are likely wrong, by confident learning.

Source: Northcutt, Jiang & Chuang (2021), Confident Learning, JAIR 70, 1373-1411 (``cleanlab``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores

from models.domain import FloatMatrix
from models.taxonomy import TASKS, Taxonomy
from training.labelled import LabelledVerbatim

Bools = npt.NDArray[np.bool_]
_MIN_ROWS = 2  # a label with fewer rows cannot be told from a slip


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectLabel:
    """A label that is likely wrong.

    ``quality`` is the out-of-sample probability of the label as it stands; low is suspect.
    ``suggested`` is what a model that has not seen the row would say, empty for a topic that
    should go.
    """

    place: int
    task: str
    label: str
    suggested: str
    quality: float
    suggested_probability: float


def find_suspects(
    rows: Sequence[LabelledVerbatim],
    gold: Mapping[str, FloatMatrix],
    probabilities: Mapping[str, FloatMatrix],
    taxonomy: Taxonomy,
) -> tuple[SuspectLabel, ...]:
    """Find suspect labels of all tasks, the worst first.

    Parameters
    ----------
    gold, probabilities : mapping of task to ndarray of shape (n_rows, n_labels)
        Labels, and probabilities of a model that has not seen the row.
    """
    found: list[SuspectLabel] = []
    for task in TASKS:
        names = taxonomy.labels(task)
        if task == "topics":
            for column, name in enumerate(names):
                found += _suspect_topic(
                    gold[task][:, column] > 0, probabilities[task][:, column], name
                )
        else:
            found += _suspect_single(task, gold[task], probabilities[task], names)
    return tuple(sorted(found, key=lambda one: (one.quality, one.place, one.task)))


def _suspect_single(
    task: str, gold: FloatMatrix, probabilities: FloatMatrix, names: Sequence[str]
) -> list[SuspectLabel]:
    """Suspects of a task with one label per row; labels of a single row are left alone."""
    kept = np.flatnonzero(gold.sum(axis=0) >= _MIN_ROWS)
    rows = np.flatnonzero(gold[:, kept].any(axis=1))
    if len(kept) < 2:
        return []
    scores = probabilities[np.ix_(rows, kept)].astype(np.float64)
    scores /= np.maximum(scores.sum(axis=1, keepdims=True), 1e-12)
    labels = gold[np.ix_(rows, kept)].argmax(axis=1)
    is_issue = find_label_issues(labels, scores, n_jobs=1)
    quality = get_label_quality_scores(labels, scores)
    return [
        SuspectLabel(
            place=int(rows[one]),
            task=task,
            label=names[kept[labels[one]]],
            suggested=names[kept[int(scores[one].argmax())]],
            quality=float(quality[one]),
            suggested_probability=float(scores[one].max()),
        )
        for one in np.flatnonzero(is_issue)
        if int(scores[one].argmax()) != labels[one]
    ]


def _suspect_topic(is_given: Bools, probability: FloatMatrix, name: str) -> list[SuspectLabel]:
    """Rows that should get a topic, or lose it."""
    if min(is_given.sum(), (~is_given).sum()) < _MIN_ROWS:
        return []
    scores = np.column_stack([1.0 - probability, probability]).astype(np.float64)
    labels = is_given.astype(np.int64)
    is_issue = find_label_issues(labels, scores, n_jobs=1)
    quality = get_label_quality_scores(labels, scores)
    return [
        SuspectLabel(
            place=int(one),
            task="topics",
            label=name if labels[one] else "",
            suggested="" if labels[one] else name,
            quality=float(quality[one]),
            suggested_probability=float(scores[one, 1 - labels[one]]),
        )
        for one in np.flatnonzero(is_issue)
        if scores[one, 1 - labels[one]] > 0.5
    ]
