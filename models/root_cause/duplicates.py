"""Collapses near-duplicates into weights, in time close to linear.

Two rows are one complaint if their texts are equal but for case, marks, accents and digits, or if
their embeddings all but coincide. Pairs of the second kind are found with random hyperplanes
(Charikar 2002): rows that share all bits of a table are compared with the first of them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.domain import FloatMatrix
from models.root_cause.arrays import FloatVector, IntVector

N_BITS = 20
N_TABLES = 8
"""Rows at cosine 0.98 share a table's 20 bits with probability 0.25, one of 8 tables with 0.9."""
MIN_SIMILARITY = 0.98

_DIGITS = re.compile(r"\d+")
_MARKS = re.compile(r"[\W_]+")
_ZEROS = re.compile("00+")
_PLAIN_ASCII = {
    code: "0" if chr(code).isdigit() else chr(code).lower() if chr(code).isalpha() else " "
    for code in range(128)
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Collapsed:
    """Rows that stand for themselves and their duplicates.

    ``rows`` (n_unique,) are positions in the input, in an order that does not depend on the
    input's order; ``weights`` (n_unique,) count whom each stands for; ``unique_of`` (n_rows,) is
    the position in ``rows`` of every input row.
    """

    rows: IntVector
    weights: FloatVector
    unique_of: IntVector


def text_key(text: str) -> str:
    """What two texts must share to be one complaint.

    Examples
    --------
    >>> text_key("Té duur!!  (3x)") == text_key("te duur, 4x")
    True
    """
    if text.isascii():  # the same, five times as fast
        words = " ".join(text.translate(_PLAIN_ASCII).split())
        return _ZEROS.sub("0", words) if "00" in words else words
    folded = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(mark for mark in folded if not unicodedata.combining(mark))
    return _MARKS.sub(" ", _DIGITS.sub("0", plain)).strip()


def collapse_duplicates(
    texts: Sequence[str],
    embeddings: FloatMatrix,
    *,
    min_similarity: float = MIN_SIMILARITY,
    seed: int = 0,
) -> Collapsed:
    """Find the rows that say the same and give each group one row and a weight.

    Parameters
    ----------
    texts : sequence of str, length n_rows
    embeddings : ndarray of shape (n_rows, dim), float32
        Unit rows.
    min_similarity : float, default=0.98
        Cosine from which two rows are one; above 1 only texts count.
    seed : int, default=0

    Returns
    -------
    Collapsed

    Raises
    ------
    ValueError
        If the two inputs differ in length.

    Examples
    --------
    >>> rows = np.array([[1, 0], [0, 1], [1, 0]], dtype=np.float32)
    >>> collapse_duplicates(["Duur!", "Te laat", "duur"], rows).weights
    array([2., 1.])
    """
    if len(texts) != len(embeddings):
        raise ValueError(
            f"The 'texts' parameter of collapse_duplicates must have {len(embeddings)} items. "
            f"Got {len(texts)} instead."
        )
    if not texts:
        empty = np.empty(0, dtype=np.int64)
        return Collapsed(rows=empty, weights=np.empty(0), unique_of=empty)
    keys = [text_key(text) for text in texts]
    starts = embeddings[:, :8]  # tells equal texts in another context apart
    ordered = sorted(
        range(len(texts)), key=lambda row: (keys[row], texts[row], starts[row].tobytes())
    )
    heads: list[int] = []
    group_of = np.empty(len(texts), dtype=np.int64)
    for position, row in enumerate(ordered):
        # A text without letters or digits says nothing by its key: its embedding decides.
        if position == 0 or keys[row] != keys[ordered[position - 1]] or not keys[row]:
            heads.append(row)
        group_of[row] = len(heads) - 1
    head_rows = np.asarray(heads, dtype=np.int64)
    leaders = _near_leaders(embeddings[head_rows], min_similarity=min_similarity, seed=seed)
    kept, unique_of_head = np.unique(leaders, return_inverse=True)
    unique_of = unique_of_head[group_of].astype(np.int64)
    return Collapsed(
        rows=head_rows[kept],
        weights=np.bincount(unique_of, minlength=len(kept)).astype(np.float64),
        unique_of=unique_of,
    )


def _near_leaders(embeddings: FloatMatrix, *, min_similarity: float, seed: int) -> IntVector:
    """For each row the lowest row that it all but coincides with."""
    n_rows, dim = embeddings.shape
    leader: IntVector = np.arange(n_rows, dtype=np.int64)
    if min_similarity > 1 or n_rows < 2:
        return leader
    rng = np.random.default_rng(seed)
    powers = 1 << np.arange(N_BITS, dtype=np.int64)
    for _ in range(N_TABLES):
        planes = rng.standard_normal((dim, N_BITS)).astype(np.float32)
        own = np.flatnonzero(leader == np.arange(n_rows))
        codes = ((embeddings if len(own) == n_rows else embeddings[own]) @ planes > 0) @ powers
        order = np.argsort(codes, kind="stable")
        starts = np.flatnonzero(np.diff(codes[order], prepend=-1))
        first = np.repeat(own[order[starts]], np.diff(np.append(starts, len(order))))
        rows = own[order]
        shares = np.flatnonzero(first != rows)
        first, rows = first[shares], rows[shares]
        similarity = np.einsum("ij,ij->i", embeddings[rows], embeddings[first])
        same = similarity >= min_similarity
        leader[rows[same]] = first[same]
    while True:  # a leader may itself have found one in a later table
        shorter = leader[leader]
        if np.array_equal(shorter, leader):
            return leader
        leader = shorter
