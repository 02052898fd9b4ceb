"""Estimates which department owns each cause, and how sure that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.root_cause.arrays import FloatVector, IntVector, Matrix

NO_DEPARTMENT = frozenset({"none"})
CLOSE = 0.10
"""Lead, as a share of the mix, under which two departments are close."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerMix:
    """Whose decisions cause it.

    ``mix`` sums to 1 over the departments, without ``none``; ``none_share`` is how much of the
    probability pointed at no department. ``department`` leads the mix and is None where no
    complaint points anywhere. ``low`` and ``high`` bound its share at 95 %. ``is_contested``: the
    runner-up is close, or the interval of the lead holds zero.
    """

    department: str | None
    share: float
    low: float
    high: float
    runner_up: str | None
    runner_up_share: float
    is_contested: bool
    mix: dict[str, float]
    none_share: float
    n_complaints: int


def estimate_owners(
    probabilities: Matrix,
    labels: Sequence[str],
    cause: IntVector,
    verbatim: IntVector,
    n_causes: int,
    *,
    rng: np.random.Generator,
    n_bootstrap: int = 500,
    no_owner: frozenset[str] = NO_DEPARTMENT,
) -> tuple[OwnerMix, ...]:
    """Mix the departments of the complaints of each cause.

    Parameters
    ----------
    probabilities : ndarray of shape (n_complaints, n_departments)
        Calibrated; rows sum to 1.
    labels : sequence of str, length n_departments
    cause, verbatim : ndarray of shape (n_complaints,)
        Cause of each complaint (negative: left out) and the verbatim it is in. Each verbatim
        counts once per cause; the bootstrap draws verbatims.
    n_causes : int
    rng : numpy.random.Generator
    n_bootstrap : int, default=500
    no_owner : frozenset of str
        Labels that stand for no department.

    Returns
    -------
    tuple of OwnerMix
    """
    if probabilities.shape != (len(cause), len(labels)):
        raise ValueError(
            f"The 'probabilities' parameter of estimate_owners must have shape "
            f"{(len(cause), len(labels))}. Got {probabilities.shape} instead."
        )
    named = [column for column, label in enumerate(labels) if label not in no_owner]
    result = []
    for label in range(n_causes):
        rows = np.flatnonzero(cause == label)
        _, position = np.unique(verbatim[rows], return_inverse=True)
        n_verbatims = int(position.max()) + 1 if len(rows) else 0
        per_verbatim = np.zeros((n_verbatims, len(labels)))
        np.add.at(per_verbatim, position, probabilities[rows].astype(np.float64))
        per_verbatim /= np.maximum(np.bincount(position, minlength=n_verbatims), 1)[:, None]
        result.append(
            _mix(per_verbatim[:, named], [labels[column] for column in named], rng, n_bootstrap)
        )
    return tuple(result)


def _mix(
    rows: Matrix, labels: Sequence[str], rng: np.random.Generator, n_bootstrap: int
) -> OwnerMix:
    """Owner of one cause; ``rows`` leaves out the column of ``none``."""
    n_rows = len(rows)
    total = rows.sum(axis=0)
    if n_rows == 0 or total.sum() <= 1e-9:
        return OwnerMix(
            department=None,
            share=0.0,
            low=0.0,
            high=0.0,
            runner_up=None,
            runner_up_share=0.0,
            is_contested=False,
            mix=dict.fromkeys(labels, 0.0),
            none_share=1.0 if n_rows else 0.0,
            n_complaints=n_rows,
        )
    mix = total / total.sum()
    order = np.argsort(-np.round(mix, 9), kind="stable")
    first, second = int(order[0]), int(order[min(1, len(order) - 1)])
    drawn = _bootstrap_mixes(rows, rng, n_bootstrap)
    low, high = np.quantile(drawn[:, first], [0.025, 0.975])
    lead = drawn[:, first] - drawn[:, second] if first != second else np.ones(len(drawn))
    is_close = first != second and mix[first] - mix[second] < CLOSE
    return OwnerMix(
        department=labels[first],
        share=float(mix[first]),
        low=float(min(low, mix[first])),
        high=float(max(high, mix[first])),
        runner_up=labels[second] if first != second else None,
        runner_up_share=float(mix[second]) if first != second else 0.0,
        is_contested=bool(is_close or np.quantile(lead, 0.025) <= 0),
        mix={label: float(share) for label, share in zip(labels, mix, strict=True)},
        none_share=float(1 - total.sum() / n_rows),
        n_complaints=n_rows,
    )


def _bootstrap_mixes(rows: Matrix, rng: np.random.Generator, n_bootstrap: int) -> Matrix:
    """Mixes of resampled verbatims, shape (n_bootstrap, n_departments)."""
    n_rows = len(rows)
    draws = np.empty((n_bootstrap, rows.shape[1]))
    even: FloatVector = np.full(n_rows, 1 / n_rows)
    for draw in range(n_bootstrap):
        draws[draw] = rng.multinomial(n_rows, even) @ rows
    result: Matrix = draws / np.maximum(draws.sum(axis=1, keepdims=True), 1e-12)
    return result
