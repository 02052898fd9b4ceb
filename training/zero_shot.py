"""Heads from nothing but the labels' definitions.

A text is near a label where its embedding is near that of the label's name and definition, in
Dutch and English. Only what sets a definition apart from those of the other labels counts. The
readout of the embedding is affine, so this nearness is a head like any other and is stored as one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from models.domain import FloatMatrix
from models.embedding import EmbeddingSpace
from models.encoder.protocol import Encoder, unit_rows
from models.heads import Head, Heads
from models.taxonomy import TASKS, Label, Taxonomy
from training.labelled import LabelledVerbatim
from training.writing import TrainingError

SPREAD = 2.0  # of the logits over texts, in log odds: what fitted heads have (0.9 to 3.1)
_STEPS = 40


def labels_held(row: LabelledVerbatim, taxonomy: Taxonomy) -> dict[str, set[str]]:
    """Labels per task that a row has, whole or in a segment; topics with those above them."""
    held: dict[str, set[str]] = {task: set() for task in TASKS}
    for labels in (row.labels, *(part.labels for part in row.segments)):
        for topic in labels.topics:
            held["topics"].update((topic, *taxonomy.ancestors(topic)))
        held["sentiment"].add(labels.sentiment)
        held["department"].update(filter(None, (labels.department, labels.department_2)))
    return held


def labels_without_examples(
    rows: Collection[LabelledVerbatim], taxonomy: Taxonomy
) -> dict[str, frozenset[str]]:
    """Labels per task that no row of split ``train`` has, whole or in a segment."""
    seen: dict[str, set[str]] = {task: set() for task in TASKS}
    for row in rows:
        if row.split == "train":
            for task, held in labels_held(row, taxonomy).items():
                seen[task] |= held
    return {task: frozenset(taxonomy.labels(task)) - seen[task] for task in TASKS}


def check_definitions(taxonomy: Taxonomy, unseen: Mapping[str, frozenset[str]]) -> None:
    """Make sure that labels without examples have a definition.

    Raises
    ------
    TrainingError
        Names those that have neither.
    """
    bare = [
        entry.label
        for task in TASKS
        for entry in taxonomy.entries(task)
        if entry.label in unseen[task] and not any(entry.definition.values())
    ]
    if bare:
        raise TrainingError(
            f"no example and no definition for {', '.join(bare)}: give one of the two, or take "
            "the label out of the taxonomy"
        )


def embed_definitions(
    encoder: Encoder, space: EmbeddingSpace, labels: Sequence[Label]
) -> FloatMatrix:
    """Mean embedding of each label's name and definition over its languages, at unit length.

    Returns
    -------
    ndarray of shape (n_labels, dim)
    """
    texts = [
        (place, f"{label.name.get(code, label.label)}: {label.definition[code]}")
        for place, label in enumerate(labels)
        for code in sorted(label.definition)
    ]
    rows = space.embed(encoder.encode([text for _, text in texts]))
    sums = np.zeros((len(labels), rows.shape[1]), dtype=np.float32)
    for (place, _), row in zip(texts, rows, strict=True):
        sums[place] += row
    return unit_rows(sums)


def zero_shot_heads(
    encoder: Encoder,
    space: EmbeddingSpace,
    taxonomy: Taxonomy,
    features: FloatMatrix,
    *,
    topics_per_text: float = 1.5,
) -> Heads:
    """Heads that score every label by its definition.

    Parameters
    ----------
    encoder : Encoder
    space : EmbeddingSpace
    taxonomy : Taxonomy
    features : ndarray of shape (n_texts, dim)
        Pooled states of any texts of the field; they set scale and frequency, no labels needed.
    topics_per_text : float
        How many topics a text has on average.
    """
    heads = {}
    for task in TASKS:
        definitions = embed_definitions(encoder, space, taxonomy.entries(task))
        apart = definitions - definitions.mean(axis=0)
        weight = apart @ space.weight
        scores = features @ weight.T
        factor = SPREAD / np.maximum(scores.std(axis=0), 1e-9)
        weight = weight * factor[:, None]
        scores = features @ weight.T
        if task == "topics":
            share = min(0.5, topics_per_text / len(definitions))
            bias = np.asarray([_bias_for_share(column, share) for column in scores.T])
        else:
            bias = -scores.mean(axis=0)
        heads[task] = Head(weight=weight.astype(np.float32), bias=bias.astype(np.float32))
    return Heads(heads)


def _bias_for_share(scores: npt.NDArray[np.floating], share: float) -> float:
    """The bias with which the mean probability is ``share``, by bisection."""
    low, high = -30.0 - float(scores.max()), 30.0 - float(scores.min())
    for _ in range(_STEPS):
        middle = (low + high) / 2
        mean = float((1 / (1 + np.exp(-(scores.astype(np.float64) + middle)))).mean())
        low, high = (middle, high) if mean < share else (low, middle)
    return (low + high) / 2


def level_new(logits: FloatMatrix, is_new: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """What to add to each bias, so that every new label gets half an equal share of the texts.

    Shapes: (n_texts, n_labels), (n_labels,) -> (n_labels,). Labels exclude one another.
    """
    shift = np.zeros(len(is_new))
    if is_new.any() and not is_new.all():
        values = logits.astype(np.float64)
        known = np.logaddexp.reduce(values[:, ~is_new], axis=1)
        for place in np.flatnonzero(is_new):
            shift[place] = _bias_for_share(values[:, place] - known, 0.5 / len(is_new))
    return shift


def fill_in(
    heads: Heads,
    zero_shot: Heads,
    taxonomy: Taxonomy,
    names: Mapping[str, frozenset[str]],
    features: FloatMatrix,
) -> Heads:
    """Take the rows of some labels from ``zero_shot``, all others from ``heads``.

    Where one label is chosen (sentiment, department), each new one gets half an equal share of
    the texts with these features, so that a guess does not crowd out what was learnt.
    """
    filled = {}
    for task in TASKS:
        is_new = np.asarray([label in names[task] for label in taxonomy.labels(task)])
        fitted, defined = heads.heads[task], zero_shot.heads[task]
        weight = np.where(is_new[:, None], defined.weight, fitted.weight)
        bias = np.where(is_new, defined.bias, fitted.bias)
        if task != "topics":
            bias = bias + level_new(features @ weight.T + bias, is_new).astype(np.float32)
        filled[task] = Head(weight=weight, bias=bias)
    return Heads(filled)
