import numpy as np
import pytest

from models.root_cause.impact import estimate_impact
from models.root_cause.scores import Metric, metric_values
from models.root_cause.segment_impact import SegmentImpacts, estimate_segment_impacts

SCORES = np.array([0.0, 0, 10, 10, 8, 10, np.nan, 0])


def estimate(rows: list[int], cause: list[int], verbatim: list[int]) -> SegmentImpacts | None:
    return estimate_segment_impacts(
        metric_values(SCORES, Metric.NPS),
        np.array(rows),
        np.array(cause),
        np.array(verbatim),
        ("C001", "C002", "C003"),
        rng=np.random.default_rng(1),
    )


def test_segment_impact_by_hand() -> None:
    found = estimate([0, 1, 2, 3, 4, 5, 6], [0, 0, 0, 1, -1], [0, 0, 1, 6, 2])
    assert found is not None
    assert (found.metric_value, found.n_scored) == (pytest.approx(100 / 6), 6)
    assert set(found.causes) == {"C001"}  # one has no score, one is not there
    first = found.causes["C001"]
    # without the cause: 10, 10, 8 and 10, so 75
    assert first.leave_one_out.value == pytest.approx(100 / 6 - 75)
    assert first.leave_one_out.low < first.leave_one_out.value < first.leave_one_out.high
    assert (first.n_verbatims, first.is_too_few) == (2, True)


def test_segment_impact_counts_its_own_verbatims_only() -> None:
    found = estimate([0, 2], [0, 0], [0, 7])
    assert found is not None
    assert found.causes["C001"].n_verbatims == 1


def test_segment_impact_of_a_cause_that_all_hold_is_zero() -> None:
    found = estimate([0, 1], [0, 0], [0, 1])
    assert found is not None
    assert found.causes["C001"].leave_one_out.value == 0.0


def test_segment_impact_needs_a_score() -> None:
    assert estimate([6], [0], [6]) is None


def test_segment_impact_of_all_verbatims_agrees_with_that_of_the_report() -> None:
    rng = np.random.default_rng(7)
    n_verbatims, n_causes = 600, 4
    verbatim = rng.integers(0, n_verbatims, 500)
    cause = rng.integers(0, n_causes, 500)
    scores = rng.integers(0, 11, n_verbatims).astype(float)
    scores[verbatim[cause == 2]] = 0
    metric = metric_values(scores, Metric.NPS)
    whole = estimate_impact(metric, cause, verbatim, n_causes, rng=rng)
    ids = [f"C{place}" for place in range(n_causes)]
    found = estimate_segment_impacts(
        metric, np.arange(n_verbatims), cause, verbatim, ids, rng=rng, n_bootstrap=2000
    )
    assert whole is not None
    assert found is not None
    assert found.metric_value == pytest.approx(whole.metric_value)
    for cause_id, expected in zip(ids, whole.causes, strict=True):
        own = found.causes[cause_id]
        assert own.n_verbatims == expected.n_verbatims
        assert own.leave_one_out.value == pytest.approx(expected.leave_one_out.value)
        assert own.leave_one_out.low == pytest.approx(expected.leave_one_out.low, abs=1.0)
        assert own.leave_one_out.high == pytest.approx(expected.leave_one_out.high, abs=1.0)
