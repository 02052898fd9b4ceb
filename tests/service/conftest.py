import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import text

from service.store.store import Store, open_store
from tests.service.postgres_cluster import PostgresCluster, running_cluster


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresCluster]:
    """A PostgreSQL server; skips without its binaries, but fails in CI."""
    with running_cluster() as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresCluster) -> str:
    """Name of a database with all tables, to be copied."""
    name = postgres.create_database()
    open_store(postgres.url(name)).close()
    return name


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """File of a database with all tables, to be copied."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    open_store(f"sqlite:///{file}").close()
    return file


@pytest.fixture(scope="session")
def shared_postgres_store(postgres: PostgresCluster, postgres_template: str) -> Iterator[Store]:
    """A store that tests use one after the other."""
    shared = open_store(postgres.url(postgres.create_database(template=postgres_template)))
    yield shared
    shared.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """URL of a database of its own with all tables, of each kind in turn."""
    if request.param == "sqlite":
        yield _copy_sqlite(request, tmp_path)
        return
    postgres: PostgresCluster = request.getfixturevalue("postgres")
    name = postgres.create_database(template=request.getfixturevalue("postgres_template"))
    yield postgres.url(name)
    postgres.drop_database(name)


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An open, empty store on each kind of database in turn; its tables stay as they are."""
    if request.param == "sqlite":
        opened = open_store(_copy_sqlite(request, tmp_path))
        yield opened
        opened.close()
        return
    shared: Store = request.getfixturevalue("shared_postgres_store")
    yield shared
    with shared.write() as session:  # every table hangs on that of the tenants
        session.execute(text("TRUNCATE tenants CASCADE"))


def _copy_sqlite(request: pytest.FixtureRequest, folder: Path) -> str:
    file = folder / "klantstem.db"
    shutil.copy(request.getfixturevalue("sqlite_template"), file)
    return f"sqlite:///{file}"
