"""Put finished results beside the rows they belong to, for formats that cannot be appended to."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from service.tables.encoders import csv_encoder
from service.tables.errors import TableError
from service.tables.formats import Format
from service.tables.results import FLAT_COLUMNS, PREFIX, flat_result, segments_text
from service.tables.rows import RowBatch, TableReader

_BATCH_ROWS = 2_048


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinPlan:
    """What the joined table looks like.

    ``columns`` are the input columns that are kept; ``text_column`` gets the redacted text,
    unless it is None; ``kinds`` holds the kinds of values per column where the input format does
    not tell the types. ``schema`` is the Arrow schema of the input columns, where it is known
    though the reader is none of Parquet.
    """

    format: Format
    columns: tuple[str, ...]
    text_column: str | None
    kinds: Mapping[str, Set[str]] | None
    schema: Any = None


Pairs = Iterator[tuple[RowBatch, list[dict[str, Any]]]]


def join_output(
    reader: TableReader,
    results: Iterator[dict[str, Any]],
    finished: Path,
    plan: JoinPlan,
    *,
    on_rows: Callable[[int], None],
) -> list[str]:
    """Read the input again and write each row with its result, in constant memory.

    Parameters
    ----------
    reader : TableReader
        At its first row.
    results : iterator of dict
        One result object per row, in order.
    finished : Path
        Written anew.
    plan : JoinPlan
    on_rows : callable
        Told the number of rows written, batch by batch.

    Returns
    -------
    list of str
        What the user should know about the output.
    """
    pairs = _pairs(reader, results, on_rows)
    if plan.format is Format.XLSX:
        return _join_xlsx(pairs, finished, plan)
    if plan.format is Format.PARQUET:
        return _join_parquet(reader, pairs, finished, plan)
    encoder = csv_encoder(
        reader, plan.columns, table_format=plan.format, text_column=plan.text_column
    )
    with finished.open("wb") as stream:
        stream.write(encoder.head())
        for batch, own in pairs:
            stream.write(encoder.encode(batch.rows, own))
    return []


def _pairs(
    reader: TableReader, results: Iterator[dict[str, Any]], on_rows: Callable[[int], None]
) -> Pairs:
    """Batches of the input read again, each with its results."""
    for batch in reader.batches(batch_size=_BATCH_ROWS):
        own = list(islice(results, len(batch.rows)))
        if len(own) != len(batch.rows):
            raise TableError(f"{reader.name}: the file has grown; run again with --restart")
        yield batch, own
        on_rows(len(own))


def _join_xlsx(pairs: Pairs, finished: Path, plan: JoinPlan) -> list[str]:
    """Write a workbook."""
    from service.tables.xlsx_files import MAX_CELL_CHARACTERS, XlsxWriter

    added = [PREFIX + name for name in FLAT_COLUMNS]
    with tempfile.TemporaryDirectory(prefix=f".{finished.name}-", dir=finished.parent) as folder:
        writer = XlsxWriter(finished, [*plan.columns, *added], folder=Path(folder))
        try:
            for batch, own in pairs:
                writer.write(_xlsx_records(batch, own, plan))
            writer.close()
        except BaseException:
            writer.abandon()
            raise
    if not writer.n_cut:
        return []
    return [
        f"{writer.n_cut} cells were cut to the {MAX_CELL_CHARACTERS} characters "
        "that an Excel cell holds"
    ]


def _xlsx_records(batch: RowBatch, own: list[dict[str, Any]], plan: JoinPlan) -> list[list[Any]]:
    """Cells of the rows of a batch."""
    from service.tables.xlsx_files import MAX_CELL_CHARACTERS

    records = []
    for row, result in zip(batch.rows, own, strict=True):
        flat = flat_result(result)
        flat[PREFIX + "segments"] = segments_text(
            result["segments"], max_characters=MAX_CELL_CHARACTERS
        )
        kept = [row.values.get(column) for column in plan.columns]
        if plan.text_column is not None:
            kept[plan.columns.index(plan.text_column)] = result["text_redacted"]
        records.append([*kept, *flat.values()])
    return records


def _join_parquet(reader: TableReader, pairs: Pairs, finished: Path, plan: JoinPlan) -> list[str]:
    """Write Parquet; columns that came from Parquet keep their types."""
    import pyarrow as pa

    from service.tables.parquet_files import (
        ParquetReader,
        ParquetWriter,
        arrow_array,
        column_type,
        input_batch,
    )

    columns, text_column, kinds = plan.columns, plan.text_column, plan.kinds
    if isinstance(reader, ParquetReader):
        reader.keep_only(columns)
        schema = pa.schema(
            [reader.schema.field(name) for name in columns], metadata=reader.schema.metadata
        )
    elif plan.schema is not None:
        schema = plan.schema
    elif kinds is None:
        schema = pa.schema([(name, pa.string()) for name in columns])
    else:
        schema = pa.schema(
            [(name, column_type(frozenset(kinds.get(name, ())))) for name in columns]
        )
    place = -1
    if text_column is not None:
        place = columns.index(text_column)
        schema = schema.set(place, pa.field(text_column, pa.string()))
    writer = ParquetWriter(finished, schema)
    for batch, own in pairs:
        if batch.arrow is None:
            inputs = input_batch(batch.rows, schema)
        else:
            inputs = batch.arrow.select(list(columns))
        if text_column is not None:
            redacted = arrow_array([result["text_redacted"] for result in own], pa.string())
            inputs = inputs.set_column(place, schema.field(place), redacted)
        writer.write(inputs, [flat_result(result) for result in own])
    writer.close()
    return []
