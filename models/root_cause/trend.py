"""Tells which causes grow, shrink or are new, and how sure that is.

Counts per period over all verbatims of that period: a busy month is no trend. The rate is tested
with quasi-Poisson regression, whose spread follows the data; the false discovery rate over all
causes is held with Benjamini & Hochberg (1995).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt
from scipy import stats

from models.root_cause.arrays import FloatVector, IntVector, Matrix

DateVector = npt.NDArray[np.datetime64]

MIN_PERIODS = 4
MAX_WEEKS = 30
"""A longer span is read per month."""
MIN_QUIET_SHARE = 0.25
"""Share of all verbatims that must lie before a cause's first complaint for it to be new."""


class Direction(StrEnum):
    """Where a cause goes."""

    GROWING = "growing"
    SHRINKING = "shrinking"
    NEW = "new"
    STEADY = "steady"
    TOO_FEW = "too_few"


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Trend of one cause.

    ``counts`` are verbatims per period and ``rates`` their share of all verbatims.
    ``change_per_period`` is the factor by which the rate changes each period, ``q_value`` the
    adjusted p-value (two-sided). ``dispersion`` is 1 for Poisson counts, more for bursts.
    """

    direction: Direction
    counts: tuple[int, ...]
    rates: tuple[float, ...]
    change_per_period: float
    q_value: float
    dispersion: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TrendTable:
    """Trends of all causes; ``periods`` are first days, ``n_undated`` verbatims have no date."""

    period: str
    periods: tuple[str, ...]
    n_verbatims: tuple[int, ...]
    n_undated: int
    causes: tuple[Trend, ...]


def estimate_trends(
    dates: DateVector,
    cause: IntVector,
    verbatim: IntVector,
    n_causes: int,
    *,
    period: str | None = None,
    max_false_discovery: float = 0.05,
) -> TrendTable | None:
    """Test the trend of every cause; None where no verbatim has a date.

    Parameters
    ----------
    dates : ndarray of shape (n_verbatims,), datetime64[D]
        ``NaT`` where unknown.
    cause, verbatim : ndarray of shape (n_complaints,)
    n_causes : int
    period : {"week", "month"}, optional
        Default: weeks up to 30 of them, months beyond.
    max_false_discovery : float, default=0.05
        Expected share of wrong findings among all that are called growing, shrinking or new.

    Raises
    ------
    ValueError
        If ``period`` is something else.
    """
    dated = ~np.isnat(dates)
    if not dated.any():
        return None
    days = dates.astype("datetime64[D]")
    if period is None:
        span = int((days[dated].max() - days[dated].min()).astype(int))
        period = "week" if span <= 7 * MAX_WEEKS else "month"
    index, starts = _cut(days, dated, period)
    n_periods = len(starts)
    exposure = np.bincount(index[dated], minlength=n_periods).astype(np.float64)
    kept = (cause >= 0) & dated[verbatim]
    pairs = np.unique(np.stack([cause[kept], verbatim[kept]], axis=1), axis=0)
    counts = np.zeros((n_causes, n_periods))
    np.add.at(counts, (pairs[:, 0], index[pairs[:, 1]]), 1)
    slopes, p_slopes, dispersions = _test_slopes(counts, exposure)
    p_new = np.array([_test_new(row, exposure) for row in counts])
    q_all = adjust_false_discovery(np.concatenate([p_slopes, p_new]))
    q_slopes, q_new = q_all[:n_causes], q_all[n_causes:]
    trends = []
    for row in range(n_causes):
        direction = Direction.STEADY
        if n_periods < MIN_PERIODS or counts[row].sum() < 5:
            direction = Direction.TOO_FEW
        elif q_new[row] < max_false_discovery:
            direction = Direction.NEW
        elif q_slopes[row] < max_false_discovery:
            direction = Direction.GROWING if slopes[row] > 0 else Direction.SHRINKING
        is_new = direction is Direction.NEW
        trends.append(
            Trend(
                direction=direction,
                counts=tuple(int(count) for count in counts[row]),
                rates=tuple(float(rate) for rate in counts[row] / np.maximum(exposure, 1)),
                change_per_period=float(np.exp(slopes[row])),
                q_value=float(q_new[row] if is_new else q_slopes[row]),
                dispersion=float(dispersions[row]),
            )
        )
    return TrendTable(
        period=period,
        periods=tuple(str(start) for start in starts),
        n_verbatims=tuple(int(count) for count in exposure),
        n_undated=int((~dated).sum()),
        causes=tuple(trends),
    )


def fit_rate(counts: FloatVector, exposure: FloatVector) -> tuple[float, float, float]:
    """Fit log rate = a + b t; give b, its standard error under Poisson, and the dispersion.

    Parameters
    ----------
    counts, exposure : ndarray of shape (n_periods,)
        Periods without exposure are left out.

    Examples
    --------
    >>> slope, _, _ = fit_rate(np.array([10.0, 20.0, 40.0]), np.full(3, 100.0))
    >>> round(float(np.exp(slope)), 6)
    2.0
    """
    kept = exposure > 0
    y, base = counts[kept], exposure[kept]
    t = np.arange(len(exposure), dtype=np.float64)[kept]
    t = t - t.mean()
    if len(y) < 2 or y.sum() == 0:
        return 0.0, float("inf"), 1.0
    beta = np.array([np.log(y.sum() / base.sum()), 0.0])
    design = np.stack([np.ones_like(t), t], axis=1)
    information = np.eye(2)
    for _ in range(50):
        mu = base * np.exp(np.clip(design @ beta, -30, 30))
        information = design.T @ (design * mu[:, None]) + 1e-9 * np.eye(2)
        step = np.linalg.solve(information, design.T @ (y - mu))
        beta = beta + np.clip(step, -1, 1)
        if np.abs(step).max() < 1e-10:
            break
    mu = base * np.exp(np.clip(design @ beta, -30, 30))
    freedom = max(1, len(y) - 2)
    dispersion = float(((y - mu) ** 2 / np.maximum(mu, 1e-9)).sum() / freedom)
    error = float(np.sqrt(np.linalg.inv(information)[1, 1]))
    return float(beta[1]), error, max(1.0, dispersion)


def adjust_false_discovery(p_values: FloatVector) -> FloatVector:
    """Adjusted p-values of Benjamini & Hochberg (1995).

    Examples
    --------
    >>> adjust_false_discovery(np.array([0.01, 0.04, 0.03])).round(3)
    array([0.03, 0.04, 0.04])
    """
    n_tests = len(p_values)
    if n_tests == 0:
        return p_values
    order = np.argsort(p_values, kind="stable")
    scaled = p_values[order] * n_tests / np.arange(1, n_tests + 1)
    result = np.empty(n_tests)
    result[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return result


def _test_slopes(
    counts: Matrix, exposure: FloatVector
) -> tuple[FloatVector, FloatVector, FloatVector]:
    """Slope, two-sided p-value (t test) and dispersion per cause."""
    slopes, p_values, dispersions = (np.zeros(len(counts)) for _ in range(3))
    freedom = max(1, int((exposure > 0).sum()) - 2)
    for row, own in enumerate(counts):
        slope, error, dispersion = fit_rate(own, exposure)
        statistic = abs(slope) / (error * np.sqrt(dispersion)) if np.isfinite(error) else 0.0
        slopes[row], dispersions[row] = slope, dispersion
        p_values[row] = 2 * stats.t.sf(statistic, freedom)
    return slopes, p_values, dispersions


def _test_new(counts: FloatVector, exposure: FloatVector) -> float:
    """Chance that a steady cause stays away as long at the start as this one did."""
    seen = np.flatnonzero(counts)
    if len(seen) < 2:  # one burst is no new cause
        return 1.0
    quiet = exposure[: seen[0]].sum() / exposure.sum()
    if quiet < MIN_QUIET_SHARE:
        return 1.0
    # Bursts make a lull likelier: count them as one each.
    later, base = counts[seen[0] :], exposure[seen[0] :]
    expected = base * later.sum() / base.sum()
    freedom = max(1, len(later) - 1)
    spread = max(1.0, float(((later - expected) ** 2 / np.maximum(expected, 1e-9)).sum() / freedom))
    return float((1 - quiet) ** (counts.sum() / spread))


def _cut(
    days: DateVector, dated: npt.NDArray[np.bool_], period: str
) -> tuple[IntVector, DateVector]:
    """Period of each date (-1 without), and the first day of every period."""
    if period == "month":
        units = days.astype("datetime64[M]").astype(np.int64)
    elif period == "week":
        units = (days.astype(np.int64) + 3) // 7  # weeks begin on Monday; 1970-01-01 was a Thursday
    else:
        raise ValueError(
            f"The 'period' parameter of estimate_trends must be 'week' or 'month'. "
            f"Got {period!r} instead."
        )
    first, last = int(units[dated].min()), int(units[dated].max())
    index = np.where(dated, units - first, -1)
    if period == "month":
        starts = np.arange(first, last + 1).astype("datetime64[M]").astype("datetime64[D]")
    else:
        starts = (np.arange(first, last + 1) * 7 - 3).astype("datetime64[D]")
    return index.astype(np.int64), starts
