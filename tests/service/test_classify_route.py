"""``POST /v1/classify``: what it takes and what it gives."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from models.domain import Verbatim
from service.api.schemas.classify import ClassifyResponse
from tests.service.api_app import GatedEncoder, classify, make_classifier, make_full_app, serving

DUTCH = "Vriendelijk geholpen, maar veel te lang gewacht aan de balie."
ENGLISH = "The staff were kind but the queue was far too long."


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("api")
    app = make_full_app(f"sqlite:///{folder}/k.db", GatedEncoder(), data_dir=folder)
    with serving(app) as made:
        yield made


def post(client: TestClient, *verbatims: dict[str, Any], **options: Any) -> Any:
    answer = client.post("/v1/classify", json={"verbatims": verbatims, "options": options})
    assert answer.status_code == 200, answer.text
    return answer.json()["results"]


def test_tags_are_those_of_the_classifier_itself(client: TestClient) -> None:
    texts = [DUTCH, ENGLISH, "Te duur", "Great service 👍"]
    document = classify(client, *texts)
    direct = make_classifier().classify([Verbatim(id="", text=text) for text in texts])
    for found, expected in zip(document["results"], direct, strict=True):
        assert [tag["topic"] for tag in found["topics"]] == [tag.topic for tag in expected.topics]
        assert found["sentiment"]["sentiment"] == expected.sentiment.sentiment
        assert found["department"]["department"] == expected.department.department
        assert found["language"] == expected.language.language
        assert found["needs_review"] == expected.needs_review
    assert document["bundle_version"] == "tiny-1"
    assert document["usage"] == {"verbatims": 4, "characters": sum(map(len, texts))}


def test_the_answer_keeps_to_its_own_schema(client: TestClient) -> None:
    texts = [DUTCH, ENGLISH, "", "!!!", "Bonjour, c'est trop cher pour moi", "x" * 10_001, "kapot"]
    ClassifyResponse.model_validate(classify(client, *texts, return_text=True))


def test_what_was_sent_along_comes_back_in_the_order_sent(client: TestClient) -> None:
    sent = [
        {
            "text": f"{number} te laat",
            "id": f"r{number}",
            "score": number / 2,
            "date": "2026-03-01T10:00:00+01:00",
            "touchpoint": "app",
            "subject_id": f"s{number}",
            "metadata": {"store": "Gent", "n": number, "vip": True, "none": None},
        }
        for number in range(60)
    ]
    results = post(client, *sent)
    assert [result["index"] for result in results] == list(range(60))
    for given, found in zip(sent, results, strict=True):
        assert {key: found[key] for key in given if key != "text"} == {
            key: value for key, value in given.items() if key != "text"
        }


def test_ids_may_be_left_out(client: TestClient) -> None:
    results = post(client, {"text": "Te duur"}, {"text": "Te duur", "id": "b"})
    assert [result["id"] for result in results] == [None, "b"]


@pytest.mark.parametrize(
    ("sent", "status", "code"),
    [
        ("", "empty", "empty"),
        (" \n\t ", "empty", "empty"),
        ("x" * 10_001, "too_long", "too_long"),
        ("kapot", "failed", "failed"),
    ],
)
def test_a_text_that_fails_fails_alone(
    client: TestClient, sent: str, status: str, code: str
) -> None:
    alone = post(client, {"text": DUTCH})[0]
    before, failed, after = post(client, {"text": DUTCH}, {"text": sent}, {"text": DUTCH})
    assert (failed["status"], failed["error"]["code"]) == (status, code)
    assert (failed["topics"], failed["sentiment"], failed["segments"]) == ([], None, [])
    for neighbour in (before, after):
        assert {**neighbour, "index": 0} == alone


def test_a_lone_surrogate_fails_alone(client: TestClient) -> None:
    body = b'{"verbatims":[{"text":"Te duur"},{"text":"te \\ud83d laat"},{"text":"Te duur"}]}'
    answer = client.post("/v1/classify", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 200
    first, broken, third = answer.json()["results"]
    assert (broken["status"], broken["error"]["code"]) == ("failed", "invalid_text")
    assert first["status"] == third["status"] == "ok"


@pytest.mark.parametrize("text", ["!!! ???", "12345", "👍👍"])
def test_a_text_without_letters_is_left_to_a_person(client: TestClient, text: str) -> None:
    (result,) = post(client, {"text": text})
    assert (result["status"], result["error"], result["needs_review"]) == ("no_letters", None, True)


@pytest.mark.parametrize(
    ("declared", "status", "language"),
    [
        ("nl", "ok", "nl"),
        ("NL-be", "ok", "nl"),
        ("nld", "ok", "nl"),
        ("en_GB", "ok", "en"),
        ("eng", "ok", "en"),
        ("fr", "other_language", "und"),
        ("und", "ok", "nl"),
        (None, "ok", "nl"),
    ],
)
def test_a_declared_language_goes_before_the_detected_one(
    client: TestClient, declared: str | None, status: str, language: str
) -> None:
    (result,) = post(client, {"text": DUTCH, "language": declared})
    assert (result["status"], result["language"]) == (status, language)


def test_languages_may_be_mixed(client: TestClient) -> None:
    results = post(client, {"text": DUTCH}, {"text": ENGLISH}, {"text": "Merci beaucoup madame"})
    assert [result["language"] for result in results] == ["nl", "en", "und"]


@pytest.mark.parametrize("text", [DUTCH, ENGLISH, "  😀 Mooi!\r\nMaar te duur, echt waar.  "])
def test_offsets_are_those_of_the_text_as_sent(client: TestClient, text: str) -> None:
    (result,) = post(client, {"text": text}, redact=False)
    assert result["segments"]
    for part in (*result["segments"], *result["evidence"]):
        assert text[part["start"] : part["end"]] == part["text"]


def test_offsets_hold_where_personal_data_was_masked(client: TestClient) -> None:
    text = "Mail naar jan.jansen@example.org kwam niet aan, en de koerier was te laat."
    (result,) = post(client, {"text": text})
    spans = [text[part["start"] : part["end"]] for part in result["segments"]]
    assert "jan.jansen@example.org" in spans[0]
    assert spans[-1].endswith("te laat.")
    assert "[EMAIL]" in result["segments"][0]["text"]


def test_evidence_points_at_segments(client: TestClient) -> None:
    (result,) = post(client, {"text": DUTCH})
    assert {piece["task"] for piece in result["evidence"]} == {"topics", "sentiment", "department"}
    for piece in result["evidence"]:
        segment = result["segments"][piece["segment"]]
        assert [piece[key] for key in ("start", "end", "text")] == [
            segment[key] for key in ("start", "end", "text")
        ]


def test_without_segments_the_evidence_stands_on_its_own(client: TestClient) -> None:
    (full,) = post(client, {"text": DUTCH})
    (result,) = post(client, {"text": DUTCH}, segments=False)
    assert result["segments"] == []
    assert result["evidence"] == [{**piece, "segment": None} for piece in full["evidence"]]


def test_evidence_can_be_left_out(client: TestClient) -> None:
    (result,) = post(client, {"text": DUTCH}, evidence=False)
    assert result["evidence"] == []
    assert result["segments"]


def test_the_redacted_text_is_given_on_request(client: TestClient) -> None:
    text = "Bel Jan de Vries op 06-12345678, het duurt te lang"
    (silent,) = post(client, {"text": text})
    (told,) = post(client, {"text": text}, return_text=True)
    (plain,) = post(client, {"text": text}, return_text=True, redact=False)
    assert silent["text_redacted"] is None
    assert "12345678" not in told["text_redacted"]
    assert "het duurt te lang" in told["text_redacted"]
    assert plain["text_redacted"] is None
    assert "12345678" in "".join(part["text"] for part in plain["segments"])
    assert "12345678" not in str(told)


def test_a_topic_threshold_takes_more_or_fewer_topics(client: TestClient) -> None:
    least, most = (
        post(client, {"text": DUTCH}, topic_threshold=threshold)[0]["topics"]
        for threshold in (0.0, 1.0)
    )
    assert len(least) > len(most) == 1
    assert all(tag["probability"] >= 0.9 for tag in classify_topics(client, 0.9)[1:])


def classify_topics(client: TestClient, threshold: float) -> Any:
    return post(client, {"text": DUTCH}, topic_threshold=threshold)[0]["topics"]


@pytest.mark.parametrize("task", ["sentiment", "department"])
def test_a_threshold_lets_the_model_abstain(client: TestClient, task: str) -> None:
    (sure,) = post(client, {"text": DUTCH}, **{f"{task}_threshold": 0.0})
    (unsure,) = post(client, {"text": DUTCH}, **{f"{task}_threshold": 1.0})
    assert sure[task][task] is not None
    assert unsure[task][task] is None
    assert unsure[task]["probability"] == sure[task]["probability"]
    assert task not in {piece["task"] for piece in unsure["evidence"]}


def test_thresholds_of_one_call_leave_the_next_alone(client: TestClient) -> None:
    before = post(client, {"text": DUTCH})
    post(client, {"text": DUTCH}, topic_threshold=0.0, sentiment_threshold=1.0)
    assert post(client, {"text": DUTCH}) == before


def test_a_thousand_verbatims_are_one_call(client: TestClient) -> None:
    texts = [f"{number} keer te laat" for number in range(1000)]
    document = classify(client, *texts)
    assert [result["index"] for result in document["results"]] == list(range(1000))
    alone = classify(client, texts[500])["results"][0]
    assert {**document["results"][500], "index": 0} == alone


def test_limits_are_announced(client: TestClient) -> None:
    answer = client.post("/v1/classify", json={"verbatims": [{"text": "Te duur"}]})
    names = ("items", "characters", "body-bytes", "upload-bytes")
    assert [answer.headers[f"x-limit-{name}"] for name in names] == [
        "1000",
        "10000",
        str(16 * 2**20),
        str(200 * 2**20),
    ]
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_limits_follow_the_settings(tmp_path: Path, sqlite_template: Path) -> None:
    app = make_full_app(
        f"sqlite:///{tmp_path}/k.db",
        data_dir=tmp_path,
        max_items=2,
        max_characters=10,
        max_body_bytes=1024,
    )
    with serving(app) as client:
        (result,) = post(client, {"text": "elf letters"})
        assert result["status"] == "too_long"
        answer = client.post("/v1/classify", json={"verbatims": [{"text": "a"}] * 3})
        assert (answer.status_code, answer.json()["code"]) == (422, "too_many_items")
        assert answer.headers["x-limit-items"] == "2"
        answer = client.post("/v1/classify", json={"verbatims": [{"text": "a" * 1024}]})
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
        schema = client.get("/openapi.json").json()["components"]["schemas"]
    assert schema["ClassifyRequest"]["properties"]["verbatims"]["maxItems"] == 2


def test_a_repeated_call_is_replayed_and_nothing_is_kept_without_a_key(client: TestClient) -> None:
    sent = {"verbatims": [{"text": DUTCH, "subject_id": "s-replay"}]}
    first, second = (
        client.post("/v1/classify", json=sent, headers={"Idempotency-Key": "classify-1"})
        for _ in range(2)
    )
    assert first.json() == second.json()
    assert second.headers["idempotency-replayed"] == "true"
    client.post("/v1/classify", json=sent)
    receipt = client.delete("/v1/subjects/s-replay").json()
    assert receipt["erased"]["idempotency_records"] == 1
    again = client.post("/v1/classify", json=sent, headers={"Idempotency-Key": "classify-1"})
    assert "idempotency-replayed" not in again.headers
