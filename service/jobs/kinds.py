"""The kinds of jobs: what is done with a chunk of rows, and with all of them at the end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from models.domain import FailedVerbatim, Language, TaggedVerbatim, Verbatim
from service.api.background import BackgroundClassifier
from service.api.batching import MicroBatcher
from service.api.engine import Recipe
from service.jobs.intake import for_work
from service.observe.metrics import Metrics
from service.store.job_rows import StoredRow
from service.store.jobs import Chunk, Job
from service.tables.columns import ColumnChoice
from service.tables.tagging import Tagger


class JobKind(Protocol):
    """Does the work of one kind of job; holds nothing of any job."""

    def tag(self, job: Job, rows: Sequence[StoredRow]) -> list[StoredRow]:
        """Give each row its result and take from it what is not kept, in order."""
        ...

    def sum_up(self, job: Job, chunks: Iterable[Chunk]) -> Mapping[str, bytes]:
        """Make the files of a job from all its rows, once each has its result."""
        ...


class ClassifyKind:
    """Tags each row on its own.

    Parameters
    ----------
    batcher : MicroBatcher
    metrics : Metrics
    """

    def __init__(self, batcher: MicroBatcher, metrics: Metrics) -> None:
        self._batcher = batcher
        self._metrics = metrics

    def tag(self, job: Job, rows: Sequence[StoredRow]) -> list[StoredRow]:
        """Give each row its tags."""
        spec, options = job.table_spec, job.options
        choice = ColumnChoice(text=spec["text"], id=spec["id"], language=spec["language"])
        redact = bool(options.get("redact", True))
        language = options.get("language")
        tagger = Tagger(
            classifier=_Counting(self._batcher, job_recipe(job), self._metrics),
            choice=choice,
            redact=redact,
            language=None if language is None else Language(language),
        )
        results = tagger.tag(for_work(rows))
        return [
            StoredRow(
                number=row.number,
                line=row.line,
                values=kept_values(job, row, result["text_redacted"] if redact else None),
                subject_hash=row.subject_hash,
                result=result,
            )
            for row, result in zip(rows, results, strict=True)
        ]

    def sum_up(self, job: Job, chunks: Iterable[Chunk]) -> Mapping[str, bytes]:
        """Nothing: the rows are the result."""
        return {}


class _Counting(BackgroundClassifier):
    """Counts what it gives."""

    def __init__(self, batcher: MicroBatcher, recipe: Recipe, metrics: Metrics) -> None:
        super().__init__(batcher, recipe)
        self._metrics = metrics

    def classify(
        self, verbatims: Sequence[Verbatim], *, redact: bool = True
    ) -> tuple[TaggedVerbatim | FailedVerbatim, ...]:
        """Tag each verbatim on its own, in the order given."""
        results = super().classify(verbatims, redact=redact)
        self._metrics.count_results(results)
        return results


def job_recipe(job: Job) -> Recipe:
    """The thresholds of a job."""
    return Recipe(
        topic_threshold=job.options.get("topic_threshold"),
        sentiment_threshold=job.options.get("sentiment_threshold"),
        department_threshold=job.options.get("department_threshold"),
    )


def kept_values(job: Job, row: StoredRow, text_redacted: str | None) -> dict[str, object]:
    """Values that are given back; a text among them is the redacted one."""
    text = job.table_spec["text"]
    values = {name: row.values[name] for name in job.table_spec["columns"] if name in row.values}
    if text in values and job.options.get("redact", True):
        values[text] = text_redacted
    return values
