"""Temperatures, thresholds and the bars for abstaining, from held-out verbatims."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize, minimize_scalar

from models.calibration import Calibration, sigmoid, softmax
from models.domain import FloatMatrix
from models.heads import TaskArrays
from models.taxonomy import TASKS, Taxonomy
from training.labelled import LabelledDataError

SINGLE_LABEL = ("sentiment", "department")
"""Tasks with one label per row."""
_THRESHOLD_GRID = np.arange(0.10, 0.91, 0.02)
_BIAS_STRENGTH = 1e-3
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


def fit_temperature_and_bias(
    logits: FloatMatrix, targets: FloatMatrix, *, strength: float = _BIAS_STRENGTH
) -> tuple[float, list[float]]:
    """The temperature and the bias per label that minimise the log loss together.

    Beside being sure to the right degree, the mean probability of each label then is its share.
    Bias-corrected temperature scaling: Alexandari et al. (2020), arXiv:1901.06852.

    Parameters
    ----------
    logits, targets : ndarray of shape (n_rows, n_labels)
        Targets are distributions; each label has a row: of one without, the bias would say that
        it never occurs.
    strength : float
        Pull of each bias towards zero, so that a label with few rows does not run off.

    Returns
    -------
    tuple of float and list of float
        Temperature, and a bias per label that sum to zero.
    """
    scores, gold = logits.astype(np.float64), targets.astype(np.float64)
    gold = gold / gold.sum(axis=1, keepdims=True)

    def loss(values: npt.NDArray[np.float64]) -> tuple[float, npt.NDArray[np.float64]]:
        scale, bias = values[0], values[1:]
        shifted = scale * scores + bias
        logs = shifted - np.logaddexp.reduce(shifted, axis=1, keepdims=True)
        away = (np.exp(logs) - gold) / len(gold)
        slope = np.concatenate([[(away * scores).sum()], away.sum(axis=0) + 2 * strength * bias])
        return float(-(gold * logs).sum() / len(gold) + strength * (bias**2).sum()), slope

    start = np.concatenate([[1.0], np.zeros(scores.shape[1])])
    bounds = [(np.exp(-2.0), np.exp(2.0)), *[(None, None)] * scores.shape[1]]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    bias = found[1:] - found[1:].mean()
    return float(1.0 / found[0]), [float(value) for value in bias]


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
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ValueError(f"{path} is no JSON file: {error}") from error
    shares = {}
    for task in SINGLE_LABEL:
        labels = taxonomy.labels(task)
        found = document.get(task) if isinstance(document, dict) else None
        if not isinstance(found, dict) or set(found) != set(labels):
            raise ValueError(f"{path}: '{task}' must have the keys {', '.join(labels)}")
        if not all(type(value) in (int, float) and isfinite(value) for value in found.values()):
            raise ValueError(f"{path}: the shares of '{task}' must be numbers")
        shares[task] = {label: float(found[label]) for label in labels}
        if min(shares[task].values()) <= 0 or abs(sum(shares[task].values()) - 1) > 0.01:
            raise ValueError(f"{path}: the shares of '{task}' must be above 0 and add up to 1")
    return shares


def prior_bias(
    targets: FloatMatrix, labels: Sequence[str], field_shares: Mapping[str, float] | None
) -> list[float]:
    """Log ratio of each label's share in the field to its share among the rows.

    Source: Saerens et al. (2002), Neural Computation 14, 21-41. Zeros without field shares, and
    for a label without a row: how often the model expects it is not known then, so the shares of
    the others are corrected among each other and its own is left alone.
    """
    if field_shares is None:
        return [0.0] * len(labels)
    held, is_seen = targets.mean(axis=0), seen_labels(targets)
    known = sum(field_shares[label] for label, seen in zip(labels, is_seen, strict=True) if seen)
    return [
        round(float(np.log(field_shares[label] / known / share)), 4) if seen else 0.0
        for label, share, seen in zip(labels, held, is_seen, strict=True)
    ]


def seen_labels(targets: FloatMatrix) -> npt.NDArray[np.bool_]:
    """Whether each label has a row. Shape: (n_rows, n_labels) -> (n_labels,)."""
    return np.asarray(targets.sum(axis=0) > 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """From logits of one task to the logits of calibrated probabilities: ``z / T + bias``."""

    temperature: float
    bias: tuple[float, ...]

    def apply(self, logits: FloatMatrix) -> FloatMatrix:
        """Scaled logits. Shape: (n_rows, n_labels) -> the same."""
        return np.asarray(logits / self.temperature + np.asarray(self.bias), dtype=np.float32)

    def shifted(self, bias: npt.NDArray[np.float64], *, softening: float = 1.0) -> Scaling:
        """The scaling with another bias on top, all of it divided by ``softening``."""
        return Scaling(
            temperature=self.temperature * softening,
            bias=tuple(float(value) for value in (np.asarray(self.bias) + bias) / softening),
        )


def fit_scaling(logits: FloatMatrix, targets: FloatMatrix, *, has_bias: bool) -> Scaling:
    """Fit the scaling of a task with one label per row: a temperature, and a bias on request.

    Only labels with a row take part; the others keep a bias of 0.

    Raises
    ------
    LabelledDataError
        If fewer than two labels have a row.
    """
    is_seen = seen_labels(targets)
    if is_seen.sum() < 2:
        raise LabelledDataError(
            f"rows of at least two labels are needed to calibrate on. Got {int(is_seen.sum())}"
        )
    scores, gold = logits[:, is_seen], targets[:, is_seen]
    bias = np.zeros(len(is_seen))
    if has_bias:
        temperature, bias[is_seen] = fit_temperature_and_bias(scores, gold)
    else:
        temperature = fit_temperature(scores, gold, is_multilabel=False)
    return Scaling(temperature=temperature, bias=tuple(bias.tolist()))


def unseen_notes(
    targets: Mapping[str, FloatMatrix],
    taxonomy: Taxonomy,
    tasks: Collection[str] = SINGLE_LABEL,
    *,
    zero_shot: Mapping[str, Collection[str]] | None = None,
) -> list[str]:
    """What to tell of labels that no held-out row has, those aside that are known to have none."""
    notes = []
    for task in SINGLE_LABEL:
        is_seen = seen_labels(targets[task])
        unseen = [
            name
            for name, seen in zip(taxonomy.labels(task), is_seen, strict=True)
            if not seen and name not in (zero_shot or {}).get(task, ())
        ]
        if unseen and task in tasks:
            shares = "its share is" if len(unseen) == 1 else "their shares are"
            notes.append(f"{task}: no held-out row of {', '.join(unseen)}: {shares} not corrected")
    return notes


def label_bars(
    probabilities: FloatMatrix,
    gold: npt.NDArray[np.int64],
    weight: npt.NDArray[np.float64],
    labels: Sequence[str],
    *,
    shared: float,
    precision: float,
) -> dict[str, float]:
    """A bar per label for a wanted precision, drawn towards the shared one where rows are few.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_labels)
    gold, weight : ndarray of shape (n_rows,)
        The right label of each row, and how often such a row occurs.
    """
    best, top = probabilities.argmax(axis=1), probabilities.max(axis=1).astype(np.float64)
    bars = {}
    for column, label in enumerate(labels):
        given = best == column
        own = shared
        if given.any():
            is_right = gold[given] == column
            own = bar_for_precision(top[given], is_right, weight[given], precision=precision)
        share = int(given.sum()) / (int(given.sum()) + _PRIOR_ROWS)
        bars[label] = _round_up(share * own + (1 - share) * shared)
    return bars


def topic_precision_thresholds(
    probabilities: FloatMatrix,
    gold: npt.NDArray[np.bool_],
    labels: Sequence[str],
    *,
    precision: float,
) -> dict[str, float]:
    """The lowest threshold per topic that keeps a precision, drawn towards that of all topics."""
    flat = probabilities.astype(np.float64)
    even = np.ones(gold.size)
    shared = bar_for_precision(flat.ravel(), gold.ravel(), even, precision=precision)
    thresholds = {}
    for column, label in enumerate(labels):
        n_positive = int(gold[:, column].sum())
        own = shared
        if n_positive:
            own = bar_for_precision(
                flat[:, column], gold[:, column], even[: len(gold)], precision=precision
            )
        share = n_positive / (n_positive + _PRIOR_ROWS)
        thresholds[label] = _round_up(share * own + (1 - share) * shared)
    return thresholds


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
        holds more of the rare ones than real feedback does. See :func:`unseen_notes` for labels
        without a row.
    precision : float
        Wanted share of right answers among those that need no review.
    min_probability : float
        Below it sentiment and department are not given at all.
    """
    scalings, shifts = {}, {}
    for task in SINGLE_LABEL:
        shares = (field_shares or {}).get(task)
        shifts[task] = np.asarray(prior_bias(targets[task], taxonomy.labels(task), shares))
        plain = Scaling(temperature=1.0, bias=(0.0,) * len(shifts[task]))
        if seen_labels(targets[task]).sum() > 1:  # else a finished training would be in vain
            plain = fit_scaling(logits[task], targets[task], has_bias=False)
        scalings[task] = plain.shifted(shifts[task])
    return set_bars(
        logits,
        targets,
        taxonomy,
        scalings,
        shifts=shifts,
        precision=precision,
        min_probability=min_probability,
    )


def set_bars(
    logits: TaskArrays,
    targets: Mapping[str, FloatMatrix],
    taxonomy: Taxonomy,
    scalings: Mapping[str, Scaling],
    *,
    shifts: Mapping[str, npt.NDArray[np.float64]],
    precision: float,
    min_probability: float,
    has_label_bars: bool = False,
    topic_precision: float | None = None,
    answer_precision: float | None = None,
) -> Calibration:
    """Complete a calibration: what topics need, and where to abstain and to ask for review.

    Parameters
    ----------
    logits, targets : mapping of task to ndarray of shape (n_rows, n_labels)
    scalings : mapping of task to Scaling
        Of ``sentiment`` and ``department``.
    shifts : mapping of task to ndarray of shape (n_labels,)
        Log of how much more often each label occurs in the field than among these rows.
    precision, min_probability : float
        See :func:`calibrate`.
    has_label_bars : bool
        Whether each label gets a review bar of its own.
    topic_precision : float, optional
        Set topic thresholds for this precision; default: for the best F1.
    answer_precision : float, optional
        Wanted share of right answers among all that are given: the others are withheld.
    """
    temperature = {task: scalings[task].temperature for task in SINGLE_LABEL}
    temperature["topics"] = fit_temperature(logits["topics"], targets["topics"], is_multilabel=True)
    review, per_label, least = {}, {}, {}
    for task in SINGLE_LABEL:
        probabilities = softmax(scalings[task].apply(logits[task]))
        gold = targets[task].argmax(axis=1)
        weight = np.exp(shifts[task])[gold]
        top = probabilities.max(axis=1).astype(np.float64)
        is_right = probabilities.argmax(axis=1) == gold
        least[task] = min_probability
        if answer_precision is not None:
            bar = bar_for_precision(top, is_right, weight, precision=answer_precision)
            least[task] = _round_up(max(bar, min_probability))
        bar = bar_for_precision(top, is_right, weight, precision=precision)
        review[task] = _round_up(max(bar, least[task]))
        if has_label_bars:
            per_label[task] = label_bars(
                probabilities,
                gold,
                weight,
                taxonomy.labels(task),
                shared=review[task],
                precision=precision,
            )
    topics = sigmoid(logits["topics"] / temperature["topics"])
    names, has_topic = taxonomy.labels("topics"), targets["topics"] > 0
    return Calibration(
        temperature={task: round(temperature[task], 4) for task in TASKS},
        bias={task: [round(value, 4) for value in scalings[task].bias] for task in SINGLE_LABEL},
        topic_thresholds=fit_topic_thresholds(topics, has_topic, names)
        if topic_precision is None
        else topic_precision_thresholds(topics, has_topic, names, precision=topic_precision),
        min_probability=least,
        review_probability=review,
        label_review_probability=per_label,
    )


def _round_up(bar: float) -> float:
    """A bar in thousandths, so that no answer just below slips through."""
    return float(min(1.0, np.ceil(1000 * bar) / 1000))
