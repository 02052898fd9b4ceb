"""A classifier without a model: tags follow from the words, so tests can foresee them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from models.domain import (
    MAX_CHARACTERS,
    DepartmentTag,
    Evidence,
    FailedVerbatim,
    Language,
    LanguageGuess,
    SentimentTag,
    Status,
    TaggedSegment,
    TaggedVerbatim,
    TopicTag,
    Verbatim,
)
from models.taxonomy import Taxonomy, read_taxonomy

ROOT = Path(__file__).parents[2]
_EMAIL = re.compile(r"\S+@\S+\.\w+")
_CLAUSE = re.compile(r"[^,;.]+")
_DUTCH = {"de", "het", "een", "ik", "niet", "maar", "en", "te", "van", "prima", "goed", "duur"}
_FRENCH = {"bonjour", "merci", "le", "la", "trop", "cher"}
_RULES = (
    (("duur", "prijs", "price", "expensive"), "price", "negative", "board"),
    (("laat", "late", "parcel", "pakket"), "delivery", "negative", "purchasing"),
    (("vriendelijk", "friendly", "polite"), "staff_attitude", "positive", "hr"),
    (("factuur", "charged"), "billing", "negative", "board"),
)


class FakeClassifier:
    """Tags by a few words; ``on_call`` is told the number of each call, before it is answered."""

    def __init__(
        self, *, on_call: Callable[[int], None] | None = None, bundle_version: str = "fake-1"
    ) -> None:
        self.taxonomy: Taxonomy = read_taxonomy(ROOT / "data" / "taxonomy" / "klantstem.json")
        self.bundle_version = bundle_version
        self.n_calls = 0
        self.seen: list[Verbatim] = []
        self._on_call = on_call

    def classify(
        self, verbatims: Sequence[Verbatim], *, redact: bool = True
    ) -> tuple[TaggedVerbatim | FailedVerbatim, ...]:
        self.n_calls += 1
        if self._on_call is not None:
            self._on_call(self.n_calls)
        self.seen.extend(verbatims)
        return tuple(self._classify(verbatim, redact=redact) for verbatim in verbatims)

    def _classify(self, verbatim: Verbatim, *, redact: bool) -> TaggedVerbatim | FailedVerbatim:
        text = verbatim.text
        if len(text) > MAX_CHARACTERS:
            return FailedVerbatim(
                id=verbatim.id, status=Status.TOO_LONG, detail=f"{len(text)} characters"
            )
        if not text.strip():
            return FailedVerbatim(id=verbatim.id, status=Status.EMPTY, detail="the text is empty")
        clean = _EMAIL.sub("[EMAIL]", text) if redact else text
        words = frozenset(re.findall(r"\w+", text.lower()))
        if not any(character.isalpha() for character in text):
            return self._abstain(verbatim, clean, Status.NO_LETTERS)
        language = verbatim.language or (Language.NL if words & _DUTCH else Language.EN)
        if language is Language.UND or (verbatim.language is None and words & _FRENCH):
            return self._abstain(verbatim, clean, Status.OTHER_LANGUAGE)
        segments = tuple(
            self._segment(clean, hit.start(), hit.end())
            for hit in _CLAUSE.finditer(clean)
            if hit.group().strip()
        ) or (self._segment(clean, 0, len(clean)),)
        department = segments[0].department
        evidence = [Evidence(task="sentiment", label="negative", segment=0, probability=0.8)]
        if department.department is not None:
            last = len(segments) - 1
            evidence.append(
                Evidence(
                    task="department", label=department.department, segment=last, probability=0.75
                )
            )
        return TaggedVerbatim(
            id=verbatim.id,
            status=Status.OK,
            text=clean,
            language=LanguageGuess(language=language, probability=0.98765),
            topics=segments[0].topics,
            sentiment=segments[0].sentiment,
            department=department,
            segments=segments,
            evidence=tuple(evidence),
            needs_review=department.department is None,
            bundle_version=self.bundle_version,
        )

    def _segment(self, text: str, start: int, end: int) -> TaggedSegment:
        clause = text[start:end].lower()
        hits = [rule for rule in _RULES if any(word in clause for word in rule[0])]
        topics = tuple(
            TopicTag(topic=rule[1], probability=0.9 - 0.25 * place)
            for place, rule in enumerate(hits)
        ) or (TopicTag(topic="general", probability=0.6),)
        sentiment = hits[0][2] if hits else "neutral"
        score = {"negative": -0.7512345, "neutral": 0.0, "positive": 0.8}[sentiment]
        return TaggedSegment(
            start=start,
            end=end,
            text=text[start:end],
            topics=topics,
            sentiment=SentimentTag(sentiment=sentiment, probability=0.8, score=score),
            department=DepartmentTag(
                department=hits[0][3] if hits else None,
                probability=0.7 if hits else 0.3,
                runner_up="legal",
                runner_up_probability=0.1,
            ),
        )

    def _abstain(self, verbatim: Verbatim, text: str, status: Status) -> TaggedVerbatim:
        return TaggedVerbatim(
            id=verbatim.id,
            status=status,
            text=text,
            language=LanguageGuess(language=Language.UND, probability=0.0),
            topics=(),
            sentiment=None,
            department=None,
            segments=(),
            evidence=(),
            needs_review=True,
            bundle_version=self.bundle_version,
        )
