"""What the OpenAPI document cannot say, told to Schemathesis before it makes a call.

- An ``Idempotency-Key`` belongs to one call: made-up calls get one of their own (another body
  under a used key is refused, rightly). Malformed keys are left as they are.
- A parameter of a job stands in the query or in the form, not in both.
"""

from __future__ import annotations

import re
import uuid
from typing import Any

import schemathesis

_WELL_FORMED = re.compile(r'"([ !#-\[\]-~]|\\["\\]){1,255}"|[!#-\[\]-~]{1,255}')
_NAME = "Idempotency-Key"


@schemathesis.hook
def before_call(_: schemathesis.HookContext | None, case: schemathesis.Case, __: Any) -> None:
    """Change a call where it must not be as it was made up."""
    headers = case.headers or {}
    if _WELL_FORMED.fullmatch(str(headers.get(_NAME, ""))):
        case.headers[_NAME] = uuid.uuid4().hex
    if case.media_type == "multipart/form-data" and isinstance(case.body, dict):
        for name in case.body:
            (case.query or {}).pop(name, None)
