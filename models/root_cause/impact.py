"""Estimates what each cause costs in NPS, CSAT or CES: association, not proof.

Two estimates, each with a bootstrap interval over verbatims:

* leave-one-out: the metric of all verbatims minus that of those without the cause;
* co-mention-adjusted: the gap between all verbatims and those without any cause, shared over the
  causes by relative weights (Johnson 2000), so that a cause that mostly comes along with another
  does not get the other's part.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.root_cause.arrays import FloatVector, IntVector, Matrix
from models.root_cause.scores import SCALES, MetricValues

MIN_VERBATIMS = 30
"""Scored verbatims, with and without the cause, below which a mean says little."""

FORMULA = (
    "Leave-one-out: metric(all scored verbatims) - metric(those without the cause). "
    "Adjusted: |metric(all) - metric(those without any cause)| x s_c e_c / sum e, with e the "
    "relative weights of the cause indicators (Johnson 2000) and s the sign of a cause's "
    "correlation with the metric. Intervals: 2.5 and 97.5 % of {n} bootstrap samples of verbatims. "
    "Association, not proof of cause."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """A number with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Impact:
    """What one cause is associated with, in the unit of the metric; negative costs.

    ``relative_weight`` is the cause's share in [0, 1] of the variance that all causes explain.
    ``is_too_few`` marks estimates on too few verbatims to act on.
    """

    n_verbatims: int
    leave_one_out: Estimate
    adjusted: Estimate
    relative_weight: float
    is_too_few: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactTable:
    """Impact of all causes on one metric; ``formula`` is printed beside the numbers.

    ``n_without_causes`` scored verbatims hold no cause at all; ``metric_without_causes`` is theirs.
    """

    metric: str
    unit: str
    metric_value: float
    metric_without_causes: float
    explained_share: float
    n_scored: int
    n_without_causes: int
    n_refused: int
    causes: tuple[Impact, ...]
    formula: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Patterns:
    """Verbatims with the same causes and value, counted: the bootstrap draws counts.

    ``indicators`` (n_patterns, n_causes); ``pairs`` (n_causes squared, n_patterns) marks which
    two causes each pattern holds together.
    """

    indicators: sparse.csr_matrix
    pairs: sparse.csr_matrix
    values: FloatVector
    counts: FloatVector


def estimate_impact(
    metric: MetricValues,
    cause: IntVector,
    verbatim: IntVector,
    n_causes: int,
    *,
    rng: np.random.Generator,
    n_bootstrap: int = 300,
) -> ImpactTable | None:
    """Estimate the impact of every cause; None where no verbatim has a score.

    Parameters
    ----------
    metric : MetricValues
        Over all verbatims, those without a complaint included.
    cause, verbatim : ndarray of shape (n_complaints,)
        Cause of each complaint (negative: none) and the verbatim it is in.
    n_causes : int
    rng : numpy.random.Generator
    n_bootstrap : int, default=300
    """
    if metric.n_scored == 0 or n_causes == 0:
        return None
    patterns = _count_patterns(metric.values, cause, verbatim, n_causes)
    n_scored = float(metric.n_scored)
    with threadpool_limits(1):
        full = _estimate(patterns, patterns.counts)
    drawn_loo = np.empty((n_bootstrap, n_causes))
    drawn_adjusted = np.empty((n_bootstrap, n_causes))
    # On matrices this small the threads of the linear algebra only wait for each other: 100 times
    # slower on a busy machine.
    with threadpool_limits(1):
        for draw in range(n_bootstrap):
            counts = rng.multinomial(int(n_scored), patterns.counts / n_scored).astype(np.float64)
            sample = _estimate(patterns, counts)
            drawn_loo[draw], drawn_adjusted[draw] = sample.leave_one_out, sample.adjusted
    n_with = np.asarray(patterns.indicators.T @ patterns.counts).ravel()
    causes = tuple(
        Impact(
            n_verbatims=int(n_with[row]),
            leave_one_out=_interval(full.leave_one_out[row], drawn_loo[:, row]),
            adjusted=_interval(full.adjusted[row], drawn_adjusted[:, row]),
            relative_weight=float(full.weights[row]),
            is_too_few=bool(min(n_with[row], n_scored - n_with[row]) < MIN_VERBATIMS),
        )
        for row in range(n_causes)
    )
    return ImpactTable(
        metric=metric.metric.value,
        unit=SCALES[metric.metric].unit,
        metric_value=full.mean,
        metric_without_causes=full.mean_without,
        explained_share=full.explained,
        n_scored=metric.n_scored,
        n_without_causes=int(patterns.counts[np.diff(patterns.indicators.indptr) == 0].sum()),
        n_refused=metric.n_refused,
        causes=causes,
        formula=FORMULA.format(n=n_bootstrap),
    )


def relative_weights(correlations: Matrix, with_outcome: FloatVector) -> FloatVector:
    """Johnson's relative weights: each predictor's part of R squared.

    Parameters
    ----------
    correlations : ndarray of shape (n_predictors, n_predictors)
        Among the predictors.
    with_outcome : ndarray of shape (n_predictors,)
        Of each predictor with the outcome.

    Returns
    -------
    ndarray of shape (n_predictors,)
        Not negative; they sum to R squared.

    Notes
    -----
    Johnson (2000), Multivariate Behavioral Research 35, 1-19.

    Examples
    --------
    >>> relative_weights(np.eye(2), np.array([0.6, -0.3])).round(2)
    array([0.36, 0.09])
    """
    values, vectors = np.linalg.eigh(correlations)
    values = np.maximum(values, 0.0)
    kept = values > 1e-9
    root = np.sqrt(values)
    inverse = np.where(kept, 1 / np.where(kept, root, 1.0), 0.0)
    transfer = (vectors * root) @ vectors.T
    beta = (vectors * inverse) @ (vectors.T @ with_outcome)
    result: FloatVector = (transfer**2) @ (beta**2)
    return result


@dataclass(frozen=True, slots=True, kw_only=True)
class _Sample:
    """Both estimates on one (re)sample."""

    mean: float
    mean_without: float
    explained: float
    leave_one_out: FloatVector
    adjusted: FloatVector
    weights: FloatVector


def _estimate(patterns: _Patterns, counts: FloatVector) -> _Sample:
    """Both estimates, verbatims counted as given."""
    x, y = patterns.indicators, patterns.values
    total = counts.sum()
    mean = float(counts @ y / total)
    n_with = np.asarray(x.T @ counts).ravel()
    sum_with = np.asarray(x.T @ (counts * y)).ravel()
    n_without = total - n_with
    mean_without = np.where(
        n_without > 0, (mean * total - sum_with) / np.maximum(n_without, 1), mean
    )
    clear = np.diff(x.indptr) == 0
    n_clear = counts[clear].sum()
    mean_clear = float(counts[clear] @ y[clear] / n_clear) if n_clear else mean
    share = n_with / total
    spread = np.sqrt(np.maximum(share * (1 - share), 0))
    variance = float(counts @ (y - mean) ** 2 / total)
    usable = (spread > 0) & (variance > 0)
    signed = np.zeros(len(share))
    weights = np.zeros(len(share))
    explained = 0.0
    if usable.any():
        joint = (patterns.pairs @ counts).reshape(len(share), len(share)) / total
        covariance = (joint - np.outer(share, share))[np.ix_(usable, usable)]
        correlations = covariance / np.outer(spread[usable], spread[usable])
        outcome = (sum_with / total - share * mean)[usable] / (spread[usable] * np.sqrt(variance))
        parts = relative_weights(correlations, outcome)
        explained = float(parts.sum())
        if explained > 1e-12:
            weights[usable] = parts / explained
            signed[usable] = np.sign(outcome) * parts / explained
    return _Sample(
        mean=mean,
        mean_without=mean_clear,
        explained=explained,
        leave_one_out=mean - mean_without,
        adjusted=abs(mean - mean_clear) * signed,
        weights=weights,
    )


def _count_patterns(
    values: FloatVector, cause: IntVector, verbatim: IntVector, n_causes: int
) -> _Patterns:
    """Indicators of scored verbatims, equal rows counted once."""
    scored = np.flatnonzero(np.isfinite(values))
    position = np.full(len(values), -1, dtype=np.int64)
    position[scored] = np.arange(len(scored))
    kept = (cause >= 0) & (position[verbatim] >= 0)
    pairs = np.unique(np.stack([position[verbatim[kept]], cause[kept]], axis=1), axis=0)
    bounds = np.searchsorted(pairs[:, 0], np.arange(len(scored) + 1))
    of_pattern: dict[tuple[float, bytes], int] = {}
    counts: list[int] = []
    columns: list[npt.NDArray[np.int64]] = []
    kept_values: list[float] = []
    for row, value in enumerate(values[scored]):
        own = pairs[bounds[row] : bounds[row + 1], 1]
        key = (float(value), own.tobytes())
        found = of_pattern.setdefault(key, len(counts))
        if found == len(counts):
            counts.append(0)
            columns.append(own)
            kept_values.append(float(value))
        counts[found] += 1
    indptr = np.concatenate([[0], np.cumsum([len(own) for own in columns])])
    indices = np.concatenate(columns) if columns else np.empty(0, dtype=np.int64)
    pair_rows = [(own[:, None] * n_causes + own[None, :]).ravel() for own in columns]
    pair_columns = np.repeat(np.arange(len(counts)), [len(rows) for rows in pair_rows])
    flat = np.concatenate(pair_rows) if pair_rows else np.empty(0, dtype=np.int64)
    return _Patterns(
        indicators=sparse.csr_matrix(
            (np.ones(len(indices)), indices, indptr), shape=(len(counts), n_causes)
        ),
        pairs=sparse.csr_matrix(
            (np.ones(len(flat)), (flat, pair_columns)), shape=(n_causes**2, len(counts))
        ),
        values=np.asarray(kept_values),
        counts=np.asarray(counts, dtype=np.float64),
    )


def _interval(value: float, drawn: FloatVector) -> Estimate:
    """Percentile interval, which always holds the estimate."""
    low, high = np.quantile(drawn, [0.025, 0.975])
    return Estimate(value=float(value), low=float(min(low, value)), high=float(max(high, value)))
