"""Settings of a distillation, read from a TOML file."""

from __future__ import annotations

import dataclasses
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from training.config import ConfigError, check_choices, check_counts


@dataclass(frozen=True, slots=True, kw_only=True)
class DistilConfig:
    """Settings of a distillation.

    Attributes
    ----------
    seed : int
    layers : int
        Layers of the student.
    epochs, batch_size : int
    learning_rate : float
        Peak rate of AdamW; it rises over a tenth of the steps and falls linearly.
    state_weight, label_weight : float
        Weight of the distance between pooled states, and of that between label probabilities.
    int8_epochs : int
        Last epochs, in which the student computes as its int8 export will.
    quantisation, precision, device, checkpoint_minutes, tracking
        As in :class:`~training.config.TrainConfig`.
    """

    seed: int
    layers: int = 6
    epochs: int = 6
    batch_size: int = 32
    learning_rate: float = 2e-4
    state_weight: float = 1.0
    label_weight: float = 1.0
    int8_epochs: int = 2
    quantisation: str = "int8"
    precision: str = "float32"
    device: str = "auto"
    checkpoint_minutes: float = 5.0
    tracking: str = "auto"

    def __post_init__(self) -> None:
        check_counts(self, "layers", "epochs", "batch_size")
        check_choices(self)
        if self.int8_epochs < 0:
            raise ConfigError(f"'int8_epochs' must not be below 0. Got {self.int8_epochs}")
        if self.int8_epochs and self.quantisation == "int8_blocks":
            raise ConfigError("'int8_epochs' must be 0 for quantisation = 'int8_blocks'")

    def identity(self) -> dict[str, Any]:
        """All settings that decide what it ends with."""
        values = dataclasses.asdict(self)
        return {k: v for k, v in values.items() if k not in ("device", "checkpoint_minutes",
                                                             "tracking")}  # fmt: skip


def read_distil_config(path: Path) -> DistilConfig:
    """Read the settings from a TOML file.

    Raises
    ------
    ConfigError
        If the file is not TOML, or has an unknown key or a value out of range.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
        return DistilConfig(**values)
    except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
        raise ConfigError(f"{path}: {error}") from error
