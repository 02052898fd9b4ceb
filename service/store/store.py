"""The database: opened by one URL, SQLite or PostgreSQL, used by short sessions."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.orm import Session, sessionmaker

from service.store.errors import StoreError, StoreUnavailableError

BUSY_TIMEOUT_S = 30.0
"""How long a writer of SQLite waits for another one."""
CONNECT_TIMEOUT_S = 10
_WRITES = "klantstem_writes"


@dataclass(frozen=True, slots=True, eq=False)
class Store:
    """An open database.

    Attributes
    ----------
    url : URL
        With its driver; ``url.render_as_string(hide_password=False)`` for other users of it.
    engine : Engine
        Transactions begun on it are those of readers.
    """

    url: URL
    engine: Engine
    _reading: sessionmaker[Session]
    _writing: sessionmaker[Session]

    @property
    def is_sqlite(self) -> bool:
        """Whether it is the embedded file."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def read(self) -> Iterator[Session]:
        """Open a session that reads; what it changes is lost.

        Raises
        ------
        StoreUnavailableError
            If the database does not answer.
        """
        with _told_apart(), self._reading() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """Open a session that writes; committed at its end, rolled back if an error leaves it.

        On SQLite it takes the one writer's place at once, so it must be short.

        Raises
        ------
        StoreUnavailableError
            If the database does not answer, or another writer holds it for too long.
        """
        with _told_apart(), self._writing.begin() as session:
            yield session

    def check(self) -> None:
        """Make sure that the database answers.

        Raises
        ------
        StoreUnavailableError
            If it does not.
        """
        with self.read() as session:
            session.execute(text("SELECT 1"))

    def truncate_log(self) -> None:
        """Empty the write-ahead log of SQLite, which still holds deleted pages as they were."""
        if self.is_sqlite:
            connection = self.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
            with _told_apart(), connection:
                connection.execute(text("PRAGMA wal_checkpoint(TRUNCATE)"))

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_store(url: str, *, pool_size: int = 10, upgrade: bool = True) -> Store:
    """Open the database and bring its tables up to date.

    Parameters
    ----------
    url : str
        SQLAlchemy URL: ``sqlite:///folder/file.db`` or ``postgresql://user:password@host/name``.
    pool_size : int, default=10
        Most connections kept open; twice as many may be open for a moment.
    upgrade : bool, default=True
        Run the migrations that are still to do; replicas that start together wait for each other.

    Raises
    ------
    StoreError
        If the URL is of no known kind, or the tables are those of a newer version.
    StoreUnavailableError
        If the database does not answer.
    """
    parsed = parse_url(url)
    if parsed.get_backend_name() == "sqlite":
        _make_file(parsed)
        options: dict[str, Any] = {"connect_args": {"timeout": BUSY_TIMEOUT_S}}
    else:
        options = {
            "pool_pre_ping": True,
            "connect_args": {"connect_timeout": CONNECT_TIMEOUT_S, "application_name": "klantstem"},
        }
    engine = create_engine(parsed, pool_size=pool_size, max_overflow=pool_size, **options)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    store = Store(
        parsed,
        engine,
        sessionmaker(engine, expire_on_commit=False),
        sessionmaker(engine.execution_options(**{_WRITES: True}), expire_on_commit=False),
    )
    try:
        if upgrade:
            from service.store.upgrade import upgrade_tables

            upgrade_tables(store)
        else:
            store.check()
    except StoreUnavailableError as error:
        store.close()
        place = (
            parsed.database if store.is_sqlite else f"{parsed.host or 'local'} {parsed.database}"
        )
        raise StoreUnavailableError(f"{place}: {error}") from None
    except BaseException:
        store.close()
        raise
    return store


def parse_url(url: str) -> URL:
    """Read a database URL and name the driver that is used.

    Raises
    ------
    StoreError
        If the URL cannot be used; the message never shows it, as it may hold a password.

    Examples
    --------
    >>> parse_url("postgres://me@localhost/klantstem").drivername
    'postgresql+psycopg'
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise StoreError(
            "KLANTSTEM_DATABASE_URL is no database URL; for instance "
            "sqlite:////var/lib/klantstem/klantstem.db or postgresql://user@host/klantstem"
        ) from error
    if parsed.drivername in {"postgres", "postgresql", "postgresql+psycopg"}:
        try:
            import psycopg  # noqa: F401 - only to say early that it is missing
        except ImportError as error:
            raise StoreError(
                "PostgreSQL needs a driver: pip install 'klantstem[postgres]'"
            ) from error
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername not in {"sqlite", "sqlite+pysqlite"}:
        raise StoreError(f"no store for {parsed.drivername!r}; use sqlite or postgresql")
    if parsed.database in {None, "", ":memory:"} or "uri" in parsed.query:
        raise StoreError("the SQLite store needs a file: sqlite:///folder/file.db")
    return parsed


def _make_file(url: URL) -> None:
    """Make the file of SQLite, readable by its owner alone."""
    path = Path(str(url.database))
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from error


def _set_up_sqlite(connection: Any, _: Any) -> None:
    """Set what SQLite keeps per connection; its driver must begin no transaction by itself."""
    connection.isolation_level = None
    cursor = connection.cursor()
    # Another process may be switching the file to WAL at this moment; the timeout waits for it.
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA foreign_keys = ON")
    # Overwrites what is deleted, so that an erased text does not stay in free pages.
    cursor.execute("PRAGMA secure_delete = ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    """Begin; a writer locks at once, as a reader that turns writer fails without waiting."""
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


@contextmanager
def _told_apart() -> Iterator[None]:
    """Turn a database that does not answer into an error of ours, without its parameters."""
    try:
        yield
    except (OperationalError, InterfaceError, PoolTimeoutError) as error:
        kind = type(getattr(error, "orig", None) or error).__name__
        raise StoreUnavailableError(f"the database does not answer ({kind})") from None
