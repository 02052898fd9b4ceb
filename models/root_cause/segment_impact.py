"""Estimates what a cause costs among the answers of one segment, say one channel.

Leave-one-out only: the metric of the segment minus that of its answers without the cause. Sharing
the gap over causes asks for more answers than a segment mostly has.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from models.root_cause.arrays import FloatVector, IntVector, Matrix
from models.root_cause.impact import MIN_VERBATIMS, Estimate
from models.root_cause.scores import MetricValues


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentImpact:
    """Leave-one-out impact of one cause within a segment; see ``Impact`` for the flag."""

    n_verbatims: int
    leave_one_out: Estimate
    is_too_few: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentImpacts:
    """Metric of a segment and the impact, by cause id, of the causes that scored verbatims hold."""

    metric_value: float
    n_scored: int
    causes: Mapping[str, SegmentImpact]


def estimate_segment_impacts(
    metric: MetricValues,
    rows: IntVector,
    cause: IntVector,
    verbatim: IntVector,
    cause_ids: Sequence[str],
    *,
    rng: np.random.Generator,
    n_bootstrap: int = 300,
) -> SegmentImpacts | None:
    """Estimate the impact of every cause within a segment; None where nothing is scored.

    Parameters
    ----------
    metric : MetricValues
        Over all verbatims.
    rows : ndarray of shape (n_rows,)
        Verbatims of the segment, each once.
    cause, verbatim : ndarray of shape (n_complaints,)
        Cause of each complaint (negative: none) and the verbatim it is in.
    cause_ids : sequence of str
    rng : numpy.random.Generator
    n_bootstrap : int, default=300

    Notes
    -----
    Verbatims are drawn by the number that has each value, with and without the cause, which is
    the same as drawing them one by one.
    """
    scored = rows[np.isfinite(metric.values[rows])]
    if len(scored) == 0:
        return None
    levels, level = np.unique(metric.values[scored], return_inverse=True)
    position = np.full(len(metric.values), -1, dtype=np.int64)
    position[scored] = np.arange(len(scored))
    kept = (cause >= 0) & (position[verbatim] >= 0)
    pairs = np.unique(np.stack([cause[kept], position[verbatim[kept]]], axis=1), axis=0)
    with_cause = np.zeros((len(cause_ids), len(levels)))
    np.add.at(with_cause, (pairs[:, 0], level[pairs[:, 1]]), 1)
    everyone = np.bincount(level, minlength=len(levels)).astype(np.float64)
    return SegmentImpacts(
        metric_value=float(everyone @ levels / len(scored)),
        n_scored=len(scored),
        causes={
            cause_id: _impact(own, everyone - own, levels, rng, n_bootstrap)
            for cause_id, own in zip(cause_ids, with_cause, strict=True)
            if own.any()
        },
    )


def _impact(
    with_cause: FloatVector,
    without: FloatVector,
    levels: FloatVector,
    rng: np.random.Generator,
    n_bootstrap: int,
) -> SegmentImpact:
    """One cause, from the verbatims at each level with and without it."""
    counts = np.concatenate([with_cause, without])
    n_scored = int(counts.sum())
    value = float(_leave_one_out(counts[None, :], levels)[0])
    drawn = rng.multinomial(n_scored, counts / n_scored, size=n_bootstrap).astype(np.float64)
    low, high = np.quantile(_leave_one_out(drawn, levels), [0.025, 0.975])
    n_with = int(with_cause.sum())
    return SegmentImpact(
        n_verbatims=n_with,
        leave_one_out=Estimate(
            value=value, low=float(min(low, value)), high=float(max(high, value))
        ),
        is_too_few=min(n_with, n_scored - n_with) < MIN_VERBATIMS,
    )


def _leave_one_out(counts: Matrix, levels: FloatVector) -> FloatVector:
    """Mean of all minus mean of those without, per row of counts; 0 where none is without."""
    without = counts[:, len(levels) :]
    n_without = without.sum(axis=1)
    mean = counts @ np.concatenate([levels, levels]) / counts.sum(axis=1)
    mean_without = np.where(n_without > 0, without @ levels / np.maximum(n_without, 1), mean)
    result: FloatVector = mean - mean_without
    return result
