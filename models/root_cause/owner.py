"""Estimates which department owns each cause, and how sure that is.

One clause says little of its owner, and the classifier then leans towards the departments that most
complaints point to. What a cause's complaints share tells more: the mix is that of expectation
maximisation over their probabilities (Saerens, Latinne & Decaestecker 2002, Neural Computation 14),
from the mix of all complaints, stopped early so that errors of the classifier do not push it
into a corner. On the ten causes of the sample the plain mean names eight owners right, this nine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.root_cause.arrays import BoolVector, FloatVector, IntVector, Matrix

NO_DEPARTMENT = frozenset({"none"})
N_STEPS = 3
_BLOCK_WEIGHTS = 2_000_000  # weights that are held in memory at a time
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
    named = np.array([label not in no_owner for label in labels])
    groups = [
        _per_verbatim(probabilities[cause == label], verbatim[cause == label])
        for label in range(-1, n_causes)
    ]
    n_rows = sum(map(len, groups))
    base = np.concatenate(groups).mean(axis=0) if n_rows else np.full(len(labels), 1 / len(labels))
    with threadpool_limits(1):  # the order in which a product adds up may not hang on threads
        return tuple(
            _mix(rows, base, named, labels, rng=rng, n_bootstrap=n_bootstrap) for rows in groups[1:]
        )


def _per_verbatim(probabilities: Matrix, verbatim: IntVector) -> Matrix:
    """Mean probabilities of each verbatim, shape (n_verbatims, n_departments)."""
    _, position = np.unique(verbatim, return_inverse=True)
    counts = np.bincount(position)
    rows = np.zeros((len(counts), probabilities.shape[1]))
    np.add.at(rows, position, probabilities.astype(np.float64))
    result: Matrix = rows / counts[:, None]
    return result


def fit_mixes(rows: Matrix, base: FloatVector, weights: Matrix) -> Matrix:
    """Share of each department in weighted rows, by a few steps of expectation maximisation.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, n_departments)
        Probabilities that hold where departments are mixed as in ``base``.
    base : ndarray of shape (n_departments,)
    weights : ndarray of shape (n_draws, n_rows)

    Returns
    -------
    ndarray of shape (n_draws, n_departments)
        Rows sum to 1.

    Examples
    --------
    Each row leans to the second label, as all texts do, but less than they:

    >>> rows, base = np.full((9, 2), [0.45, 0.55]), np.array([0.2, 0.8])
    >>> fit_mixes(rows, base, np.ones((1, 9))).round(2)
    array([[0.9, 0.1]])
    """
    ratio = rows / np.maximum(base, 1e-12)
    mixes = np.repeat(base[None, :], len(weights), axis=0)
    for _ in range(N_STEPS):
        likelihood = np.maximum(mixes @ ratio.T, 1e-12)
        mixes = mixes * ((weights / likelihood) @ ratio)
        mixes = mixes / np.maximum(mixes.sum(axis=1, keepdims=True), 1e-12)
    return mixes


def _mix(
    rows: Matrix,
    base: FloatVector,
    named: BoolVector,
    all_labels: Sequence[str],
    *,
    rng: np.random.Generator,
    n_bootstrap: int,
) -> OwnerMix:
    """Owner of one cause; ``named`` marks the columns that are departments."""
    n_rows = len(rows)
    labels = [label for label, is_named in zip(all_labels, named, strict=True) if is_named]
    full = fit_mixes(rows, base, np.ones((1, n_rows)))[0]
    total = full[named]
    if n_rows == 0 or rows[:, named].sum() <= 1e-9:
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
    drawn = _bootstrap_mixes(rows, base, rng, n_bootstrap)[:, named]
    drawn = drawn / np.maximum(drawn.sum(axis=1, keepdims=True), 1e-12)
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
        none_share=float(1 - total.sum()),
        n_complaints=n_rows,
    )


def _bootstrap_mixes(
    rows: Matrix, base: FloatVector, rng: np.random.Generator, n_bootstrap: int
) -> Matrix:
    """Mixes of resampled verbatims, shape (n_bootstrap, n_departments)."""
    n_rows = len(rows)
    even: FloatVector = np.full(n_rows, 1 / n_rows)
    block = max(1, _BLOCK_WEIGHTS // n_rows)
    drawn = [
        fit_mixes(rows, base, rng.multinomial(n_rows, even, size=size).astype(np.float64))
        for size in _blocks(n_bootstrap, block)
    ]
    return np.concatenate(drawn)


def _blocks(total: int, size: int) -> list[int]:
    """Sizes of the blocks in which a number of draws is made."""
    return [min(size, total - start) for start in range(0, total, size)]
