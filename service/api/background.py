"""The classifier as jobs see it: the same queue, behind the calls of people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from models.classifier import EmbeddedVerbatim
from models.domain import FailedVerbatim, TaggedVerbatim, Verbatim
from models.embedding import EmbeddingSpace
from models.taxonomy import Taxonomy
from service.api.batching import MicroBatcher, Priority
from service.api.engine import Recipe, Task


class BackgroundClassifier:
    """Tags verbatims from a thread of a job; blocks until all are done.

    Stays with the bundle that was served when it was made, so that its results go together.
    Has what :class:`models.classifier.Classifier` offers for tables and root causes.

    Parameters
    ----------
    batcher : MicroBatcher
    recipe : Recipe, optional
        Thresholds of the job; task and redaction are those of each call.
    """

    def __init__(self, batcher: MicroBatcher, recipe: Recipe | None = None) -> None:
        self._batcher = batcher
        self._recipe = recipe or Recipe()
        self._engine = batcher.engine
        self.taxonomy: Taxonomy = self._engine.classifier.taxonomy
        self.bundle_version: str = self._engine.classifier.bundle_version

    @property
    def space(self) -> EmbeddingSpace:
        """What turns pooled states into embeddings."""
        return self._engine.classifier.space

    def classify(
        self, verbatims: Sequence[Verbatim], *, redact: bool = True
    ) -> tuple[TaggedVerbatim | FailedVerbatim, ...]:
        """Tag each verbatim on its own, in the order given.

        Raises
        ------
        ProblemError
            If the service stops before they are done.
        """
        outcomes = self._run(verbatims, Task.TAGS, redact=redact)
        return tuple(one for one in outcomes if isinstance(one, (TaggedVerbatim, FailedVerbatim)))

    def embed(
        self, verbatims: Sequence[Verbatim], *, redact: bool = True
    ) -> tuple[EmbeddedVerbatim, ...]:
        """Tag each verbatim and keep the vectors, for root-cause work."""
        outcomes = self._run(verbatims, Task.TAGS_AND_VECTORS, redact=redact)
        return tuple(
            EmbeddedVerbatim(result=one) if isinstance(one, FailedVerbatim) else one
            for one in outcomes
            if isinstance(one, (EmbeddedVerbatim, FailedVerbatim))
        )

    def _run(self, verbatims: Sequence[Verbatim], task: Task, *, redact: bool) -> list[object]:
        recipe = replace(self._recipe, task=task, redact=redact)
        future = self._batcher.submit(
            verbatims, recipe, priority=Priority.BACKGROUND, engine=self._engine
        )
        return list(future.result())
