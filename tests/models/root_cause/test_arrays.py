import numpy as np

from models.root_cause.arrays import group_means, unit, weighted_quantile


def test_unit_leaves_zeros() -> None:
    assert unit(np.array([[3.0, 4.0], [0.0, 0.0]])).tolist() == [[0.6, 0.8], [0.0, 0.0]]


def test_group_means_weighs_and_leaves_out() -> None:
    rows = np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]])
    means = group_means(rows, np.array([0, 0, -1]), 2, np.array([3.0, 4.0, 9.0]))
    np.testing.assert_allclose(means, [[0.6, 0.8], [0.0, 0.0]])


def test_weighted_quantile_by_hand() -> None:
    values, weights = np.array([1.0, 2.0, 3.0]), np.array([1.0, 1.0, 2.0])
    assert [weighted_quantile(values, weights, share) for share in (0, 0.5, 0.51, 1)] == [
        1,
        2,
        3,
        3,
    ]
