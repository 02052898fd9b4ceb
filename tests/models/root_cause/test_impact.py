import numpy as np
import pytest

from models.root_cause.impact import estimate_impact, relative_weights
from models.root_cause.scores import Metric, guess_metric, metric_values


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_metric_values_by_hand() -> None:
    scores = np.array([9.0, 8.0, 7.0, 6.0, np.nan, 11.0, -1.0])
    found = metric_values(scores, Metric.NPS)
    assert found.values[:4].tolist() == [100.0, 0.0, 0.0, -100.0]
    assert np.isnan(found.values[4:]).all()
    assert (found.n_scored, found.n_refused) == (4, 2)
    assert np.nanmean(metric_values(np.array([1.0, 4.0, 5.0, 3.0]), Metric.CSAT).values) == 50
    assert np.nanmean(metric_values(np.array([1.0, 7.0]), Metric.CES).values) == 4


@pytest.mark.parametrize(
    ("scores", "metric"),
    [
        ([0, 5, 10], Metric.NPS),
        ([1, 3, 5], Metric.CSAT),
        ([0, 3], Metric.NPS),
        ([1, 7], None),
        ([np.nan], None),
    ],
)
def test_guess_metric(scores: list[float], metric: Metric | None) -> None:
    assert guess_metric(np.asarray(scores, dtype=float)) is metric


def test_leave_one_out_by_hand() -> None:
    # Ten verbatims: NPS of all -20, of the six without the cause +66.67.
    scores = np.array([0, 0, 0, 5, 10, 10, 10, 10, 8, 8], dtype=float)
    metric = metric_values(scores, Metric.NPS)
    table = estimate_impact(metric, np.zeros(4, int), np.arange(4), 1, rng=rng())
    assert table is not None
    assert table.metric_value == pytest.approx(0)
    (impact,) = table.causes
    assert impact.leave_one_out.value == pytest.approx(0 - 400 / 6)
    assert impact.adjusted.value == pytest.approx(-400 / 6)
    assert (impact.n_verbatims, impact.is_too_few) == (4, True)
    assert impact.leave_one_out.low <= impact.leave_one_out.value <= impact.leave_one_out.high


def test_two_complaints_of_one_cause_count_once() -> None:
    metric = metric_values(np.array([0, 10, 10, 10], dtype=float), Metric.NPS)
    once = estimate_impact(metric, np.array([0]), np.array([0]), 1, rng=rng())
    twice = estimate_impact(metric, np.array([0, 0]), np.array([0, 0]), 1, rng=rng())
    assert once == twice


def test_adjusted_gives_a_companion_less_than_leave_one_out_does() -> None:
    # Cause 0 lowers the score; cause 1 does nothing, but half of its mentions come with cause 0.
    generator = rng()
    has_first = generator.random(4000) < 0.2
    has_second = np.where(has_first, generator.random(4000) < 0.5, generator.random(4000) < 0.1)
    scores = np.where(has_first, 2.0, 9.0)
    verbatim = np.concatenate([np.flatnonzero(has_first), np.flatnonzero(has_second)])
    cause = np.repeat([0, 1], [has_first.sum(), has_second.sum()])
    table = estimate_impact(
        metric_values(scores, Metric.NPS), cause, verbatim, 2, rng=rng(), n_bootstrap=50
    )
    assert table is not None
    first, second = table.causes
    naive = second.leave_one_out.value / first.leave_one_out.value
    assert second.adjusted.value / first.adjusted.value < naive
    assert first.relative_weight > 0.8
    assert first.relative_weight + second.relative_weight == pytest.approx(1)
    gap = table.metric_value - table.metric_without_causes
    assert first.adjusted.value + second.adjusted.value == pytest.approx(gap)


def test_praise_in_disguise_is_positive() -> None:
    scores = np.array([10.0] * 40 + [0.0] * 40)
    table = estimate_impact(
        metric_values(scores, Metric.NPS), np.zeros(40, int), np.arange(40), 1, rng=rng()
    )
    assert table is not None
    assert table.causes[0].adjusted.value > 0


def test_enough_verbatims_are_no_longer_too_few() -> None:
    metric = metric_values(np.array([0.0] * 30 + [10.0] * 30), Metric.NPS)
    table = estimate_impact(metric, np.zeros(30, int), np.arange(30), 1, rng=rng())
    assert table is not None
    assert not table.causes[0].is_too_few


@pytest.mark.parametrize("scores", [[5.0] * 6, [0.0, 0.0, 10.0, 10.0, 0.0, 10.0]])
def test_degenerate_causes_give_numbers(scores: list[float]) -> None:
    # Cause 0 is everywhere, cause 1 nowhere, causes 2 and 3 always together.
    verbatim = np.array([0, 1, 2, 3, 4, 5, 0, 1, 0, 1])
    cause = np.array([0, 0, 0, 0, 0, 0, 2, 2, 3, 3])
    metric = metric_values(np.asarray(scores), Metric.NPS)
    table = estimate_impact(metric, cause, verbatim, 4, rng=rng(), n_bootstrap=20)
    assert table is not None
    for impact in table.causes:
        assert np.isfinite([impact.leave_one_out.value, impact.adjusted.value]).all()
    assert table.causes[2].adjusted.value == pytest.approx(table.causes[3].adjusted.value)


def test_no_scores_give_no_impact() -> None:
    metric = metric_values(np.array([np.nan, 99.0]), Metric.NPS)
    assert estimate_impact(metric, np.array([0]), np.array([0]), 1, rng=rng()) is None


def test_relative_weights_of_two_correlated_predictors() -> None:
    # Johnson's weights are the Shapley-like split of R squared; for two predictors both agree.
    r, y = 0.5, np.array([0.6, 0.4])
    correlations = np.array([[1, r], [r, 1]])
    weights = relative_weights(correlations, y)
    r_squared = y @ np.linalg.solve(correlations, y)
    assert weights.sum() == pytest.approx(r_squared)
    shapley = (y[0] ** 2 + r_squared - y[1] ** 2) / 2
    assert weights[0] == pytest.approx(shapley)
