"""Labels as arrays: what heads learn and what their answers are measured against."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.taxonomy import TASKS, Taxonomy
from training.labelled import LabelledVerbatim, Labels


def target_rows(
    labels: Sequence[Labels],
    taxonomy: Taxonomy,
    *,
    second_owner_share: float,
    with_parents: bool = True,
) -> dict[str, npt.NDArray[np.float32]]:
    """Labels as target distributions (sentiment, department) and indicators (topics).

    A topic brings those above it along, unless ``with_parents`` is false.
    """
    index = {task: {name: i for i, name in enumerate(taxonomy.labels(task))} for task in TASKS}
    targets = {task: np.zeros((len(labels), len(index[task])), np.float32) for task in TASKS}
    for row, label in enumerate(labels):
        for topic in label.topics:
            for name in (topic, *(taxonomy.ancestors(topic) if with_parents else ())):
                targets["topics"][row, index["topics"][name]] = 1.0
        targets["sentiment"][row, index["sentiment"][label.sentiment]] = 1.0
        share = second_owner_share if label.department_2 else 0.0
        targets["department"][row, index["department"][label.department]] = 1.0 - share
        if label.department_2:
            targets["department"][row, index["department"][label.department_2]] += share
    return targets


def gold_rows(
    rows: Sequence[LabelledVerbatim], taxonomy: Taxonomy
) -> dict[str, npt.NDArray[np.float32]]:
    """Labels of rows as indicators; neither a second owner nor a topic's parents count.

    Of a topic and one above it, both labelled, the lower one counts: it is all that is decided.
    """
    labels = []
    for row in rows:
        topics = row.labels.topics
        implied = {above for topic in topics for above in taxonomy.ancestors(topic)}
        lowest = tuple(topic for topic in topics if topic not in implied)
        labels.append(row.labels._replace(topics=lowest))
    return target_rows(labels, taxonomy, second_owner_share=0.0, with_parents=False)


def probability_rows(
    rows: Sequence[LabelledVerbatim], taxonomy: Taxonomy
) -> dict[str, npt.NDArray[np.float32]]:
    """What probabilities of rows are held against: as gold, but a topic brings those above it.

    The heads learn topics that way, so a sure parent of the right topic is no error of theirs.
    """
    labels = [row.labels for row in rows]
    return target_rows(labels, taxonomy, second_owner_share=0.0)
