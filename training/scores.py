"""What a run is steered by: F1 of its three tasks on the validation rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from models.calibration import sigmoid
from models.domain import FloatMatrix
from models.heads import TaskArrays
from models.taxonomy import TASKS
from training.metrics import macro_f1, topics_f1


def score_task(task: str, logits: FloatMatrix, targets: FloatMatrix) -> float:
    """Macro-F1 of the likeliest label, or micro-F1 of topics cut at 0.5.

    Parameters
    ----------
    logits, targets : ndarray of shape (n_rows, n_labels)
        Targets are distributions, or indicators for ``topics``.
    """
    if task == "topics":
        gold = targets > 0
        return topics_f1(gold, sigmoid(logits) >= 0.5, "micro") if gold.any() else 0.0
    return macro_f1(
        [str(label) for label in targets.argmax(axis=1)],
        [str(label) for label in logits.argmax(axis=1)],
    )


def score_logits(logits: TaskArrays, targets: Mapping[str, FloatMatrix]) -> dict[str, float]:
    """The score of each task, and ``mean`` over them."""
    scores = {task: score_task(task, logits[task], targets[task]) for task in TASKS}
    return {**scores, "mean": float(np.mean([scores[task] for task in TASKS]))}
