"""A process that works on jobs and can be killed at a chosen moment.

It takes a file in, if there is one, and works until no job is open. It is killed ``never``, or
when the file is kept and nothing is queued (``taken``), the N-th time rows are tagged (``tag:N``),
or when the N-th chunk is kept and nobody was told (``kept:N``). It writes a line of JSON per event.
"""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from service.api.batching import MicroBatcher
from service.api.engine import Engine
from service.api.schemas.jobs import JobParams
from service.jobs import runner
from service.jobs.intake import Upload
from service.jobs.kinds import ClassifyKind
from service.observe.metrics import Metrics
from service.settings import Settings
from service.store import jobs as store_jobs
from service.store.job_rows import StoredRow
from service.store.jobs import Job, NewJob
from service.store.keys import list_keys
from service.store.store import open_store
from tests.service.fakes_classifier import FakeClassifier

JOB_ID = "0123456789abcdef" * 2


@dataclass(frozen=True, kw_only=True)
class Task:
    """What a process is to do."""

    url: str
    data_dir: Path
    events: Path
    kill_at: str
    file: Path | None = None
    lease_s: float = 60.0


class Deadly:
    """Kills this process the n-th time that it is asked."""

    def __init__(self, kill_at: str) -> None:
        self.moment, _, number = kill_at.partition(":")
        self.number = int(number or 1)
        self.n_asked = 0

    def at(self, moment: str) -> None:
        if moment == self.moment:
            self.n_asked += 1
            if self.n_asked == self.number:
                os.kill(os.getpid(), signal.SIGKILL)


def work(task: Task) -> None:
    """Do it; runs in a process of its own."""
    deadly = Deadly(task.kill_at)
    runner.LEASE = timedelta(seconds=task.lease_s)
    runner._ROUND_S = 0.2
    runner._POLL_S = 0.05
    tag, keep, complete = ClassifyKind.tag, store_jobs.finish_chunk, store_jobs.complete_job

    def say(**event: Any) -> None:
        with task.events.open("a") as stream:
            stream.write(json.dumps(event) + "\n")

    def tag_or_die(self: ClassifyKind, job: Job, rows: Sequence[StoredRow]) -> list[StoredRow]:
        say(tagged=rows[0].number)
        deadly.at("tag")
        return tag(self, job, rows)

    def keep_or_die(*arguments: Any, **named: Any) -> Any:
        kept = keep(*arguments, **named)
        deadly.at("kept")
        return kept

    def complete_or_die(*arguments: Any, **named: Any) -> Any:
        job = complete(*arguments, **named)
        deadly.at("taken")
        return job

    ClassifyKind.tag = tag_or_die  # type: ignore[method-assign]
    store_jobs.finish_chunk = keep_or_die
    store_jobs.complete_job = complete_or_die
    store = open_store(task.url)
    settings = Settings(data_dir=task.data_dir, database_url=task.url)
    metrics = Metrics()
    engine = Engine(FakeClassifier())  # type: ignore[arg-type]
    batcher = MicroBatcher(engine, settings=settings, metrics=metrics)
    batcher.start()
    jobs = runner.open_jobs(settings=settings, store=store, batcher=batcher, metrics=metrics)
    if task.file is not None:
        tenant_id = list_keys(store)[0].tenant_id
        new = NewJob(id=JOB_ID, tenant_id=tenant_id, kind="classify", options={})
        upload = Upload(path=task.file, media_type="text/csv")
        jobs.take(new, upload, JobParams(), subject_hash=lambda subject: subject)
    while store_jobs.list_open(store):
        time.sleep(0.02)
    jobs.close()
    batcher.close()
    store.close()


def run(task: Task) -> tuple[int | None, list[dict[str, Any]]]:
    """Run a process to its end; gives its exit code and its events."""
    context = get_context("forkserver")  # no thread of the tests is there, and imports are shared
    context.set_forkserver_preload([__name__])
    process = context.Process(target=work, args=(task,))
    process.start()
    process.join(240)
    if process.exitcode is None:
        process.kill()
        process.join()
    written = task.events.read_text() if task.events.exists() else ""
    return process.exitcode, [json.loads(line) for line in written.splitlines()]
