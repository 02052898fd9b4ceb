"""Nearest neighbours of every row, found once for all runs of a clustering.

Few rows are compared with all; many are first put into cells (Jégou et al. 2011 call it an
inverted file), and each row is compared with those of the cells around its own. Every block of
similarities has the same shape and is worked out by one thread whatever the number of threads, so
that the neighbours do not depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.domain import FloatMatrix
from models.root_cause.arrays import IntVector

IntMatrix: TypeAlias = npt.NDArray[np.int32]

CELL_ROWS = 128
PROBED_CELLS = 24
"""Cells of about so many rows, the own one included, that a row is compared with."""
N_ROUNDS = 3
BLOCK_ROWS = 512


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """``index`` and ``similarity`` have shape (n_rows, n_neighbours), nearest first.

    The first neighbour of a row is the row itself; -1 stands for one that is missing, with the
    similarity of the last that is there.
    """

    index: IntMatrix
    similarity: FloatMatrix

    def among(self, rows: IntVector, n_neighbours: int) -> Neighbours:
        """The neighbours of some rows among these rows, in the numbers of the new positions.

        Parameters
        ----------
        rows : ndarray of shape (n_kept,)
            Ascending.
        n_neighbours : int
            How many of the nearest to keep.
        """
        position = np.full(len(self.index), -1, dtype=np.int32)
        position[rows] = np.arange(len(rows), dtype=np.int32)
        index, similarity = position[self.index[rows]], self.similarity[rows]
        if len(rows) < len(position):
            order = np.argsort(index < 0, axis=1, kind="stable")
            index = np.take_along_axis(index, order, axis=1)
            similarity = np.take_along_axis(similarity, order, axis=1)
        index, similarity = index[:, :n_neighbours], similarity[:, :n_neighbours]
        n_there = (index >= 0).sum(axis=1)
        last = similarity[np.arange(len(rows)), n_there - 1]
        return Neighbours(
            index=np.ascontiguousarray(index),
            similarity=np.where(index >= 0, similarity, last[:, None]),
        )


def find_neighbours(
    rows: FloatMatrix, n_neighbours: int, *, seed: int, n_threads: int = 1
) -> Neighbours:
    """Find the rows at the smallest angle to each row.

    Parameters
    ----------
    rows : ndarray of shape (n_rows, dim), float32
        Unit rows.
    n_neighbours : int
        The row itself counts as one; no more than there are rows.
    seed : int
    n_threads : int, default=1
        Changes the time alone.
    """
    n_rows = len(rows)
    n_neighbours = min(n_neighbours, n_rows)
    found = Neighbours(
        index=np.empty((n_rows, n_neighbours), dtype=np.int32),
        similarity=np.empty((n_rows, n_neighbours), dtype=np.float32),
    )
    with threadpool_limits(1, user_api="blas"), ThreadPoolExecutor(n_threads) as pool:
        n_cells = n_rows // CELL_ROWS
        if n_cells <= 2 * PROBED_CELLS:
            cells = _Cells(order=np.arange(n_rows), rows=rows, bounds=np.array([0, n_rows]))
            probed = [np.zeros(1, dtype=np.int64)]
        else:
            cells, probed = _make_cells(
                rows, n_cells, n_neighbours=n_neighbours, seed=seed, run=pool.map
            )
        jobs = [
            (start, min(start + BLOCK_ROWS, int(cells.bounds[own_first[0] + 1])), own_first)
            for own_first in probed
            for start in range(
                int(cells.bounds[own_first[0]]), int(cells.bounds[own_first[0] + 1]), BLOCK_ROWS
            )
        ]
        list(pool.map(lambda job: _search(cells, job[0], job[1], job[2], found), jobs))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cells:
    """Rows cell by cell: cell i holds those from ``bounds[i]`` to ``bounds[i + 1]``.

    ``order`` has their numbers.
    """

    order: IntVector
    rows: FloatMatrix
    bounds: IntVector


def _make_cells(
    rows: FloatMatrix,
    n_cells: int,
    *,
    n_neighbours: int,
    seed: int,
    run: Callable[..., Iterable[IntVector]],
) -> tuple[_Cells, list[IntVector]]:
    """Cells by k-means, and for each that holds rows which to look in, itself first."""
    n_rows = len(rows)
    rng = np.random.default_rng(seed)
    centres = rows[np.sort(rng.choice(n_rows, n_cells, replace=False))]
    starts = range(0, n_rows, BLOCK_ROWS)
    for _ in range(N_ROUNDS):
        nearest = run(
            lambda start, to=centres: (rows[start : start + BLOCK_ROWS] @ to.T).argmax(axis=1),
            starts,
        )
        cell = np.concatenate(list(nearest))
        order = np.argsort(cell, kind="stable")
        bounds = np.flatnonzero(np.diff(cell[order], prepend=-1))
        sums = np.add.reduceat(rows[order], bounds, axis=0)
        lengths = np.sqrt((sums * sums).sum(axis=1, keepdims=True))
        centres = sums / np.maximum(lengths, np.float32(1e-12))
    bounds = np.append(bounds, n_rows)
    near = centres @ centres.T
    np.fill_diagonal(near, 2)
    probed = []
    for cells in np.argsort(-near, axis=1, kind="stable"):
        n_reached = np.cumsum(np.diff(bounds)[cells])
        n_needed = int(np.searchsorted(n_reached, n_neighbours)) + 1
        probed.append(cells[: max(PROBED_CELLS, n_needed)])
    return _Cells(order=order, rows=rows[order], bounds=bounds), probed


def _search(cells: _Cells, start: int, stop: int, probed: IntVector, found: Neighbours) -> None:
    """Write the nearest neighbours of some rows of the first cell among those of all cells."""
    n_neighbours = found.index.shape[1]
    spans = [(cells.bounds[cell], cells.bounds[cell + 1]) for cell in probed]
    others = [cells.rows[first:last] for first, last in spans]
    similarity = (
        cells.rows[start:stop] @ (np.concatenate(others) if len(others) > 1 else others[0]).T
    )
    own = np.arange(stop - start)
    similarity[own, start - spans[0][0] + own] = 2  # comes first even where others coincide
    chosen = np.argpartition(similarity, -n_neighbours, axis=1)[:, -n_neighbours:]
    values = np.take_along_axis(similarity, chosen, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    numbers = np.concatenate([cells.order[first:last] for first, last in spans])
    rows = cells.order[start:stop]
    found.index[rows] = numbers[np.take_along_axis(chosen, order, axis=1)]
    found.similarity[rows] = np.minimum(np.take_along_axis(values, order, axis=1), 1)
