"""Planted complaints: embeddings around known centres, verbatims tagged by hand."""

from collections.abc import Sequence

import numpy as np

from models.classifier import EmbeddedVerbatim
from models.domain import (
    DepartmentTag,
    FailedVerbatim,
    FloatMatrix,
    Language,
    LanguageGuess,
    SentimentTag,
    Status,
    TaggedSegment,
    TaggedVerbatim,
    TopicTag,
)
from models.root_cause.arrays import IntVector, as_float32, unit
from models.taxonomy import Taxonomy, parse_taxonomy

DIM = 32
DEPARTMENTS = ("hr", "board", "none")


def planted(
    n_causes: int = 12, n_each: int = 40, noise: float = 0.5, seed: int = 0
) -> tuple[FloatMatrix, IntVector]:
    """Rows around random centres, in random order, and the centre of each."""
    rng = np.random.default_rng(seed)
    centres = np.random.default_rng(99).standard_normal((n_causes, DIM))
    if n_causes <= DIM:  # at right angles: nothing in common
        centres = np.linalg.qr(centres.T)[0].T * np.sqrt(DIM)
    truth = rng.permutation(np.repeat(np.arange(n_causes), n_each))
    rows = centres[truth] + noise * rng.standard_normal((len(truth), DIM))
    return as_float32(unit(rows)), truth


def same_groups(first: Sequence[int], second: Sequence[int]) -> bool:
    """Whether two labellings group rows alike, whatever the numbers."""
    pairs = set(zip(map(int, first), map(int, second), strict=True))
    return len(pairs) == len(set(map(int, first))) == len(set(map(int, second)))


def taxonomy() -> Taxonomy:
    def label(name: str, **extra: object) -> dict[str, object]:
        names = {"nl": f"{name} nl", "en": f"{name} en"}
        return {"label": name, "name": names, "definition": names, **extra}

    return parse_taxonomy(
        {
            "name": "tiny",
            "version": 1,
            "max_topics": 2,
            "topics": [label("price"), label("wait"), label("general", is_exclusive=True)],
            "sentiments": [label("negative", score=-1), label("positive", score=1)],
            "departments": [label(name) for name in DEPARTMENTS],
        }
    )


def clause(text: str, *, sentiment: str | None = "negative", topic: str = "price") -> TaggedSegment:
    score = {"negative": -0.9, "positive": 0.9}.get(sentiment or "", -0.1)
    return TaggedSegment(
        start=0,
        end=len(text),
        text=text,
        topics=(TopicTag(topic=topic, probability=0.9),),
        sentiment=SentimentTag(sentiment=sentiment, probability=0.9, score=score),
        department=_department(),
    )


def verbatim(
    name: str,
    clauses: Sequence[TaggedSegment],
    rows: FloatMatrix | None = None,
    *,
    sentiment: str = "negative",
    language: Language = Language.NL,
    department: int = 0,
) -> EmbeddedVerbatim:
    n_clauses = len(clauses)
    rows = np.eye(n_clauses, DIM, dtype=np.float32) if rows is None else np.atleast_2d(rows)
    departments = np.full((n_clauses, len(DEPARTMENTS)), 0.1, dtype=np.float32)
    departments[:, department] = 0.8
    result = TaggedVerbatim(
        id=name,
        status=Status.OK,
        text=" ".join(part.text for part in clauses),
        language=LanguageGuess(language=language, probability=1.0),
        topics=(),
        sentiment=SentimentTag(sentiment=sentiment, probability=0.9, score=0.0),
        department=_department(),
        segments=tuple(clauses),
        evidence=(),
        needs_review=False,
        bundle_version="tiny",
    )
    return EmbeddedVerbatim(
        result=result,
        embedding=rows[0],
        segment_embeddings=rows,
        segment_departments=departments,
    )


def failed(name: str) -> EmbeddedVerbatim:
    return EmbeddedVerbatim(result=FailedVerbatim(id=name, status=Status.EMPTY, detail="empty"))


def _department() -> DepartmentTag:
    return DepartmentTag(
        department="hr", probability=0.8, runner_up="board", runner_up_probability=0.1
    )
