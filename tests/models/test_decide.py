import copy

import numpy as np
import pytest
from fakes import make_calibration, make_taxonomy

from models.decide import decide_department, decide_sentiment, decide_topics
from models.taxonomy import parse_taxonomy

TAXONOMY = make_taxonomy()
CALIBRATION = make_calibration(TAXONOMY)


def row(*values: float) -> np.ndarray:
    return np.asarray(values, dtype=np.float32)


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        (row(0.6, 0.9, 0.1, 0.2), ["staff", "price"]),
        (row(0.6, 0.7, 0.9, 0.2), ["wait", "staff"]),  # at most max_topics
        (row(0.1, 0.2, 0.4, 0.3), ["wait"]),  # none reaches its threshold: the nearest
        (row(0.6, 0.1, 0.1, 0.9), ["general"]),  # exclusive and likeliest: alone
        (row(0.9, 0.1, 0.1, 0.6), ["price"]),  # exclusive but not likeliest: left out
    ],
)
def test_decide_topics_follows_the_codebook(probabilities: np.ndarray, expected: list[str]) -> None:
    tags = decide_topics(probabilities, TAXONOMY, CALIBRATION)
    assert [tag.topic for tag in tags] == expected


def test_decide_topics_measures_nearness_against_each_threshold() -> None:
    thresholds = {"price": 0.8, "staff": 0.4, "wait": 0.5, "general": 0.5}
    calibration = make_calibration(TAXONOMY, topic_thresholds=thresholds)
    tags = decide_topics(row(0.5, 0.39, 0.2, 0.1), TAXONOMY, calibration)
    assert [tag.topic for tag in tags] == ["staff"]


def test_decide_topics_leaves_out_what_a_lower_topic_implies() -> None:
    document = copy.deepcopy(dict(TAXONOMY.document))
    document["topics"][1]["parent"] = document["topics"][0]["label"]
    taxonomy = parse_taxonomy(document)
    tags = decide_topics(row(0.9, 0.6, 0.7, 0.1), taxonomy, CALIBRATION)
    assert [tag.topic for tag in tags] == ["wait", "staff"]
    tags = decide_topics(row(0.9, 0.2, 0.7, 0.1), taxonomy, CALIBRATION)
    assert [tag.topic for tag in tags] == ["price", "wait"]


def test_decide_topics_gives_one_where_an_exclusive_topic_stands_below_another() -> None:
    document = copy.deepcopy(dict(TAXONOMY.document))
    document["topics"][3]["parent"] = document["topics"][0]["label"]
    taxonomy = parse_taxonomy(document)
    tags = decide_topics(row(0.9, 0.1, 0.1, 0.85), taxonomy, CALIBRATION)
    assert [tag.topic for tag in tags] == ["price"]
    tags = decide_topics(row(0.8, 0.9, 0.1, 0.85), taxonomy, CALIBRATION)
    assert [tag.topic for tag in tags] == ["staff", "price"]


def test_decide_sentiment_scores_between_the_ends_of_the_scale() -> None:
    tag = decide_sentiment(row(0.7, 0.1, 0.2), TAXONOMY, CALIBRATION)
    assert tag.sentiment == "negative"
    assert tag.score == pytest.approx(-0.5)


def test_decide_sentiment_abstains_below_the_bar() -> None:
    calibration = make_calibration(TAXONOMY, min_probability={"sentiment": 0.5, "department": 0.5})
    tag = decide_sentiment(row(0.4, 0.3, 0.3), TAXONOMY, calibration)
    assert tag.sentiment is None
    assert tag.probability == pytest.approx(0.4)


def test_decide_department_names_the_runner_up() -> None:
    tag = decide_department(row(0.3, 0.6, 0.1), TAXONOMY, CALIBRATION)
    assert (tag.department, tag.runner_up) == ("board", "hr")
    assert tag.runner_up_probability == pytest.approx(0.3)
