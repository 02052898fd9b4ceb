"""The clustering algorithms themselves: EVoC for many rows, average linkage for few."""

from __future__ import annotations

import numpy as np

from models.domain import FloatMatrix
from models.root_cause.arrays import FloatVector, IntVector, Matrix, as_float32, group_means, unit

N_NEIGHBOURS = 15
NOISE_LEVEL = 0.0
"""Banking77, layer of about 100: NMI 0.769 / ARI 0.480 at 0.0, 0.767 / 0.481 at 0.3."""

ALIKE_SIMILARITY = 0.85
"""Cosine of two centres, the mean of all rows taken off, from which they are one cause."""

LINKED_SIMILARITY = 0.35
"""Mean cosine, aligned, from which two groups of a small input are one cause."""


def find_layers(
    embeddings: FloatMatrix, *, seed: int, min_cluster_size: int
) -> tuple[list[IntVector], list[float]]:
    """EVoC's layers and their persistence, finest first; -1 marks rows outside all clusters.

    Parameters
    ----------
    embeddings : ndarray of shape (n_rows, dim), float32
        Unit rows without duplicates.
    seed : int
    min_cluster_size : int
        Fewest rows of a cluster in the finest layer.
    """
    # Both take seconds to import and compile on first use.
    import numba  # noqa: PLC0415
    from evoc import EVoC  # type: ignore[import-untyped]  # noqa: PLC0415

    # Neighbours are told by the angle: what all rows share would make all angles small.
    apart = as_float32(unit(embeddings - embeddings.mean(axis=0, dtype=np.float64)))
    n_threads = numba.get_num_threads()
    numba.set_num_threads(1)
    try:
        model = EVoC(
            random_state=seed,
            noise_level=NOISE_LEVEL,
            n_neighbors=N_NEIGHBOURS,
            base_min_cluster_size=min_cluster_size,
        ).fit(apart)
    finally:
        numba.set_num_threads(n_threads)
    layers = [np.asarray(layer, dtype=np.int64) for layer in model.cluster_layers_]
    return layers, [float(value) for value in model.persistence_scores_]


def merge_alike(embeddings: FloatMatrix, weights: FloatVector, labels: IntVector) -> IntVector:
    """Join clusters whose centres all but coincide: parts of one cause that EVoC cut up.

    Parameters
    ----------
    embeddings : ndarray of shape (n_rows, dim), float32
    weights : ndarray of shape (n_rows,)
    labels : ndarray of shape (n_rows,)
        -1 for rows outside all clusters, which stay so.

    Notes
    -----
    12 planted Gaussian clusters came out as 20 without this and as 12 with it; on Banking77 it
    joins 1 of 118.
    """
    n_groups = int(labels.max(initial=-1)) + 1
    if n_groups < 2:
        return labels
    middle = embeddings.mean(axis=0, dtype=np.float64)
    centres = group_means(embeddings - middle, labels, n_groups, weights)
    groups = _link(centres, ALIKE_SIMILARITY)
    return np.where(labels >= 0, groups[np.maximum(labels, 0)], -1)


def group_by_linkage(
    embeddings: FloatMatrix, weights: FloatVector, *, min_weight: float
) -> IntVector:
    """Group few rows by average linkage.

    Parameters
    ----------
    embeddings : ndarray of shape (n_rows, dim), float32
        Unit rows; time and memory grow with the square of their number.
    weights : ndarray of shape (n_rows,)
    min_weight : float
        A lighter group is dissolved: -1.

    Examples
    --------
    >>> rows = np.array([[1, 0], [0.8, 0.6], [0, -1]], dtype=np.float32)
    >>> group_by_linkage(rows, np.ones(3), min_weight=2)
    array([ 0,  0, -1])
    """
    n_rows = len(embeddings)
    groups = _link(embeddings.astype(np.float64), LINKED_SIMILARITY)
    total = np.bincount(groups, weights=weights)
    heavy = np.flatnonzero(total >= min_weight) if n_rows else np.empty(0, dtype=np.int64)
    number = np.full(len(total), -1, dtype=np.int64)
    number[heavy] = np.arange(len(heavy))
    result: IntVector = number[groups]
    return result


def _link(rows: Matrix, min_similarity: float) -> IntVector:
    """Average linkage of unit rows down to a mean cosine."""
    from scipy.cluster.hierarchy import fcluster, linkage  # noqa: PLC0415
    from scipy.spatial.distance import squareform  # noqa: PLC0415

    if len(rows) < 2:
        return np.zeros(len(rows), dtype=np.int64)
    distances = np.clip(np.round(1 - rows @ rows.T, 9), 0, 2)
    np.fill_diagonal(distances, 0)
    tree = linkage(squareform(distances, checks=False), method="average")
    groups: IntVector = (
        fcluster(tree, 1 - min_similarity, criterion="distance").astype(np.int64) - 1
    )
    return groups
