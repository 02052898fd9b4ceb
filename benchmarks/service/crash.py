"""Kill the service in mid-job, again and again, and count what comes out.

``python -m benchmarks.service.crash [--rows N] [--kills K] [--seed S] [--database sqlite
postgresql] [--without-model] [--json OUT]``

A file of N rows, the labelled verbatims over and over with ids of their own, is sent to ``klantstem
serve``. The process is killed with SIGKILL at K random moments and started again on the same
folder; on PostgreSQL it starts on another folder after the last kill, as on another machine. In the
end there must be N results, none twice, in the order of the file. After each kill the database says
which chunks are finished, and the log of the next process which ones it begins: none that is
finished. With ``--without-model`` an encoder that hashes words stands for that of the bundle: what
is kept and what is lost is the same, for a tenth of the work.
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import random
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from rich.console import Console
from rich.table import Table
from sqlalchemy import select

DATABASES = ("sqlite", "postgresql")
_POLL_S = 0.1
_LIMIT_S = 900.0


@dataclass(slots=True)
class Process:
    """A running service, and the chunks that its log says it began."""

    process: subprocess.Popen[str]
    log: Path
    url: str
    begun: list[int] = field(default_factory=list)

    def kill(self) -> None:
        """End it at once, as a power cut would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(60)
        if self.process.stdout is not None:
            self.process.stdout.close()
        self.read_log()

    def read_log(self) -> None:
        """Read which chunks it began."""
        events = (json.loads(line) for line in self.log.read_text().splitlines() if line[:1] == "{")
        self.begun = [one["chunk"] for one in events if one.get("event") == "job_chunk_begun"]


class Crash:
    """One job on one database, with kills.

    Parameters
    ----------
    url : str
        Of an empty database.
    folder : Path
    bundle : Path or None
    has_model : bool
    """

    def __init__(self, url: str, folder: Path, bundle: Path | None, *, has_model: bool) -> None:
        from service.store.keys import Scope, create_key
        from service.store.store import open_store

        self._url = url
        self._folder = folder
        self._bundle = bundle
        self._module = "service" if has_model else "benchmarks.service.crash"
        self._n_started = 0
        self.store = open_store(url)
        _, self._key = create_key(
            self.store, tenant="bench", scopes=list(Scope), now=datetime.now(UTC)
        )

    def start(self, data_dir: str) -> Process:
        """Start the service; returns once it takes requests."""
        self._n_started += 1
        log = self._folder / f"log-{self._n_started}"
        options = ["--port", "0", "--data-dir", str(self._folder / data_dir)]
        if self._bundle is not None:
            options += ["--bundle", str(self._bundle)]
        with log.open("wb") as stream:
            process = subprocess.Popen(
                [sys.executable, "-m", self._module, "serve", *options],
                env={**os.environ, "KLANTSTEM_DATABASE_URL": self._url},
                stdout=subprocess.PIPE,
                stderr=stream,
                text=True,
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            process.kill()
            raise RuntimeError(log.read_text()[-2000:])
        return Process(process, log, line.split()[-1])

    def call(self, process: Process, path: str, **request: Any) -> bytes:
        """Send a request."""
        headers = {"Authorization": f"Bearer {self._key}", **request.pop("headers", {})}
        sent = urllib.request.Request(process.url + path, headers=headers, **request)  # noqa: S310
        with urllib.request.urlopen(sent, timeout=300) as answer:  # noqa: S310 - loopback
            content: bytes = answer.read()
        return content

    def finished_chunks(self, job_id: str) -> set[int]:
        """Chunks whose results are in the database."""
        from service.store.job_tables import JobChunkRow

        query = select(JobChunkRow.number).where(JobChunkRow.job_id == job_id, JobChunkRow.is_done)
        with self.store.read() as session:
            return set(session.scalars(query))


def run(
    url: str,
    *,
    n_rows: int,
    n_kills: int,
    seed: int,
    bundle: Path | None,
    has_model: bool,
    moves: bool,
) -> dict[str, Any]:
    """Run one job with kills; gives what came out."""
    rng = random.Random(seed)  # noqa: S311
    thresholds = sorted(rng.randrange(n_rows * 9 // 10) for _ in range(n_kills))
    with TemporaryDirectory() as name:
        crash = Crash(url, Path(name), bundle, has_model=has_model)
        process = crash.start("data-1")
        began = time.monotonic()
        answer = crash.call(
            process,
            "/v1/jobs",
            data=make_file(n_rows),
            method="POST",
            headers={"Content-Type": "text/csv", "Idempotency-Key": "crash"},
        )
        taken_s = time.monotonic() - began
        job = json.loads(answer)
        kills = []
        finished: set[int] = set()
        begun_again = 0
        try:
            for number, threshold in enumerate(thresholds, start=1):
                _wait(crash, process, job["id"], threshold)
                time.sleep(rng.uniform(0.0, 0.5))
                process.kill()
                begun_again += len(finished.intersection(process.begun))
                finished = crash.finished_chunks(job["id"])
                is_last = moves and number == n_kills
                kills.append({"at_row": threshold, "finished_chunks": len(finished)})
                restarted = time.monotonic()
                process = crash.start("data-2" if is_last else "data-1")
                kills[-1]["up_again_s"] = round(time.monotonic() - restarted, 1)
                kills[-1]["elsewhere"] = is_last
            _wait(crash, process, job["id"], None)
            wall_s = time.monotonic() - began
            result = crash.call(
                process,
                f"/v1/jobs/{job['id']}/result",
                headers={"Accept": "application/x-ndjson"},
            )
            job = json.loads(crash.call(process, f"/v1/jobs/{job['id']}"))
        finally:
            process.kill()
            begun_again += len(finished.intersection(process.begun))
            crash.store.close()
    rows = [json.loads(line) for line in result.splitlines()]
    ids = [row["id"] for row in rows]
    return {
        "n_rows": n_rows,
        "n_results": len(rows),
        "n_twice": len(ids) - len(set(ids)),
        "n_missing": len(set(_ids(n_rows)) - set(ids)),
        "is_in_order": ids == _ids(n_rows),
        "rows_by_status": job["rows_by_status"],
        "n_chunks": -(-n_rows // 256),
        "finished_chunks_begun_again": begun_again,
        "taken_s": round(taken_s, 1),
        "wall_s": round(wall_s, 1),
        "kills": kills,
    }


def make_file(n_rows: int) -> bytes:
    """Write the labelled verbatims over and over, with ids of their own, as CSV."""
    stream = io.StringIO()
    writer = csv.writer(stream)
    writer.writerow(["id", "text"])
    writer.writerows(zip(_ids(n_rows), islice(cycle(_texts()), n_rows), strict=True))
    return stream.getvalue().encode()


def _texts() -> list[str]:
    folder = Path(__file__).parents[2] / "data" / "verbatims"
    return [
        json.loads(line)["text"]
        for file in sorted(folder.glob("*.jsonl"))
        for line in file.read_text(encoding="utf-8").splitlines()
    ]


def _ids(n_rows: int) -> list[str]:
    return [f"row-{number:06}" for number in range(n_rows)]


def _wait(crash: Crash, process: Process, job_id: str, n_done: int | None) -> None:
    """Wait until so many rows are done, or all."""
    deadline = time.monotonic() + _LIMIT_S
    while time.monotonic() < deadline:
        job = json.loads(crash.call(process, f"/v1/jobs/{job_id}"))
        if job["status"] == "succeeded":
            if n_done is None:
                return
            raise RuntimeError("the job ended before it could be killed")
        if job["status"] not in ("queued", "running"):
            raise RuntimeError(f"the job has {job['status']}: {job['error']}")
        if n_done is not None and job["rows_done"] >= n_done:
            return
        time.sleep(_POLL_S)
    raise RuntimeError("the job takes too long")


def _serve(arguments: list[str]) -> int:
    """The service, with an encoder that hashes words."""
    from service.cli import Context
    from service.cli import main as serve
    from tests.service.api_app import make_classifier

    return serve(arguments, context=Context(load_classifier=lambda *_: make_classifier()))


@contextmanager
def _database(kind: str) -> Iterator[str]:
    """URL of an empty database."""
    if kind == "sqlite":
        with TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/klantstem.db"
        return
    from tests.service.postgres_cluster import running_cluster

    with running_cluster() as cluster:
        yield cluster.url(cluster.create_database())


def show(found: dict[str, dict[str, Any]]) -> None:
    """Print a table."""
    table = Table(title="kill -9 in mid-job")
    table.add_column("")
    for kind in found:
        table.add_column(kind, justify="right")
    for key in (
        "n_rows",
        "n_results",
        "n_twice",
        "n_missing",
        "is_in_order",
        "n_chunks",
        "finished_chunks_begun_again",
        "taken_s",
        "wall_s",
    ):
        table.add_row(key, *(str(one[key]) for one in found.values()))
    table.add_row("kills", *(str(len(one["kills"])) for one in found.values()))
    table.add_row(
        "finished chunks at each kill",
        *(
            " ".join(str(kill["finished_chunks"]) for kill in one["kills"])
            for one in found.values()
        ),
    )
    Console().print(table)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it; 1 if anything was lost or done twice."""
    if arguments is None and sys.argv[1:2] == ["serve"]:
        return _serve(sys.argv[1:])
    parser = argparse.ArgumentParser(description=__doc__, prog="benchmarks.service.crash")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--database", nargs="+", choices=DATABASES, default=DATABASES)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--without-model", action="store_true")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args(arguments)
    found = {}
    for kind in given.database:
        with _database(kind) as url:
            found[kind] = run(
                url,
                n_rows=given.rows,
                n_kills=given.kills,
                seed=given.seed,
                bundle=given.bundle,
                has_model=not given.without_model,
                moves=kind == "postgresql",
            )
    show(found)
    if given.json:
        given.json.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    is_whole = all(
        one["is_in_order"] and one["n_twice"] == one["finished_chunks_begun_again"] == 0
        for one in found.values()
    )
    return 0 if is_whole else 1


if __name__ == "__main__":
    sys.exit(main())
