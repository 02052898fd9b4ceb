"""Peak memory and seconds of a run, by number of rows.

``python -m benchmarks.training.memory frozen 1000 10000 50000`` fits heads on rows of the corpus,
repeated with noise (words left out and a number added, so that no two texts are the same) where
more are asked for than it has. ``joint`` does some steps of fine-tuning as the int8 export
computes: ``built_mib`` is resident before the first of them, ``step_s`` the mean of the second
half. Each size runs in a process of its own; peak memory is that of the process, resident.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.memory import peak_mib, resident_mib
from models.taxonomy import read_taxonomy
from training.config import FrozenConfig, TrainConfig
from training.labelled import TAXONOMY, LabelledVerbatim, read_corpus

_DROPPED = 0.1  # share of words


def make_rows(n_rows: int) -> Iterator[LabelledVerbatim]:
    """Train rows of the corpus, then noisy copies of them without segments; then its validation."""
    corpus = read_corpus()
    train = [row for row in corpus if row.split == "train"]
    rng = np.random.default_rng(0)
    for number in range(n_rows):
        row = train[number % len(train)]
        if number >= len(train):
            words = row.text.split()
            kept = [word for word in words if rng.random() >= _DROPPED] or words
            text = f"{' '.join(kept)} {number}"
            row = dataclasses.replace(row, id=f"{row.id}-{number}", text=text, segments=())
        yield row
    yield from (row for row in corpus if row.split == "validation")


def run_once(mode: str, n_rows: int, base: Path, steps: int) -> dict[str, float]:
    """One run in this process."""
    rows, taxonomy = tuple(make_rows(n_rows)), read_taxonomy(TAXONOMY)
    started = time.monotonic()
    before = resident_mib()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if mode == "frozen":
            from training.frozen import FrozenFit, prepare_encoder

            export = folder / "cache"
            prepared = base if (base / "encoder.onnx").exists() else None
            if prepared is None:  # exported in another process: torch is not what is measured
                code = (
                    "import sys; from pathlib import Path; "
                    "from training.frozen import prepare_encoder; "
                    "prepare_encoder(Path(sys.argv[1]), Path(sys.argv[2]))"
                )
                subprocess.run([sys.executable, "-c", code, str(base), str(export)], check=True)
                prepare_encoder(base, export)
            started = time.monotonic()
            settings = FrozenConfig(cache=str(export))
            config = TrainConfig(seed=1, base=str(base), mode="frozen", frozen=settings)
            run = FrozenFit(rows, taxonomy, config, folder / "run")
            run.run()
            last = (folder / "run" / "metrics.jsonl").read_text().splitlines()[-1]
            figures = {k: v for k, v in json.loads(last).items() if k.endswith("_s")}
        else:
            from training.fit import FineTuning

            config = TrainConfig(
                seed=1, base=str(base), epochs=1, int8_epochs=1, precision="bfloat16"
            )
            tuning = FineTuning(rows, taxonomy, config, folder / "run")
            built, step, seconds = resident_mib(), tuning._step, list[float]()

            class EnoughError(Exception):
                pass

            def step_until_enough(*arguments: object) -> float:
                if len(seconds) == steps:
                    raise EnoughError
                before_step = time.monotonic()
                loss = step(*arguments)  # type: ignore[arg-type]
                seconds.append(time.monotonic() - before_step)
                return loss

            tuning._step = step_until_enough  # type: ignore[method-assign]
            with contextlib.suppress(EnoughError):
                tuning.run()
            # The second half alone: in the first, oneDNN compiles for each new shape.
            half = seconds[len(seconds) // 2 :]
            figures = {"built_mib": built, "step_s": sum(half) / max(1, len(half))}
    return {
        "rows": n_rows,
        "seconds": time.monotonic() - started,
        "rows_read_mib": before,
        "peak_mib": peak_mib(),
        **figures,
    }


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("mode", choices=["frozen", "joint"])
    parser.add_argument("sizes", type=int, nargs="+")
    parser.add_argument("--base", type=Path, default=Path("build/base"))
    parser.add_argument("--steps", type=int, default=60, help="steps of fine-tuning")
    parser.add_argument("--json", type=Path, dest="json_out")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.inside:
        print(json.dumps(run_once(args.mode, args.sizes[0], args.base, args.steps)))
        return
    records = []
    for size in args.sizes:
        command = [sys.executable, "-m", "benchmarks.training.memory", args.mode, str(size)]
        command += ["--inside", "--base", str(args.base), "--steps", str(args.steps)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        records.append(json.loads(done.stdout.splitlines()[-1]))
        print({k: round(v, 1) for k, v in records[-1].items()}, flush=True)
    if args.json_out:
        args.json_out.write_text(json.dumps(records, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
