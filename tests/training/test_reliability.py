import numpy as np
import pytest

from training.reliability import (
    calibration_error,
    class_wise_error,
    noise_floor,
    risk_coverage,
    top_label_error,
)


def test_calibration_error_of_a_hand_made_case() -> None:
    probability = np.array([0.95, 0.95, 0.55, 0.55])
    is_right = np.array([True, True, True, False])
    # two bins: |1 - 0.95| and |0.5 - 0.55|, half of the answers each
    assert calibration_error(probability, is_right) == pytest.approx(0.05)


def test_certainty_without_a_right_answer_is_all_error() -> None:
    probabilities = np.array([[1.0, 0.0], [1.0, 0.0]])
    gold = np.array([[0.0, 1.0], [0.0, 1.0]])
    assert top_label_error(probabilities, gold) == pytest.approx(1.0)
    assert class_wise_error(probabilities, gold) == pytest.approx(1.0)


def test_honest_probabilities_stay_near_the_noise_floor() -> None:
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(4) * 0.5, size=3000)
    drawn = (rng.random((3000, 1)) > probabilities.cumsum(axis=1)).sum(axis=1).clip(max=3)
    error = top_label_error(probabilities, np.eye(4)[drawn])
    floor = noise_floor(probabilities, rng=rng)
    assert error < 2 * floor
    sharpened = probabilities**3 / (probabilities**3).sum(axis=1, keepdims=True)
    assert top_label_error(sharpened, np.eye(4)[drawn]) > 4 * floor


def test_risk_coverage_counts_from_the_surest() -> None:
    curve = risk_coverage(np.array([0.6, 0.9, 0.8, 0.7]), np.array([False, True, True, False]))
    assert curve.precision_at(0.5) == 1.0
    assert curve.precision_at(1.0) == 0.5
    assert curve.coverage_at(0.6) == 0.75
    assert curve.coverage_at(1.1) == 0.0
    assert curve.area == pytest.approx(np.mean([0, 0, 1 / 3, 1 / 2]))
