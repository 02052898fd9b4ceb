"""What probabilities are held against, with topics that stand above others."""

import dataclasses
import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tiny_bundle import many_rows

from models.bundle import load_bundle, write_manifest
from models.calibration import sigmoid
from models.taxonomy import TASKS, Taxonomy, parse_taxonomy
from training.calibrate import calibrate
from training.evaluation.measure import EvaluationPlan, evaluate
from training.gate.answers import Answers
from training.gate.config import GateConfig, Kind
from training.gate.quality import compare_quality
from training.gate.resample import draw_weights
from training.labelled import LabelledVerbatim, Labels
from training.recalibrate import CalibrationPlan, recalibrate
from training.targets import gold_rows, probability_rows, target_rows

RNG = np.random.default_rng(0)


def label(name: str, parent: str | None = None) -> dict[str, object]:
    entry: dict[str, object] = {"label": name, "name": {"en": name}, "definition": {"en": name}}
    return entry | ({"parent": parent} if parent else {})


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return parse_taxonomy(
        {
            "name": "tree",
            "version": 1,
            "max_topics": 2,
            "topics": [
                label("service"),
                label("staff", "service"),
                label("wait", "service"),
                label("price"),
            ],
            "sentiments": [{**label("negative"), "score": -1}, label("positive")],
            "departments": [label("hr"), label("none")],
        }
    )


def make_rows(topics: Sequence[str]) -> list[LabelledVerbatim]:
    return [
        LabelledVerbatim(
            id=str(number),
            text="",
            lang="nl",
            labels=Labels(
                ("negative", "positive")[number % 2], (topic,), ("hr", "none")[number % 2]
            ),
            story=str(number),
        )
        for number, topic in enumerate(topics)
    ]


def honest_logits(truth: np.ndarray) -> np.ndarray:
    """Log odds of the truth given a point of one of two Gaussians: calibrated as they stand."""
    share = truth.mean(axis=0)
    points = 1.3 * (2 * truth - 1) + RNG.normal(size=truth.shape)
    return np.asarray(2.6 * points + np.log(share / (1 - share)), dtype=np.float32)


def test_gold_counts_the_lower_of_two_topics_of_a_branch(taxonomy: Taxonomy) -> None:
    (row,) = make_rows(["staff"])
    row = dataclasses.replace(row, labels=row.labels._replace(topics=("service", "staff", "price")))
    names = taxonomy.labels("topics")
    gold = gold_rows([row], taxonomy)["topics"][0]
    assert {names[place] for place in np.flatnonzero(gold)} == {"staff", "price"}
    held_against = probability_rows([row], taxonomy)["topics"][0]
    assert {names[place] for place in np.flatnonzero(held_against)} == {*row.labels.topics}


def test_probability_rows_bring_the_topics_above(taxonomy: Taxonomy) -> None:
    rows = make_rows(["staff", "price"])
    assert gold_rows(rows, taxonomy)["topics"].tolist() == [[0, 1, 0, 0], [0, 0, 0, 1]]
    assert probability_rows(rows, taxonomy)["topics"].tolist() == [[1, 1, 0, 0], [0, 0, 0, 1]]
    for task in ("sentiment", "department"):
        assert np.array_equal(
            gold_rows(rows, taxonomy)[task], probability_rows(rows, taxonomy)[task]
        )


def test_recalibrated_topics_are_those_of_an_export(taxonomy: Taxonomy) -> None:
    rows = make_rows(RNG.choice(["staff", "wait", "price", "service"], 600).tolist())
    targets = target_rows([row.labels for row in rows], taxonomy, second_owner_share=0.0)
    logits = {task: honest_logits(targets[task]) for task in TASKS}
    exported = calibrate(logits, targets, taxonomy)
    again = recalibrate(logits, rows, taxonomy, exported, CalibrationPlan()).calibration
    assert (
        again.temperature["topics"] == exported.temperature["topics"] == pytest.approx(1, abs=0.1)
    )
    assert again.topic_thresholds == exported.topic_thresholds
    assert again.topic_thresholds["service"] < 0.7


def test_gate_takes_a_sure_parent_for_no_error(taxonomy: Taxonomy) -> None:
    rows = make_rows(["staff", "wait", "price", "service"] * 50)
    truth = probability_rows(rows, taxonomy)
    answers = Answers(
        given={task: values > 0 for task, values in gold_rows(rows, taxonomy).items()},
        probabilities={task: sigmoid(6 * (2 * truth[task] - 1)) for task in TASKS},
        is_scored=np.ones(len(rows), dtype=np.bool_),
        embeddings=np.zeros((len(rows), 2), dtype=np.float32),
    )
    names = [row.story for row in rows]
    weights = draw_weights(names, n_resamples=100, rng=np.random.default_rng(1))
    found = list(
        compare_quality(
            answers, answers, rows, taxonomy=taxonomy, weights=weights, config=GateConfig()
        )
    )
    (topics,) = (one for one in found if one.figure == "calibration error of topics")
    assert topics.kind is Kind.CALIBRATION
    assert topics.current < 0.01
    assert next(one for one in found if one.figure == "topics micro-F1").current == 1.0


def test_evaluation_takes_a_sure_parent_for_no_error(tiny_bundle: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tree"
    shutil.copytree(tiny_bundle, folder)
    document = json.loads((folder / "taxonomy.json").read_text(encoding="utf-8"))
    for topic in document["topics"]:
        if topic["label"] == "price":
            topic["parent"] = "product_quality"
    (folder / "taxonomy.json").write_text(json.dumps(document), encoding="utf-8")
    write_manifest(folder, prompt="", origin={}, metrics={})
    rows = [dataclasses.replace(row, story=row.id) for row in many_rows(40)]
    plan = EvaluationPlan(n_resamples=10, n_alone=1)
    found = evaluate(load_bundle(folder, n_threads=1), rows, plan)
    (topics,) = (one for one in found.reliability if one.task == "topics")
    assert sum(one.n * one.share_right for one in topics.bins) == pytest.approx(50)
