"""Tables of verbatims: CSV, TSV, JSONL, XLSX and Parquet, read and written as streams.

A reader gives batches of rows in constant memory; a run classifies them and writes the output
beside an unfinished file with a journal, so that it can go on after a stop.
"""

from service.tables.columns import ColumnChoice, choose_columns
from service.tables.errors import TableError
from service.tables.formats import FORMATS, Format, format_of
from service.tables.opening import ReadOptions, TableSource, file_source, pipe_source
from service.tables.rows import Row, RowBatch, TableReader

__all__ = [
    "FORMATS",
    "ColumnChoice",
    "Format",
    "ReadOptions",
    "Row",
    "RowBatch",
    "TableError",
    "TableReader",
    "TableSource",
    "choose_columns",
    "file_source",
    "format_of",
    "pipe_source",
]
