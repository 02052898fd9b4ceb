"""What a score column means: NPS, CSAT or CES, and which values are valid."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np

from models.root_cause.arrays import FloatVector

_SCORE: Final = re.compile(
    r"(?P<number>[-+]?\d+(?:[.,]\d+)?)"
    r"(?:\s*/\s*\d+|\s*[-–:]\s*(?=[^\W\d])[^/]*|\s*\([^()]*\)|\s*(?:stars?|ster(?:ren)?))?"
)


class Metric(StrEnum):
    """Kind of score."""

    NPS = "nps"
    CSAT = "csat"
    CES = "ces"


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricScale:
    """Lowest and highest answer, unit of the metric, and how a mean of it reads."""

    low: float
    high: float
    unit: str
    meaning: str


SCALES = {
    Metric.NPS: MetricScale(
        low=0,
        high=10,
        unit="NPS points",
        meaning="share of 9-10 minus share of 0-6, times 100",
    ),
    Metric.CSAT: MetricScale(
        low=1, high=5, unit="percentage points", meaning="share of 4-5, times 100"
    ),
    Metric.CES: MetricScale(low=1, high=7, unit="points of 7", meaning="mean score"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricValues:
    """Each verbatim's part in the metric, so that the metric is the mean; nan without a score.

    ``n_refused`` counts scores off the scale: they are left out, never clipped.
    """

    metric: Metric
    values: FloatVector
    n_scored: int
    n_refused: int


def read_score(value: object) -> float | None:
    """A score from a cell, None where it is no number.

    A decimal comma is a point; what a survey tool writes behind the number is left aside.

    Examples
    --------
    >>> [read_score(cell) for cell in (7, "8,5", "10 - zeer waarschijnlijk", "4/5", "4 stars")]
    [7.0, 8.5, 10.0, 4.0, 4.0]
    >>> read_score("drie"), read_score("2025-09-01")
    (None, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, (int, float)):
        return float(value) if np.isfinite(value) else None
    found = _SCORE.fullmatch(str(value).strip().casefold())
    return float(found["number"].replace(",", ".")) if found else None


def metric_values(scores: FloatVector, metric: Metric) -> MetricValues:
    """Turn scores into parts of the metric.

    Examples
    --------
    >>> metric_values(np.array([10.0, 8.0, 0.0, 11.0]), Metric.NPS).values
    array([ 100.,    0., -100.,   nan])
    """
    scale = SCALES[metric]
    given = np.isfinite(scores)
    valid = given & (scores >= scale.low) & (scores <= scale.high)
    values = np.full(len(scores), np.nan)
    if metric is Metric.NPS:
        values[valid] = 100.0 * (scores[valid] >= 8.5) - 100.0 * (scores[valid] < 6.5)
    elif metric is Metric.CSAT:
        values[valid] = 100.0 * (scores[valid] >= 3.5)
    else:
        values[valid] = scores[valid]
    return MetricValues(
        metric=metric,
        values=values,
        n_scored=int(valid.sum()),
        n_refused=int(given.sum() - valid.sum()),
    )


def guess_metric(scores: FloatVector) -> Metric | None:
    """The metric whose scale fits, or None where that cannot be told.

    0 or more than 7 can only be NPS; at most 5, without a 0, is CSAT; 6 or 7 as the highest could
    be CES or a short run of NPS, so it is left to the analyst.
    """
    given = scores[np.isfinite(scores)]
    if len(given) == 0:
        return None
    high, low = float(given.max()), float(given.min())
    if low >= 1 and high <= 5:
        return Metric.CSAT
    return Metric.NPS if high > 7 or low < 1 else None
