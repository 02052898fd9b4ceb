"""A classifier without a model that plants causes: a word makes the vector of its clause."""

from __future__ import annotations

import hashlib
import re
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
    Verbatim,
)
from models.embedding import EmbeddingSpace, plain_space
from models.taxonomy import Taxonomy, read_taxonomy
from tests.service.fakes_classifier import ROOT

DIM = 32
CAUSES = {
    "queue": ("wachtrij", "waiting", "board"),
    "invoice": ("factuur", "billing", "board"),
    "parcel": ("pakket", "delivery", "purchasing"),
    "rude": ("onbeleefd", "staff_attitude", "hr"),
    "advert": ("reclame", "information", "marketing"),
    "terms": ("voorwaarden", "contract", "legal"),
}
"""English word, Dutch word, topic and department of each planted cause."""
_EMAIL = re.compile(r"\S+@\S+\.\w+")
_CENTRES = np.linalg.qr(np.random.default_rng(5).standard_normal((DIM, DIM)))[0]


class PlantedEmbedder:
    """Clauses end at ``;``. One with a word of ``CAUSES`` complains, any other praises."""

    def __init__(self, *, bundle_version: str = "fake-1") -> None:
        self.taxonomy: Taxonomy = read_taxonomy(ROOT / "data" / "taxonomy" / "klantstem.json")
        self.bundle_version = bundle_version
        self.space: EmbeddingSpace = plain_space(DIM)

    def embed(
        self, verbatims: Sequence[Verbatim], *, redact: bool = True
    ) -> tuple[EmbeddedVerbatim, ...]:
        assert redact
        return tuple(self._embed(verbatim) for verbatim in verbatims)

    def classify(
        self, verbatims: Sequence[Verbatim], *, redact: bool = True
    ) -> tuple[TaggedVerbatim | FailedVerbatim, ...]:
        return tuple(item.result for item in self.embed(verbatims, redact=redact))

    def _embed(self, verbatim: Verbatim) -> EmbeddedVerbatim:
        text = _EMAIL.sub("[EMAIL]", verbatim.text)
        if not text.strip():
            return EmbeddedVerbatim(
                result=FailedVerbatim(id=verbatim.id, status=Status.EMPTY, detail="empty")
            )
        clauses = [part.strip() for part in text.split(";") if part.strip()]
        found = [_find_cause(clause) for clause in clauses]
        pairs = list(zip(clauses, found, strict=True))
        rows = np.stack([_vector(clause, cause) for clause, cause in pairs])
        labels = self.taxonomy.labels("department")
        departments = np.full((len(clauses), len(labels)), 0.02, dtype=np.float32)
        for row, cause in enumerate(found):
            owner = "none" if cause is None else CAUSES[cause][2]
            departments[row, labels.index(owner)] = 1 - 0.02 * (len(labels) - 1)
        is_dutch = any(words[0] in text for words in CAUSES.values()) or " de " in f" {text} "
        language = verbatim.language or (Language.NL if is_dutch else Language.EN)
        result = TaggedVerbatim(
            id=verbatim.id,
            status=Status.OK,
            text=text,
            language=LanguageGuess(language=language, probability=1.0),
            topics=(),
            sentiment=_sentiment(any(found)),
            department=_department("board"),
            segments=tuple(
                TaggedSegment(
                    start=0,
                    end=len(clause),
                    text=clause,
                    topics=(TopicTag(topic=CAUSES[cause][1], probability=0.9),) if cause else (),
                    sentiment=_sentiment(cause is not None),
                    department=_department(CAUSES[cause][2] if cause else "none"),
                )
                for clause, cause in pairs
            ),
            evidence=(),
            needs_review=False,
            bundle_version=self.bundle_version,
        )
        return EmbeddedVerbatim(
            result=result,
            embedding=rows[0],
            segment_embeddings=rows,
            segment_departments=departments,
        )


def _find_cause(clause: str) -> str | None:
    words = re.findall(r"\w+", clause.lower())
    return next(
        (name for name, (dutch, _, _) in CAUSES.items() if name in words or dutch in words), None
    )


def _vector(clause: str, cause: str | None) -> FloatMatrix:
    """The centre of a cause and noise that hangs on the words alone."""
    digest = hashlib.sha256(clause.encode()).digest()
    noise = np.random.default_rng(int.from_bytes(digest[:8], "little")).standard_normal(DIM)
    place = list(CAUSES).index(cause) if cause else DIM - 1
    row = _CENTRES[place] + 0.08 * noise
    vector: FloatMatrix = (row / np.linalg.norm(row)).astype(np.float32)
    return vector


def _sentiment(is_negative: bool) -> SentimentTag:
    label, score = ("negative", -0.9) if is_negative else ("positive", 0.9)
    return SentimentTag(sentiment=label, probability=0.9, score=score)


def _department(label: str) -> DepartmentTag:
    return DepartmentTag(
        department=label, probability=0.9, runner_up="none", runner_up_probability=0.1
    )
