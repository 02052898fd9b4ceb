"""Progress on stderr: rows, rows per second, time left."""

from __future__ import annotations

import sys
import time
from typing import Any, Protocol, Self

_STAGES = {"classifying": "classifying", "joining": "writing"}
_REFRESH_PER_S = 4
_LINE_EVERY_S = 10.0


class Watcher(Protocol):
    """Is told how far a run is."""

    def begin(self, stage: str, *, n_done: int, n_rows: int | None) -> None:
        """A stage begins: ``classifying`` or ``joining``; ``n_done`` rows were done before."""
        ...

    def advance(self, n_rows: int, expected: float | None) -> None:
        """``n_rows`` more rows are done; there seem to be ``expected`` in all."""
        ...


class Progress(Watcher, Protocol):
    """A watcher that is shown while a run lasts."""

    def __enter__(self) -> Self:
        """Begin to show it."""
        ...

    def __exit__(self, *_: object) -> None:
        """Take it away."""
        ...


class Silent:
    """Shows nothing."""

    def begin(self, stage: str, *, n_done: int, n_rows: int | None) -> None:
        """Nothing."""

    def advance(self, n_rows: int, expected: float | None) -> None:
        """Nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class _Counter:
    """Counts rows; where their number is not known beforehand, it is the expected one."""

    def __init__(self) -> None:
        self.stage = ""
        self.n_done = 0
        self.total: float | None = None
        self._n_rows: int | None = None
        self._n_before = 0
        self._began_at = 0.0

    def begin(self, stage: str, n_done: int, n_rows: int | None) -> None:
        self.stage = _STAGES[stage]
        self.n_done = self._n_before = n_done
        self.total = self._n_rows = n_rows
        self._began_at = time.monotonic()

    def add(self, n_rows: int, expected: float | None) -> None:
        self.n_done += n_rows
        if self._n_rows is None and expected is not None:
            self.total = max(expected, self.n_done)

    @property
    def rows_per_s(self) -> float:
        elapsed_s = time.monotonic() - self._began_at
        return (self.n_done - self._n_before) / max(elapsed_s, 1e-6)


class ProgressLines:
    """Writes a line now and then, for stderr that is no terminal."""

    def __init__(self, *, every_s: float = _LINE_EVERY_S) -> None:
        self._every_s = every_s
        self._counter = _Counter()
        self._written_at = 0.0

    def begin(self, stage: str, *, n_done: int, n_rows: int | None) -> None:
        """A stage begins."""
        self._counter.begin(stage, n_done, n_rows)
        self._write()

    def advance(self, n_rows: int, expected: float | None) -> None:
        """More rows are done."""
        self._counter.add(n_rows, expected)
        if time.monotonic() - self._written_at >= self._every_s:
            self._write()

    def _write(self) -> None:
        counter = self._counter
        line = f"{counter.stage}: {counter.n_done:,} rows"
        if counter.total:
            rest_s = (counter.total - counter.n_done) / max(counter.rows_per_s, 1e-6)
            line += f", {100 * counter.n_done / counter.total:.0f}%"
            if counter.rows_per_s:
                line += f", {counter.rows_per_s:,.0f} rows/s, {rest_s:,.0f} s left"
        sys.stderr.write(f"{line}\n")
        self._written_at = time.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class ProgressBar:
    """Shows a bar on a terminal."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        self._counter = _Counter()
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.percentage:>3.0f}%"),
            TextColumn("{task.fields[rows]:,} rows"),
            TextColumn("{task.fields[rate]:,.0f} rows/s"),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True),
            refresh_per_second=_REFRESH_PER_S,
            transient=True,
        )
        self._task: Any = None

    def begin(self, stage: str, *, n_done: int, n_rows: int | None) -> None:
        """A stage begins: show a new bar."""
        if self._task is not None:
            self._progress.remove_task(self._task)
        self._counter.begin(stage, n_done, n_rows)
        self._task = self._progress.add_task(
            self._counter.stage, total=n_rows, completed=n_done, rows=n_done, rate=0.0
        )

    def advance(self, n_rows: int, expected: float | None) -> None:
        """More rows are done: move the bar on."""
        counter = self._counter
        counter.add(n_rows, expected)
        self._progress.update(
            self._task,
            total=counter.total,
            completed=counter.n_done,
            rows=counter.n_done,
            rate=counter.rows_per_s,
        )

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def make_progress(*, is_wanted: bool) -> Progress:
    """A bar on a terminal, lines elsewhere, or nothing."""
    if not is_wanted:
        return Silent()
    return ProgressBar() if sys.stderr.isatty() else ProgressLines()
