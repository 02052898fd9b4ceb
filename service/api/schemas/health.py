"""What the health routes give."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict


class Live(BaseModel):
    """The process answers."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["live"]


class Ready(BaseModel):
    """Requests are taken."""

    model_config = ConfigDict(extra="forbid")

    status: Literal["ready"]
    bundle_version: str
