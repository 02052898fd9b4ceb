"""A throw-away PostgreSQL server for tests, reached by a socket in a folder of its own."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

USER = "klantstem"
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
    "timezone": "America/New_York",  # far from UTC, so that a zone that is lost shows
}


@dataclass(frozen=True)
class PostgresCluster:
    """A running server."""

    folder: Path

    def url(self, database: str) -> str:
        return f"postgresql://{USER}@/{database}?host={self.folder}"

    def create_database(self, *, template: str | None = None) -> str:
        """Make a database, empty or as a copy; gives its name."""
        name = f"test_{uuid4().hex}"
        copy = "" if template is None else f' TEMPLATE "{template}"'
        self._run(f'CREATE DATABASE "{name}"{copy}')
        return name

    def drop_database(self, name: str) -> None:
        self._run(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _run(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


def find_binaries() -> Path | None:
    """Folder of initdb and pg_ctl: that on the PATH, or the newest that Debian has."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    installed = Path("/usr/lib/postgresql").glob("*/bin")
    folders += sorted(installed, key=lambda folder: folder.parent.name.zfill(4), reverse=True)
    return next((folder for folder in folders if (folder / "pg_ctl").exists()), None)


def require_binaries() -> Path:
    """Give the folder of the binaries; without them, skip for a person and fail in CI."""
    folder = find_binaries()
    if folder is not None:
        return folder
    reason = "no PostgreSQL server: initdb is neither on PATH nor in /usr/lib/postgresql/*/bin"
    if "CI" in os.environ:
        pytest.fail(f"{reason}; CI must install one (apt-get install postgresql)", pytrace=False)
    pytest.skip(f"{reason} (apt-get install postgresql)")


@contextmanager
def running_cluster() -> Iterator[PostgresCluster]:
    """Make a cluster, start it, stop it and remove it."""
    binaries = require_binaries()
    user = _unprivileged_user()
    folder = Path(tempfile.mkdtemp(prefix="klantstem-pg-"))  # a socket's path must be short
    if user is not None:
        shutil.chown(folder, user)
    data = folder / "data"

    def run(*command: str) -> None:
        done = subprocess.run(
            [str(binaries / command[0]), *command[1:]],
            user=user,
            cwd=folder,
            env={"PATH": os.environ.get("PATH", ""), "LC_ALL": "C"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE if command[0] == "initdb" else subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        if done.returncode != 0:
            log = folder / "log"
            told = log.read_text(errors="replace") if log.exists() else str(done.stderr)
            raise RuntimeError(f"{command[0]} failed: {told[-2000:]}")

    options = " ".join(f"-c {name}='{value}'" for name, value in _SETTINGS.items())
    try:
        run("initdb", "-D", str(data), "-U", USER, "-A", "trust", "-E", "UTF8", "--no-sync")
        run(
            *("pg_ctl", "start", "-w", "-t", "60", "-D", str(data), "-l", str(folder / "log")),
            *("-o", f"{options} -c unix_socket_directories='{folder}'"),
        )
        try:
            yield PostgresCluster(folder)
        finally:
            run("pg_ctl", "stop", "-w", "-m", "immediate", "-D", str(data))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged_user() -> str | None:
    """PostgreSQL refuses to run as root: who to run it as, None for ourselves."""
    if os.geteuid() != 0:
        return None
    known = {entry.pw_name for entry in pwd.getpwall()}
    return "postgres" if "postgres" in known else "nobody"
