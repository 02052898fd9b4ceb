"""Agreement with the true clusters over all rows, whatever a system leaves out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score

LEFT_OUT = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """``nmi`` and ``ari`` count every row that is left out as a cluster of its own.

    So a row left out is with none of those it belongs with. ``nmi_one`` and ``ari_one`` count all
    rows left out as one more cluster, the reading that some publications take.
    """

    nmi: float
    ari: float
    nmi_one: float
    ari_one: float
    left_out_share: float
    n_clusters: int


def measure_agreement(truth: np.ndarray, labels: np.ndarray) -> Agreement:
    """Compare labels, ``LEFT_OUT`` for a row in no cluster, with the truth.

    Parameters
    ----------
    truth, labels : ndarray of shape (n_rows,), int64

    Examples
    --------
    >>> found = measure_agreement(np.array([0, 0, 1, 1]), np.array([0, 0, -1, -1]))
    >>> found.left_out_share, found.n_clusters, found.ari_one, round(found.ari, 2)
    (0.5, 1, 1.0, 0.57)
    """
    if truth.shape != labels.shape:
        raise ValueError(
            f"The 'labels' parameter of measure_agreement must have shape {truth.shape}. "
            f"Got {labels.shape} instead."
        )
    is_left_out = labels < 0
    n_found = int(labels.max(initial=-1)) + 1
    alone = np.where(is_left_out, n_found + np.cumsum(is_left_out), labels)
    together = np.where(is_left_out, n_found, labels)
    return Agreement(
        nmi=float(normalized_mutual_info_score(truth, alone)),
        ari=float(adjusted_rand_score(truth, alone)),
        nmi_one=float(normalized_mutual_info_score(truth, together)),
        ari_one=float(adjusted_rand_score(truth, together)),
        left_out_share=float(is_left_out.mean()),
        n_clusters=len(np.unique(labels[~is_left_out])),
    )


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, lowest and highest."""
    return {
        "median": float(np.median(values)),
        "low": float(np.min(values)),
        "high": float(np.max(values)),
    }


def summarise(found: Sequence[Agreement]) -> dict[str, dict[str, float]]:
    """Spread of every figure over the runs of one system."""
    rows = [asdict(item) for item in found]
    return {key: spread([row[key] for row in rows]) for key in rows[0]}
