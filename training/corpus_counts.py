"""Counts of a labelled corpus, what the project's own must reach, and the table of both."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Final, NamedTuple

from models.taxonomy import Taxonomy
from training.corpus_rows import Breach
from training.labelled import LabelledVerbatim

LANGS: Final = ("nl", "en")
LENGTHS: Final = ((1, 5), (6, 14), (15, 30), (31, 60), (61, 125))
"""Groups of texts by number of words, both ends included."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Demands:
    """What the project's own corpus must reach; the defaults are the released corpus's."""

    min_rows: int = 6000
    dutch_share: tuple[float, float] = (0.40, 0.60)
    min_flemish_share: float = 0.18
    """Of the Dutch rows; the aim is a fifth."""
    min_sectors: int = 20
    min_departments: Mapping[str, int] = field(
        default_factory=lambda: {
            "board": 900,
            "purchasing": 550,
            "hr": 500,
            "legal": 350,
            "marketing": 350,
            "none": 300,
        }
    )
    """Per language."""
    min_topic: int = 150
    """Of every topic, per language."""
    sentiment_shares: Mapping[str, float] = field(
        default_factory=lambda: {"negative": 0.50, "positive": 0.25, "mixed": 0.15, "neutral": 0.10}
    )
    """Per language, give or take ``sentiment_tolerance``."""
    sentiment_tolerance: float = 0.06
    min_shared_stories: int = 600
    """Stories that are told in both languages."""
    min_segmented: int = 1500
    """Rows with two segments or more."""
    median_words: tuple[float, float] = (12, 18)
    validation_share: tuple[float, float] = (0.10, 0.20)


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusCounts:
    """How many rows there are of what.

    ``by_field`` goes from field to label to language to number of rows; the fields are variety,
    sector, department, department_2, sentiment, topics, n_topics, n_words, split and segments.
    """

    n_rows: Mapping[str, int]
    by_field: Mapping[str, Mapping[str, Mapping[str, int]]]
    n_stories: int
    n_shared_stories: int
    n_segments: int
    n_segmented: int
    median_words: float

    @property
    def n_total(self) -> int:
        """Rows of all languages."""
        return sum(self.n_rows.values())

    def count(self, name: str, label: str, lang: str | None = None) -> int:
        """Rows with a label, in one language or in all."""
        by_lang = self.by_field.get(name, {}).get(label, {})
        return sum(by_lang.values()) if lang is None else by_lang.get(lang, 0)


def count_rows(rows: Sequence[LabelledVerbatim]) -> CorpusCounts:
    """Count rows by field, label and language."""
    by_field: defaultdict[str, defaultdict[str, Counter[str]]] = defaultdict(
        lambda: defaultdict(Counter)
    )
    langs_of: defaultdict[str, set[str]] = defaultdict(set)
    lengths = []
    for row in rows:
        n_words = len(row.text.split())
        lengths.append(n_words)
        langs_of[row.story].add(row.lang)
        labels: list[tuple[str, str | None]] = [
            ("variety", row.variety),
            ("sector", row.sector),
            ("split", row.split),
            ("sentiment", row.labels.sentiment),
            ("department", row.labels.department),
            ("department_2", row.labels.department_2),
            ("n_topics", str(len(row.labels.topics))),
            ("n_words", _length_group(n_words)),
            ("segments", "several" if len(row.segments) > 1 else "none"),
            *(("topics", topic) for topic in dict.fromkeys(row.labels.topics)),
        ]
        for name, label in labels:
            if label:
                by_field[name][label][row.lang] += 1
    return CorpusCounts(
        n_rows=dict(Counter(row.lang for row in rows)),
        by_field={
            name: {label: dict(by_lang) for label, by_lang in sorted(group.items())}
            for name, group in by_field.items()
        },
        n_stories=len(langs_of),
        n_shared_stories=sum(len(langs.intersection(LANGS)) > 1 for langs in langs_of.values()),
        n_segments=sum(len(row.segments) for row in rows),
        n_segmented=sum(len(row.segments) > 1 for row in rows),
        median_words=float(median(lengths)) if lengths else 0.0,
    )


def _length_group(n_words: int) -> str:
    """The group of lengths that a number of words falls in."""
    for low, high in LENGTHS:
        if n_words <= high:
            return f"{low}-{high}"
    return f"over {LENGTHS[-1][1]}"


def check_demands(counts: CorpusCounts, demands: Demands, taxonomy: Taxonomy) -> Iterator[Breach]:
    """Compare the counts with what is demanded; the rule is always ``demanded-count``."""
    n_total, n_dutch = max(counts.n_total, 1), max(counts.n_rows.get("nl", 0), 1)
    at_least: list[tuple[str, str, float, float]] = [
        ("rows", "rows", counts.n_total, demands.min_rows),
        ("sector", "sectors", len(counts.by_field.get("sector", {})), demands.min_sectors),
        (
            "variety",
            "share of Flemish in the Dutch rows",
            counts.count("variety", "nl-BE") / n_dutch,
            demands.min_flemish_share,
        ),
        ("story", "stories in both languages", counts.n_shared_stories, demands.min_shared_stories),
        ("segments", "rows with several segments", counts.n_segmented, demands.min_segmented),
    ]
    within: list[tuple[str, str, float, tuple[float, float]]] = [
        ("lang", "share of Dutch", counts.n_rows.get("nl", 0) / n_total, demands.dutch_share),
        ("text", "median of words", counts.median_words, demands.median_words),
        (
            "split",
            "share of validation",
            counts.count("split", "validation") / n_total,
            demands.validation_share,
        ),
    ]
    for lang in LANGS:
        at_least += [
            ("department", f"{lang} {label}", counts.count("department", label, lang), least)
            for label, least in demands.min_departments.items()
        ]
        at_least += [
            ("topics", f"{lang} {label}", counts.count("topics", label, lang), demands.min_topic)
            for label in taxonomy.labels("topics")
        ]
        n_lang = max(counts.n_rows.get(lang, 0), 1)
        within += [
            (
                "sentiment",
                f"share of {lang} {label}",
                counts.count("sentiment", label, lang) / n_lang,
                (share - demands.sentiment_tolerance, share + demands.sentiment_tolerance),
            )
            for label, share in demands.sentiment_shares.items()
        ]
    for name, what, found, least in at_least:
        if found < least:
            yield Breach(name, "demanded-count", f"{what}: {found:.4g}, at least {least:g}")
    for name, what, found, (low, high) in within:
        if not low - 1e-9 <= found <= high + 1e-9:
            detail = f"{what}: {found:.4g}, demanded {low:.4g} to {high:.4g}"
            yield Breach(name, "demanded-count", detail)


class CountLine(NamedTuple):
    """One line of the table; the cells are as printed."""

    group: str
    label: str
    numbers: tuple[str, str, str]
    """Dutch, English, all."""
    demanded: str


def table_lines(counts: CorpusCounts, demands: Demands | None) -> Iterator[CountLine]:
    """The table of counts: rows by language, then each field, then segments and stories.

    Parameters
    ----------
    demands : Demands or None
        Shown beside the counts; None leaves that column empty.
    """
    for line in _table_lines(counts, demands or Demands()):
        yield line if demands else line._replace(demanded="")


def _table_lines(counts: CorpusCounts, demands: Demands) -> Iterator[CountLine]:
    """The lines, with what is demanded."""
    nl, en = (str(counts.n_rows.get(lang, 0)) for lang in LANGS)
    yield CountLine("rows", "", (nl, en, str(counts.n_total)), f">= {demands.min_rows}")
    least, shares = demands.min_departments, demands.sentiment_shares
    validation, tolerance = _band(demands.validation_share), demands.sentiment_tolerance
    fields: list[tuple[str, str, Callable[[str], str]]] = [
        (
            "variety",
            "variety",
            lambda label: f">= {demands.min_flemish_share:.0%} of Dutch" * (label == "nl-BE"),
        ),
        ("split", "split", lambda label: validation * (label == "validation")),
        (
            "department",
            "department",
            lambda label: f">= {least[label]} each" if label in least else "",
        ),
        ("department_2", "second department", lambda _: ""),
        (
            "sentiment",
            "sentiment",
            lambda label: (
                _band((shares[label] - tolerance, shares[label] + tolerance))
                if label in shares
                else ""
            ),
        ),
        ("topics", "topic", lambda _: f">= {demands.min_topic} each"),
        ("n_topics", "topics per row", lambda _: ""),
        ("n_words", "words", lambda _: ""),
        ("sector", f"sector ({len(counts.by_field.get('sector', {}))})", lambda _: ""),
    ]
    for name, title, demanded in fields:
        group = counts.by_field.get(name, {})
        for label in sorted(group, key=lambda label: _label_order(name, label, counts)):
            nl, en = (_cell(counts, name, label, lang) for lang in LANGS)
            numbers = nl, en, _cell(counts, name, label, None)
            yield CountLine(title, label, numbers, demanded(label))
    nl, en = (str(counts.count("segments", "several", lang)) for lang in LANGS)
    numbers, demanded_rows = (nl, en, str(counts.n_segmented)), f">= {demands.min_segmented}"
    yield CountLine("rows with several segments", "", numbers, demanded_rows)
    single = [
        ("segments", counts.n_segments, ""),
        ("stories", counts.n_stories, ""),
        ("stories in both languages", counts.n_shared_stories, f">= {demands.min_shared_stories}"),
        ("median of words", counts.median_words, _band(demands.median_words, "g")),
    ]
    for title, figure, demanded_figure in single:
        yield CountLine(title, "", ("", "", f"{figure:g}"), demanded_figure)


def _label_order(name: str, label: str, counts: CorpusCounts) -> tuple[int, str]:
    """Lengths in their own order, other labels by falling number."""
    if name == "n_words":
        groups = [f"{low}-{high}" for low, high in LENGTHS]
        return groups.index(label) if label in groups else len(groups), label
    return -counts.count(name, label), label


def _cell(counts: CorpusCounts, name: str, label: str, lang: str | None) -> str:
    """A number of rows, with its share where shares are what matters."""
    n_found = counts.count(name, label, lang)
    n_rows = counts.n_total if lang is None else counts.n_rows.get(lang, 0)
    if name in ("sentiment", "variety", "split", "n_words", "n_topics") and n_found:
        return f"{n_found} ({n_found / n_rows:.0%})"
    return str(n_found)


def _band(bounds: tuple[float, float], form: str = ".0%") -> str:
    """Two bounds as text."""
    return f"{bounds[0]:{form}} to {bounds[1]:{form}}"


def markdown_table(lines: Sequence[CountLine]) -> str:
    """The table of counts for a card; a group's name stands on its first line only."""
    rows = ["| | | nl | en | all | demanded |", "|---|---|---:|---:|---:|---|"]
    last = ""
    for line in lines:
        group = "" if line.group == last else line.group
        last = line.group
        rows.append("| " + " | ".join((group, line.label, *line.numbers, line.demanded)) + " |")
    return "\n".join(rows)
