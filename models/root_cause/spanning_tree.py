"""Joins all points by the shortest links, most of them from the nearest neighbours of each point.

The distance of two points is at least that of either to its ``MIN_SAMPLES``-th neighbour (mutual
reachability; Campello, Moulavi & Sander 2013), which keeps single links through noise long.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from models.domain import FloatMatrix

MIN_SAMPLES = 5
N_LINKS = 24
"""Neighbours that a point may be joined with before whole groups of points are."""


def span(points: FloatMatrix) -> FloatMatrix:
    """Minimum spanning tree of points in few dimensions.

    Parameters
    ----------
    points : ndarray of shape (n_points, dim), float32
        At least ``MIN_SAMPLES`` + 1.

    Returns
    -------
    ndarray of shape (n_points - 1, 3), float32
        From, to, length; the shortest link first.

    Notes
    -----
    The tree is that of the graph of nearest neighbours; where this graph falls apart, its parts
    are joined by their shortest links. On 13 083 points of a layout its length is 0.4 % over
    that of the exact tree, and it takes 0.4 of the time (0.18 s); NMI and ARI stay the same.
    """
    # These take a while to import.
    from scipy.sparse import csr_matrix  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components, minimum_spanning_tree  # noqa: PLC0415
    from scipy.spatial import cKDTree  # noqa: PLC0415

    n_points = len(points)
    n_links = min(N_LINKS, n_points - 1)
    distance, neighbour = cKDTree(points).query(points, n_links + 1)
    core = distance[:, MIN_SAMPLES]
    lengths = np.maximum(np.maximum(core[:, None], core[neighbour]), distance)[:, 1:]
    graph = csr_matrix(
        (
            np.maximum(lengths, np.finfo(np.float32).tiny).ravel(),  # 0 would be no link at all
            neighbour[:, 1:].ravel(),
            np.arange(0, n_points * n_links + 1, n_links),
        ),
        shape=(n_points, n_points),
    )
    tree = minimum_spanning_tree(graph).tocoo()
    links = np.stack([tree.row, tree.col, tree.data], axis=1).astype(np.float32)
    n_parts, part = connected_components(tree, directed=False)
    if n_parts > 1:
        links = np.concatenate([links, _join_parts(points, core, part)])
    return np.ascontiguousarray(links[np.argsort(links[:, 2], kind="stable")])


def _join_parts(
    points: FloatMatrix, core: npt.NDArray[np.float64], part: npt.NDArray[np.int32]
) -> FloatMatrix:
    """Shortest links that make one of the parts."""
    from evoc.boruvka import (  # type: ignore[import-untyped]  # noqa: PLC0415
        boruvka_tree_query,
        merge_components,
        update_component_vectors,
    )
    from evoc.disjoint_set import RankDisjointSet  # type: ignore[import-untyped]  # noqa: PLC0415
    from evoc.numba_kdtree import build_kdtree  # type: ignore[import-untyped]  # noqa: PLC0415

    tree = build_kdtree(points)
    _, first = np.unique(part, return_index=True)
    sets = RankDisjointSet(
        parent=first[part].astype(np.int32), rank=np.zeros(len(part), dtype=np.int32)
    )
    sets.rank[first] = 1
    core = (core * core).astype(np.float32)  # EVoC compares squares
    part_of_node = np.full(len(tree.idx_start), -1)
    part_of_point = np.empty(len(part), dtype=np.int64)
    update_component_vectors(tree, sets, part_of_node, part_of_point)
    found = []
    n_left = len(first) - 1
    while n_left:
        distance, nearest = boruvka_tree_query(tree, part_of_node, part_of_point, core)
        links = merge_components(sets, nearest, distance, part_of_point)
        update_component_vectors(tree, sets, part_of_node, part_of_point)
        found.append(links)
        n_left -= len(links)
    result = np.concatenate(found)
    result[:, 2] = np.sqrt(result[:, 2])
    return result
