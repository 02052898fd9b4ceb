"""Dropout and attention that cost less on a processor than torch's own.

There, ``bernoulli_`` takes 3 to 5 ns a value, a fifth of a training step, and the attention of
``scaled_dot_product_attention`` multiplies in float32 whatever the precision, since it falls back
to plain products when there is dropout.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.masking_utils import eager_mask

_ATTENTION = "byte_dropout"


def byte_dropout(states: torch.Tensor, share: float) -> torch.Tensor:
    """Set a share of the values to zero, to the nearest 256th, and scale the others up.

    Eight values are drawn at once, one byte each, from torch's generator.
    """
    n_dropped = round(share * 256)
    n = states.numel()
    drawn = torch.empty(n // 8 + 1, dtype=torch.int64).random_(-(2**63), None)
    kept = drawn.view(torch.uint8)[:n].view(states.shape) >= n_dropped
    return (states * kept.to(states.dtype)).mul_(256 / (256 - n_dropped))


class ByteDropout(nn.Dropout):
    """Dropout by :func:`byte_dropout`; as torch's own on other devices."""

    def forward(self, input: torch.Tensor) -> torch.Tensor:  # noqa: A002 - name of nn.Dropout
        """Shape: any -> the same."""
        if not self.training or not round(self.p * 256) or input.device.type != "cpu":
            return super().forward(input)
        return byte_dropout(input, self.p)


def _attend(
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float,
    dropout: float = 0.0,
    **_: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention as transformers calls it, its products in the precision of its input.

    Shapes: (batch, heads, seq, width) three times -> (batch, seq, heads, width), and the weights.
    """
    scores = ((query * scaling) @ key.transpose(-1, -2)).float()
    if attention_mask is not None:
        scores = scores + attention_mask
    weights = torch.softmax(scores, dim=-1).to(value.dtype)
    if dropout and round(dropout * 256):
        is_cpu = weights.device.type == "cpu"
        weights = (byte_dropout if is_cpu else nn.functional.dropout)(weights, dropout)
    return (weights @ value).transpose(1, 2).contiguous(), weights


AttentionInterface.register(_ATTENTION, _attend)
AttentionMaskInterface.register(_ATTENTION, eager_mask)


def use_cpu_layers(encoder: Any) -> None:
    """Put them into a BERT encoder; weights and names stay."""
    encoder.set_attn_implementation(_ATTENTION)
    for module in encoder.modules():
        if type(module) is nn.Dropout:
            module.__class__ = ByteDropout
