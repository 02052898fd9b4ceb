import datetime

import numpy as np
import pytest

from models.root_cause.dates import read_dates
from models.root_cause.trend import (
    Direction,
    TrendTable,
    adjust_false_discovery,
    estimate_trends,
    fit_rate,
)

START = np.datetime64("2025-01-06")


def table_of(counts: np.ndarray, n_each: int = 100, **extra: str) -> TrendTable:
    """Trends of causes with these counts per week, among ``n_each`` verbatims a week."""
    counts = np.atleast_2d(counts)
    n_weeks = counts.shape[1]
    dates = START + np.repeat(np.arange(n_weeks) * 7, n_each)
    cause, verbatim = [], []
    for row, own in enumerate(counts):
        for week, count in enumerate(own):
            cause += [row] * int(count)
            verbatim += list(range(week * n_each, week * n_each + int(count)))
    found = estimate_trends(
        dates,
        np.array(cause),
        np.array(verbatim),
        len(counts),
        **extra,  # type: ignore[arg-type]
    )
    assert found is not None
    return found


def test_directions_of_planted_trends() -> None:
    weeks = np.arange(16)
    found = table_of(
        np.array(
            [
                np.round(5 * 1.12**weeks),
                np.round(25 * 0.88**weeks),
                np.where(weeks < 8, 0, 6),
                np.full(16, 10) + weeks % 3,
                np.where(weeks == 3, 2, 0),
            ]
        )
    )
    assert [trend.direction for trend in found.causes] == [
        Direction.GROWING,
        Direction.SHRINKING,
        Direction.NEW,
        Direction.STEADY,
        Direction.TOO_FEW,
    ]
    assert found.period == "week"
    assert found.periods[:2] == ("2025-01-06", "2025-01-13")
    assert found.causes[0].change_per_period == pytest.approx(1.12, abs=0.01)


def test_more_verbatims_are_no_trend() -> None:
    weeks = np.arange(12)
    sizes = 40 + 20 * weeks
    dates = START + np.repeat(weeks * 7, sizes)
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    verbatim = np.concatenate(
        [np.arange(start, start + size // 10) for start, size in zip(starts, sizes, strict=True)]
    )
    found = estimate_trends(dates, np.zeros(len(verbatim), int), verbatim, 1)
    assert found is not None
    assert found.causes[0].direction is Direction.STEADY


def test_bursts_are_no_trend() -> None:
    counts = np.array([2, 30, 1, 0, 25, 2, 1, 40, 3, 1, 0, 35])
    (trend,) = table_of(counts).causes
    assert trend.dispersion > 5
    assert trend.direction is Direction.STEADY


def test_false_discoveries_are_few() -> None:
    generator = np.random.default_rng(3)
    found = table_of(generator.poisson(8, (200, 16)))
    called = [trend.direction for trend in found.causes if trend.direction is not Direction.STEADY]
    assert len(called) <= 4


def test_a_long_span_is_read_per_month() -> None:
    found = table_of(np.full(52, 3))
    assert found.period == "month"
    assert found.periods[0] == "2025-01-01"
    assert sum(found.n_verbatims) == 5200


def test_undated_verbatims_are_counted() -> None:
    dates = np.array(["2025-01-06", "NaT"], dtype="datetime64[D]")
    found = estimate_trends(dates, np.array([0, 0]), np.array([0, 1]), 1)
    assert found is not None
    assert (found.n_undated, found.causes[0].counts) == (1, (1,))


def test_no_dates_give_no_trend() -> None:
    dates = np.array(["NaT"], dtype="datetime64[D]")
    assert estimate_trends(dates, np.array([0]), np.array([0]), 1) is None


def test_estimate_trends_refuses_other_periods() -> None:
    with pytest.raises(ValueError, match="'week' or 'month'"):
        table_of(np.ones(4), period="year")


@pytest.mark.parametrize("counts", [[0, 0, 0, 0], [0, 0, 0, 9], [9, 0, 0, 0], [1, 1, 1, 1]])
def test_fit_rate_ends(counts: list[int]) -> None:
    assert np.isfinite(fit_rate(np.asarray(counts, dtype=float), np.full(4, 50.0))[0])


def test_adjust_false_discovery_never_lowers() -> None:
    p_values = np.array([0.2, 0.001, 0.04, 1.0])
    adjusted = adjust_false_discovery(p_values)
    assert (adjusted >= p_values).all()
    assert adjusted.max() <= 1


def test_read_dates_in_mixed_formats() -> None:
    values = [
        "2025-09-03",
        "2025-09-03T23:59:00Z",
        "20250903",
        "3-9-2025",
        "03/09/2025 10:00",
        "3.9.25",
        "3 september 2025",
        "3 sept. 2025",
        "Sep 3rd, 2025",
        datetime.date(2025, 9, 3),
        datetime.datetime(2025, 9, 3, 12),
        np.datetime64("2025-09-03T10:00"),
    ]
    found = read_dates(values)
    assert set(found.days.astype(str)) == {"2025-09-03"}
    assert found.n_unreadable == 0


def test_read_dates_month_first_for_the_whole_column() -> None:
    found = read_dates(["03/25/2025", "04/01/2025"])
    assert found.days.astype(str).tolist() == ["2025-03-25", "2025-04-01"]
    assert found.is_month_first


def test_read_dates_counts_what_is_none() -> None:
    found = read_dates(["gisteren", "31-02-2025", "2025-13-01", "", None, float("nan"), "n.v.t."])
    assert np.isnat(found.days).all()
    assert found.n_unreadable == 3
