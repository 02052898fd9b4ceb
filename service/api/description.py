"""The OpenAPI document: the contract, pinned by a golden file in the tests."""

from __future__ import annotations

from collections.abc import Iterator
from pkgutil import resolve_name
from typing import Any, Literal

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from service.api.bodies import MODEL_KEY
from service.api.problems import MEDIA_TYPE, STATUS_BY_CODE, Problem

DESCRIPTION = """\
Send what customers wrote, in Dutch and English mixed, and get back what each verbatim is about,
how the customer feels, whose decisions caused it, and the clause that shows it.

**Key.** Send `Authorization: Bearer kst_...` (or `X-API-Key`). An operator makes one with
`klantstem keys create`.

**Retries.** Send an `Idempotency-Key` with a POST: the same key and body give the stored answer
again, with `Idempotency-Replayed: true`. Without it, a call to `/v1/classify` stores nothing.

**Limits.** Every answer announces them in `X-Limit-Items`, `X-Limit-Characters`,
`X-Limit-Body-Bytes` and `X-Limit-Upload-Bytes`. Too many items are refused with 422, a body that
is too large with 413; a text that is too long fails alone.

**Overload.** The service answers 429 at once, with `Retry-After` in seconds; it does not queue
what it cannot answer in time.

**Offsets** count Unicode code points of the text as it was sent, half open.

**Errors** are problem details (RFC 9457, `application/problem+json`). Programs go by `code`:

| code | status |
|---|---|
"""
DESCRIPTION += "\n".join(
    f"| `{code.value}` | {status} |" for code, status in STATUS_BY_CODE.items() if status != 499
)

TAGS = [
    {"name": "classify", "description": "Tag and embed texts."},
    {"name": "jobs", "description": "Tag whole files."},
    {"name": "corrections", "description": "Labels that a person corrected."},
    {"name": "subjects", "description": "Erasure."},
    {"name": "model", "description": "Labels and models."},
    {"name": "health", "description": "For operators; no key needed."},
]

_METHODS = frozenset({"get", "put", "post", "delete", "patch"})
_HEADERS = {
    "X-Request-ID": {"description": "Id of the request; sent back if the caller gave one."},
}


def operation_id(route: APIRoute) -> str:
    """Name an operation after its function, for clients that are generated."""
    return route.name


def describe(app: FastAPI) -> dict[str, Any]:
    """Write the OpenAPI document, with the limits of this application in it."""
    if app.openapi_schema is None:
        document = get_openapi(
            title=app.title,
            version=app.version,
            summary=app.summary,
            description=app.description,
            tags=app.openapi_tags,
            routes=app.routes,
        )
        _add_models(document)
        for _, operation in _operations(document):
            _use_problems(operation)
            for response in operation["responses"].values():
                response.setdefault("headers", {}).update(
                    {name: {**doc, "schema": {"type": "string"}} for name, doc in _HEADERS.items()}
                )
        schemas = document["components"]["schemas"]
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        _state_limits(app, schemas)
        app.openapi_schema = document
    return app.openapi_schema


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """All operations with their paths."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method in _METHODS:
                yield path, operation


def _add_models(document: dict[str, Any]) -> None:
    """Put the schema of each body that a route names into the components."""
    contents = [
        content["schema"]
        for _, operation in _operations(document)
        for content in operation.get("requestBody", {}).get("content", {}).values()
        if MODEL_KEY in content.get("schema", {})
    ]
    models: list[type[BaseModel]] = [
        resolve_name(name) for name in sorted({schema[MODEL_KEY] for schema in contents})
    ]
    template = "#/components/schemas/{model}"
    refs, definitions = models_json_schema(_for_input([*models, Problem]), ref_template=template)
    for schema in contents:
        schema.update(refs[resolve_name(schema.pop(MODEL_KEY)), "validation"])
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas.update(definitions["$defs"])


def _for_input(
    models: list[type[BaseModel]],
) -> list[tuple[type[BaseModel], Literal["validation", "serialization"]]]:
    return [(model, "validation") for model in models]


def _use_problems(operation: dict[str, Any]) -> None:
    """Let every refusal be a problem, those that FastAPI describes itself included."""
    for status, response in operation["responses"].items():
        if int(status) >= 400 and MEDIA_TYPE not in response.get("content", {}):
            response["content"] = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}


def _state_limits(app: FastAPI, schemas: dict[str, Any]) -> None:
    """Write the limits that are settings into the schemas they hold for."""
    settings = app.state.settings
    schemas["ClassifyRequest"]["properties"]["verbatims"]["maxItems"] = settings.max_items
    for choice in schemas["EmbeddingsRequest"]["properties"]["input"]["anyOf"]:
        text = choice.get("items", choice)
        text["maxLength"] = settings.max_characters
        if choice is not text:
            choice["maxItems"] = settings.max_items
