"""Throughput and peak memory of the tables alone, with a classifier that costs nothing.

``python -m pytest -m bench tests/service/test_tables_bench.py -s`` prints one JSON line per case.
KLANTSTEM_BENCH_ROWS sets the sizes (default "100000,1000000").
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SIZES = [int(size) for size in os.environ.get("KLANTSTEM_BENCH_ROWS", "100000,1000000").split(",")]
WRITE = """
import csv, datetime, sys
n_rows, path = int(sys.argv[1]), sys.argv[2]
texts = [
    f"Vriendelijke monteur {n}, maar hij kwam {n % 9} dagen te laat en \\"nam\\" niets mee." * 2
    for n in range(997)
]
day = datetime.date(2025, 9, 1)
if path.endswith(".csv"):
    with open(path, "w", newline="") as stream:
        rows = csv.writer(stream)
        rows.writerow(["id", "text", "score", "date"])
        rows.writerows([n, texts[n % 997], n % 11, day] for n in range(n_rows))
elif path.endswith(".jsonl"):
    import json
    with open(path, "w") as stream:
        for n in range(n_rows):
            row = {"id": n, "text": texts[n % 997], "score": n % 11, "date": str(day)}
            stream.write(json.dumps(row) + "\\n")
elif path.endswith(".xlsx"):
    import xlsxwriter
    book = xlsxwriter.Workbook(path, {"constant_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["id", "text", "score", "date"])
    for n in range(n_rows):
        sheet.write_row(n + 1, 0, [n, texts[n % 997], n % 11, str(day)])
    book.close()
else:
    import pyarrow as pa, pyarrow.parquet as pq
    schema = pa.schema(
        [("id", pa.int64()), ("text", pa.string()), ("score", pa.int8()), ("date", pa.date32())]
    )
    with pq.ParquetWriter(path, schema) as writer:
        for start in range(0, n_rows, 100_000):
            ids = range(start, min(n_rows, start + 100_000))
            writer.write_table(pa.table(
                [ids, [texts[n % 997] for n in ids], [n % 11 for n in ids], [day] * len(ids)],
                schema=schema,
            ))
"""
CLASSIFY = """
import json, resource, sys, time
from dataclasses import replace
from models.domain import Verbatim
from service.cli import Context, main
from tests.service.fakes_classifier import FakeClassifier

class Trivial(FakeClassifier):
    def __init__(self):
        super().__init__()
        (self.result,) = super().classify([Verbatim(id="1", text="Te duur, maar vriendelijk.")])
    def classify(self, verbatims, *, redact=True):
        return tuple(replace(self.result, text=verbatim.text) for verbatim in verbatims)

began = time.perf_counter()
status = main(
    ["classify", sys.argv[1], "-o", sys.argv[2], "--quiet"],
    context=Context(load_classifier=lambda folder, n_threads: Trivial()),
)
assert status == 0
elapsed_s = time.perf_counter() - began
peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"elapsed_s": round(elapsed_s, 1), "peak_rss_mib": round(peak_mib)}))
"""


def run_python(code: str, *arguments: str) -> str:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout


@pytest.mark.bench
@pytest.mark.parametrize("n_rows", SIZES)
@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("csv", "csv"),
        ("csv", "jsonl"),
        ("parquet", "parquet"),
        ("csv", "parquet"),
        ("jsonl", "parquet"),
        ("csv", "xlsx"),
        ("xlsx", "csv"),
    ],
)
def test_tables_stream_in_constant_memory(
    tmp_path: Path, n_rows: int, source: str, output: str
) -> None:
    table = tmp_path / f"in.{source}"
    run_python(WRITE, str(n_rows), str(table))
    figures = json.loads(run_python(CLASSIFY, str(table), str(tmp_path / f"out.{output}")))
    figures["rows_per_s"] = round(n_rows / figures["elapsed_s"])
    print(json.dumps({"source": source, "output": output, "n_rows": n_rows, **figures}))
