"""Makes one clustering of several: groups that most runs find, whatever their seed.

Meta-clustering (Strehl & Ghosh 2002, Journal of Machine Learning Research 3, 583-617): clusters of
all runs are grouped by the rows they share; each row goes to the group whose clusters hold it most
often. Time and memory grow with the rows times the runs.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from models.root_cause.arrays import FloatVector, IntVector, Matrix

MIN_OVERLAP = 0.3
"""Mean Jaccard index from which clusters of different runs are one; 0.2 to 0.4 are alike."""
MIN_RUN_SHARE = 0.5
"""Share of the runs that must find a group."""


def agree(
    labels: Sequence[IntVector], weights: FloatVector, *, n_causes: int | None = None
) -> IntVector:
    """Group rows as most runs do.

    Parameters
    ----------
    labels : sequence of ndarray of shape (n_rows,)
        One per run, numbered from 0; every row in a cluster.
    weights : ndarray of shape (n_rows,)
    n_causes : int, optional
        About how many groups are wanted; default: as many as the runs have in common.

    Returns
    -------
    ndarray of shape (n_rows,)
        Groups numbered from 0; -1 for a row that no run puts in one of them.

    Examples
    --------
    >>> runs = [np.array([0, 0, 1, 1, 1]), np.array([1, 1, 0, 0, 0]), np.array([0, 0, 0, 1, 1])]
    >>> agree(runs, np.ones(5))
    array([0, 0, 1, 1, 1])
    """
    sizes = [int(own.max()) + 1 for own in labels]
    run_of = np.repeat(np.arange(len(labels)), sizes)
    starts = np.cumsum([0, *sizes])
    n_rows = len(weights)
    columns = np.stack([own + start for own, start in zip(labels, starts, strict=False)], axis=1)
    held = sparse.csr_matrix(
        (
            np.ones(columns.size),
            columns.ravel(),
            np.arange(0, columns.size + 1, len(labels)),
        ),
        shape=(n_rows, len(run_of)),
    )
    groups = _group_clusters(_distances(held, weights), run_of, n_causes=n_causes)
    n_groups = int(groups.max(initial=-1)) + 1
    if n_groups == 0:
        return labels[0]
    member = sparse.csr_matrix(
        (
            np.ones(int((groups >= 0).sum())),
            (np.flatnonzero(groups >= 0), groups[groups >= 0]),
        ),
        shape=(len(groups), n_groups),
    )
    votes = np.asarray((held @ member).todense())
    result: IntVector = np.where(votes.max(axis=1) > 0, votes.argmax(axis=1), -1).astype(np.int64)
    _, numbers = np.unique(result[result >= 0], return_inverse=True)
    result[result >= 0] = numbers
    return result


def _distances(held: sparse.csr_matrix, weights: FloatVector) -> Matrix:
    """1 minus the Jaccard index of any two clusters."""
    both = np.asarray((held.T @ held.multiply(weights[:, None])).todense())
    own = np.diag(both)
    distances: Matrix = 1 - both / np.maximum(own[:, None] + own[None, :] - both, 1e-12)
    np.fill_diagonal(distances, 0)
    return np.round(distances, 9)


def _group_clusters(distances: Matrix, run_of: IntVector, *, n_causes: int | None) -> IntVector:
    """Group of each cluster; -1 where too few runs find it."""
    n_runs = int(run_of.max()) + 1
    tree = linkage(squareform(distances, checks=False), method="average")
    if n_causes is None:
        return _supported(fcluster(tree, 1 - MIN_OVERLAP, criterion="distance"), run_of, n_runs)
    groups = run_of
    for n_wanted in range(n_causes, 2 * n_causes + 1):
        groups = _supported(fcluster(tree, n_wanted, criterion="maxclust"), run_of, n_runs)
        if groups.max() + 1 >= n_causes:
            break
    return groups


def _supported(groups: IntVector, run_of: IntVector, n_runs: int) -> IntVector:
    """Groups that enough runs find, numbered from 0 in the order of their first cluster."""
    result = np.full(len(groups), -1, dtype=np.int64)
    number = 0
    for group in dict.fromkeys(groups.tolist()):
        members = groups == group
        if len(np.unique(run_of[members])) >= MIN_RUN_SHARE * n_runs:
            result[members] = number
            number += 1
    return result
