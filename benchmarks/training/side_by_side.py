"""Joint fine-tuning, frozen encoder + heads, SetFit and tf-idf + logistic regression.

``python -m benchmarks.training.side_by_side FOLDER_OR_FILE --setfit PYTHON`` trains all four on the
same corpus from the same base weights and measures the bundles and models that come out on labelled
verbatims (``dev.jsonl``), on which nothing is trained or set. Joint fine-tuning goes first, for
``--epochs`` passes over the rows; SetFit, which learns one task at a time, gets the minutes that
this took, for each of ``--setfit-tasks``. The other two end sooner by themselves. The last column
is what joint fine-tuning is ahead by on the department, with the interval of the paired difference.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_union

from benchmarks.memory import peak_mib
from benchmarks.quality import Predictions, classify_with_bundle, fit_baseline, measure
from benchmarks.training.peers import run_fit, run_setfit
from models.taxonomy import TASKS, Taxonomy, read_taxonomy
from training.config import FrozenConfig, TrainConfig, read_config
from training.export import export_bundle
from training.frozen import FrozenFit
from training.labelled import TAXONOMY, LabelledVerbatim, read_corpus, read_rows
from training.metrics import Interval, bootstrap_interval, macro_f1


def named(answers: dict[str, np.ndarray], taxonomy: Taxonomy, n_rows: int) -> Predictions:
    """Label numbers as labels; a task that was not learnt has the first label everywhere."""
    numbers = {task: answers.get(task, np.zeros(n_rows, dtype=int)) for task in TASKS}
    names = {task: np.asarray(taxonomy.labels(task)) for task in TASKS}
    n_topics = len(names["topics"])
    return Predictions(
        sentiment=list(names["sentiment"][numbers["sentiment"]]),
        department=list(names["department"][numbers["department"]]),
        topics=answers.get("topics", np.zeros((n_rows, n_topics))).astype(bool),
    )


def department_gain(
    joint: Predictions, other: Predictions, rows: Sequence[LabelledVerbatim], language: str
) -> Interval:
    """Macro-F1 of the department of one system minus that of another, on the same resamples."""
    chosen = [place for place, row in enumerate(rows) if language in ("all", row.lang)]
    gold = np.asarray([rows[place].labels.department for place in chosen], dtype=object)
    first, second = (np.asarray(p.department, dtype=object)[chosen] for p in (joint, other))
    return bootstrap_interval(
        lambda index: macro_f1(gold[index], first[index]) - macro_f1(gold[index], second[index]),
        len(chosen),
        rng=np.random.default_rng(0),
        n_resamples=1000,
    )


def main() -> None:  # noqa: PLR0915 - one measurement after the other
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--config", type=Path, default=Path("training/configs/nl-en.toml"))
    parser.add_argument("--epochs", type=int, default=4, help="of joint fine-tuning")
    parser.add_argument("--base", type=Path, default=Path("build/base"))
    parser.add_argument("--setfit", type=Path, help="python of an environment with setfit")
    parser.add_argument("--setfit-step-seconds", type=float, default=2.6, help="of 16 pairs")
    parser.add_argument("--setfit-head-seconds", type=float, default=150.0)
    parser.add_argument("--setfit-tasks", nargs="+", choices=TASKS, default=list(TASKS))
    parser.add_argument("--json", type=Path, dest="json_out")
    args = parser.parse_args()
    data = args.data / "dev.jsonl" if args.data.is_dir() else args.data
    rows, corpus, taxonomy = read_rows([data]), read_corpus(), read_taxonomy(TAXONOMY)
    train = [row for row in corpus if row.split == "train"]
    records: list[dict[str, Any]] = []

    config = dataclasses.replace(
        read_config(args.config),
        base=str(args.base),
        epochs=args.epochs,
        int8_epochs=args.epochs // 2,
    )
    with tempfile.TemporaryDirectory() as scratch:
        bundle = Path(scratch) / "bundle"
        cost_of_joint = run_fit(config, Path(scratch) / "run", bundle)
        joint = classify_with_bundle(bundle, rows)

    def note(
        name: str,
        given: Predictions,
        seconds: float,
        peak_mib: float,
        tasks: Sequence[str] = TASKS,
    ) -> None:
        for record in measure(name, given, rows, taxonomy, n_resamples=1000):
            ahead = department_gain(joint, given, rows, str(record["language"]))
            cost = {"seconds": seconds, "peak_mib": peak_mib}
            others = {
                key: ""
                for key in record
                for task in set(TASKS) - set(tasks)
                if key.startswith(task)
            }
            records.append({**record, **others, "joint_ahead_by": ahead, **cost})
        print(f"{name}: {seconds:.0f} s", file=sys.stderr, flush=True)

    note("joint fine-tuning", joint, cost_of_joint.seconds, cost_of_joint.peak_mib)
    started = time.monotonic()
    vectoriser = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True),
    ).fit([row.text for row in train])
    given = fit_baseline(
        lambda part: vectoriser.transform([row.text for row in part]),
        lambda: LogisticRegression(C=4.0, max_iter=2000),
        corpus,
        rows,
        taxonomy,
    )
    note("tf-idf + LR", given, time.monotonic() - started, peak_mib())
    with tempfile.TemporaryDirectory() as scratch:
        started = time.monotonic()
        settings = FrozenConfig(cache=f"{scratch}/cache")
        frozen = TrainConfig(seed=1, base=str(args.base), mode="frozen", frozen=settings)
        run = FrozenFit(corpus, taxonomy, frozen, Path(scratch) / "run")
        run.run()
        seconds = time.monotonic() - started
        held_out = [row for row in corpus if row.split == "validation"]
        bundle = Path(scratch) / "bundle"
        export_bundle(run, held_out, corpus, bundle, base_name="base")
        note("frozen encoder + heads", classify_with_bundle(bundle, rows), seconds, peak_mib())
    if args.setfit is not None:
        budget = cost_of_joint.seconds
        answers, seconds, peak = {}, 0.0, 0.0
        for task in args.setfit_tasks:
            answer = run_setfit(
                args.setfit,
                args.base,
                train,
                rows,
                taxonomy=taxonomy,
                task=task,
                max_steps=round((budget - args.setfit_head_seconds) / args.setfit_step_seconds),
                seed=1,
                timeout_s=2 * budget,
            )
            if answer is None:
                print(f"SetFit: {task} ran out of time", file=sys.stderr)
                break
            answers[task] = answer.given
            seconds, peak = seconds + answer.seconds, max(peak, answer.peak_mib)
        else:
            given = named(answers, taxonomy, len(rows))
            note("SetFit", given, seconds, peak, args.setfit_tasks)
    figures = [key for key in records[0] if key.endswith("_f1") or key == "joint_ahead_by"]
    table = Table(title=f"{data.name}: {len(rows)} rows; 95 % bootstrap intervals")
    for column in ("system", "language", *figures, "seconds", "peak_mib"):
        table.add_column(column.replace("_", " "), no_wrap=column in figures)
    for record in records:
        cells = [str(record[key]) for key in ("system", "language", *figures)]
        table.add_row(*cells, f"{record['seconds']:.0f}", f"{record['peak_mib']:.0f}")
    Console(width=180).print(table)
    if args.json_out:
        plain = [
            {
                k: v if isinstance(v, str | int | float) else [v.value, v.low, v.high]
                for k, v in r.items()
            }
            for r in records
        ]
        args.json_out.write_text(json.dumps(plain, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
