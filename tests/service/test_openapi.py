"""The contract: the OpenAPI document, the page that shows it, and calls made up from it.

After a change that is meant, write the golden file anew::

    KLANTSTEM_WRITE_GOLDEN=1 pytest tests/service/test_openapi.py
"""

import json
import os
import re
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient

from benchmarks.service.contract_hooks import before_call
from service.api.problems import STATUS_BY_CODE
from tests.service.api_app import GatedEncoder, add_key, make_full_app, serving
from tests.service.fakes_classifier import ROOT
from tests.service.server import running_server

GOLDEN = ROOT / "tests" / "golden" / "openapi.json"


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("api")
    with serving(make_full_app(f"sqlite:///{folder}/k.db", data_dir=folder)) as made:
        yield made


@pytest.fixture(scope="module")
def document(client: TestClient) -> Any:
    return client.get("/openapi.json").json()


def operations(document: Any) -> Iterator[tuple[str, str, Any]]:
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def test_the_document_is_the_golden_one(document: Any) -> None:
    document = {**document, "info": {**document["info"], "version": "*"}}
    text = json.dumps(document, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    if "KLANTSTEM_WRITE_GOLDEN" in os.environ:
        GOLDEN.parent.mkdir(exist_ok=True)
        GOLDEN.write_text(text, encoding="utf-8")
    assert text == GOLDEN.read_text(encoding="utf-8")


def test_every_operation_says_what_it_is_for_and_how_it_fails(document: Any) -> None:
    for method, path, operation in operations(document):
        assert operation["summary"], (method, path)
        assert operation["description"], (method, path)
        assert operation["tags"][0] in {tag["name"] for tag in document["tags"]}
        if path.startswith("/v1/"):
            assert operation["responses"].keys() >= {"401", "403", "429", "500", "503"}
        for status, response in operation["responses"].items():
            if int(status) >= 400:
                (content,) = response["content"].items()
                assert content[0] == "application/problem+json"
                assert content[1]["schema"] == {"$ref": "#/components/schemas/Problem"}


def test_names_of_operations_are_unique(document: Any) -> None:
    names = [operation["operationId"] for _, _, operation in operations(document)]
    assert len(set(names)) == len(names)


def test_every_reference_leads_somewhere_and_every_schema_is_used(document: Any) -> None:
    text = json.dumps(document)
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', text))
    assert named == set(document["components"]["schemas"])
    assert "x-model" not in text


def test_every_creating_post_takes_an_idempotency_key(document: Any) -> None:
    for path in ("/v1/classify", "/v1/embeddings", "/v1/corrections", "/v1/jobs"):
        operation = document["paths"][path]["post"]
        names = {parameter["name"] for parameter in operation["parameters"]}
        assert "Idempotency-Key" in names
        assert {"409", "422"} <= operation["responses"].keys()


def test_every_code_is_documented(document: Any) -> None:
    schema = document["components"]["schemas"]["Code"]
    assert set(schema["enum"]) == {code.value for code in STATUS_BY_CODE}
    for code, status in STATUS_BY_CODE.items():
        if status != 499:  # nobody is there to read it
            assert f"| `{code.value}` | {status} |" in document["info"]["description"]


def test_examples_of_the_document_work_as_they_are(client: TestClient, document: Any) -> None:
    n_tried = 0
    for _, path, operation in operations(document):
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            for example in content.get("examples", {}).values():
                body = json.dumps(example["value"])
                answer = client.post(path, content=body, headers={"Content-Type": media_type})
                assert answer.status_code in (200, 201), answer.text
                n_tried += 1
    assert n_tried >= 3


# The page.


def test_the_page_needs_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.status_code == 200
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "://" not in page.text.replace("window.location", "")
    assert "default-src 'self'" in page.headers["content-security-policy"]
    links = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(links) == 3
    for link in (*links, "openapi.json"):
        answer = client.get(f"/{link}")
        assert answer.status_code == 200
        assert len(answer.content) > 500


def test_no_other_page_is_served(client: TestClient) -> None:
    for path in ("/redoc", "/docs/oauth2-redirect", "/docs/main.py", "/docs/"):
        assert client.get(path).status_code == 404


# Made-up calls: a few in every run, thousands by benchmarks/service/contract.py.


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    folder = tmp_path_factory.mktemp("served")
    return make_full_app(f"sqlite:///{folder}/k.db", GatedEncoder(), data_dir=folder)


@pytest.fixture(scope="module")
def served_schema(app: FastAPI) -> Iterator[Any]:
    with running_server(app, has_jobs=True) as url:
        config = schemathesis.Config.from_path(
            ROOT / "benchmarks" / "service" / "schemathesis.toml"
        )
        yield schemathesis.openapi.from_url(f"{url}/openapi.json", config=config)


@pytest.mark.filterwarnings("ignore::hypothesis.errors.HypothesisDeprecationWarning")
def test_made_up_calls_keep_to_the_contract(served_schema: Any, app: FastAPI) -> None:
    key = add_key(app)
    for found in served_schema.get_all_operations():
        operation = found.ok()

        @hypothesis.seed(1)
        @hypothesis.settings(
            max_examples=4,
            database=None,
            phases=[hypothesis.Phase.generate],
            suppress_health_check=list(hypothesis.HealthCheck),
        )
        @hypothesis.given(case=operation.as_strategy())
        def try_it(case: schemathesis.Case) -> None:
            before_call(None, case, None)
            case.call_and_validate(headers=key)

        try_it()
