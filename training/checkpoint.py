"""Checkpoints that a kill or a full disk leaves whole, and clear words when one is of no use."""

from __future__ import annotations

import time
from collections.abc import Mapping
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
            f"{path} is damaged ({type(error).__name__}): delete it and checkpoint.pt beside it, "
            "and the run starts anew"
        ) from error


def check_best(checkpoint: Path, n_epochs: int) -> None:
    """Make sure that the best network of a run's epochs still lies beside its checkpoint.

    Raises
    ------
    TrainingError
        If it is gone.
    """
    if n_epochs and not checkpoint.with_name("best.pt").exists():
        raise TrainingError(
            f"{checkpoint.parent} has lost its best.pt: delete {checkpoint.name} too, and the run "
            "starts anew"
        )


def random_state() -> dict[str, Any]:
    """Where torch's generators stand, those of GPUs too."""
    cuda = torch.cuda.get_rng_state_all() if torch.cuda.is_available() else []
    return {"torch": torch.get_rng_state(), "cuda": cuda}


def restore_random(state: Mapping[str, Any]) -> None:
    """Let torch's draws go on where they stood."""
    torch.set_rng_state(state["torch"])
    if torch.cuda.is_available() and state["cuda"]:
        torch.cuda.set_rng_state_all(state["cuda"])


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
