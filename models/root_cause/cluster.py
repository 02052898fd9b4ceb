"""Groups complaints into causes (fine) and themes (coarse), and places any complaint in them.

A cause is kept as a handful of prototypes: its mean direction and those of the larger of the
finest clusters inside it. Every complaint, of this run or a later one, goes to the cause of its
nearest prototype, so that a later assignment gives what the run itself gave.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.domain import FloatMatrix
from models.root_cause.arrays import (
    FloatVector,
    IntVector,
    Matrix,
    group_means,
    nearest_prototypes,
    unit,
    weighted_mean,
    weighted_quantile,
)
from models.root_cause.cluster_config import ClusterConfig
from models.root_cause.grouping import find_groups, find_prototypes

EMERGING = -1
"""Cause of a complaint that fits none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clusters:
    """Fitted causes as arrays.

    ``prototypes`` (n_prototypes, dim) are unit rows and ``prototype_cause`` (n_prototypes,) their
    causes, 0 the heaviest. ``typical_similarity`` (n_causes,) is the median cosine of the members
    to their prototype, ``background`` the mean cosine of any row to any prototype;
    ``theme_of_cause`` (n_causes,).
    """

    prototypes: Matrix
    prototype_cause: IntVector
    typical_similarity: FloatVector
    theme_of_cause: IntVector
    background: float
    min_membership: float

    @property
    def n_causes(self) -> int:
        """Number of causes."""
        return len(self.typical_similarity)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """Where each row belongs; all arrays have shape (n_rows,).

    ``cause`` is ``EMERGING`` where ``membership`` is too low; ``nearest`` is the nearest cause in
    any case. ``membership`` is in [0, 1]: 1 for a row at least as near as half of the members, 0
    for one no nearer than any row is to any cause.
    """

    cause: IntVector
    nearest: IntVector
    membership: FloatVector


def fit_clusters(
    embeddings: FloatMatrix, weights: FloatVector, config: ClusterConfig | None = None
) -> Clusters:
    """Find causes and themes.

    Parameters
    ----------
    embeddings : ndarray of shape (n_rows, dim), float32
        Unit rows without duplicates, aligned.
    weights : ndarray of shape (n_rows,)
        How many complaints each row stands for.
    config : ClusterConfig, optional

    Returns
    -------
    Clusters
        No cause at all for no row; one cause where there is nothing to tell apart.

    Notes
    -----
    The same rows in the same order give the same clusters whatever the number of threads. EVoC
    waits for all threads at every step, which on a busy machine takes many times as long as on
    one, so it runs on one; neighbours are looked for on several.
    """
    config = config or ClusterConfig()
    n_rows, dim = embeddings.shape
    if len(weights) != n_rows:
        raise ValueError(
            f"The 'weights' parameter of fit_clusters must have {n_rows} items. "
            f"Got {len(weights)} instead."
        )
    if n_rows == 0:
        return _no_clusters(dim)
    rows = _sample(weights, config)
    embeddings, weights = embeddings[rows], weights[rows]
    groups = find_groups(embeddings, weights, config)
    prototypes, cause_of_prototype = find_prototypes(
        embeddings, weights, groups.causes, groups.finest
    )
    return _describe(
        embeddings,
        weights,
        prototypes=prototypes,
        cause_of_prototype=cause_of_prototype,
        coarse=groups.themes,
        config=config,
    )


def assign_clusters(clusters: Clusters, embeddings: FloatMatrix) -> Assignment:
    """Place every row in its nearest cause; rows do not affect each other.

    Parameters
    ----------
    clusters : Clusters
    embeddings : ndarray of shape (n_rows, dim), float32
        Unit rows, aligned as in the fit.
    """
    if clusters.n_causes == 0:
        none = np.full(len(embeddings), EMERGING, dtype=np.int64)
        return Assignment(cause=none, nearest=none, membership=np.zeros(len(embeddings)))
    prototype, similarity = nearest_prototypes(clusters.prototypes, embeddings)
    nearest = clusters.prototype_cause[prototype]
    membership = _membership(similarity, clusters.typical_similarity[nearest], clusters.background)
    return Assignment(
        cause=np.where(membership < clusters.min_membership, EMERGING, nearest),
        nearest=nearest,
        membership=membership,
    )


def place_all(
    clusters: Clusters, embeddings: FloatMatrix, config: ClusterConfig
) -> tuple[Clusters, Assignment]:
    """Set the threshold on all complaints, duplicates included, so that few enough emerge.

    Returns
    -------
    tuple of Clusters and Assignment
        With the threshold, and where it leaves each row.
    """
    found = assign_clusters(clusters, embeddings)
    if len(embeddings) == 0 or clusters.n_causes == 0:
        return clusters, found
    threshold = _threshold(found.membership, np.ones(len(embeddings)), config)
    cause = np.where(found.membership < threshold, EMERGING, found.nearest)
    return replace(clusters, min_membership=threshold), replace(found, cause=cause)


def _sample(weights: FloatVector, config: ClusterConfig) -> IntVector:
    """Rows to find causes in: all, or the heaviest few and a random sample, in order."""
    n_rows = len(weights)
    if n_rows <= config.max_fit_rows:
        return np.arange(n_rows, dtype=np.int64)
    heaviest = np.argsort(-weights, kind="stable")[: config.max_fit_rows // 100]
    others = np.setdiff1d(np.arange(n_rows), heaviest)
    rng = np.random.default_rng(config.seed)
    drawn = rng.choice(others, config.max_fit_rows - len(heaviest), replace=False)
    return np.sort(np.concatenate([heaviest, drawn]))


def _describe(
    embeddings: FloatMatrix,
    weights: FloatVector,
    *,
    prototypes: Matrix,
    cause_of_prototype: IntVector,
    coarse: IntVector,
    config: ClusterConfig,
) -> Clusters:
    """Number the causes by weight, and take their typical similarity, theme and threshold."""
    nearest, similarity = nearest_prototypes(prototypes, embeddings)
    cause = cause_of_prototype[nearest]
    n_found = int(cause_of_prototype.max()) + 1
    total = np.bincount(cause, weights=weights, minlength=n_found)
    order = np.argsort(-total, kind="stable")
    order = order[total[order] > 0]
    number = np.full(n_found, -1, dtype=np.int64)
    number[order] = np.arange(len(order))
    cause = number[cause]
    kept = number[cause_of_prototype] >= 0
    typical = np.empty(len(order))
    votes = np.zeros((len(order), int(coarse.max()) + 1))
    np.add.at(votes, (cause[coarse >= 0], coarse[coarse >= 0]), weights[coarse >= 0])
    for row in range(len(order)):
        members = cause == row
        typical[row] = weighted_quantile(similarity[members], weights[members], 0.5)
    middle = weighted_mean(embeddings, weights)
    background = float(np.round((prototypes * middle).sum(axis=1).mean(), 9))
    prototypes, cause_of_prototype = prototypes[kept], number[cause_of_prototype[kept]]
    membership = _membership(similarity, typical[cause], background)
    return Clusters(
        prototypes=prototypes,
        prototype_cause=cause_of_prototype,
        typical_similarity=typical,
        theme_of_cause=_choose_themes(votes, prototypes, cause_of_prototype),
        background=background,
        min_membership=_threshold(membership, weights, config),
    )


def _choose_themes(votes: Matrix, prototypes: Matrix, prototype_cause: IntVector) -> IntVector:
    """The coarse cluster that most members are in; without one, the theme of the nearest cause."""
    n_causes = len(votes)
    has_votes = votes.sum(axis=1) > 0
    if not has_votes.any():
        return np.arange(n_causes, dtype=np.int64)
    themes = votes.argmax(axis=1)
    centres = group_means(prototypes, prototype_cause, n_causes, np.ones(len(prototypes)))
    voters = np.flatnonzero(has_votes)
    for row in np.flatnonzero(~has_votes):
        themes[row] = themes[voters[np.round(centres[voters] @ centres[row], 9).argmax()]]
    _, first, number = np.unique(themes, return_index=True, return_inverse=True)
    result: IntVector = np.argsort(np.argsort(first))[number]  # theme 0 holds the heaviest cause
    return result


def _threshold(membership: FloatVector, weights: FloatVector, config: ClusterConfig) -> float:
    """The membership asked for, or a lower one that leaves few enough complaints out."""
    low = weights[membership < config.min_membership].sum()
    if low <= config.max_emerging_share * weights.sum():
        return config.min_membership
    values = np.unique(membership)
    below = np.cumsum(np.bincount(np.searchsorted(values, membership), weights=weights))
    allowed = np.flatnonzero(below <= config.max_emerging_share * weights.sum())
    return float(values[0] if len(allowed) == 0 else values[allowed[-1] + 1])


def _membership(similarity: FloatVector, typical: FloatVector, background: float) -> FloatVector:
    """Cosine on the way from the background to what is typical of the cause, in [0, 1]."""
    if background > 0.99:  # all rows are all but one and the same
        return np.ones(len(similarity))
    width = np.maximum(typical - background, 1e-6)
    relative: FloatVector = (similarity - background) / width
    clipped: FloatVector = np.clip(relative, 0.0, 1.0)
    return clipped.round(9)


def _no_clusters(dim: int) -> Clusters:
    """What no complaint at all gives."""
    none = np.empty(0, dtype=np.int64)
    return Clusters(
        prototypes=np.empty((0, dim)),
        prototype_cause=none,
        typical_similarity=np.empty(0),
        theme_of_cause=none,
        background=0.0,
        min_membership=0.0,
    )


def cause_centres(clusters: Clusters) -> Matrix:
    """Unit mean direction of each cause's prototypes, shape (n_causes, dim)."""
    n_prototypes = len(clusters.prototypes)
    if n_prototypes == 0:
        return unit(clusters.prototypes)
    return group_means(
        clusters.prototypes, clusters.prototype_cause, clusters.n_causes, np.ones(n_prototypes)
    )
