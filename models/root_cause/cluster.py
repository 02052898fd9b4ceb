"""Groups complaints into causes (fine) and themes (coarse), and places any complaint in them.

EVoC (Tutte Institute, BSD) gives layers of clusters, finest first. One layer becomes the causes, a
coarser one the themes. A cause is kept as a handful of prototypes: the mean directions of the
finest clusters inside it. Every complaint, of this run or a later one, goes to the cause of its
nearest prototype, so that a later assignment gives what the run itself gave.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from models.domain import FloatMatrix
from models.root_cause.arrays import (
    BLOCK_ROWS,
    FloatVector,
    IntVector,
    Matrix,
    group_means,
    unit,
    weighted_quantile,
)
from models.root_cause.layers import find_layers, group_by_linkage, merge_alike

EMERGING = -1
"""Cause of a complaint that fits none."""

MIN_EVOC_ROWS = 100  # fewer: average linkage, which needs no neighbourhood statistics
MAX_FINEST = 5000  # the finest clusters have at least one in so many of the rows
MAX_PROTOTYPES = 1000
"""Finest clusters kept as prototypes; every assignment is compared with all of them."""
ONE_CAUSE_SIMILARITY = 0.8
"""Mean cosine of any two complaints, offsets taken off, from which there is nothing to split."""

HEAVY_SHARE = 0.01
"""A text repeated this often is a cause of its own if it fits no other."""
HEAVY_SIMILARITY = 0.5
"""Share of the typical cosine under which it does not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterConfig:
    """How causes are found.

    ``n_causes`` asks for the layer nearest that number; None takes the most persistent layer of
    ``min_causes`` to ``max_causes``, which is what a reader can act on. A complaint whose
    membership is under ``min_membership`` is emerging, but never more than ``max_emerging_share``
    of them. Beyond ``max_fit_rows`` different complaints the causes are found in a sample of that
    many and all are placed in them, which keeps the time linear.
    """

    seed: int = 0
    n_causes: int | None = None
    min_causes: int = 10
    max_causes: int = 150
    max_themes: int = 20
    min_cause_size: int = 5
    min_membership: float = 0.4
    max_emerging_share: float = 0.05
    max_fit_rows: int = 60_000


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
        Unit rows without duplicates, offsets taken off.
    weights : ndarray of shape (n_rows,)
        How many complaints each row stands for.
    config : ClusterConfig, optional

    Returns
    -------
    Clusters
        No cause at all for no row; one cause where there is nothing to tell apart.

    Notes
    -----
    The same rows in the same order give the same clusters whatever the number of threads: EVoC
    splits its work by thread, so it runs on one (no slower on 2 cores: 1.1 s for 13 083 rows).
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
    fine, base, coarse = _choose_layers(embeddings, weights, config)
    fine = _add_heavy_rows(embeddings, weights, fine, config)
    if fine.max() < 0:
        fine = np.zeros(len(rows), dtype=np.int64)
    pairs = np.where(fine >= 0, fine * (base.max() + 2) + base + 1, -1)
    codes = np.unique(pairs[pairs >= 0])
    prototype = np.where(pairs >= 0, np.searchsorted(codes, pairs), -1)
    prototypes = group_means(embeddings, prototype.astype(np.int64), len(codes), weights)
    cause_of_prototype: IntVector = codes // (base.max() + 2)
    return _describe(
        embeddings,
        weights,
        prototypes=prototypes,
        cause_of_prototype=cause_of_prototype,
        coarse=coarse,
        config=config,
    )


def assign_clusters(clusters: Clusters, embeddings: FloatMatrix) -> Assignment:
    """Place every row in its nearest cause; rows do not affect each other.

    Parameters
    ----------
    clusters : Clusters
    embeddings : ndarray of shape (n_rows, dim), float32
        Unit rows, with the offsets of the fit taken off.
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


def limit_emerging(clusters: Clusters, embeddings: FloatMatrix, config: ClusterConfig) -> Clusters:
    """Set the threshold on all complaints, duplicates included, so that few enough emerge."""
    if len(embeddings) == 0 or clusters.n_causes == 0:
        return clusters
    membership = assign_clusters(clusters, embeddings).membership
    threshold = _threshold(membership, np.ones(len(embeddings)), config)
    return replace(clusters, min_membership=threshold)


def nearest_prototypes(
    prototypes: Matrix, embeddings: FloatMatrix
) -> tuple[IntVector, FloatVector]:
    """Index and cosine of the nearest prototype of each row.

    Double precision, rounded: the order in which a matrix product adds up, which may differ
    with the number of threads and of rows, cannot tip a decision.
    """
    nearest = np.empty(len(embeddings), dtype=np.int64)
    similarity = np.empty(len(embeddings))
    for start in range(0, len(embeddings), BLOCK_ROWS):
        block = embeddings[start : start + BLOCK_ROWS].astype(np.float64)
        cosines = np.round(block @ prototypes.T, 9)
        best = cosines.argmax(axis=1)
        nearest[start : start + BLOCK_ROWS] = best
        similarity[start : start + BLOCK_ROWS] = cosines[np.arange(len(block)), best]
    return nearest, similarity


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


def _choose_layers(
    embeddings: FloatMatrix, weights: FloatVector, config: ClusterConfig
) -> tuple[IntVector, IntVector, IntVector]:
    """Labels of the causes, of the finest groups and of the themes; -1 for none."""
    n_rows = len(embeddings)
    nothing = np.full(n_rows, -1, dtype=np.int64)
    middle = (embeddings * weights[:, None]).sum(axis=0, dtype=np.float64) / weights.sum()
    if middle @ middle >= ONE_CAUSE_SIMILARITY:
        return nothing, nothing, nothing
    if n_rows < MIN_EVOC_ROWS:
        groups = group_by_linkage(embeddings, weights, min_weight=config.min_cause_size)
        return groups, nothing, nothing
    layers, persistence = find_layers(
        embeddings,
        seed=config.seed,
        min_cluster_size=max(config.min_cause_size, n_rows // MAX_FINEST),
    )
    sizes = [int(layer.max()) + 1 for layer in layers]
    usable = [row for row, size in enumerate(sizes) if size >= 1]
    if not usable:
        return nothing, nothing, nothing
    if config.n_causes is not None:
        wanted = config.n_causes
        fine = min(usable, key=lambda row: (abs(sizes[row] - wanted), row))
    else:
        small = [row for row in usable if sizes[row] <= config.max_causes]
        fitting = [row for row in small if sizes[row] >= config.min_causes]
        if fitting:
            fine = max(fitting, key=lambda row: persistence[row])
        else:
            fine = small[0] if small else usable[-1]
    themes = [row for row in usable if row > fine and 1 < sizes[row] <= config.max_themes]
    causes = merge_alike(embeddings, weights, layers[fine])
    finest = next(row for row in range(fine + 1) if sizes[row] <= MAX_PROTOTYPES or row == fine)
    return causes, layers[finest], layers[themes[0]] if themes else nothing


def _add_heavy_rows(
    embeddings: FloatMatrix, weights: FloatVector, fine: IntVector, config: ClusterConfig
) -> IntVector:
    """Make causes of texts that came so often that they need no neighbours."""
    heavy = np.flatnonzero(weights >= max(config.min_cause_size, HEAVY_SHARE * weights.sum()))
    if len(heavy) == 0:
        return fine
    n_causes = int(fine.max()) + 1
    if n_causes:  # by the other texts of a cause: the weight of this one would hide the distance
        means = group_means(embeddings, fine, n_causes, np.ones(len(fine)))
        _, typical = nearest_prototypes(means, embeddings[fine >= 0])
        floor = HEAVY_SIMILARITY * weighted_quantile(typical, np.ones(len(typical)), 0.5)
        heavy = heavy[nearest_prototypes(means, embeddings[heavy])[1] < floor]
    result = fine.copy()
    groups = group_by_linkage(embeddings[heavy], weights[heavy], min_weight=0)
    result[heavy] = n_causes + groups
    _, result[result >= 0] = np.unique(result[result >= 0], return_inverse=True)
    return result


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
    middle = (embeddings * weights[:, None]).sum(axis=0, dtype=np.float64) / weights.sum()
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
