"""Measure the text steps: language, segmentation and time per step.

``python -m benchmarks.text [--json OUT]`` prints tables and writes the figures as JSON.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from models.domain import Language
from models.text.clean import clean
from models.text.language import detect_language
from models.text.normalise import normalise
from models.text.segment import segment

ROOT = Path(__file__).parents[1]
BANDS = {"1-2": (1, 2), "3-5": (3, 5), "6+": (6, 10_000)}
N_REPEATS = 5

Row = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundaryScore:
    """How well cuts agree with the gold; ``exact_share`` is of texts with every cut right."""

    n_texts: int
    n_boundaries: int
    precision: float
    recall: float
    f1: float
    exact_share: float


def read_gold(name: str) -> list[Row]:
    """Read ``data/<name>/gold.jsonl``."""
    lines = (ROOT / "data" / name / "gold.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def score_boundaries(rows: Iterable[Row], *, n_words_off: int = 0) -> BoundaryScore:
    """Compare the inner boundaries of segments with those of rows of ``text`` and ``segments``.

    A boundary is where the first letter or digit of a segment stands; with ``n_words_off`` above 0,
    one that is at most so many words away counts as well.
    """
    n_texts = n_right = n_found = n_cut = n_gold = n_exact = 0
    for row in rows:
        text = row["text"]
        gold = _starts(text, _find_parts(text, row["segments"]))
        cuts = _starts(text, [part.start for part in segment(text, Language(row["lang"]))])
        if n_words_off:
            gold, cuts = ({len(text[:at].split()) for at in places} for places in (gold, cuts))
        n_texts += 1
        n_exact += gold == cuts
        n_gold += len(gold)
        n_cut += len(cuts)
        n_right += sum(any(abs(at - other) <= n_words_off for other in gold) for at in cuts)
        n_found += sum(any(abs(at - other) <= n_words_off for other in cuts) for at in gold)
    precision, recall = n_right / max(n_cut, 1), n_found / max(n_gold, 1)
    return BoundaryScore(
        n_texts=n_texts,
        n_boundaries=n_gold,
        precision=precision,
        recall=recall,
        f1=2 * precision * recall / max(precision + recall, 1e-12),
        exact_share=n_exact / max(n_texts, 1),
    )


def score_language(rows: Sequence[Row]) -> dict[str, float]:
    """Share of texts whose language is right, per kind of text and band of length in words."""
    shares: dict[str, list[bool]] = {}
    undetermined = []
    for row in rows:
        guess = detect_language(row["text"]).language.value
        shares.setdefault(f"{_group(row)} {_band(row['text'])}", []).append(
            guess in row["accepted"]
        )
        if "und" not in row["accepted"]:
            undetermined.append(guess == "und")
    figures = {name: sum(right) / len(right) for name, right in sorted(shares.items())}
    figures["nl or en called other"] = sum(undetermined) / len(undetermined)
    return figures


def time_steps(texts: Sequence[str]) -> dict[str, float]:
    """Mean microseconds per text of 20 words, best of five rounds, after one to warm up."""
    languages = [detect_language(text).language for text in texts]
    n_words = sum(len(text.split()) for text in texts)
    steps: dict[str, Callable[[], object]] = {
        "normalise": lambda: [normalise(text) for text in texts],
        "clean (normalise and redact)": lambda: [clean(text) for text in texts],
        "detect_language": lambda: [detect_language(text) for text in texts],
        "segment": lambda: [segment(*pair) for pair in zip(texts, languages, strict=True)],
    }
    return {name: _best_of(step) / n_words * 20 * 1e6 for name, step in steps.items()}


def time_cold_start() -> dict[str, float]:
    """Seconds of the first call in a new process, library import included."""
    calls = {
        "detect_language": "from models.text.language import detect_language as f; a=('goed',)",
        "segment": "from models.text.segment import segment as f; "
        "from models.domain import Language; a=('goed', Language.NL)",
    }
    figures = {}
    for name, setup in calls.items():
        code = f"import time; {setup}; t=time.perf_counter(); f(*a); print(time.perf_counter()-t)"
        command = [sys.executable, "-c", code]
        done = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True)
        figures[name] = float(done.stdout)
    return figures


def measure() -> dict[str, Any]:
    """All figures, as plain data."""
    cuts, words = read_gold("segmentation"), read_gold("language")
    long_texts = [row["text"] for row in cuts if len(row["text"].split()) >= 8]
    return {
        "language": score_language([row for row in words if row["split"] == "test"]),
        "segmentation": {
            language: asdict(
                score_boundaries(
                    row for row in cuts if row["split"] == "test" and row["lang"] == language
                )
            )
            for language in ("nl", "en")
        },
        "microseconds_per_20_words": time_steps(long_texts),
        "cold_start_s": time_cold_start(),
        "machine": f"{platform.machine()}, Python {platform.python_version()}",
    }


def main() -> None:
    """Print the figures and, if asked, write them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", type=Path, metavar="OUT")
    arguments = parser.parse_args()
    figures = measure()
    for title, table in figures.items():
        print(f"\n{title}")
        for name, value in table.items() if isinstance(table, dict) else [("", table)]:
            print(f"  {name:32s} {_format(value)}")
    if arguments.json:
        arguments.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


def _find_parts(text: str, segments: Sequence[str]) -> list[int]:
    """Starts of segments that are given by their words."""
    places, position = [], 0
    for part in segments:
        places.append(text.index(part, position))
        position = places[-1] + len(part)
    return places


def _starts(text: str, places: Sequence[int]) -> set[int]:
    """Places of the first letter or digit of all segments but the first."""
    return {
        next((at for at in range(place, len(text)) if text[at].isalnum()), place)
        for place in places[1:]
    }


def _group(row: Row) -> str:
    """Kind of text: what is accepted decides, save that mixed texts stand apart."""
    if row["kind"] == "none":
        return "no words"
    if row["kind"].startswith("mix"):
        return "mixed"
    return "other language" if "und" in row["accepted"] else "nl or en"


def _band(text: str) -> str:
    """Band of length in words."""
    n_words = len(text.split())
    return next(name for name, (low, high) in BANDS.items() if low <= n_words <= high)


def _best_of(step: Callable[[], object]) -> float:
    """Shortest time of some runs, in seconds."""
    times = []
    for _ in range(N_REPEATS + 1):
        start = time.perf_counter()
        step()
        times.append(time.perf_counter() - start)
    return min(times[1:])


def _format(value: object) -> str:
    """A figure or a row of figures."""
    if isinstance(value, dict):
        return "  ".join(f"{name} {_format(figure)}" for name, figure in value.items())
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
