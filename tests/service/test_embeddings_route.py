"""``POST /v1/embeddings``, by hand and with the official client of OpenAI."""

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
import openai
import pytest
from fastapi.testclient import TestClient

from service.api.schemas.embeddings import EmbeddingsResponse
from service.store.keys import Scope
from tests.service.api_app import GatedEncoder, add_key, make_classifier, make_full_app, serving
from tests.service.server import running_server

TEXTS = ["Prima geholpen.", "Too expensive for us.", "Te duur 😡"]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("api")
    app = make_full_app(f"sqlite:///{folder}/k.db", GatedEncoder(), data_dir=folder)
    with serving(app) as made:
        yield made


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    folder = tmp_path_factory.mktemp("served")
    app = make_full_app(f"sqlite:///{folder}/k.db", GatedEncoder(), data_dir=folder)
    with running_server(app) as url:
        key = add_key(app)["Authorization"].removeprefix("Bearer ")
        with openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as made:
            yield made


def post(client: TestClient, **changes: Any) -> Any:
    return client.post("/v1/embeddings", json={"model": "klantstem", "input": TEXTS, **changes})


def expected(texts: list[str]) -> Any:
    classifier = make_classifier()
    return classifier.space.embed(classifier.encoder.encode(texts))


@pytest.mark.parametrize("form", ["default", "float", "base64"])
def test_the_official_client_gets_vectors(official: openai.OpenAI, form: str) -> None:
    given: dict[str, Any] = {} if form == "default" else {"encoding_format": form}
    answer = official.embeddings.create(model="klantstem", input=TEXTS, **given)
    assert answer.object == "list"
    assert answer.model == "klantstem"
    assert [item.index for item in answer.data] == [0, 1, 2]
    vectors: list[Any] = [item.embedding for item in answer.data]
    if form == "base64":
        vectors = [np.frombuffer(base64.b64decode(vector), "<f4") for vector in vectors]
    np.testing.assert_allclose(np.asarray(vectors), expected(TEXTS), atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_the_official_client_may_send_one_string(official: openai.OpenAI) -> None:
    one = official.embeddings.create(model="klantstem", input=TEXTS[0])
    several = official.embeddings.create(model="klantstem", input=TEXTS)
    assert len(one.data) == 1
    assert one.data[0].embedding == several.data[0].embedding


def test_the_official_client_is_told_the_usage(official: openai.OpenAI) -> None:
    usage = official.embeddings.create(model="klantstem", input=["a b c", "d"]).usage
    assert (usage.prompt_tokens, usage.total_tokens) == (4, 4)


def test_the_official_client_may_name_the_own_number_of_dimensions(
    official: openai.OpenAI,
) -> None:
    answer = official.embeddings.create(model="klantstem", input="a", dimensions=32)
    assert len(answer.data[0].embedding) == 32
    with pytest.raises(openai.UnprocessableEntityError) as refused:
        official.embeddings.create(model="klantstem", input="a", dimensions=16)
    assert refused.value.body["code"] == "validation_failed"  # type: ignore[index]


def test_the_official_client_lists_models_and_names_a_wrong_one(official: openai.OpenAI) -> None:
    (model,) = official.models.list().data
    assert model.id == "klantstem"
    assert official.embeddings.create(model="tiny-1", input="a").model == "tiny-1"
    with pytest.raises(openai.NotFoundError) as refused:
        official.embeddings.create(model="text-embedding-3-small", input="a")
    assert refused.value.body["code"] == "model_not_found"  # type: ignore[index]


def test_the_official_client_knows_a_wrong_key(official: openai.OpenAI) -> None:
    with pytest.raises(openai.AuthenticationError):
        official.with_options(api_key="kst_1_2").embeddings.create(model="klantstem", input="a")


def test_the_answer_keeps_to_its_own_schema(client: TestClient) -> None:
    for form in ("float", "base64"):
        EmbeddingsResponse.model_validate(post(client, encoding_format=form).json())


def test_texts_are_embedded_each_on_its_own(client: TestClient) -> None:
    texts = [f"{number} keer te laat" for number in range(300)]
    data = post(client, input=texts).json()["data"]
    assert [item["index"] for item in data] == list(range(300))
    np.testing.assert_allclose([item["embedding"] for item in data], expected(texts), atol=1e-6)


def test_personal_data_is_masked_on_request(client: TestClient) -> None:
    masked, other = (
        post(client, input=[f"mail {address}"], redact=True).json()["data"][0]["embedding"]
        for address in ("jan@example.org", "piet@example.net")
    )
    assert masked == other
    plain = post(client, input=["mail jan@example.org"]).json()["data"][0]["embedding"]
    assert plain != masked


@pytest.mark.parametrize(
    ("changes", "name", "code"),
    [
        ({"input": []}, "/input", "too_short"),
        ({"input": [""]}, "/input/0", "string_too_short"),
        ({"input": ""}, "/input/0", "string_too_short"),
        ({"input": [[1, 2]]}, "/input/0", "string_type"),
        ({"input": [1, 2]}, "/input/0", "string_type"),
        ({"input": None}, "/input", "list_type"),
        ({"input": ["a", "x" * 10_001]}, "/input/1", "too_long"),
        ({"encoding_format": "int8"}, "/encoding_format", "literal_error"),
        ({"dimensions": 0}, "/dimensions", "greater_than_equal"),
        ({"dimensions": 31}, "/dimensions", "dimensions"),
        ({"truncate": True}, "/truncate", "extra_forbidden"),
        ({"model": 5}, "/model", "string_type"),
    ],
)
def test_what_cannot_be_embedded_is_named(
    client: TestClient, changes: dict[str, Any], name: str, code: str
) -> None:
    answer = post(client, **changes)
    assert answer.status_code == 422
    (param, *_) = answer.json()["invalid_params"]
    assert (param["name"], param["code"]) == (name, code)


def test_1001_texts_are_too_many(client: TestClient) -> None:
    answer = post(client, input=["a"] * 1001)
    assert (answer.status_code, answer.json()["code"]) == (422, "too_many_items")


def test_a_lone_surrogate_is_refused_by_its_place(client: TestClient) -> None:
    body = b'{"model":"klantstem","dimensions":32,"input":["a","\\ud800"]}'
    headers = {"Content-Type": "application/json"}
    answer = client.post("/v1/embeddings", content=body, headers=headers)
    assert answer.status_code == 422
    assert answer.json()["invalid_params"][0]["name"] == "/input/1"


@pytest.mark.parametrize("text", [" ", "\u200b", "\x00", "12", "👍", "e" + "\u0301" * 500])
def test_odd_texts_are_embedded(client: TestClient, text: str) -> None:
    answer = post(client, input=[text, "te duur"])
    assert answer.status_code == 200
    assert (
        answer.json()["data"][1]["embedding"]
        == post(client, input="te duur").json()["data"][0]["embedding"]
    )


def test_a_text_that_breaks_the_encoder_is_an_error_that_quotes_nothing(
    client: TestClient, capfd: pytest.CaptureFixture[str]
) -> None:
    answer = post(client, input=["te duur", "geheim kapot"])
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "geheim" not in answer.text
    assert post(client, input="te duur").status_code == 200


def test_a_key_without_the_scope_is_refused(client: TestClient) -> None:
    headers = add_key(client.app, Scope.CORRECT)  # type: ignore[arg-type]
    answer = client.post(
        "/v1/embeddings", json={"model": "klantstem", "input": "a"}, headers=headers
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
