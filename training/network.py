"""The network that is fine-tuned: encoder, pooling over spans, heads, readout, three losses."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from transformers import BertModel

from models.embedding import EmbeddingSpace, no_alignment
from models.heads import Head, Heads
from models.taxonomy import TASKS, Taxonomy
from training.config import LoraConfig, TrainConfig
from training.cpu_layers import use_cpu_layers
from training.devices import CPU, Compute
from training.fake_int8 import swap_linear_layers
from training.features import Batch
from training.lora import add_updates, merge_updates

ALIGNMENT_TEMPERATURE = 0.05  # as the base model was trained with contrastive pairs: 0.01 to 0.05


class JointNetwork(nn.Module):
    """Encoder, heads and readout.

    The heads read the unit vector of the pooled states, scaled to the root of its width. The
    readout, an affine map that starts as the identity, gives the embedding from it, so that the
    encoder may bend towards the labels without losing what the base knew.
    """

    def __init__(
        self,
        encoder: BertModel,
        taxonomy: Taxonomy,
        *,
        compute: Compute = CPU,
        lora: LoraConfig | None = None,
    ) -> None:
        super().__init__()
        self.compute = compute
        encoder.embeddings.word_embeddings.weight.requires_grad_(False)
        if compute.device.type == "cpu":
            use_cpu_layers(encoder)
        if lora is None:
            swap_linear_layers(encoder)
        self.encoder: Any = encoder if lora is None else add_updates(encoder, lora)
        self.width: int = encoder.config.hidden_size
        self.dropout = nn.Dropout(0.1)
        heads = {task: nn.Linear(self.width, len(taxonomy.labels(task))) for task in TASKS}
        self.heads = nn.ModuleDict(heads)
        self.readout = nn.Linear(self.width, self.width)
        nn.init.eye_(self.readout.weight)
        nn.init.zeros_(self.readout.bias)
        for head in heads.values():
            nn.init.normal_(head.weight, std=0.02)
            nn.init.zeros_(head.bias)
        self.to(compute.device)

    def merge(self) -> None:
        """Add low-rank updates to the weights, if there are any."""
        self.encoder = merge_updates(self.encoder)

    @contextmanager
    def in_float32(self) -> Iterator[None]:
        """Compute in float32 for a while, as what is exported is compared with."""
        usual = self.compute
        self.compute = dataclasses.replace(usual, precision="float32")
        try:
            yield
        finally:
            self.compute = usual

    def pool(self, batch: Batch) -> torch.Tensor:
        """Unit vectors of all spans' mean states. Shape: (n_spans, width)."""
        batch = batch.to(self.compute.device)
        with self.compute.autocast():
            output = self.encoder(input_ids=batch.ids, attention_mask=batch.mask)
        states: torch.Tensor = output.last_hidden_state.float()
        sums = functional.pad(states.cumsum(dim=1), (0, 0, 1, 0))
        totals = sums[batch.span_rows, batch.span_ends] - sums[batch.span_rows, batch.span_starts]
        means = totals / (batch.span_ends - batch.span_starts).unsqueeze(1)
        return functional.normalize(means, dim=1)

    def logits(self, pooled: torch.Tensor) -> dict[str, torch.Tensor]:
        """Raw scores per task. Shape: (n_spans, width) -> (n_spans, n_labels) each."""
        return self._scores(self.dropout(pooled * self.width**0.5))

    def plain_logits(self, pooled: torch.Tensor) -> dict[str, torch.Tensor]:
        """The same without dropout, whatever the mode."""
        return self._scores(pooled * self.width**0.5)

    def _scores(self, scaled: torch.Tensor) -> dict[str, torch.Tensor]:
        return {task: head(scaled) for task, head in self.linear_heads().items()}

    def start_at_frequencies(self, task: str, frequencies: torch.Tensor) -> None:
        """Set the biases of independent labels to their log odds, so that learning starts there."""
        head = self.linear_heads()[task]
        head.bias.data = torch.logit(frequencies.clamp(1e-4, 1 - 1e-4)).to(head.bias.device)

    def export_heads(self) -> Heads:
        """The heads for serving: on unit embeddings, the scale folded into the weights."""
        return Heads(
            {
                task: Head(
                    weight=head.weight.detach().cpu().numpy() * np.float32(self.width**0.5),
                    bias=head.bias.detach().cpu().numpy().copy(),
                )
                for task, head in self.linear_heads().items()
            }
        )

    def export_readout(self) -> EmbeddingSpace:
        """The readout for serving, without alignment."""
        weight = self.readout.weight.detach().cpu().numpy()
        bias = self.readout.bias.detach().cpu().numpy()
        return EmbeddingSpace(weight=weight, bias=bias, alignment=no_alignment(len(bias)))

    def linear_heads(self) -> dict[str, nn.Linear]:
        """The heads, with the type that a ``ModuleDict`` forgets."""
        return {task: head for task, head in self.heads.items() if isinstance(head, nn.Linear)}


def label_loss(
    logits: Mapping[str, torch.Tensor],
    batch: Batch,
    weights: Mapping[str, torch.Tensor],
    config: TrainConfig,
) -> torch.Tensor:
    """Cross-entropy of the three tasks, verbatims at weight 1 and segments at their own.

    ``weights`` holds one factor per label and task, shape (n_labels,).
    """
    device = next(iter(logits.values())).device
    batch = batch.to(device)
    per_row = torch.zeros(len(batch.is_segment), device=device)
    for task, scores in logits.items():
        target = batch.targets[task]
        if task == "topics":
            loss = functional.binary_cross_entropy_with_logits(
                scores, target, weight=1 + target * (weights[task] - 1), reduction="none"
            ).sum(dim=1)
            per_row = per_row + config.topics_weight * loss
        else:
            n_labels = scores.shape[1]
            smooth = target * (1 - config.label_smoothing) + config.label_smoothing / n_labels
            loss = -(smooth * functional.log_softmax(scores, dim=1)).sum(dim=1)
            per_row = per_row + loss * (target * weights[task]).sum(dim=1)
    factors = torch.where(batch.is_segment, config.segment_weight, 1.0)
    return (per_row * factors).sum() / factors.sum()


def base_loss(embeddings: torch.Tensor, base: torch.Tensor, variance: float) -> torch.Tensor:
    """Share of the base embeddings' variance that the readout does not give back.

    Shapes: (n, width) twice -> (). ``variance`` is the base's over all rows: the mean squared
    distance from their mean.
    """
    return (embeddings - base).square().sum(dim=1).mean() / variance


def alignment_loss(first: torch.Tensor, second: torch.Tensor) -> torch.Tensor:
    """InfoNCE both ways between the two tellings of each story (row i belongs to row i)."""
    first, second = functional.normalize(first, dim=1), functional.normalize(second, dim=1)
    scores = first @ second.T / ALIGNMENT_TEMPERATURE
    places = torch.arange(len(first), device=first.device)
    return (
        functional.cross_entropy(scores, places) + functional.cross_entropy(scores.T, places)
    ) / 2
