"""Geometry of the Pareto charts and of the map, in per cent of their width and height."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from models.root_cause.report import Cause, MapPoint

CUMULATIVE_TICKS = (0.0, 0.25, 0.5, 0.75, 1.0)
MAX_COLOURS = 8
"""Causes that the map sets apart; more hues cannot be told apart."""
MAP_SIZE = 1000
_MARGIN = 25
_N_TICKS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CountBar:
    """A bar of the Pareto chart by count.

    ``length`` is in per cent of the longest bar; ``cumulative`` the share of all complaints that
    this and the longer bars hold; ``line`` the polyline of that share through this row, in a box
    of 100 by 100.
    """

    cause: Cause
    length: float
    cumulative: float
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactBar:
    """A bar of the Pareto chart by impact: ``start`` to ``end`` and the interval, in per cent."""

    cause: Cause
    start: float
    length: float
    low: float
    span: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ImpactScale:
    """The common scale of all impact bars: costs grow to the right, ``zero`` is in per cent."""

    left: float
    right: float
    zero: float
    ticks: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapLayer:
    """All dots of one cause, None for emerging complaints.

    ``dots`` is the path of an SVG of ``MAP_SIZE`` squared; ``number`` counts the largest causes
    from 1 and is 0 beyond; ``x`` and ``y`` are the middle, in per cent.
    """

    cause_id: str | None
    number: int
    dots: str
    n_dots: int
    x: float
    y: float


def lay_count_bars(causes: Sequence[Cause], n_complaints: int) -> tuple[CountBar, ...]:
    """Bars by number of complaints, in the order given, which is the most first."""
    longest = max((cause.n_complaints for cause in causes), default=0) or 1
    sums = np.cumsum([cause.n_complaints for cause in causes]) / max(1, n_complaints)
    return tuple(
        CountBar(
            cause=cause,
            length=round(100 * cause.n_complaints / longest, 2),
            cumulative=float(sums[row]),
            line=_line_through(sums.tolist(), row),
        )
        for row, cause in enumerate(causes)
    )


def lay_impact_bars(causes: Sequence[Cause]) -> tuple[ImpactScale, tuple[ImpactBar, ...]]:
    """Bars by adjusted impact on one scale, in the order given."""
    known = [(cause, cause.impact.adjusted) for cause in causes if cause.impact]
    scale = lay_impact_scale(
        min((each.low for _, each in known), default=0.0),
        max((each.high for _, each in known), default=0.0),
    )
    place = _placer(scale)
    return scale, tuple(
        ImpactBar(
            cause=cause,
            start=min(scale.zero, place(each.value)),
            length=round(abs(place(each.value) - scale.zero), 2),
            low=place(each.high),
            span=round(place(each.low) - place(each.high), 2),
        )
        for cause, each in known
    )


def lay_impact_scale(low: float, high: float) -> ImpactScale:
    """A scale that holds the bounds and zero, with round ticks."""
    left, right = max(0.0, high), min(-0.1, low)
    step = _round_step((left - right) / _N_TICKS)
    first, last = math.ceil(right / step - 1e-6), math.floor(left / step + 1e-6)
    values = [step * row for row in range(first, last + 1)]
    width = left - right
    return ImpactScale(
        left=left,
        right=right,
        zero=round(100 * left / width, 2),
        ticks=tuple(
            (round(value, 6), round(100 * (left - value) / width, 2)) for value in reversed(values)
        ),
    )


def lay_map_layers(
    points: Sequence[MapPoint], order: Sequence[str], *, n_numbers: int = MAX_COLOURS
) -> tuple[MapLayer, ...]:
    """Dots by cause, the largest causes last so that they lie on top.

    Parameters
    ----------
    points : sequence of MapPoint
    order : sequence of str
        Cause ids, the largest first.
    n_numbers : int
        Causes that are numbered, as far as they have a dot.
    """
    groups: dict[str | None, list[MapPoint]] = {}
    for point in points:
        groups.setdefault(point.cause_id, []).append(point)
    shown = [cause_id for cause_id in order if cause_id in groups]
    numbers = {cause_id: row + 1 for row, cause_id in enumerate(shown[:n_numbers])}
    ranked: list[str | None] = [None] if None in groups else []
    layers = []
    for cause_id in [*ranked, *reversed(shown)]:
        own = groups[cause_id]
        places = np.array([map_place(point) for point in own])
        x, y = np.median(places, axis=0) / MAP_SIZE * 100
        layers.append(
            MapLayer(
                cause_id=cause_id,
                number=numbers.get(cause_id, 0) if cause_id else 0,
                dots="".join(f"M{x} {y}h0" for x, y in places.tolist()),
                n_dots=len(own),
                x=round(float(x), 1),
                y=round(float(y), 1),
            )
        )
    return tuple(layers)


def map_place(point: MapPoint) -> tuple[int, int]:
    """Place of a dot in a square of ``MAP_SIZE``, a margin kept on all sides."""
    inner = MAP_SIZE - 2 * _MARGIN
    return round(_MARGIN + inner * point.x), round(_MARGIN + inner * (1 - point.y))


def _line_through(sums: Sequence[float], row: int) -> str:
    """The line of cumulative shares within one row: from the upper edge to the lower."""
    here = sums[row]
    above = (sums[row - 1] + here) / 2 if row else here
    below = (sums[row + 1] + here) / 2 if row + 1 < len(sums) else here
    places = ((above, 0 if row else 50), (here, 50), (below, 100 if row + 1 < len(sums) else 50))
    return " ".join(f"{100 * x:.2f},{y}" for x, y in places)


def _placer(scale: ImpactScale) -> Callable[[float], float]:
    """Place of a value, in per cent from the left."""
    width = scale.left - scale.right
    return lambda value: round(100 * (scale.left - value) / width, 2)


def _round_step(step: float) -> float:
    """The next 1, 2 or 5 times a power of ten."""
    size = 10.0 ** math.floor(math.log10(step))
    return next(factor * size for factor in (1, 2, 5, 10) if factor * size >= step * 0.999)
