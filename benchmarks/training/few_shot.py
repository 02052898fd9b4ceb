"""Few-shot: 8, 16 and 64 rows per department, heads on the frozen encoder beside SetFit.

``python -m benchmarks.training.few_shot FOLDER_OR_FILE [--setfit PYTHON]`` draws rows of the train
split, fits, and measures macro-F1 of the department on labelled verbatims (``dev.jsonl``), which
nothing is trained on. SetFit gets the same rows, the same base weights and the base's prompt. Our
side is drawn ten times, SetFit, which takes minutes, as often as ``--setfit-draws`` says.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.training.peers import run_setfit, task_answers
from models.taxonomy import Taxonomy, read_taxonomy
from models.text.clean import clean
from training.config import FrozenConfig, TrainConfig
from training.frozen import FrozenFit
from training.labelled import TAXONOMY, LabelledVerbatim, read_corpus, read_rows
from training.metrics import macro_f1

STEPS = {8: 120, 16: 240, 64: 300}  # about what one epoch of its pairs takes, but for 64: capped


def draw(
    rows: Sequence[LabelledVerbatim], taxonomy: Taxonomy, n_each: int, seed: int
) -> list[LabelledVerbatim]:
    """Rows of split train, as many of each department, drawn anew for each seed."""
    rng = np.random.default_rng(seed)
    chosen: list[LabelledVerbatim] = []
    for label in taxonomy.labels("department"):
        own = [r for r in rows if r.split == "train" and r.labels.department == label]
        chosen += [own[place] for place in rng.choice(len(own), n_each, replace=False)]
    return [dataclasses.replace(chosen[place]) for place in rng.permutation(len(chosen))]


def fit_frozen(
    base: Path,
    train: Sequence[LabelledVerbatim],
    taxonomy: Taxonomy,
    *,
    uses_definitions: bool,
    penalty: float,
) -> FrozenFit:
    """Heads on the few rows."""
    with tempfile.TemporaryDirectory() as scratch:
        settings = FrozenConfig(penalties=(penalty,), uses_definitions=uses_definitions)
        config = TrainConfig(seed=1, base=str(base), mode="frozen", frozen=settings)
        run = FrozenFit(train, taxonomy, config, Path(scratch))
        run.run()
    return run


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--base", type=Path, default=Path("build/base"))
    parser.add_argument("--setfit", type=Path, help="python of an environment with setfit")
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 16, 64])
    parser.add_argument("--draws", type=int, default=10)
    parser.add_argument("--setfit-draws", type=int, default=1)
    parser.add_argument("--penalties", type=float, nargs="+", default=[0.1])
    parser.add_argument("--timeout", type=float, default=480, help="seconds for one SetFit run")
    parser.add_argument("--json", type=Path, dest="json_out")
    args = parser.parse_args()
    data = args.data / "dev.jsonl" if args.data.is_dir() else args.data
    rows, corpus, taxonomy = read_rows([data]), read_corpus(), read_taxonomy(TAXONOMY)
    gold = task_answers(rows, taxonomy, "department")
    texts = [clean(row.text).text for row in rows]
    features = None
    records = []

    def note(system: str, n_each: int, scores: list[float], seconds: list[float]) -> None:
        record = {
            "system": system,
            "rows_per_class": n_each,
            "draws": len(scores),
            "department_macro_f1": float(np.mean(scores)),
            "spread": float(np.std(scores)),
            "seconds": float(np.median(seconds)),
        }
        records.append(record)
        print(json.dumps(record), flush=True)

    for n_each in args.sizes:
        for uses_definitions in (True, False):
            for penalty in args.penalties:
                scores, seconds = [], []
                for seed in range(args.draws):
                    started = time.monotonic()
                    run = fit_frozen(
                        args.base,
                        draw(corpus, taxonomy, n_each, seed),
                        taxonomy,
                        uses_definitions=uses_definitions,
                        penalty=penalty,
                    )
                    seconds.append(time.monotonic() - started)
                    if features is None:
                        features = run.encoder.encode(texts)
                    answers = run.export_heads().logits(features)["department"].argmax(axis=1)
                    scores.append(macro_f1([str(g) for g in gold], [str(a) for a in answers]))
                what = "definitions and rows" if uses_definitions else "rows alone"
                note(f"frozen, {what}, penalty {penalty}", n_each, scores, seconds)
        if args.setfit is None:
            continue
        scores, seconds = [], []
        for seed in range(args.setfit_draws):
            answer = run_setfit(
                args.setfit,
                args.base,
                draw(corpus, taxonomy, n_each, seed),
                rows,
                taxonomy=taxonomy,
                task="department",
                max_steps=STEPS[n_each],
                seed=seed,
                timeout_s=args.timeout,
            )
            if answer is not None:
                scores.append(macro_f1([str(g) for g in gold], [str(a) for a in answer.given]))
                seconds.append(answer.seconds)
        if scores:
            note("SetFit", n_each, scores, seconds)
    table = Table(title=f"{data.name}: {len(rows)} rows")
    for column in records[0]:
        table.add_column(column.replace("_", " "))
    for record in records:
        table.add_row(*(f"{v:.3f}" if isinstance(v, float) else str(v) for v in record.values()))
    Console(width=140).print(table)
    if args.json_out:
        args.json_out.write_text(json.dumps(records, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
