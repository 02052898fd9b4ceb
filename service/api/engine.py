"""What is done to the verbatims of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

from models.classifier import Classifier, EmbeddedVerbatim
from models.domain import FailedVerbatim, Status, TaggedVerbatim, Verbatim
from models.encoder.protocol import pool_verbatim, unit_rows
from models.text.clean import clean

if TYPE_CHECKING:
    from models.calibration import Calibration


class Task(StrEnum):
    """What a caller wants of its verbatims."""

    TAGS = "tags"
    TAGS_AND_VECTORS = "tags_and_vectors"
    VECTOR = "vector"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """How verbatims are to be read; verbatims of equal recipes share a batch.

    A threshold of None is that of the bundle.
    """

    task: Task = Task.TAGS
    redact: bool = True
    topic_threshold: float | None = None
    sentiment_threshold: float | None = None
    department_threshold: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextEmbedding:
    """Unit vector of one text, shape (dim,), float32, and how many tokens it had."""

    vector: npt.NDArray[np.float32]
    n_tokens: int


Outcome: TypeAlias = TaggedVerbatim | FailedVerbatim | EmbeddedVerbatim | TextEmbedding


class Engine:
    """Runs a recipe on one classifier; safe to call from several threads.

    Parameters
    ----------
    classifier : Classifier
    """

    def __init__(self, classifier: Classifier) -> None:
        self.classifier = classifier

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        return len(self.classifier.space.bias)

    def run(self, recipe: Recipe, verbatims: Sequence[Verbatim]) -> Sequence[Outcome]:
        """Give the outcome of each verbatim, in order."""
        if recipe.task is Task.VECTOR:
            return self._embed(verbatims, redact=recipe.redact)
        classifier = self._with_thresholds(recipe)
        if recipe.task is Task.TAGS_AND_VECTORS:
            return classifier.embed(verbatims, redact=recipe.redact)
        return classifier.classify(verbatims, redact=recipe.redact)

    def _embed(self, verbatims: Sequence[Verbatim], *, redact: bool) -> list[Outcome]:
        """Embed texts of any language, without tags."""
        texts = [clean(verbatim.text, redact=redact).text for verbatim in verbatims]
        states = list(self.classifier.encoder.encode_states(texts))
        pooled = unit_rows(np.stack([pool_verbatim(one) for one in states]))
        vectors = self.classifier.space.embed(pooled)
        return [
            TextEmbedding(vector=vector, n_tokens=len(one.states))
            for vector, one in zip(vectors, states, strict=True)
        ]

    def _with_thresholds(self, recipe: Recipe) -> Classifier:
        """Give the classifier with the thresholds that a caller set."""
        classifier = self.classifier
        least = {
            task: threshold
            for task, threshold in (
                ("sentiment", recipe.sentiment_threshold),
                ("department", recipe.department_threshold),
            )
            if threshold is not None
        }
        if recipe.topic_threshold is None and not least:
            return classifier
        calibration: Calibration = classifier.calibration
        topics: Mapping[str, float] = calibration.topic_thresholds
        if recipe.topic_threshold is not None:
            topics = dict.fromkeys(topics, recipe.topic_threshold)
        changed = copy(classifier)  # shares the encoder and all else
        changed.calibration = replace(
            calibration,
            topic_thresholds=topics,
            min_probability={**calibration.min_probability, **least},
        )
        return changed


def failed(verbatim: Verbatim, error: Exception) -> FailedVerbatim:
    """Tell the class of an error only: its message could quote the text."""
    return FailedVerbatim(
        id=verbatim.id,
        status=Status.FAILED,
        detail=f"internal error ({type(error).__name__}); the other verbatims are not affected",
    )
