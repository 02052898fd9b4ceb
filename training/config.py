"""A run is one frozen configuration, read from a TOML file."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, TypeVar

_CHOICES = {
    "mode": ("joint", "lora", "frozen"),
    "precision": ("float32", "bfloat16", "float16"),
    "device": ("auto", "cpu", "cuda"),
    "quantisation": ("int8", "w8a16", "int8_blocks"),
    "tracking": ("auto", "mlflow", "plain"),
}
# Settings that change nothing about what comes out: a resumed run may have others.
_WITHOUT_EFFECT = (
    "checkpoint_minutes",
    "checkpoint_steps",
    "device",
    "min_same_labels",
    "tracking",
)


class ConfigError(ValueError):
    """A run configuration has an unknown key or a value out of range."""


def check_counts(settings: object, *names: str) -> None:
    """Make sure that settings are at least 1.

    Raises
    ------
    ConfigError
        Names the first that is not.
    """
    for name in names:
        if getattr(settings, name) < 1:
            raise ConfigError(f"'{name}' must be at least 1. Got {getattr(settings, name)}")


def check_choices(settings: object) -> None:
    """Make sure that each setting with a list of values has one of them.

    Raises
    ------
    ConfigError
        Names the first that has not.
    """
    for name, allowed in _CHOICES.items():
        value = getattr(settings, name, allowed[0])
        if value not in allowed:
            raise ConfigError(f"'{name}' must be one of {', '.join(allowed)}. Got {value!r}")


@dataclass(frozen=True, slots=True, kw_only=True)
class LoraConfig:
    """Low-rank updates of the encoder (Hu et al. 2022, arXiv:2106.09685), for ``mode = "lora"``.

    Attributes
    ----------
    rank : int
        Width of an update; ``alpha`` / ``rank`` is the factor it is added with.
    alpha : int
    dropout : float
    layers : tuple of str
        Names of the linear layers that get an update.
    """

    rank: int = 16
    alpha: int = 32
    dropout: float = 0.05
    layers: tuple[str, ...] = ("query", "key", "value", "dense")

    def __post_init__(self) -> None:
        if self.rank < 1 or self.alpha <= 0 or not 0 <= self.dropout < 1 or not self.layers:
            raise ConfigError(
                "[lora] 'rank' must be at least 1, 'alpha' above 0, 'dropout' in [0, 1), and "
                f"'layers' not empty. Got {self.rank}, {self.alpha}, {self.dropout}, {self.layers}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenConfig:
    """Heads alone, on features that are computed once, for ``mode = "frozen"``.

    Attributes
    ----------
    penalties : tuple of float
        Strengths of the penalty that are tried, from strong to weak, each task with its own
        best one on the validation rows; without validation rows the first is taken.
    uses_definitions : bool
        Whether the penalty pulls towards the head that the labels' definitions give, and not
        towards zero. On 8 to 64 rows per department of the corpus it cost 0.01 to 0.03 of macro-F1.
    max_iterations : int
        Steps of L-BFGS per penalty.
    cache : str
        Folder where features are kept, by the hash of rows and encoder.
    """

    penalties: tuple[float, ...] = (1e-1, 3e-2, 1e-2, 3e-3, 1e-3)
    uses_definitions: bool = False
    max_iterations: int = 60
    cache: str = "build/cache"

    def __post_init__(self) -> None:
        if not self.penalties or min(self.penalties) <= 0 or self.max_iterations < 1:
            raise ConfigError(
                "[frozen] 'penalties' must be above 0 and 'max_iterations' at least 1. "
                f"Got {self.penalties} and {self.max_iterations}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainConfig:
    """Settings of one run.

    Attributes
    ----------
    seed : int
        Seed of initialisation, order and dropout; no default, the run must say it.
    base : str
        sentence-transformers folder of the encoder to start from; in frozen mode a bundle folder
        too.
    mode : str
        ``joint`` fine-tunes encoder and heads, ``lora`` does it with low-rank updates that are
        merged at the end, ``frozen`` fits heads on an untouched encoder.
    start_from : str
        Run folder of a finished joint run whose network this one goes on from, on the same base
        and taxonomy; empty: the base itself. The readout stays held to the base.
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
        ``float32``, or ``bfloat16`` or ``float16`` for the encoder's matrix products (bfloat16
        is 2.6 times as fast on a processor with AVX512-BF16; weights and losses stay float32).
    device : str
        ``cpu``, ``cuda``, or ``auto``: the GPU if there is one.
    checkpoint_minutes : float
        Time between two checkpoints within an epoch; 0 leaves only those between epochs.
    checkpoint_steps : int
        The same in steps; 0 leaves it to the minutes.
    quantisation : str
        How the encoder is exported: ``int8`` with one activation scale a text; ``w8a16`` with the
        same weights and activations of 16 bits, which gives the trained model's labels at two
        thirds of the speed; ``int8_blocks`` with a scale per block of a row, for weights that were
        not trained to be rounded.
    min_same_labels : float
        Share of labels that the exported model must have in common with the trained one: of the
        sentiments, of the departments, and of the answers whether a text has a topic.
    tracking : str
        ``mlflow``, ``plain`` (files in the run folder alone), or ``auto``: MLflow where
        ``MLFLOW_TRACKING_URI`` is set and the package installed.
    lora, frozen : LoraConfig, FrozenConfig
        Tables of the two other modes.
    """

    seed: int
    base: str
    mode: str = "joint"
    start_from: str = ""
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
    device: str = "auto"
    checkpoint_minutes: float = 5.0
    checkpoint_steps: int = 0
    quantisation: str = "int8"
    min_same_labels: float = 0.995
    tracking: str = "auto"
    lora: LoraConfig = field(default_factory=LoraConfig)
    frozen: FrozenConfig = field(default_factory=FrozenConfig)

    def __post_init__(self) -> None:
        check_counts(self, "epochs", "batch_size", "patience", "max_tokens")
        check_choices(self)
        if self.start_from and self.mode != "joint":
            raise ConfigError(f"'start_from' goes with mode = 'joint'. Got mode {self.mode!r}")
        if self.checkpoint_minutes < 0 or self.checkpoint_steps < 0 or self.int8_epochs < 0:
            raise ConfigError(
                "'checkpoint_minutes', 'checkpoint_steps' and 'int8_epochs' must not be below 0"
            )
        if self.int8_epochs and (self.mode == "lora" or self.quantisation == "int8_blocks"):
            raise ConfigError(
                "'int8_epochs' rounds whole layers as quantisation = 'int8' and 'w8a16' do: set it "
                "to 0 for mode = 'lora' and for quantisation = 'int8_blocks'"
            )
        for name in ("warmup_share", "label_smoothing", "second_owner_share"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise ConfigError(f"'{name}' must be in [0, 1). Got {getattr(self, name)}")

    def identity(self) -> dict[str, Any]:
        """All settings that decide what a run ends with, as plain values."""
        values = dataclasses.asdict(self)
        return {name: value for name, value in values.items() if name not in _WITHOUT_EFFECT}


Part = TypeVar("Part", LoraConfig, FrozenConfig)


def _table(kind: type[Part], name: str, values: object, path: Path) -> Part:
    """A nested table as its dataclass; lists become tuples."""
    if not isinstance(values, Mapping):
        raise ConfigError(f"{path}: '{name}' must be a table: write [{name}]")
    known = {field.name for field in fields(kind)}
    if unknown := sorted(set(values) - known):
        raise ConfigError(
            f"{path}: unknown key {unknown[0]!r} in [{name}]; known are {', '.join(sorted(known))}"
        )
    plain: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in values.items()}
    return kind(**plain)


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
        if "lora" in values:
            values["lora"] = _table(LoraConfig, "lora", values["lora"], path)
        if "frozen" in values:
            values["frozen"] = _table(FrozenConfig, "frozen", values["frozen"], path)
        return TrainConfig(**values)
    except TypeError as error:
        raise ConfigError(f"{path}: {error}") from error
