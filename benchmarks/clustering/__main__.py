"""Clusters beside those of BERTopic, Turftopic, Top2Vec and k-means, on any labelled file.

``python -m benchmarks.clustering FILE.jsonl... [--json OUT]`` reads lines with ``text``, ``lang``
and ``cluster``, embeds the texts once, and clusters them with every system, each in a process of
its own that clusters twice: the first time includes what numba compiles. CPU seconds are those of
the second time over all threads; unlike the others they hardly depend on what else runs. All rows
count; see ``benchmarks.clustering.figures`` for those that a system leaves out. Seconds and memory
are those of clustering and assignment, without the embedding. The files belong to others and are
not part of this project.

BERTopic, UMAP, HDBSCAN, Turftopic and Top2Vec run in their own interpreter (``--peers-python``)::

    python -m venv build/peers-venv
    build/peers-venv/bin/pip install torch bertopic turftopic top2vec
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.clustering.data import (
    LabelledTexts,
    embed_with_base,
    embed_with_bundle,
    read_labelled,
)
from benchmarks.clustering.figures import measure_agreement, spread, summarise
from models.domain import FloatMatrix
from models.encoder.onnx import count_cores
from models.encoder.protocol import unit_rows

OURS, BASE = "klantstem", "base encoder"
"""Names of the two kinds of embeddings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """What runs, on which embeddings, and where."""

    name: str
    worker: str
    embeddings: str
    is_peer: bool


SYSTEMS = (
    System(name="klantstem", worker="klantstem", embeddings=OURS, is_peer=False),
    System(name="BERTopic, its defaults", worker="bertopic", embeddings=BASE, is_peer=True),
    System(name="BERTopic, same embeddings", worker="bertopic", embeddings=OURS, is_peer=True),
    System(name="UMAP + HDBSCAN alone", worker="umap-hdbscan", embeddings=OURS, is_peer=True),
    System(name="Turftopic, same embeddings", worker="turftopic", embeddings=OURS, is_peer=True),
    System(name="Top2Vec, same embeddings", worker="top2vec", embeddings=OURS, is_peer=True),
    System(name="k-means, told the number", worker="k-means", embeddings=OURS, is_peer=False),
    System(name="klantstem on the base", worker="klantstem", embeddings=BASE, is_peer=False),
)


def run_system(
    system: System, data: LabelledTexts, rows: FloatMatrix, python: str, *, seeds: int
) -> dict[str, object]:
    """Figures of one system over several processes, each with its own seeds."""
    found, first, second, cpu, peak, before = [], [], [], [], [], []
    for start in range(0, 2 * seeds, 2):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            (folder / "texts.json").write_text(json.dumps(data.texts), encoding="utf-8")
            np.save(folder / "rows.npy", rows)
            task = {"n_true": data.n_true, "dim": rows.shape[1], "seed": start, "n_runs": 2}
            (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
            command = [python, "-m", "benchmarks.clustering.worker", system.worker, scratch]
            done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
            if done.returncode:
                sys.exit(f"{system.name} failed:\n{done.stderr[-2000:]}")
            answer = np.load(folder / "answer.npz")
            found += [measure_agreement(data.truth, labels) for labels in answer["labels"]]
            first.append(float(answer["seconds"][0]))
            second.append(float(answer["seconds"][1]))
            cpu.append(float(answer["cpu_seconds"][1]))
            peak.append(float(answer["peak_mib"]))
            before.append(float(answer["before_mib"]))
    return {
        "system": system.name,
        "embeddings": system.embeddings,
        "runs": len(found),
        **summarise(found),
        "first_s": spread(first),
        "second_s": spread(second),
        "second_cpu_s": spread(cpu),
        "peak_mib": spread(peak),
        "before_mib": spread(before),
    }


def print_table(data: LabelledTexts, records: list[dict[str, object]]) -> None:
    """One line per system: medians over the runs, lowest and highest in brackets."""
    table = Table(
        title=f"{data.name}: {len(data.texts)} rows, {data.n_true} true clusters; "
        "medians (lowest - highest); the rows left out count as one cluster, or each alone"
    )
    columns = {
        "NMI": ("nmi_one", 3),
        "ARI": ("ari_one", 3),
        "NMI alone": ("nmi", 3),
        "ARI alone": ("ari", 3),
        "left out %": ("left_out_share", 1),
        "clusters": ("n_clusters", 0),
        "first s": ("first_s", 1),
        "second s": ("second_s", 1),
        "CPU s": ("second_cpu_s", 1),
        "peak MiB": ("peak_mib", 0),
    }
    table.add_column("system")
    for column in columns:
        table.add_column(column, no_wrap=True, justify="right")
    for record in records:
        cells = []
        for key, digits in columns.values():
            value = {
                name: number * (100 if key == "left_out_share" else 1)
                for name, number in record[key].items()  # type: ignore[attr-defined]
            }
            cell = f"{value['median']:.{digits}f}"
            if f"{value['low']:.{digits}f}" != f"{value['high']:.{digits}f}":
                cell += f" ({value['low']:.{digits}f} - {value['high']:.{digits}f})"
            cells.append(cell)
        table.add_row(str(record["system"]), *cells)
    Console(width=220).print(table)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.clustering", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("files", type=Path, nargs="+", metavar="FILE.jsonl")
    parser.add_argument("--bundle", type=Path, help="default: the released bundle")
    parser.add_argument("--base", type=Path, default=Path("build/base"), help="base encoder")
    parser.add_argument(
        "--peers-python",
        default="build/peers-venv/bin/python",
        help="interpreter with bertopic, turftopic and top2vec; without it peers are left out",
    )
    parser.add_argument("--systems", nargs="+", choices=[system.name for system in SYSTEMS])
    parser.add_argument("--seeds", type=int, default=3, help="processes per system, two runs each")
    parser.add_argument("--json", type=Path, dest="json_out")
    args = parser.parse_args()
    has_peers = Path(args.peers_python).exists()
    if not has_peers:
        print(f"{args.peers_python} does not exist, the peers are left out", file=sys.stderr)
    systems = [
        system
        for system in SYSTEMS
        if (has_peers or not system.is_peer) and (not args.systems or system.name in args.systems)
    ]
    report = []
    for data in [read_labelled(path) for path in args.files]:
        rows = {}
        for kind in dict.fromkeys(system.embeddings for system in systems):
            rows[kind] = (
                embed_with_bundle(data.texts, data.languages, args.bundle)
                if kind == OURS
                else embed_with_base(data.texts, args.base)
            )
        records = []
        for system in systems:
            python = args.peers_python if system.is_peer else sys.executable
            own = rows[system.embeddings]
            if system.worker == "klantstem" and system.embeddings == BASE:
                # No alignment is known for them: without it an analysis takes off the mean.
                own = unit_rows(own - own.mean(axis=0))
            record = run_system(system, data, own, python, seeds=args.seeds)
            records.append(record)
            print(f"{data.name}: {system.name} done", file=sys.stderr)
        print_table(data, records)
        report.append(
            {"file": data.name, "rows": len(data.texts), "n_true": data.n_true, "systems": records}
        )
    if args.json_out:
        machine = {
            "cores": count_cores(),
            "platform": platform.machine(),
            "load": os.getloadavg()[0],
        }
        document = {"machine": machine, "sets": report}
        args.json_out.write_text(json.dumps(document, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
