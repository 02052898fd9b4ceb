"""What a plain model says of rows that it has not seen, from frozen embeddings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from tqdm.auto import tqdm

from models.calibration import sigmoid, softmax
from models.domain import FloatMatrix
from training.labelled import LabelledVerbatim
from training.recalibrate import fold_of

_STRENGTH = 1e-3
_MAX_STEPS = 200
_SHOWN_AFTER_S = 2.0
Matrix = npt.NDArray[np.float64]


def fit_linear(
    features: FloatMatrix,
    targets: FloatMatrix,
    *,
    is_multilabel: bool,
    strength: float = _STRENGTH,
) -> Matrix:
    """Logistic regression of all labels of a task at once, by L-BFGS.

    Parameters
    ----------
    features : ndarray of shape (n_rows, dim)
        Of about unit spread; the last column is constant and holds the bias.
    targets : ndarray of shape (n_rows, n_labels)
        Indicators; one per row unless ``is_multilabel``.
    strength : float
        Weight of the squared coefficients, the bias not among them, beside the mean loss.

    Returns
    -------
    ndarray of shape (dim, n_labels)
    """
    shape = (features.shape[1], targets.shape[1])
    # A bias that is pulled to zero says of every rare label that half of the rows have it.
    is_pulled = np.ones((shape[0], 1))
    is_pulled[-1] = 0.0

    def loss(flat: Matrix) -> tuple[float, Matrix]:
        weight = flat.reshape(shape)
        pulled = is_pulled * weight
        logits = features @ weight.astype(np.float32)
        if is_multilabel:
            value = np.logaddexp(0, logits) - targets * logits
            away = sigmoid(logits) - targets
        else:
            logs = logits - np.logaddexp.reduce(logits, axis=1, keepdims=True)
            value, away = -targets * logs, np.exp(logs) - targets
        slope = features.T @ away / len(features) + 2 * strength * pulled
        total = value.sum() / len(features) + strength * np.square(pulled).sum()
        return float(total), np.asarray(slope, dtype=np.float64).ravel()

    found = minimize(
        loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": _MAX_STEPS}
    )
    return np.asarray(found.x).reshape(shape)


def cross_probabilities(
    embeddings: FloatMatrix,
    rows: Sequence[LabelledVerbatim],
    gold: Mapping[str, FloatMatrix],
    *,
    n_folds: int = 5,
    seed: int = 1,
) -> dict[str, FloatMatrix]:
    """Out-of-sample probabilities of each task: rows of a story are never learnt together with it.

    Parameters
    ----------
    embeddings : ndarray of shape (n_rows, dim)
    gold : mapping of task to ndarray of shape (n_rows, n_labels)

    Returns
    -------
    mapping of task to ndarray of shape (n_rows, n_labels)
    """
    spread = np.maximum(embeddings.std(axis=0), 1e-6)
    scaled = ((embeddings - embeddings.mean(axis=0)) / spread).astype(np.float32)
    features = np.column_stack([scaled, np.ones(len(scaled), np.float32)])
    features /= np.float32(np.sqrt(features.shape[1]) / 4)
    folds = fold_of(rows, n_folds=n_folds, seed=seed)
    found = {task: np.zeros_like(targets) for task, targets in gold.items()}
    steps = [(task, fold) for task in gold for fold in np.unique(folds)]
    for task, fold in tqdm(steps, desc="cross-validation", delay=_SHOWN_AFTER_S, leave=False):
        held = folds == fold
        is_multilabel = task == "topics"
        weight = fit_linear(features[~held], gold[task][~held], is_multilabel=is_multilabel)
        logits = features[held] @ weight.astype(np.float32)
        found[task][held] = sigmoid(logits) if is_multilabel else softmax(logits)
    return found
