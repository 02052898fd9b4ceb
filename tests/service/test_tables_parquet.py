from __future__ import annotations

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from service.tables.errors import FormatError
from service.tables.parquet_files import ParquetReader, column_type, input_batch
from service.tables.rows import Row, RowBatch


def make_file(path: Path, columns: dict[str, Any], *, group_rows: int = 3) -> Path:
    pq.write_table(pa.table(columns), path, row_group_size=group_rows)
    return path


def read(path: Path, *, skip: int = 0, batch_size: int = 2) -> list[RowBatch]:
    with ParquetReader(path, name=path.name) as reader:
        return list(reader.batches(batch_size=batch_size, skip=skip))


@pytest.mark.parametrize("skip", range(11))
@pytest.mark.parametrize("batch_size", [1, 2, 4, 100])
def test_reader_goes_on_after_skipped_rows(tmp_path: Path, skip: int, batch_size: int) -> None:
    path = make_file(tmp_path / "a.parquet", {"n": range(1, 11)})
    rows = [row for batch in read(path, skip=skip, batch_size=batch_size) for row in batch.rows]
    assert [row.number for row in rows] == list(range(skip + 1, 11))
    assert [row.values["n"] for row in rows] == [row.number for row in rows]


def test_reader_gives_python_values(tmp_path: Path) -> None:
    moment = dt.datetime(2025, 9, 1, 10, 30, tzinfo=dt.UTC)
    columns = {
        "text": pa.array(["goed"]).dictionary_encode(),
        "at": pa.array([moment], pa.timestamp("ns", "UTC")),
        "time": pa.array([1_000_000_001], pa.time64("ns")),
        "took": pa.array([1_500], pa.duration("ns")),
        "day": [dt.date(2025, 9, 1)],
        "price": [Decimal("1.50")],
        "tags": [["a", None]],
        "far": pa.array([300_000], pa.int32()).cast(pa.date32()),
    }
    ((batch,),) = (read(make_file(tmp_path / "a.parquet", columns)),)
    values = batch.rows[0].values
    assert values["text"] == "goed"
    assert values["at"] == moment
    assert values["time"] == dt.time(0, 0, 1)
    assert values["took"] == dt.timedelta(microseconds=1)
    assert (values["day"], values["price"], values["tags"]) == (
        dt.date(2025, 9, 1),
        Decimal("1.50"),
        ["a", None],
    )


def test_reader_decodes_only_the_columns_that_are_wanted(tmp_path: Path) -> None:
    path = make_file(tmp_path / "a.parquet", {"a": [1], "b": [2], "c": [3]})
    with ParquetReader(path, name="a.parquet") as reader:
        assert reader.sample()[0].values == {"a": 1, "b": 2, "c": 3}
        reader.keep_only(["c", "a"])
        (batch,) = reader.batches(batch_size=9)
    assert batch.rows[0].values == {"a": 1, "c": 3}


def test_reader_refuses_what_is_no_parquet_file(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(b"PAR1 and no more")
    with pytest.raises(FormatError, match=r"a\.parquet: not a readable Parquet file"):
        ParquetReader(path, name="a.parquet")


def test_reader_names_the_place_of_damage(tmp_path: Path) -> None:
    path = make_file(tmp_path / "a.parquet", {"text": [f"{n:030}" for n in range(5_000)]})
    content = bytearray(path.read_bytes())
    content[40_000:60_000] = b"\x00" * 20_000
    path.write_bytes(content)
    with pytest.raises(FormatError, match="damaged after row"):
        read(path, batch_size=500)


def test_reader_refuses_two_columns_of_one_name(tmp_path: Path) -> None:
    table = pa.table([[1], [2]], names=["a", "a"])
    pq.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(FormatError, match="two columns have the same name"):
        ParquetReader(tmp_path / "a.parquet", name="a.parquet")


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ({"null"}, pa.string()),
        ({"int", "null"}, pa.int64()),
        ({"int", "float"}, pa.float64()),
        ({"int", "text"}, pa.string()),
        ({"bigint"}, pa.string()),
        ({"bool"}, pa.bool_()),
        ({"bool", "int"}, pa.string()),
        ({"date", "datetime"}, pa.timestamp("us")),
        ({"date"}, pa.date32()),
        ({"nested", "text"}, pa.string()),
    ],
)
def test_column_type_follows_from_the_kinds_of_values(kinds: set[str], expected: Any) -> None:
    assert column_type(frozenset(kinds)) == expected


def test_rows_of_mixed_kinds_become_a_batch() -> None:
    schema = pa.schema([("a", pa.string()), ("b", pa.float64()), ("c", pa.timestamp("us"))])
    rows = [
        Row(1, None, {"a": 7, "b": 1, "c": dt.date(2025, 9, 1)}),
        Row(2, None, {"a": {"x": "\ud800"}}),
    ]
    assert input_batch(rows, schema).to_pylist() == [
        {"a": "7", "b": 1.0, "c": dt.datetime(2025, 9, 1)},
        {"a": '{"x": "\ufffd"}', "b": None, "c": None},
    ]
