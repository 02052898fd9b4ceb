import numpy as np
import pytest

from models.root_cause import owner
from models.root_cause.owner import estimate_owners

LABELS = ("hr", "board", "none")


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_owner_leads_the_mix() -> None:
    rows = np.array([[0.8, 0.1, 0.1]] * 30 + [[0.1, 0.8, 0.1]] * 10)
    (found,) = estimate_owners(rows, LABELS, np.zeros(40, int), np.arange(40), 1, rng=rng())
    assert found.department == "hr"
    assert found.share == pytest.approx((30 * 0.8 + 10 * 0.1) / 36)
    assert found.low < found.share < found.high
    assert not found.is_contested
    assert sum(found.mix.values()) == pytest.approx(1)
    assert found.none_share == pytest.approx(0.1)


def test_what_all_complaints_lean_to_owns_no_cause_by_that_alone() -> None:
    """The second cause points to ``hr`` three times as much as the rest, yet never most."""
    rows = np.array([[0.1, 0.85, 0.05]] * 80 + [[0.4, 0.5, 0.1]] * 20)
    cause = np.repeat([0, 1], [80, 20])
    first, second = estimate_owners(rows, LABELS, cause, np.arange(100), 2, rng=rng())
    assert (first.department, second.department) == ("board", "hr")
    assert not second.is_contested
    assert sum(second.mix.values()) == pytest.approx(1)


def test_bootstrap_in_blocks_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = np.array([[0.8, 0.1, 0.1]] * 30 + [[0.1, 0.8, 0.1]] * 10)
    whole = estimate_owners(rows, LABELS, np.zeros(40, int), np.arange(40), 1, rng=rng())
    monkeypatch.setattr(owner, "_BLOCK_WEIGHTS", 100)
    parts = estimate_owners(rows, LABELS, np.zeros(40, int), np.arange(40), 1, rng=rng())
    assert [each.low for each in parts] == pytest.approx([each.low for each in whole])


def test_owner_is_contested_where_two_are_close() -> None:
    rows = np.array([[0.9, 0.1, 0.0], [0.1, 0.9, 0.0]] * 50)
    (found,) = estimate_owners(rows, LABELS, np.zeros(100, int), np.arange(100), 1, rng=rng())
    assert found.is_contested


def test_owner_is_contested_on_little_evidence() -> None:
    rows = np.array([[0.9, 0.1, 0.0], [0.9, 0.1, 0.0], [0.1, 0.9, 0.0]])
    (found,) = estimate_owners(rows, LABELS, np.zeros(3, int), np.arange(3), 1, rng=rng())
    assert found.is_contested


def test_a_verbatim_counts_once() -> None:
    rows = np.array([[1.0, 0.0, 0.0]] * 9 + [[0.0, 1.0, 0.0]] * 2)
    verbatim = np.array([0] * 9 + [1, 2])
    (found,) = estimate_owners(rows, LABELS, np.zeros(11, int), verbatim, 1, rng=rng())
    assert (found.department, found.n_complaints) == ("board", 3)


def test_no_owner_where_nothing_points_anywhere() -> None:
    rows = np.array([[0.0, 0.0, 1.0]])
    first, second = estimate_owners(rows, LABELS, np.array([0]), np.array([0]), 2, rng=rng())
    assert (first.department, first.none_share) == (None, 1.0)
    assert (second.department, second.n_complaints) == (None, 0)


def test_estimate_owners_refuses_other_shapes() -> None:
    with pytest.raises(ValueError, match="must have shape"):
        estimate_owners(np.eye(2), LABELS, np.zeros(2, int), np.arange(2), 1, rng=rng())
