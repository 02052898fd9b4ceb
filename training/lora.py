"""Low-rank updates of the encoder, merged before export."""

from __future__ import annotations

import warnings
from typing import Any

from torch import nn
from transformers import BertModel

from training.config import LoraConfig
from training.writing import TrainingError


def add_updates(encoder: BertModel, config: LoraConfig) -> Any:
    """Put a low-rank update beside each named layer; all other weights are held.

    Raises
    ------
    TrainingError
        If a name fits no layer of the encoder.
    """
    from peft import LoraConfig as PeftConfig
    from peft import TaskType, get_peft_model

    ends = {
        name.rpartition(".")[2] for name, m in encoder.named_modules() if isinstance(m, nn.Linear)
    }
    if unknown := sorted(set(config.layers) - ends):
        raise TrainingError(
            f"[lora] 'layers' names {unknown[0]!r}; the encoder has {', '.join(sorted(ends))}"
        )
    settings = PeftConfig(
        task_type=TaskType.FEATURE_EXTRACTION,
        r=config.rank,
        lora_alpha=config.alpha,
        lora_dropout=config.dropout,
        target_modules=list(config.layers),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # peft reads names that transformers renamed
        return get_peft_model(encoder, settings)


def merge_updates(encoder: Any) -> BertModel:
    """The encoder with its updates added to the weights; one without updates as it is."""
    if isinstance(encoder, BertModel):
        return encoder
    merged = encoder.merge_and_unload()
    if not isinstance(merged, BertModel):
        raise TypeError(f"expected a BertModel after merging, got {type(merged).__name__}")
    return merged
