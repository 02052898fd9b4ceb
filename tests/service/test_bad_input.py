"""Bad input, each kind with the status and code it is answered with; nothing is ever a 500."""

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from tests.service.api_app import MARKER, add_key, make_full_app, serving

JSON = {"Content-Type": "application/json"}
ROUTES = {
    "/v1/classify": {"verbatims": [{"text": "Te duur"}]},
    "/v1/embeddings": {"model": "klantstem", "input": ["Te duur"]},
    "/v1/corrections": {
        "corrections": [
            {
                "text": "De levering was te laat",
                "labels": {
                    "sentiment": "negative",
                    "topics": ["delivery"],
                    "department": "purchasing",
                },
            }
        ]
    },
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("api")
    with serving(make_full_app(f"sqlite:///{folder}/k.db", data_dir=folder)) as made:
        yield made


def verbatim(**changes: Any) -> bytes:
    return json.dumps({"verbatims": [{"text": MARKER, **changes}]}).encode()


def options(text: str) -> bytes:
    return b'{"verbatims":[{"text":"Te duur"}],"options":' + text.encode() + b"}"


BODIES: dict[str, tuple[bytes, int, str]] = {
    # name: body, status, code
    "no body": (b"", 400, "invalid_json"),
    "no JSON": (b"text=a", 400, "invalid_json"),
    "half a JSON": (b'{"verbatims":[{"text":"a"}', 400, "invalid_json"),
    "two documents": (b"{}{}", 400, "invalid_json"),
    "a comma too many": (b'{"verbatims":[{"text":"a"},]}', 400, "invalid_json"),
    "NUL bytes": (b"\x00\x00", 400, "invalid_json"),
    "UTF-16": ('{"verbatims":[{"text":"a"}]}'.encode("utf-16"), 400, "invalid_json"),
    "invalid UTF-8": (b'{"verbatims":[{"text":"caf\xe9"}]}', 400, "invalid_json"),
    "overlong UTF-8": (b'{"verbatims":[{"text":"\xc0\xaf"}]}', 400, "invalid_json"),
    "surrogate as bytes": (b'{"verbatims":[{"text":"\xed\xa0\x80"}]}', 400, "invalid_json"),
    "control character": (b'{"verbatims":[{"text":"a\x01b"}]}', 400, "invalid_json"),
    "null": (b"null", 422, "validation_failed"),
    "a list": (b"[]", 422, "validation_failed"),
    "a string": (b'"text"', 422, "validation_failed"),
    "a number": (b"1", 422, "validation_failed"),
    "empty object": (b"{}", 422, "validation_failed"),
    "NaN": (verbatim(score=float("nan")), 422, "validation_failed"),
    "infinity": (verbatim(score=float("-inf")), 422, "validation_failed"),
    "1e999": (b'{"verbatims":[{"text":"a","score":1e999}]}', 422, "validation_failed"),
    "endless digits": (
        b'{"verbatims":[{"text":"a","score":' + b"9" * 5000 + b"}]}",
        400,
        "invalid_json",
    ),
    "NaN in metadata": (verbatim(metadata={"a": float("nan")}), 422, "validation_failed"),
    "no verbatims": (b'{"verbatims":[]}', 422, "validation_failed"),
    "verbatims is a string": (b'{"verbatims":"abc"}', 422, "validation_failed"),
    "a verbatim is a string": (b'{"verbatims":["abc"]}', 422, "validation_failed"),
    "text is missing": (b'{"verbatims":[{"id":"1"}]}', 422, "validation_failed"),
    "text is null": (b'{"verbatims":[{"text":null}]}', 422, "validation_failed"),
    "text is a number": (b'{"verbatims":[{"text":5}]}', 422, "validation_failed"),
    "text is a list": (b'{"verbatims":[{"text":["a"]}]}', 422, "validation_failed"),
    "id is a number": (verbatim(id=5), 422, "validation_failed"),
    "id is empty": (verbatim(id=""), 422, "validation_failed"),
    "id is too long": (verbatim(id="x" * 201), 422, "validation_failed"),
    "score is a string": (verbatim(score="9"), 422, "validation_failed"),
    "score is true": (verbatim(score=True), 422, "validation_failed"),
    "date is no date": (verbatim(date="31-12-2026"), 422, "validation_failed"),
    "date is a number": (verbatim(date=20261231), 422, "validation_failed"),
    "language is no code": (verbatim(language="nederlands!"), 422, "validation_failed"),
    "metadata is nested": (verbatim(metadata={"a": {"b": 1}}), 422, "validation_failed"),
    "metadata has a list": (verbatim(metadata={"a": [1]}), 422, "validation_failed"),
    "metadata is large": (
        verbatim(metadata={str(n): n for n in range(51)}),
        422,
        "validation_failed",
    ),
    "unknown field": (b'{"verbatims":[{"text":"a"}],"x":1}', 422, "validation_failed"),
    "unknown field of a verbatim": (verbatim(tekst="a"), 422, "validation_failed"),
    "unknown option": (options('{"segment":true}'), 422, "validation_failed"),
    "option is a string": (options('{"segments":"yes"}'), 422, "validation_failed"),
    "threshold above 1": (options('{"topic_threshold":1.1}'), 422, "validation_failed"),
    "threshold is NaN": (options('{"topic_threshold":NaN}'), 422, "validation_failed"),
    "options is null": (options("null"), 422, "validation_failed"),
    "duplicate ids": (
        b'{"verbatims":[{"text":"a","id":"1"},{"text":"b"},{"text":"c","id":"1"}]}',
        422,
        "duplicate_id",
    ),
    "1001 items": (
        json.dumps({"verbatims": [{"text": "a"}] * 1001}).encode(),
        422,
        "too_many_items",
    ),
    "surrogate in an id": (
        b'{"verbatims":[{"text":"a","id":"\\ud800"}]}',
        422,
        "validation_failed",
    ),
    "surrogate beside numbers": (
        b'{"verbatims":[{"text":"a","id":"\\ud800","score":1,"metadata":{"n":[1,null]}}]}',
        422,
        "validation_failed",
    ),
    "a surrogate alone": (b'"\\ud800"', 422, "validation_failed"),
    "surrogate in a name": (
        b'{"verbatims":[{"text":"a","\\udfff":1}]}',
        422,
        "validation_failed",
    ),
    **{
        f"nested {depth} deep": (
            b'{"verbatims":' + b"[" * depth + b"1" + b"]" * depth + b"}",
            status,
            code,
        )
        for depth, status, code in (
            (20, 422, "validation_failed"),
            (400, 400, "invalid_json"),
            (990, 400, "invalid_json"),
            (100_000, 400, "invalid_json"),
        )
    },
    "nested objects": (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, 400, "invalid_json"),
    "body too large": (b" " * (16 * 2**20 + 1), 413, "too_large"),
}


@pytest.mark.parametrize("name", BODIES)
def test_a_bad_body_is_refused(client: TestClient, name: str) -> None:
    body, status, code = BODIES[name]
    answer = client.post("/v1/classify", content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    check_problem(answer)


def check_problem(answer: Any) -> None:
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem.keys() == {
        *("type", "title", "status", "code", "detail", "request_id", "invalid_params")
    }
    assert problem["status"] == answer.status_code
    assert problem["type"] == f"urn:klantstem:problem:{problem['code']}"
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert MARKER not in answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "name",
    ["no body", "no JSON", "null", "a list", "empty object", "invalid UTF-8", "nested objects"],
)
def test_every_route_refuses_a_bad_body(client: TestClient, route: str, name: str) -> None:
    body, status, code = BODIES[name]
    answer = client.post(route, content=body, headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    check_problem(answer)


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize(
    "content_type",
    [None, "", "text/plain", "application/xml", "multipart/form-data", "application/json/x", "é"],
)
def test_another_content_type_is_refused(
    client: TestClient, route: str, content_type: str | None
) -> None:
    body = json.dumps(ROUTES[route]).encode()
    headers = {} if content_type is None else {b"Content-Type": content_type.encode()}
    answer = client.post(route, content=body, headers=headers)  # type: ignore[arg-type]
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    check_problem(answer)


@pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "APPLICATION/JSON"])
def test_usual_content_types_are_taken(client: TestClient, content_type: str) -> None:
    body = json.dumps(ROUTES["/v1/classify"]).encode()
    answer = client.post("/v1/classify", content=body, headers={"Content-Type": content_type})
    assert answer.status_code == 200


TEXTS = {
    # name: text, status of the result
    "10 MB": ("x" * 10_000_000, "too_long"),
    "NUL": ("te duur\x00 en te laat", "ok"),
    "controls": ("te duur\x07\x1b[31m\x7f", "ok"),
    "right to left": ("\u202ete duur\u202c en \u200fte laat\u200e", "ok"),
    "5 000 emoji": ("😡" * 5000, "no_letters"),
    "5 000 emoji and words": ("te duur " + "😡" * 5000, "ok"),
    "joined emoji": ("te duur 👩‍👩‍👧‍👦🏳️‍🌈", "ok"),
    "combining marks": ("te duur e" + "\u0301" * 3000, "ok"),
    "one long word": ("duur" * 2000, None),
    "private use and unassigned": ("te duur \ue000\U0010ffff\ufffe", "ok"),
    "byte order mark": ("\ufeffte duur", "ok"),
    "no-break spaces": ("\xa0\u2003\u3000", "empty"),
    "zero width": ("\u200b\u200c\u200d\u2060", None),
    "template": ("{{7*7}} ${jndi:ldap://x} <script>alert(1)</script> te duur", "ok"),
    "formula": ('=HYPERLINK("http://x","te duur")', "ok"),
    "SQL": ("te duur'; DROP TABLE tenants; --", "ok"),
    "line ends": ("te duur\r\n\u2028\u2029\x85te laat", "ok"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_an_odd_text_gets_a_result_and_leaves_its_neighbours_alone(
    client: TestClient, name: str
) -> None:
    text, status = TEXTS[name]
    sent = {"verbatims": [{"text": "Te duur"}, {"text": text}, {"text": "Te duur"}]}
    answer = client.post("/v1/classify", json=sent)
    assert answer.status_code == 200, answer.text
    first, odd, last = answer.json()["results"]
    assert first["status"] == last["status"] == "ok"
    if status is not None:
        assert odd["status"] == status
    for part in (*odd["segments"], *odd["evidence"]):
        assert 0 <= part["start"] <= part["end"] <= len(text)


def test_every_breach_is_named_by_its_place(client: TestClient) -> None:
    sent = {
        "verbatims": [{"text": "a"}, {"text": 5, "~/": 1}, {"text": "b", "metadata": {"k": []}}],
        "options": {"topic_threshold": 2},
    }
    problem = client.post("/v1/classify", json=sent).json()
    places = {(param["name"], param["place"]) for param in problem["invalid_params"]}
    assert places == {
        ("/verbatims/1/text", "body"),
        ("/verbatims/1/~0~1", "body"),
        ("/verbatims/2/metadata/k", "body"),
        ("/options/topic_threshold", "body"),
    }


def test_a_thousand_breaches_are_told_in_short(client: TestClient) -> None:
    problem = client.post("/v1/classify", json={"verbatims": [{"text": 1}] * 1000}).json()
    assert len(problem["invalid_params"]) == 20
    assert "980 more" in problem["detail"]


CALLS: dict[str, tuple[str, str, int, str]] = {
    "no such path": ("GET", "/v1/nothing", 404, "not_found"),
    "no such path at all": ("GET", "/wp-login.php", 404, "not_found"),
    "traversal": ("GET", "/docs/..%2f..%2fapp.py", 404, "not_found"),
    "traversal of a file": ("GET", "/docs/__init__.py", 404, "not_found"),
    "a slash too many": ("GET", "/v1/taxonomy/", 404, "not_found"),
    "wrong method": ("GET", "/v1/classify", 405, "method_not_allowed"),
    "wrong method, no key": ("PATCH", "/v1/taxonomy", 405, "method_not_allowed"),
    "format unknown": ("GET", "/v1/corrections?format=xml", 422, "validation_failed"),
    "limit too high": ("GET", "/v1/corrections?limit=1001", 422, "validation_failed"),
    "limit is no number": ("GET", "/v1/corrections?limit=x", 422, "validation_failed"),
    "cursor of nobody": ("GET", "/v1/corrections?cursor=%00%ff", 422, "validation_failed"),
    "subject too long": ("DELETE", f"/v1/subjects/{'x' * 201}", 422, "validation_failed"),
    "receipt of no form": ("GET", "/v1/erasure-receipts/..1", 422, "validation_failed"),
    "no such receipt": ("GET", f"/v1/erasure-receipts/{'0' * 32}", 404, "not_found"),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_bad_call_is_refused(client: TestClient, name: str) -> None:
    method, path, status, code = CALLS[name]
    answer = client.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    check_problem(answer)


@pytest.mark.parametrize("ticks", ["0", "9" * 16])
def test_a_cursor_at_the_end_of_time_is_a_page(client: TestClient, ticks: str) -> None:
    answer = client.get("/v1/corrections", params={"cursor": f"{ticks}.{'f' * 32}"})
    assert answer.status_code == 200
    assert answer.json()["next_cursor"] is None


@pytest.mark.parametrize(
    ("path", "methods"),
    [("/v1/corrections", "GET, POST"), (f"/v1/jobs/{'0' * 32}", "DELETE, GET")],
)
def test_all_methods_of_an_address_are_named(client: TestClient, path: str, methods: str) -> None:
    answer = client.put(path)
    assert (answer.status_code, answer.headers["allow"]) == (405, methods)


KEYS: dict[str, Callable[[dict[str, str]], dict[str, str]]] = {
    "none": lambda _: {"Authorization": ""},
    "of another service": lambda _: {"Authorization": "Bearer sk-123"},
    "unknown": lambda _: {"Authorization": f"Bearer kst_{'0' * 16}_{'0' * 64}"},
    "wrong secret": lambda key: {"Authorization": key["Authorization"][:-64] + "0" * 64},
    "cut off": lambda key: {"Authorization": key["Authorization"][:-1]},
    "basic": lambda key: {"Authorization": key["Authorization"].replace("Bearer", "Basic")},
}


@pytest.mark.parametrize("name", KEYS)
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/classify"),
        ("POST", "/v1/embeddings"),
        ("POST", "/v1/corrections"),
        ("GET", "/v1/corrections"),
        ("DELETE", "/v1/subjects/a"),
        ("GET", f"/v1/erasure-receipts/{'0' * 32}"),
        ("POST", "/v1/jobs"),
        ("GET", "/v1/jobs"),
        ("GET", f"/v1/jobs/{'0' * 32}"),
        ("GET", f"/v1/jobs/{'0' * 32}/events"),
        ("GET", f"/v1/jobs/{'0' * 32}/result"),
        ("DELETE", f"/v1/jobs/{'0' * 32}"),
        ("GET", "/v1/taxonomy"),
        ("GET", "/v1/models"),
    ],
)
def test_a_wrong_key_opens_nothing(client: TestClient, method: str, path: str, name: str) -> None:
    headers = KEYS[name](dict(client.headers) | {"Authorization": client.headers["authorization"]})
    answer = client.request(method, path, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
    check_problem(answer)


def test_every_route_but_those_of_operators_needs_a_key(client: TestClient) -> None:
    document = client.get("/openapi.json").json()
    open_to_all = {
        path
        for path, item in document["paths"].items()
        for operation in item.values()
        if not operation.get("security")
    }
    assert open_to_all == {"/health/live", "/health/ready", "/metrics"}


def test_an_id_of_a_request_is_sent_back_if_it_is_plain(client: TestClient) -> None:
    for sent, is_kept in (("abc-1.2_X", True), ("a b", False), ("x" * 65, False), ("<x>", False)):
        answer = client.get("/health/live", headers={"X-Request-ID": sent})
        assert (answer.headers["x-request-id"] == sent) is is_kept


def test_a_body_that_grows_past_the_limit_is_cut_off(client: TestClient) -> None:
    def chunks() -> Iterator[bytes]:  # no length is announced
        for _ in range(17):
            yield b" " * 2**20

    answer = client.post("/v1/classify", content=chunks(), headers=JSON)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
    assert answer.headers["connection"] == "close"


def test_tenants_do_not_see_each_other(client: TestClient) -> None:
    kept = client.post("/v1/corrections", json=ROUTES["/v1/corrections"])
    assert kept.status_code == 201
    stranger = add_key(client.app, tenant="globex")  # type: ignore[arg-type]
    assert client.get("/v1/corrections", headers=stranger).json()["corrections"] == []
    assert client.get("/v1/corrections?format=jsonl", headers=stranger).text == ""


def test_one_idempotency_key_at_once_runs_once(client: TestClient) -> None:
    answers: list[Any] = []

    def call() -> None:
        answers.append(
            client.post(
                "/v1/corrections",
                json=ROUTES["/v1/corrections"],
                headers={"Idempotency-Key": "at-once"},
            )
        )

    threads = [threading.Thread(target=call) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    made = {answer.text for answer in answers if answer.status_code == 201}
    assert len(made) == 1
    assert {answer.status_code for answer in answers} <= {201, 409}
