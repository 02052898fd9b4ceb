"""Every setting of the service, read from the environment (``KLANTSTEM_*``).

Settings are values: made once by the command that starts the service and handed down. Nothing
reads the environment at import.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from models.errors import KlantstemError

PREFIX = "KLANTSTEM_"
_MIB = 1024 * 1024


class SettingsError(KlantstemError):
    """A setting has a value that the service cannot start with."""


def _default_database_url(values: dict[str, Any]) -> str:
    """Name the embedded file in ``data_dir``."""
    return f"sqlite:///{Path(values['data_dir']) / 'klantstem.db'}"


class Settings(BaseSettings):
    """Settings of the service.

    The environment variable of a field is ``KLANTSTEM_`` and its name in capitals, for instance
    ``KLANTSTEM_DATABASE_URL``. Fields that end in ``_s`` are seconds.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX, frozen=True, extra="forbid", allow_inf_nan=False
    )

    # Where the service listens.
    cors_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        default=(), description="origins of browsers that may call, separated by commas"
    )
    environment: Literal["development", "production"] = "development"
    host: str = "127.0.0.1"
    port: int = Field(default=8080, ge=0, le=65535)
    shutdown_grace_s: float = Field(
        default=30.0, ge=0, le=3600, description="time to finish accepted work after SIGTERM"
    )

    # What it keeps, and where. `data_dir` stands before the URL that is made from it.
    data_dir: Path = Field(
        default_factory=lambda: Path.home() / ".klantstem",
        description="folder of the embedded database and of temporary files",
    )
    database_url: str = Field(
        default_factory=_default_database_url,
        repr=False,
        description="SQLAlchemy URL; by default a SQLite file in the data folder",
    )
    correction_retention_days: float | None = Field(
        default=None, gt=0, le=36_500, description="default: corrections are kept until erased"
    )
    idempotency_hours: float = Field(default=24.0, gt=0, le=24 * 30)
    job_retention_days: float = Field(default=7.0, gt=0, le=3650)

    # The model.
    bundle: Path | None = Field(
        default=None,
        description="bundle folder, or folder of promoted bundles; default the released one",
    )
    bundle_poll_s: float = Field(
        default=5.0,
        ge=0,
        le=86_400,
        description="how often the named bundle is looked at for a new one; 0: on SIGHUP only",
    )
    n_threads: int | None = Field(default=None, ge=1, le=1024, description="default: all cores")

    # Limits of one call; announced in headers.
    max_body_bytes: int = Field(default=16 * _MIB, ge=1024, le=1024 * _MIB)
    max_characters: int = Field(default=10_000, ge=1, le=10_000)
    max_items: int = Field(default=1000, ge=1, le=100_000)
    max_upload_bytes: int = Field(default=200 * _MIB, ge=1024, le=64 * 1024 * _MIB)
    max_job_rows: int = Field(default=1_000_000, ge=1, description="rows of an uploaded file")
    max_unpacked_bytes: int = Field(
        default=1024 * _MIB,
        ge=1024,
        description="most that an uploaded XLSX or Parquet file may unpack to",
    )

    # Load: what is accepted, how it is batched, how often a key may call.
    batch_tokens: int = Field(
        default=512, ge=1, le=65_536, description="estimated tokens encoded in one batch"
    )
    max_queue_wait_s: float = Field(
        default=1.0, gt=0, le=600, description="a call that would wait longer is refused (429)"
    )
    queue_tokens: int = Field(
        default=400_000, ge=1, description="most estimated tokens that wait at a time"
    )
    rate_limit_per_minute: int = Field(default=6000, ge=1, description="calls of a key")
    rate_limit_storage: str = Field(default="memory://", repr=False)

    # What operators see.
    log_format: Literal["json", "console"] = "json"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    otlp_endpoint: str | None = Field(
        default=None, description="OTLP over HTTP, for instance http://collector:4318"
    )

    @model_validator(mode="before")
    @classmethod
    def _split_origins(cls, values: Any) -> Any:
        """Origins come from the environment as one string."""
        origins = values.get("cors_origins") if isinstance(values, dict) else None
        if isinstance(origins, str):
            split = tuple(part.strip() for part in origins.split(",") if part.strip())
            return {**values, "cors_origins": split}
        return values

    @model_validator(mode="after")
    def _check_together(self) -> Self:
        """Refuse a browser policy that would let any page use a key it finds."""
        if self.environment == "production" and "*" in self.cors_origins:
            raise ValueError("cors_origins: '*' is not allowed in production; name the origins")
        return self


def read_settings(**changes: Any) -> Settings:
    """Read the settings from the environment; ``changes`` come before it.

    Raises
    ------
    SettingsError
        If a variable has a value out of range; one line names every such variable.
    """
    try:
        return Settings(**changes)
    except ValidationError as error:
        problems = [
            f"{PREFIX}{'_'.join(str(part) for part in problem['loc']).upper()}: {problem['msg']}"
            if problem["loc"]
            else problem["msg"]
            for problem in error.errors(include_url=False, include_input=False)
            if problem["type"] != "default_factory_not_called"  # follows from another one
        ]
        raise SettingsError("; ".join(problems)) from error
