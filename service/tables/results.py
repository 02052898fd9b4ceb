"""A result as an object (JSONL) and as columns (CSV, TSV, XLSX, Parquet)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from models.domain import (
    DepartmentTag,
    FailedVerbatim,
    SentimentTag,
    Status,
    TaggedSegment,
    TaggedVerbatim,
    TopicTag,
)

OBJECT_KEY = "klantstem"
"""Key of the result in a JSONL row."""
LINE_KEY = "line_text"
"""Key of a JSONL line that could not be read, where personal data is left in."""
PREFIX = "klantstem_"
"""Begin of the name of every column that is added to a flat table."""
FLAT_COLUMNS = (
    "status",
    "detail",
    "language",
    "language_probability",
    "topics",
    "topic_probabilities",
    "sentiment",
    "sentiment_probability",
    "sentiment_score",
    "department",
    "department_probability",
    "department_runner_up",
    "department_runner_up_probability",
    "evidence_text",
    "evidence_start",
    "evidence_end",
    "segments",
    "needs_review",
    "text_redacted",
    "bundle_version",
)
GUARDED_COLUMNS = frozenset({"detail", "evidence_text", "text_redacted"})
"""Columns that may begin with what a spreadsheet takes for a formula."""
ABSTENTIONS = frozenset({Status.NO_LETTERS, Status.OTHER_LANGUAGE})
_N_DIGITS = 4


def result_object(
    result: TaggedVerbatim | FailedVerbatim, *, bundle_version: str, is_redacted: bool = True
) -> dict[str, Any]:
    """Turn a result into plain JSON values; every key is there whatever the status.

    Probabilities are rounded to four digits. ``text_redacted`` is the cleaned text, free of
    personal data; it is None for a verbatim that failed, and where nothing was redacted.
    """
    if isinstance(result, FailedVerbatim):
        return failed_object(result.status, result.detail, bundle_version=bundle_version)
    return {
        "status": result.status.value,
        "detail": None,
        "language": result.language.language.value,
        "language_probability": _rounded(result.language.probability),
        "topics": _topics(result.topics),
        "sentiment": None if result.sentiment is None else _sentiment(result.sentiment),
        "department": None if result.department is None else _department(result.department),
        "segments": [_segment(segment) for segment in result.segments],
        "evidence": [
            {
                "task": evidence.task,
                "label": evidence.label,
                "segment": evidence.segment,
                "probability": _rounded(evidence.probability),
            }
            for evidence in result.evidence
        ],
        "needs_review": result.needs_review,
        "text_redacted": result.text if is_redacted else None,
        "bundle_version": result.bundle_version,
    }


def failed_object(status: Status, detail: str, *, bundle_version: str) -> dict[str, Any]:
    """Build the result of a row that could not be classified."""
    return {
        "status": status.value,
        "detail": detail,
        "language": None,
        "language_probability": None,
        "topics": [],
        "sentiment": None,
        "department": None,
        "segments": [],
        "evidence": [],
        "needs_review": None,
        "text_redacted": None,
        "bundle_version": bundle_version,
    }


def flat_result(result: Mapping[str, Any]) -> dict[str, Any]:
    """Spread a result object over columns; ``segments`` stays a list.

    Examples
    --------
    >>> flat = flat_result(failed_object(Status.EMPTY, "no text", bundle_version="b1"))
    >>> flat["klantstem_status"], flat["klantstem_topics"], flat["klantstem_sentiment"]
    ('empty', None, None)
    """
    sentiment = result["sentiment"] or {}
    department = result["department"] or {}
    driver = evidence_segment(result) or {}
    topics = result["topics"]
    values = (
        result["status"],
        result["detail"],
        result["language"],
        result["language_probability"],
        "|".join(tag["topic"] for tag in topics) or None,
        "|".join(str(tag["probability"]) for tag in topics) or None,
        sentiment.get("sentiment"),
        sentiment.get("probability"),
        sentiment.get("score"),
        department.get("department"),
        department.get("probability"),
        department.get("runner_up"),
        department.get("runner_up_probability"),
        driver.get("text"),
        driver.get("start"),
        driver.get("end"),
        result["segments"],
        result["needs_review"],
        result["text_redacted"],
        result["bundle_version"],
    )
    return {PREFIX + name: value for name, value in zip(FLAT_COLUMNS, values, strict=True)}


def evidence_segment(result: Mapping[str, Any], task: str = "department") -> dict[str, Any] | None:
    """The segment that drives the label of ``task``, where there is one."""
    for evidence in result["evidence"]:
        if evidence["task"] == task:
            segment: dict[str, Any] = result["segments"][evidence["segment"]]
            return segment
    return None


def segments_text(
    segments: Sequence[Mapping[str, Any]], *, max_characters: int | None = None
) -> str:
    """Segments as JSON for one cell; their texts are left out where it would be too long."""
    text = json.dumps(segments, ensure_ascii=False)
    if max_characters is not None and len(text) > max_characters:
        bare = [{key: part[key] for key in part if key != "text"} for part in segments]
        text = json.dumps(bare, ensure_ascii=False)
    return text


def _rounded(probability: float) -> float:
    return round(float(probability), _N_DIGITS)


def _topics(tags: Sequence[TopicTag]) -> list[dict[str, Any]]:
    return [{"topic": tag.topic, "probability": _rounded(tag.probability)} for tag in tags]


def _sentiment(tag: SentimentTag) -> dict[str, Any]:
    return {
        "sentiment": tag.sentiment,
        "probability": _rounded(tag.probability),
        "score": _rounded(tag.score),
    }


def _department(tag: DepartmentTag) -> dict[str, Any]:
    return {
        "department": tag.department,
        "probability": _rounded(tag.probability),
        "runner_up": tag.runner_up,
        "runner_up_probability": _rounded(tag.runner_up_probability),
    }


def _segment(segment: TaggedSegment) -> dict[str, Any]:
    return {
        "start": segment.start,
        "end": segment.end,
        "text": segment.text,
        "topics": _topics(segment.topics),
        "sentiment": _sentiment(segment.sentiment),
        "department": _department(segment.department),
    }
