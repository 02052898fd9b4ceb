import numpy as np
import pytest

from models.root_cause.owner import estimate_owners

LABELS = ("hr", "board", "none")


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_owner_leads_the_mix() -> None:
    rows = np.array([[0.8, 0.1, 0.1]] * 30 + [[0.1, 0.8, 0.1]] * 10)
    (owner,) = estimate_owners(rows, LABELS, np.zeros(40, int), np.arange(40), 1, rng=rng())
    assert owner.department == "hr"
    assert owner.share == pytest.approx((30 * 0.8 + 10 * 0.1) / 36)
    assert owner.low < owner.share < owner.high
    assert not owner.is_contested
    assert sum(owner.mix.values()) == pytest.approx(1)
    assert owner.none_share == pytest.approx(0.1)


def test_owner_is_contested_where_two_are_close() -> None:
    rows = np.array([[0.9, 0.1, 0.0], [0.1, 0.9, 0.0]] * 50)
    (owner,) = estimate_owners(rows, LABELS, np.zeros(100, int), np.arange(100), 1, rng=rng())
    assert owner.is_contested


def test_owner_is_contested_on_little_evidence() -> None:
    rows = np.array([[0.9, 0.1, 0.0], [0.9, 0.1, 0.0], [0.1, 0.9, 0.0]])
    (owner,) = estimate_owners(rows, LABELS, np.zeros(3, int), np.arange(3), 1, rng=rng())
    assert owner.is_contested


def test_a_verbatim_counts_once() -> None:
    rows = np.array([[1.0, 0.0, 0.0]] * 9 + [[0.0, 1.0, 0.0]] * 2)
    verbatim = np.array([0] * 9 + [1, 2])
    (owner,) = estimate_owners(rows, LABELS, np.zeros(11, int), verbatim, 1, rng=rng())
    assert (owner.department, owner.n_complaints) == ("board", 3)


def test_no_owner_where_nothing_points_anywhere() -> None:
    rows = np.array([[0.0, 0.0, 1.0]])
    first, second = estimate_owners(rows, LABELS, np.array([0]), np.array([0]), 2, rng=rng())
    assert (first.department, first.none_share) == (None, 1.0)
    assert (second.department, second.n_complaints) == (None, 0)


def test_estimate_owners_refuses_other_shapes() -> None:
    with pytest.raises(ValueError, match="must have shape"):
        estimate_owners(np.eye(2), LABELS, np.zeros(2, int), np.arange(2), 1, rng=rng())
