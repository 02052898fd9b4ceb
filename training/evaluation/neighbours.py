"""Whether the tags of a verbatim depend on its neighbours."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from models.classifier import Classifier, Result
from models.domain import TaggedSegment, TaggedVerbatim, Verbatim
from training.evaluation.report import AloneCheck


def labels_of(result: Result) -> tuple[object, ...]:
    """All labels of a result, segments included."""
    if not isinstance(result, TaggedVerbatim):
        return (result.status,)
    tagged: tuple[TaggedVerbatim | TaggedSegment, ...] = (result, *result.segments)
    return tuple(
        (
            tuple(tag.topic for tag in item.topics),
            item.sentiment and item.sentiment.sentiment,
            item.department and item.department.department,
        )
        for item in tagged
    )


def probabilities_of(result: Result) -> npt.NDArray[np.float64]:
    """All probabilities of a result, in a fixed order."""
    if not isinstance(result, TaggedVerbatim):
        return np.zeros(0)
    values: list[float] = []
    tagged: tuple[TaggedVerbatim | TaggedSegment, ...] = (result, *result.segments)
    for item in tagged:
        values += [tag.probability for tag in item.topics]
        values += [tag.probability for tag in (item.sentiment, item.department) if tag]
    return np.asarray(values)


def largest_gap(first: Sequence[Result], second: Sequence[Result]) -> float:
    """The largest difference of a probability between two runs over the same verbatims."""
    pairs = [(probabilities_of(a), probabilities_of(b)) for a, b in zip(first, second, strict=True)]
    return max(
        (float(np.abs(a - b).max(initial=0.0)) for a, b in pairs if a.shape == b.shape),
        default=0.0,
    )


def count_different(first: Sequence[Result], second: Sequence[Result]) -> int:
    """How many verbatims got other labels in the second run."""
    return sum(labels_of(a) != labels_of(b) for a, b in zip(first, second, strict=True))


def check_alone(
    classifier: Classifier,
    verbatims: Sequence[Verbatim],
    batch: Sequence[Result],
    *,
    n_rows: int,
    rng: np.random.Generator,
) -> AloneCheck:
    """Classify some rows one by one and compare with what the batch gave them."""
    drawn = sorted(int(place) for place in rng.permutation(len(verbatims))[:n_rows])
    alone = [classifier.classify([verbatims[place]])[0] for place in drawn]
    together = [batch[place] for place in drawn]
    return AloneCheck(
        n_rows=len(drawn),
        n_different=count_different(alone, together),
        largest_gap=largest_gap(alone, together),
    )
