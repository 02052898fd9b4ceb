"""Jobs that find the causes behind the complaints of a file, and make the report of them.

Of each row its complaints are kept, redacted, with their vectors. The report is made of those, so
it can be made again without the rows of a subject who was erased.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from models.domain import FailedVerbatim, Language, Status
from models.errors import KlantstemError
from service.api.background import BackgroundClassifier
from service.api.batching import MicroBatcher
from service.jobs.intake import for_work
from service.jobs.kinds import job_recipe
from service.observe.metrics import Metrics
from service.store.job_rows import StoredRow
from service.store.jobs import Chunk, Job
from service.tables.columns import ColumnChoice

if TYPE_CHECKING:
    from models.root_cause.feedback import TaggedFeedback
    from models.root_cause.select import Complaints
    from models.taxonomy import Taxonomy

PARTS = (
    "report.json",
    "report.html",
    "assignments.jsonl",
    "assignments.csv",
    "assignments.parquet",
    "assignments.xlsx",
)
"""Files of the report that are kept."""


class AnalysisError(KlantstemError):
    """The causes cannot be found."""


class RootCauseKind:
    """Tags and embeds each row, and finds the causes in all of them.

    Parameters
    ----------
    batcher : MicroBatcher
    metrics : Metrics
    """

    def __init__(self, batcher: MicroBatcher, metrics: Metrics) -> None:
        self._batcher = batcher
        self._metrics = metrics

    def tag(self, job: Job, rows: Sequence[StoredRow]) -> list[StoredRow]:
        """Give each row its complaints."""
        from models.root_cause.select import select_complaints
        from service.tables.feedback import embed_rows
        from service.tables.roles import Roles

        spec, language = job.table_spec, job.options.get("language")
        choice = ColumnChoice(text=spec["text"], id=spec["id"], language=spec["language"])
        classifier = BackgroundClassifier(self._batcher, job_recipe(job))
        embedded = embed_rows(
            for_work(rows),
            Roles(choice=choice),
            classifier,
            language=None if language is None else Language(language),
        )
        self._metrics.count_results([item.result for item in embedded])
        complaints = select_complaints(
            embedded,
            n_departments=len(classifier.taxonomy.departments),
            exclusive_topics=classifier.taxonomy.exclusive_topics,
            negative_sentiments=classifier.taxonomy.negative_sentiments,
        )
        kept = set(spec["columns"])
        done = []
        for position, (row, item) in enumerate(zip(rows, embedded, strict=True)):
            found, blob = _pack(complaints, position)
            result = item.result
            is_failed = isinstance(result, FailedVerbatim)
            done.append(
                StoredRow(
                    number=row.number,
                    line=row.line,
                    values={name: row.values[name] for name in row.values if name in kept},
                    subject_hash=row.subject_hash,
                    result={
                        "id": result.id,
                        "status": result.status.value,
                        "detail": result.detail if isinstance(result, FailedVerbatim) else None,
                        "is_failed": is_failed,
                        "is_tagged": item.embedding is not None,
                        "complaints": found,
                        "bundle_version": classifier.bundle_version,
                    },
                    blob=blob,
                )
            )
        return done

    def sum_up(self, job: Job, chunks: Iterable[Chunk]) -> Mapping[str, bytes]:
        """Find the causes and write the report.

        Raises
        ------
        AnalysisError
            If the rows were tagged by different bundles, or a parameter is out of range.
        """
        from models.root_cause import ClusterConfig, RootCauseAnalyser
        from models.root_cause.export import render_part
        from models.root_cause.frames import Columns

        classifier = self._batcher.classifier
        rows = [row for chunk in chunks for row in chunk.rows if row.result is not None]
        feedback = collect_rows(rows, classifier.taxonomy)
        if feedback.bundle_version not in ("", classifier.bundle_version):
            raise AnalysisError(
                "the bundle was changed while the job ran; send the file again, so that one "
                "bundle reads all of it"
            )
        spec, options = job.table_spec, job.options
        columns = Columns(score=spec["score"], date=spec["date"], segments=tuple(spec["segments"]))
        names = [name for name in (columns.score, columns.date, *columns.segments) if name]
        frame = {name: [row.values.get(name) for row in rows] for name in names}
        analyser = RootCauseAnalyser(
            classifier.taxonomy,
            alignment=classifier.space.alignment,
            config=ClusterConfig(seed=options.get("seed", 0), n_causes=options.get("n_causes")),
            metric=options.get("metric"),
            period=options.get("period"),
            excluded_terms=options.get("exclude_terms", []),
        )
        try:
            analyser.fit(feedback, frame or None, columns=columns)
        except ValueError as error:
            raise AnalysisError(f"the causes cannot be found: {error}") from None
        content = analyser.content(title=options.get("title"), prepared_on=job.created_at.date())
        language = options.get("report_language", "nl")
        return {name: render_part(content, name, language=language) for name in PARTS}


def collect_rows(rows: Sequence[StoredRow], taxonomy: Taxonomy) -> TaggedFeedback:
    """Put the rows of all chunks together as an analysis takes them.

    Raises
    ------
    AnalysisError
        If different bundles tagged them.
    """
    from models.root_cause.feedback import TaggedFeedback

    results: list[Mapping[str, Any]] = [row.result for row in rows if row.result is not None]
    versions = {result["bundle_version"] for result in results}
    if len(versions) > 1:
        raise AnalysisError(
            "the bundle was changed while the job ran; send the file again, so that one bundle "
            "reads all of it"
        )
    ids = tuple(result["id"] for result in results)
    if len(set(ids)) < len(ids):
        ids = tuple(str(row.number) for row in rows)
    n_tagged = sum(result["is_tagged"] for result in results)
    n_empty = sum(result["status"] == Status.EMPTY for result in results)
    n_failed = sum(result["is_failed"] for result in results) - n_empty
    return TaggedFeedback(
        ids=ids,
        complaints=_unpack(rows, n_departments=len(taxonomy.departments)),
        n_tagged=n_tagged,
        n_abstained=len(ids) - n_tagged - n_empty - n_failed,
        n_empty=n_empty,
        n_failed=n_failed,
        bundle_version=next(iter(versions), ""),
    )


def _pack(complaints: Complaints, position: int) -> tuple[list[list[Any]], bytes]:
    """The complaints of one row: words as JSON values, vectors as bytes."""
    import numpy as np

    own = np.flatnonzero(complaints.verbatim == position)
    found = [
        [
            int(complaints.segment[index]),
            complaints.texts[index],
            complaints.languages[index].value,
            complaints.topics[index],
        ]
        for index in own.tolist()
    ]
    vectors = [
        np.ascontiguousarray(matrix[own], dtype=kind).tobytes()
        for matrix, kind in ((complaints.embeddings, "<f4"), (complaints.departments, "<f8"))
    ]
    return found, b"".join(vectors)


def _unpack(rows: Sequence[StoredRow], *, n_departments: int) -> Complaints:
    """The complaints of all rows."""
    import numpy as np

    from models.root_cause.select import Complaints

    verbatims: list[int] = []
    words: list[list[Any]] = []
    embeddings, departments = [], []
    dim = 0
    for position, row in enumerate(rows):
        found = (row.result or {})["complaints"]
        if not found:
            continue
        verbatims.extend([position] * len(found))
        words.extend(found)
        n_bytes = 8 * n_departments * len(found)
        dim = (len(row.blob) - n_bytes) // (4 * len(found))
        place = len(row.blob) - n_bytes
        embeddings.append(np.frombuffer(row.blob[:place], dtype="<f4").reshape(len(found), dim))
        departments.append(
            np.frombuffer(row.blob[place:], dtype="<f8").reshape(len(found), n_departments)
        )
    return Complaints(
        verbatim=np.array(verbatims, dtype=np.int64),
        segment=np.array([one[0] for one in words], dtype=np.int64),
        texts=tuple(one[1] for one in words),
        languages=tuple(Language(one[2]) for one in words),
        topics=tuple(one[3] for one in words),
        embeddings=np.concatenate([np.empty((0, dim), dtype=np.float32), *embeddings]),
        departments=np.concatenate([np.empty((0, n_departments)), *departments]),
    )
