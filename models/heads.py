"""Per-task layers on embeddings: topics, sentiment, department."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from models.domain import FloatMatrix
from models.errors import BundleError
from models.taxonomy import TASKS, Taxonomy

TaskArrays = Mapping[str, FloatMatrix]
"""One array of shape (n_rows, n_labels) per task; the labels in the taxonomy's order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """An affine layer. ``weight`` has shape (n_labels, dim), ``bias`` shape (n_labels,)."""

    weight: FloatMatrix
    bias: FloatMatrix


class Heads:
    """The three heads; the same ones tag verbatims and segments."""

    def __init__(self, heads: Mapping[str, Head]) -> None:
        self.heads = dict(heads)

    def logits(self, embeddings: FloatMatrix) -> TaskArrays:
        """Raw scores of each task.

        Parameters
        ----------
        embeddings : ndarray of shape (n_rows, dim), float32
            Unit rows.

        Returns
        -------
        mapping of task to ndarray of shape (n_rows, n_labels), float32
        """
        return {task: embeddings @ head.weight.T + head.bias for task, head in self.heads.items()}

    def save(self, path: Path) -> None:
        """Write ``<task>.weight`` and ``<task>.bias`` as safetensors."""
        tensors: dict[str, FloatMatrix] = {}
        for task, head in self.heads.items():
            tensors[f"{task}.weight"] = np.ascontiguousarray(head.weight, dtype=np.float32)
            tensors[f"{task}.bias"] = np.ascontiguousarray(head.bias, dtype=np.float32)
        save_file(tensors, path)

    @classmethod
    def load(cls, path: Path, *, taxonomy: Taxonomy, dim: int) -> Heads:
        """Read the heads and check them against taxonomy and encoder.

        Raises
        ------
        BundleError
            If a tensor is missing or has another shape than the labels ask for.
        """
        try:
            tensors = load_file(path)
        except (OSError, SafetensorError) as error:
            raise BundleError(f"{path.name}: not readable as safetensors: {error}") from error
        heads: dict[str, Head] = {}
        for task in TASKS:
            n_labels = len(taxonomy.labels(task))
            for name, shape in ((f"{task}.weight", (n_labels, dim)), (f"{task}.bias", (n_labels,))):
                found = tensors[name].shape if name in tensors else None
                if found != shape:
                    raise BundleError(f"{path.name}: {name} must have shape {shape}; got {found}")
            heads[task] = Head(weight=tensors[f"{task}.weight"], bias=tensors[f"{task}.bias"])
        return cls(heads)
