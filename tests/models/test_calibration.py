import json
from pathlib import Path

import numpy as np
import pytest
from fakes import make_calibration, make_taxonomy
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from models.calibration import Calibration, sigmoid, softmax
from models.errors import BundleError

TAXONOMY = make_taxonomy()
FLOATS = st.floats(-1e4, 1e4, width=32)


@given(arrays(np.float32, (3, 4), elements=FLOATS))
def test_softmax_gives_distributions(logits: np.ndarray) -> None:
    probabilities = softmax(logits)
    assert np.all(probabilities >= 0)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1.0, rtol=1e-5)


@given(arrays(np.float32, 5, elements=FLOATS))
def test_sigmoid_stays_in_the_unit_interval(logits: np.ndarray) -> None:
    assert np.all((sigmoid(logits) >= 0) & (sigmoid(logits) <= 1))


def test_temperature_softens_but_keeps_the_order() -> None:
    logits = {task: np.asarray([[2.0, 0.0, -1.0]], np.float32) for task in ("sentiment",)}
    hot = make_calibration(TAXONOMY, temperature={"sentiment": 4.0}).probabilities(logits)
    cold = make_calibration(TAXONOMY, temperature={"sentiment": 1.0}).probabilities(logits)
    assert hot["sentiment"].max() < cold["sentiment"].max()
    assert hot["sentiment"].argmax() == cold["sentiment"].argmax()


def test_bias_moves_probability_to_what_the_field_has_more_of() -> None:
    logits = {"department": np.asarray([[0.0, 0.0, 0.0]], np.float32)}
    bias = {"sentiment": [0.0] * 3, "department": [0.0, float(np.log(2)), 0.0]}
    probabilities = make_calibration(TAXONOMY, bias=bias).probabilities(logits)
    np.testing.assert_allclose(probabilities["department"], [[0.25, 0.5, 0.25]], rtol=1e-5)


def test_calibration_saved_and_loaded_is_equal(tmp_path: Path) -> None:
    calibration = make_calibration(TAXONOMY)
    calibration.save(tmp_path / "calibration.json")
    assert Calibration.load(tmp_path / "calibration.json", taxonomy=TAXONOMY) == calibration


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("temperature", {"topics": 0.0, "sentiment": 1.0, "department": 1.0}),
        ("topic_thresholds", {"price": 0.5}),
        ("min_probability", {"sentiment": 1.5, "department": 0.5}),
        ("bias", {"sentiment": [0.0], "department": [0.0, 0.0, 0.0]}),
        ("bias", {"sentiment": [0.0] * 3, "department": [0.0, float("nan"), 0.0]}),
        ("bias", {"sentiment": [0.0] * 3, "department": [0.0, float("inf"), 0.0]}),
        ("bias", {"sentiment": [0.0] * 3, "department": [0.0, "1", 0.0]}),
        ("bias", {"sentiment": [0.0] * 3, "department": None}),
        ("temperature", {"topics": 1.0, "sentiment": float("inf"), "department": 1.0}),
        ("temperature", {"topics": 1.0, "sentiment": "1", "department": 1.0}),
        ("min_probability", {"sentiment": float("nan"), "department": 0.5}),
        ("review_probability", [0.5]),
        ("label_review_probability", [0.5]),
        ("label_review_probability", {"topics": {"price": 0.5}}),
        ("label_review_probability", {"department": 0.5}),
        ("label_review_probability", {"department": {"hr": float("nan")}}),
        ("unknown", 1),
    ],
)
def test_calibration_refuses_bad_values(tmp_path: Path, key: str, value: object) -> None:
    path = tmp_path / "calibration.json"
    make_calibration(TAXONOMY).save(path)
    document = {**json.loads(path.read_text()), key: value}
    path.write_text(json.dumps(document))
    with pytest.raises(BundleError, match=r"calibration\.json"):
        Calibration.load(path, taxonomy=TAXONOMY)
