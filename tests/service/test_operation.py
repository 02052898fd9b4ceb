"""What operators see: health, metrics, logs and traces, none of which tells a customer's words."""

import copy
import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient

from models.errors import BundleError
from models.taxonomy import parse_taxonomy
from service.api.app import create_app
from service.observe.logs import code_places, set_up_logs
from service.settings import Settings
from service.store.keys import Scope
from tests.service.api_app import (
    MARKER,
    GatedEncoder,
    add_key,
    make_classifier,
    make_full_app,
    serving,
)

JSON = {"Content-Type": "application/json"}


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("api")
    return make_full_app(f"sqlite:///{folder}/k.db", GatedEncoder(), data_dir=folder)


@pytest.fixture(scope="module")
def client(app: FastAPI) -> Iterator[TestClient]:
    with serving(app, has_jobs=True) as made:
        yield made


@pytest.fixture
def log(app: FastAPI, client: TestClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Gives the lines that were logged since it was last asked."""
    kept = logging.getLogger().handlers[:]
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    set_up_logs(app.state.settings)
    monkeypatch.undo()

    def read() -> list[Any]:
        text = stream.getvalue()
        stream.seek(0)
        stream.truncate()
        return [json.loads(line) for line in text.splitlines()]

    yield read
    logging.getLogger().handlers = kept


def sample(client: TestClient, name: str, **labels: str) -> float:
    """One value of the metrics, 0 where there is none yet."""
    inside = ",".join(f'{key}="{value}"' for key, value in sorted(labels.items()))
    for line in client.get("/metrics").text.splitlines():
        found, _, value = line.rpartition(" ")
        if found == (f"{name}{{{inside}}}" if labels else name):
            return float(value)
    return 0.0


# Health.


def test_a_running_service_is_live_and_ready(client: TestClient) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json()) == (
        200,
        {"status": "ready", "bundle_version": "tiny-1"},
    )


def test_before_the_start_it_is_live_but_not_ready(tmp_path: Path) -> None:
    app = make_full_app(f"sqlite:///{tmp_path}/k.db", data_dir=tmp_path)
    early = TestClient(app)  # not entered: nothing is started
    assert early.get("/health/live").status_code == 200
    answer = early.get("/health/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert int(answer.headers["retry-after"]) >= 1


def test_a_stopping_service_is_not_ready(client: TestClient, app: FastAPI) -> None:
    app.state.health.is_stopping = True
    try:
        answer = client.get("/health/ready")
        assert (answer.status_code, answer.json()["code"]) == (503, "shutting_down")
        assert client.get("/health/live").status_code == 200
        assert sample(client, "klantstem_ready") == 0
    finally:
        app.state.health.is_stopping = False
    assert sample(client, "klantstem_ready") == 1


def test_a_store_that_is_gone_makes_it_unready(
    client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise RuntimeError(MARKER)

    monkeypatch.setattr(type(app.state.services.store), "check", fail)
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")
    assert MARKER not in answer.text
    assert client.get("/health/live").status_code == 200


def test_a_dead_classifier_asks_for_a_restart(
    client: TestClient, app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app.state.services.batcher, "_is_broken", True)
    for path in ("/health/ready", "/health/live"):
        assert client.get(path).status_code == 503
    answer = client.post("/v1/classify", json={"verbatims": [{"text": "te duur"}]})
    assert (answer.status_code, answer.json()["code"]) == (503, "not_ready")


def test_a_start_that_fails_says_why(tmp_path: Path) -> None:
    def fail() -> Any:
        raise BundleError("the bundle is of another time")

    settings = Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/k.db")
    app = create_app(settings, fail)
    with pytest.raises(BundleError), TestClient(app):
        pass
    assert "another time" in str(app.state.health.start_error)
    assert not app.state.health.is_started


# Metrics.


def test_requests_are_counted_by_route_and_status(client: TestClient) -> None:
    labels = {"method": "POST", "route": "/v1/classify"}
    before = sample(client, "klantstem_requests_total", **labels, status="200")
    client.post("/v1/classify", json={"verbatims": [{"text": "te duur"}]})
    client.post("/v1/classify", json={"verbatims": []})
    assert sample(client, "klantstem_requests_total", **labels, status="200") == before + 1
    assert sample(client, "klantstem_requests_total", **labels, status="422") >= 1
    assert sample(client, "klantstem_request_seconds_count", route="/v1/classify") >= 2


def test_refusals_are_counted_by_code(client: TestClient) -> None:
    before = sample(client, "klantstem_refused_total", code="validation_failed")
    client.post("/v1/classify", json={"verbatims": []})
    client.get("/v1/corrections?limit=0")
    client.get("/v1/taxonomy", headers={"Authorization": "Bearer x"})
    assert sample(client, "klantstem_refused_total", code="validation_failed") == before + 2
    assert sample(client, "klantstem_refused_total", code="unauthenticated") >= 1


def test_labels_and_outcomes_are_counted(client: TestClient) -> None:
    def counts() -> list[float]:
        return [
            sample(client, "klantstem_verbatims_total", status="ok", language="nl"),
            sample(client, "klantstem_verbatims_total", status="ok", language="en"),
            sample(client, "klantstem_verbatims_total", status="empty", language=""),
        ]

    before = counts()
    sent = [{"text": text} for text in ("De levering was te laat", "Way too expensive for us", "")]
    results = client.post("/v1/classify", json={"verbatims": sent}).json()["results"]
    assert [now - then for now, then in zip(counts(), before, strict=True)] == [1, 1, 1]
    label = results[0]["department"]["department"]
    assert sample(client, "klantstem_labels_total", label=label, task="department") >= 1


def test_unknown_paths_do_not_make_series(client: TestClient) -> None:
    for path in ("/a", "/b", f"/{MARKER}"):
        client.get(path)
    text = client.get("/metrics").text
    assert MARKER not in text
    assert 'route="(none)"' in text
    assert client.get("/metrics").headers["content-type"].startswith("text/plain; version=0.0.4")


# Logs.


def test_a_request_is_one_line_with_its_id(client: TestClient, log: Any) -> None:
    client.post(
        "/v1/classify",
        json={"verbatims": [{"text": "te duur"}]},
        headers={"X-Request-ID": "request-1"},
    )
    (line,) = log()
    assert line["event"] == "request"
    assert (line["request_id"], line["route"], line["status"]) == ("request-1", "/v1/classify", 200)
    assert (line["method"], line["n_verbatims"]) == ("POST", 1)
    assert line["ms"] >= 0
    assert line["key_id"] in client.headers["authorization"]
    assert client.headers["authorization"][-64:] not in str(line)


def test_a_refusal_is_logged_with_its_code(client: TestClient, log: Any) -> None:
    client.post("/v1/classify", json={"verbatims": []})
    (line,) = log()
    assert (line["status"], line["code"]) == (422, "validation_failed")


def test_health_is_not_logged_while_all_is_well(client: TestClient, log: Any) -> None:
    for path in ("/health/live", "/health/ready", "/metrics"):
        client.get(path)
    assert log() == []


def test_logs_of_libraries_have_the_same_form(client: TestClient, log: Any) -> None:
    try:
        raise ValueError(MARKER)
    except ValueError:
        logging.getLogger("uvicorn.error").exception("it broke")
        structlog.get_logger("service").error("it_broke", exc_info=True)
    lines = log()
    assert [line["error"] for line in lines] == ["ValueError", "ValueError"]
    assert all("test_operation.py" in line["places"][-1] for line in lines)
    assert MARKER not in str(lines)


def test_places_in_the_code_tell_no_values() -> None:
    def inner(_: str) -> None:
        raise KeyError(MARKER)

    with pytest.raises(KeyError) as caught:
        inner(MARKER)
    places = code_places(caught.value)
    assert places[-1].endswith("inner")
    assert MARKER not in "".join(places)


# Nothing that a customer wrote is told.


def calls_with_marker() -> list[tuple[str, str, dict[str, Any]]]:
    """Calls of every route with a word of a customer in every place that takes text."""
    text = f"te duur {MARKER}"
    labels = {"sentiment": "negative", "topics": ["price"], "department": "board"}
    correction = {
        **{"text": text, "labels": labels, "subject_id": MARKER, "annotator": MARKER},
        "verbatim_id": MARKER,
    }
    sent = {
        **{"text": text, "id": MARKER, "subject_id": MARKER, "touchpoint": MARKER},
        "metadata": {MARKER: MARKER},
    }
    broken = json.dumps({"verbatims": [sent]}).encode()
    csv = f"id,tekst\n1,{text}\n".encode()
    return [
        ("POST", "/v1/classify", {"json": {"verbatims": [sent]}}),
        ("POST", "/v1/classify", {"json": {"verbatims": [{"text": f"kapot {MARKER}"}]}}),
        ("POST", "/v1/classify", {"json": {"verbatims": [sent, sent]}}),
        ("POST", "/v1/classify", {"json": {"verbatims": [{**sent, "date": MARKER}]}}),
        ("POST", "/v1/classify", {"json": {"verbatims": [{**sent, "language": MARKER + "!"}]}}),
        ("POST", "/v1/classify", {"json": {"verbatims": [{**sent, "score": MARKER}]}}),
        ("POST", "/v1/classify", {"json": {"verbatims": MARKER}}),
        ("POST", "/v1/classify", {"content": broken[:-3], "headers": JSON}),
        ("POST", "/v1/classify", {"content": broken + b"\xff", "headers": JSON}),
        ("POST", "/v1/classify", {"content": broken.replace(b"te duur", b"\\ud800")}),
        ("POST", "/v1/classify", {"content": broken, "headers": {"Content-Type": MARKER}}),
        (
            "POST",
            "/v1/classify",
            {"json": {"verbatims": [sent]}, "headers": {"Idempotency-Key": MARKER}},
        ),
        ("POST", "/v1/embeddings", {"json": {"model": "klantstem", "input": [text]}}),
        ("POST", "/v1/embeddings", {"json": {"model": MARKER, "input": [text]}}),
        ("POST", "/v1/embeddings", {"json": {"model": "klantstem", "input": f"kapot {MARKER}"}}),
        ("POST", "/v1/corrections", {"json": {"corrections": [correction]}}),
        ("POST", "/v1/corrections", {"json": {"corrections": [correction, correction]}}),
        (
            "POST",
            "/v1/corrections",
            {"json": {"corrections": [{**correction, "labels": {**labels, "topics": [MARKER]}}]}},
        ),
        ("GET", "/v1/corrections", {}),
        ("GET", f"/v1/corrections?cursor={MARKER}", {}),
        ("GET", "/v1/corrections?format=jsonl", {}),
        ("POST", "/v1/jobs", {"content": csv, "headers": {"Content-Type": "text/csv"}}),
        ("POST", "/v1/jobs", {"files": {"file": (f"{MARKER}.csv", csv, "text/csv")}}),
        ("POST", "/v1/jobs", {"files": {"file": (f"{MARKER}.xlsx", csv, "text/csv")}}),
        ("POST", f"/v1/jobs?text={MARKER}", {"files": {"file": ("a.csv", csv, "text/csv")}}),
        ("DELETE", f"/v1/subjects/{MARKER}", {}),
        ("GET", f"/v1/erasure-receipts/{MARKER}", {}),
        ("GET", f"/v1/jobs/{MARKER}", {}),
        ("GET", f"/{MARKER}", {}),
        ("GET", f"/v1/taxonomy?{MARKER}", {}),
        ("PUT", f"/v1/{MARKER}", {"content": text.encode()}),
    ]


def test_no_log_and_no_metric_holds_what_a_customer_wrote(client: TestClient, log: Any) -> None:
    statuses = []
    for method, path, given in calls_with_marker():
        answer = client.request(method, path, **given)
        statuses.append(answer.status_code)
        if answer.status_code >= 400:
            assert MARKER not in answer.text, (method, path)
    lines = log()
    assert len([line for line in lines if line["event"] == "request"]) == len(statuses)
    assert MARKER not in json.dumps(lines)
    assert MARKER not in client.get("/metrics").text
    assert {200, 201, 202, 400, 404, 405, 415, 422, 500} <= {*statuses, 405}


@pytest.mark.parametrize("target", ["batcher", "store"])
def test_an_unforeseen_error_is_a_500_that_tells_nothing(
    client: TestClient, app: FastAPI, log: Any, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ValueError(f"cannot read {MARKER}")

    if target == "batcher":
        monkeypatch.setattr(app.state.services.batcher, "submit", fail)
        sent = {"verbatims": [{"text": MARKER}]}
        answer = client.post("/v1/classify", json=sent)
    else:
        monkeypatch.setattr("service.store.corrections.list_corrections", fail)
        answer = client.get("/v1/corrections")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert MARKER not in answer.text
    assert answer.headers["x-request-id"] == answer.json()["request_id"]
    lines = log()
    assert [line["event"] for line in lines] == ["unforeseen_error", "request"]
    assert lines[0]["error"] == "ValueError"
    assert lines[0]["request_id"] == answer.json()["request_id"]
    assert MARKER not in json.dumps(lines)


# Traces.


def test_a_trace_holds_the_template_of_the_path_and_joins_the_callers(tmp_path: Path) -> None:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    from service.api.limits import ApiMiddleware
    from service.observe.tracing import Tracing

    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    app = make_full_app(f"sqlite:///{tmp_path}/k.db", data_dir=tmp_path)
    for middleware in app.user_middleware:
        if middleware.cls is ApiMiddleware:
            middleware.kwargs["tracing"] = Tracing(provider.get_tracer("test"), provider)
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with serving(app, Scope.ADMIN) as client:
        client.delete(f"/v1/subjects/{MARKER}", headers={"traceparent": parent})
        client.get(f"/{MARKER}")
    erased, unknown = exporter.get_finished_spans()
    assert erased.name == "DELETE /v1/subjects/{subject_id:any}"
    assert erased.attributes is not None
    assert erased.attributes["http.response.status_code"] == 200
    assert erased.context.trace_id == 0x0AF7651916CD43DD8448EB211C80319C
    assert unknown.name == "(any) (none)"
    assert MARKER not in erased.to_json() + unknown.to_json()


def test_traces_are_off_unless_an_endpoint_is_set(app: FastAPI, tmp_path: Path) -> None:
    assert app.state.tracing is None
    traced = make_full_app(
        f"sqlite:///{tmp_path}/k.db", data_dir=tmp_path, otlp_endpoint="http://127.0.0.1:9"
    )
    assert traced.state.tracing is not None
    traced.state.tracing.close()


# Scopes and rates, on the whole application.


@pytest.mark.parametrize(
    ("scope", "allowed"),
    [
        (Scope.CLASSIFY, {"/v1/classify", "/v1/embeddings", "/v1/taxonomy", "/v1/models"}),
        (Scope.CORRECT, {"/v1/corrections", "/v1/taxonomy", "/v1/models"}),
        (Scope.ADMIN, {"/v1/subjects/a", "/v1/taxonomy", "/v1/models"}),
    ],
)
def test_a_scope_opens_its_own_routes_only(
    client: TestClient, app: FastAPI, scope: Scope, allowed: set[str]
) -> None:
    key = add_key(app, scope)
    calls = [
        ("POST", "/v1/classify", {"verbatims": [{"text": "te duur"}]}),
        ("POST", "/v1/embeddings", {"model": "klantstem", "input": "te duur"}),
        ("GET", "/v1/corrections", None),
        ("DELETE", "/v1/subjects/a", None),
        ("GET", "/v1/taxonomy", None),
        ("GET", "/v1/models", None),
    ]
    opened = set()
    for method, path, body in calls:
        answer = client.request(method, path, json=body, headers=key)
        assert answer.status_code in (200, 403)
        if answer.status_code == 200:
            opened.add(path)
    assert opened == allowed


def test_calls_of_a_key_are_limited_on_every_route(client: TestClient, app: FastAPI) -> None:
    key = add_key(app, rate_limit=2)
    paths = ("/v1/taxonomy", "/v1/models", "/v1/corrections")
    answers = [client.get(path, headers=key) for path in paths]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[2].json()["code"] == "rate_limited"
    assert 1 <= int(answers[2].headers["retry-after"]) <= 60


# Labels and models.


def test_the_taxonomy_is_named_and_defined_in_both_languages(client: TestClient) -> None:
    taxonomy = client.get("/v1/taxonomy").json()
    assert taxonomy["bundle_version"] == "tiny-1"
    labels = taxonomy["topics"] + taxonomy["sentiments"] + taxonomy["departments"]
    assert len(labels) > 20
    for label in labels:
        assert label["name"].keys() >= {"nl", "en"}
        assert label["definition"].keys() >= {"nl", "en"}
        assert all(label["name"].values())
        assert all(label["definition"].values())
    assert {"purchasing", "hr", "board"} <= {label["label"] for label in taxonomy["departments"]}


def test_the_taxonomy_says_what_was_never_learnt_and_who_owns_nothing(tmp_path: Path) -> None:
    classifier = make_classifier()
    document = copy.deepcopy(dict(classifier.taxonomy.document))
    document["topics"][0]["is_zero_shot"] = True
    classifier.taxonomy = parse_taxonomy(document)
    settings = Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/k.db")
    with serving(create_app(settings, lambda: classifier)) as client:
        taxonomy = client.get("/v1/taxonomy").json()
    labels = taxonomy["topics"] + taxonomy["sentiments"] + taxonomy["departments"]
    marked = [label["label"] for label in labels if label["is_zero_shot"]]
    assert marked == [document["topics"][0]["label"]]
    ownerless = [one["label"] for one in taxonomy["departments"] if one["is_no_owner"]]
    assert ownerless == ["none"]
    assert {one["is_no_owner"] for one in taxonomy["topics"]} == {None}


def test_every_label_of_a_result_is_in_the_taxonomy(client: TestClient) -> None:
    taxonomy = client.get("/v1/taxonomy").json()
    sent = {"verbatims": [{"text": "De monteur kwam niet, en het is te duur."}]}
    (result,) = client.post("/v1/classify", json=sent).json()["results"]
    known = {
        task: {label["label"] for label in taxonomy[plural]}
        for task, plural in (
            ("topics", "topics"),
            ("sentiment", "sentiments"),
            ("department", "departments"),
        )
    }
    assert result["evidence"]
    for piece in result["evidence"]:
        assert piece["label"] in known[piece["task"]]


def test_models_are_listed_with_what_is_known_of_them(client: TestClient) -> None:
    document = client.get("/v1/models").json()
    assert document["object"] == "list"
    (model,) = document["data"]
    assert (model["id"], model["bundle_version"], model["dimensions"]) == (
        "klantstem",
        "tiny-1",
        32,
    )
    assert model["languages"] == ["nl", "en"]


def test_browsers_may_call_from_the_origins_that_are_named(tmp_path: Path) -> None:
    app = make_full_app(
        f"sqlite:///{tmp_path}/k.db", data_dir=tmp_path, cors_origins="https://app.example.org"
    )
    with serving(app) as client:
        for origin, is_allowed in (("https://app.example.org", True), ("https://evil.org", False)):
            answer = client.get("/v1/taxonomy", headers={"Origin": origin})
            assert ("access-control-allow-origin" in answer.headers) is is_allowed
