"""From a finished run to a bundle that serves without torch."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from models.bundle import write_manifest
from models.encoder.onnx import OnnxEncoder
from models.heads import Heads, TaskArrays
from models.taxonomy import TASKS, Taxonomy
from models.text.clean import clean
from training.calibrate import calibrate
from training.config import TrainConfig
from training.fake_int8 import set_rounding
from training.features import target_rows
from training.fit import FineTuning, read_prompt
from training.labelled import LabelledVerbatim
from training.metrics import macro_f1
from training.onnx_export import export_encoder

MIN_SAME_LABELS = 0.93  # released bundle: 0.96 to 0.99; without int8 epochs 0.89, refused
_PACKAGES = ("numpy", "onnxruntime", "tokenizers", "torch", "transformers")


class ParityError(RuntimeError):
    """The exported model does not give the labels of the one that was trained."""


def corpus_hash(rows: Sequence[LabelledVerbatim]) -> str:
    """sha256 over ids, texts and labels, in the order of the ids."""
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda row: row.id):
        digest.update(json.dumps([row.id, row.text, row.labels, row.split]).encode())
    return digest.hexdigest()


def serve_logits(encoder: OnnxEncoder, heads: Heads, texts: Sequence[str]) -> TaskArrays:
    """Logits of whole texts as the service computes them."""
    return heads.logits(encoder.encode([clean(text).text for text in texts]))


def label_agreement(first: TaskArrays, second: TaskArrays) -> dict[str, float]:
    """Share of rows on which two models give the same label (topics: share of indicators)."""
    agreement = {}
    for task in TASKS:
        if task == "topics":
            same = (first[task] >= 0.0) == (second[task] >= 0.0)
        else:
            same = first[task].argmax(axis=1) == second[task].argmax(axis=1)
        agreement[task] = float(np.mean(same))
    return agreement


def export_bundle(
    run: FineTuning,
    held_out: Sequence[LabelledVerbatim],
    all_rows: Sequence[LabelledVerbatim],
    out: Path,
    *,
    base_name: str,
    field_shares: Mapping[str, Mapping[str, float]] | None = None,
) -> dict[str, Any]:
    """Export a finished run, calibrate the exported model, and put the bundle in place.

    The bundle is built beside ``out`` and moved there when it is complete.

    Parameters
    ----------
    run : FineTuning
        After :meth:`FineTuning.run`, the network at its best epoch.
    held_out : sequence of LabelledVerbatim
        Temperatures and thresholds are set on these rows.
    all_rows : sequence of LabelledVerbatim
        The corpus, for its hash in the manifest.
    base_name : str
        Name and licence of the base model, for the manifest.
    field_shares : mapping of task to mapping of label to float, optional
        See :func:`training.calibrate.calibrate`.

    Returns
    -------
    dict
        The metrics that the manifest records.

    Raises
    ------
    ParityError
        If the exported model and the trained one give different labels too often.
    """
    config, taxonomy = run.config, run.taxonomy
    base = Path(config.base)
    out.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        export_encoder(run.network.encoder, scratch / "encoder.onnx")
        shutil.copyfile(base / "tokenizer.json", scratch / "tokenizer.json")
        document = json.dumps(taxonomy.document, ensure_ascii=False, indent=1)
        (scratch / "taxonomy.json").write_text(document, encoding="utf-8")
        heads = run.network.export_heads()
        heads.save(scratch / "heads.safetensors")
        encoder = OnnxEncoder(
            scratch / "encoder.onnx", scratch / "tokenizer.json", prompt=read_prompt(base)
        )
        served = serve_logits(encoder, heads, [row.text for row in held_out])
        set_rounding(run.network.encoder, is_rounding=config.int8_epochs > 0)
        agreement = label_agreement(served, run.predict(run.validation))
        if min(agreement.values()) < MIN_SAME_LABELS:
            raise ParityError(f"exported and trained model agree on {agreement} only")
        targets = _targets(held_out, taxonomy, config)
        calibration = calibrate(served, targets, taxonomy, field_shares=field_shares)
        calibration.save(scratch / "calibration.json")
        metrics = {
            "held_out_rows": len(held_out),
            "label_agreement_with_torch": agreement,
            **{f"held_out_{k}": v for k, v in _scores(served, held_out, taxonomy).items()},
        }
        write_manifest(
            scratch,
            prompt=read_prompt(base),
            origin={
                "base_model": base_name,
                "corpus_sha256": corpus_hash(all_rows),
                "corpus_rows": len(all_rows),
                "config": _portable(config),
                "field_shares": field_shares,
                "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
            },
            metrics=metrics,
        )
        _replace_folder(scratch, out)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return metrics


def _targets(
    rows: Sequence[LabelledVerbatim], taxonomy: Taxonomy, config: TrainConfig
) -> Mapping[str, np.ndarray]:
    labels = [row.labels for row in rows]
    return target_rows(labels, taxonomy, second_owner_share=config.second_owner_share)


def _scores(
    logits: TaskArrays, rows: Sequence[LabelledVerbatim], taxonomy: Taxonomy
) -> dict[str, float]:
    """Macro-F1 of the two single-label tasks."""
    scores = {}
    for task in ("sentiment", "department"):
        labels = taxonomy.labels(task)
        predicted = [labels[index] for index in logits[task].argmax(axis=1)]
        scores[task] = macro_f1([getattr(row.labels, task) for row in rows], predicted)
    return scores


def _portable(config: TrainConfig) -> dict[str, Any]:
    """The configuration without paths of the machine it ran on."""
    return {**dataclasses.asdict(config), "base": Path(config.base).name}


def _replace_folder(new: Path, target: Path) -> None:
    """Swap a finished folder in for the one that stands there."""
    old = target.with_name(f".{target.name}-old")
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        os.replace(target, old)
    os.replace(new, target)
    shutil.rmtree(old, ignore_errors=True)
