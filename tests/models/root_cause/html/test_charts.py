from itertools import pairwise

import pytest
from html_report_fakes import cause, estimate, impact

from models.root_cause.html.charts import (
    MAP_SIZE,
    lay_count_bars,
    lay_impact_bars,
    lay_impact_scale,
    lay_map_layers,
)
from models.root_cause.report import MapPoint


def test_count_bars_add_up_to_the_share_of_all_complaints() -> None:
    causes = [cause(row, "a", "a", n) for row, n in enumerate((50, 25, 5))]
    bars = lay_count_bars(causes, 100)
    assert [bar.length for bar in bars] == [100.0, 50.0, 10.0]
    assert [round(bar.cumulative, 3) for bar in bars] == [0.5, 0.75, 0.8]


def test_count_line_goes_on_from_row_to_row() -> None:
    causes = [cause(row, "a", "a", n) for row, n in enumerate((50, 25, 5))]
    lines = [
        [tuple(map(float, place.split(","))) for place in bar.line.split()]
        for bar in lay_count_bars(causes, 100)
    ]
    assert lines[0] == [(50.0, 50.0), (50.0, 50.0), (62.5, 100.0)]
    assert lines[2][-1] == (80.0, 50.0)
    for above, below in pairwise(lines):
        assert above[-1][1] == 100
        assert below[0] == (above[-1][0], 0)


def test_impact_bars_share_a_scale_with_costs_to_the_right() -> None:
    causes = [
        cause(1, "a", "a", 9, impact=impact(estimate(-6.0, -8.0, -4.0))),
        cause(2, "b", "b", 9, impact=impact(estimate(1.0, -1.0, 2.0))),
        cause(3, "c", "c", 9, impact=None),
    ]
    scale, (cost, gain) = lay_impact_bars(causes)
    assert scale.zero == 20.0
    assert (cost.start, cost.length, cost.low, cost.span) == (20.0, 60.0, 60.0, 40.0)
    assert (gain.start, gain.length, gain.low, gain.span) == (10.0, 10.0, 0.0, 30.0)


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(-8.0, 2.0, [0, -5]), (-35.0, 0.0, [0, -10, -20, -30]),
     (-0.3, 0.1, [0.1, 0, -0.1, -0.2, -0.3]), (0.0, 0.0, [0, -0.05, -0.1])],
)  # fmt: skip
def test_impact_scale_has_round_ticks(low: float, high: float, expected: list[float]) -> None:
    scale = lay_impact_scale(low, high)
    assert [value for value, _ in scale.ticks] == pytest.approx(expected)
    assert all(0 <= place <= 100 for _, place in scale.ticks)


def test_map_lays_large_causes_on_top_and_numbers_them() -> None:
    points = [
        MapPoint(x=x, y=y, cause_id=cause_id, text="")
        for x, y, cause_id in [
            (0.0, 0.0, "C2"), (0.2, 1.0, "C1"), (0.4, 1.0, "C1"), (0.3, 1.0, "C1"),
            (1.0, 0.5, None), (0.5, 0.5, "C4"),
        ]
    ]  # fmt: skip
    layers = lay_map_layers(points, ["C1", "C2", "C3", "C4"], n_numbers=2)
    assert [(layer.cause_id, layer.number, layer.n_dots) for layer in layers] == [
        (None, 0, 1),
        ("C4", 0, 1),
        ("C2", 2, 1),
        ("C1", 1, 3),
    ]
    assert (layers[-1].x, layers[-1].y) == (31.0, 2.5)
    assert layers[0].dots == f"M{MAP_SIZE - 25} 500h0"


def test_map_of_nothing_has_no_layers() -> None:
    assert lay_map_layers((), ["C1"]) == ()
