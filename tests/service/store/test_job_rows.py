"""Rows of jobs as they are kept, and the tables that hold them."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import inspect, select

from service.store.job_rows import StoredRow, pack_rows, unpack_rows
from service.store.store import open_store
from service.store.tables import TenantRow
from service.store.upgrade import upgrade_tables


@pytest.mark.parametrize(
    "value",
    [
        "één 👍🏽 \u202etekst",
        "half \ud83d",
        "nul\x00",
        None,
        True,
        2**70,
        float("inf"),
        dt.datetime(2025, 9, 1, 12, 30, 0, 1, tzinfo=dt.UTC),
        dt.date(2025, 9, 1),
        dt.time(23, 59),
        dt.timedelta(days=-1, seconds=3),
        Decimal("1.50"),
        b"\xff\x00",
        {"a": [1, {"op": dt.date(2025, 1, 1)}]},
        {"\x00kind": "no kind of ours"},
        {"\x00kind": 3},
    ],
)
def test_a_value_comes_back_as_it_was(value: Any) -> None:
    row = StoredRow(number=1, values={"x": value})
    (back,) = unpack_rows(*pack_rows([row]))
    assert back == row
    assert type(back.values["x"]) is type(value)


def test_bytes_stay_with_their_rows() -> None:
    rows = [StoredRow(number=n, values={}, blob=b"x" * n, result={"n": n}) for n in range(4)]
    assert unpack_rows(*pack_rows(rows)) == rows
    assert unpack_rows(*pack_rows(rows[2:])) == rows[2:]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_store_of_the_version_before_gets_the_tables_of_jobs(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    url = f"sqlite:///{tmp_path / 'k.db'}"
    if kind == "postgresql":
        postgres = request.getfixturevalue("postgres")
        url = postgres.url(postgres.create_database())
    store = open_store(url, upgrade=False)
    upgrade_tables(store, revision="0001_core")
    assert "jobs" not in inspect(store.engine).get_table_names()
    with store.write() as session:
        session.add(TenantRow(id="t", name="acme", salt=b"s", created_at=dt.datetime.now(dt.UTC)))
    store.close()
    store = open_store(url)
    assert {"jobs", "job_chunks", "job_subjects", "job_files", "job_runners"} <= set(
        inspect(store.engine).get_table_names()
    )
    with store.read() as session:
        assert session.scalars(select(TenantRow.name)).all() == ["acme"]
    store.close()
