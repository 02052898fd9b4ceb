"""Heads on an untouched encoder: features computed once, memory flat however many rows.

The features are those of the exported int8 encoder, so what is fitted is what will serve.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from models.bundle import read_manifest
from models.domain import FloatMatrix
from models.embedding import EmbeddingSpace, plain_space
from models.encoder.onnx import OnnxEncoder
from models.heads import Heads, TaskArrays
from models.taxonomy import TASKS, Taxonomy
from training.config import TrainConfig
from training.feature_store import FeatureStore, compute_store, store_name
from training.head_fit import HeadProblem, balance, count_labels, measure_scaling
from training.labelled import LabelledVerbatim
from training.origins import hash_encoder, hash_run, read_prompt
from training.scores import score_task
from training.tracking import open_log
from training.writing import TrainingError, save_text, written_beside
from training.zero_shot import (
    check_definitions,
    fill_in,
    labels_without_examples,
    zero_shot_heads,
)

_SCALE_TEXTS = 2000  # texts that set scale and frequency of zero-shot heads


def prepare_encoder(base: Path, cache: Path, *, quantisation: str = "int8") -> Path:
    """A folder with ``encoder.onnx`` and ``tokenizer.json`` of the base.

    A bundle is one; an encoder folder is exported once into the cache.

    Raises
    ------
    TrainingError
        If the base is neither, or its network cannot be exported.
    BundleError
        If the base is a bundle that was altered.
    """
    if (base / "encoder.onnx").is_file():
        read_manifest(base)
        return base
    if not (base / "tokenizer.json").is_file():
        raise TrainingError(
            f"{base} is no encoder folder: make one with 'klantstem-train base-encoder {base}'"
        )
    folder = cache / f"encoder-{quantisation}-{hash_encoder(base)[:20]}"
    if not (folder / "tokenizer.json").is_file():
        from training.fit import load_encoder
        from training.onnx_export import export_encoder

        network = load_encoder(base)
        folder.mkdir(parents=True, exist_ok=True)
        with written_beside(folder / "encoder.onnx") as partial:
            export_encoder(network, partial, quantisation=quantisation)
        with written_beside(folder / "tokenizer.json") as partial:
            shutil.copyfile(base / "tokenizer.json", partial)
    return folder


class FrozenFit:
    """One run in frozen mode.

    Parameters
    ----------
    rows : sequence of LabelledVerbatim
        Those with split ``train`` are learnt; those with ``validation``, if any, choose the
        strength of the penalty.
    taxonomy : Taxonomy
    config : TrainConfig
    folder : Path
        Run folder; holds ``heads.safetensors``, ``history.json`` and the record of
        :mod:`training.tracking`.
    """

    def __init__(
        self,
        rows: Sequence[LabelledVerbatim],
        taxonomy: Taxonomy,
        config: TrainConfig,
        folder: Path,
    ) -> None:
        self.config, self.taxonomy, self.folder = config, taxonomy, folder
        self.base = Path(config.base)
        self.train = [row for row in rows if row.split == "train"]
        self.validation = [row for row in rows if row.split == "validation"]
        if not self.train:
            raise TrainingError("rows of split 'train' are needed: there are none")
        cache = Path(config.frozen.cache)
        self.source = prepare_encoder(self.base, cache, quantisation=config.quantisation)
        self.encoder = OnnxEncoder(
            self.source / "encoder.onnx",
            self.source / "tokenizer.json",
            prompt=read_prompt(self.base),
        )
        path = self.base / "embedding.safetensors"
        dim = self.encoder.dim
        self.space = EmbeddingSpace.load(path, width=dim) if path.exists() else plain_space(dim)
        self.unseen = labels_without_examples(rows, taxonomy)
        check_definitions(taxonomy, self.unseen)
        self.data_hash = hash_run(rows, taxonomy, self.base)
        states = hash_encoder(self.source) + read_prompt(self.base)
        self._encoder_hash = hashlib.sha256(states.encode()).hexdigest()
        self.history: list[dict[str, float]] = []
        self.heads: Heads | None = None
        self._validation_logits: TaskArrays | None = None

    def _store(self, rows: Sequence[LabelledVerbatim], what: str) -> FeatureStore:
        """Features of some rows, from the cache where they are there."""
        share = self.config.second_owner_share
        name = store_name(
            rows, self.taxonomy, encoder_hash=self._encoder_hash, second_owner_share=share
        )
        path = Path(self.config.frozen.cache) / name
        return compute_store(
            rows, self.encoder, self.taxonomy, path, second_owner_share=share, what=what
        )

    def run(self) -> list[dict[str, float]]:
        """Compute or load the features, fit the heads, and give the score of each penalty."""
        self.folder.mkdir(parents=True, exist_ok=True)
        if (self.folder / "checkpoint.pt").exists():
            raise TrainingError(
                f"{self.folder} belongs to a run of fine-tuning: choose another run folder (--run)"
            )
        with open_log(self.folder, self.config.tracking) as log:
            log.params({**self.config.identity(), "data_hash": self.data_hash})
            started = time.monotonic()
            store = self._store(self.train, "train")
            held_out = self._store(self.validation, "validation") if self.validation else None
            encoded = time.monotonic()
            fitted = self._fit(store, held_out)
            features = _sample(store)
            defined = self._zero_shot(features)
            self.heads = fill_in(fitted, defined, self.taxonomy, self.unseen, features)
            if held_out is not None:
                self._validation_logits = self.heads.logits(held_out.whole_texts()[0])
            for step, entry in enumerate(self.history, start=1):
                log.metrics(entry, step=step)
            seconds = {"encode_s": encoded - started, "fit_s": time.monotonic() - encoded}
            log.metrics(seconds, step=len(self.history) + 1)
            with written_beside(self.folder / "heads.safetensors") as partial:
                self.heads.save(partial)
            save_text(json.dumps(self.history, indent=1), self.folder / "history.json")
            log.artefact(self.folder / "heads.safetensors")
        return self.history

    def _fit(self, store: FeatureStore, held_out: FeatureStore | None) -> Heads:
        """The heads of the best penalty, chosen for each task on its own."""
        config = self.config
        scaling = measure_scaling(store)
        centre = np.zeros((sum(store.n_labels.values()), store.dim + 1))
        if config.frozen.uses_definitions:
            centre = scaling.stack(self._zero_shot(_sample(store)))
        problem = HeadProblem(
            store=store,
            scaling=scaling,
            factors=balance(count_labels(store), config.class_balance),
            centre=centre,
            is_free=np.ones(len(centre), dtype=bool),
            segment_weight=config.segment_weight,
            label_smoothing=config.label_smoothing,
            topics_weight=config.topics_weight,
        )
        rows, best = centre, dict.fromkeys(TASKS, (-1.0, 0))
        chosen: dict[str, Heads] = {}
        features, targets = held_out.whole_texts() if held_out is not None else (None, None)
        for step, penalty in enumerate(config.frozen.penalties):
            rows = problem.solve(penalty, start=rows, max_iterations=config.frozen.max_iterations)
            heads = scaling.unstack(rows, store.n_labels)
            if features is None or targets is None:
                return heads
            scores = self._score(heads, features, targets)
            self.history.append({"penalty": penalty, **scores})
            for task in TASKS:
                if scores[task] > best[task][0]:
                    best[task], chosen[task] = (scores[task], step), heads
            if all(step - at >= config.patience for _, at in best.values()):
                break
        return Heads({task: chosen[task].heads[task] for task in TASKS})

    def _score(
        self, heads: Heads, features: FloatMatrix, targets: Mapping[str, FloatMatrix]
    ) -> dict[str, float]:
        logits = heads.logits(features)
        return {task: score_task(task, logits[task], targets[task]) for task in TASKS}

    def _zero_shot(self, features: FloatMatrix) -> Heads:
        """Heads from the definitions, scaled on a sample of the rows."""
        return zero_shot_heads(self.encoder, self.space, self.taxonomy, features)

    # What export asks of a finished run.

    def write_encoder(self, path: Path) -> None:
        """Copy the encoder that the heads were fitted on."""
        shutil.copyfile(self.source / "encoder.onnx", path)

    def export_heads(self) -> Heads:
        """The fitted heads."""
        if self.heads is None:
            raise TrainingError("the run has not been fitted: call run() first")
        return self.heads

    def export_space(self) -> EmbeddingSpace:
        """The base's readout; without alignment where the base is no bundle."""
        return self.space

    def reference_logits(self) -> dict[str, TaskArrays]:
        """Logits of the validation rows as they were while fitting."""
        if self._validation_logits is None:
            return {}
        return {"trained": self._validation_logits}


def _sample(store: FeatureStore) -> FloatMatrix:
    """Features of the first texts: rows come as they were written, so any will do."""
    parts: list[FloatMatrix] = []
    for piece in store.pieces():
        parts.append(piece.features[~piece.is_segment])
        if sum(len(part) for part in parts) >= _SCALE_TEXTS:
            break
    return np.concatenate(parts)[:_SCALE_TEXTS]
