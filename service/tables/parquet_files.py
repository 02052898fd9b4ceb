"""Parquet: read by row group, write by row group, column types kept."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from service.tables.cells import cell_text, mend_surrogates
from service.tables.errors import FormatError
from service.tables.rows import Row, RowBatch, TableReader

_BUFFER_BYTES = 1 << 20
_GROUP_ROWS = 32_768
_GROUP_BYTES = 64 << 20


class ParquetReader(TableReader):
    """Reads a Parquet file in batches.

    Parameters
    ----------
    path : Path
    name : str
        File name for messages.

    Raises
    ------
    FormatError
        If the file is damaged or encrypted.
    """

    def __init__(self, path: Path, *, name: str) -> None:
        super().__init__(name)
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._damaged = (pa.ArrowException, OSError)
        try:
            self._file = pq.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False)
        except self._damaged as error:
            raise FormatError(
                f"{name}: not a readable Parquet file ({type(error).__name__})"
            ) from error
        self.schema = self._file.schema_arrow
        self.columns = tuple(self.schema.names)
        if len(set(self.columns)) < len(self.columns):
            self.close()
            raise FormatError(f"{name}: two columns have the same name; rename one")
        self.n_rows = self._file.metadata.num_rows
        self._wanted: list[str] | None = None

    def keep_only(self, columns: Sequence[str]) -> None:
        """Read these columns only; the others are never decoded."""
        self._wanted = [name for name in self.columns if name in columns]

    def sample(self, n_rows: int = 256) -> Sequence[Row]:
        """Look at the first rows, all columns."""
        for batch in self._read(batch_size=n_rows, groups=None, columns=None):
            return rows_of(batch, first=1)
        return []

    def iterate(self) -> Iterator[Row]:
        """Yield all rows."""
        for batch in self.batches(batch_size=_GROUP_ROWS // 8):
            yield from batch.rows

    def batches(self, *, batch_size: int, skip: int = 0) -> Iterator[RowBatch]:
        """Give the rows in order; whole row groups that are skipped are not read."""
        metadata = self._file.metadata
        n_before, group = 0, 0
        while group < metadata.num_row_groups:
            n_rows = metadata.row_group(group).num_rows
            if n_before + n_rows > skip:
                break
            n_before += n_rows
            group += 1
        groups = list(range(group, metadata.num_row_groups))
        n_drop, number = skip - n_before, skip + 1
        for batch in self._read(batch_size=batch_size, groups=groups, columns=self._wanted):
            if n_drop >= batch.num_rows:
                n_drop -= batch.num_rows
                continue
            kept = batch.slice(n_drop)
            n_drop = 0
            yield RowBatch(rows=rows_of(kept, first=number), arrow=kept)
            number += kept.num_rows

    def _read(
        self, *, batch_size: int, groups: list[int] | None, columns: list[str] | None
    ) -> Iterator[Any]:
        """Yield record batches; damage found on the way is told with the row."""
        if groups == []:
            return
        n_read = 0
        try:
            for batch in self._file.iter_batches(
                batch_size=batch_size, row_groups=groups, columns=columns, use_threads=False
            ):
                yield batch
                n_read += batch.num_rows
        except self._damaged as error:
            raise FormatError(
                f"{self.name}: damaged after row {n_read} of those read ({type(error).__name__})"
            ) from error

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def rows_of(batch: Any, *, first: int) -> list[Row]:
    """The rows of a record batch as Python values, numbered from ``first``."""
    names = batch.schema.names
    columns = [_python_values(column) for column in batch.columns]
    if not columns:
        return [Row(first + position, None, {}) for position in range(batch.num_rows)]
    return [
        Row(first + position, None, dict(zip(names, values, strict=True)))
        for position, values in enumerate(zip(*columns, strict=True))
    ]


def _python_values(column: Any) -> list[Any]:
    """Values of a column; nanoseconds are cut to microseconds, as Python has no finer clock."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_timestamp(kind) and kind.unit == "ns":
        column = column.cast(pa.timestamp("us", kind.tz), safe=False)
    elif pa.types.is_time64(kind) and kind.unit == "ns":
        column = column.cast(pa.time64("us"), safe=False)
    elif pa.types.is_duration(kind) and kind.unit == "ns":
        column = column.cast(pa.duration("us"), safe=False)
    try:
        values: list[Any] = column.to_pylist()
    except (pa.ArrowException, ValueError, OverflowError):  # a date before year 1, say
        values = [None if value is None else str(value) for value in column.cast(pa.string())]
    return values


def column_type(kinds: frozenset[str]) -> Any:
    """Choose the Arrow type of a column by the kinds of values seen in it."""
    import pyarrow as pa

    seen = kinds - {"null"}
    types = (
        ({"bool"}, pa.bool_()),
        ({"int"}, pa.int64()),
        ({"int", "float"}, pa.float64()),
        ({"date"}, pa.date32()),
        ({"date", "datetime"}, pa.timestamp("us")),
        ({"time"}, pa.time64("us")),
    )
    return next((kind for allowed, kind in types if seen and seen <= allowed), pa.string())


def result_schema() -> Any:
    """Arrow schema of the columns that a result fills."""
    import pyarrow as pa

    text, number, flag = pa.string(), pa.float64(), pa.bool_()
    segment = pa.struct(
        [
            ("start", pa.int32()),
            ("end", pa.int32()),
            ("text", text),
            ("topics", pa.list_(pa.struct([("topic", text), ("probability", number)]))),
            (
                "sentiment",
                pa.struct([("sentiment", text), ("probability", number), ("score", number)]),
            ),
            (
                "department",
                pa.struct(
                    [
                        ("department", text),
                        ("probability", number),
                        ("runner_up", text),
                        ("runner_up_probability", number),
                    ]
                ),
            ),
        ]
    )
    special = {
        "language_probability": number,
        "sentiment_probability": number,
        "sentiment_score": number,
        "department_probability": number,
        "department_runner_up_probability": number,
        "evidence_start": pa.int32(),
        "evidence_end": pa.int32(),
        "segments": pa.list_(segment),
        "needs_review": flag,
    }
    from service.tables.results import FLAT_COLUMNS, PREFIX

    return pa.schema([(PREFIX + name, special.get(name, text)) for name in FLAT_COLUMNS])


class ParquetWriter:
    """Writes input columns and result columns side by side, one row group at a time.

    Parameters
    ----------
    path : Path
        Written anew.
    input_schema : pyarrow.Schema
        The input columns that are kept.
    """

    def __init__(self, path: Path, input_schema: Any) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        self._input_schema = input_schema
        self._result_schema = result_schema()
        self._schema = pa.schema(
            [*input_schema, *self._result_schema], metadata=input_schema.metadata
        )
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")
        self._waiting: list[Any] = []
        self._n_rows = self._n_bytes = 0

    def write(self, inputs: Any, results: Sequence[Mapping[str, Any]]) -> None:
        """Write rows: a record batch of input columns, and the flat results beside it."""
        import pyarrow as pa

        added = [
            arrow_array([result[name] for result in results], kind)
            for name, kind in zip(self._result_schema.names, self._result_schema.types, strict=True)
        ]
        batch = pa.RecordBatch.from_arrays([*inputs.columns, *added], schema=self._schema)
        self._waiting.append(batch)
        self._n_rows += batch.num_rows
        self._n_bytes += batch.nbytes
        if self._n_rows >= _GROUP_ROWS or self._n_bytes >= _GROUP_BYTES:
            self._write_group()

    def _write_group(self) -> None:
        import pyarrow as pa

        if self._waiting:
            self._writer.write_table(
                pa.Table.from_batches(self._waiting, schema=self._schema), row_group_size=1 << 20
            )
        self._waiting, self._n_rows, self._n_bytes = [], 0, 0

    def close(self) -> None:
        """Write the last row group and the footer."""
        self._write_group()
        self._writer.close()


def input_batch(rows: Sequence[Row], schema: Any) -> Any:
    """Turn rows from another format into a record batch of ``schema``."""
    import pyarrow as pa

    arrays = []
    for name, kind in zip(schema.names, schema.types, strict=True):
        values = [row.values.get(name) for row in rows]
        convert: Callable[[Any], Any] | None = None
        if pa.types.is_string(kind):
            convert = cell_text
        elif pa.types.is_floating(kind):
            convert = float
        elif pa.types.is_timestamp(kind):
            convert = _moment
        if convert is not None:
            values = [None if value is None else convert(value) for value in values]
        arrays.append(arrow_array(values, kind))
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def arrow_array(values: list[Any], kind: Any) -> Any:
    """Values as an Arrow array; lone surrogates, which it cannot hold, become U+FFFD."""
    import pyarrow as pa

    try:
        return pa.array(values, type=kind)
    except UnicodeEncodeError:
        return pa.array([_mended(value) for value in values], type=kind)


def _moment(value: Any) -> dt.datetime:
    """A date as its midnight; a moment as it is."""
    return value if isinstance(value, dt.datetime) else dt.datetime.combine(value, dt.time())


def _mended(value: Any) -> Any:
    """The same value without lone surrogates, at any depth."""
    if isinstance(value, str):
        return mend_surrogates(value)
    if isinstance(value, Mapping):
        return {key: _mended(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_mended(part) for part in value]
    return value
