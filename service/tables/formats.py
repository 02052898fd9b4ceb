"""The formats of tables: by the name of a file, or by its first bytes."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path

from service.tables.errors import FormatError


class Format(StrEnum):
    """A format that tables are read from and written to."""

    CSV = "csv"
    TSV = "tsv"
    JSONL = "jsonl"
    XLSX = "xlsx"
    PARQUET = "parquet"

    @property
    def is_delimited(self) -> bool:
        """Whether it is text with a delimiter."""
        return self in (Format.CSV, Format.TSV)

    @property
    def is_binary(self) -> bool:
        """Whether a person cannot read it in a terminal."""
        return self in (Format.XLSX, Format.PARQUET)


FORMATS = tuple(one.value for one in Format)

BY_SUFFIX = {
    ".csv": Format.CSV,
    ".tsv": Format.TSV,
    ".tab": Format.TSV,
    ".jsonl": Format.JSONL,
    ".ndjson": Format.JSONL,
    ".xlsx": Format.XLSX,
    ".xlsm": Format.XLSX,
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
}
_ADVICE = {
    ".xls": "save it as .xlsx",
    ".xlsb": "save it as .xlsx",
    ".ods": "save it as .xlsx",
    ".json": "write one object a line (.jsonl), for instance with: jq -c '.[]'",
    ".txt": "name the format with --input-format csv (or tsv, jsonl)",
    ".gz": "unpack it first, or pipe it: gunzip -c FILE | klantstem classify -",
    ".zip": "unpack it first",
}


def format_of(path: Path, *, is_output: bool = False) -> Format:
    """Tell the format by the extension.

    Raises
    ------
    FormatError
        If the extension is none of those known; the message says what to do.
    """
    suffix = path.suffix.lower()
    if is_output and suffix == ".xlsm":
        raise FormatError(f"{path.name}: workbooks with macros cannot be written; use .xlsx")
    if suffix in BY_SUFFIX:
        return BY_SUFFIX[suffix]
    option = "--output-format" if is_output else "--input-format"
    advice = "" if is_output else _ADVICE.get(suffix, "")
    raise FormatError(
        f"{path.name}: the extension {suffix or '(none)'} does not tell the format; "
        f"known are {', '.join(BY_SUFFIX)}; " + (advice or f"or name it with {option}")
    )


def sniff_format(head: bytes) -> Format | None:
    """Tell the format by the first bytes; None means that it is some other text."""
    if head.startswith(b"PAR1"):
        return Format.PARQUET
    if head.startswith(b"PK\x03\x04"):
        return Format.XLSX
    if head.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"{":
        return Format.JSONL
    return None


def check_magic(name: str, head: bytes, expected: Format) -> None:
    """Refuse a file whose content is plainly of another format than ``expected``."""
    if head.startswith(b"\xd0\xcf\x11\xe0"):
        raise FormatError(
            f"{name}: an old Excel file (.xls) or a workbook with a password; "
            "save it as .xlsx without a password"
        )
    if head.startswith(b"\x1f\x8b"):
        raise FormatError(f"{name}: a gzip file by its content; {_ADVICE['.gz']}")
    found = sniff_format(head)
    is_other_binary = found is not None and found.is_binary and found is not expected
    if expected.is_binary and found is not expected:
        raise FormatError(f"{name}: no {expected.value} file by its content")
    if is_other_binary:
        raise FormatError(
            f"{name}: a {found} file by its content; rename it or give --input-format {found}"
        )
