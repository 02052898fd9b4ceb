"""Systems that are compared: each learns one task from rows and answers texts."""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.taxonomy import Taxonomy
from training.config import TrainConfig
from training.labelled import LabelledVerbatim
from training.origins import read_prompt

PEER = Path(__file__).parent / "setfit_peer.py"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What a run took."""

    seconds: float
    peak_mib: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Cost):
    """Label numbers, or indicators for topics; with what they cost."""

    given: np.ndarray


def run_fit(config: TrainConfig, run: Path, out: Path) -> Cost:
    """``klantstem-train fit`` on the corpus, in a process of its own.

    Call it while this process is small: a child's peak memory counts from its parent's.
    """
    values = {
        key: value
        for key, value in dataclasses.asdict(config).items()
        if not isinstance(value, dict)
    }
    settings = run.with_suffix(".toml")
    # A JSON string, number or truth value is a TOML one.
    settings.write_text("\n".join(f"{k} = {json.dumps(v)}" for k, v in values.items()))
    started = time.monotonic()
    command = [sys.executable, "-m", "training.cli", "fit", settings, "--run", run, "--out", out]
    child = subprocess.Popen(command)
    _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise subprocess.CalledProcessError(child.returncode, "klantstem-train fit")
    return Cost(seconds=time.monotonic() - started, peak_mib=usage.ru_maxrss / 1024)


def task_answers(
    rows: Sequence[LabelledVerbatim], taxonomy: Taxonomy, task: str
) -> list[int] | list[list[int]]:
    """The labels of rows as numbers, or as lists of 0 and 1 for topics."""
    labels = taxonomy.labels(task)
    if task == "topics":
        return [[int(label in row.labels.topics) for label in labels] for row in rows]
    return [labels.index(getattr(row.labels, task)) for row in rows]


def run_setfit(
    python: Path,
    base: Path,
    train: Sequence[LabelledVerbatim],
    ask: Sequence[LabelledVerbatim],
    *,
    taxonomy: Taxonomy,
    task: str,
    max_steps: int,
    seed: int,
    timeout_s: float,
) -> Answer | None:
    """SetFit on one task, with the prompt of the base; None if it ran out of time.

    A topic without a single example, which scikit-learn cannot learn, is answered with no.
    """
    answers = task_answers(train, taxonomy, task)
    columns = list(range(len(taxonomy.labels(task))))
    if task == "topics":
        table = np.asarray(answers)
        columns = [int(c) for c in np.flatnonzero(table.any(axis=0) & ~table.all(axis=0))]
        answers = table[:, columns].tolist()
    with tempfile.TemporaryDirectory() as scratch:
        asked, told = Path(scratch) / "in.json", Path(scratch) / "out.json"
        document = {
            "base": str(base.absolute()),
            "prompt": read_prompt(base),
            "texts": [row.text for row in train],
            "answers": answers,
            "ask": [row.text for row in ask],
            "max_steps": max_steps,
            "seed": seed,
        }
        asked.write_text(json.dumps(document), encoding="utf-8")
        try:
            subprocess.run(
                [str(python.absolute()), str(PEER), str(asked), str(told)],
                check=True,
                timeout=timeout_s,
                cwd=scratch,
            )
        except subprocess.TimeoutExpired:
            return None
        found = json.loads(told.read_text(encoding="utf-8"))
    given = np.asarray(found["answers"])
    if task == "topics":
        filled = np.zeros((len(ask), len(taxonomy.labels(task))), dtype=int)
        filled[:, columns] = given
        given = filled
    return Answer(given=given, seconds=found["seconds"], peak_mib=found["peak_mib"])
