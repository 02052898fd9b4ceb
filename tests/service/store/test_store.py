import sqlite3
import stat
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select, text

from service.store.errors import StoreError, StoreUnavailableError
from service.store.store import Store, open_store, parse_url
from service.store.tables import Base, TenantRow
from tests.service.postgres_cluster import PostgresCluster

NOW = datetime(2026, 5, 1, 12, 30, 0, 123456, tzinfo=UTC)


def add_tenant(store: Store, name: str, created_at: datetime = NOW) -> None:
    with store.write() as session:
        session.add(TenantRow(id=name, name=name, salt=b"salt", created_at=created_at))


def test_migrations_make_the_tables_that_the_code_declares(store: Store) -> None:
    with store.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        known = set(Base.metadata.tables)
        differences = [
            difference
            for difference in compare_metadata(context, Base.metadata)
            if not (difference[0] == "remove_table" and difference[1].name not in known)
        ]
    assert differences == []


def test_open_store_twice_keeps_what_was_stored(store: Store) -> None:
    add_tenant(store, "acme")
    again = open_store(store.url.render_as_string(hide_password=False))
    with again.read() as session:
        assert session.scalars(select(TenantRow.name)).all() == ["acme"]
    again.close()


def test_open_store_by_several_at_once_migrates_once(
    tmp_path: Path, postgres: PostgresCluster
) -> None:
    for url in (f"sqlite:///{tmp_path}/k.db", postgres.url(postgres.create_database())):
        with ThreadPoolExecutor(4) as pool:
            stores = list(pool.map(open_store, [url] * 4))
        with stores[0].read() as session:
            versions = session.execute(text("SELECT count(*) FROM alembic_version")).scalar_one()
        assert versions == 1
        for store in stores:
            store.close()


def test_open_store_refuses_the_tables_of_a_newer_version(database_url: str) -> None:
    store = open_store(database_url)
    with store.write() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '9999_later'"))
    store.close()
    with pytest.raises(StoreError, match="install the newer one"):
        open_store(database_url)


def test_times_come_back_in_utc(store: Store) -> None:
    add_tenant(store, "acme", NOW.astimezone(timezone(timedelta(hours=5))))
    with store.read() as session:
        created_at = session.get_one(TenantRow, "acme").created_at
    assert created_at == NOW
    assert created_at.utcoffset() == timedelta(0)


def test_a_time_without_a_zone_is_refused(store: Store) -> None:
    with pytest.raises(Exception, match="must have a zone"):
        add_tenant(store, "acme", datetime(2026, 5, 1))


def test_write_rolls_back_when_an_error_leaves_it(store: Store) -> None:
    def fail() -> None:
        with store.write() as session:
            session.add(TenantRow(id="a", name="a", salt=b"", created_at=NOW))
            session.flush()
            raise KeyError("x")

    with pytest.raises(KeyError):
        fail()
    with store.read() as session:
        assert session.get(TenantRow, "a") is None


def test_read_keeps_no_change(store: Store) -> None:
    with store.read() as session:
        session.add(TenantRow(id="a", name="a", salt=b"", created_at=NOW))
        session.flush()
    with store.read() as session:
        assert session.get(TenantRow, "a") is None


def test_writers_that_read_first_wait_for_each_other(store: Store) -> None:
    add_tenant(store, "counter")

    def count(_: int) -> None:
        with store.write() as session:
            row = session.get_one(TenantRow, "counter", with_for_update=True)
            time.sleep(0.002)
            row.salt = str(int(row.salt.removeprefix(b"salt") or b"0") + 1).encode()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count, range(40)))
    with store.read() as session:
        assert session.get_one(TenantRow, "counter").salt == b"40"


def test_reading_does_not_wait_for_a_writer(store: Store) -> None:
    add_tenant(store, "acme")
    is_writing, may_end = threading.Event(), threading.Event()

    def write() -> None:
        with store.write() as session:
            session.get_one(TenantRow, "acme").salt = b"new"
            session.flush()
            is_writing.set()
            may_end.wait(20)

    with ThreadPoolExecutor(1) as pool:
        writing = pool.submit(write)
        assert is_writing.wait(20)
        with store.read() as session:
            seen = session.get_one(TenantRow, "acme").salt
        may_end.set()
        writing.result(20)
    assert seen == b"salt"


def test_check_tells_a_server_that_is_gone(postgres: PostgresCluster) -> None:
    name = postgres.create_database()
    store = open_store(postgres.url(name), upgrade=False)
    postgres.drop_database(name)
    with pytest.raises(StoreUnavailableError):
        store.check()
    store.close()


def test_a_store_that_cannot_be_reached_is_told_without_the_password() -> None:
    with pytest.raises(StoreUnavailableError) as raised:
        open_store("postgresql://someone:s3cret@127.0.0.1:1/klantstem")
    assert "127.0.0.1" in str(raised.value)
    assert "s3cret" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://localhost/x", "no store for 'mysql'"),
        ("sqlite://", "needs a file"),
        ("sqlite:///:memory:", "needs a file"),
        ("no url: s3cret", "KLANTSTEM_DATABASE_URL"),
    ],
)
def test_parse_url_refuses_what_it_cannot_use(url: str, message: str) -> None:
    with pytest.raises(StoreError, match=message) as raised:
        parse_url(url)
    assert "s3cret" not in str(raised.value)


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="file"):
        open_store(f"sqlite:///{tmp_path}/file/k.db")


def test_the_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/new/k.db")
    add_tenant(store, "acme")
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "new").iterdir()}
    store.close()
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == 0o700


def test_sqlite_keeps_its_promises_on_every_connection(tmp_path: Path) -> None:
    store = open_store(f"sqlite:///{tmp_path}/k.db")
    with store.read() as session:
        found = {
            name: session.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("journal_mode", "foreign_keys", "secure_delete", "synchronous")
        }
    store.close()
    assert found == {
        "journal_mode": "wal",
        "foreign_keys": 1,
        "secure_delete": 1,
        "synchronous": 2,
    }
    assert sqlite3.sqlite_version_info >= (3, 35)  # RETURNING
