"""New labels for a bundle, from a few examples each, or from their definitions alone.

The encoder and the heads of known labels stay as they are. A new label starts at the head that its
definition gives and is drawn from there by its examples, as far as these say more. A label that the
bundle has from its definition alone is new again once there are examples of it.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from models.bundle import FILES, load_bundle, read_manifest, resolve_bundle, write_manifest
from models.calibration import Calibration
from models.classifier import Classifier
from models.heads import Head, Heads
from models.taxonomy import TASKS, Label, Taxonomy
from training.card import write_card
from training.export import mark_zero_shot, replace_folder
from training.feature_store import FeatureStore, compute_store
from training.head_fit import HeadProblem, balance, count_labels, measure_scaling
from training.labelled import LabelledVerbatim
from training.origins import corpus_hash
from training.writing import TrainingError
from training.zero_shot import (
    check_definitions,
    fill_in,
    labels_held,
    labels_without_examples,
    zero_shot_heads,
)

FEW = 8
"""Examples of a new label from which on it is worth the name."""
PENALTY = 0.01  # measured: benchmarks/training/new_label.py
_BALANCE = 0.5  # exponent of the inverse frequency: eight examples stand against thousands


def new_labels(
    known: Taxonomy, wanted: Taxonomy, bare: Mapping[str, frozenset[str]]
) -> dict[str, frozenset[str]]:
    """Labels per task of the wanted taxonomy that need a head of their own.

    Those that the known taxonomy lacks; and of its zero-shot labels those that have examples now
    (all but ``bare``) or are defined in other words.
    """
    added = {}
    for task in TASKS:
        before = {entry.label: entry for entry in known.entries(task)}
        added[task] = frozenset(
            entry.label
            for entry in wanted.entries(task)
            if entry.label not in before
            or (
                before[entry.label].is_zero_shot
                and (entry.label not in bare[task] or not _say_the_same(entry, before[entry.label]))
            )
        )
    return added


def _say_the_same(first: Label, second: Label) -> bool:
    """Whether two labels give the same zero-shot head."""
    return (first.name, first.definition) == (second.name, second.definition)


def carry_over(
    heads: Heads,
    known: Taxonomy,
    start: Heads,
    wanted: Taxonomy,
    added: Mapping[str, frozenset[str]],
) -> Heads:
    """The rows of known labels from ``heads``, in the wanted order; ``added`` from ``start``."""
    carried = {}
    for task in TASKS:
        weight = start.heads[task].weight.copy()
        bias = start.heads[task].bias.copy()
        place = {label: row for row, label in enumerate(known.labels(task))}
        for row, label in enumerate(wanted.labels(task)):
            if label not in added[task]:
                weight[row] = heads.heads[task].weight[place[label]]
                bias[row] = heads.heads[task].bias[place[label]]
        carried[task] = Head(weight=weight, bias=bias)
    return Heads(carried)


def fit_new_labels(
    classifier: Classifier,
    taxonomy: Taxonomy,
    store: FeatureStore,
    unseen: Mapping[str, frozenset[str]],
    *,
    penalty: float = PENALTY,
) -> Heads:
    """Heads for the wanted taxonomy.

    Parameters
    ----------
    classifier : Classifier
        The bundle that knows the other labels.
    taxonomy : Taxonomy
        Wanted labels, new ones among them.
    store : FeatureStore
        Features of the examples, and of texts without the new labels.
    unseen : mapping of task to set of str
        Labels without examples: new ones stay at their definition.
    penalty : float
        Pull towards the definition.
    """
    features = store.whole_texts()[0]
    defined = zero_shot_heads(classifier.encoder, classifier.space, taxonomy, features)
    added = new_labels(classifier.taxonomy, taxonomy, unseen)
    start = carry_over(classifier.heads, classifier.taxonomy, defined, taxonomy, added)
    start = fill_in(start, defined, taxonomy, added, features)
    is_free = np.asarray(
        [
            label in added[task] and label not in unseen[task]
            for task in TASKS
            for label in taxonomy.labels(task)
        ]
    )
    if not is_free.any():
        return start
    scaling = measure_scaling(store)
    centre = scaling.stack(start)
    problem = HeadProblem(
        store=store,
        scaling=scaling,
        factors=balance(count_labels(store), _BALANCE),
        centre=centre,
        is_free=is_free,
    )
    rows = problem.solve(penalty, start=centre, max_iterations=200)
    fitted = scaling.unstack(rows, store.n_labels)
    return carry_over(classifier.heads, classifier.taxonomy, fitted, taxonomy, added)


def extend_calibration(
    known: Calibration,
    before: Taxonomy,
    after: Taxonomy,
    added: Mapping[str, frozenset[str]],
) -> Calibration:
    """The calibration for the wanted labels; new ones get the middle of what the known have.

    What was set for a label that is not wanted any more, or is learnt anew, goes.
    """
    bias: dict[str, list[float]] = {}
    for task, shifts in known.bias.items():
        by_label = dict(zip(before.labels(task), shifts, strict=True))
        middle = float(np.median(list(shifts)))
        bias[task] = [
            middle if label in added[task] else by_label[label] for label in after.labels(task)
        ]
    middle = float(np.median(list(known.topic_thresholds.values())))
    thresholds = {
        label: middle if label in added["topics"] else known.topic_thresholds[label]
        for label in after.labels("topics")
    }
    review_bars = {
        task: {
            label: bar
            for label, bar in bars.items()
            if label in after.labels(task) and label not in added[task]
        }
        for task, bars in known.label_review_probability.items()
    }
    return dataclasses.replace(
        known,
        bias=bias,
        topic_thresholds=thresholds,
        label_review_probability=review_bars,
    )


def add_labels(
    bundle: Path,
    taxonomy: Taxonomy,
    examples: Sequence[LabelledVerbatim],
    background: Sequence[LabelledVerbatim],
    out: Path,
    *,
    penalty: float = PENALTY,
) -> dict[str, int]:
    """Write a bundle that knows the labels of another taxonomy too.

    Parameters
    ----------
    bundle : Path
        Bundle to start from; it stays as it is.
    taxonomy : Taxonomy
        Its labels, and the new ones.
    examples : sequence of LabelledVerbatim
        Rows with the new labels; all of them are learnt from.
    background : sequence of LabelledVerbatim
        Rows without the new labels.
    out : Path
        Bundle folder to write.
    penalty : float
        See :func:`fit_new_labels`.

    Returns
    -------
    dict
        See :func:`count_examples`.

    Raises
    ------
    TrainingError
        If there is nothing new to learn, or a new label has neither example nor definition.
    """
    bundle = resolve_bundle(bundle)
    classifier = load_bundle(bundle)
    manifest = read_manifest(bundle)
    learnt = [dataclasses.replace(row, split="train") for row in (*examples, *background)]
    bare = labels_without_examples(learnt, taxonomy)
    added = new_labels(classifier.taxonomy, taxonomy, bare)
    if not any(added.values()):
        raise TrainingError(
            f"the taxonomy has no label that {bundle} does not know already, and there is no "
            "example of one that it has from its definition alone"
        )
    check_definitions(taxonomy, {task: bare[task] & added[task] for task in TASKS})
    zero_shot = {
        task: bare[task] & (added[task] | _zero_shot_labels(classifier.taxonomy, task))
        for task in TASKS
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        store = compute_store(
            learnt, classifier.encoder, taxonomy, scratch / "features.f32", second_owner_share=0.3
        )
        heads = fit_new_labels(classifier, taxonomy, store, bare, penalty=penalty)
        store.path.unlink()
        for name in FILES:
            shutil.copyfile(bundle / name, scratch / name)
        marked = mark_zero_shot(taxonomy, zero_shot)
        (scratch / "taxonomy.json").write_text(
            json.dumps(marked.document, ensure_ascii=False, indent=1), encoding="utf-8"
        )
        heads.save(scratch / "heads.safetensors")
        extend_calibration(classifier.calibration, classifier.taxonomy, taxonomy, added).save(
            scratch / "calibration.json"
        )
        n_examples = count_examples(learnt, taxonomy, added)
        origin = {
            **manifest.origin,
            "corpus_sha256": corpus_hash(learnt),
            "corpus_rows": len(learnt),
            "extends": manifest.bundle_version,
            "added_labels": n_examples,
            "zero_shot": {task: sorted(names) for task, names in zero_shot.items() if names},
        }
        new = write_manifest(scratch, prompt=manifest.prompt, origin=origin, metrics={})
        write_card(scratch, new, marked, rows=learnt, history=())
        scratch.chmod(0o755)
        for path in scratch.iterdir():
            path.chmod(0o644)
        load_bundle(scratch, n_threads=1)  # a bundle that does not load replaces none that does
        replace_folder(scratch, out)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return n_examples


def _zero_shot_labels(taxonomy: Taxonomy, task: str) -> frozenset[str]:
    """Labels of a task that are scored by their definition alone."""
    return frozenset(entry.label for entry in taxonomy.entries(task) if entry.is_zero_shot)


def count_examples(
    rows: Sequence[LabelledVerbatim],
    taxonomy: Taxonomy,
    added: Mapping[str, frozenset[str]],
) -> dict[str, int]:
    """Rows that have each new label, whole or in a segment; 0 of one that stays zero-shot.

    The key is the label, with its task before it where another task has a label of that name.
    """
    n_rows = Counter(
        (task, label)
        for row in rows
        for task, held in labels_held(row, taxonomy).items()
        for label in held
    )
    n_tasks = Counter(label for task in TASKS for label in taxonomy.labels(task))
    return {
        label if n_tasks[label] == 1 else f"{task}:{label}": n_rows[task, label]
        for task in TASKS
        for label in sorted(added[task])
    }


def few_examples(counts: Mapping[str, int]) -> list[str]:
    """New labels with some examples, but fewer than are worth the name."""
    return [label for label, n in counts.items() if 0 < n < FEW]
