"""Tagged verbatims cut down to what an analysis needs, batch by batch, in little memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.classifier import EmbeddedVerbatim
from models.domain import FailedVerbatim, Status, TaggedVerbatim
from models.root_cause.select import Complaints, select_complaints
from models.taxonomy import Taxonomy


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedFeedback:
    """Complaints of tagged verbatims, and how many there were of each kind.

    ``ids`` are those of all verbatims, in order; ``n_tagged`` have labels, ``n_empty`` no text;
    the model abstained from ``n_abstained``, and ``n_failed`` could not be read.
    """

    ids: tuple[str, ...]
    complaints: Complaints
    n_tagged: int
    n_abstained: int
    n_empty: int
    n_failed: int
    bundle_version: str

    def __len__(self) -> int:
        return len(self.ids)


class FeedbackCollector:
    """Takes tagged verbatims batch by batch and keeps their complaints only.

    Parameters
    ----------
    taxonomy : Taxonomy
        The labels of the classifier that tagged them.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        self._ids: list[str] = []
        self._parts: list[tuple[int, Complaints]] = []
        self._n_tagged = self._n_empty = self._n_failed = 0
        self._versions: set[str] = set()

    def add(self, embedded: Sequence[EmbeddedVerbatim]) -> int:
        """Take a batch; gives how many complaints it holds.

        Raises
        ------
        ValueError
            If another bundle tagged it than the batches before.
        """
        complaints = select_complaints(
            embedded,
            n_departments=len(self.taxonomy.departments),
            exclusive_topics=self.taxonomy.exclusive_topics,
            negative_sentiments=self.taxonomy.negative_sentiments,
        )
        self._versions.update(
            item.result.bundle_version
            for item in embedded
            if isinstance(item.result, TaggedVerbatim)
        )
        if len(self._versions) > 1:
            raise ValueError(
                "All verbatims must be tagged by one bundle. "
                f"Got {', '.join(sorted(self._versions))}."
            )
        self._parts.append((len(self._ids), complaints))
        self._ids.extend(item.result.id for item in embedded)
        self._n_tagged += sum(item.embedding is not None for item in embedded)
        n_empty = sum(item.result.status is Status.EMPTY for item in embedded)
        n_failed = sum(isinstance(item.result, FailedVerbatim) for item in embedded)
        self._n_empty += n_empty
        self._n_failed += n_failed - n_empty
        return len(complaints)

    def result(self) -> TaggedFeedback:
        """All batches as one."""
        return TaggedFeedback(
            ids=tuple(self._ids),
            complaints=_join(self._parts, n_departments=len(self.taxonomy.departments)),
            n_tagged=self._n_tagged,
            n_abstained=len(self._ids) - self._n_tagged - self._n_empty - self._n_failed,
            n_empty=self._n_empty,
            n_failed=self._n_failed,
            bundle_version=next(iter(self._versions), ""),
        )


def collect_feedback(embedded: Sequence[EmbeddedVerbatim], taxonomy: Taxonomy) -> TaggedFeedback:
    """Cut tagged verbatims down to what an analysis needs.

    Raises
    ------
    ValueError
        If different bundles tagged them.
    """
    collector = FeedbackCollector(taxonomy)
    collector.add(embedded)
    return collector.result()


def _join(parts: Sequence[tuple[int, Complaints]], *, n_departments: int) -> Complaints:
    """Complaints of all batches, their verbatims counted on."""
    filled = [(start, part) for start, part in parts if len(part)]
    if not filled:
        dim = max((part.embeddings.shape[1] for _, part in parts), default=0)
        none = np.empty(0, dtype=np.int64)
        return Complaints(
            verbatim=none,
            segment=none,
            texts=(),
            languages=(),
            topics=(),
            embeddings=np.empty((0, dim), dtype=np.float32),
            departments=np.empty((0, n_departments)),
        )
    return Complaints(
        verbatim=np.concatenate([part.verbatim + start for start, part in filled]),
        segment=np.concatenate([part.segment for _, part in filled]),
        texts=tuple(text for _, part in filled for text in part.texts),
        languages=tuple(code for _, part in filled for code in part.languages),
        topics=tuple(topic for _, part in filled for topic in part.topics),
        embeddings=np.concatenate([part.embeddings for _, part in filled]),
        departments=np.concatenate([part.departments for _, part in filled]),
    )
