"""Figures on weighted rows against those of scikit-learn on the rows themselves."""

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score, f1_score, normalized_mutual_info_score

from training.gate.resample import (
    adjusted_rand,
    calibration_error,
    draw_weights,
    label_f1,
    macro_f1,
    micro_f1,
    mutual_information,
    weighted_mean,
)
from training.reliability import calibration_error as plain_calibration_error


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(5)


def draw(rng: np.random.Generator, n_rows: int = 150) -> tuple[np.ndarray, list[np.ndarray]]:
    """Weights, and for each resample the places of its rows."""
    weights = draw_weights([str(place) for place in range(n_rows)], n_resamples=3, rng=rng)
    return weights, [np.repeat(np.arange(n_rows), row.astype(int)) for row in weights]


def test_first_row_is_the_data_and_others_are_as_large(rng: np.random.Generator) -> None:
    weights = draw_weights(list("abcdef"), n_resamples=20, rng=rng)
    assert weights.shape == (21, 6)
    assert (weights[0] == 1).all()
    assert (weights.sum(axis=1) == 6).all()
    assert len(np.unique(weights, axis=0)) > 10


def test_rows_of_a_story_are_drawn_together(rng: np.random.Generator) -> None:
    weights = draw_weights(["a", "b", "a", "c", "b"], n_resamples=50, rng=rng)
    assert (weights[:, 0] == weights[:, 2]).all()
    assert (weights[:, 1] == weights[:, 4]).all()
    assert (weights[:, 0] != weights[:, 1]).any()


def test_f1_is_that_of_the_resampled_rows(rng: np.random.Generator) -> None:
    gold = rng.integers(0, 4, 150)
    given = np.where(rng.random(150) < 0.6, gold, rng.integers(0, 6, 150))  # two labels not in gold
    weights, resamples = draw(rng)
    gold_matrix, given_matrix = np.eye(6)[gold] > 0, np.eye(6)[given] > 0
    macro, micro = (figure(weights, gold_matrix, given_matrix) for figure in (macro_f1, micro_f1))
    single = label_f1(weights, gold_matrix, given_matrix)
    for number, rows in enumerate(resamples):
        expected = f1_score(gold[rows], given[rows], labels=range(4), average=None)
        assert single[number, :4] == pytest.approx(expected)
        assert macro[number] == pytest.approx(expected.mean())
        assert micro[number] == pytest.approx(
            f1_score(gold[rows], given[rows], labels=range(4), average="micro")
        )
    assert np.isnan(single[:, 4:]).all()


def test_cluster_figures_are_those_of_the_resampled_rows(rng: np.random.Generator) -> None:
    truth = rng.integers(0, 5, 150)
    found = np.where(rng.random(150) < 0.7, truth, rng.integers(0, 7, 150))
    weights, resamples = draw(rng)
    nmi, ari = mutual_information(weights, truth, found), adjusted_rand(weights, truth, found)
    for number, rows in enumerate(resamples):
        assert nmi[number] == pytest.approx(normalized_mutual_info_score(truth[rows], found[rows]))
        assert ari[number] == pytest.approx(adjusted_rand_score(truth[rows], found[rows]))


def test_calibration_error_is_that_of_the_resampled_rows(rng: np.random.Generator) -> None:
    probability = rng.random(150)
    is_right = rng.random(150) < probability**2
    weights, resamples = draw(rng)
    errors = calibration_error(weights, probability[:, None], is_right[:, None])
    for number, rows in enumerate(resamples):
        assert errors[number] == pytest.approx(
            plain_calibration_error(probability[rows], is_right[rows]), abs=1e-6
        )


def test_mean_is_weighted(rng: np.random.Generator) -> None:
    weights = np.asarray([[1, 1, 1], [0, 3, 0]], dtype=np.float32)
    assert weighted_mean(weights, np.asarray([0.0, 0.5, 1.0])) == pytest.approx([0.5, 0.5])
