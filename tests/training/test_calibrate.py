import numpy as np
import pytest
from tiny import tiny_taxonomy

from models.calibration import softmax
from training.calibrate import (
    bar_for_precision,
    calibrate,
    fit_temperature,
    fit_topic_thresholds,
)

RNG = np.random.default_rng(0)


def test_fit_temperature_finds_how_much_too_sure_the_logits_are() -> None:
    honest = RNG.normal(size=(4000, 3)).astype(np.float32)
    cumulative = softmax(honest).cumsum(axis=1)
    drawn = (RNG.random((4000, 1)) > cumulative).sum(axis=1).clip(max=2)
    targets = np.eye(3, dtype=np.float32)[drawn]
    assert fit_temperature(3 * honest, targets, is_multilabel=False) == pytest.approx(3, rel=0.1)


def test_topic_thresholds_with_few_examples_stay_near_the_shared_one() -> None:
    gold = np.zeros((200, 2), dtype=bool)
    gold[:100, 0] = True
    gold[0, 1] = True
    scores = np.where(gold, 0.7, 0.2).astype(np.float32)
    scores[0, 1] = 0.15
    thresholds = fit_topic_thresholds(scores, gold, ("common", "rare"))
    assert 0.2 < thresholds["common"] <= 0.7
    assert abs(thresholds["rare"] - thresholds["common"]) < 0.05


def test_bar_for_precision_is_the_lowest_that_keeps_it() -> None:
    confidence = np.asarray([0.9, 0.8, 0.7, 0.6])
    right = np.asarray([True, True, False, False])
    even = np.ones(4)
    assert bar_for_precision(confidence, right, even, precision=0.6) == pytest.approx(0.7)
    assert bar_for_precision(confidence, ~right, even, precision=0.9) == 1.0


def test_bar_for_precision_counts_rows_by_how_often_they_occur() -> None:
    confidence, right = np.asarray([0.9, 0.8]), np.asarray([True, False])
    assert bar_for_precision(confidence, right, np.asarray([9.0, 1.0]), precision=0.85) == 0.8
    assert bar_for_precision(confidence, right, np.asarray([1.0, 9.0]), precision=0.85) == 0.9


def test_bar_for_precision_never_splits_ties() -> None:
    tied = np.full(4, 0.9)
    right = np.asarray([True, False, False, False])
    assert bar_for_precision(tied, right, np.ones(4), precision=0.9) == 1.0


def test_calibrate_gives_every_value_a_calibration_needs() -> None:
    taxonomy = tiny_taxonomy()
    logits, targets = {}, {}
    for task in ("topics", "sentiment", "department"):
        n_labels = len(taxonomy.labels(task))
        targets[task] = np.eye(n_labels, dtype=np.float32)[RNG.integers(0, n_labels, 300)]
        noise = RNG.normal(size=(300, n_labels))
        logits[task] = (4 * targets[task] - 2 + noise).astype(np.float32)
    calibration = calibrate(logits, targets, taxonomy)
    assert set(calibration.topic_thresholds) == set(taxonomy.labels("topics"))
    assert all(0.3 <= bar <= 1.0 for bar in calibration.review_probability.values())
