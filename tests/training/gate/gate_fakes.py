"""Bundles without weights whose every answer a test decides."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, cast

import numpy as np

from models.calibration import Calibration
from models.classifier import Classifier, EmbeddedVerbatim
from models.domain import (
    DepartmentTag,
    FailedVerbatim,
    FloatMatrix,
    Language,
    LanguageGuess,
    SentimentTag,
    Status,
    TaggedVerbatim,
    TopicTag,
    Verbatim,
)
from models.embedding import plain_space
from models.taxonomy import TASKS, Taxonomy, parse_taxonomy
from training.labelled import LabelledVerbatim, Labels

DIM = 8
Answer = Callable[[LabelledVerbatim], Labels]


def make_taxonomy(*, departments: Sequence[str] = ("hr", "board", "none")) -> Taxonomy:
    def label(name: str) -> dict[str, object]:
        return {"label": name, "name": {"en": name}, "definition": {"en": name}}

    return parse_taxonomy(
        {
            "name": "tiny",
            "version": 1,
            "max_topics": 2,
            "topics": [label("price"), label("staff"), label("wait")],
            "sentiments": [{**label("negative"), "score": -1}, label("positive")],
            "departments": [label(name) for name in departments],
        }
    )


def make_rows(n_rows: int = 240, *, n_none: int | None = None) -> list[LabelledVerbatim]:
    """Rows in both languages by turns; ``n_none`` of them have no owner, else a third."""
    rows = []
    for place in range(n_rows):
        department = ("hr", "board", "none")[(place // 2) % 3]
        if n_none is not None:
            department = "none" if place < n_none else ("hr", "board")[(place // 2) % 2]
        topic = ("price", "staff", "wait")[(place // 3) % 3]
        rows.append(
            LabelledVerbatim(
                id=f"r{place}",
                text=f"row {place}",
                lang=("nl", "en")[place % 2],
                labels=Labels(("negative", "positive")[place % 4 // 2], (topic,), department),
                story=f"s{place}",
            )
        )
    return rows


def right(row: LabelledVerbatim) -> Labels:
    return row.labels


def wrong(row: LabelledVerbatim) -> Labels:
    """The next label in every task."""
    following = {
        **{"hr": "board", "board": "none", "none": "hr"},
        **{"price": "staff", "staff": "wait", "wait": "price"},
        **{"negative": "positive", "positive": "negative"},
    }
    topics = tuple(following[topic] for topic in row.labels.topics)
    return Labels(following[row.labels.sentiment], topics, following[row.labels.department])


class FakeEncoder:
    """Embeds a text as the vector that the test has for it."""

    def __init__(self, vectors: Mapping[str, FloatMatrix]) -> None:
        self._vectors = vectors

    def encode(self, texts: Sequence[str]) -> FloatMatrix:
        return np.stack([self._vectors[text] for text in texts])


class FakeBundle:
    """Answers as ``answer`` says, ``probability`` sure of it.

    ``vectors`` gives the embedding of a text; by default texts of one topic are near each other.
    """

    def __init__(
        self,
        rows: Sequence[LabelledVerbatim],
        answer: Answer = right,
        *,
        probability: float = 0.9,
        vectors: Mapping[str, FloatMatrix] | None = None,
        taxonomy: Taxonomy | None = None,
        failing: frozenset[str] = frozenset(),
    ) -> None:
        self.taxonomy = taxonomy or make_taxonomy()
        self.space = plain_space(DIM)
        self.bundle_version = "fake"
        self._rows = {row.text: row for row in rows}
        self._answer, self._probability, self._failing = answer, probability, failing
        self._vectors = vectors or topic_vectors(rows)
        self.encoder = FakeEncoder(self._vectors)
        bias = {
            task: [0.0] * len(self.taxonomy.labels(task)) for task in ("sentiment", "department")
        }
        self.calibration = Calibration(
            temperature=dict.fromkeys(TASKS, 1.0),
            bias=bias,
            topic_thresholds=dict.fromkeys(self.taxonomy.labels("topics"), 0.5),
            min_probability={"sentiment": 0.0, "department": 0.0},
            review_probability={"sentiment": 0.0, "department": 0.0},
        )

    def embed(self, verbatims: Sequence[Verbatim], **_: Any) -> tuple[EmbeddedVerbatim, ...]:
        return tuple(self._embed(verbatim) for verbatim in verbatims)

    def _embed(self, verbatim: Verbatim) -> EmbeddedVerbatim:
        if verbatim.text in self._failing:
            failed = FailedVerbatim(id=verbatim.id, status=Status.FAILED, detail="failed")
            return EmbeddedVerbatim(result=failed)
        row = self._rows[verbatim.text]
        said = self._answer(row)
        named = {
            "topics": said.topics,
            "sentiment": (said.sentiment,),
            "department": (said.department,),
        }
        p = self._probability
        result = TaggedVerbatim(
            id=verbatim.id,
            status=Status.OK,
            text=verbatim.text,
            language=LanguageGuess(language=Language(row.lang), probability=1.0),
            topics=tuple(TopicTag(topic=topic, probability=p) for topic in said.topics),
            sentiment=SentimentTag(sentiment=said.sentiment, probability=p, score=0.0),
            department=DepartmentTag(
                department=said.department, probability=p, runner_up="", runner_up_probability=0.0
            ),
            segments=(),
            evidence=(),
            needs_review=False,
            bundle_version=self.bundle_version,
        )
        return EmbeddedVerbatim(
            result=result,
            embedding=self._vectors[verbatim.text],
            logits={task: self._logits(task, named[task]) for task in TASKS},
        )

    def _logits(self, task: str, named: Sequence[str]) -> FloatMatrix:
        """Logits whose probability of the named labels is the wanted one."""
        labels = self.taxonomy.labels(task)
        p = self._probability
        if task == "topics":
            height = np.log(p / (1 - p))
            row = [height if label in named else -height for label in labels]
        else:
            rest = (1 - p) / (len(labels) - 1)
            row = [np.log(p if label in named else rest) for label in labels]
        return np.asarray([row], dtype=np.float32)


def classifier(*arguments: Any, **options: Any) -> Classifier:
    """A fake bundle where a classifier is asked for."""
    return cast(Classifier, FakeBundle(*arguments, **options))


def topic_vectors(rows: Sequence[LabelledVerbatim], *, seed: int = 0) -> dict[str, FloatMatrix]:
    """Unit vectors near one direction per topic."""
    rng = np.random.default_rng(seed)
    axes = {"price": 0, "staff": 1, "wait": 2}
    vectors = {}
    for row in rows:
        vector = 0.1 * rng.standard_normal(DIM)
        vector[axes[row.labels.topics[0]]] += 1.0
        vectors[row.text] = (vector / np.linalg.norm(vector)).astype(np.float32)
    return vectors


def random_vectors(texts: Sequence[str], *, seed: int = 0) -> dict[str, FloatMatrix]:
    """Unit vectors that say nothing."""
    rows = np.random.default_rng(seed).standard_normal((len(texts), DIM))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return dict(zip(texts, rows.astype(np.float32), strict=True))
