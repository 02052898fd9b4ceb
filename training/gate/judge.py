"""Comparison of a figure of two bundles, and what is to be thought of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from training.gate.config import GateConfig, Kind
from training.gate.resample import Values


class Verdict(StrEnum):
    """What a comparison says."""

    BETTER = "better"
    NO_WORSE = "no worse"
    WORSE = "worse"
    UNSURE = "not shown"
    TOO_FEW = "too few"


REFUSED = frozenset({Verdict.WORSE, Verdict.UNSURE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """One figure of both bundles.

    ``gain`` is what the candidate is better by (a lower calibration error is a gain), ``low`` and
    ``high`` its bounds, each at the confidence of the gate. For speed the gain is relative.
    ``left_out`` are labels of the gold with too few rows to count in the figure.
    """

    kind: Kind
    group: str
    figure: str
    n_rows: int
    current: float
    candidate: float
    gain: float
    low: float
    high: float
    margin: float
    verdict: Verdict
    left_out: tuple[str, ...] = ()

    @property
    def reason(self) -> str:
        """The verdict in words, with its figures."""
        if self.kind is Kind.SPEED:
            return (
                f"speed: {self.candidate:.0f} verbatims/s against {self.current:.0f}, "
                f"{-self.gain:.0%} slower; {self.margin:.0%} is allowed"
            )
        change = self.candidate - self.current
        name = f"{self.figure} of {self.group}" if self.group != "all" else self.figure
        says = (
            f"{name}: {self.current:.3f} to {self.candidate:.3f} ({change:+.3f}, "
            f"loss up to {max(0.0, -self.low):.3f}) on {self.n_rows} rows; "
            f"margin {self.margin:g}"
        )
        if self.verdict is Verdict.UNSURE:
            says += f"; the loss may be chance: {self._way_out()}"
        return says

    def _way_out(self) -> str:
        """What would settle it. The bound's distance shrinks with the root of the rows."""
        wider = np.ceil(-self.low * 100) / 100
        room = self.gain + self.margin
        needed = self.n_rows * ((self.gain - self.low) / room) ** 2 if room > 0 else np.inf
        if needed > 100 * self.n_rows:
            return f"a margin of {wider:g} would pass"
        return f"some {_rounded(needed)} rows would tell, or a margin of {wider:g} would pass"


def compare(
    kind: Kind,
    figure: str,
    current: Values,
    candidate: Values,
    *,
    n_rows: int,
    config: GateConfig,
    group: str = "all",
    is_loss: bool = False,
    left_out: tuple[str, ...] = (),
) -> Comparison:
    """Judge a figure.

    Parameters
    ----------
    current, candidate : ndarray of shape (1 + n_resamples,)
        The figure itself, then on each resample; the same resamples for both.
    n_rows : int
        Rows that the figure rests on.
    is_loss : bool
        Whether lower is better.
    left_out : tuple of str
        See :class:`Comparison`.
    """
    gains = (current - candidate) if is_loss else (candidate - current)
    drawn = gains[1:][~np.isnan(gains[1:])]
    tail = 1.0 - config.confidence
    low, high = np.quantile(drawn, [tail, 1.0 - tail]) if drawn.size else (np.nan, np.nan)
    margin = config.margin_of(kind)
    return Comparison(
        kind=kind,
        group=group,
        figure=figure,
        n_rows=n_rows,
        current=float(current[0]),
        candidate=float(candidate[0]),
        gain=float(gains[0]),
        low=float(low),
        high=float(high),
        margin=margin,
        verdict=_judge(float(gains[0]), float(low), margin, n_rows=n_rows, config=config),
        left_out=left_out,
    )


def compare_speed(
    n_verbatims: npt.NDArray[np.int64],
    candidate_s: Values,
    current_s: Values,
    *,
    config: GateConfig,
) -> Comparison:
    """Judge the speed by the median over blocks, which a busy machine hardly moves."""
    rng = np.random.default_rng(config.seed)
    ratios = current_s / candidate_s
    draws = np.median(rng.choice(ratios, (config.n_resamples, len(ratios))), axis=1)
    tail = 1.0 - config.confidence
    gain = float(np.median(ratios)) - 1.0
    low, high = np.quantile(draws, [tail, 1.0 - tail]) - 1.0
    margin = config.margin_of(Kind.SPEED)
    speed = float(np.median(n_verbatims / current_s))
    verdict = Verdict.BETTER if low > 0 else Verdict.NO_WORSE
    if gain < -margin:
        verdict = Verdict.WORSE
    return Comparison(
        kind=Kind.SPEED,
        group="all",
        figure="verbatims/s",
        n_rows=int(n_verbatims.sum()),
        current=speed,
        candidate=speed * (1.0 + gain),
        gain=gain,
        low=float(low),
        high=float(high),
        margin=margin,
        verdict=verdict,
    )


def _judge(gain: float, low: float, margin: float, *, n_rows: int, config: GateConfig) -> Verdict:
    if n_rows < config.min_rows or np.isnan(low):
        return Verdict.TOO_FEW
    if low >= -margin:
        return Verdict.BETTER if low > 0 else Verdict.NO_WORSE
    return Verdict.WORSE if gain < -margin else Verdict.UNSURE


def _rounded(number: float) -> int:
    """A number of which only the size is known, to two digits."""
    digits = max(0, int(np.floor(np.log10(max(number, 1.0)))) - 1)
    return int(np.ceil(number / 10**digits) * 10**digits)
