"""From a finished run to a bundle that serves without torch."""

from __future__ import annotations

import copy
import dataclasses
import importlib.metadata
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from tqdm.auto import tqdm

from models.bundle import write_manifest
from models.calibration import Calibration
from models.decide import decide_department, decide_sentiment, decide_topics
from models.embedding import EmbeddingSpace
from models.encoder.onnx import OnnxEncoder
from models.heads import Heads, TaskArrays
from models.taxonomy import TASKS, Taxonomy, parse_taxonomy
from models.text.clean import clean
from training.alignment import align_space, pairs_of
from training.calibrate import calibrate, unseen_notes
from training.card import write_card
from training.config import TrainConfig
from training.labelled import LabelledVerbatim
from training.metrics import macro_f1, topics_f1
from training.origins import corpus_hash, read_prompt
from training.targets import gold_rows, target_rows
from training.writing import TrainingError
from training.zero_shot import (
    check_definitions,
    fill_in,
    labels_without_examples,
    level_new,
    zero_shot_heads,
)

_PACKAGES = ("numpy", "onnxruntime", "tokenizers", "torch", "transformers")
_GROUPS = {"topics": "topics", "sentiment": "sentiments", "department": "departments"}
_SCALE_TEXTS = 2000
_OUT_OF_QUESTION = -1e4


class ParityError(RuntimeError):
    """The exported model does not give the labels of the one that was trained."""


class FinishedRun(Protocol):
    """What export needs to know of a run, whatever its mode."""

    config: TrainConfig
    taxonomy: Taxonomy
    history: list[dict[str, float]]
    folder: Path

    def write_encoder(self, path: Path) -> None:
        """Write ``encoder.onnx``."""
        ...

    def export_heads(self) -> Heads:
        """The heads, on unit pooled states."""
        ...

    def export_space(self) -> EmbeddingSpace:
        """The readout; its alignment is estimated afterwards."""
        ...

    def reference_logits(self) -> Mapping[str, TaskArrays]:
        """Logits of the validation rows by the trained model, by what it computed with.

        ``trained`` is what the exported model must agree with; ``float32`` may stand beside it.
        """
        ...


def label_agreement(first: TaskArrays, second: TaskArrays) -> dict[str, float]:
    """Share of labels that two models have in common.

    ``topics`` counts every answer whether a text has a topic, ``topic_sets`` the texts on which
    all of these are equal.
    """
    same = (first["topics"] >= 0.0) == (second["topics"] >= 0.0)
    agreement = {"topics": float(same.mean()), "topic_sets": float(same.all(axis=1).mean())}
    for task in ("sentiment", "department"):
        equal = first[task].argmax(axis=1) == second[task].argmax(axis=1)
        agreement[task] = float(np.mean(equal))
    return agreement


def check_parity(
    served: TaskArrays, references: Mapping[str, TaskArrays], *, min_same_labels: float
) -> dict[str, Any]:
    """Agreement of the exported model with each reference.

    Raises
    ------
    ParityError
        If scores are no numbers, or it agrees too little with the trained model; the message
        says how much.
    """
    for name, logits in {"exported": served, **references}.items():
        if not all(np.isfinite(scores).all() for scores in logits.values()):
            raise ParityError(f"the {name} model gives scores that are no numbers: train it anew")
    found = {name: label_agreement(served, logits) for name, logits in references.items()}
    if "trained" in found:
        short = {task: found["trained"][task] for task in TASKS}
        if min(short.values()) < min_same_labels:
            figures = ", ".join(f"{task} {share:.4f}" for task, share in short.items())
            raise ParityError(
                f"exported and trained model have too few labels in common: {figures}; "
                f"{min_same_labels} is wanted of each (min_same_labels). After int8_epochs, "
                "'klantstem-train export --quantisation w8a16' keeps the labels at two thirds of "
                "the speed of 'int8'; without them 'int8_blocks' is nearest"
            )
    return found


def mark_zero_shot(taxonomy: Taxonomy, names: Mapping[str, frozenset[str]]) -> Taxonomy:
    """The taxonomy with a mark at each label that is scored by its definition alone."""
    document = copy.deepcopy(dict(taxonomy.document))
    for task, group in _GROUPS.items():
        for entry in document[group]:
            entry.pop("is_zero_shot", None)
            if entry["label"] in names[task]:
                entry["is_zero_shot"] = True
    return parse_taxonomy(document)


def _zero_shot_rows(
    run: FinishedRun,
    encoder: OnnxEncoder,
    space: EmbeddingSpace,
    rows: Sequence[LabelledVerbatim],
    unseen: dict[str, frozenset[str]],
) -> Heads:
    """The heads of the run, those of labels without examples taken from their definitions."""
    heads = run.export_heads()
    if not any(unseen.values()):
        return heads
    check_definitions(run.taxonomy, unseen)
    texts = [clean(row.text).text for row in rows if row.split == "train"][:_SCALE_TEXTS]
    features = encoder.encode(texts)
    defined = zero_shot_heads(encoder, space, run.taxonomy, features)
    return fill_in(heads, defined, run.taxonomy, unseen, features)


def _without_unseen(
    logits: TaskArrays, taxonomy: Taxonomy, unseen: Mapping[str, frozenset[str]]
) -> TaskArrays:
    """Logits in which labels without examples are out of the question: no row can say of them."""
    known = {}
    for task, values in logits.items():
        is_new = np.asarray([label in unseen[task] for label in taxonomy.labels(task)])
        known[task] = np.where(is_new, np.float32(_OUT_OF_QUESTION), values)
    return known


def _level_zero_shot(
    calibration: Calibration,
    taxonomy: Taxonomy,
    unseen: Mapping[str, frozenset[str]],
    logits: TaskArrays,
) -> Calibration:
    """Give departments and sentiments without examples a small share of the texts.

    The calibration was fitted without them.
    """
    bias = {}
    for task, shifts in calibration.bias.items():
        is_new = np.asarray([label in unseen[task] for label in taxonomy.labels(task)])
        scaled = logits[task] / calibration.temperature[task] + np.asarray(shifts)
        bias[task] = (np.asarray(shifts) + level_new(scaled, is_new)).tolist()
    return dataclasses.replace(calibration, bias=bias)


def export_bundle(
    run: FinishedRun,
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
    run : FinishedRun
        After its ``run``, the network at its best epoch.
    held_out : sequence of LabelledVerbatim
        The validation rows: temperatures and thresholds are set on these.
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
    TrainingError
        If there are no validation rows, or a label has neither example nor definition.
    """
    if not held_out:
        raise TrainingError("rows of split 'validation' are needed to calibrate: there are none")
    check_target(out)
    config = run.config
    base = Path(config.base)
    prompt = read_prompt(base)
    unseen = labels_without_examples(all_rows, run.taxonomy)
    taxonomy = mark_zero_shot(run.taxonomy, unseen)
    out.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    progress = tqdm(total=3, desc="export: write the encoder", delay=2)
    try:
        run.write_encoder(scratch / "encoder.onnx")
        tokenizer = json.loads((base / "tokenizer.json").read_text(encoding="utf-8"))
        # Without indentation half the size: the bundle stays in every clone.
        (scratch / "tokenizer.json").write_text(
            json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")), encoding="utf-8"
        )
        document = json.dumps(taxonomy.document, ensure_ascii=False, indent=1)
        (scratch / "taxonomy.json").write_text(document, encoding="utf-8")
        encoder = OnnxEncoder(scratch / "encoder.onnx", scratch / "tokenizer.json", prompt=prompt)
        plain = run.export_space()
        heads = _zero_shot_rows(run, encoder, plain, all_rows, unseen)
        heads.save(scratch / "heads.safetensors")
        _next_stage(progress, "align the languages")
        aligned = align_space(plain, encoder, pairs_of(all_rows))
        aligned.save(scratch / "embedding.safetensors")
        _next_stage(progress, "compare with the trained network")
        features = encoder.encode([clean(row.text).text for row in held_out])
        agreement = check_parity(
            run.export_heads().logits(features),
            run.reference_logits(),
            min_same_labels=config.min_same_labels,
        )
        served = heads.logits(features)
        targets = _targets(held_out, taxonomy, config)
        known = _without_unseen(served, taxonomy, unseen)
        calibration = calibrate(known, targets, taxonomy, field_shares=field_shares)
        for note in unseen_notes(targets, taxonomy, zero_shot=unseen):
            tqdm.write(f"note: {note}", file=sys.stderr)
        calibration = _level_zero_shot(calibration, taxonomy, unseen, served)
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
        manifest = write_manifest(
            scratch,
            prompt=prompt,
            origin={
                "base_model": base_name,
                "corpus_sha256": corpus_hash(all_rows),
                "corpus_rows": len(all_rows),
                "config": portable(config),
                "field_shares": field_shares,
                "zero_shot": {task: sorted(names) for task, names in unseen.items() if names},
                "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
            },
            metrics=metrics,
        )
        write_card(scratch, manifest, taxonomy, rows=all_rows, history=run.history)
        scratch.chmod(0o755)  # mkdtemp and safetensors write for the owner alone
        for path in scratch.iterdir():
            path.chmod(0o644)
        replace_folder(scratch, out)
        progress.update()
    finally:
        progress.close()
        shutil.rmtree(scratch, ignore_errors=True)
    return metrics


def _next_stage(progress: Any, name: str) -> None:
    """One part of the export is done; the next is called so."""
    progress.set_description(f"export: {name}", refresh=False)
    progress.update()


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
    gold = gold_rows(rows, taxonomy)["topics"] > 0
    return {
        "sentiment_macro_f1": macro_f1([row.labels.sentiment for row in rows], sentiment),
        "department_macro_f1": macro_f1([row.labels.department for row in rows], department),
        "topics_micro_f1": topics_f1(gold, given, "micro"),
    }


def portable(config: TrainConfig) -> dict[str, Any]:
    """The configuration without paths of the machine it ran on."""
    values = {**config.identity(), "base": Path(config.base).name}
    values["start_from"] = Path(config.start_from).name
    others = {"lora", "frozen"} - {config.mode}
    values["frozen"] = {k: v for k, v in values["frozen"].items() if k != "cache"}
    return {name: value for name, value in values.items() if name not in others}


def check_target(target: Path) -> None:
    """Make sure that a bundle written to a place takes away nothing but a bundle.

    Raises
    ------
    TrainingError
        If something else stands there.
    """
    is_bundle = (target / "manifest.json").is_file()
    is_empty = target.is_dir() and not any(target.iterdir())
    if target.exists() and not is_bundle and not is_empty:
        raise TrainingError(f"{target} is there and is no bundle: name a new folder")


def replace_folder(new: Path, target: Path) -> None:
    """Swap a finished folder in for the bundle that stands there.

    Raises
    ------
    TrainingError
        If no bundle stands there but something else.
    """
    old = target.with_name(f".{target.name}-old")
    if old.exists() and not target.exists():  # an earlier swap was cut off between its steps
        os.replace(old, target)
    check_target(target)
    shutil.rmtree(old, ignore_errors=True)
    if target.exists():
        os.replace(target, old)
    try:
        os.replace(new, target)
    except OSError:
        if old.exists():
            os.replace(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)
