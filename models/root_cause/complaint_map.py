"""Lays complaints out on a plane: those that mean much the same lie together.

t-SNE (van der Maaten & Hinton 2008) of a sample, from the principal axes, on one thread: the same
complaints lie in the same place whatever the number of threads.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from models.domain import FloatMatrix
from models.root_cause.arrays import IntVector, Matrix
from models.root_cause.report import MapPoint

MAX_POINTS = 1200
"""t-SNE of as many takes about 2 s."""
MIN_POINTS = 12
"""Fewer dots show nothing that the list does not."""
N_STEPS = 400
_N_AXES = 40
_PERPLEXITY = 25.0


def lay_map(
    embeddings: FloatMatrix,
    cause: IntVector,
    *,
    cause_ids: Sequence[str],
    texts: Sequence[str],
    seed: int,
    max_points: int = MAX_POINTS,
) -> tuple[MapPoint, ...]:
    """Lay out a sample of complaints, every cause in proportion.

    Parameters
    ----------
    embeddings : ndarray of shape (n_rows, dim), float32
        Unit rows without duplicates, aligned.
    cause : ndarray of shape (n_rows,)
        Negative: emerging.
    cause_ids : sequence of str, length n_causes
    texts : sequence of str, length n_rows
        Redacted.
    seed : int
    max_points : int, default=1200

    Returns
    -------
    tuple of MapPoint
        In the order of the rows; none for fewer than ``MIN_POINTS`` rows.
    """
    rows = _sample(cause, max_points)
    if len(rows) < MIN_POINTS:
        return ()
    places = _lay_out(embeddings[rows], seed=seed)
    return tuple(
        MapPoint(
            x=float(place[0]),
            y=float(place[1]),
            cause_id=cause_ids[cause[row]] if cause[row] >= 0 else None,
            text=texts[row],
        )
        for row, place in zip(rows.tolist(), places, strict=True)
    )


def _sample(cause: IntVector, n_points: int) -> IntVector:
    """Rows spread evenly over the causes in order, so that each gets its part."""
    order: IntVector = np.argsort(cause, kind="stable")
    if len(order) > n_points:
        order = order[np.linspace(0, len(order) - 1, n_points).round().astype(np.int64)]
    return np.sort(order)


def _lay_out(embeddings: FloatMatrix, *, seed: int) -> Matrix:
    """Places in the unit square, shape (n_rows, 2)."""
    # Takes a second to import.
    from sklearn.manifold import TSNE  # noqa: PLC0415

    with threadpool_limits(1):
        wide = embeddings.astype(np.float64)
        centred = wide - wide.mean(axis=0)
        _, vectors = np.linalg.eigh(centred.T @ centred)
        axes = vectors[:, ::-1][:, :_N_AXES]
        heaviest = axes[np.abs(axes).argmax(axis=0), np.arange(axes.shape[1])]
        axes = axes * np.where(heaviest < 0, -1, 1)  # an eigenvector's sign is arbitrary
        reduced = centred @ axes
        start = reduced[:, :2] / max(float(reduced[:, 0].std()), 1e-9) * 1e-4
        if not np.ptp(reduced) > 1e-6:
            return np.full((len(wide), 2), 0.5)
        places = TSNE(
            init=start.astype(np.float32),
            perplexity=min(_PERPLEXITY, (len(wide) - 1) / 3),
            max_iter=N_STEPS,
            random_state=seed,
            n_jobs=1,
        ).fit_transform(reduced.astype(np.float32))
    low, high = places.min(axis=0), places.max(axis=0)
    result: Matrix = (places - low) / np.maximum(high - low, 1e-9)
    return result.round(4)
