"""What two bundles say of the same verbatims, and how fast, side by side."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tqdm.auto import tqdm

from models.classifier import Classifier, EmbeddedVerbatim
from models.domain import FloatMatrix, TaggedVerbatim, Verbatim
from models.heads import TaskArrays
from models.taxonomy import TASKS, Taxonomy
from training.gate.resample import BoolMatrix
from training.scoring import check_scores

BLOCK = 32
_MIN_TIMED = 256  # verbatims a bundle is timed on, however few rows there are
_SHOWN_AFTER_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """Answers of one bundle; label columns in the order of the taxonomy that was asked for.

    Attributes
    ----------
    given : mapping of task to ndarray of shape (n_rows, n_labels), bool
        Labels that were given; none where the bundle abstained.
    probabilities : mapping of task to ndarray of shape (n_rows, n_labels)
    is_scored : ndarray of shape (n_rows,), bool
        False where no label was looked at: empty, too long, no letters, other language.
    embeddings : ndarray of shape (n_rows, dim), float32
        Aligned unit rows; zeros where nothing was scored.
    """

    given: Mapping[str, BoolMatrix]
    probabilities: TaskArrays
    is_scored: npt.NDArray[np.bool_]
    embeddings: FloatMatrix


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Seconds that each block took, one entry per block; ``n_verbatims`` in each."""

    n_verbatims: npt.NDArray[np.int64]
    candidate_s: npt.NDArray[np.float64]
    current_s: npt.NDArray[np.float64]


def ask_both(
    candidate: Classifier,
    current: Classifier,
    verbatims: Sequence[Verbatim],
    *,
    min_timed: int = _MIN_TIMED,
) -> tuple[Answers, Answers, Timing]:
    """Let both bundles answer, block by block in turn, so that both meet the same machine.

    Blocks are repeated until at least ``min_timed`` verbatims were timed. Which bundle goes
    first changes with every block.
    """
    taxonomy = candidate.taxonomy
    classifiers = (candidate, current)
    blocks = [verbatims[start : start + BLOCK] for start in range(0, len(verbatims), BLOCK)]
    for classifier in classifiers:  # memory and caches are warm afterwards
        classifier.embed(blocks[0])
    items: tuple[list[EmbeddedVerbatim], list[EmbeddedVerbatim]] = ([], [])
    sizes: list[int] = []
    seconds: list[list[float]] = []
    n_passes = -(-min_timed // len(verbatims)) if len(verbatims) < min_timed else 1
    total = 2 * n_passes * len(verbatims)
    with tqdm(total=total, desc="both bundles", delay=_SHOWN_AFTER_S, leave=False) as bar:
        for number in range(n_passes):
            for block in blocks:
                took = [0.0, 0.0]
                for which in (0, 1) if len(sizes) % 2 == 0 else (1, 0):
                    began = time.perf_counter()
                    answered = classifiers[which].embed(block)
                    took[which] = time.perf_counter() - began
                    if number == 0:
                        items[which].extend(answered)
                    bar.update(len(block))
                sizes.append(len(block))
                seconds.append(took)
    timing = Timing(
        n_verbatims=np.asarray(sizes),
        candidate_s=np.asarray([took[0] for took in seconds]),
        current_s=np.asarray([took[1] for took in seconds]),
    )
    first, second = (
        _collect(classifier, answered, taxonomy)
        for classifier, answered in zip(classifiers, items, strict=True)
    )
    return first, second, timing


def _collect(
    classifier: Classifier, items: Sequence[EmbeddedVerbatim], taxonomy: Taxonomy
) -> Answers:
    """Answers as arrays."""
    labels = {task: taxonomy.labels(task) for task in TASKS}
    columns = {
        task: [classifier.taxonomy.labels(task).index(name) for name in names]
        for task, names in labels.items()
    }
    given = {task: np.zeros((len(items), len(names)), np.bool_) for task, names in labels.items()}
    logits = {
        task: np.zeros((len(items), len(names)), np.float32) for task, names in labels.items()
    }
    embeddings = np.zeros((len(items), len(classifier.space.bias)), np.float32)
    is_scored = np.zeros(len(items), np.bool_)
    for row, item in enumerate(items):
        for task, names in labels.items():
            for name in _given_labels(item, task):
                given[task][row, names.index(name)] = True
            if item.logits is not None:
                logits[task][row] = item.logits[task][0]
        if item.embedding is not None and isinstance(item.result, TaggedVerbatim):
            is_scored[row] = True
            language = item.result.language.language
            embeddings[row] = classifier.space.alignment.align(item.embedding[None], [language])[0]
    probabilities = classifier.calibration.probabilities(logits)
    check_scores(probabilities, bundle_version=classifier.bundle_version)
    return Answers(
        given=given,
        probabilities={task: probabilities[task][:, columns[task]] for task in TASKS},
        is_scored=is_scored,
        embeddings=embeddings,
    )


def _given_labels(item: EmbeddedVerbatim, task: str) -> list[str]:
    """Labels of a task that a verbatim got."""
    result = item.result
    if not isinstance(result, TaggedVerbatim):
        return []
    if task == "topics":
        return [tag.topic for tag in result.topics]
    if task == "sentiment":
        label = result.sentiment.sentiment if result.sentiment else None
    else:
        label = result.department.department if result.department else None
    return [] if label is None else [label]
