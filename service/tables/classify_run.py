"""One classification of a table, from its first row to the finished output."""

from __future__ import annotations

import contextlib
import json
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from service.tables.cells import value_kind
from service.tables.encoders import (
    JsonlEncoder,
    ResultEncoder,
    RowEncoder,
    csv_encoder,
    keep_columns,
)
from service.tables.errors import ColumnError, OutputError, TableError
from service.tables.formats import Format
from service.tables.joining import JoinPlan, join_output
from service.tables.opening import TableSource
from service.tables.partial import PartialOutput
from service.tables.progress import Watcher
from service.tables.rows import Row, TableReader
from service.tables.tagging import Tagger, Tally

MAX_FLAT_COLUMNS = 4_000
"""More different keys in JSON objects make no table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputOptions:
    """How the output is written.

    ``replace_text`` puts the redacted text in the text column; ``overwrite`` lets input columns
    be replaced by ours of the same name; ``force`` lets an existing file be replaced.
    """

    format: Format
    replace_text: bool = False
    overwrite: bool = False
    force: bool = False
    restart: bool = False
    batch_size: int = 512
    checkpoint_every_s: float = 1.0


class TableRun:
    """Classifies one table.

    Parameters
    ----------
    source : TableSource
    reader : TableReader
        Opened from ``source``; read here.
    tagger : Tagger
    options : OutputOptions
    watcher : Watcher
    tell : callable
        Takes what the user should know about the run, in words.

    Attributes
    ----------
    tally : Tally
        What became of the rows.
    n_resumed : int
        Rows taken over from an earlier run.

    Raises
    ------
    ColumnError
        If an input column has the name of one of ours.
    """

    def __init__(
        self,
        source: TableSource,
        reader: TableReader,
        tagger: Tagger,
        options: OutputOptions,
        watcher: Watcher,
        *,
        tell: Callable[[str], None] = lambda note: None,
    ) -> None:
        self.tally = Tally()
        self._tell = tell
        self.n_resumed = 0
        self.partial: PartialOutput | None = None
        self._source = source
        self._reader = reader
        self._tagger = tagger
        self._options = options
        self._watcher = watcher
        self._is_flat = options.format is not Format.JSONL
        self._kinds: dict[str, set[str]] = {}
        self._columns = self._keep(reader.columns)

    @property
    def needs_join(self) -> bool:
        """Whether the output can only be written once all results are there."""
        return self._options.format.is_binary or (
            self._is_flat and not self._reader.has_fixed_columns
        )

    def to_stream(self, stream: BinaryIO) -> None:
        """Write to a pipe or terminal as the rows come."""
        if self.needs_join:
            with tempfile.TemporaryDirectory(prefix="klantstem-") as folder:
                finished = Path(folder) / f"output.{self._options.format}"
                self.to_file(finished)
                with finished.open("rb") as result:
                    while chunk := result.read(1 << 20):
                        stream.write(chunk)
            stream.flush()
            return
        encoder = self._encoder()
        stream.write(encoder.head())
        self._watcher.begin("classifying", n_done=0, n_rows=self._reader.n_rows)
        for rows, results in self.tagged(skip=0):
            stream.write(encoder.encode(rows, results))
            stream.flush()

    def to_file(self, output: Path) -> None:
        """Write a file, going on where an earlier run stopped."""
        options = self._options
        with PartialOutput(
            output,
            self._identity(),
            restart=options.restart,
            checkpoint_every_s=options.checkpoint_every_s,
        ) as partial:
            self.partial = partial
            self.n_resumed = partial.n_rows
            if self.n_resumed:
                self._tell(f"going on after the {self.n_resumed:,} rows saved in {partial.path}")
            self.tally = Tally(partial.state.get("tally"))
            self._kinds = {
                column: set(kinds) for column, kinds in partial.state.get("kinds", {}).items()
            }
            if not partial.is_complete:
                self._classify_into(partial)
            if not self._source.is_unchanged():
                raise TableError(
                    f"{self._source.name}: the file was changed while it was read; "
                    "run again with --restart"
                )
            if not self.needs_join:
                partial.publish(force=options.force)
                return
            finished = output.with_name(output.name + ".partial.joined")
            try:
                self._join(partial, finished)
                partial.publish(finished, force=options.force)
            finally:
                finished.unlink(missing_ok=True)

    def _classify_into(self, partial: PartialOutput) -> None:
        """Classify the rows that are still to do."""
        needs_kinds = self.needs_join and not self._has_known_types()
        if needs_kinds is False and self._options.format is Format.PARQUET:
            self._read_needed_columns_only()
        encoder: RowEncoder = ResultEncoder() if self.needs_join else self._encoder()
        if partial.n_bytes == 0:
            partial.append(encoder.head(), n_rows=0, state={})
        self._watcher.begin("classifying", n_done=partial.n_rows, n_rows=self._reader.n_rows)
        try:
            for rows, results in self.tagged(skip=partial.n_rows):
                if needs_kinds:
                    self._see_kinds(rows)
                state = {
                    "tally": self.tally.state(),
                    "kinds": {column: sorted(kinds) for column, kinds in self._kinds.items()},
                }
                partial.append(encoder.encode(rows, results), n_rows=len(rows), state=state)
            partial.complete()
        except BaseException:
            _try_checkpoint(partial)
            raise

    def tagged(self, *, skip: int = 0) -> Iterator[tuple[Sequence[Row], list[dict[str, Any]]]]:
        """Classify batch after batch, for a caller that shows the rows itself."""
        for batch in self._reader.batches(batch_size=self._options.batch_size, skip=skip):
            results = self._tagger.tag(batch.rows)
            self.tally.add(batch.rows, results)
            yield batch.rows, results
            self._watcher.advance(len(results), self._reader.expected_rows())

    def _identity(self) -> dict[str, Any]:
        """What a run must have in common with an earlier one to go on from it."""
        choice, options = self._tagger.choice, self._options
        return {
            "input": dict(self._source.identity),
            "input format": self._source.format.value,
            "output format": options.format.value,
            "bundle": self._tagger.classifier.bundle_version,
            "text column": choice.text,
            "id column": choice.id,
            "language column": choice.language,
            "declared language": self._tagger.language,
            "header": self._source.options.has_header,
            "redaction": self._tagger.redact,
            "text replaced": options.replace_text,
            "columns overwritten": options.overwrite,
            **self._reader.dialect(),
        }

    def _keep(self, columns: Sequence[str]) -> list[str]:
        """Input columns that are written; refuses those with a name of ours."""
        return keep_columns(
            columns,
            name=self._source.name,
            is_flat=self._is_flat,
            overwrite=self._options.overwrite,
        )

    def _text_column(self) -> str | None:
        """The column that gets the redacted text, if any does."""
        column = self._tagger.choice.text
        is_replaced = self._options.replace_text and (not self._is_flat or column in self._columns)
        return column if is_replaced else None

    def _encoder(self) -> RowEncoder:
        """The encoder for rows that are written as they come."""
        if self._is_flat:
            return csv_encoder(
                self._reader,
                self._columns,
                table_format=self._options.format,
                text_column=self._text_column(),
            )
        return JsonlEncoder(
            name=self._source.name,
            overwrite=self._options.overwrite,
            text_column=self._text_column(),
            keep_lines=not self._tagger.redact,
        )

    def _has_known_types(self) -> bool:
        """Whether the columns' types are known without looking at the values."""
        return self._source.format.is_delimited or self._source.format is Format.PARQUET

    def _read_needed_columns_only(self) -> None:
        """Spare the decoding of columns that are only copied later."""
        from service.tables.parquet_files import ParquetReader

        if isinstance(self._reader, ParquetReader):
            choice = self._tagger.choice
            self._reader.keep_only(
                [name for name in (choice.text, choice.id, choice.language) if name]
            )

    def _see_kinds(self, rows: Sequence[Row]) -> None:
        """Note which kinds of values each column holds."""
        n_before = len(self._kinds)
        for row in rows:
            for column, value in row.values.items():
                self._kinds.setdefault(column, set()).add(value_kind(value))
        if len(self._kinds) > n_before:
            self._keep(tuple(self._kinds))
        if len(self._kinds) > MAX_FLAT_COLUMNS:
            raise ColumnError(
                f"{self._source.name}: more than {MAX_FLAT_COLUMNS} different keys up to row "
                f"{rows[-1].number}; write .jsonl instead"
            )

    def _join(self, partial: PartialOutput, finished: Path) -> None:
        """Put the results beside the rows they belong to."""
        if not self._has_known_types():
            known = dict.fromkeys(self._reader.columns if self._reader.has_fixed_columns else ())
            self._columns = self._keep(tuple({**known, **dict.fromkeys(self._kinds)}))
        self._watcher.begin("joining", n_done=0, n_rows=partial.n_rows)
        results = _read_results(partial.path, partial.n_bytes)
        plan = JoinPlan(
            format=self._options.format,
            columns=tuple(self._columns),
            text_column=self._text_column(),
            kinds=None if self._has_known_types() else self._kinds,
        )
        with self._source.open() as reader:
            for note in join_output(
                reader,
                results,
                finished,
                plan,
                on_rows=lambda n_rows: self._watcher.advance(n_rows, None),
            ):
                self._tell(note)


def _read_results(path: Path, n_bytes: int) -> Iterator[dict[str, Any]]:
    """Read the results of the first stage, one after the other."""
    n_read = 0
    with path.open("rb") as stream:
        while n_read < n_bytes and (line := stream.readline()):
            n_read += len(line)
            yield json.loads(line)


def _try_checkpoint(partial: PartialOutput) -> None:
    """Save what can be saved; a full disk leaves the last durable point as it is."""
    with contextlib.suppress(OSError):
        partial.checkpoint()


def check_distinct(source: Path, output: Path) -> None:
    """Refuse to write over the input.

    Raises
    ------
    OutputError
        If both names mean the same file.
    """
    if output.exists() and source.exists() and output.samefile(source):
        raise OutputError(f"{output}: is the input itself; name another output")
