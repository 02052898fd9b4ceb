"""The report of a gate: what was compared, what came of it, and why."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from training.gate.config import GateConfig, Kind
from training.gate.judge import REFUSED, Comparison, Verdict
from training.writing import save_text

FORMAT = 1
_STYLES = {
    Verdict.BETTER: "green",
    Verdict.WORSE: "bold red",
    Verdict.UNSURE: "red",
    Verdict.TOO_FEW: "dim",
}


class ReportError(ValueError):
    """A gate report cannot be read; the message names the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateReport:
    """Outcome of a gate; ``candidate`` and ``current`` are bundle versions.

    ``notes`` tell what makes the rows a poor judge.
    """

    candidate: str
    current: str
    at: str
    data: Mapping[str, Any]
    config: GateConfig
    comparisons: tuple[Comparison, ...]
    notes: tuple[str, ...] = ()

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why the candidate is refused; none where it passes."""
        return tuple(item.reason for item in self.comparisons if item.verdict in REFUSED)

    @property
    def is_passed(self) -> bool:
        """Whether the candidate may take the place of the current bundle."""
        return not self.reasons

    @property
    def uncounted(self) -> tuple[Comparison, ...]:
        """Comparisons on too few rows to count."""
        return tuple(item for item in self.comparisons if item.verdict is Verdict.TOO_FEW)

    def save(self, path: Path) -> None:
        """Write as JSON, in one step."""
        document = {
            "format": FORMAT,
            "passed": self.is_passed,
            "candidate": self.candidate,
            "current": self.current,
            "at": self.at,
            "data": dict(self.data),
            "reasons": list(self.reasons),
            "notes": list(self.notes),
            "config": asdict(self.config),
            "comparisons": [_plain(asdict(item)) for item in self.comparisons],
        }
        path.parent.mkdir(parents=True, exist_ok=True)
        save_text(json.dumps(document, indent=1, ensure_ascii=False), path)

    def print(self, console: Console) -> None:
        """Show the table and the outcome."""
        table = Table(
            title=f"candidate {self.candidate} against {self.current}, {self.data['rows']} rows",
            caption=f"gain with its bounds, each at {self.config.confidence:.0%}",
        )
        for column, side in zip(
            ("figure", "of", "rows", "current", "candidate", "gain", "margin", "verdict"),
            ("left", "left", *["right"] * 5, "left"),
            strict=True,
        ):
            table.add_column(column, justify=side, no_wrap=True)  # type: ignore[arg-type]
        kind = self.comparisons[0].kind if self.comparisons else None
        for item in self.comparisons:
            if item.kind is not kind:
                kind = item.kind
                table.add_section()
            style = _STYLES.get(item.verdict, "")
            table.add_row(*_cells(item), style=style)
        console.print(table)
        small = [item.group for item in self.uncounted if item.n_rows < self.config.min_rows]
        if small:
            names = ", ".join(dict.fromkeys(small))
            console.print(
                f"not counted, with fewer than {self.config.min_rows} rows: {names}",
                highlight=False,
            )
        for item in self.comparisons:
            if item.left_out:
                name = f"{item.figure} of {item.group}" if item.group != "all" else item.figure
                console.print(
                    f"not counted in {name}, with fewer than {self.config.min_label_rows} rows: "
                    f"{', '.join(item.left_out)}",
                    highlight=False,
                    markup=False,
                )
        if self.is_passed:
            console.print("[bold green]PASSED[/]")
            return
        console.print(f"[bold red]REFUSED[/] for {len(self.reasons)} reason(s):")
        for reason in self.reasons:
            console.print(f"- {reason}", highlight=False, markup=False)


def read_outcome(path: Path) -> dict[str, Any]:
    """Read what a promotion asks of a report: versions, outcome and reasons.

    Raises
    ------
    ReportError
        If it is missing or no gate report.
    """
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ReportError(f"{path} does not exist") from error
    except (OSError, ValueError) as error:
        raise ReportError(f"{path} is no gate report: {error}") from error
    keys = {"format", "passed", "candidate", "current", "at", "data", "reasons"}
    if not isinstance(document, dict) or not keys <= document.keys():
        raise ReportError(f"{path} is no gate report")
    if document["format"] != FORMAT:
        raise ReportError(f"{path} has report format {document['format']}; {FORMAT} is read")
    return document


def default_report(candidate: Path) -> Path:
    """Where the report of a candidate lies, unless another place is named: beside its folder."""
    candidate = candidate.resolve()
    return candidate.with_name(f"{candidate.name}.gate.json")


def now() -> str:
    """The time of now, UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _plain(entry: dict[str, Any]) -> dict[str, Any]:
    """Numbers that JSON does not know become null."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in entry.items()
    }


def _cells(item: Comparison) -> tuple[str, ...]:
    """A row of the table."""
    if item.kind is Kind.SPEED:
        values = (f"{item.current:.0f}", f"{item.candidate:.0f}")
        gain, margin = f"{item.gain:+.1%} [{item.low:+.1%}, {item.high:+.1%}]", f"{item.margin:.0%}"
    else:
        values = (f"{item.current:.3f}", f"{item.candidate:.3f}")
        gain = f"{item.gain:+.3f} [{item.low:+.3f}, {item.high:+.3f}]"
        margin = f"{item.margin:g}"
    return (item.figure, item.group, str(item.n_rows), *values, gain, margin, item.verdict.value)
