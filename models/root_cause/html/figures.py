"""Geometry of the drawings that stand in the page as SVG: fishbone and sparkline."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

MAX_RIBS = 8
_RIB_STEP = 36
_WIDE = 1200
_HEAD = 150
_SLANT = 56
_MAX_RIB = 330
_CHARACTER = 7.4
"""Width of a character of the labels, in units of the view box."""
_TEXT_HEIGHT = 22
"""From a rib up to the top of its text."""
_COUNT = 50
_NARROW = 360


@dataclass(frozen=True, slots=True, kw_only=True)
class RibItem:
    """A cause to be drawn: ``weight`` in [0, 1] governs the thickness."""

    cause_id: str
    name: str
    count: str
    weight: float
    is_contested: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class BoneItem:
    """A department with its causes, largest first."""

    department: str
    count: str
    ribs: tuple[RibItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rib:
    """A rib on its place: a horizontal line, the text above it, its count ending at ``count_x``."""

    item: RibItem
    label: str
    x1: float
    x2: float
    y: float
    width: float
    count_x: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Bone:
    """A bone on its place: from its tip to the spine."""

    item: BoneItem
    tip_x: float
    tip_y: float
    foot_x: float
    foot_y: float
    label_y: float
    ribs: tuple[Rib, ...]
    n_more: int
    more_x: float
    more_y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Fishbone:
    """A fishbone on its place, in units of its view box; the spine ends at the head."""

    width: float
    height: float
    spine_x: float
    spine_y: float
    head_x: float
    head_y: float
    bones: tuple[Bone, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sparkline:
    """A line of rates: ``points`` and ``area`` are SVG coordinates."""

    width: float
    height: float
    points: str
    area: str
    end_x: float
    end_y: float


def lay_fishbone(items: Sequence[BoneItem]) -> Fishbone:
    """Lay out a fishbone for a wide page: spine from left to right, bones in pairs."""
    n_columns = max(1, math.ceil(len(items) / 2))
    column = (_WIDE - _HEAD - 40) / n_columns
    above, below = (_side_height(items[side::2]) for side in (0, 1))
    spine_y = above
    bones = []
    for position, item in enumerate(items):
        is_above = position % 2 == 0
        foot_x = 20 + column * (position // 2 + 1)
        reach = _side_height([item]) - 44
        tip_y = spine_y - reach if is_above else spine_y + reach
        sign = -1 if is_above else 1
        n_shown = len(item.ribs[:MAX_RIBS])
        # above the spine a bone leans over the text of its ribs
        lean = _SLANT * _TEXT_HEIGHT / reach if is_above else 0.0
        ribs = []
        for row, rib in enumerate(item.ribs[:MAX_RIBS]):
            y = tip_y - sign * (_RIB_STEP * (row + 1) - 4)
            end = foot_x - _SLANT * abs(spine_y - y) / reach
            length = min(column - _SLANT - 24, _MAX_RIB)
            ribs.append(_rib(rib, end - length, end, y, inset=6 + lean))
        more_y = tip_y - sign * (_RIB_STEP * (n_shown + 1) - 4)
        bones.append(
            Bone(
                item=item,
                tip_x=foot_x - _SLANT,
                tip_y=tip_y,
                foot_x=foot_x,
                foot_y=spine_y,
                label_y=tip_y - 14 if is_above else tip_y + 24,
                ribs=tuple(ribs),
                n_more=len(item.ribs) - n_shown,
                more_x=foot_x - _SLANT * abs(spine_y - more_y) / reach - 8,
                more_y=more_y,
            )
        )
    return Fishbone(
        width=_WIDE,
        height=above + below,
        spine_x=20,
        spine_y=spine_y,
        head_x=_WIDE - _HEAD,
        head_y=spine_y,
        bones=tuple(bones),
    )


def lay_upright_fishbone(items: Sequence[BoneItem]) -> Fishbone:
    """Lay out a fishbone for a narrow page: spine from head downwards, bones below each other."""
    y = 84.0
    bones = []
    for item in items:
        tip_y = y + 18
        shown = item.ribs[:MAX_RIBS]
        ribs = tuple(
            _rib(rib, 44, _NARROW - 6, tip_y + 8 + _RIB_STEP * (row + 1))
            for row, rib in enumerate(shown)
        )
        n_more = len(item.ribs) - len(shown)
        end = tip_y + 8 + _RIB_STEP * len(shown)
        bones.append(
            Bone(
                item=item,
                tip_x=44,
                tip_y=tip_y,
                foot_x=18,
                foot_y=tip_y - 26,
                label_y=tip_y + 4,
                ribs=ribs,
                n_more=n_more,
                more_x=52,
                more_y=end + 24,
            )
        )
        y = end + (36 if n_more else 14) + 26
    return Fishbone(
        width=_NARROW,
        height=y,
        spine_x=18,
        spine_y=y - 20,
        head_x=18,
        head_y=56,
        bones=tuple(bones),
    )


def lay_sparkline(
    rates: Sequence[float], *, width: float = 200, height: float = 44
) -> Sparkline | None:
    """Lay out rates over time from zero up to the highest; None for fewer than two."""
    if len(rates) < 2:
        return None
    pad = 4.0
    top = max(rates) or 1.0
    step = (width - 2 * pad) / (len(rates) - 1)
    places = [
        (pad + step * row, height - pad - (height - 2 * pad) * rate / top)
        for row, rate in enumerate(rates)
    ]
    points = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    floor = height - pad
    return Sparkline(
        width=width,
        height=height,
        points=points,
        area=f"{pad:.1f},{floor:.1f} {points} {width - pad:.1f},{floor:.1f}",
        end_x=round(places[-1][0], 1),
        end_y=round(places[-1][1], 1),
    )


def shorten(text: str, n_characters: int) -> str:
    """A text cut at a word, with an ellipsis.

    Examples
    --------
    >>> shorten("lang in de wacht gestaan", 18)
    'lang in de wacht…'
    """
    if len(text) <= n_characters:
        return text
    cut = text[: n_characters - 1]
    head, gap, _ = cut.rpartition(" ")
    kept = head if gap and len(head) > n_characters // 2 else cut
    return kept.rstrip(" ·,(-") + "…"


def _side_height(items: Sequence[BoneItem]) -> float:
    """Room that the tallest bone needs between the spine and the edge."""
    rows = max(
        (min(len(item.ribs), MAX_RIBS) + (len(item.ribs) > MAX_RIBS) for item in items), default=0
    )
    return 44 + _RIB_STEP * (rows + 1) - 8 if items else 60


def _rib(item: RibItem, x1: float, x2: float, y: float, *, inset: float = 10.0) -> Rib:
    """A rib with its text shortened to its length."""
    return Rib(
        item=item,
        label=shorten(item.name, int((x2 - x1 - _COUNT - inset + 10) / _CHARACTER)),
        x1=x1,
        x2=x2,
        y=y,
        width=round(1.5 + 5 * math.sqrt(max(0.0, item.weight)), 2),
        count_x=x2 - inset,
    )
