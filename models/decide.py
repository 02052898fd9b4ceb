"""From probabilities to tags, one row at a time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.calibration import Calibration
from models.domain import DepartmentTag, SentimentTag, TopicTag
from models.taxonomy import Taxonomy

Row = npt.NDArray[np.float32]


def decide_topics(
    probabilities: Row, taxonomy: Taxonomy, calibration: Calibration
) -> tuple[TopicTag, ...]:
    """Topics at or above their thresholds, likeliest first.

    At least one is given, as the codebook asks: where none reaches its threshold, the one that
    comes nearest to it. A topic that stands alone (``general``) is given only if it is the
    likeliest, and then nothing else. A topic above another that is given is left out: the lower
    one implies it.
    """
    labels = taxonomy.labels("topics")
    thresholds = np.asarray([calibration.topic_thresholds[label] for label in labels])
    chosen = np.flatnonzero(probabilities >= thresholds)
    if chosen.size == 0:
        chosen = np.asarray([np.argmax(probabilities / np.maximum(thresholds, 1e-6))])
    ranked = chosen[np.argsort(-probabilities[chosen], kind="stable")]
    tags = [
        TopicTag(topic=labels[index], probability=float(probabilities[index])) for index in ranked
    ]
    exclusive = taxonomy.exclusive_topics
    if tags[0].topic in exclusive:
        return (tags[0],)
    # An exclusive topic that is left out implies nothing, so at least the likeliest stays.
    shared = [tag for tag in tags if tag.topic not in exclusive]
    implied = {above for tag in shared for above in taxonomy.ancestors(tag.topic)}
    return tuple([tag for tag in shared if tag.topic not in implied][: taxonomy.max_topics])


def decide_sentiment(
    probabilities: Row, taxonomy: Taxonomy, calibration: Calibration
) -> SentimentTag:
    """The likeliest sentiment, or None below the least probability."""
    best = int(np.argmax(probabilities))
    probability = float(probabilities[best])
    is_sure = probability >= calibration.min_probability["sentiment"]
    places = np.asarray([label.score for label in taxonomy.sentiments])
    return SentimentTag(
        sentiment=taxonomy.sentiments[best].label if is_sure else None,
        probability=probability,
        score=float(np.clip(probabilities @ places, -1.0, 1.0)),
    )


def decide_department(
    probabilities: Row, taxonomy: Taxonomy, calibration: Calibration
) -> DepartmentTag:
    """The likeliest owner of the cause and the next one, or None below the least probability."""
    labels: Sequence[str] = taxonomy.labels("department")
    best, second = (int(index) for index in np.argsort(-probabilities, kind="stable")[:2])
    probability = float(probabilities[best])
    is_sure = probability >= calibration.min_probability["department"]
    return DepartmentTag(
        department=labels[best] if is_sure else None,
        probability=probability,
        runner_up=labels[second],
        runner_up_probability=float(probabilities[second]),
    )
