"""``/v1/corrections`` on each kind of store, and the training package reading its export."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from service.api.routes import corrections
from service.store import idempotency as records
from service.store.keys import Scope
from service.store.store import Store, open_store
from service.store.tables import CorrectionRow, IdempotencyRow
from tests.service.fakes_classifier import FakeClassifier
from tests.service.store_app import make_app, make_key, running
from training.corpus_rows import check_shape
from training.labelled import check_labels, read_rows

NAME_AND_MAIL = "Mail mij op jan.jansen@example.org, de levering was te laat"


@pytest.fixture
def client(store: Store) -> Iterator[TestClient]:
    with running(make_app(store, corrections.router, max_items=1000)) as made:
        made.headers.update(make_key(store, scopes=(Scope.CORRECT,)))
        yield made


def correction(text: str = "De levering was te laat", **changes: Any) -> dict[str, Any]:
    labels = {"sentiment": "negative", "topics": ["delivery"], "department": "purchasing"}
    return {"text": text, "labels": labels, **changes}


def post(client: TestClient, *sent: dict[str, Any], **headers: str) -> Any:
    return client.post("/v1/corrections", json={"corrections": list(sent)}, headers=headers)


def kept_rows(store: Store) -> list[CorrectionRow]:
    with store.read() as session:
        return list(session.scalars(select(CorrectionRow).order_by(CorrectionRow.id)))


def exported(client: TestClient) -> list[dict[str, Any]]:
    answer = client.get("/v1/corrections?format=jsonl")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.text.splitlines()]


def test_corrections_are_kept_and_listed(client: TestClient) -> None:
    predicted = {
        "sentiment": "neutral",
        "topics": [],
        "department": None,
        "bundle_version": "nl-en-1",
    }
    answer = post(
        client,
        correction(verbatim_id="r1", predicted=predicted, language="nl-BE"),
        correction("Your driver was very late again"),
    )
    assert answer.status_code == 201
    kept = answer.json()["corrections"]
    assert [(item["index"], item["verbatim_id"], item["language"]) for item in kept] == [
        (0, "r1", "nl"),
        (1, None, "en"),
    ]
    page = client.get("/v1/corrections").json()
    assert page["next_cursor"] is None
    assert [item["id"] for item in page["corrections"]] == [item["id"] for item in kept]
    first = page["corrections"][0]
    assert first["text"] == "De levering was te laat"
    assert first["predicted"] == predicted
    assert first["labels"] == {**correction()["labels"], "department_2": None}
    assert not first["is_superseded"]


def test_the_training_package_reads_the_export_as_it_is(client: TestClient, tmp_path: Path) -> None:
    second_owner = {
        "sentiment": "mixed",
        "topics": ["price", "billing"],
        "department": "board",
        "department_2": "marketing",
    }
    post(
        client,
        correction(),
        correction("Nice app, but too expensive for us", labels=second_owner),
        correction('Hij zei: "kom morgen"\nen kwam niet 😡'),
    )
    file = tmp_path / "corrections.jsonl"
    file.write_bytes(client.get("/v1/corrections?format=jsonl").content)
    rows = read_rows([file])
    check_labels(rows, FakeClassifier().taxonomy)
    assert [row.lang for row in rows] == ["nl", "en", "nl"]
    assert rows[1].labels.topics == ("price", "billing")
    assert rows[1].labels.department_2 == "marketing"
    assert rows[2].text == 'Hij zei: "kom morgen"\nen kwam niet 😡'
    assert {row.batch for row in rows} == {"corrections"}
    assert len({row.id for row in rows}) == len({row.story for row in rows}) == 3


def test_the_corpus_checker_knows_every_key_of_the_export(client: TestClient) -> None:
    post(client, correction())
    assert list(check_shape(exported(client)[0], needs_all_keys=False)) == []


def test_corrections_of_one_subject_are_one_story_per_language(client: TestClient) -> None:
    post(client, correction(subject_id="c1"), correction("Te duur", subject_id="c1"))
    post(client, correction("Too expensive for us", subject_id="c1"))
    post(client, correction("Prima", subject_id="c2"))
    by_text = {row["text"]: row["story"] for row in exported(client)}
    assert by_text["De levering was te laat"] == by_text["Te duur"]
    assert len(set(by_text.values())) == 3


def test_corrections_of_one_subject_are_in_one_split(client: TestClient) -> None:
    for text in ("Te duur", "Too expensive for us"):
        post(client, *(correction(text, subject_id=f"c{number}") for number in range(50)))
    rows = exported(client)
    split = {row["story"]: row["split"] for row in rows}
    subjects = {story.rpartition("-")[0] for story in split}
    assert len(subjects) == 50
    assert all(split[f"{subject}-nl"] == split[f"{subject}-en"] for subject in subjects)


def test_an_export_holds_a_part_for_validation_always_the_same(client: TestClient) -> None:
    post(client, *(correction(subject_id=f"c{number}") for number in range(300)))
    splits = [row["split"] for row in exported(client)]
    assert 10 <= splits.count("validation") <= 60
    assert set(splits) == {"train", "validation"}
    assert splits == [row["split"] for row in exported(client)]


def test_texts_are_redacted_and_people_hashed_before_anything_is_kept(
    client: TestClient, store: Store
) -> None:
    post(
        client,
        correction(NAME_AND_MAIL, subject_id="klant-4711", annotator="anna@acme.example"),
        **{"Idempotency-Key": "k1"},
    )
    (row,) = kept_rows(store)
    assert "[EMAIL]" in row.text
    kept = str({column.key: getattr(row, column.key) for column in row.__table__.columns})
    for secret in ("jan.jansen", "klant-4711", "anna"):
        assert secret not in kept
    assert row.subject_hash is not None
    assert row.annotator_hash is not None


def test_no_personal_data_lies_in_the_file(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path / 'k.db'}")
    with running(make_app(store, corrections.router)) as client:
        client.headers.update(make_key(store))
        sent = correction(NAME_AND_MAIL, subject_id="klant-4711", annotator="anna@acme.example")
        assert post(client, sent, **{"Idempotency-Key": "key-of-jan"}).status_code == 201
    store.close()
    content = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert b"[EMAIL]" in content
    for secret in (b"jan.jansen", b"klant-4711", b"anna@", b"key-of-jan"):
        assert secret not in content


def test_a_later_correction_supersedes_the_earlier_one(client: TestClient) -> None:
    post(client, correction("Te laat", verbatim_id="r1"))
    post(client, correction("Te laat, ook duur", verbatim_id="r1"), correction("Prima"))
    listed = client.get("/v1/corrections").json()["corrections"]
    assert [item["is_superseded"] for item in listed] == [True, False, False]
    assert [row["text"] for row in exported(client)] == ["Te laat, ook duur", "Prima"]


def test_a_verbatim_of_another_tenant_is_not_superseded(client: TestClient, store: Store) -> None:
    post(client, correction(verbatim_id="r1"))
    post(client, correction(verbatim_id="r1"), **make_key(store, "globex"))
    assert len(exported(client)) == 1


def test_tenants_see_only_their_own(client: TestClient, store: Store) -> None:
    post(client, correction())
    other = make_key(store, "globex")
    assert client.get("/v1/corrections", headers=other).json()["corrections"] == []
    assert client.get("/v1/corrections?format=jsonl", headers=other).text == ""


def test_a_repeated_call_with_a_key_keeps_nothing_twice(client: TestClient) -> None:
    first, second = (post(client, correction(), **{"Idempotency-Key": "k"}) for _ in range(2))
    assert first.content == second.content
    assert len(exported(client)) == 1


def test_a_call_that_died_after_keeping_keeps_nothing_twice(
    client: TestClient, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:

        def die(*_: object) -> bool:
            raise RuntimeError("killed")

        patched.setattr(records, "finish", die)
        assert post(client, correction(), **{"Idempotency-Key": "k"}).status_code == 500
    assert len(kept_rows(store)) == 1
    with store.write() as session:  # the lease of a process that was killed runs out
        session.execute(update(IdempotencyRow).values(lease_expires_at=datetime.now(UTC)))
    answer = post(client, correction(), **{"Idempotency-Key": "k"})
    assert answer.status_code == 201
    assert [row.id for row in kept_rows(store)] == [answer.json()["corrections"][0]["id"]]


def test_pages_follow_each_other_without_a_gap(client: TestClient) -> None:
    post(client, *(correction(f"Te laat {number}") for number in range(3)))
    post(client, *(correction(f"Te duur {number}") for number in range(4)))
    seen: list[str] = []
    cursor = ""
    while True:
        page = client.get(f"/v1/corrections?limit=2{cursor}").json()
        seen += [item["text"] for item in page["corrections"]]
        if page["next_cursor"] is None:
            break
        cursor = f"&cursor={page['next_cursor']}"
    expected = [f"Te laat {number}" for number in range(3)]
    assert sorted(seen) == sorted(expected + [f"Te duur {number}" for number in range(4)])
    assert len(seen) == len(set(seen)) == 7


def test_an_export_reads_in_pieces(client: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    post(client, *(correction(f"Te laat {number}") for number in range(6)))
    monkeypatch.setattr(corrections, "_EXPORT_BATCH", 3)
    assert len({row["text"] for row in exported(client)}) == 6


BREACHES = {
    "sentiment": (
        {"labels": {**correction()["labels"], "sentiment": "angry"}},
        ("/corrections/1/labels/sentiment", "unknown_label"),
    ),
    "topic": (
        {"labels": {**correction()["labels"], "topics": ["delivery", "weather"]}},
        ("/corrections/1/labels/topics/1", "unknown_label"),
    ),
    "department": (
        {"labels": {**correction()["labels"], "department": "sales"}},
        ("/corrections/1/labels/department", "unknown_label"),
    ),
    "same_owner": (
        {"labels": {**correction()["labels"], "department_2": "purchasing"}},
        ("/corrections/1/labels/department_2", "duplicate_department"),
    ),
    "twice": (
        {"labels": {**correction()["labels"], "topics": ["price", "price"]}},
        ("/corrections/1/labels/topics", "duplicate_topic"),
    ),
    "many": (
        {"labels": {**correction()["labels"], "topics": ["price", "terms", "digital", "policy"]}},
        ("/corrections/1/labels/topics", "too_many_topics"),
    ),
    "exclusive": (
        {"labels": {**correction()["labels"], "topics": ["general", "price"]}},
        ("/corrections/1/labels/topics", "exclusive_topic"),
    ),
    "empty": ({"text": " \u200b\x00"}, ("/corrections/1/text", "empty")),
    "long": ({"text": "x" * 10_001}, ("/corrections/1/text", "too_long")),
    "language": (
        {"text": "Das war leider sehr schlecht und viel zu spät"},
        ("/corrections/1/language", "undetermined_language"),
    ),
    "unknown_field": ({"user": 1}, ("/corrections/1/user", "extra_forbidden")),
    "french": ({"language": "fr"}, ("/corrections/1/language", "string_pattern_mismatch")),
    "nul": ({"verbatim_id": "a\x00b"}, ("/corrections/1/verbatim_id", "string_pattern_mismatch")),
    "surrogate": ({"text": "\ud800"}, ("/corrections/1/text", "lone_surrogate")),
}


@pytest.mark.parametrize("case", sorted(BREACHES))
def test_a_correction_that_cannot_be_kept_is_named_and_none_is_kept(
    client: TestClient, store: Store, case: str
) -> None:
    changes, expected = BREACHES[case]
    body = json.dumps({"corrections": [correction(), correction(**changes)]})
    headers = {"Content-Type": "application/json"}
    answer = client.post("/v1/corrections", content=body, headers=headers)
    assert answer.status_code == 422
    assert [(param["name"], param["code"]) for param in answer.json()["invalid_params"]] == [
        expected
    ]
    assert kept_rows(store) == []


def test_a_verbatim_twice_in_a_call_is_refused(client: TestClient, store: Store) -> None:
    answer = post(client, correction(verbatim_id="r"), correction(verbatim_id="r"))
    assert (answer.status_code, answer.json()["code"]) == (422, "duplicate_id")
    assert kept_rows(store) == []


def test_more_corrections_than_are_taken_are_refused(client: TestClient) -> None:
    answer = post(client, *[correction()] * 1001)
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_items")


def test_a_thousand_corrections_are_taken(client: TestClient) -> None:
    answer = post(client, *(correction(verbatim_id=f"r{number}") for number in range(1000)))
    assert answer.status_code == 201
    assert len(exported(client)) == 1000


@pytest.mark.parametrize("cursor", ["x", "%00", "MjAyNg==", "bm9uZSBub25l", "ZZZ=ZZ"])
def test_a_cursor_of_somebody_elses_making_is_refused(client: TestClient, cursor: str) -> None:
    answer = client.get(f"/v1/corrections?cursor={cursor}")
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


def test_a_key_without_the_scope_is_refused(client: TestClient, store: Store) -> None:
    headers = make_key(store, scopes=(Scope.CLASSIFY, Scope.ADMIN))
    assert post(client, correction(), **headers).status_code == 403
    assert client.get("/v1/corrections", headers=headers).status_code == 403


def test_corrections_are_kept_as_long_as_the_setting_says(store: Store) -> None:
    with running(make_app(store, corrections.router, correction_retention_days=2)) as client:
        client.headers.update(make_key(store))
        post(client, correction())
    (row,) = kept_rows(store)
    assert row.expires_at is not None
    assert (row.expires_at - row.created_at).days == 2
