"""Time and peak memory of clustering and assignment as the number of complaints grows.

``python -m benchmarks.clustering.scale [--rows 10000 100000 1000000] [--json OUT]`` takes the
negative verbatims of the project's own corpus, embeds them, draws from them with replacement and
adds noise to each drawn embedding, so that no two rows are the same. Every size runs in a process
of its own that first clusters 2 000 rows, so that compiling is not counted.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.clustering.data import CACHE, embed_with_bundle, read_languages
from benchmarks.memory import peak_mib
from models.domain import FloatMatrix

NOISE = 0.5
"""Length of the noise against that of the embedding: cosine of about 0.9 with what was drawn."""
_BLOCK = 50_000


def embed_complaints(bundle: Path | None) -> FloatMatrix:
    """Aligned embeddings of the corpus' negative verbatims."""
    from training.labelled import read_corpus

    rows = [row for row in read_corpus() if row.labels.sentiment == "negative"]
    return embed_with_bundle(
        [row.text for row in rows], read_languages(row.lang for row in rows), bundle
    )


def resample(rows: FloatMatrix, n_rows: int, rng: np.random.Generator) -> FloatMatrix:
    """Drawn with replacement, noise added, at unit length. Shape: (n_rows, dim)."""
    result = np.empty((n_rows, rows.shape[1]), dtype=np.float32)
    for start in range(0, n_rows, _BLOCK):
        block = result[start : start + _BLOCK]
        block[:] = rows[rng.integers(len(rows), size=len(block))]
        noise = rng.standard_normal(block.shape, dtype=np.float32)
        block += noise * (NOISE / np.sqrt(block.shape[1]))
        block /= np.linalg.norm(block, axis=1, keepdims=True)
    return result


def measure_size(source: Path, n_rows: int) -> dict[str, float]:
    """Seconds per step and peak memory, in this process."""
    from models.root_cause.cluster import fit_clusters, place_all
    from models.root_cause.duplicates import collapse_duplicates

    rows = resample(np.load(source), n_rows, np.random.default_rng(0))
    texts = [f"complaint {_letters(number)}" for number in range(n_rows)]
    fit_clusters(rows[:2000], np.ones(2000))
    marks = [time.perf_counter()]
    collapsed = collapse_duplicates(texts, rows)
    marks.append(time.perf_counter())
    clusters = fit_clusters(rows[collapsed.rows], collapsed.weights)
    marks.append(time.perf_counter())
    clusters, found = place_all(clusters, rows, _config())
    marks.append(time.perf_counter())
    collapse_s, cluster_s, assign_s = np.diff(marks).tolist()
    return {
        "rows": n_rows,
        "collapse_s": collapse_s,
        "cluster_s": cluster_s,
        "assign_s": assign_s,
        "total_s": marks[-1] - marks[0],
        "peak_mib": peak_mib(),
        "n_unique": len(collapsed.rows),
        "n_causes": clusters.n_causes,
        "emerging_share": float((found.cause < 0).mean()),
    }


def _config() -> object:
    """The default configuration."""
    from models.root_cause.cluster_config import ClusterConfig

    return ClusterConfig()


def _letters(number: int) -> str:
    """A number as letters: digits do not tell two complaints apart."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.clustering.scale", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--bundle", type=Path, help="default: the released bundle")
    parser.add_argument("--json", type=Path, dest="json_out")
    parser.add_argument("--measure", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    source = CACHE / "complaints.npy"
    if args.measure:
        print(json.dumps(measure_size(source, args.measure)))
        return
    embedded = embed_complaints(args.bundle)
    CACHE.mkdir(parents=True, exist_ok=True)
    np.save(source, embedded)
    records = []
    for n_rows in args.rows:
        command = [sys.executable, "-m", "benchmarks.clustering.scale", "--measure", str(n_rows)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            sys.exit(f"{n_rows} rows failed:\n{done.stderr[-2000:]}")
        records.append(json.loads(done.stdout))
    table = Table(title=f"{len(embedded)} embedded complaints, resampled with noise")
    for key in records[0]:
        table.add_column(key.replace("_", " "), justify="right")
    for record in records:
        values = record.values()
        table.add_row(*(f"{value:.3g}" if value < 100 else f"{value:.0f}" for value in values))
    Console(width=140).print(table)
    if args.json_out:
        args.json_out.write_text(json.dumps(records, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
