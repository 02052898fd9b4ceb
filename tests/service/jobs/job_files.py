"""Files to send, in each format, and waiting for what becomes of them."""

from __future__ import annotations

import csv
import io
import json
import time
import zipfile
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PARQUET = "application/vnd.apache.parquet"
JSONL = "application/x-ndjson"
CSV = "text/csv"
Row = dict[str, Any]
T = TypeVar("T")

ROWS: list[Row] = [
    {"id": "a", "text": "De monteur was vriendelijk, maar te laat.", "score": 7},
    {"id": "b", "text": "Charged twice for one order.", "score": 2},
    {"id": "c", "text": "", "score": 5},
    {"id": "d", "text": "Bel mij op jan@example.com, het is te duur", "score": 3},
]


def wait_for(look: Callable[[], T], is_right: Callable[[T], bool], *, within_s: float = 60) -> T:
    """Look until it is right."""
    deadline = time.monotonic() + within_s
    while not is_right(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(0.02)
    return found


def write_csv(rows: Sequence[Row], delimiter: str = ",") -> bytes:
    stream = io.StringIO()
    writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return stream.getvalue().encode()


def write_jsonl(rows: Sequence[Row]) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def write_parquet(rows: Sequence[Row]) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    stream = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(list(rows)), stream)
    return stream.getvalue()


def write_xlsx(rows: Sequence[Row]) -> bytes:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Antwoorden"
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    book.create_sheet("Andere").append(["iets"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


WRITERS: dict[str, Callable[[Sequence[Row]], bytes]] = {
    CSV: write_csv,
    JSONL: write_jsonl,
    PARQUET: write_parquet,
    XLSX: write_xlsx,
}


def read_jsonl(content: bytes) -> list[Row]:
    return [json.loads(line) for line in content.splitlines()]


def read_csv(content: bytes) -> list[Row]:
    return list(csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline="")))


def read_parquet(content: bytes) -> list[Row]:
    import pyarrow.parquet as pq

    rows: list[Row] = pq.read_table(io.BytesIO(content)).to_pylist()
    return rows


def read_xlsx(content: bytes) -> list[Row]:
    import openpyxl

    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    assert sheet is not None
    head, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(map(str, head), row, strict=True)) for row in rows]


READERS: dict[str, Callable[[bytes], list[Row]]] = {
    CSV: read_csv,
    JSONL: read_jsonl,
    PARQUET: read_parquet,
    XLSX: read_xlsx,
}


def zip_bomb(n_bytes: int) -> bytes:
    """A workbook whose sheet unpacks to so many bytes."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("xl/worksheets/sheet1.xml", b" " * n_bytes)
    return stream.getvalue()
