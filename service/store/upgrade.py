"""Bring the tables up to date, by one process at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import text

from service.store.errors import StoreError

if TYPE_CHECKING:
    from service.store.store import Store

_LOCK = 0x6B6C616E74737465
"""Number of the advisory lock of PostgreSQL, in 63 bits."""


def upgrade_tables(store: Store, *, revision: str = "head") -> None:
    """Run the migrations that are still to do, all of them or none.

    Raises
    ------
    StoreError
        If the tables are those of a newer version of this program.
    StoreUnavailableError
        If the database does not answer.
    """
    with store.write() as session:  # on SQLite this is the lock
        connection = session.connection()
        if not store.is_sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        try:
            command.upgrade(_config(connection), revision)
        except CommandError as error:
            raise StoreError(
                "the tables of the database are not of this version; install the newer one "
                f"({error})"
            ) from error


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", "service.store:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config
