"""An evaluation as JSON and as tables on a terminal."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from training.evaluation.report import Evaluation

_WIDTH = 120


def as_json(evaluation: Evaluation) -> str:
    """The whole evaluation; a figure that has no meaning is null."""
    return json.dumps(_plain(asdict(evaluation)), indent=1, ensure_ascii=False, allow_nan=False)


def _plain(value: Any) -> Any:
    """Replace NaN, which JSON lacks, by null."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and math.isnan(value) else value


def print_evaluation(evaluation: Evaluation, console: Console) -> None:
    """Print groups, labels, calibration, agreement and the check; errors stay in the files."""
    console = Console(file=console.file, width=max(console.width, _WIDTH))
    groups = _table("group", "rows", "task", "macro-F1", "micro-F1", "ECE")
    last = ""
    for line in evaluation.groups:
        name = "all" if line.dimension == "all" else f"{line.dimension}: {line.group}"
        if name != last:
            groups.add_section()
        shown = (name, str(line.n_rows)) if name != last else ("", "")
        last = name
        error = f"{line.calibration_error:.3f}"
        groups.add_row(*shown, line.task, str(line.macro_f1), str(line.micro_f1), error)
    console.print(groups)
    labels = _table("task", "label", "gold", "given", "precision", "recall", "F1")
    for one in evaluation.labels:
        if one.n_gold or one.n_given:
            counts = (str(one.n_gold), str(one.n_given))
            rates = (f"{one.precision:.3f}", f"{one.recall:.3f}", str(one.f1))
            labels.add_row(one.task, one.label, *counts, *rates)
    console.print(labels)
    for part in evaluation.calibration:
        at = ", ".join(f"{value:.3f} at {share}" for share, value in part.precision_at.items())
        console.print(
            f"{part.task}: calibration error {part.top_label_error:.3f} (by label "
            f"{part.class_wise_error:.3f}, noise {part.noise_floor:.3f}); precision {at}; 90 % "
            f"right on {part.coverage_at_precision:.0%}",
            highlight=False,
            soft_wrap=True,
        )
    for pair in evaluation.agreement:
        kappa = "" if pair.kappa is None else f"kappa {pair.kappa:.3f}, "
        console.print(
            f"{pair.who}, {pair.task}: {kappa}alpha {pair.alpha:.3f} on {pair.n_rows} rows",
            highlight=False,
            soft_wrap=True,
        )
    console.print(
        f"alone and in a batch: {evaluation.alone.n_different} of {evaluation.alone.n_rows} "
        f"differ, largest gap {evaluation.alone.largest_gap:.1e}",
        highlight=False,
        soft_wrap=True,
    )


def _table(*columns: str) -> Table:
    """A table whose figures are never cut."""
    table = Table(box=box.SIMPLE)
    for place, column in enumerate(columns):
        is_figure = place > 0 and column not in ("task", "label")
        table.add_column(column, no_wrap=True, justify="right" if is_figure else "left")
    return table
