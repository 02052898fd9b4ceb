"""How often each label occurs where the model works, estimated without labels.

Source: Saerens, Latinne & Decaestecker (2002), Neural Computation 14, 21-41; that it needs
calibrated probabilities, and what calibrates well for it: Alexandari et al. (2020),
arXiv:1901.06852.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
_LEAST_SHARE = 1e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorShift:
    """Shares of labels, in the order of the columns, where the model was calibrated and works."""

    calibrated: Floats
    field: Floats
    n_steps: int
    has_converged: bool

    @property
    def bias(self) -> Floats:
        """What is added to calibrated log probabilities to correct the shift."""
        return np.log(np.maximum(self.field, _LEAST_SHARE)) - np.log(
            np.maximum(self.calibrated, _LEAST_SHARE)
        )


def estimate_prior(
    probabilities: Floats, calibrated: Floats, *, tolerance: float = 1e-6, max_steps: int = 1000
) -> PriorShift:
    """Estimate label shares on unlabelled rows by expectation maximisation.

    Parameters
    ----------
    probabilities : ndarray of shape (n_rows, n_labels)
        Calibrated where labels occur as ``calibrated`` says.
    calibrated : ndarray of shape (n_labels,)

    Raises
    ------
    ValueError
        If there are no rows or the widths differ.
    """
    if not len(probabilities) or probabilities.shape[1] != len(calibrated):
        raise ValueError(
            "The 'probabilities' parameter of estimate_prior must have shape (n_rows, "
            f"{len(calibrated)}) and rows. Got {probabilities.shape} instead."
        )
    start = np.maximum(calibrated.astype(np.float64), _LEAST_SHARE)
    start = start / start.sum()
    shares, step = start, 0
    for step in range(1, max_steps + 1):
        weighted = probabilities * (shares / start)
        weighted /= weighted.sum(axis=1, keepdims=True)
        moved = weighted.mean(axis=0)
        is_done = bool(np.abs(moved - shares).max() < tolerance)
        shares = moved
        if is_done:
            return PriorShift(calibrated=start, field=shares, n_steps=step, has_converged=True)
    return PriorShift(calibrated=start, field=shares, n_steps=step, has_converged=False)
