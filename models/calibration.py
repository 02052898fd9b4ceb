"""From logits to probabilities that can be taken at their word, and the cuts on them."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from models.domain import FloatMatrix
from models.errors import BundleError
from models.heads import TaskArrays
from models.taxonomy import TASKS, Taxonomy


def softmax(logits: FloatMatrix) -> FloatMatrix:
    """Row-wise softmax. Shape: (n_rows, n_labels) -> the same."""
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True), dtype=np.float32)


def sigmoid(logits: FloatMatrix) -> FloatMatrix:
    """Element-wise logistic function, without overflow."""
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * logits)), dtype=np.float32)


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """Everything between logits and decisions.

    Attributes
    ----------
    temperature : mapping of task to float
        Logits are divided by it (Guo et al. 2017, arXiv:1706.04599).
    bias : mapping of task to sequence of float
        Added to the scaled logits of ``sentiment`` and ``department``, in the taxonomy's order:
        what makes the mean probability of a label its share, and the log of how much more often
        it occurs in the field than in the corpus.
    topic_thresholds : mapping of topic to float
        A topic is given from this probability on.
    min_probability : mapping of task to float
        Below it the model abstains; ``sentiment`` and ``department``.
    review_probability : mapping of task to float
        Below it the label is given but a person should look; same keys.
    label_review_probability : mapping of task to mapping of label to float
        The same for single labels, which go before those of their task; may be empty.
    """

    temperature: Mapping[str, float]
    bias: Mapping[str, Sequence[float]]
    topic_thresholds: Mapping[str, float]
    min_probability: Mapping[str, float]
    review_probability: Mapping[str, float]
    label_review_probability: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def review_bar(self, task: str, label: str | None) -> float:
        """The probability below which a person should look at a label."""
        bars = self.label_review_probability.get(task, {})
        return bars.get(label or "", self.review_probability[task])

    def probabilities(self, logits: TaskArrays) -> TaskArrays:
        """Calibrated probabilities, in the shapes of the logits; topics are independent."""
        scaled = {task: values / self.temperature[task] for task, values in logits.items()}
        for task, shift in self.bias.items():
            if task in scaled:
                scaled[task] = scaled[task] + np.asarray(shift, dtype=np.float32)
        return {
            task: sigmoid(values) if task == "topics" else softmax(values)
            for task, values in scaled.items()
        }

    def save(self, path: Path) -> None:
        """Write as JSON."""
        path.write_text(json.dumps(asdict(self), indent=1, sort_keys=True), encoding="utf-8")

    @classmethod
    def load(cls, path: Path, *, taxonomy: Taxonomy) -> Calibration:
        """Read from JSON and check against the taxonomy.

        Raises
        ------
        BundleError
            If the file is unreadable, lacks a label, or holds a value out of range.
        """
        try:
            calibration = cls(**json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError) as error:
            raise BundleError(f"{path.name}: not a calibration file: {error}") from error
        expected = {
            "temperature": set(TASKS),
            "bias": {"sentiment", "department"},
            "topic_thresholds": set(taxonomy.labels("topics")),
            "min_probability": {"sentiment", "department"},
            "review_probability": {"sentiment", "department"},
        }
        for name, keys in expected.items():
            values = getattr(calibration, name)
            if not isinstance(values, dict) or set(values) != keys:
                raise BundleError(f"{path.name}: {name} must have the keys {sorted(keys)}")
            if name == "bias":
                for task, shift in values.items():
                    _check_bias(shift, len(taxonomy.labels(task)), path)
                continue
            top = np.inf if name == "temperature" else 1.0
            if not all(_is_number(value) and 0.0 <= value <= top for value in values.values()):
                raise BundleError(f"{path.name}: {name} has a value outside [0, {top}]")
        own = calibration.label_review_probability
        if not isinstance(own, dict):
            raise BundleError(f"{path.name}: label_review_probability must be an object")
        for task, bars in own.items():
            known = set(taxonomy.labels(task)) if task in expected["bias"] else set()
            if not isinstance(bars, dict) or not set(bars) <= known:
                raise BundleError(f"{path.name}: label_review_probability has an unknown key")
            if not all(_is_number(value) and 0.0 <= value <= 1.0 for value in bars.values()):
                raise BundleError(
                    f"{path.name}: label_review_probability has a value outside [0, 1]"
                )
        if min(calibration.temperature.values()) <= 0.0:
            raise BundleError(f"{path.name}: temperature must be above 0")
        return calibration


def _check_bias(shift: object, n_labels: int, path: Path) -> None:
    """Make sure that a bias has one number per label."""
    if not isinstance(shift, list) or len(shift) != n_labels:
        raise BundleError(f"{path.name}: bias must have one value per label")
    if not all(_is_number(value) for value in shift):
        raise BundleError(f"{path.name}: bias must hold finite numbers")


def _is_number(value: object) -> bool:
    """Whether a value of a JSON file is a finite number: Python reads NaN and Infinity, too."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value)
