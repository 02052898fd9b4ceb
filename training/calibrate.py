"""Temperatures, thresholds and the bars for abstaining, from held-out verbatims."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from models.calibration import Calibration, sigmoid, softmax
from models.domain import FloatMatrix
from models.heads import TaskArrays
from models.taxonomy import TASKS, Taxonomy

_THRESHOLD_GRID = np.arange(0.10, 0.91, 0.02)
_PRIOR_ROWS = 30  # a topic's own threshold counts fully only far beyond this many examples


def fit_temperature(logits: FloatMatrix, targets: FloatMatrix, *, is_multilabel: bool) -> float:
    """The temperature that minimises the log loss (Guo et al. 2017, arXiv:1706.04599).

    Parameters
    ----------
    logits, targets : ndarray of shape (n_rows, n_labels)
        Targets are distributions, or indicators where ``is_multilabel``.
    """

    def log_loss(log_temperature: float) -> float:
        scaled = (logits / np.exp(log_temperature)).astype(np.float64)
        if is_multilabel:
            return float((np.logaddexp(0, scaled) - targets * scaled).mean())
        normaliser = np.logaddexp.reduce(scaled, axis=1, keepdims=True)
        return float(-(targets * (scaled - normaliser)).sum(axis=1).mean())

    found = minimize_scalar(log_loss, bounds=(-2.0, 2.0), method="bounded")
    return float(np.exp(found.x))


def fit_topic_thresholds(
    probabilities: FloatMatrix, gold: npt.NDArray[np.bool_], labels: tuple[str, ...]
) -> dict[str, float]:
    """A threshold per topic: its own best for F1, drawn towards the best one for all topics.

    Parameters
    ----------
    probabilities, gold : ndarray of shape (n_rows, n_topics)
    """

    def best(scores: FloatMatrix, truth: npt.NDArray[np.bool_]) -> float:
        f1 = []
        for cut in _THRESHOLD_GRID:
            given = scores >= cut
            hits = float((given & truth).sum())
            f1.append(2 * hits / max(1.0, float(given.sum() + truth.sum())))
        return float(_THRESHOLD_GRID[int(np.argmax(f1))])

    shared = best(probabilities.ravel(), gold.ravel())
    thresholds = {}
    for column, label in enumerate(labels):
        n_positive = int(gold[:, column].sum())
        own = best(probabilities[:, column], gold[:, column]) if n_positive else shared
        share = n_positive / (n_positive + _PRIOR_ROWS)
        thresholds[label] = round(share * own + (1 - share) * shared, 3)
    return thresholds


def bar_for_precision(
    probability: npt.NDArray[np.float64],
    is_right: npt.NDArray[np.bool_],
    weight: npt.NDArray[np.float64],
    *,
    precision: float,
) -> float:
    """The lowest probability from which on answers are right at a wanted rate.

    Returns 1.0 where no bar reaches it. All arrays have shape (n_rows,); ``weight`` says how
    often a row like this occurs where the model will work.
    """
    order = np.argsort(-probability, kind="stable")
    ranked, share = probability[order], weight[order]
    running = np.cumsum(is_right[order] * share) / np.cumsum(share)
    is_last_of_ties = np.append(ranked[1:] < ranked[:-1], True)
    reached = np.flatnonzero((running >= precision) & is_last_of_ties)
    return float(ranked[reached[-1]]) if reached.size else 1.0


def read_field_shares(path: Path, taxonomy: Taxonomy) -> dict[str, dict[str, float]]:
    """Read how often each sentiment and department occurs in the field.

    Raises
    ------
    ValueError
        If the file is no JSON, lacks a label, or its shares of a task do not add up to 1.
    """
    document = json.loads(path.read_text(encoding="utf-8"))
    shares = {}
    for task in ("sentiment", "department"):
        labels = taxonomy.labels(task)
        if set(document.get(task, ())) != set(labels):
            raise ValueError(f"{path}: '{task}' must have the keys {', '.join(labels)}")
        shares[task] = {label: float(document[task][label]) for label in labels}
        if min(shares[task].values()) <= 0 or abs(sum(shares[task].values()) - 1) > 0.01:
            raise ValueError(f"{path}: the shares of '{task}' must be above 0 and add up to 1")
    return shares


def prior_bias(
    targets: FloatMatrix, labels: Sequence[str], field_shares: Mapping[str, float] | None
) -> list[float]:
    """Log ratio of each label's share in the field to its share among the rows.

    Source: Saerens et al. (2002), Neural Computation 14, 21-41. Zeros without field shares.
    """
    if field_shares is None:
        return [0.0] * len(labels)
    held = targets.mean(axis=0)
    return [
        round(float(np.log(field_shares[label] / max(share, 1e-6))), 4)
        for label, share in zip(labels, held, strict=True)
    ]


def calibrate(
    logits: TaskArrays,
    targets: Mapping[str, FloatMatrix],
    taxonomy: Taxonomy,
    *,
    field_shares: Mapping[str, Mapping[str, float]] | None = None,
    precision: float = 0.9,
    min_probability: float = 0.3,
) -> Calibration:
    """Fit everything between logits and decisions on held-out rows.

    Parameters
    ----------
    logits, targets : mapping of task to ndarray of shape (n_rows, n_labels)
    field_shares : mapping of task to mapping of label to float, optional
        How often each sentiment and department occurs where the model will work; the corpus
        holds more of the rare ones than real feedback does.
    precision : float
        Wanted share of right answers among those that need no review.
    min_probability : float
        Below it sentiment and department are not given at all.
    """
    temperature = {
        task: fit_temperature(logits[task], targets[task], is_multilabel=task == "topics")
        for task in TASKS
    }
    topic_probabilities = sigmoid(logits["topics"] / temperature["topics"])
    review, bias = {}, {}
    for task in ("sentiment", "department"):
        shares = (field_shares or {}).get(task)
        bias[task] = prior_bias(targets[task], taxonomy.labels(task), shares)
        shifted = logits[task] / temperature[task] + np.asarray(bias[task], dtype=np.float32)
        probabilities = softmax(shifted)
        right = probabilities.argmax(axis=1) == targets[task].argmax(axis=1)
        bar = bar_for_precision(
            probabilities.max(axis=1).astype(np.float64),
            right,
            np.exp(np.asarray(bias[task]))[targets[task].argmax(axis=1)],
            precision=precision,
        )
        review[task] = min(1.0, np.ceil(1000 * max(bar, min_probability)) / 1000)
    return Calibration(
        temperature={task: round(value, 4) for task, value in temperature.items()},
        bias=bias,
        topic_thresholds=fit_topic_thresholds(
            topic_probabilities, targets["topics"] > 0, taxonomy.labels("topics")
        ),
        min_probability={"sentiment": min_probability, "department": min_probability},
        review_probability=review,
    )
