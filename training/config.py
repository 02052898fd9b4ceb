"""A run is one frozen configuration, read from a TOML file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from pathlib import Path


class ConfigError(ValueError):
    """A run configuration has an unknown key or a value out of range."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """Settings of one run of joint fine-tuning.

    Attributes
    ----------
    seed : int
        Seed of initialisation, order and dropout; no default, the run must say it.
    base : str
        sentence-transformers folder or hub id of the encoder to start from.
    epochs, batch_size : int
        Passes over the rows; verbatims per step.
    encoder_learning_rate, head_learning_rate, readout_learning_rate : float
        Peak rates of AdamW; they rise over ``warmup_share`` of the steps and fall linearly.
    layer_decay : float
        Each layer below the top learns at this times the rate of the one above.
    segment_weight, base_weight, alignment_weight : float
        Weight of the loss on segments, of the readout's distance from the base's embedding, and
        of the Dutch-English alignment, beside 1.0 for the loss on verbatims.
    pseudo_texts : int
        Texts without labels that hold the readout to the base, per step.
    topics_weight : float
        Weight of the topic loss (summed over topics) beside sentiment and department.
    label_smoothing : float
        Share of a target spread over the other labels (sentiment, department).
    second_owner_share : float
        Share of the target that the second owner gets where a row names one.
    class_balance : float
        Exponent of the inverse label frequency in the loss: 0 none, 1 full.
    int8_epochs : int
        Last epochs, in which the encoder computes as its int8 export will.
    patience : int
        Epochs without a better validation score before the run stops.
    max_tokens : int
        Longer texts are cut while training.
    precision : str
        ``float32``, or ``bfloat16`` for the encoder's matrix products (2.6 times as fast on a
        processor with AVX512-BF16; weights and losses stay float32).
    """

    seed: int
    base: str
    epochs: int = 5
    batch_size: int = 32
    encoder_learning_rate: float = 5e-5
    head_learning_rate: float = 2e-3
    readout_learning_rate: float = 5e-4
    layer_decay: float = 0.9
    warmup_share: float = 0.1
    weight_decay: float = 0.01
    segment_weight: float = 0.5
    base_weight: float = 2.0
    alignment_weight: float = 0.2
    pseudo_texts: int = 24
    topics_weight: float = 1.0
    label_smoothing: float = 0.05
    second_owner_share: float = 0.3
    class_balance: float = 0.3
    int8_epochs: int = 2
    patience: int = 2
    max_tokens: int = 256
    precision: str = "float32"

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "patience", "max_tokens"):
            if getattr(self, name) < 1:
                raise ConfigError(f"'{name}' must be at least 1. Got {getattr(self, name)}")
        if self.precision not in ("float32", "bfloat16"):
            raise ConfigError(
                f"'precision' must be 'float32' or 'bfloat16'. Got {self.precision!r}"
            )
        for name in ("warmup_share", "label_smoothing", "second_owner_share"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ConfigError(f"'{name}' must be in [0, 1). Got {getattr(self, name)}")


def read_config(path: Path) -> TrainConfig:
    """Read a run configuration.

    Raises
    ------
    ConfigError
        If the file is not TOML, has an unknown key, or lacks ``seed`` or ``base``.
    """
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: not a readable TOML file: {error}") from error
    known = {field.name for field in fields(TrainConfig)}
    if unknown := sorted(set(values) - known):
        raise ConfigError(
            f"{path}: unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}"
        )
    try:
        return TrainConfig(**values)
    except TypeError as error:
        raise ConfigError(f"{path}: {error}") from error
