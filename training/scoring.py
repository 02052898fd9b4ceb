"""What a bundle says of verbatims, through the whole path, with the raw scores beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tqdm.auto import tqdm

from models.classifier import Classifier, Result
from models.domain import FloatMatrix, TaggedVerbatim, Verbatim
from models.errors import BundleError
from models.heads import TaskArrays
from models.taxonomy import TASKS, Taxonomy
from training.labelled import LabelledVerbatim

_BLOCK = 256
_SHOWN_AFTER_S = 2.0  # a bar for what is done sooner would only flicker


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """Answers of a bundle.

    Attributes
    ----------
    results : tuple of Result
    is_scored : ndarray of shape (n_rows,), bool
        False where the classifier looked at no label: empty, too long, no letters, other language.
    logits : mapping of task to ndarray of shape (n_rows, n_labels)
        Zeros where nothing was scored.
    embeddings : ndarray of shape (n_rows, dim), float32
        Unit rows; zeros where nothing was scored.
    """

    results: tuple[Result, ...]
    is_scored: npt.NDArray[np.bool_]
    logits: TaskArrays
    embeddings: FloatMatrix


def score(
    classifier: Classifier, verbatims: Sequence[Verbatim], *, what: str = "classifying"
) -> Scored:
    """Classify verbatims and keep scores and embeddings; shows its progress.

    Parameters
    ----------
    what : str
        Stands before the progress bar.

    Raises
    ------
    BundleError
        If the bundle gives scores that are no numbers.
    """
    taxonomy = classifier.taxonomy
    logits = {
        task: np.zeros((len(verbatims), len(taxonomy.labels(task))), np.float32) for task in TASKS
    }
    dim = len(classifier.space.bias)
    embeddings = np.zeros((len(verbatims), dim), np.float32)
    is_scored = np.zeros(len(verbatims), np.bool_)
    results: list[Result] = []
    with tqdm(total=len(verbatims), desc=what, delay=_SHOWN_AFTER_S, leave=False) as bar:
        for start in range(0, len(verbatims), _BLOCK):
            block = verbatims[start : start + _BLOCK]
            for place, item in enumerate(classifier.embed(block), start=start):
                results.append(item.result)
                if item.logits is not None and item.embedding is not None:
                    is_scored[place] = True
                    embeddings[place] = item.embedding
                    for task in TASKS:
                        logits[task][place] = item.logits[task][0]
            bar.update(len(block))
    check_scores(logits, bundle_version=classifier.bundle_version)
    return Scored(results=tuple(results), is_scored=is_scored, logits=logits, embeddings=embeddings)


def check_scores(scores: TaskArrays, *, bundle_version: str) -> None:
    """Make sure that logits or probabilities are numbers.

    Raises
    ------
    BundleError
        Names the bundle and the tasks.
    """
    wrong = [task for task, values in scores.items() if not np.isfinite(values).all()]
    if wrong:
        raise BundleError(
            f"bundle {bundle_version} gives scores of {', '.join(wrong)} that are no finite "
            "numbers: its encoder, heads or calibration are damaged"
        )


def score_rows(
    classifier: Classifier, rows: Sequence[LabelledVerbatim], *, what: str = "classifying"
) -> Scored:
    """Classify labelled rows; the language is detected as it is in service."""
    return score(classifier, [Verbatim(id=row.id, text=row.text) for row in rows], what=what)


def labels_given(result: Result, task: str) -> tuple[str, ...]:
    """Labels of a task that a verbatim got; none where the classifier abstained."""
    if not isinstance(result, TaggedVerbatim):
        return ()
    if task == "topics":
        return tuple(tag.topic for tag in result.topics)
    if task == "sentiment":
        label = result.sentiment.sentiment if result.sentiment else None
    else:
        label = result.department.department if result.department else None
    return () if label is None else (label,)


def given_rows(results: Sequence[Result], taxonomy: Taxonomy) -> dict[str, npt.NDArray[np.bool_]]:
    """Labels that were given, as indicators. Shape: (n_rows, n_labels) per task."""
    return {
        task: np.asarray(
            [
                [label in labels for label in taxonomy.labels(task)]
                for labels in (labels_given(result, task) for result in results)
            ],
            dtype=np.bool_,
        ).reshape(len(results), len(taxonomy.labels(task)))
        for task in TASKS
    }
