"""The values that travel from a verbatim to its tags.

All are frozen and hold no behaviour beyond small look-ups. Character offsets are half open and
count Unicode code points.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

FloatMatrix: TypeAlias = npt.NDArray[np.float32]

MAX_CHARACTERS = 10_000
"""Longest verbatim that is classified, in characters; a longer one fails alone."""


class Language(StrEnum):
    """Language of a text; ``UND`` (undetermined) is any other language, or no words."""

    NL = "nl"
    EN = "en"
    UND = "und"


class Status(StrEnum):
    """What became of one verbatim."""

    OK = "ok"
    NO_LETTERS = "no_letters"
    OTHER_LANGUAGE = "other_language"
    EMPTY = "empty"
    TOO_LONG = "too_long"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verbatim:
    """One answer as typed.

    ``language`` is what the sender declared, or None to have it detected.
    """

    id: str
    text: str
    language: Language | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageGuess:
    """Detected (or declared) language and its probability in [0, 1]."""

    language: Language
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """Clause-sized span of a cleaned text, as offsets in that text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicTag:
    """One topic that the text addresses, with its calibrated probability."""

    topic: str
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SentimentTag:
    """How the customer feels.

    ``sentiment`` is None when the model abstained. ``score`` runs from -1 (negative) to 1
    (positive): the mean of the labels' places on that scale, by probability.
    """

    sentiment: str | None
    probability: float
    score: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DepartmentTag:
    """Whose decisions caused it; ``department is None`` means the model abstained."""

    department: str | None
    probability: float
    runner_up: str
    runner_up_probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedSegment:
    """A clause with its own tags.

    ``start`` and ``end`` are offsets in the text that was sent; ``text`` is the cleaned and
    redacted clause.
    """

    start: int
    end: int
    text: str
    topics: tuple[TopicTag, ...]
    sentiment: SentimentTag
    department: DepartmentTag


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """The segment that drives a label of the verbatim.

    ``segment`` is an index into ``TaggedVerbatim.segments``; ``probability`` is the label's
    probability in that segment.
    """

    task: str
    label: str
    segment: int
    probability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TaggedVerbatim:
    """A verbatim with its tags.

    ``text`` is cleaned and, unless redaction was switched off, free of personal data.
    ``status`` is OK, NO_LETTERS or OTHER_LANGUAGE; in the last two cases the model abstained
    from every label.
    """

    id: str
    status: Status
    text: str
    language: LanguageGuess
    topics: tuple[TopicTag, ...]
    sentiment: SentimentTag | None
    department: DepartmentTag | None
    segments: tuple[TaggedSegment, ...]
    evidence: tuple[Evidence, ...]
    needs_review: bool
    bundle_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedVerbatim:
    """A verbatim that could not be classified; its neighbours were.

    ``detail`` says why and what to do; it never holds a part of the text.
    """

    id: str
    status: Status
    detail: str
