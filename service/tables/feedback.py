"""Rows to feedback: tag and embed batch by batch, keep the complaints and what lies beside them."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from models.classifier import EmbeddedVerbatim
from models.domain import FailedVerbatim, Language, Status, Verbatim
from models.embedding import EmbeddingSpace
from models.root_cause.feedback import FeedbackCollector, TaggedFeedback
from models.root_cause.frames import Columns
from models.taxonomy import Taxonomy
from service.tables.progress import Watcher
from service.tables.roles import Roles
from service.tables.rows import Row, TableReader
from service.tables.tagging import Tally, read_verbatim

_N_FIRST_ROWS = 5


class VerbatimEmbedder(Protocol):
    """What :class:`models.classifier.Classifier` does for root causes."""

    taxonomy: Taxonomy
    bundle_version: str

    @property
    def space(self) -> EmbeddingSpace:
        """What turns pooled states into embeddings."""
        ...

    def embed(
        self, verbatims: Sequence[Verbatim], *, redact: bool = True
    ) -> tuple[EmbeddedVerbatim, ...]:
        """Tag each verbatim on its own and keep the vectors."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackTable:
    """All verbatims of a table.

    ``frame`` holds score, date and segment columns, a value per verbatim, and ``columns`` names
    them. ``n_repeated_ids`` ids came more than once: then every id is the number of its row.
    """

    feedback: TaggedFeedback
    frame: dict[str, list[Any]]
    columns: Columns
    tally: Tally
    n_repeated_ids: int


def read_feedback(
    reader: TableReader,
    roles: Roles,
    classifier: VerbatimEmbedder,
    watcher: Watcher,
    *,
    batch_size: int,
    language: Language | None = None,
) -> FeedbackTable:
    """Read a table to its end; personal data is masked before anything is kept.

    Parameters
    ----------
    reader : TableReader
    roles : Roles
    classifier : VerbatimEmbedder
    watcher : Watcher
        Is told how far it is.
    batch_size : int
        Rows that are embedded at a time.
    language : Language, optional
        Of rows that declare none.
    """
    collector = FeedbackCollector(classifier.taxonomy)
    names = [name for name in (roles.score, roles.date, *roles.segments) if name is not None]
    frame: dict[str, list[Any]] = {name: [] for name in names}
    numbers: list[str] = []
    counts: Counter[str] = Counter()
    first_rows: dict[str, list[list[int | None]]] = {}
    watcher.begin("classifying", n_done=0, n_rows=reader.n_rows)
    for batch in reader.batches(batch_size=batch_size):
        embedded = embed_rows(batch.rows, roles, classifier, language=language)
        collector.add(embedded)
        numbers.extend(str(row.number) for row in batch.rows)
        for name in names:
            frame[name].extend(row.values.get(name) for row in batch.rows)
        for row, item in zip(batch.rows, embedded, strict=True):
            status = item.result.status
            counts[status.value] += 1
            if status is not Status.OK:
                first = first_rows.setdefault(status.value, [])
                if len(first) < _N_FIRST_ROWS:
                    first.append([row.number, row.line])
        watcher.advance(len(batch.rows), reader.expected_rows())
    feedback = collector.result()
    n_repeated = len(feedback.ids) - len(set(feedback.ids))
    if n_repeated:
        feedback = dataclasses.replace(feedback, ids=tuple(numbers))
    return FeedbackTable(
        feedback=feedback,
        frame=frame,
        columns=Columns(score=roles.score, date=roles.date, segments=roles.segments),
        tally=Tally({"n_by_status": dict(counts), "first_rows": first_rows}),
        n_repeated_ids=n_repeated,
    )


def embed_rows(
    rows: Sequence[Row],
    roles: Roles,
    classifier: VerbatimEmbedder,
    *,
    language: Language | None = None,
) -> list[EmbeddedVerbatim]:
    """Tag and embed rows; one that cannot be read fails alone."""
    verbatims = [read_verbatim(row, roles.choice, language=language) for row in rows]
    sound = [one for one in verbatims if isinstance(one, Verbatim)]
    embedded = iter(classifier.embed(sound) if sound else ())
    return [
        next(embedded)
        if isinstance(one, Verbatim)
        else EmbeddedVerbatim(
            result=FailedVerbatim(id=str(row.number), status=Status.FAILED, detail=one)
        )
        for row, one in zip(rows, verbatims, strict=True)
    ]
