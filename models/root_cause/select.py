"""Takes the complaints out of tagged verbatims: negative clauses, praise left aside."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.classifier import EmbeddedVerbatim
from models.domain import FloatMatrix, Language, Status, TaggedSegment, TaggedVerbatim
from models.root_cause.arrays import IntVector, Matrix

NEGATIVE = frozenset({"negative"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaints:
    """Complaint segments as columns, in the order of the verbatims; length n_complaints.

    ``verbatim`` is the position of the verbatim in the input and ``segment`` that of the clause
    within it. ``texts`` are redacted. ``topics`` is the likeliest topic, "" for none.
    ``embeddings`` (n_complaints, dim) are the encoder's unit rows, ``departments``
    (n_complaints, n_departments) calibrated probabilities.
    """

    verbatim: IntVector
    segment: IntVector
    texts: tuple[str, ...]
    languages: tuple[Language, ...]
    topics: tuple[str, ...]
    embeddings: FloatMatrix
    departments: Matrix

    def __len__(self) -> int:
        return len(self.texts)


def select_complaints(
    embedded: Sequence[EmbeddedVerbatim],
    *,
    n_departments: int,
    exclusive_topics: frozenset[str] = frozenset(),
    negative_sentiments: frozenset[str] = NEGATIVE,
) -> Complaints:
    """Select the complaints of all verbatims.

    Parameters
    ----------
    embedded : sequence of EmbeddedVerbatim
        What ``Classifier.embed`` gave; failed verbatims and abstentions hold no complaint.
    n_departments : int
    exclusive_topics : frozenset of str
        Topics that say nothing in particular: a clause with such a topic is left out where the
        same verbatim says what is wrong.
    negative_sentiments : frozenset of str
        Sentiments that make a complaint.

    Returns
    -------
    Complaints
        The negative clauses of every verbatim, whatever the verdict over the whole; and where a
        negative verbatim has none, its most negative clause.
    """
    verbatims: list[int] = []
    segments: list[int] = []
    tagged: list[TaggedSegment] = []
    languages: list[Language] = []
    vectors: list[FloatMatrix] = []
    departments: list[FloatMatrix] = []
    for position, item in enumerate(embedded):
        result = item.result
        if (
            not isinstance(result, TaggedVerbatim)
            or result.status is not Status.OK
            or item.segment_embeddings is None
            or item.segment_departments is None
        ):
            continue
        for index in complaint_segments(result, exclusive_topics, negative_sentiments):
            verbatims.append(position)
            segments.append(index)
            tagged.append(result.segments[index])
            languages.append(result.language.language)
            vectors.append(item.segment_embeddings[index])
            departments.append(item.segment_departments[index])
    dim = next((item.embedding.shape[0] for item in embedded if item.embedding is not None), 0)
    return Complaints(
        verbatim=np.asarray(verbatims, dtype=np.int64),
        segment=np.asarray(segments, dtype=np.int64),
        texts=tuple(part.text for part in tagged),
        languages=tuple(languages),
        topics=tuple(part.topics[0].topic if part.topics else "" for part in tagged),
        embeddings=np.asarray(vectors, dtype=np.float32).reshape(len(tagged), dim),
        departments=np.asarray(departments, dtype=np.float64).reshape(len(tagged), n_departments),
    )


def complaint_segments(
    result: TaggedVerbatim,
    exclusive_topics: frozenset[str] = frozenset(),
    negative_sentiments: frozenset[str] = NEGATIVE,
) -> tuple[int, ...]:
    """Positions of the clauses of a verbatim that complain."""
    found = [
        index
        for index, part in enumerate(result.segments)
        if part.sentiment.sentiment in negative_sentiments
    ]
    is_negative = result.sentiment is not None and result.sentiment.sentiment in negative_sentiments
    if not found and is_negative and result.segments:
        scores = [part.sentiment.score for part in result.segments]
        found = [scores.index(min(scores))]
    specific = [
        index
        for index in found
        if any(tag.topic not in exclusive_topics for tag in result.segments[index].topics)
    ]
    return tuple(specific or found)
