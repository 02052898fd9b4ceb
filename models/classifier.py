"""The way of a verbatim: clean, detect the language, segment, encode once, tag."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from models.calibration import Calibration
from models.decide import decide_department, decide_sentiment, decide_topics
from models.domain import (
    MAX_CHARACTERS,
    Evidence,
    FailedVerbatim,
    FloatMatrix,
    Language,
    LanguageGuess,
    Segment,
    Status,
    TaggedSegment,
    TaggedVerbatim,
    Verbatim,
)
from models.embedding import EmbeddingSpace
from models.encoder.protocol import Encoder, TokenStates, pool_spans, pool_verbatim, unit_rows
from models.heads import Heads, TaskArrays
from models.taxonomy import Taxonomy
from models.text.clean import CleanText, clean
from models.text.language import detect_language
from models.text.redact import TAGS
from models.text.segment import segment

_LOG = logging.getLogger(__name__)

Result = TaggedVerbatim | FailedVerbatim


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedVerbatim:
    """A result with the vectors it came from.

    ``embedding`` has shape (dim,), ``segment_embeddings`` shape (n_segments, dim); unit rows.
    ``segment_departments`` holds the calibrated probabilities, shape (n_segments, n_departments).
    ``logits`` holds the raw scores of the verbatim, shape (1, n_labels) per task.
    All four are None where the verbatim failed or the model abstained.
    """

    result: Result
    embedding: FloatMatrix | None = None
    segment_embeddings: FloatMatrix | None = None
    segment_departments: FloatMatrix | None = None
    logits: TaskArrays | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Prepared:
    """A verbatim that is ready to be encoded."""

    verbatim: Verbatim
    text: CleanText
    language: LanguageGuess
    segments: tuple[Segment, ...]


class Classifier:
    """Tags verbatims with topics, sentiment and the department that owns the cause.

    Use :func:`models.bundle.load_bundle` to get one.

    Parameters
    ----------
    encoder : Encoder
    heads : Heads
    space : EmbeddingSpace
        What turns pooled states into embeddings, and its alignment of the two languages.
    calibration : Calibration
    taxonomy : Taxonomy
    bundle_version : str
    """

    def __init__(
        self,
        *,
        encoder: Encoder,
        heads: Heads,
        space: EmbeddingSpace,
        calibration: Calibration,
        taxonomy: Taxonomy,
        bundle_version: str,
    ) -> None:
        self.encoder = encoder
        self.heads = heads
        self.space = space
        self.calibration = calibration
        self.taxonomy = taxonomy
        self.bundle_version = bundle_version

    def classify(self, verbatims: Sequence[Verbatim], *, redact: bool = True) -> tuple[Result, ...]:
        """Tag each verbatim on its own.

        Parameters
        ----------
        verbatims : sequence of Verbatim
        redact : bool, default=True
            Mask personal data before anything else sees the text.

        Returns
        -------
        tuple of TaggedVerbatim or FailedVerbatim
            One per verbatim, in the order given. The result of a verbatim does not depend on
            the others in the call.
        """
        return tuple(item.result for item in self._run(verbatims, redact=redact, embeds=False))

    def embed(
        self, verbatims: Sequence[Verbatim], *, redact: bool = True
    ) -> tuple[EmbeddedVerbatim, ...]:
        """Tag each verbatim and keep the vectors, for root-cause work."""
        return self._run(verbatims, redact=redact, embeds=True)

    def _run(
        self, verbatims: Sequence[Verbatim], *, redact: bool, embeds: bool
    ) -> tuple[EmbeddedVerbatim, ...]:
        """Tag each verbatim; without embeddings where nobody asks for them."""
        results: dict[int, EmbeddedVerbatim] = {}
        ready: list[tuple[int, _Prepared]] = []

        def texts() -> Iterator[str]:
            # Read by the encoder while it works, so that cleaning overlaps with encoding.
            for position, verbatim in enumerate(verbatims):
                prepared = self._prepare(verbatim, redact=redact)
                if isinstance(prepared, _Prepared):
                    ready.append((position, prepared))
                    yield prepared.text.text
                else:
                    results[position] = EmbeddedVerbatim(result=prepared)

        try:
            for n_done, states in enumerate(self.encoder.encode_states(texts())):
                position, prepared = ready[n_done]
                results[position] = self._tag(prepared, states, embeds=embeds)
        except Exception as error:
            # One text broke the pass: the rest goes one by one, so that it fails alone.
            _LOG.error("encoding a batch failed with %s", type(error).__name__)
            for position, verbatim in enumerate(verbatims):
                if position not in results:
                    results[position] = self._run_alone(verbatim, redact=redact, embeds=embeds)
        return tuple(results[position] for position in range(len(verbatims)))

    def _run_alone(self, verbatim: Verbatim, *, redact: bool, embeds: bool) -> EmbeddedVerbatim:
        """One verbatim in a pass of its own."""
        prepared = self._prepare(verbatim, redact=redact)
        if not isinstance(prepared, _Prepared):
            return EmbeddedVerbatim(result=prepared)
        try:
            (states,) = self.encoder.encode_states([prepared.text.text])
            return self._tag(prepared, states, embeds=embeds)
        except Exception as error:
            return EmbeddedVerbatim(result=_failed(verbatim, error))

    def _prepare(self, verbatim: Verbatim, *, redact: bool) -> _Prepared | Result:
        """Everything before the encoder, or the result where there is nothing to encode."""
        if len(verbatim.text) > MAX_CHARACTERS:
            return FailedVerbatim(
                id=verbatim.id,
                status=Status.TOO_LONG,
                detail=f"the text has {len(verbatim.text)} characters; "
                f"at most {MAX_CHARACTERS} are allowed: shorten or split it",
            )
        try:
            text = clean(verbatim.text, redact=redact)
            if not text.text.strip():
                return FailedVerbatim(
                    id=verbatim.id, status=Status.EMPTY, detail="the text is empty: leave it out"
                )
            if not any(character.isalpha() for character in _without_tags(text.text)):
                guess = LanguageGuess(language=Language.UND, probability=0.0)
                return self._abstain(verbatim, text, guess, Status.NO_LETTERS)
            if verbatim.language is None:
                guess = detect_language(text.text)
            else:
                guess = LanguageGuess(language=verbatim.language, probability=1.0)
            if guess.language is Language.UND:
                return self._abstain(verbatim, text, guess, Status.OTHER_LANGUAGE)
            segments = segment(text.text, guess.language)
        except Exception as error:
            return _failed(verbatim, error)
        return _Prepared(verbatim=verbatim, text=text, language=guess, segments=segments)

    def _abstain(
        self, verbatim: Verbatim, text: CleanText, guess: LanguageGuess, status: Status
    ) -> TaggedVerbatim:
        """A result without labels."""
        return TaggedVerbatim(
            id=verbatim.id,
            status=status,
            text=text.text,
            language=guess,
            topics=(),
            sentiment=None,
            department=None,
            segments=(),
            evidence=(),
            needs_review=True,
            bundle_version=self.bundle_version,
        )

    def _tag(self, prepared: _Prepared, states: TokenStates, *, embeds: bool) -> EmbeddedVerbatim:
        """Pool, score and decide: row 0 is the verbatim, the others are its segments."""
        spans = [(part.start, part.end) for part in prepared.segments]
        pooled = np.vstack([pool_verbatim(states)[None, :], pool_spans(states, spans)])
        features = unit_rows(pooled)
        logits = self.heads.logits(features)
        probabilities = self.calibration.probabilities(logits)
        if len(spans) == 1:  # the only segment is the verbatim: one and the same tags
            probabilities = {task: rows[[0, 0]] for task, rows in probabilities.items()}
        taxonomy, calibration = self.taxonomy, self.calibration
        topics = decide_topics(probabilities["topics"][0], taxonomy, calibration)
        sentiment = decide_sentiment(probabilities["sentiment"][0], taxonomy, calibration)
        department = decide_department(probabilities["department"][0], taxonomy, calibration)
        segments = tuple(
            self._tag_segment(prepared.text, part, row, probabilities)
            for row, part in enumerate(prepared.segments, start=1)
        )
        chosen = [("topics", tag.topic) for tag in topics]
        chosen += [("sentiment", sentiment.sentiment)] if sentiment.sentiment else []
        chosen += [("department", department.department)] if department.department else []
        result = TaggedVerbatim(
            id=prepared.verbatim.id,
            status=Status.OK,
            text=prepared.text.text,
            language=prepared.language,
            topics=topics,
            sentiment=sentiment,
            department=department,
            segments=segments,
            evidence=tuple(
                self._find_evidence(task, label, probabilities) for task, label in chosen
            ),
            needs_review=any(
                tag_probability < calibration.review_bar(task, label)
                for task, label, tag_probability in (
                    ("sentiment", sentiment.sentiment, sentiment.probability),
                    ("department", department.department, department.probability),
                )
            ),
            bundle_version=self.bundle_version,
        )
        if not embeds:
            return EmbeddedVerbatim(result=result)
        embeddings = self.space.embed(features)
        return EmbeddedVerbatim(
            result=result,
            embedding=embeddings[0],
            segment_embeddings=embeddings[1:],
            segment_departments=probabilities["department"][1:],
            logits={task: rows[:1] for task, rows in logits.items()},
        )

    def _tag_segment(
        self, text: CleanText, part: Segment, row: int, probabilities: TaskArrays
    ) -> TaggedSegment:
        """The tags of one clause, its offsets moved to the text that was sent."""
        start, end = text.source_span(part.start, part.end)
        taxonomy, calibration = self.taxonomy, self.calibration
        return TaggedSegment(
            start=start,
            end=end,
            text=text.text[part.start : part.end],
            topics=decide_topics(probabilities["topics"][row], taxonomy, calibration),
            sentiment=decide_sentiment(probabilities["sentiment"][row], taxonomy, calibration),
            department=decide_department(probabilities["department"][row], taxonomy, calibration),
        )

    def _find_evidence(self, task: str, label: str, probabilities: TaskArrays) -> Evidence:
        """The segment in which a label of the verbatim is likeliest."""
        column = probabilities[task][1:, self.taxonomy.labels(task).index(label)]
        best = int(np.argmax(column))
        return Evidence(task=task, label=label, segment=best, probability=float(column[best]))


def _without_tags(text: str) -> str:
    """The text without the tags that stand for personal data."""
    for tag in TAGS.values():
        text = text.replace(tag, "")
    return text


def _failed(verbatim: Verbatim, error: Exception) -> FailedVerbatim:
    """Tell the class of the error only: its message could quote the text."""
    kind = type(error).__name__
    _LOG.error("a verbatim failed with %s", kind)
    return FailedVerbatim(
        id=verbatim.id,
        status=Status.FAILED,
        detail=f"internal error ({kind}); the other verbatims are not affected",
    )
