"""Open a table of any format, from a file or a pipe."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from service.tables.errors import FormatError
from service.tables.formats import Format, check_magic, format_of, sniff_format
from service.tables.partial import fingerprint
from service.tables.rows import TableReader

_HEAD_BYTES = 4096
STDIN_NAME = "stdin"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How to read a table; None means that it is detected."""

    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    has_header: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class TableSource:
    """A table that can be opened more than once.

    ``path`` is the file, or the copy of what came through a pipe. ``identity`` tells the content
    apart from any other: size, time of change and hash.
    """

    path: Path
    name: str
    format: Format
    options: ReadOptions
    identity: Mapping[str, Any]
    is_copy: bool = False

    def open(self) -> TableReader:
        """Open the table at its first row."""
        return open_file(self.path, name=self.name, table_format=self.format, options=self.options)

    def is_unchanged(self) -> bool:
        """Whether the file is the one that was first looked at."""
        return self.is_copy or fingerprint(self.path) == self.identity


def file_source(path: Path, *, table_format: Format | None, options: ReadOptions) -> TableSource:
    """Look at a file.

    Raises
    ------
    FormatError
        If there is no such file, or its format is unknown or another than its name says.
    """
    if path.is_dir():
        raise FormatError(f"{path}: is a folder; name a file")
    if path.exists() and not path.is_file():
        raise FormatError(f"{path}: is not a regular file; pipe it in and name - as the input")
    try:
        with path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
    except FileNotFoundError:
        raise FormatError(f"{path}: there is no such file") from None
    except OSError as error:
        raise FormatError(f"{path}: cannot be read ({error.strerror})") from error
    if not head:
        raise FormatError(f"{path.name}: the file is empty")
    table_format = table_format or format_of(path)
    check_magic(path.name, head, table_format)
    return TableSource(
        path=path, name=path.name, format=table_format, options=options, identity=fingerprint(path)
    )


@contextlib.contextmanager
def open_file_input(
    path: Path, *, table_format: Format | None, options: ReadOptions
) -> Iterator[tuple[TableSource, TableReader]]:
    """Look at a file and open it."""
    source = file_source(path, table_format=table_format, options=options)
    with source.open() as reader:
        yield source, reader


@contextlib.contextmanager
def open_pipe_input(
    stream: BinaryIO,
    *,
    table_format: Format | None,
    options: ReadOptions,
    may_stream: bool,
) -> Iterator[tuple[TableSource, TableReader]]:
    """Open what comes through a pipe: JSON Lines as they come, the rest as a temporary copy.

    ``may_stream`` says that one pass is enough; else JSON Lines are copied too.
    """
    stdin = peekable(stream)
    streamed = None
    if may_stream:
        streamed = stream_source(stdin, table_format=table_format, options=options)
    if streamed is not None:
        yield streamed
        return
    with (
        pipe_source(stdin, table_format=table_format, options=options) as source,
        source.open() as reader,
    ):
        yield source, reader


@contextlib.contextmanager
def pipe_source(
    stream: BinaryIO,
    *,
    table_format: Format | None,
    options: ReadOptions,
) -> Iterator[TableSource]:
    """Keep what comes through a pipe in a temporary file, and look at that.

    The format is ``table_format``, else what the first bytes tell, else CSV with any delimiter.
    """
    digest = hashlib.sha256()
    n_bytes = 0
    descriptor, name = tempfile.mkstemp(prefix="klantstem-")
    path = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as copy:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
                n_bytes += len(chunk)
                copy.write(chunk)
        with path.open("rb") as copied:
            head = copied.read(_HEAD_BYTES)
        if not head:
            raise FormatError(f"{STDIN_NAME}: nothing came through the pipe")
        table_format = table_format or sniff_format(head) or Format.CSV
        check_magic(STDIN_NAME, head, table_format)
        yield TableSource(
            path=path,
            name=STDIN_NAME,
            format=table_format,
            options=options,
            identity={"size": n_bytes, "sha256": digest.hexdigest()},
            is_copy=True,
        )
    finally:
        path.unlink(missing_ok=True)


def peekable(stream: BinaryIO) -> io.BufferedReader:
    """Make it possible to look at the first bytes of a stream without reading them."""
    if isinstance(stream, io.BufferedReader):
        return stream
    return io.BufferedReader(cast(Any, stream))


def stream_source(
    stream: io.BufferedReader, *, table_format: Format | None, options: ReadOptions
) -> tuple[TableSource, TableReader] | None:
    """Read JSON Lines from a pipe as they come, without a copy; None for other formats."""
    if (table_format or sniff_format(stream.peek(1))) is not Format.JSONL:
        return None
    from service.tables.jsonl_files import JsonlReader

    source = TableSource(
        path=Path(os.devnull),
        name=STDIN_NAME,
        format=Format.JSONL,
        options=options,
        identity={},
        is_copy=True,
    )
    return source, JsonlReader(stream, name=STDIN_NAME, encoding=options.encoding)


def open_file(path: Path, *, name: str, table_format: Format, options: ReadOptions) -> TableReader:
    """Open a file of a known format."""
    if table_format.is_delimited:
        from service.tables.csv_files import CsvReader

        return CsvReader(
            path,
            name=name,
            encoding=options.encoding,
            delimiter=options.delimiter or ("\t" if table_format is Format.TSV else None),
            has_header=options.has_header,
        )
    if table_format is Format.JSONL:
        from service.tables.jsonl_files import JsonlReader

        return JsonlReader(
            path.open("rb"), name=name, n_bytes=path.stat().st_size, encoding=options.encoding
        )
    if table_format is Format.XLSX:
        from service.tables.xlsx_files import XlsxReader

        return XlsxReader(path, name=name, sheet=options.sheet, has_header=options.has_header)
    from service.tables.parquet_files import ParquetReader

    return ParquetReader(path, name=name)
