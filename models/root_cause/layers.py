"""The clustering algorithms themselves: EVoC for many rows, average linkage for few."""

from __future__ import annotations

import numpy as np

from models.domain import FloatMatrix
from models.root_cause.arrays import FloatVector, IntVector, Matrix, as_float32, group_means, unit
from models.root_cause.neighbours import Neighbours
from models.root_cause.spanning_tree import span

N_NEIGHBOURS = 15
NOISE_LEVEL = 0.0
"""Banking77, layer of about 100: NMI 0.769 / ARI 0.480 at 0.0, 0.767 / 0.481 at 0.3."""

MIN_SIMILARITY = 2.0**-20
"""What a neighbour at a right angle or beyond counts as."""

LAYOUT_DIM = 4
N_EPOCHS = 50
MAX_LAYERS = 10
MAX_LAYER_OVERLAP = 0.2
"""EVoC's own values."""

ALIKE_SIMILARITY = 0.85
"""Cosine of two centres, the mean of all rows taken off, from which they are one cause."""

LINKED_SIMILARITY = 0.35
"""Mean cosine, aligned, from which two groups of a small input are one cause."""


def centre_rows(embeddings: FloatMatrix) -> FloatMatrix:
    """Unit rows around the middle of all: what they share would make all angles small."""
    return as_float32(unit(embeddings - embeddings.mean(axis=0, dtype=np.float64)))


def count_threads() -> int:
    """Threads that EVoC may use."""
    import numba  # noqa: PLC0415

    return int(numba.get_num_threads())


def find_layers(
    apart: FloatMatrix, neighbours: Neighbours, *, seed: int, min_cluster_size: int, n_threads: int
) -> tuple[list[IntVector], list[float]]:
    """EVoC's layers and their persistence, finest first; -1 marks rows outside all clusters.

    Parameters
    ----------
    apart : ndarray of shape (n_rows, dim), float32
        What ``centre_rows`` gives, without duplicates.
    neighbours : Neighbours
        The ``N_NEIGHBOURS`` nearest of each row.
    seed : int
    min_cluster_size : int
        Fewest rows of a cluster in the finest layer.
    n_threads : int
        Changes the time alone.

    Notes
    -----
    The steps are those of ``evoc.EVoC``, with neighbours and a spanning tree of our own: with
    them Banking77 takes 0.74 s instead of 1.49 s on two cores.
    """
    # All of them take a second to import, and more to compile on first use.
    import numba  # noqa: PLC0415
    from evoc.graph_construction import (  # type: ignore[import-untyped]  # noqa: PLC0415
        neighbor_graph_matrix,
    )
    from evoc.label_propagation import (  # type: ignore[import-untyped]  # noqa: PLC0415
        label_propagation_init,
    )
    from evoc.node_embedding import (  # type: ignore[import-untyped]  # noqa: PLC0415
        node_embedding,
    )

    n_rows = len(apart)
    similarity = np.maximum(neighbours.similarity, MIN_SIMILARITY)
    rng = np.random.RandomState(seed)
    n_before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)  # a mean over all rows, which would hang on the number
        graph = neighbor_graph_matrix(
            float(N_NEIGHBOURS), neighbours.index, np.maximum(-np.log2(similarity), 0)
        )
        start = label_propagation_init(
            graph,
            n_components=LAYOUT_DIM,
            approx_n_parts=int(np.clip(8 * np.sqrt(n_rows), 256, 16384)),
            random_scale=0.1,
            scaling=0.5,
            noise_level=NOISE_LEVEL,
            random_state=rng,
            data=apart,
        )
        layout = node_embedding(
            graph,
            n_components=LAYOUT_DIM,
            n_epochs=N_EPOCHS,
            initial_embedding=start,
            initial_alpha=0.1,
            noise_level=NOISE_LEVEL,
            random_state=rng,
        )
        numba.set_num_threads(1)
        return _cut_layers(span(layout), min_cluster_size)
    finally:
        numba.set_num_threads(n_before)


def _cut_layers(tree: FloatMatrix, min_cluster_size: int) -> tuple[list[IntVector], list[float]]:
    """The finest clusters of a spanning tree, and those at its persistent sizes."""
    from evoc.cluster_trees import (  # type: ignore[import-untyped]  # noqa: PLC0415
        condense_tree,
        extract_leaves,
        get_cluster_label_vector,
        mask_condensed_tree,
        mst_to_linkage_tree,
    )
    from evoc.clustering_utilities import (  # type: ignore[import-untyped]  # noqa: PLC0415
        compute_total_persistence,
        find_peaks,
        min_cluster_size_barcode,
        select_diverse_peaks,
    )

    n_rows = len(tree) + 1
    condensed = condense_tree(mst_to_linkage_tree(tree), min_cluster_size)
    chosen = [(extract_leaves(condensed), 0.0)]
    inner = mask_condensed_tree(condensed, condensed.child >= n_rows)
    if len(inner.child):
        births, deaths, _, ends = min_cluster_size_barcode(inner, n_rows, min_cluster_size)
        sizes, persistence = compute_total_persistence(births, deaths, ends)
        peaks = find_peaks(persistence)
        for peak in select_diverse_peaks(
            peaks, persistence, sizes, births, deaths, MAX_LAYER_OVERLAP, MAX_LAYERS - 1
        ):
            alive = np.flatnonzero((births <= sizes[peak]) & (deaths > sizes[peak]))
            chosen.append((alive + n_rows, float(persistence[peak])))
    layers = [get_cluster_label_vector(condensed, own, 0.0, n_rows) for own, _ in chosen]
    order = np.argsort([-int(layer.max()) for layer in layers], kind="stable")
    return (
        [layers[place].astype(np.int64) for place in order],
        [chosen[place][1] for place in order],
    )


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
