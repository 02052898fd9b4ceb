"""Whether probabilities can be taken at their word, and what certainty costs in coverage.

Sources: expected calibration error, Naeini et al. (2015), AAAI, and Guo et al. (2017),
arXiv:1706.04599 (15 bins of equal width); class-wise, Kull et al. (2019), arXiv:1910.12656;
risk and coverage, El-Yaniv & Wiener (2010), JMLR 11, 1605-1641.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
N_BINS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Bin:
    """Answers of like probability: how many, how sure on average, how often right."""

    n: int
    mean_probability: float
    share_right: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskCoverage:
    """What share is answered when only the surest answers count, and how many are right.

    ``coverage``, ``precision`` and ``probability`` (that of the least sure answer counted) have
    one entry per answer, surest first.
    """

    coverage: Floats
    precision: Floats
    probability: Floats

    def precision_at(self, coverage: float) -> float:
        """Share of right answers among a share of the surest."""
        if not len(self.coverage):
            return float("nan")
        place = min(len(self.coverage), max(1, round(coverage * len(self.coverage))))
        return float(self.precision[place - 1])

    def coverage_at(self, precision: float) -> float:
        """The largest share of the surest answers with at least that share of right ones."""
        reached = np.flatnonzero(self.precision >= precision)
        return float(self.coverage[reached[-1]]) if reached.size else 0.0

    @property
    def area(self) -> float:
        """Mean risk over all coverages (AURC): lower is better."""
        return float(np.mean(1.0 - self.precision)) if len(self.precision) else float("nan")


def bin_answers(probability: Floats, is_right: Bools, *, n_bins: int = N_BINS) -> tuple[Bin, ...]:
    """Sort answers into bins of equal width; empty bins are left out."""
    places = np.minimum((probability * n_bins).astype(np.int64), n_bins - 1)
    return tuple(
        Bin(
            n=int((places == place).sum()),
            mean_probability=float(probability[places == place].mean()),
            share_right=float(is_right[places == place].mean()),
        )
        for place in np.unique(places)
    )


def calibration_error(probability: Floats, is_right: Bools, *, n_bins: int = N_BINS) -> float:
    """Expected calibration error: mean distance of probability and share of right answers.

    Examples
    --------
    >>> round(calibration_error(np.array([0.9, 0.9]), np.array([True, False])), 2)
    0.4
    """
    if not len(probability):
        return float("nan")
    places = np.minimum((probability * n_bins).astype(np.int64), n_bins - 1)
    gaps = np.bincount(places, weights=is_right - probability, minlength=n_bins)
    return float(np.abs(gaps).sum() / len(probability))


def top_label_error(probabilities: Floats, gold: Floats, *, n_bins: int = N_BINS) -> float:
    """Calibration error of the likeliest label.

    Parameters
    ----------
    probabilities, gold : ndarray of shape (n_rows, n_labels)
        ``gold`` holds one 1 per row.
    """
    best = probabilities.argmax(axis=1)
    is_right = gold[np.arange(len(gold)), best] > 0
    return calibration_error(probabilities.max(axis=1), is_right, n_bins=n_bins)


def class_wise_error(probabilities: Floats, gold: Floats, *, n_bins: int = N_BINS) -> float:
    """Mean over labels of the calibration error of that label's probability."""
    errors = [
        calibration_error(probabilities[:, column], gold[:, column] > 0, n_bins=n_bins)
        for column in range(gold.shape[1])
    ]
    return float(np.mean(errors))


def noise_floor(
    probabilities: Floats, *, rng: np.random.Generator, n_draws: int = 200, n_bins: int = N_BINS
) -> float:
    """The top-label error that perfectly calibrated probabilities would show on as many rows.

    Finite bins are never exactly right: an error near this floor cannot be told from none.
    """
    top = probabilities.max(axis=1)
    draws = [
        calibration_error(top, rng.random(len(top)) < top, n_bins=n_bins) for _ in range(n_draws)
    ]
    return float(np.mean(draws))


def risk_coverage(probability: Floats, is_right: Bools) -> RiskCoverage:
    """Rank answers by probability, surest first; ties keep their order."""
    order = np.argsort(-probability, kind="stable")
    ranks = np.arange(1, len(order) + 1)
    return RiskCoverage(
        coverage=ranks / max(1, len(order)),
        precision=np.cumsum(is_right[order]) / ranks,
        probability=probability[order],
    )
