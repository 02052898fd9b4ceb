"""Where a run computes, and in which precision."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from training.writing import TrainingError

_TYPES = {"bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True, slots=True, kw_only=True)
class Compute:
    """A device and the type of the encoder's matrix products."""

    device: torch.device
    precision: str = "float32"

    def autocast(self) -> torch.autocast:
        """Context in which the encoder computes in the chosen precision."""
        kind = _TYPES.get(self.precision)
        return torch.autocast(self.device.type, kind or torch.bfloat16, enabled=kind is not None)

    def scaler(self) -> torch.amp.GradScaler:
        """Loss scaling for float16, whose gradients would vanish; else it does nothing."""
        return torch.amp.GradScaler(self.device.type, enabled=self.precision == "float16")


CPU = Compute(device=torch.device("cpu"))


def pick_compute(device: str, precision: str) -> Compute:
    """Resolve ``auto`` and check that the device is there.

    Raises
    ------
    TrainingError
        If ``cuda`` is asked for and no GPU can be used.
    """
    has_gpu = torch.cuda.is_available()
    if device == "cuda" and not has_gpu:
        raise TrainingError("device = 'cuda', but no GPU can be used: set it to 'cpu' or 'auto'")
    name = "cuda" if device == "cuda" or (device == "auto" and has_gpu) else "cpu"
    return Compute(device=torch.device(name), precision=precision)
