"""One update of the weights, and a clear end where training has gone astray."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import torch

from models.heads import TaskArrays
from training.writing import TrainingError

_MAX_LEFT_OUT = 50  # steps in a row that overflow; a good scale is found in some twenty
_ADVICE = (
    "lower the learning rates, or take precision = 'float32', and name a new run folder (--run); "
    "the last checkpoint is from before"
)


class Updates:
    """Clips gradients and lets the optimiser step, through the loss scale of float16.

    Parameters
    ----------
    optimizer : Optimizer
    scaler : GradScaler
        Switched off for all other precisions.
    """

    def __init__(self, optimizer: torch.optim.Optimizer, scaler: torch.amp.GradScaler) -> None:
        self._optimizer, self._scaler = optimizer, scaler
        self._n_left_out = 0

    def take(self, parameters: Iterable[torch.nn.Parameter]) -> bool:
        """Update the weights from their gradients; tell whether a step was taken.

        Raises
        ------
        TrainingError
            If the gradients are no numbers; the weights stay as they were.
        """
        self._scaler.unscale_(self._optimizer)
        norm = torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        is_sound = bool(torch.isfinite(norm))
        self._n_left_out = 0 if is_sound else self._n_left_out + 1
        if self._n_left_out > (_MAX_LEFT_OUT if self._scaler.is_enabled() else 0):
            raise TrainingError(f"the gradients are no numbers: {_ADVICE}")
        self._scaler.step(self._optimizer)  # float16 leaves a step out that overflowed
        self._scaler.update()
        self._optimizer.zero_grad()
        return is_sound


def finite(logits: Mapping[str, np.ndarray]) -> TaskArrays:
    """The logits as they are, if all are numbers.

    Raises
    ------
    TrainingError
        If one is not.
    """
    if not all(np.isfinite(scores).all() for scores in logits.values()):
        raise TrainingError(f"the network gives scores that are no numbers: {_ADVICE}")
    return dict(logits)
