"""Find the encoding of a text file and the first bytes that are no text in it."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from service.tables.errors import EncodingError

_CHUNK = 1 << 20
_MUCH_RARER = 10  # Windows-1252 text is seldom valid UTF-8 by chance
_BOMS = (  # UTF-32 before UTF-16: its mark begins with the same two bytes
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class BadBytes:
    """Place of the first bytes that cannot be decoded: offset from 0, line from 1."""

    offset: int
    line: int


def chunks_of(stream: BinaryIO) -> Iterator[bytes]:
    """Read a stream to its end, piece by piece."""
    while chunk := stream.read(_CHUNK):
        yield chunk


def find_bad_bytes(chunks: Iterable[bytes], encoding: str) -> BadBytes | None:
    """Find the first bytes that are no text in ``encoding``, in constant memory.

    Raises
    ------
    EncodingError
        If no such encoding is known.
    """
    try:
        decoder = codecs.getincrementaldecoder(encoding)()
    except LookupError:
        raise EncodingError(f"no encoding is called {encoding!r}; try utf-8 or cp1252") from None
    n_read = n_lines = 0
    for chunk in with_end(chunks):
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            offset = max(0, n_read - pending + error.start)
            n_lines += chunk[: max(0, error.start - pending)].count(b"\n")
            return BadBytes(offset=offset, line=n_lines + 1)
        n_read += len(chunk)
        n_lines += text.count("\n")
    return None


def with_end(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """The chunks and an empty one, which ends the decoding."""
    yield from (chunk for chunk in chunks if chunk)
    yield b""


def detect_encoding(stream: BinaryIO, name: str) -> str:
    """Tell the encoding of a whole file: UTF-8, UTF-16 or Windows-1252.

    A byte order mark decides; else zero bytes in every other place mean UTF-16; else UTF-8 where
    all of it is valid; else Windows-1252, as Western European spreadsheets write it, unless too
    many of its characters are valid UTF-8: then it is a broken UTF-8 file.

    Parameters
    ----------
    stream : binary file
        Read to its end.
    name : str
        File name for messages.

    Raises
    ------
    EncodingError
        If the file is neither; the message names the byte, the line and the option to use.
    """
    head = stream.read(_CHUNK)
    encoding = encoding_of_head(head)
    bad = find_bad_bytes(_all_of(head, stream), encoding)
    if bad is None:
        return encoding
    if encoding == "utf-8":
        stream.seek(0)
        n_wide, n_bad = _count_utf8(chunks_of(stream))
        stream.seek(0)
        if n_bad > _MUCH_RARER * n_wide and find_bad_bytes(chunks_of(stream), "cp1252") is None:
            return "cp1252"
    raise bad_bytes_error(name, encoding, bad)


def bad_bytes_error(name: str, encoding: str, bad: BadBytes) -> EncodingError:
    """Say where a file stops being text and what to do; other encodings than the one tried."""
    tried = codecs.lookup(encoding).name.removesuffix("-sig")
    others = [other for other in ("utf-8", "cp1252", "latin-1") if other != tried]
    return EncodingError(
        f"{name}: not valid {'UTF-8' if tried == 'utf-8' else encoding} at byte {bad.offset} "
        f"(line {bad.line}), so no row was read; name its encoding: --encoding "
        f"{' or '.join(others[:2])}; a file that mixes encodings must be mended first, or is read "
        "so with some letters wrong"
    )


def encoding_of_head(head: bytes) -> str:
    """Tell the encoding by a byte order mark or zero bytes; else ``utf-8``."""
    for mark, encoding in _BOMS:
        if head.startswith(mark):
            return encoding
    start = head[:4096]
    if len(start) >= 4:
        half = len(start) // 2
        if start[1::2].count(0) > 0.6 * half and start[0::2].count(0) < 0.1 * half:
            return "utf-16-le"
        if start[0::2].count(0) > 0.6 * half and start[1::2].count(0) < 0.1 * half:
            return "utf-16-be"
    return "utf-8"


def _all_of(head: bytes, stream: BinaryIO) -> Iterator[bytes]:
    """The piece already read, then the rest."""
    yield head
    yield from chunks_of(stream)


def _count_utf8(chunks: Iterable[bytes]) -> tuple[int, int]:
    """Count characters above ASCII that are valid UTF-8, and bytes that are not."""
    decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
    n_wide = n_bad = 0
    for chunk in with_end(chunks):
        if chunk and chunk.isascii() and not decoder.getstate()[0]:
            continue
        wide = [
            character for character in decoder.decode(chunk, final=not chunk) if character > "\x7f"
        ]
        bad = sum("\udc80" <= character <= "\udcff" for character in wide)
        n_bad += bad
        n_wide += len(wide) - bad
    return n_wide, n_bad
