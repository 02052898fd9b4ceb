"""The jobs of one process: begun, gone on with after a stop, taken over from processes that died.

The order of work is kept by dbos, chunk by chunk. What is true of a job stands in the store: a
chunk whose results are there is not done again, whoever asks for it.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import threading
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import closing, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import structlog
from dbos import DBOS, DBOSConfig, Serializer, SetWorkflowID
from sqlalchemy import Engine, create_engine, delete, select

from models.errors import KlantstemError
from service.api.batching import MicroBatcher
from service.api.problems import ProblemError
from service.api.schemas.jobs import JobParams, Kind
from service.jobs.intake import Intake, Upload
from service.jobs.kinds import ClassifyKind, JobKind
from service.jobs.replica import Replica
from service.jobs.root_causes import RootCauseKind
from service.observe.logs import code_places
from service.observe.metrics import Metrics
from service.settings import Settings
from service.store import jobs as store_jobs
from service.store.errors import StoreError, StoreUnavailableError
from service.store.job_tables import JobRunnerRow
from service.store.jobs import Job, NewJob, NotOpen
from service.store.retention import purge_expired
from service.store.store import CONNECT_TIMEOUT_S, Store

LEASE = timedelta(seconds=30)
"""A process that was not heard of for so long is dead, and its jobs are taken over."""
JOBS_AT_A_TIME = 4
"""Of one process; they share its encoder."""

_APPLICATION = "klantstem"
_LAYOUT = "1"  # raised when runs of an older version cannot be gone on with
_QUEUE = "jobs"
_WORKFLOW = "job"
_SCHEMA = "klantstem_dbos"
_POLL_S = 0.5
_ROUND_S = 5.0
_PURGE_EVERY_S = 60.0
_FORGET_AFTER = timedelta(hours=1)
_RETRY_S = 2.0
_DONE, _GONE = "done", "gone"
_GIVEN_UP = ("ERROR", "MAX_RECOVERY_ATTEMPTS_EXCEEDED", "CANCELLED")
T = TypeVar("T")
_in_use = threading.Lock()


class Stopped(BaseException):
    """The process stops. No ``Exception``: dbos would note that the job has failed."""


class _JsonSerializer(Serializer):
    """Numbers and ids are all that dbos keeps; nothing is unpickled."""

    def serialize(self, data: Any) -> str:
        """Write as JSON."""
        if isinstance(data, BaseException):
            data = {"error": type(data).__name__}
        return json.dumps(data)

    def deserialize(self, serialized_data: str) -> Any:
        """Read JSON."""
        return json.loads(serialized_data)

    def name(self) -> str:
        """Name of the format."""
        return "klantstem_json"


class Jobs:
    """The jobs of this process.

    Made by :func:`open_jobs`; only one may be open in a process.
    """

    def __init__(
        self, *, settings: Settings, store: Store, kinds: dict[str, JobKind], metrics: Metrics
    ) -> None:
        self._settings = settings
        self._store = store
        self._kinds = kinds
        self._metrics = metrics
        self._intake = Intake(store, settings)
        self._replica = Replica(settings.data_dir)
        self._engine: Engine | None = None
        self._has_begun = False
        self._stopping = threading.Event()
        self._idle = threading.Condition()
        self._n_running = 0
        self._log = structlog.get_logger("jobs")
        self._workflow: Callable[[str, int], None] = self._run
        self._rounds = threading.Thread(target=self._go_round, name="jobs-rounds", daemon=True)

    @property
    def temporary(self) -> Path:
        """Folder for files that come in; emptied when the process starts and ends."""
        return self._replica.temporary

    @property
    def kinds(self) -> frozenset[str]:
        """Kinds of jobs that are taken."""
        return frozenset(self._kinds)

    def start(self) -> None:
        """Start working.

        Raises
        ------
        StoreError
            If jobs are open in this process already: dbos is one per process.
        """
        if not _in_use.acquire(blocking=False):
            raise StoreError("another application of this process works on jobs already")
        self._has_begun = True
        logger = logging.getLogger("dbos")
        if not logger.handlers:  # else it writes to the console in a format of its own
            logger.addHandler(logging.NullHandler())
        self._see_runners()
        config = _config(self._store, self._replica.id)
        self._engine = config.get("system_database_engine")
        DBOS(config=config)
        self._workflow = DBOS.workflow(name=_WORKFLOW)(self._workflow_function())
        DBOS.launch()
        DBOS.register_queue(_QUEUE, worker_concurrency=JOBS_AT_A_TIME, polling_interval_sec=_POLL_S)
        self._rounds.start()

    def take(
        self, new: NewJob, upload: Upload, params: JobParams, *, subject_hash: Callable[[str], str]
    ) -> Job:
        """Take a file in as a job and let it wait for its turn.

        Raises
        ------
        ProblemError
            If the file cannot be read, is too large, or lacks a column.
        """
        job = self._intake.take(
            new, upload, params, subject_hash=subject_hash, now=datetime.now(UTC)
        )
        self._log.info("job_taken", job=job.id, kind=job.kind, n_rows=job.n_rows)
        self._enqueue(job.id, job.n_runs)
        return job

    def cancel(self, *, tenant_id: str, job_id: str) -> Job | None:
        """Cancel a job of a tenant; a finished one stays as it is."""
        now = datetime.now(UTC)
        return store_jobs.cancel_job(
            self._store, tenant_id=tenant_id, job_id=job_id, now=now, expires_at=self._expiry(now)
        )

    def close(self) -> None:
        """Stop after the chunks that are being done; the rest waits for the next start."""
        self._stopping.set()
        deadline = time.monotonic() + self._settings.shutdown_grace_s
        with self._idle:
            self._idle.wait_for(
                lambda: self._n_running == 0, timeout=max(0.0, deadline - time.monotonic())
            )
        if self._rounds.is_alive():
            self._rounds.join(_ROUND_S)
        if self._has_begun:
            DBOS.destroy(destroy_registry=True)
            _in_use.release()
        if self._engine is not None:
            self._engine.dispose()
        with suppress(StoreUnavailableError), self._store.write() as session:
            session.execute(delete(JobRunnerRow).where(JobRunnerRow.id == self._replica.id))
        self._replica.close()

    def _workflow_function(self) -> Callable[[str, int], None]:
        """The work of a job as dbos calls it."""

        def job(job_id: str, n_runs: int) -> None:
            with self._idle:
                self._n_running += 1
            try:
                self._run(job_id, n_runs)
            finally:
                with self._idle:
                    self._n_running -= 1
                    self._idle.notify_all()

        return job

    def _run(self, job_id: str, n_runs: int) -> None:
        """Do what is left of a job."""
        job = self._patiently(
            lambda: store_jobs.start_job(self._store, job_id, now=datetime.now(UTC))
        )
        if job is None or job.n_runs != n_runs:
            return
        for number in range(job.n_chunks):
            became = DBOS.run_step({"name": "chunk"}, self._guard, job, self._do_chunk, number)
            if became != _DONE:
                return
        DBOS.run_step({"name": "sum_up"}, self._guard, job, self._sum_up)

    def _do_chunk(self, job: Job, number: int) -> str:
        """Do one chunk, unless it is done already."""
        chunk = self._patiently(lambda: store_jobs.read_chunk(self._store, job.id, number))
        if isinstance(chunk, NotOpen):
            return _GONE
        if chunk.is_done:
            return _DONE
        self._log.info("job_chunk_begun", job=job.id, chunk=number)
        kind = self._kinds[job.kind]
        rows = kind.tag(job, chunk.rows)
        now = datetime.now(UTC)
        progress = self._patiently(
            lambda: store_jobs.finish_chunk(
                self._store,
                job.id,
                number,
                rows,
                now=now,
                expires_at=self._expiry(now),
            )
        )
        if isinstance(progress, NotOpen) or progress[-1] != job.n_runs:
            return _GONE
        self._metrics.job_rows.labels(job.kind).inc(len(rows))
        return _DONE

    def _sum_up(self, job: Job) -> str:
        """Make of all rows what the kind makes of them, and say that the job is done."""
        kind = self._kinds[job.kind]
        files = kind.sum_up(job, store_jobs.read_results(self._store, job))
        now = datetime.now(UTC)
        is_done = self._patiently(
            lambda: store_jobs.finish_job(
                self._store,
                job.id,
                n_runs=job.n_runs,
                files=files,
                now=now,
                expires_at=self._expiry(now),
            )
        )
        if is_done:
            self._metrics.jobs.labels(job.kind, "succeeded").inc()
            self._log.info("job_succeeded", job=job.id, kind=job.kind)
        return _DONE if is_done else _GONE

    def _guard(self, job: Job, step: Callable[..., str], *arguments: int) -> str:
        """Run a step; a job that cannot be done fails, a process that stops leaves it as it is."""
        if self._stopping.is_set():
            raise Stopped
        try:
            return self._patiently(lambda: step(job, *arguments))
        except (ProblemError, CancelledError) as error:
            # The batcher takes no more: the process stops, or has to be started again.
            self._stopping.wait(_RETRY_S)
            raise Stopped from error
        except KlantstemError as error:
            self._fail(job.id, job.kind, "unusable", str(error))
        except Exception as error:
            self._log.error(
                "job_failed", job=job.id, error=type(error).__name__, places=code_places(error)
            )
            self._fail(
                job.id,
                job.kind,
                "internal",
                f"internal error ({type(error).__name__}); its id finds it in the log",
            )
        return _GONE

    def _fail(self, job_id: str, kind: str, code: str, detail: str) -> None:
        now = datetime.now(UTC)
        has_failed = self._patiently(
            lambda: store_jobs.fail_job(
                self._store,
                job_id,
                code=code,
                detail=detail,
                now=now,
                expires_at=self._expiry(now),
            )
        )
        if has_failed:
            self._metrics.jobs.labels(kind, "failed").inc()

    def _patiently(self, step: Callable[[], T]) -> T:
        """Do something with the store; one that does not answer is waited for."""
        while True:
            try:
                return step()
            except StoreUnavailableError:
                if self._stopping.wait(_RETRY_S):
                    raise Stopped from None

    def _expiry(self, now: datetime) -> datetime:
        return now + timedelta(days=self._settings.job_retention_days)

    def _enqueue(self, job_id: str, n_runs: int) -> None:
        """Let a job wait for its turn; asked twice, it waits once."""
        with SetWorkflowID(store_jobs.run_id(job_id, n_runs)):
            DBOS.enqueue_workflow(_QUEUE, self._workflow, job_id, n_runs)

    def _go_round(self) -> None:
        """Tell that this process lives, look for dead ones, and delete what is past its time."""
        next_purge = 0.0
        while True:
            try:
                self._see_runners()
                self._adopt()
                self._enqueue_strays()
                if time.monotonic() >= next_purge:
                    next_purge = time.monotonic() + _PURGE_EVERY_S
                    purge_expired(self._store, datetime.now(UTC))
                    self._forget_runs()
            except StoreUnavailableError:
                pass  # tried again in the next round
            except Exception as error:
                self._log.error(
                    "jobs_round_failed", error=type(error).__name__, places=code_places(error)
                )
            if self._stopping.wait(_ROUND_S):
                return

    def _see_runners(self) -> None:
        """Tell that this process lives."""
        with self._store.write() as session:
            session.merge(JobRunnerRow(id=self._replica.id, seen_at=datetime.now(UTC)))

    def _adopt(self) -> None:
        """Queue the jobs of dead processes again."""
        with self._store.read() as session:
            seen = session.scalars(
                select(JobRunnerRow.id).where(JobRunnerRow.seen_at > datetime.now(UTC) - LEASE)
            ).all()
        alive = {*seen, self._replica.id}
        if not any(run.executor_id not in alive for run in _pending()):
            return
        with self._store.write() as session:  # one process at a time
            session.scalars(select(JobRunnerRow).with_for_update()).all()
            for run in _pending():
                if run.executor_id not in alive:
                    self._log.warning("job_adopted", run=run.workflow_id)
                    DBOS.resume_workflow(run.workflow_id, queue_name=_QUEUE)
            session.execute(delete(JobRunnerRow).where(JobRunnerRow.id.not_in(alive)))

    def _enqueue_strays(self) -> None:
        """Queue jobs that were kept just before a process died, and fail those given up."""
        still_open = {
            store_jobs.run_id(job_id, n_runs): (job_id, kind, n_runs)
            for job_id, kind, n_runs in store_jobs.list_open(self._store)
        }
        if not still_open:
            return
        known = {
            run.workflow_id: run.status
            for run in DBOS.list_workflows(
                workflow_ids=list(still_open), load_input=False, load_output=False
            )
        }
        for run, (job_id, kind, n_runs) in still_open.items():
            if run not in known:
                self._enqueue(job_id, n_runs)
            elif known[run] in _GIVEN_UP:
                self._log.error("job_given_up", job=job_id, status=known[run])
                self._fail(
                    job_id,
                    kind,
                    "internal",
                    "the work was begun too often and never ended; send the file again",
                )

    def _forget_runs(self) -> None:
        """Drop what dbos keeps of runs that ended."""
        before = (datetime.now(UTC) - _FORGET_AFTER).isoformat()
        ended = DBOS.list_workflows(
            status=["SUCCESS", *_GIVEN_UP],
            end_time=before,
            limit=500,
            load_input=False,
            load_output=False,
        )
        if ended:
            DBOS.delete_workflows([run.workflow_id for run in ended])


def open_jobs(*, settings: Settings, store: Store, batcher: MicroBatcher, metrics: Metrics) -> Jobs:
    """Start working on jobs: new ones, and those that an earlier process left.

    Raises
    ------
    SettingsError
        If the data folder cannot be written to.
    StoreError
        If the runs of jobs cannot be kept in the database.
    """
    kinds: dict[str, JobKind] = {
        Kind.CLASSIFY.value: ClassifyKind(batcher, metrics),
        Kind.ROOT_CAUSES.value: RootCauseKind(batcher, metrics),
    }
    jobs = Jobs(settings=settings, store=store, kinds=kinds, metrics=metrics)
    try:
        jobs.start()
    except KlantstemError:
        jobs.close()
        raise
    except Exception as error:
        jobs.close()
        raise StoreError(
            f"the runs of jobs cannot be kept in the database ({type(error).__name__}); "
            "PostgreSQL must let the user create a schema"
        ) from error
    return jobs


def _pending() -> list[Any]:
    """Runs that are being worked on, or were when their process died."""
    return DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)


def _config(store: Store, replica_id: str) -> DBOSConfig:
    """How dbos keeps its runs: in a schema of its own, or in a file beside that of SQLite."""
    config = DBOSConfig(
        name=_APPLICATION,
        application_version=_LAYOUT,
        executor_id=replica_id,
        serializer=_JsonSerializer(),
        log_level="WARNING",
        enable_otlp=False,
        notification_listener_polling_interval_sec=0.5,
    )
    if store.is_sqlite:
        file = Path(str(store.url.database))
        own = file.with_name(f"{file.stem}-runs{file.suffix}")
        _make_file(own)
        config["system_database_url"] = f"sqlite:///{own}"
    else:
        config["system_database_engine"] = create_engine(
            store.url,
            pool_size=5,
            max_overflow=10,
            pool_pre_ping=True,
            connect_args={
                "connect_timeout": CONNECT_TIMEOUT_S,
                "application_name": "klantstem-jobs",
            },
        )
        config["system_database_url"] = store.url.render_as_string(hide_password=False)
        config["dbos_system_schema"] = _SCHEMA
    return config


def _make_file(path: Path) -> None:
    """Make the file of the runs, readable by its owner alone, with a write-ahead log."""
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    with closing(sqlite3.connect(path, timeout=30)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
