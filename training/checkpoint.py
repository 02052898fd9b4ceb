"""Checkpoints that a kill or a full disk leaves whole, and clear words when one is of no use."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import torch

from training.writing import TrainingError, written_beside


def save_state(state: object, path: Path) -> None:
    """Write tensors and plain values; see :func:`~training.writing.written_beside`."""
    with written_beside(path) as partial, partial.open("wb") as stream:
        torch.save(state, stream)


def load_state(path: Path) -> Any:
    """Read what :func:`save_state` wrote; nothing in it is executed.

    Raises
    ------
    TrainingError
        If the file is damaged.
    """
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # torch raises several kinds for a damaged file
        raise TrainingError(
            f"{path} is damaged ({type(error).__name__}): delete it to start the run anew"
        ) from error


class CheckpointClock:
    """Says when a checkpoint is due within an epoch.

    Parameters
    ----------
    minutes : float
        Time between two; 0 for never.
    steps : int
        Steps between two; 0 for never.
    """

    def __init__(self, *, minutes: float, steps: int) -> None:
        self._seconds, self._steps = 60 * minutes, steps
        self.reset()

    def reset(self) -> None:
        """Count from now: a checkpoint was written."""
        self._since, self._n_steps = time.monotonic(), 0

    def is_due(self) -> bool:
        """Count one step and tell whether it is time."""
        self._n_steps += 1
        if self._steps and self._n_steps >= self._steps:
            return True
        return bool(self._seconds) and time.monotonic() - self._since >= self._seconds
