"""Measure redaction on the project's own test sentences.

``python -m benchmarks.redaction`` prints precision and recall per kind, the share of clean
sentences with a false alarm, and the time per text. ``--json OUT`` writes the same as JSON.
Nothing here asserts on time.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from models.text.redact import PersonalDataKind, PersonalDataSpan, find_personal_data

SENTENCES_PATH: Final = Path(__file__).parents[1] / "data" / "redaction" / "sentences.jsonl"
_MICROSECONDS: Final = 1e6
_PLAIN_TEXT: Final = (
    "De levering was op tijd maar de doos was helemaal kapot en niemand nam de telefoon op, "
    "erg jammer van mijn vrije middag"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """One test sentence with its gold spans."""

    id: str
    language: str
    text: str
    spans: tuple[PersonalDataSpan, ...]
    split: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KindFigures:
    """Counts of one kind: gold spans, those found whole, spans given, those that are right."""

    n_gold: int
    n_found: int
    n_given: int
    n_right: int

    @property
    def recall(self) -> float:
        """Share of gold spans that one span of the same kind covers whole."""
        return self.n_found / self.n_gold if self.n_gold else float("nan")

    @property
    def precision(self) -> float:
        """Share of given spans that cover a gold span of the same kind whole."""
        return self.n_right / self.n_given if self.n_given else float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class RedactionFigures:
    """All figures of one split."""

    by_kind: dict[PersonalDataKind, KindFigures]
    n_clean: int
    n_false_alarms: int

    @property
    def false_alarm_share(self) -> float:
        """Share of sentences without personal data in which something was found."""
        return self.n_false_alarms / self.n_clean if self.n_clean else float("nan")


def read_sentences(path: Path, *, split: str) -> tuple[Sentence, ...]:
    """Read the test sentences of one split.

    Parameters
    ----------
    path : Path
        JSONL file with ``id``, ``lang``, ``text``, ``spans`` and ``split``.
    split : str
        "dev" or "test".

    Returns
    -------
    tuple of Sentence
        In the order of the file.
    """
    rows = (json.loads(line) for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(
        Sentence(
            id=row["id"],
            language=row["lang"],
            text=row["text"],
            spans=tuple(
                PersonalDataSpan(
                    start=span["start"], end=span["end"], kind=PersonalDataKind(span["kind"])
                )
                for span in row["spans"]
            ),
            split=row["split"],
        )
        for row in rows
        if row["split"] == split
    )


def covers(found: PersonalDataSpan, gold: PersonalDataSpan) -> bool:
    """Tell whether a span has the gold span's kind and covers it whole."""
    return found.kind == gold.kind and found.start <= gold.start and found.end >= gold.end


def measure(sentences: Iterable[Sentence]) -> RedactionFigures:
    """Count what is found, missed and found wrongly.

    Parameters
    ----------
    sentences : iterable of Sentence
        Sentences with their gold spans.

    Returns
    -------
    RedactionFigures
        Counts per kind, and false alarms on the sentences that have no gold span.
    """
    n_gold: Counter[PersonalDataKind] = Counter()
    n_found: Counter[PersonalDataKind] = Counter()
    n_given: Counter[PersonalDataKind] = Counter()
    n_right: Counter[PersonalDataKind] = Counter()
    n_clean = n_false_alarms = 0
    for sentence in sentences:
        found = find_personal_data(sentence.text)
        if not sentence.spans:
            n_clean += 1
            n_false_alarms += bool(found)
        for gold in sentence.spans:
            n_gold[gold.kind] += 1
            n_found[gold.kind] += any(covers(span, gold) for span in found)
        for span in found:
            n_given[span.kind] += 1
            n_right[span.kind] += any(covers(span, gold) for gold in sentence.spans)
    return RedactionFigures(
        by_kind={
            kind: KindFigures(
                n_gold=n_gold[kind],
                n_found=n_found[kind],
                n_given=n_given[kind],
                n_right=n_right[kind],
            )
            for kind in PersonalDataKind
        },
        n_clean=n_clean,
        n_false_alarms=n_false_alarms,
    )


def time_per_text_us(texts: Sequence[str], *, n_rounds: int = 5) -> float:
    """Give the mean time per text in microseconds, the median over some rounds."""
    rounds = []
    for _ in range(n_rounds):
        started = time.perf_counter()
        for text in texts:
            find_personal_data(text)
        rounds.append((time.perf_counter() - started) / len(texts) * _MICROSECONDS)
    return statistics.median(rounds)


def print_mistakes(sentences: Iterable[Sentence]) -> None:
    """Print every missed and every wrong span of the sentences."""
    for sentence in sentences:
        found = find_personal_data(sentence.text)
        for gold in sentence.spans:
            if not any(covers(span, gold) for span in found):
                print(f"missed {gold.kind}: {sentence.text[gold.start : gold.end]!r}", end="  in  ")
                print(f"{sentence.id} {sentence.text!r}")
        for span in found:
            if not any(covers(span, gold) for gold in sentence.spans):
                print(f"wrong {span.kind}: {sentence.text[span.start : span.end]!r}", end="  in  ")
                print(f"{sentence.id} {sentence.text!r}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the measurement from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--split", choices=("dev", "test"), default="test")
    parser.add_argument("--json", type=Path, help="write the figures to this file as well")
    parser.add_argument("--mistakes", action="store_true", help="print what went wrong (dev only)")
    options = parser.parse_args(arguments)
    if options.mistakes and options.split == "test":
        parser.error("--mistakes shows the dev half only; the test half is never tuned on.")

    sentences = read_sentences(SENTENCES_PATH, split=options.split)
    figures = measure(sentences)
    clean_texts = [sentence.text for sentence in sentences if not sentence.spans]
    time_us = {
        "plain_20_words": time_per_text_us([_PLAIN_TEXT] * 2_000),
        "clean_sentences": time_per_text_us(clean_texts),
        "all_sentences": time_per_text_us([sentence.text for sentence in sentences]),
    }

    print(f"{'kind':<20}{'gold':>6}{'recall':>9}{'precision':>11}")
    for kind, counts in figures.by_kind.items():
        print(f"{kind:<20}{counts.n_gold:>6}{counts.recall:>9.3f}{counts.precision:>11.3f}")
    print(
        f"false alarms: {figures.n_false_alarms} of {figures.n_clean} clean sentences"
        f" ({figures.false_alarm_share:.1%})"
    )
    for name, value in time_us.items():
        print(f"{name}: {value:.0f} us per text")
    if options.mistakes:
        print_mistakes(sentences)
    if options.json:
        report = {
            "split": options.split,
            "by_kind": {
                kind.value: {
                    **asdict(counts),
                    "recall": counts.recall,
                    "precision": counts.precision,
                }
                for kind, counts in figures.by_kind.items()
            },
            "n_clean": figures.n_clean,
            "n_false_alarms": figures.n_false_alarms,
            "false_alarm_share": figures.false_alarm_share,
            "time_us": time_us,
            "machine": platform.platform(),
            "python": platform.python_version(),
        }
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
