"""Which verbatims to label next: those that the model is unsure of, and unlike each other.

Clusters of embeddings, weighted by uncertainty; the verbatim nearest to each centre is picked
(CLUE: Prabhu et al. 2021, ICCV, arXiv:2010.08666).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning

from models.domain import FloatMatrix

_POOL_PER_PICK = 50
_LEAST_WEIGHT = 1e-3
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pick:
    """A verbatim to label: its place, and how unsure the model is, from 0 to 1."""

    place: int
    uncertainty: float


def measure_uncertainty(probabilities: Mapping[str, FloatMatrix]) -> Floats:
    """Mean entropy of the three tasks, each as a share of the largest. Shape: (n_rows,).

    Examples
    --------
    >>> even = np.array([[0.5, 0.5], [1.0, 0.0]])
    >>> measure_uncertainty({"department": even}).round(2).tolist()
    [1.0, 0.0]
    """
    shares = []
    for task, rows in probabilities.items():
        p = np.clip(rows.astype(np.float64), 1e-12, 1.0)
        if task == "topics":
            q = np.clip(1.0 - p, 1e-12, 1.0)
            # Most topics are clearly absent: the least sure one says how sure the row is.
            shares.append((-(p * np.log(p) + q * np.log(q)) / np.log(2)).max(axis=1))
        else:
            shares.append(-(p * np.log(p)).sum(axis=1) / np.log(p.shape[1]))
    return np.asarray(np.mean(shares, axis=0))


def pick_next(
    embeddings: FloatMatrix, uncertainty: Floats, *, n_picks: int, seed: int = 1
) -> tuple[Pick, ...]:
    """Pick rows to label, the least sure first.

    Parameters
    ----------
    embeddings : ndarray of shape (n_rows, dim), float32
    uncertainty : ndarray of shape (n_rows,)
    n_picks : int
        All rows are picked where there are not more.

    Notes
    -----
    Of a large pool the least sure 50 rows per pick are looked at, so cost grows with the picks.
    """
    order = np.argsort(-uncertainty, kind="stable")
    pool = order[: _POOL_PER_PICK * n_picks]
    if len(pool) <= n_picks:
        chosen = set(pool.tolist())
    else:
        weights = np.maximum(uncertainty[pool], _LEAST_WEIGHT)
        points = embeddings[pool].astype(np.float64)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # fewer distinct points than picks
            found = KMeans(n_clusters=n_picks, n_init=1, random_state=seed).fit(
                points, sample_weight=weights
            )
        distance = np.linalg.norm(points - found.cluster_centers_[found.labels_], axis=1)
        chosen = set()
        for cluster in np.unique(found.labels_):
            members = np.flatnonzero(found.labels_ == cluster)
            chosen.add(int(pool[members[np.argmin(distance[members])]]))
        for place in pool:  # equal texts can leave clusters empty
            if len(chosen) == n_picks:
                break
            chosen.add(int(place))
    return tuple(
        Pick(place=int(place), uncertainty=float(uncertainty[place]))
        for place in order
        if int(place) in chosen
    )
