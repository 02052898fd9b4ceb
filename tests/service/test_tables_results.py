from __future__ import annotations

import dataclasses
import json

import pytest

from models.domain import FailedVerbatim, Status, TaggedVerbatim, Verbatim
from service.tables.parquet_files import result_schema
from service.tables.results import (
    FLAT_COLUMNS,
    evidence_segment,
    flat_result,
    result_object,
    segments_text,
)
from tests.service.fakes_classifier import FakeClassifier


def tag(text: str) -> TaggedVerbatim | FailedVerbatim:
    (result,) = FakeClassifier().classify([Verbatim(id="1", text=text)])
    return result


def test_object_holds_every_part_of_a_result() -> None:
    result = result_object(tag("te duur, vriendelijk"), bundle_version="fake-1")
    assert json.loads(json.dumps(result)) == result
    assert result["status"] == "ok"
    assert result["detail"] is None
    assert (result["language"], result["language_probability"]) == ("nl", 0.9877)
    assert result["topics"] == [{"topic": "price", "probability": 0.9}]
    assert result["sentiment"] == {"sentiment": "negative", "probability": 0.8, "score": -0.7512}
    assert result["department"] == {
        "department": "board",
        "probability": 0.7,
        "runner_up": "legal",
        "runner_up_probability": 0.1,
    }
    assert [(part["start"], part["end"]) for part in result["segments"]] == [(0, 7), (8, 20)]
    assert result["evidence"][1]["segment"] == 1
    assert result["needs_review"] is False
    assert result["text_redacted"] == "te duur, vriendelijk"
    assert result["bundle_version"] == "fake-1"


@pytest.mark.parametrize("text", ["te duur", "merci", "...", "", "x" * 10_001])
def test_object_has_the_same_keys_whatever_the_status(text: str) -> None:
    expected = result_object(tag("te duur"), bundle_version="fake-1").keys()
    assert result_object(tag(text), bundle_version="fake-1").keys() == expected


def test_object_without_redaction_has_no_redacted_text() -> None:
    result = result_object(tag("te duur"), bundle_version="fake-1", is_redacted=False)
    assert result["text_redacted"] is None


def test_flat_result_fills_every_column() -> None:
    flat = flat_result(result_object(tag("te duur en te laat, vriendelijk"), bundle_version="b"))
    assert list(flat) == [f"klantstem_{name}" for name in FLAT_COLUMNS]
    assert list(flat) == result_schema().names
    assert flat["klantstem_topics"] == "price|delivery"
    assert flat["klantstem_topic_probabilities"] == "0.9|0.65"
    assert flat["klantstem_evidence_text"] == " vriendelijk"
    assert (flat["klantstem_evidence_start"], flat["klantstem_evidence_end"]) == (19, 31)


def test_an_abstained_department_has_no_evidence() -> None:
    result = result_object(tag("zomaar wat"), bundle_version="b")
    assert result["department"]["department"] is None
    assert evidence_segment(result) is None
    assert flat_result(result)["klantstem_evidence_text"] is None
    assert flat_result(result)["klantstem_needs_review"] is True


def test_segments_that_are_too_long_for_a_cell_lose_their_texts() -> None:
    segments = result_object(tag("te duur, te laat"), bundle_version="b")["segments"]
    assert json.loads(segments_text(segments)) == segments
    bare = json.loads(segments_text(segments, max_characters=100))
    assert [set(segments[0]) - set(part) for part in bare] == [{"text"}, {"text"}]


def test_probabilities_are_rounded_to_four_digits() -> None:
    tagged = tag("te duur")
    assert isinstance(tagged, TaggedVerbatim)
    guess = dataclasses.replace(tagged.language, probability=1 / 3)
    result = result_object(dataclasses.replace(tagged, language=guess), bundle_version="b")
    assert result["language_probability"] == 0.3333


def test_a_failed_verbatim_says_why() -> None:
    failed = FailedVerbatim(id="1", status=Status.TOO_LONG, detail="10001 characters")
    result = result_object(failed, bundle_version="b")
    assert (result["status"], result["detail"]) == ("too_long", "10001 characters")
    assert result["needs_review"] is None
