"""Rules that rows of a labelled corpus keep among each other: ids, stories, likeness, leaks."""

from __future__ import annotations

import json
import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np

from models.domain import FloatMatrix
from training.corpus_rows import Breach, CorpusRow, Fault, normal_form, words_of
from training.labelled import LabelledDataError

RUN_WORDS: Final = 8
MAX_JACCARD: Final = 0.6
GRAM_CHARACTERS: Final = 5
MAX_SHORT_WORDS: Final = 4
"""Texts of so few words may resemble each other: real answers do."""
MAX_REPEATED_WORDS: Final = 3
"""Texts of so few words may even be equal ("te duur"), this often in a language."""
MAX_REPEATS: Final = 2
MIN_BENCH_CHARACTERS: Final = 20
# Chosen by reading the nearest pairs of 4 250 rows on multilingual-e5-small: in one language, pairs
# above 0.95 tell one event in nearly the same words, and from 0.945 down they differ in event or
# even in verdict; across languages the told-anew twins of a story end at 0.92 (their 99th
# percentile), and what is above it is a translation.
MAX_COSINE: Final = 0.95
MAX_COSINE_ACROSS: Final = 0.92
_BLOCK_ROWS: Final = 1024
_BENCH_FIELDS: Final = ("text", "nl", "en")


def check_ids(rows: Sequence[CorpusRow]) -> Iterator[Fault]:
    """Each id stands once in the corpus."""
    first: dict[str, CorpusRow] = {}
    for row in rows:
        other = first.setdefault(row.verbatim.id, row)
        if other is not row:
            yield row.fault(Breach("id", "unique-id", f"stands at {other.file}:{other.line} too"))


def check_story_splits(rows: Sequence[CorpusRow]) -> Iterator[Fault]:
    """All rows of a story lie in one split."""
    first: dict[str, CorpusRow] = {}
    for row in rows:
        other = first.setdefault(row.verbatim.story, row)
        if other.verbatim.split != row.verbatim.split:
            detail = f"is {row.verbatim.split!r}, its story's {other.place} differs"
            yield row.fault(Breach("split", "story-split", detail))


def check_duplicates(rows: Sequence[CorpusRow]) -> Iterator[Fault]:
    """Equal texts: only short ones, at most twice in a language, and with the same labels."""
    first: dict[str, CorpusRow] = {}
    n_seen: Counter[tuple[str, str]] = Counter()
    for row in rows:
        form = normal_form(row.verbatim.text)
        other = first.setdefault(form, row)
        is_short = len(form.split()) <= MAX_REPEATED_WORDS
        key = (row.verbatim.lang if is_short else "", form)
        n_seen[key] += 1
        if n_seen[key] > (MAX_REPEATS if is_short else 1):
            detail = f"occurrence {n_seen[key]} of {form!r:.60}, first at {other.place}"
            yield row.fault(Breach("text", "duplicate", detail))
        different = _differing_labels(row, other)
        if different:
            detail = f"same text as {other.place}, other {', '.join(different)}"
            yield row.fault(Breach(different[0], "conflicting-labels", detail))


def _differing_labels(row: CorpusRow, other: CorpusRow) -> list[str]:
    """Label fields in which two rows differ; the order of topics does not count."""
    mine, theirs = row.verbatim.labels, other.verbatim.labels
    fields = ("sentiment", "department", "department_2")
    different = [name for name in fields if getattr(mine, name) != getattr(theirs, name)]
    if set(mine.topics) != set(theirs.topics):
        different.append("topics")
    return different


def _runs(text: str) -> Iterator[tuple[str, ...]]:
    """Each run of eight words of a text."""
    words = words_of(text)
    return zip(*(words[start:] for start in range(RUN_WORDS)), strict=False)


def check_runs(rows: Sequence[CorpusRow]) -> Iterator[Fault]:
    """No two verbatims share a run of eight words."""
    first: dict[tuple[str, ...], CorpusRow] = {}
    for row in rows:
        shared: dict[str, tuple[str, ...]] = {}
        for run in _runs(row.verbatim.text):
            other = first.setdefault(run, row)
            if other is not row:
                shared.setdefault(other.place, run)
        for place, run in shared.items():
            detail = f"shares {' '.join(run)!r} with {place}"
            yield row.fault(Breach("text", "eight-word-run", detail))


def check_near_duplicates(rows: Sequence[CorpusRow]) -> Iterator[Fault]:
    """Texts of different stories share at most 0.6 of their character 5-grams (Jaccard).

    Notes
    -----
    Exact, by prefix filtering (Bayardo, Ma & Srikant 2007, "Scaling up all pairs similarity
    search"): two sets with Jaccard t share one of their rarest ``n - ceil(t * n) + 1`` grams.
    """
    forms = [normal_form(row.verbatim.text) for row in rows]
    found: list[tuple[int, int, float]] = []
    for a, b, share in _alike_pairs(forms):
        low, high = sorted((a, b))
        if rows[low].verbatim.story != rows[high].verbatim.story and forms[low] != forms[high]:
            found.append((high, low, share))
    for high, low, share in sorted(found):
        detail = f"shares {share:.2f} of its characters' 5-grams with {rows[low].place}"
        yield rows[high].fault(Breach("text", "near-duplicate", detail))


def _alike_pairs(forms: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """Indices of texts of more than four words that are alike, and their Jaccard index."""
    grams = {
        place: {form[i : i + GRAM_CHARACTERS] for i in range(len(form) - GRAM_CHARACTERS + 1)}
        for place, form in enumerate(forms)
        if len(form.split()) > MAX_SHORT_WORDS
    }
    n_texts = Counter(gram for members in grams.values() for gram in members)
    rank = {gram: order for order, (gram, _) in enumerate(reversed(n_texts.most_common()))}
    ranked = {place: sorted(rank[gram] for gram in members) for place, members in grams.items()}
    members = {place: frozenset(ranks) for place, ranks in ranked.items()}
    postings: defaultdict[int, list[int]] = defaultdict(list)
    for place in sorted(ranked, key=lambda place: (len(ranked[place]), place)):
        size = len(ranked[place])
        prefix = ranked[place][: size - math.ceil(MAX_JACCARD * size) + 1]
        candidates = {
            other
            for gram in prefix
            for other in postings[gram]
            if len(ranked[other]) >= MAX_JACCARD * size
        }
        for other in candidates:
            n_shared = len(members[place] & members[other])
            share = n_shared / (size + len(members[other]) - n_shared)
            if share > MAX_JACCARD:
                yield place, other, share
        for gram in prefix:
            postings[gram].append(place)


def check_embeddings(
    rows: Sequence[CorpusRow], encode: Callable[[Sequence[str]], FloatMatrix]
) -> Iterator[Fault]:
    """Embeddings of different stories are not nearly the same, in one language or across two.

    Parameters
    ----------
    encode : callable
        Gives unit rows, as ``Encoder.encode`` does.
    """
    chosen = [row for row in rows if len(row.verbatim.text.split()) > MAX_SHORT_WORDS]
    if not chosen:
        return
    embeddings = encode([row.verbatim.text for row in chosen])
    langs = np.asarray([row.verbatim.lang for row in chosen])
    for start in range(0, len(chosen), _BLOCK_ROWS):
        block = slice(start, start + _BLOCK_ROWS)
        cosines = embeddings[block] @ embeddings.T
        limits = np.where(langs[block, None] == langs, MAX_COSINE, MAX_COSINE_ACROSS)
        for offset, low in np.argwhere(cosines > limits):
            row, other = chosen[start + offset], chosen[low]
            if low < start + offset and row.verbatim.story != other.verbatim.story:
                detail = f"cosine {cosines[offset, low]:.3f} to {other.place}"
                yield row.fault(Breach("text", "near-duplicate-embedding", detail))


def read_bench_texts(folder: Path) -> Iterator[tuple[str, str]]:
    """Give place and text of everything in a folder of measuring texts, sub-folders included.

    Raises
    ------
    LabelledDataError
        If the folder has no JSONL file, or a line of one is not a JSON object.
    """
    paths = sorted(folder.rglob("*.jsonl"))
    if not paths:
        raise LabelledDataError(f"{folder}: no *.jsonl file to compare with")
    for path in paths:
        with path.open(encoding="utf-8") as stream:
            for number, line in enumerate(stream, start=1):
                try:
                    entry = json.loads(line)
                    texts = [entry[field] for field in _BENCH_FIELDS if field in entry]
                except (ValueError, TypeError, KeyError) as error:
                    raise LabelledDataError(f"{path.name}:{number}: not a JSON object") from error
                yield from ((f"{path.name}:{number}", text) for text in texts)


def check_bench(rows: Sequence[CorpusRow], folder: Path) -> Iterator[Fault]:
    """No text that models are measured on stands in the corpus, nor eight words of one.

    Each row is reported once per rule, with the first place found.
    """
    by_form: defaultdict[str, list[CorpusRow]] = defaultdict(list)
    by_run: defaultdict[tuple[str, ...], list[CorpusRow]] = defaultdict(list)
    for row in rows:
        form = normal_form(row.verbatim.text)
        if len(form) >= MIN_BENCH_CHARACTERS:
            by_form[form].append(row)
        for run in _runs(row.verbatim.text):
            by_run[run].append(row)
    reported: set[tuple[str, str]] = set()
    for place, text in read_bench_texts(folder):
        found = [
            (row, "bench-text", f"stands at {place}") for row in by_form.get(normal_form(text), ())
        ]
        found += [
            (row, "bench-run", f"shares {' '.join(run)!r} with {place}")
            for run in _runs(text)
            if run in by_run
            for row in by_run[run]
        ]
        for row, rule, detail in found:
            if (row.place, rule) not in reported:
                reported.add((row.place, rule))
                yield row.fault(Breach("text", rule, detail))
