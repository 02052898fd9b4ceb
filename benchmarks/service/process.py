"""The processes that are measured: the service, and the classifier without it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A running service: where, with which key, as which process."""

    url: str
    key: str
    pid: int

    def cpu_s(self) -> float:
        """Processor seconds that the process has used."""
        return cpu_s(self.pid)

    def memory_mib(self) -> float:
        """Resident memory."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        raise RuntimeError("the service has ended")


def cpu_s(pid: int) -> float:
    """Processor seconds that a process has used, children left out."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


@contextmanager
def served(bundle: Path | None = None, **settings: str) -> Iterator[Served]:
    """Start the service on a free port with a database of its own, and stop it."""
    from service.store.keys import Scope, create_key
    from service.store.store import open_store

    with TemporaryDirectory() as folder:
        store = open_store(f"sqlite:///{folder}/klantstem.db")
        _, key = create_key(
            store,
            tenant="bench",
            scopes=list(Scope),
            now=datetime.now(UTC),
            rate_limit_per_minute=10_000_000,
        )
        store.close()
        environment = {f"KLANTSTEM_{name.upper()}": value for name, value in settings.items()}
        with (
            open(Path(folder) / "log", "wb") as log,
            subprocess.Popen(
                [sys.executable, "-m", "service", "serve", "--port", "0", "--data-dir", folder]
                + (["--bundle", str(bundle)] if bundle else []),
                env={**os.environ, **environment},
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            ) as process,
        ):
            assert process.stdout is not None
            line = process.stdout.readline()
            if not line:
                raise RuntimeError((Path(folder) / "log").read_text()[-2000:])
            try:
                yield Served(url=line.split()[-1], key=key, pid=process.pid)
            finally:
                process.terminate()
                process.stdout.read()
                process.wait(60)


class InProcess:
    """The classifier in a process of its own, without HTTP; classifies when told to."""

    def __init__(self, texts: Sequence[str], bundle: Path | None) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.service.process", str(bundle or "")],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._ask(json.dumps(list(texts)))

    def measure(self, seconds: float) -> dict[str, float]:
        """Classify the texts, 1 000 a call, for some time."""
        return json.loads(self._ask(json.dumps(seconds)))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()

    def _ask(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


def _run_in_process() -> None:
    """Serve :class:`InProcess`: texts first, then seconds, line by line."""
    from models.bundle import load_bundle
    from models.domain import Verbatim

    classifier = load_bundle(Path(sys.argv[1]) if sys.argv[1] else None)
    verbatims = [Verbatim(id="", text=text) for text in json.loads(sys.stdin.readline())]
    classifier.classify(verbatims[:100])
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        n_done, began, cpu = 0, time.perf_counter(), time.process_time()
        while time.perf_counter() - began < json.loads(line):
            classifier.classify(verbatims)
            n_done += len(verbatims)
        found = {
            "n": n_done,
            "per_s": n_done / (time.perf_counter() - began),
            "cpu_ms": 1000 * (time.process_time() - cpu) / n_done,
        }
        sys.stdout.write(json.dumps(found) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _run_in_process()
