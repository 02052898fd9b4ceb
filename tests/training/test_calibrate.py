import json
from pathlib import Path

import numpy as np
import pytest
from tiny import tiny_taxonomy

from models.calibration import softmax
from training.calibrate import (
    Scaling,
    bar_for_precision,
    calibrate,
    fit_scaling,
    fit_temperature,
    fit_topic_thresholds,
    label_bars,
    prior_bias,
    read_field_shares,
    set_bars,
    topic_precision_thresholds,
    unseen_notes,
)
from training.labelled import LabelledDataError

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


def test_bias_makes_mean_probabilities_the_shares() -> None:
    honest = RNG.normal(size=(4000, 3)).astype(np.float32)
    tilted = honest + np.asarray([1.0, 0.0, -1.0], dtype=np.float32)
    drawn = (RNG.random((4000, 1)) > softmax(tilted).cumsum(axis=1)).sum(axis=1).clip(max=2)
    targets = np.eye(3, dtype=np.float32)[drawn]
    scaling = fit_scaling(2 * honest, targets, has_bias=True)
    assert scaling.temperature == pytest.approx(2, rel=0.1)
    assert scaling.bias == pytest.approx([1.0, 0.0, -1.0], abs=0.15)
    means = softmax(scaling.apply(2 * honest)).mean(axis=0)
    assert means == pytest.approx(targets.mean(axis=0), abs=0.01)


def test_label_bars_are_higher_for_labels_that_are_often_wrong() -> None:
    gold = RNG.integers(0, 2, 2000)
    given = np.where(RNG.random(2000) < 0.97, gold, 1 - gold)
    given[: len(gold) // 2] = 1  # label 1 is given far too often
    top = RNG.uniform(0.5, 1.0, 2000)
    probabilities = np.empty((2000, 2), dtype=np.float32)
    probabilities[np.arange(2000), given] = top
    probabilities[np.arange(2000), 1 - given] = 1 - top
    bars = label_bars(
        probabilities, gold, np.ones(2000), ("sure", "doubtful"), shared=0.7, precision=0.9
    )
    assert bars["sure"] < 0.6
    assert bars["doubtful"] > 0.9
    few = label_bars(
        probabilities[:5], gold[:5], np.ones(5), ("sure", "doubtful"), shared=0.7, precision=0.9
    )
    assert abs(few["sure"] - 0.7) < 0.01


def test_answers_are_withheld_below_the_wanted_precision() -> None:
    taxonomy = tiny_taxonomy()
    logits, targets, scalings, shifts = {}, {}, {}, {}
    for task in ("topics", "sentiment", "department"):
        n_labels = len(taxonomy.labels(task))
        targets[task] = np.eye(n_labels, dtype=np.float32)[RNG.integers(0, n_labels, 2000)]
        noise = RNG.normal(size=(2000, n_labels))
        logits[task] = (2 * targets[task] + noise).astype(np.float32)
        scalings[task] = Scaling(temperature=1.0, bias=(0.0,) * n_labels)
        shifts[task] = np.zeros(n_labels)
    calibration = set_bars(
        logits,
        targets,
        taxonomy,
        scalings,
        shifts=shifts,
        precision=0.95,
        min_probability=0.3,
        answer_precision=0.85,
    )
    for task in ("sentiment", "department"):
        probabilities = calibration.probabilities(logits)[task]
        given = probabilities.max(axis=1) >= calibration.min_probability[task]
        is_right = probabilities.argmax(axis=1) == targets[task].argmax(axis=1)
        assert is_right[given].mean() == pytest.approx(0.85, abs=0.01)
        assert given.mean() < 1.0
        assert calibration.review_probability[task] > calibration.min_probability[task]


def test_topic_thresholds_reach_a_wanted_precision() -> None:
    probabilities = RNG.random((5000, 2)).astype(np.float32)
    gold = RNG.random((5000, 2)) < probabilities
    thresholds = topic_precision_thresholds(probabilities, gold, ("a", "b"), precision=0.8)
    for column, label in enumerate(("a", "b")):
        given = probabilities[:, column] >= thresholds[label]
        assert gold[given, column].mean() == pytest.approx(0.8, abs=0.03)


def honest_rows(shares: list[float], n_rows: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Logits that are calibrated as they stand, and targets, of labels with these shares."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(len(shares), n_rows, p=shares)
    points = rng.normal(size=(n_rows, len(shares)))
    points[np.arange(n_rows), labels] += 2.0
    logits = (2.0 * points + np.log(shares)).astype(np.float32)
    return logits, np.eye(len(shares), dtype=np.float32)[labels]


@pytest.mark.parametrize("has_bias", [True, False])
def test_a_label_without_rows_is_not_suppressed(has_bias: bool) -> None:
    logits, targets = honest_rows([0.4, 0.3, 0.2, 0.1], 500, seed=1)
    held = targets[:, 3] == 0
    scaling = fit_scaling(logits[held], targets[held], has_bias=has_bias)
    assert scaling.bias[3] == 0.0
    field, truth = honest_rows([0.4, 0.3, 0.2, 0.1], 4000, seed=2)
    probabilities = softmax(scaling.apply(field))
    assert probabilities[:, 3].mean() == pytest.approx(0.1, abs=0.02)
    found = probabilities.argmax(axis=1)[truth[:, 3] > 0] == 3
    assert found.mean() > 0.6


@pytest.mark.parametrize("has_bias", [True, False])
def test_scaling_of_one_label_alone_is_refused(has_bias: bool) -> None:
    logits, targets = np.zeros((5, 3), np.float32), np.eye(3, dtype=np.float32)[[1] * 5]
    with pytest.raises(LabelledDataError, match="at least two labels"):
        fit_scaling(logits, targets, has_bias=has_bias)


def test_field_shares_leave_a_label_without_rows_alone() -> None:
    targets = np.eye(3, dtype=np.float32)[[0] * 30 + [1] * 10]
    shares = {"a": 0.45, "b": 0.45, "legal": 0.10}
    bias = prior_bias(targets, ("a", "b", "legal"), shares)
    assert bias == pytest.approx([np.log(0.5 / 0.75), np.log(0.5 / 0.25), 0.0], abs=1e-4)


def test_calibrate_takes_held_out_rows_that_lack_labels() -> None:
    taxonomy = tiny_taxonomy()
    logits, targets = {}, {}
    for task in ("topics", "sentiment", "department"):
        n_labels = len(taxonomy.labels(task))
        seen = [0] if task == "sentiment" else [0, 1]
        targets[task] = np.eye(n_labels, dtype=np.float32)[RNG.choice(seen, 60)]
        logits[task] = (4 * targets[task] + RNG.normal(size=(60, n_labels))).astype(np.float32)
    shares = {
        task: dict.fromkeys(taxonomy.labels(task), 1 / len(taxonomy.labels(task)))
        for task in ("sentiment", "department")
    }
    calibration = calibrate(logits, targets, taxonomy, field_shares=shares)
    assert calibration.temperature["sentiment"] == 1.0  # one label tells nothing of it
    assert max(abs(value) for value in calibration.bias["department"]) < 1.0
    said = unseen_notes(targets, taxonomy)
    assert said[1].startswith("department: no held-out row of ")
    assert said[1].endswith(": their shares are not corrected")
    assert not unseen_notes(targets, taxonomy, ("topics",))


EVEN = {
    "sentiment": {"negative": 0.4, "neutral": 0.3, "positive": 0.2, "mixed": 0.1},
    "department": dict.fromkeys(("hr", "purchasing", "marketing", "legal", "board"), 0.15)
    | {"none": 0.25},
}


def test_field_shares_are_read(tmp_path: Path) -> None:
    (tmp_path / "shares.json").write_text(json.dumps(EVEN))
    assert read_field_shares(tmp_path / "shares.json", tiny_taxonomy()) == EVEN


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "is no JSON file"),
        ("[1]", "'sentiment' must have the keys negative, "),
        (json.dumps(EVEN | {"sentiment": 5}), "'sentiment' must have the keys"),
        (json.dumps(EVEN | {"department": list(EVEN["department"])}), "'department' must have"),
        (
            json.dumps(EVEN | {"department": EVEN["department"] | {"none": float("nan")}}),
            "shares of 'department' must be numbers",
        ),
        (
            json.dumps(EVEN | {"department": EVEN["department"] | {"none": [0.25]}}),
            "shares of 'department' must be numbers",
        ),
        (
            json.dumps(EVEN | {"department": EVEN["department"] | {"none": 0.9}}),
            "must be above 0 and add up to 1",
        ),
    ],
)
def test_faulty_field_shares_are_named(tmp_path: Path, content: str, said: str) -> None:
    path = tmp_path / "shares.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=said):
        read_field_shares(path, tiny_taxonomy())
