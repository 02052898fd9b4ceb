"""Bodies of requests: read once, parsed and checked by pydantic in one pass.

FastAPI would parse to Python objects first and check those. Reading here is faster, refuses what
JSON does not know, and names the same breach the same way on every route.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NoReturn, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError

from service.api.problems import (
    MAX_INVALID_PARAMS,
    Code,
    InvalidParam,
    ProblemError,
    from_validation,
    pointer,
)

Path = tuple[str | int, ...]

_SURROGATE = re.compile("[\ud800-\udfff]")


class Body(BaseModel):
    """Base of all bodies: JSON types as they are, no unknown names, no infinities."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)

    def take_broken_texts(self, paths: Sequence[Path]) -> Sequence[Path]:
        """Take the places of strings that hold a lone surrogate; they were read as ``""``.

        Returns
        -------
        sequence of tuple
            The places where that is the fault of the whole call; by default all.
        """
        return paths


Model = TypeVar("Model", bound=Body)


def json_body(model: type[Model]) -> Callable[[Request], Awaitable[Model]]:
    """Make a dependency that gives the body as ``model``.

    It raises ProblemError: 415 for another content type, 400 for a body that is no JSON, 422 for
    one that breaks the schema.
    """

    async def read(request: Request) -> Model:
        check_content_type(request, ("application/json",))
        return parse_json(model, await request.body())

    return read


def body_doc(model: type[BaseModel], *, examples: dict[str, Any] | None = None) -> dict[str, Any]:
    """Describe the body of a route that uses :func:`json_body`, for ``openapi_extra``.

    The description of the application turns the model into a component of the document.
    """
    content: dict[str, Any] = {"schema": {MODEL_KEY: f"{model.__module__}:{model.__qualname__}"}}
    if examples:
        content["examples"] = examples
    return {"requestBody": {"required": True, "content": {"application/json": content}}}


MODEL_KEY = "x-model"
"""Key under which a route names its model until the OpenAPI document is written."""


def check_content_type(request: Request, allowed: Sequence[str]) -> str:
    """Give the media type of the body, or refuse with 415 naming those that are taken."""
    header = request.headers.get("content-type", "")
    media_type, _, parameters = header.partition(";")
    media_type = media_type.strip().lower()
    if media_type not in allowed:
        raise ProblemError(
            Code.UNSUPPORTED_MEDIA_TYPE,
            f"Content-Type must be {' or '.join(allowed)}"
            + ("" if media_type else "; none was given"),
            headers={"Accept": ", ".join(allowed)},
        )
    charset = parameters.lower().replace(" ", "").replace('"', "").partition("charset=")[2]
    if media_type == "application/json" and charset not in ("", "utf-8", "utf8", "us-ascii"):
        raise ProblemError(Code.UNSUPPORTED_MEDIA_TYPE, "JSON must be sent in UTF-8")
    return media_type


def parse_json(model: type[Model], body: bytes) -> Model:
    """Parse and check a body in one pass."""
    if not body.strip():
        raise ProblemError(Code.INVALID_JSON, "the request has no body; send a JSON object")
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        if error.errors(include_input=False, include_context=False)[0]["type"] != "json_invalid":
            _refuse(error)
    document, broken = _read_slowly(body)
    try:
        parsed = model.model_validate_json(json.dumps(document))
    except ValidationError as error:
        _refuse(error)
    not_allowed = parsed.take_broken_texts(broken)
    if not_allowed:
        reason = "holds half of a surrogate pair, which is no character"
        raise ProblemError(
            Code.VALIDATION_FAILED,
            f"{len(not_allowed)} string(s) hold half of a surrogate pair, which is no character",
            invalid_params=[
                InvalidParam(name=pointer(path), place="body", code="lone_surrogate", reason=reason)
                for path in not_allowed[:MAX_INVALID_PARAMS]
            ],
        )
    return parsed


def _read_slowly(body: bytes) -> tuple[Any, list[Path]]:
    """Read what the fast parser refused: tell what is wrong, or take lone surrogates out."""
    try:
        root = [json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)]
        broken = _take_broken(root)
        return root[0], broken
    except UnicodeDecodeError as error:
        detail = f"the body is not valid UTF-8 at byte {error.start}"
    except json.JSONDecodeError as error:
        detail = f"the body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}"
    except RecursionError:
        detail = "the body is nested too deeply"
    except ValueError:  # Python reads integers of up to some thousands of digits
        detail = "the body holds a number that is too long"
    raise ProblemError(Code.INVALID_JSON, detail)


def _take_broken(root: list[Any]) -> list[Path]:
    """Empty every string below ``root`` that holds a lone surrogate; gives their places."""
    broken: list[Path] = []
    waiting: list[tuple[dict[str, Any] | list[Any], Path]] = [(root, ())]
    while waiting:
        holder, path = waiting.pop()
        for key, value in _items(holder):
            place = () if holder is root else (*path, key)
            if isinstance(value, str):
                if _SURROGATE.search(value):
                    broken.append(place)
                    holder[key] = ""
            elif isinstance(value, (dict, list)):
                waiting.append((value, place))
            if isinstance(key, str) and _SURROGATE.search(key):
                raise ProblemError(
                    Code.VALIDATION_FAILED, "the name of a field holds half of a surrogate pair"
                )
    return sorted(broken, key=str)


def _items(holder: dict[str, Any] | list[Any]) -> list[tuple[Any, Any]]:
    return list(holder.items() if isinstance(holder, dict) else enumerate(holder))


def _refuse_constant(name: str) -> NoReturn:
    raise ProblemError(Code.VALIDATION_FAILED, f"{name} is no number that JSON knows")


def _refuse(error: ValidationError) -> NoReturn:
    """Raise a refusal that holds nothing of what was sent but the names of fields."""
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    if problems[0]["type"] == "json_invalid":
        raise ProblemError(Code.INVALID_JSON, "the body is nested too deeply") from None
    raise from_validation(problems) from None
