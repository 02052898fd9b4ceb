"""JSON Lines: one object a line."""

from __future__ import annotations

import codecs
import io
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from service.tables.cells import json_value
from service.tables.encoding import encoding_of_head
from service.tables.errors import EncodingError
from service.tables.rows import SAMPLE_ROWS, Row, TableReader

MAX_LINE_BYTES = 1 << 24
"""A longer line is an error of its row."""


class JsonlReader(TableReader):
    """Reads JSON Lines from a file or a pipe.

    A line that is no JSON object, or no valid text, has a ``problem``; blank lines are left out.
    ``columns`` holds the keys of the first rows, in order of appearance.

    Parameters
    ----------
    stream : binary file
        Need not be seekable.
    name : str
        File name for messages.
    n_bytes : int, optional
        Size of the file, where known.
    encoding : str, optional
        Default: by the byte order mark, else UTF-8.
    """

    has_fixed_columns = False

    def __init__(
        self,
        stream: BinaryIO,
        *,
        name: str,
        n_bytes: int | None = None,
        encoding: str | None = None,
    ) -> None:
        super().__init__(name)
        self._stream = stream
        self._n_bytes = n_bytes
        self._n_read = self._n_parsed = 0
        self._encoding = encoding
        try:
            if encoding is not None:
                codecs.lookup(encoding)
            head = self.sample(SAMPLE_ROWS)
        except LookupError:
            self.close()
            raise EncodingError(
                f"no encoding is called {encoding!r}; try utf-8 or cp1252"
            ) from None
        except BaseException:
            self.close()
            raise
        self.columns = tuple(dict.fromkeys(key for row in head for key in row.values))

    def iterate(self) -> Iterator[Row]:
        """Yield all rows."""
        number = 0
        for line, raw in enumerate(self._read_lines(), start=1):
            if not raw or raw.isspace():
                continue
            number += 1
            self._n_parsed = number
            values, problem = parse_object(raw)
            is_kept = problem is not None and len(raw) <= MAX_LINE_BYTES
            text = raw.decode("utf-8", "replace").rstrip("\r\n") if is_kept else None
            yield Row(number, line, values, problem, text)

    def _read_lines(self) -> Iterator[bytes]:
        """Yield the lines as UTF-8; one that cannot be decoded or is too long is left broken."""
        first = self._stream.readline(MAX_LINE_BYTES + 1)
        encoding = self._encoding or encoding_of_head(first)
        if encoding.lower() in ("utf-8", "utf8", "utf-8-sig", "utf_8"):
            yield from self._read_utf8(first.removeprefix(codecs.BOM_UTF8))
            return
        decoder = codecs.getincrementaldecoder(encoding)("replace")
        pending = io.StringIO()
        chunk = first
        while True:
            self._n_read += len(chunk)
            *whole, rest = decoder.decode(chunk, final=not chunk).split("\n")
            for part in whole:
                yield (pending.getvalue() + part).encode("utf-8", "replace")
                pending = io.StringIO()
            pending.write(rest)
            if not chunk:
                break
            chunk = self._stream.read(1 << 16)
        yield pending.getvalue().encode("utf-8", "replace")

    def _read_utf8(self, first: bytes) -> Iterator[bytes]:
        """Yield the lines of a UTF-8 file; of a line that is too long only the beginning."""
        line = first
        while line:
            self._n_read += len(line)
            if len(line) > MAX_LINE_BYTES:
                yield line
                while line and not line.endswith(b"\n"):
                    line = self._stream.readline(MAX_LINE_BYTES)
                    self._n_read += len(line)
            else:
                yield line
            line = self._stream.readline(MAX_LINE_BYTES + 1)

    def expected_rows(self) -> float | None:
        """Rows read so far, extrapolated by the bytes of the file, where its size is known."""
        if not (self._n_bytes and self._n_read):
            return None
        return self._n_parsed * max(1.0, self._n_bytes / self._n_read)

    def dialect(self) -> Mapping[str, Any]:
        """The encoding that was asked for."""
        return {"encoding": self._encoding}

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def parse_object(raw: bytes) -> tuple[dict[str, Any], str | None]:
    """Read one line; the second value says what is wrong with it, without quoting it.

    Examples
    --------
    >>> parse_object(b'{"text": "goed"}')
    ({'text': 'goed'}, None)
    >>> parse_object(b"[1]")
    ({}, 'a JSON list where an object is expected')
    """
    if len(raw) > MAX_LINE_BYTES:
        return {}, f"the line has more than {MAX_LINE_BYTES} bytes"
    try:
        value = json.loads(raw)
    except UnicodeDecodeError as error:
        return {}, f"not valid UTF-8 at byte {error.start} of the line; --encoding names another"
    except json.JSONDecodeError as error:
        return {}, f"no valid JSON at character {error.pos + 1} of the line"
    except (RecursionError, ValueError):
        return {}, "no usable JSON: nested too deeply, or a number with too many digits"
    if isinstance(value, dict):
        return value, None
    kind = {list: "list", str: "string", type(None): "null"}.get(type(value), "number")
    return {}, f"a JSON {kind} where an object is expected"


_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, default=json_value)
_ASCII_ENCODER = json.JSONEncoder(ensure_ascii=True, allow_nan=False, default=json_value)


def json_line(record: Mapping[str, Any]) -> bytes:
    r"""Write one object as a line of UTF-8.

    NaN and infinite numbers become null, as JSON has none; lone surrogates are escaped.

    Examples
    --------
    >>> json_line({"text": "één", "score": float("nan")})
    b'{"text": "\xc3\xa9\xc3\xa9n", "score": null}\n'
    """
    try:
        text = _ENCODER.encode(record)
    except ValueError:
        record = _finite(record)
        text = _ENCODER.encode(record)
    try:
        return text.encode() + b"\n"
    except UnicodeEncodeError:
        return _ASCII_ENCODER.encode(record).encode() + b"\n"


def _finite(value: Any) -> Any:
    """The same value with None for NaN and infinity, at any depth."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(part) for part in value]
    return value
