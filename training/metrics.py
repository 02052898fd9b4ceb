"""F1 of the three tasks, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import f1_score

BoolMatrix = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """A figure with the bounds of its 95 % bootstrap interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


def macro_f1(gold: Sequence[str], predicted: Sequence[str]) -> float:
    """Mean F1 over the labels that occur in the gold."""
    labels = sorted(set(gold))
    return float(f1_score(gold, predicted, labels=labels, average="macro", zero_division=0))


def topics_f1(gold: BoolMatrix, predicted: BoolMatrix, average: str) -> float:
    """F1 of topic indicators, ``micro`` or ``macro`` over the topics that occur in the gold."""
    occurring = np.flatnonzero(gold.any(axis=0))
    return float(
        f1_score(gold[:, occurring], predicted[:, occurring], average=average, zero_division=0)
    )


def bootstrap_interval(
    figure: Callable[[npt.NDArray[np.int64]], float],
    n_rows: int,
    *,
    rng: np.random.Generator,
    n_resamples: int = 1000,
) -> Interval:
    """Percentile interval of a figure over resampled rows.

    Parameters
    ----------
    figure : callable
        Takes row indices (with repeats) and gives the figure on those rows.
    """
    values = [figure(rng.integers(0, n_rows, n_rows)) for _ in range(n_resamples)]
    low, high = np.quantile(values, [0.025, 0.975])
    return Interval(value=figure(np.arange(n_rows)), low=float(low), high=float(high))
