"""What fine-tuning learns from: gradients of all losses of one step.

Labels of verbatims and their segments; the distance of the readout from the base's embedding, also
on made texts without labels; and the distance between Dutch and English tellings of one story.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from tokenizers import Tokenizer

from models.taxonomy import TASKS, Taxonomy
from training.config import TrainConfig
from training.features import Batch, Example, build_unlabelled, collate, plan_parts
from training.holding import WIDTHS, BaseEmbeddings, whole
from training.labelled import LabelledVerbatim
from training.network import JointNetwork, alignment_loss, base_loss, label_loss
from training.pseudo_texts import make_pseudo_texts

_ALIGN_EVERY = 4  # steps between two alignment batches
_PAIRS_PER_BATCH = 24
_PSEUDO_TEXTS = 8_000  # drawn from again and again
_CALL_TOKENS = 200  # what a call of the network costs besides its tokens, in tokens (measured)
_MOST_TOKENS, _MOST_TOKENS_GPU = 2_048, 65_536  # that run at once: some 0.4 MB each
# oneDNN compiles and keeps some 6 MB for each new number of tokens: there should be few.
_PART_ROWS = 8


class Objective:
    """All losses of a run.

    Each part of a batch runs back before the next one starts, so that memory holds the states of
    one.

    Parameters
    ----------
    network : JointNetwork
        As it comes from the base: its embeddings of all texts are kept to hold it to.
    train : sequence of Example
        Labelled.
    config : TrainConfig
    pseudo : sequence of Example
        Texts without labels.
    pairs : sequence of (int, int)
        Places in ``train`` of a Dutch and an English telling of one story.
    scaler : torch.amp.GradScaler
    """

    def __init__(
        self,
        network: JointNetwork,
        train: Sequence[Example],
        config: TrainConfig,
        *,
        pseudo: Sequence[Example],
        pairs: Sequence[tuple[int, int]],
        scaler: torch.amp.GradScaler,
    ) -> None:
        self.network, self.train, self.pseudo, self.pairs = network, train, pseudo, pairs
        self.config, self.scaler = config, scaler
        self.weights = {
            task: factors.to(network.compute.device)
            for task, factors in label_weights(train, config.class_balance).items()
        }
        self.base = BaseEmbeddings(network, [*train, *pseudo])

    def backward(self, number: int, members: np.ndarray, rng: np.random.Generator) -> float:
        """Add the gradients of one step; gives the loss on labels.

        Parameters
        ----------
        number : int
            Of the step within its epoch; pairs are aligned at every fourth.
        members : ndarray of shape (n_rows,)
            Places in ``train``.
        rng : numpy.random.Generator
        """
        labels = self.learn_labels(members)
        if self.pseudo:
            chosen = rng.choice(len(self.pseudo), self.config.pseudo_texts, replace=False)
            self.hold_to_base(chosen)
        if self.config.alignment_weight and self.pairs and number % _ALIGN_EVERY == 0:
            chosen = rng.choice(len(self.pairs), min(_PAIRS_PER_BATCH, len(self.pairs)), False)
            self.align([self.pairs[index] for index in chosen])
        return labels

    def learn_labels(self, members: np.ndarray) -> float:
        """Gradients of the losses on labelled rows; gives the loss on labels."""
        config, total = self.config, 0.0
        n_spans = np.asarray([len(self.train[index].spans) for index in members])
        factors = 1 + config.segment_weight * (n_spans - 1)
        base_weight = config.base_weight / (2 if self.pseudo else 1)
        for part in self._parts([self.train[index] for index in members]):
            batch = _collate([self.train[index] for index in members[part]])
            batch = batch.to(self.network.compute.device)
            pooled = self.network.pool(batch)
            logits = self.network.logits(pooled)
            loss = label_loss(logits, batch, self.weights, config)
            loss = loss * float(factors[part].sum() / factors.sum())
            total += float(loss.detach())
            if base_weight:
                share = float(n_spans[part].sum() / n_spans.sum())
                loss = loss + base_weight * share * self._base_loss(pooled, members[part])
            self._backward(loss)
        return total

    def hold_to_base(self, chosen: np.ndarray) -> None:
        """Gradients of the loss on texts without labels."""
        for part in self._parts([self.pseudo[index] for index in chosen]):
            pooled = self.network.pool(_collate([self.pseudo[index] for index in chosen[part]]))
            loss = self._base_loss(pooled, chosen[part] + len(self.train))
            self._backward(self.config.base_weight / 2 * len(part) / len(chosen) * loss)

    def align(self, pairs: Sequence[tuple[int, int]]) -> None:
        """Gradients of the alignment of some pairs."""
        texts = [whole(self.train[pair[side]]) for side in (0, 1) for pair in pairs]
        parts = self._parts(texts)
        pooled = [self.network.pool(_collate([texts[place] for place in part])) for part in parts]
        places = torch.from_numpy(np.argsort(np.concatenate(parts)))
        rows = self.network.readout(torch.cat(pooled)[places.to(pooled[0].device)])
        loss = alignment_loss(rows[: len(pairs)], rows[len(pairs) :])
        self._backward(self.config.alignment_weight * loss)

    def _parts(self, examples: Sequence[Example]) -> list[np.ndarray]:
        """Places of the examples that run together."""
        lengths = np.asarray([len(example.ids) for example in examples])
        is_cpu = self.network.compute.device.type == "cpu"
        most_tokens = _MOST_TOKENS if is_cpu else _MOST_TOKENS_GPU
        return plan_parts(
            lengths, call_tokens=_CALL_TOKENS, most_tokens=most_tokens, multiple_of=_PART_ROWS
        )

    def _backward(self, loss: torch.Tensor) -> None:
        """Add the gradients of a loss."""
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]

    def _base_loss(self, pooled: torch.Tensor, examples: np.ndarray) -> torch.Tensor:
        """Loss of the readout on all spans of some examples."""
        readout = self.network.readout(pooled)
        held = self.base.of(examples).to(readout.device)
        return base_loss(readout, held, self.base.variance)


def make_pseudo(
    rows: Sequence[LabelledVerbatim],
    tokenizer: Tokenizer,
    taxonomy: Taxonomy,
    *,
    prompt: str,
    config: TrainConfig,
) -> list[Example]:
    """Made texts without labels as examples; none where the network is not held to its base."""
    if not (config.pseudo_texts and config.base_weight):
        return []
    rng = np.random.default_rng([config.seed, 77])
    texts = make_pseudo_texts(rows, max(_PSEUDO_TEXTS, config.pseudo_texts), rng)
    return build_unlabelled(texts, tokenizer, taxonomy, prompt=prompt, config=config)


def _collate(examples: Sequence[Example]) -> Batch:
    """A part of a step, of one of a few widths."""
    return collate(examples, multiple_of=WIDTHS)


def label_weights(examples: Sequence[Example], exponent: float) -> dict[str, torch.Tensor]:
    """Loss factor of each label: inverse frequency to a power, mean 1 over the rows."""
    weights = {}
    for task in TASKS:
        counts = np.sum([example.targets[task].sum(axis=0) for example in examples], axis=0)
        factor = np.maximum(counts, 1.0) ** -exponent
        factor *= counts.sum() / max((factor * counts).sum(), 1e-12)
        weights[task] = torch.from_numpy(factor.astype(np.float32))
    return weights
