"""From a finished run to a bundle that serves without torch."""

from __future__ import annotations

import dataclasses
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
from models.calibration import Calibration
from models.decide import decide_department, decide_sentiment, decide_topics
from models.embedding import EmbeddingSpace, estimate_alignment, no_alignment
from models.encoder.onnx import OnnxEncoder
from models.heads import Heads, TaskArrays
from models.taxonomy import TASKS, Taxonomy
from models.text.clean import clean
from training.calibrate import calibrate
from training.config import TrainConfig
from training.fake_int8 import set_rounding
from training.features import target_rows
from training.fit import FineTuning, corpus_hash, read_prompt
from training.labelled import LabelledVerbatim, story_pairs
from training.metrics import macro_f1, topics_f1
from training.onnx_export import export_encoder

# Released bundle: 0.89, 0.97, 0.97. Without int8 epochs 0.89 for department, which is refused.
MIN_SAME_LABELS = {"topics": 0.85, "sentiment": 0.93, "department": 0.93}
_PACKAGES = ("numpy", "onnxruntime", "tokenizers", "torch", "transformers")


class ParityError(RuntimeError):
    """The exported model does not give the labels of the one that was trained."""


def serve_logits(encoder: OnnxEncoder, heads: Heads, texts: Sequence[str]) -> TaskArrays:
    """Logits of whole texts as the service computes them."""
    return heads.logits(encoder.encode([clean(text).text for text in texts]))


def label_agreement(first: TaskArrays, second: TaskArrays) -> dict[str, float]:
    """Share of rows on which two models give the same label (topics: the same set of topics)."""
    agreement = {}
    for task in TASKS:
        if task == "topics":
            same = ((first[task] >= 0.0) == (second[task] >= 0.0)).all(axis=1)
        else:
            same = first[task].argmax(axis=1) == second[task].argmax(axis=1)
        agreement[task] = float(np.mean(same))
    return agreement


def export_space(
    run: FineTuning, encoder: OnnxEncoder, rows: Sequence[LabelledVerbatim]
) -> EmbeddingSpace:
    """The readout, and the alignment estimated on the stories of split ``train``.

    Without a story that is told in both languages nothing is aligned.
    """
    readout = run.network.readout
    weight, bias = (tensor.detach().numpy() for tensor in (readout.weight, readout.bias))
    space = EmbeddingSpace(weight=weight, bias=bias, alignment=no_alignment(len(bias)))
    learnt = [row for row in rows if row.split == "train"]
    pairs = story_pairs(learnt)
    if not pairs:
        return space
    dutch, english = (
        space.embed(encoder.encode([clean(learnt[place].text).text for place in side]))
        for side in zip(*pairs, strict=True)
    )
    return dataclasses.replace(space, alignment=estimate_alignment(dutch, english))


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
        tokenizer = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))
        # Without indentation half the size: the bundle stays in every clone.
        (scratch / "tokenizer.json").write_text(
            json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
        )
        document = json.dumps(taxonomy.document, ensure_ascii=False, indent=1)
        (scratch / "taxonomy.json").write_text(document, encoding="utf-8")
        heads = run.network.export_heads()
        heads.save(scratch / "heads.safetensors")
        encoder = OnnxEncoder(
            scratch / "encoder.onnx", scratch / "tokenizer.json", prompt=read_prompt(base)
        )
        export_space(run, encoder, all_rows).save(scratch / "embedding.safetensors")
        served = serve_logits(encoder, heads, [row.text for row in held_out])
        set_rounding(run.network.encoder, is_rounding=config.int8_epochs > 0)
        agreement = label_agreement(served, run.predict(run.validation))
        if any(agreement[task] < least for task, least in MIN_SAME_LABELS.items()):
            raise ParityError(f"exported and trained model agree on {agreement} only")
        targets = _targets(held_out, taxonomy, config)
        calibration = calibrate(served, targets, taxonomy, field_shares=field_shares)
        calibration.save(scratch / "calibration.json")
        metrics = {
            "label_agreement_with_torch": agreement,
            # These rows also chose the epoch and the thresholds: not a figure of the field.
            "validation_rows": len(held_out),
            **{
                f"validation_{name}": value
                for name, value in _scores(served, held_out, taxonomy, calibration).items()
            },
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
        scratch.chmod(0o755)  # mkdtemp and safetensors write for the owner alone
        for path in scratch.iterdir():
            path.chmod(0o644)
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
    logits: TaskArrays,
    rows: Sequence[LabelledVerbatim],
    taxonomy: Taxonomy,
    calibration: Calibration,
) -> dict[str, float]:
    """F1 of what the classifier decides on these rows; an abstention counts as wrong."""
    probabilities = calibration.probabilities(logits)
    sentiment = [
        decide_sentiment(row, taxonomy, calibration).sentiment or ""
        for row in probabilities["sentiment"]
    ]
    department = [
        decide_department(row, taxonomy, calibration).department or ""
        for row in probabilities["department"]
    ]
    order = taxonomy.labels("topics")
    given = np.zeros((len(rows), len(order)), dtype=bool)
    for place, row in enumerate(probabilities["topics"]):
        for tag in decide_topics(row, taxonomy, calibration):
            given[place, order.index(tag.topic)] = True
    gold = np.asarray([[topic in row.labels.topics for topic in order] for row in rows])
    return {
        "sentiment_macro_f1": macro_f1([row.labels.sentiment for row in rows], sentiment),
        "department_macro_f1": macro_f1([row.labels.department for row in rows], department),
        "topics_micro_f1": topics_f1(gold, given, "micro"),
    }


def _portable(config: TrainConfig) -> dict[str, Any]:
    """The configuration without paths of the machine it ran on."""
    return {**dataclasses.asdict(config), "base": Path(config.base).name}


def _replace_folder(new: Path, target: Path) -> None:
    """Swap a finished folder in for the one that stands there."""
    old = target.with_name(f".{target.name}-old")
    if old.exists() and not target.exists():  # an earlier swap was cut off between its steps
        os.replace(old, target)
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        os.replace(target, old)
    os.replace(new, target)
    shutil.rmtree(old, ignore_errors=True)
