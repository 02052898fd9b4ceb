"""Array helpers that several steps share; none depends on the number of threads."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from models.domain import FloatMatrix

IntVector: TypeAlias = npt.NDArray[np.int64]
FloatVector: TypeAlias = npt.NDArray[np.float64]
Matrix: TypeAlias = npt.NDArray[np.float64]
BoolVector: TypeAlias = npt.NDArray[np.bool_]

BLOCK_ROWS = 8192
"""Rows whose similarities are held in memory at a time."""

_MIN_NORM = 1e-12
_ROUGH_ERROR = np.float32(1e-5)
"""Over twice what single precision can be wrong by for unit rows."""


def unit(rows: npt.NDArray[np.floating]) -> Matrix:
    """Scale rows to length 1, in double precision; a row of zeros stays."""
    wide = np.asarray(rows, dtype=np.float64)
    lengths = np.sqrt((wide * wide).sum(axis=-1, keepdims=True))
    result: Matrix = wide / np.maximum(lengths, _MIN_NORM)
    return result


def group_means(
    rows: npt.NDArray[np.floating], labels: IntVector, n_groups: int, weights: FloatVector
) -> Matrix:
    """Unit mean direction of each group.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, dim)
    labels : ndarray of shape (n_rows,)
        Group of each row; a negative label leaves the row out.
    n_groups : int
    weights : ndarray of shape (n_rows,)

    Returns
    -------
    ndarray of shape (n_groups, dim)
    """
    order = np.argsort(labels, kind="stable")
    order = order[labels[order] >= 0]
    sums = np.zeros((n_groups, rows.shape[1]))
    bounds = np.searchsorted(labels[order], np.arange(n_groups + 1))
    for group in range(n_groups):
        members = order[bounds[group] : bounds[group + 1]]
        sums[group] = (rows[members] * weights[members, None]).sum(axis=0)
    return unit(sums)


def weighted_mean(rows: FloatMatrix, weights: FloatVector) -> FloatVector:
    """Mean of rows, in double precision."""
    result: FloatVector = np.einsum("i,ij->j", weights, rows) / weights.sum()
    return result


def weighted_quantile(values: FloatVector, weights: FloatVector, share: float) -> float:
    """Lowest value with at least ``share`` of the weight at or below it.

    Examples
    --------
    >>> weighted_quantile(np.array([3.0, 1.0, 2.0]), np.array([1.0, 8.0, 1.0]), 0.5)
    1.0
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    position = int(np.searchsorted(reached, share * reached[-1] - 1e-9))
    return float(values[order[min(position, len(order) - 1)]])


def nearest_prototypes(
    prototypes: Matrix, embeddings: FloatMatrix
) -> tuple[IntVector, FloatVector]:
    """Index and cosine of the nearest prototype of each row.

    Double precision, rounded: the order in which a matrix product adds up, which may differ
    with the number of threads and of rows, cannot tip a decision. Single precision only tells
    which prototypes can be nearest at all.
    """
    nearest = np.empty(len(embeddings), dtype=np.int64)
    similarity = np.empty(len(embeddings))
    rough = as_float32(prototypes).T
    for start in range(0, len(embeddings), BLOCK_ROWS):
        block = embeddings[start : start + BLOCK_ROWS]
        cosines = block @ rough
        near = cosines >= cosines.max(axis=1, keepdims=True) - _ROUGH_ERROR
        best = near.argmax(axis=1)
        exact = np.round(np.einsum("ij,ij->i", block, prototypes[best], dtype=np.float64), 9)
        close = np.flatnonzero(near.sum(axis=1) > 1)
        if len(close):
            exact_close = np.round(block[close].astype(np.float64) @ prototypes.T, 9)
            best[close] = exact_close.argmax(axis=1)
            exact[close] = exact_close[np.arange(len(close)), best[close]]
        nearest[start : start + BLOCK_ROWS] = best
        similarity[start : start + BLOCK_ROWS] = exact
    return nearest, similarity


def as_float32(rows: npt.NDArray[np.floating]) -> FloatMatrix:
    """The same rows in single precision."""
    return np.ascontiguousarray(rows, dtype=np.float32)
