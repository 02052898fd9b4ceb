"""Heads on frozen features: one convex problem, solved by L-BFGS over pieces of a store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.domain import FloatMatrix
from models.heads import Head, Heads
from models.taxonomy import TASKS
from training.feature_store import FeatureStore

Matrix = npt.NDArray[np.float64]
# Share of the loss that a step must gain: below it float32 rounds. Scores moved by up to 0.003,
# up as often as down.
_LEAST_GAIN = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class Scaling:
    """Mean and spread of each feature, shape (dim,), over whole texts and segments."""

    mean: Matrix
    spread: Matrix

    def stack(self, heads: Heads) -> Matrix:
        """Heads as rows of weights and bias on scaled features. Shape: (n_outputs, dim + 1)."""
        rows = []
        for task in TASKS:
            head = heads.heads[task]
            bias = head.bias + head.weight @ self.mean
            rows.append(np.hstack([head.weight * self.spread, bias[:, None]]))
        return np.asarray(np.vstack(rows), dtype=np.float64)

    def unstack(self, rows: Matrix, n_labels: Mapping[str, int]) -> Heads:
        """The opposite of :meth:`stack`."""
        heads, start = {}, 0
        for task in TASKS:
            part = rows[start : start + n_labels[task]]
            start += n_labels[task]
            weight = part[:, :-1] / self.spread
            bias = part[:, -1] - weight @ self.mean
            heads[task] = Head(weight=weight.astype(np.float32), bias=bias.astype(np.float32))
        return Heads(heads)


def measure_scaling(store: FeatureStore) -> Scaling:
    """Mean and spread of the features, in one pass."""
    total, squares, n_rows = np.zeros(store.dim), np.zeros(store.dim), 0
    for piece in store.pieces():
        features = piece.features.astype(np.float64)
        total += features.sum(axis=0)
        squares += np.square(features).sum(axis=0)
        n_rows += len(features)
    mean = total / n_rows
    variance = np.maximum(squares / n_rows - mean**2, 1e-10)
    return Scaling(mean=mean, spread=np.sqrt(variance))


def count_labels(store: FeatureStore) -> dict[str, Matrix]:
    """How often each label is given, in whole texts and segments. Shape: (n_labels,) per task."""
    counts = {task: np.zeros(n) for task, n in store.n_labels.items()}
    for piece in store.pieces():
        for task in counts:
            counts[task] += piece.targets[task].sum(axis=0)
    return counts


def balance(counts: Mapping[str, Matrix], exponent: float) -> dict[str, FloatMatrix]:
    """Loss factor of each label: inverse frequency to a power, mean 1 over the rows."""
    factors = {}
    for task, given in counts.items():
        factor = np.maximum(given, 1.0) ** -exponent
        factor *= given.sum() / max((factor * given).sum(), 1e-12)
        factors[task] = factor.astype(np.float32)
    return factors


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadProblem:
    """What is minimised: mean loss over records and a pull towards ``centre``.

    Attributes
    ----------
    store : FeatureStore
    scaling : Scaling
    factors : mapping of task to ndarray of shape (n_labels,)
        Loss factor of each label, see :func:`balance`.
    centre : ndarray of shape (n_outputs, dim + 1)
        The penalty is half the squared distance from its weights (biases are free).
    is_free : ndarray of shape (n_outputs,), bool
        Rows that may change; the others stay at ``centre``.
    segment_weight, label_smoothing, topics_weight : float
        As in :class:`~training.config.TrainConfig`.
    """

    store: FeatureStore
    scaling: Scaling
    factors: Mapping[str, FloatMatrix]
    centre: Matrix
    is_free: npt.NDArray[np.bool_]
    segment_weight: float = 0.5
    label_smoothing: float = 0.0
    topics_weight: float = 1.0

    def solve(self, penalty: float, *, start: Matrix, max_iterations: int) -> Matrix:
        """Rows of the best heads, see :meth:`Scaling.stack`.

        Parameters
        ----------
        penalty : float
        start : ndarray of shape (n_outputs, dim + 1)
        max_iterations : int
        """
        shape = self.centre.shape
        fixed = np.where(self.is_free[:, None], start, self.centre)

        def loss_at(flat: Matrix) -> tuple[float, Matrix]:
            rows = fixed.copy()
            rows[self.is_free] = flat.reshape(-1, shape[1])
            loss, gradient = self._loss(rows)
            apart = rows - self.centre
            apart[:, -1] = 0.0
            loss += 0.5 * penalty * float(np.square(apart).sum())
            gradient += penalty * apart
            return loss, gradient[self.is_free].ravel()

        # The products of a piece are small: threads wait for each other longer than they save.
        with threadpool_limits(limits=1, user_api="blas"):
            found = minimize(
                loss_at,
                fixed[self.is_free].ravel(),
                jac=True,
                method="L-BFGS-B",
                options={"maxiter": max_iterations, "ftol": _LEAST_GAIN},
            )
        rows = fixed.copy()
        rows[self.is_free] = found.x.reshape(-1, shape[1])
        return rows

    def _loss(self, rows: Matrix) -> tuple[float, Matrix]:
        """Mean loss over all records, and its gradient.

        Features are read as they are: the scaling is folded into weights and gradient.
        """
        scaled = rows[:, :-1] / self.scaling.spread
        weight = scaled.astype(np.float32)
        bias = (rows[:, -1] - scaled @ self.scaling.mean).astype(np.float32)
        loss, total, gradient = 0.0, 0.0, np.zeros(rows.shape)
        for piece in self.store.pieces():
            share = np.where(piece.is_segment, np.float32(self.segment_weight), np.float32(1.0))
            logits: FloatMatrix = piece.features @ weight.T + bias
            slopes, start = np.empty_like(logits), 0
            for task, n_labels in self.store.n_labels.items():
                columns = slice(start, start + n_labels)
                start += n_labels
                losses, slopes[:, columns] = self._task(
                    task, logits[:, columns], piece.targets[task]
                )
                loss += float(losses @ share)
            slopes *= share[:, None]
            total += float(share.sum())
            gradient[:, :-1] += slopes.T @ piece.features
            gradient[:, -1] += slopes.sum(axis=0)
        gradient[:, :-1] -= gradient[:, -1:] * self.scaling.mean
        gradient[:, :-1] /= self.scaling.spread
        return loss / total, gradient / total

    def _task(
        self, task: str, logits: FloatMatrix, target: FloatMatrix
    ) -> tuple[FloatMatrix, FloatMatrix]:
        """Loss of each record, and its slope in the logits. Shapes: (n,) and (n, n_labels)."""
        factors = self.factors[task]
        if task == "topics":
            weight = self.topics_weight * (1 + target * (factors - 1))
            # exp and log of float32 are far faster than logaddexp and tanh.
            small = np.exp(-np.abs(logits))
            share = np.where(logits >= 0, np.float32(1.0), small) / (1 + small)
            losses = weight * (np.maximum(logits, 0) + np.log(1 + small) - target * logits)
            return losses.sum(axis=1), weight * (share - target)
        n_labels = logits.shape[1]
        smooth = target * (1 - self.label_smoothing) + self.label_smoothing / n_labels
        below = logits - logits.max(axis=1, keepdims=True)
        shares = np.exp(below)
        total = shares.sum(axis=1, keepdims=True)
        weight = (target @ factors)[:, None]
        losses = -(smooth * (below - np.log(total))).sum(axis=1) * weight[:, 0]
        return losses, weight * (shares / total - smooth)
