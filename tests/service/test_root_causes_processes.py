"""The same feedback gives the same causes and ids in processes with other thread counts."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SAMPLE = ROOT / "data" / "samples" / "webshop.csv"
N_ROWS = 300
LIBRARIES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


def start(path: Path, folder: Path, n_threads: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [
            sys.executable, "-m", "service", "root-causes", path, "-o", folder, "-q",
            "--threads", str(n_threads), "--language", "en",
        ],
        cwd=ROOT,
        env=os.environ | dict.fromkeys(LIBRARIES, str(n_threads)),
        stderr=subprocess.PIPE,
    )  # fmt: skip


@pytest.mark.model
def test_thread_counts_change_nothing(tmp_path: Path) -> None:
    with SAMPLE.open(newline="", encoding="utf-8") as source:
        rows = list(islice(csv.reader(source), N_ROWS + 1))
    path = tmp_path / "in.csv"
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)
    runs = {n_threads: start(path, tmp_path / f"out{n_threads}", n_threads) for n_threads in (1, 2)}
    for process in runs.values():
        _, told = process.communicate(timeout=900)
        assert process.returncode == 0, told.decode()
    for name in ("report.json", "causes.csv", "assignments.jsonl", "report.html"):
        first, second = ((tmp_path / f"out{n}" / name).read_bytes() for n in runs)
        assert first == second, name
    assert (tmp_path / "out1" / "causes.csv").read_text(encoding="utf-8").count("\n") > 3
