from pathlib import Path

import numpy as np
import pytest
from scipy.optimize import check_grad
from sklearn.linear_model import LogisticRegression

from models.heads import Head, Heads
from models.taxonomy import TASKS
from training.feature_store import FeatureStore
from training.head_fit import HeadProblem, Scaling, balance, count_labels, measure_scaling
from training.writing import TrainingError

N_LABELS = {"topics": 2, "sentiment": 3, "department": 2}


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 4))
    sentiment = np.eye(3)[np.argmax(features[:, :3] + rng.normal(size=(60, 3)), axis=1)]
    department = np.eye(2)[(features[:, 3] + rng.normal(size=60) > 0).astype(int)]
    topics = (features[:, :2] > 0.3).astype(float)
    is_segment = (np.arange(60) % 3 == 2).astype(float)[:, None]
    path = tmp_path / "features.f32"
    np.hstack([is_segment, topics, sentiment, department, features]).astype(np.float32).tofile(path)
    return FeatureStore(path=path, dim=4, n_labels=N_LABELS)


def make_problem(store: FeatureStore, **changes: object) -> HeadProblem:
    values: dict[str, object] = {
        "store": store,
        "scaling": measure_scaling(store),
        "factors": balance(count_labels(store), 0.0),
        "centre": np.zeros((7, 5)),
        "is_free": np.ones(7, dtype=bool),
    }
    return HeadProblem(**{**values, **changes})  # type: ignore[arg-type]


def test_gradient_is_that_of_the_loss(store: FeatureStore) -> None:
    problem = make_problem(store, label_smoothing=0.1, topics_weight=0.7)
    start = np.random.default_rng(1).normal(size=35)
    error = check_grad(
        lambda flat: problem._loss(flat.reshape(7, 5))[0],
        lambda flat: problem._loss(flat.reshape(7, 5))[1].ravel(),
        start,
        epsilon=1e-3,
    )
    assert error < 5e-3


def test_department_head_is_the_logistic_regression_of_scikit_learn(store: FeatureStore) -> None:
    problem = make_problem(store, segment_weight=0.0)
    rows = problem.solve(0.05, start=np.zeros((7, 5)), max_iterations=500)
    heads = problem.scaling.unstack(rows, N_LABELS)
    features, targets = store.whole_texts()
    scaled = (features - problem.scaling.mean) / problem.scaling.spread
    answers = targets["department"].argmax(axis=1)
    # Two rows of weights that differ by w cost half of what one row w costs.
    peer = LogisticRegression(C=2 / (0.05 * len(features)), tol=1e-8).fit(scaled, answers)
    logits = heads.logits(features)["department"]
    np.testing.assert_allclose(
        logits[:, 1] - logits[:, 0], peer.decision_function(scaled), atol=0.02
    )


def test_held_rows_do_not_move(store: FeatureStore) -> None:
    is_free = np.asarray([False, True, True, True, True, True, False])
    centre = np.random.default_rng(2).normal(size=(7, 5))
    rows = make_problem(store, centre=centre, is_free=is_free).solve(
        0.01, start=centre, max_iterations=20
    )
    np.testing.assert_array_equal(rows[~is_free], centre[~is_free])
    assert np.abs(rows[is_free] - centre[is_free]).max() > 0.01


def test_strong_penalty_leaves_the_weights_at_the_centre(store: FeatureStore) -> None:
    centre = np.random.default_rng(3).normal(size=(7, 5))
    rows = make_problem(store, centre=centre).solve(1e6, start=centre, max_iterations=100)
    np.testing.assert_allclose(rows[:, :-1], centre[:, :-1], atol=1e-3)


def test_heads_come_back_from_scaled_rows(store: FeatureStore) -> None:
    rng = np.random.default_rng(4)
    heads = Heads(
        {
            task: Head(
                weight=rng.normal(size=(n, 4)).astype(np.float32),
                bias=rng.normal(size=n).astype(np.float32),
            )
            for task, n in N_LABELS.items()
        }
    )
    scaling: Scaling = measure_scaling(store)
    again = scaling.unstack(scaling.stack(heads), N_LABELS)
    features = store.whole_texts()[0]
    for task in TASKS:
        np.testing.assert_allclose(
            again.logits(features)[task], heads.logits(features)[task], atol=1e-4
        )


def test_rare_labels_weigh_more_and_all_together_the_same(store: FeatureStore) -> None:
    counts = {"sentiment": np.asarray([90.0, 10.0])}
    factors = balance(counts, 0.5)["sentiment"]
    assert factors[1] / factors[0] == pytest.approx(3.0)
    assert factors @ counts["sentiment"] == pytest.approx(100.0, rel=1e-5)


def test_cut_off_store_is_named(store: FeatureStore) -> None:
    store.path.write_bytes(store.path.read_bytes()[:-8])
    with pytest.raises(TrainingError, match=r"features\.f32 is damaged: delete it"):
        list(store.pieces())
