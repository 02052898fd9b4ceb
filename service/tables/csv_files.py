"""CSV and TSV: find delimiter and line ending, read rows that may be broken, write rows."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from service.tables.encoding import bad_bytes_error, chunks_of, detect_encoding, find_bad_bytes
from service.tables.errors import FormatError
from service.tables.rows import Row, TableReader, unique_names

DELIMITERS = (",", ";", "\t", "|")
MAX_FIELD_CHARACTERS = 1 << 24
"""A longer field is an error of its row."""
MAX_RECORD_LINES = 2_000
"""A quoted field over more lines is taken for a quote that was never closed."""
_MAX_RECORD_CHARACTERS = 1 << 20
_HEAD_CHARACTERS = 1 << 16
_Record = tuple[int, list[str], str | None]  # line, fields, problem
_SEP_LINE = re.compile(r'^"?sep=(.)"?\s*$', re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CsvDialect:
    """How a delimited file is written."""

    delimiter: str
    line_end: str = "\r\n"
    has_bom: bool = False


def detect_delimiter(head: str, *, is_whole: bool) -> str:
    r"""Tell the delimiter by the width of the first records.

    The header must have two columns or more, and as many records as possible must be as wide as
    it. A file of one column has no delimiter: then the one that breaks the fewest records is told.

    Examples
    --------
    >>> detect_delimiter("id;tekst\r\n1;goed, maar duur\r\n", is_whole=True)
    ';'
    """
    best, best_rank = DELIMITERS[0], (False, -1.0, 0)
    for delimiter in DELIMITERS:
        widths = []
        try:
            for fields in csv.reader(io.StringIO(head, newline=""), delimiter=delimiter):
                if fields:
                    widths.append(len(fields))
        except csv.Error:
            pass
        if not is_whole and len(widths) > 1:
            widths.pop()  # cut off in the middle
        if not widths:
            continue
        share = sum(width == widths[0] for width in widths) / len(widths)
        rank = (widths[0] > 1, round(share, 2), widths[0])
        if rank > best_rank:
            best, best_rank = delimiter, rank
    return best


class _UnclosedQuoteError(Exception):
    """A record runs on for too long."""


class _Lines:
    """The lines of a file, counted, with the lines of the present record kept to step back."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._pushed: deque[str] = deque()
        self._n_characters = 0  # of the present record
        self.n_characters = 0
        self.n_read = 0
        self.record: list[str] = []
        self.ended_inside = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        if self.record:
            self._n_characters += len(self.record[-1])
            if len(self.record) >= MAX_RECORD_LINES or self._n_characters > _MAX_RECORD_CHARACTERS:
                raise _UnclosedQuoteError
        if self._pushed:
            line = self._pushed.popleft()
        else:
            line = self._stream.readline()
            if not line:
                self.ended_inside = bool(self.record)
                raise StopIteration
            self.n_characters += len(line)
        self.n_read += 1
        self.record.append(line)
        return line

    def begin(self) -> None:
        """Begin a new record."""
        self.record = []
        self._n_characters = 0
        self.ended_inside = False

    def step_back(self) -> str:
        """Give back all lines of the record but the first, which is returned."""
        first, *others = self.record
        self._pushed.extendleft(reversed(others))
        self.n_read -= len(others)
        return first


class CsvReader(TableReader):
    """Reads delimited text.

    A row with too few or too many fields, or with a quote that is never closed, has a
    ``problem``; the rows after it are read as usual.

    Parameters
    ----------
    path : Path
    name : str
        File name for messages.
    encoding : str, optional
        Default: detected on the whole file.
    delimiter : str, optional
        Default: detected on the first 64 000 characters.
    has_header : bool, default=True
        Whether the first record names the columns; else they are called ``column_1`` and so on.

    Raises
    ------
    EncodingError
        If the file is not text in the encoding.
    FormatError
        If the file is empty.
    """

    def __init__(
        self,
        path: Path,
        *,
        name: str,
        encoding: str | None = None,
        delimiter: str | None = None,
        has_header: bool = True,
    ) -> None:
        super().__init__(name)
        csv.field_size_limit(MAX_FIELD_CHARACTERS)
        with path.open("rb") as binary:
            if encoding is None:
                self._encoding = detect_encoding(binary, name)
            else:
                self._encoding = "utf-8-sig" if _is_utf8(encoding) else encoding
                bad = find_bad_bytes(chunks_of(binary), self._encoding)
                if bad is not None:
                    raise bad_bytes_error(name, encoding, bad)
            binary.seek(0)
            has_bom = binary.read(3) == b"\xef\xbb\xbf" or self._encoding == "cp1252"
        self._raw = path.open("rb", buffering=0)
        self._n_bytes = path.stat().st_size
        self._stream = io.TextIOWrapper(
            io.BufferedReader(self._raw, 1 << 18), encoding=self._encoding, newline=""
        )
        self._lines = _Lines(self._stream)
        self._width = 0  # of the header, once read
        self._n_parsed = 0
        try:
            self._dialect = self._read_dialect(delimiter, has_bom=has_bom)
            self._records = self._read_records()
            self._first = self._read_header(has_header=has_header)
        except BaseException:
            self.close()
            raise
        self._width = len(self.columns)
        if self._encoding not in ("utf-8", "utf-8-sig"):
            self.notes.append(f"read as {self._encoding}; what is written is UTF-8")

    def _read_dialect(self, delimiter: str | None, *, has_bom: bool) -> CsvDialect:
        """Look at the beginning of the file and go back to it."""
        head = self._stream.read(_HEAD_CHARACTERS)
        is_whole = len(head) < _HEAD_CHARACTERS
        self._stream.seek(0)
        if told := _SEP_LINE.match(head.split("\n", 1)[0]):
            delimiter = delimiter or told.group(1)
            next(self._lines)
        return CsvDialect(
            delimiter=delimiter or detect_delimiter(head, is_whole=is_whole),
            line_end="\r\n" if "\r\n" in head else "\n",
            has_bom=has_bom or self._encoding.startswith("utf-16"),
        )

    def _read_header(self, *, has_header: bool) -> _Record | None:
        """Name the columns; without a header the first record is given back."""
        first = next(self._records, None)
        if first is None:
            raise FormatError(f"{self.name}: the file is empty")
        line, fields, problem = first
        if not has_header:
            self.columns = unique_names([""] * len(fields))
            return first
        if problem is not None:
            raise FormatError(f"{self.name}: the header (line {line}): {problem}")
        self.columns = unique_names(fields)
        return None

    def iterate(self) -> Iterator[Row]:
        """Yield all rows."""
        names, width = self.columns, self._width
        records = self._records if self._first is None else self._with_first(self._first)
        for number, (line, fields, problem) in enumerate(records, start=1):
            self._n_parsed = number
            if len(fields) == width:
                yield Row(number, line, dict(zip(names, fields, strict=True)), problem)
                continue
            while len(fields) > width and not fields[-1]:
                fields.pop()
            wrong = f"{len(fields)} fields where the header has {width}"
            padded = (fields + [""] * width)[:width]
            yield Row(
                number,
                line,
                dict(zip(names, padded, strict=True)),
                problem or (wrong if len(fields) != width else None),
            )

    def _with_first(self, first: _Record) -> Iterator[_Record]:
        """The records of a file without header: the one that told the width comes first."""
        yield first
        yield from self._records

    def _read_records(self) -> Iterator[_Record]:
        """Yield line, fields and problem of every record that is not a blank line."""
        lines, delimiter = self._lines, self._dialect.delimiter
        reader = csv.reader(lines, delimiter=delimiter)
        while True:
            lines.begin()
            line = lines.n_read + 1
            problem = None
            try:
                fields = next(reader, None)
            except _UnclosedQuoteError:
                fields, lines.ended_inside = [], True
            except csv.Error as error:
                fields, problem = [], f"cannot be read as CSV ({error})"
                reader = csv.reader(lines, delimiter=delimiter)
            if lines.ended_inside or self._swallowed_rows(fields):
                first = lines.step_back()
                fields = next(csv.reader([first], delimiter=delimiter), [])
                problem = "a quote is opened and never closed"
                reader = csv.reader(lines, delimiter=delimiter)
            if fields is None:
                return
            if fields or problem:
                yield line, fields, problem

    def _swallowed_rows(self, fields: list[str] | None) -> bool:
        """Whether a record of a wrong width is really several rows, each as wide as the header."""
        following = self._lines.record[1:]
        if not following or not fields or len(fields) == self._width or not self._width:
            return False
        reader = csv.reader(following, delimiter=self._dialect.delimiter)
        return [len(row) for row in reader] == [self._width] * len(following)

    def expected_rows(self) -> float | None:
        """Rows read so far, extrapolated by the characters of the file."""
        width = 2 if "16" in self._encoding else 4 if "32" in self._encoding else 1
        n_read = self._lines.n_characters * width
        if self._n_parsed == 0 or n_read == 0:
            return None
        return self._n_parsed * max(1.0, self._n_bytes / n_read)

    def dialect(self) -> Mapping[str, Any]:
        """Encoding and delimiter, as detected or told."""
        return {"encoding": self._encoding, "delimiter": self._dialect.delimiter}

    @property
    def csv_dialect(self) -> CsvDialect:
        """How the file is written, for an output that is written alike."""
        return self._dialect

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def _is_utf8(encoding: str) -> bool:
    """Whether the encoding is plain UTF-8, whose byte order mark is to be skipped."""
    return encoding.lower().replace("_", "-") in ("utf-8", "utf8")


class _LineSink:
    """Takes what ``csv.writer`` writes, one record at a time, and sets the line ending.

    The writer itself always ends a record with CR LF: only then does every Python version quote
    a field that holds a lone CR or LF.
    """

    def __init__(self, line_end: str) -> None:
        self._line_end = line_end
        self._records: list[str] = []

    def write(self, record: str) -> int:
        """Keep one record."""
        self._records.append(record[:-2] + self._line_end)
        return len(record)

    def take(self) -> bytes:
        """All records since the last call, as UTF-8; lone surrogates become U+FFFD."""
        text = "".join(self._records)
        self._records = []
        try:
            return text.encode()
        except UnicodeEncodeError:
            return re.sub("[\ud800-\udfff]", "\ufffd", text).encode()


class CsvLines:
    """Turns records into lines of UTF-8 text."""

    def __init__(self, dialect: CsvDialect) -> None:
        self._has_bom = dialect.has_bom
        self._sink = _LineSink(dialect.line_end)
        self._writer = csv.writer(self._sink, delimiter=dialect.delimiter, lineterminator="\r\n")

    def head(self, columns: Sequence[str]) -> bytes:
        """The header line, with a byte order mark where the dialect has one."""
        return (b"\xef\xbb\xbf" if self._has_bom else b"") + self.lines([columns])

    def lines(self, records: Sequence[Sequence[str]]) -> bytes:
        """One line per record."""
        self._writer.writerows(records)
        return self._sink.take()
