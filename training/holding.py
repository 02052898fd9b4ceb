"""What the base knew: its embeddings of all spans, to hold the readout to."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from tqdm.auto import tqdm

from training.features import Batch, Example, collate, redraw_seconds
from training.network import JointNetwork

_BATCH = 64
WIDTHS = 4  # of padded batches while training: multiples of it, so that shapes come again


def whole(example: Example) -> Example:
    """The example without its segments."""
    return dataclasses.replace(
        example,
        spans=example.spans[:1],
        targets={task: rows[:1] for task, rows in example.targets.items()},
    )


def by_length(
    examples: Sequence[Example], *, multiple_of: int = 1, what: str = ""
) -> Iterator[tuple[torch.Tensor, Batch]]:
    """Batches of like length and the places of their members; ``what`` is shown as progress."""
    order = np.argsort([len(example.ids) for example in examples], kind="stable")
    starts = range(0, len(order), _BATCH)
    for start in tqdm(starts, desc=what, disable=not what, delay=2, mininterval=redraw_seconds()):
        members = order[start : start + _BATCH]
        yield (
            torch.from_numpy(members),
            collate([examples[index] for index in members], multiple_of=multiple_of),
        )


class BaseEmbeddings:
    """Embeddings of all spans before training, to hold the readout to.

    Parameters
    ----------
    network : JointNetwork
        Untouched: its pooled states are the base's embeddings.
    examples : sequence of Example

    Attributes
    ----------
    variance : float
        Mean squared distance of a row from the mean of all.
    """

    def __init__(self, network: JointNetwork, examples: Sequence[Example]) -> None:
        counts = [len(example.spans) for example in examples]
        self._starts = np.concatenate([[0], np.cumsum(counts)])
        self._rows = torch.empty((int(self._starts[-1]), network.width))
        network.eval()
        for members, batch in by_length(examples, multiple_of=WIDTHS, what="ask the base"):
            with torch.inference_mode():
                self._rows[self._places(members.numpy())] = network.pool(batch).cpu()
        centred = self._rows - self._rows.mean(dim=0)
        self.variance = float(centred.square().sum(dim=1).mean())

    def of(self, examples: np.ndarray) -> torch.Tensor:
        """Rows of all spans of some examples, in their order. Shape: (n_spans, width)."""
        return self._rows[self._places(examples)]

    def _places(self, examples: np.ndarray) -> torch.Tensor:
        """Places of the spans of some examples."""
        ranges = [np.arange(self._starts[row], self._starts[row + 1]) for row in examples]
        return torch.from_numpy(np.concatenate(ranges))
