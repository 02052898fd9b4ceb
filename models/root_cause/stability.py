"""How steady the causes are: under resampling, and from one run to the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from scipy import stats

from models.domain import FloatMatrix
from models.root_cause.arrays import FloatVector, IntVector, Matrix
from models.root_cause.cluster import assign_clusters, fit_clusters
from models.root_cause.cluster_config import ClusterConfig

SUBSAMPLE_SHARE = 0.8
MAJORITY = 0.5
MIN_CHANGE = 0.2
"""A cause's share of the complaints must change by a fifth, and more than chance, to have grown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stability:
    """Agreement of the causes with those of resamples.

    ``score`` is the mean Jaccard index over all complaints, ``by_cause`` that of each cause with
    the best match in each resample; both in [0, 1]. Under 0.6 a cluster should not be trusted,
    over 0.75 it is a pattern (Hennig 2007, Computational Statistics & Data Analysis 52).
    """

    score: float
    by_cause: tuple[float, ...]
    n_resamples: int


def estimate_stability(
    embeddings: FloatMatrix,
    weights: FloatVector,
    cause: IntVector,
    n_causes: int,
    config: ClusterConfig,
    *,
    rng: np.random.Generator,
    n_resamples: int = 5,
) -> Stability | None:
    """Cluster subsamples of four fifths and compare; None where there is nothing to compare.

    Parameters
    ----------
    embeddings, weights
        What ``fit_clusters`` was given.
    cause : ndarray of shape (n_rows,)
        Causes of the run.
    n_causes : int
    config : ClusterConfig
        The resamples look for as many causes as the run found.
    rng : numpy.random.Generator
    n_resamples : int, default=5
        Each costs about as much as the clustering itself; 0 skips the estimate.
    """
    if n_causes == 0 or n_resamples == 0 or len(embeddings) < 2:
        return None
    matched = np.zeros((n_resamples, n_causes))
    for draw in range(n_resamples):
        n_kept = min(max(1, round(SUBSAMPLE_SHARE * len(embeddings))), config.max_fit_rows)
        rows = np.sort(rng.permutation(len(embeddings))[:n_kept])
        again = replace(config, seed=config.seed + draw + 1, n_causes=n_causes)
        clusters = fit_clusters(embeddings[rows], weights[rows], again)
        found = assign_clusters(clusters, embeddings[rows]).cause
        matched[draw] = _best_jaccard(cause[rows], found, weights[rows], n_causes)
    by_cause = np.nanmean(np.where(matched < 0, 0.0, matched), axis=0)
    sizes = np.bincount(cause[cause >= 0], weights=weights[cause >= 0], minlength=n_causes)
    score = float(by_cause @ sizes / sizes.sum()) if sizes.sum() else 0.0
    return Stability(
        score=score, by_cause=tuple(float(value) for value in by_cause), n_resamples=n_resamples
    )


def _best_jaccard(
    first: IntVector, second: IntVector, weights: FloatVector, n_causes: int
) -> FloatVector:
    """Best Jaccard index of every cause of ``first`` with one of ``second``."""
    both = count_overlap(first, second, n_causes, int(second.max(initial=-1)) + 1, weights)
    if both.shape[1] == 0:
        return np.zeros(n_causes)
    own = np.bincount(first[first >= 0], weights=weights[first >= 0], minlength=n_causes)
    other = np.bincount(second[second >= 0], weights=weights[second >= 0], minlength=both.shape[1])
    union = own[:, None] + other[None, :] - both
    result: FloatVector = (both / np.maximum(union, 1e-12)).max(axis=1)
    return result


def count_overlap(
    first: IntVector, second: IntVector, n_first: int, n_second: int, weights: FloatVector
) -> Matrix:
    """Weight of the rows in each pair of causes, shape (n_first, n_second)."""
    table = np.zeros((n_first, n_second))
    kept = (first >= 0) & (second >= 0)
    np.add.at(table, (first[kept], second[kept]), weights[kept])
    return table


class Change(StrEnum):
    """What became of a cause since the previous run."""

    NEW = "new"
    GROWN = "grown"
    SHRUNK = "shrunk"
    STEADY = "steady"
    MERGED = "merged"
    SPLIT = "split"


@dataclass(frozen=True, slots=True, kw_only=True)
class CauseChange:
    """One cause against the previous run.

    ``cause_id`` is carried over where the cause lives on. ``previous`` are the ids it stems from:
    one, or several for MERGED. ``previous_share`` and ``share`` are of all complaints of a run.
    """

    cause_id: str
    change: Change
    previous: tuple[str, ...]
    previous_share: float
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Matching:
    """All causes against the previous run; ``gone`` are previous ids that none carries on."""

    causes: tuple[CauseChange, ...]
    gone: tuple[str, ...]
    next_number: int


def make_id(number: int) -> str:
    """Id of the cause with a number."""
    return f"C{number:03d}"


def match_causes(
    overlap: Matrix,
    previous_ids: Sequence[str],
    previous_sizes: FloatVector,
    sizes: FloatVector,
    *,
    next_number: int,
) -> Matching:
    """Carry ids over and name what changed.

    Parameters
    ----------
    overlap : ndarray of shape (n_previous, n_causes)
        Complaints of this run, by the cause the previous model gives them and their cause now.
    previous_ids : sequence of str, length n_previous
    previous_sizes : ndarray of shape (n_previous,)
        Complaints per cause in the previous run, for its shares.
    sizes : ndarray of shape (n_causes,)
        Complaints per cause now.
    next_number : int
        First number never used for an id.

    Notes
    -----
    A cause stems from a previous one that holds over half of its complaints, or that has over
    half of its own complaints in it. Several such: merged. Several causes that stem from one
    and hold over half of theirs from it: split; the largest keeps the id.
    """
    n_previous, n_causes = overlap.shape
    from_previous = overlap / np.maximum(overlap.sum(axis=1, keepdims=True), 1e-12)
    of_cause = overlap / np.maximum(np.asarray(sizes)[None, :], 1e-12)
    parent = np.where(of_cause.max(axis=0, initial=0) > MAJORITY, 1, 0)
    best_parent = overlap.argmax(axis=0) if n_previous else np.zeros(n_causes, dtype=np.int64)
    sources: list[tuple[int, ...]] = []
    for cause in range(n_causes):
        swallowed = set(np.flatnonzero(from_previous[:, cause] > MAJORITY).tolist())
        if parent[cause]:
            swallowed.add(int(best_parent[cause]))
        sources.append(tuple(sorted(swallowed)))
    holder = _choose_holders(overlap, sources, n_previous)
    shares = np.asarray(sizes) / max(float(np.sum(sizes)), 1.0)
    previous_shares = np.asarray(previous_sizes) / max(float(np.sum(previous_sizes)), 1.0)
    children = np.bincount([row for own in sources for row in own], minlength=n_previous)
    changes = []
    for cause, own in enumerate(sources):
        kept = [row for row in own if holder[row] == cause]
        if kept:
            cause_id = previous_ids[max(kept, key=lambda row: overlap[row, cause])]
        else:
            cause_id, next_number = make_id(next_number), next_number + 1
        before = float(previous_shares[list(own)].sum())
        if not own:
            change = Change.NEW
        elif len(own) > 1:
            change = Change.MERGED
        elif children[own[0]] > 1:
            change = Change.SPLIT
        else:
            change = _compare(before, shares[cause], np.sum(previous_sizes), np.sum(sizes))
        changes.append(
            CauseChange(
                cause_id=cause_id,
                change=change,
                previous=tuple(previous_ids[row] for row in own),
                previous_share=before,
                share=float(shares[cause]),
            )
        )
    carried = {name for change in changes for name in change.previous}
    return Matching(
        causes=tuple(changes),
        gone=tuple(name for name in previous_ids if name not in carried),
        next_number=next_number,
    )


def _choose_holders(overlap: Matrix, sources: list[tuple[int, ...]], n_previous: int) -> list[int]:
    """For each previous cause the one that takes its id: the largest part of it, or -1."""
    holder = [-1] * n_previous
    for row in range(n_previous):
        heirs = [cause for cause, own in enumerate(sources) if row in own]
        if heirs:
            holder[row] = max(heirs, key=lambda cause: (overlap[row, cause], -cause))
    return holder


def _compare(before: float, now: float, n_before: float, n_now: float) -> Change:
    """Grown, shrunk or steady: two shares, compared with a z test."""
    pooled = (before * n_before + now * n_now) / max(n_before + n_now, 1.0)
    error = np.sqrt(max(pooled * (1 - pooled), 0) * (1 / max(n_before, 1) + 1 / max(n_now, 1)))
    p_value = 2 * stats.norm.sf(abs(now - before) / error) if error > 0 else 1.0
    if p_value > 0.05 or abs(now - before) < MIN_CHANGE * before:
        return Change.STEADY
    return Change.GROWN if now > before else Change.SHRUNK
