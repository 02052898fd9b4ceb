"""The rows of a finished job as a table, in the format that is asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from service.store.job_rows import StoredRow
from service.store.jobs import Chunk, Job
from service.tables.cells import cell_text, guard_formula
from service.tables.csv_files import CsvDialect
from service.tables.encoders import JsonlEncoder, csv_encoder
from service.tables.formats import Format
from service.tables.joining import JoinPlan, join_output
from service.tables.rows import Row, RowBatch, TableReader

_NAME = "the result"


class StoredReader(TableReader):
    """Reads the rows of a job that are done, each with its result.

    Parameters
    ----------
    job : Job
    chunks : iterable of Chunk
        From :func:`service.store.jobs.read_results`.
    for_spreadsheet : bool
        Whether texts that a spreadsheet would take for a formula get a quote before them.
    """

    def __init__(self, job: Job, chunks: Iterable[Chunk], *, for_spreadsheet: bool = False) -> None:
        super().__init__(_NAME)
        spec = job.table_spec
        self.columns = tuple(spec["columns"])
        self.is_from_excel = spec["is_from_excel"]
        self.n_rows = job.n_rows
        self._dialect = spec["dialect"]
        self._chunks = chunks
        self._convert: Callable[[Any], Any] = _guarded if for_spreadsheet else _same
        self._results: deque[dict[str, Any]] = deque()

    @property
    def csv_dialect(self) -> CsvDialect | None:
        """How the file that was sent is written, if it is delimited."""
        return None if self._dialect is None else CsvDialect(**self._dialect)

    def batches(self, *, batch_size: int = 0, skip: int = 0) -> Iterator[RowBatch]:
        """Give the rows chunk by chunk; ``results`` then gives theirs."""
        for chunk in self._chunks:
            rows = [row for row in chunk.rows if row.result is not None]
            self._results.extend(dict(row.result or {}) for row in rows)
            yield RowBatch(rows=[self._row(row) for row in rows])

    def iterate(self) -> Iterator[Row]:
        """Give all rows."""
        for batch in self.batches():
            yield from batch.rows

    def results(self) -> Iterator[dict[str, Any]]:
        """Give the results of the rows that were given; more follow with the next batch."""
        while self._results:
            yield self._results.popleft()

    def close(self) -> None:
        """Nothing is open between two chunks."""

    def _row(self, row: StoredRow) -> Row:
        values = {name: self._convert(value) for name, value in row.values.items()}
        return Row(row.number, row.line, values)


def stream_result(job: Job, chunks: Iterable[Chunk], table_format: Format) -> Iterator[bytes]:
    """Give a table of text, piece by piece."""
    reader = StoredReader(job, chunks, for_spreadsheet=table_format.is_delimited)
    encoder = (
        csv_encoder(reader, reader.columns, table_format=table_format, text_column=None)
        if table_format.is_delimited
        else JsonlEncoder(name=_NAME, overwrite=False)
    )
    yield encoder.head()
    for batch in reader.batches():
        yield encoder.encode(batch.rows, list(reader.results()))


def write_result(job: Job, chunks: Iterable[Chunk], table_format: Format, path: Path) -> None:
    """Write a workbook or a Parquet file.

    Raises
    ------
    OutputError
        If a sheet cannot hold so many rows.
    """
    reader = StoredReader(job, chunks)
    plan = JoinPlan(
        format=table_format,
        columns=reader.columns,
        text_column=None,
        kinds=None,
        schema=_schema(job) if table_format is Format.PARQUET else None,
    )
    join_output(reader, reader.results(), path, plan, on_rows=lambda _: None)


def _schema(job: Job) -> Any:
    """Arrow types of the columns that are given back."""
    import pyarrow as pa

    from service.tables.parquet_files import column_type

    spec = job.table_spec
    known: Mapping[str, Any] = {}
    if job.arrow_schema is not None:
        stored = pa.ipc.read_schema(pa.py_buffer(job.arrow_schema))
        known = {one.name: one for one in stored}
    fields = []
    for name in spec["columns"]:
        if name in known:
            fields.append(known[name])
        elif name == spec["text"]:
            fields.append(pa.field(name, pa.string()))
        else:
            fields.append(pa.field(name, column_type(frozenset(spec["kinds"].get(name, ())))))
    return pa.schema(fields)


def _same(value: Any) -> Any:
    return value


def _guarded(value: Any) -> Any:
    """A text that is no number and would be taken for a formula, with a quote before it."""
    if not isinstance(value, str):
        return value
    try:
        float(value.replace(",", "."))
    except ValueError:
        return guard_formula(cell_text(value))
    return value
