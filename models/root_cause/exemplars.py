"""Chooses the complaints that stand for each cause: real, redacted, unlike each other."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from models.domain import FloatMatrix
from models.root_cause.arrays import FloatVector, IntVector, Matrix

MAX_SIMILARITY = 0.95
"""Two exemplars nearer than this (cosine) would tell a reader the same twice."""
MIN_LANGUAGE_SHARE = 0.1
"""Share of a cause from which a language gets an exemplar of its own."""
FITTING_WORDS = (7, 40)
"""A clause of this many words can be read on its own and at a glance."""
MIN_MEMBERSHIP = 0.5
MIN_WORDS = 4
"""A clause of fewer words comes last."""
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
TERM_BONUS = 0.06
"""Cosine that a clause gains by each key term it holds, up to ``MAX_TERMS``; it says the cause."""
MAX_TERMS = 2
LENGTH_BONUS = 0.06
"""Cosine that a clause of a fitting length gains."""


def pick_exemplars(
    embeddings: FloatMatrix,
    cause: IntVector,
    centres: Matrix,
    *,
    texts: Sequence[str],
    languages: Sequence[str],
    membership: FloatVector,
    key_words: Mapping[tuple[int, str], Sequence[Collection[str]]] | None = None,
    n_exemplars: int = 5,
) -> dict[int, tuple[int, ...]]:
    """Choose the rows that stand for each cause.

    Parameters
    ----------
    embeddings : ndarray of shape (n_rows, dim), float32
        Unit rows.
    cause : ndarray of shape (n_rows,), int64
        Negative rows are left out.
    centres : ndarray of shape (n_causes, dim)
        Unit mean direction of each cause.
    texts, languages : sequence of str, length n_rows
    membership : ndarray of shape (n_rows,)
        Rows that hardly belong come last.
    key_words : mapping of (int, str) to sequence of collection of str, optional
        Words of each key term of a cause in a language, in small letters: a clause that holds a
        word of a term gains on one that holds none.
    n_exemplars : int, default=5
        Most exemplars per cause; a smaller cause gives what it has.

    Returns
    -------
    dict of int to tuple of int
        Row indices per cause, best first; ties go to the lower row. Every language that makes up
        a tenth of the cause has one among them where there is room.

    Raises
    ------
    ValueError
        If ``n_exemplars`` is below 1.
    """
    if n_exemplars < 1:
        raise ValueError(
            f"The 'n_exemplars' parameter of pick_exemplars must be at least 1. "
            f"Got {n_exemplars} instead."
        )
    chosen: dict[int, tuple[int, ...]] = {}
    order = np.argsort(cause, kind="stable")
    bounds = np.searchsorted(cause[order], np.arange(len(centres) + 1))
    for label in range(len(centres)):
        members = order[bounds[label] : bounds[label + 1]]
        wide = embeddings[members].astype(np.float64)
        nearness = np.round((wide * centres[label]).sum(axis=1), 6)
        lengths = np.array([len(texts[row].split()) for row in members], dtype=np.int64)
        fits = (lengths >= FITTING_WORDS[0]) & (lengths <= FITTING_WORDS[1])
        held = [
            _n_held(texts[row], (key_words or {}).get((label, languages[row]), ()))
            for row in members
        ]
        merit = nearness + LENGTH_BONUS * fits + TERM_BONUS * np.array(held, dtype=np.float64)
        hardly = membership[members] < MIN_MEMBERSHIP
        ranked = members[np.lexsort((-merit, hardly, lengths < MIN_WORDS))]
        chosen[label] = _unlike(embeddings, ranked, languages, n_exemplars)
    return chosen


def _n_held(text: str, terms: Sequence[Collection[str]]) -> int:
    """How many key terms a text holds a word of, up to ``MAX_TERMS``."""
    if not terms:
        return 0
    words = set(_WORD.findall(text.lower()))
    return min(MAX_TERMS, sum(not words.isdisjoint(term) for term in terms))


def _unlike(
    embeddings: FloatMatrix, ranked: IntVector, languages: Sequence[str], n_exemplars: int
) -> tuple[int, ...]:
    """The first rows that are not too alike, the languages of the cause among them."""
    codes = [languages[row] for row in ranked]
    wanted = [
        code for code in sorted(set(codes)) if codes.count(code) >= MIN_LANGUAGE_SHARE * len(codes)
    ]
    picked: list[int] = []
    for code in wanted[:n_exemplars]:
        picked.append(int(ranked[codes.index(code)]))
    for row in ranked[: 50 * n_exemplars]:
        if len(picked) >= n_exemplars:
            break
        likeness = embeddings[picked] @ embeddings[row] if picked else np.zeros(1)
        if int(row) not in picked and float(likeness.max()) < MAX_SIMILARITY:
            picked.append(int(row))
    rank = {int(row): position for position, row in enumerate(ranked)}
    return tuple(sorted(picked, key=rank.__getitem__))
