from __future__ import annotations

import io
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.tables.errors import EncodingError
from service.tables.jsonl_files import JsonlReader, json_line
from service.tables.rows import Row


def read(content: bytes, encoding: str | None = None) -> list[Row]:
    with JsonlReader(io.BytesIO(content), name="a.jsonl", encoding=encoding) as reader:
        return [row for batch in reader.batches(batch_size=2) for row in batch.rows]


def test_reader_keeps_values_and_order_of_keys() -> None:
    (row,) = read(b'{"z": 1, "text": "goed", "a": {"deep": [1, null]}}\n')
    assert list(row.values) == ["z", "text", "a"]
    assert row.values["a"] == {"deep": [1, None]}


def test_reader_fails_broken_lines_alone() -> None:
    content = b'{"text": "a"}\n\n{"text": \n[1]\n"x"\n{"text": "\xff"}\n{"text": "b"}'
    rows = read(content)
    assert [(row.number, row.line, row.problem) for row in rows] == [
        (1, 1, None),
        (2, 3, "no valid JSON at character 11 of the line"),
        (3, 4, "a JSON list where an object is expected"),
        (4, 5, "a JSON string where an object is expected"),
        (5, 6, "not valid UTF-8 at byte 10 of the line; --encoding names another"),
        (6, 7, None),
    ]


def test_reader_fails_lines_that_are_too_long_or_too_deep(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.tables.jsonl_files.MAX_LINE_BYTES", 200_000)
    long = json.dumps({"text": "x" * 500_000}).encode()
    deep = b'{"a":' * 90_000
    number = b'{"a": ' + b"1" * 5_000 + b"}"
    rows = read(b"\n".join([long, deep, number, b'{"text": "goed"}']))
    assert [row.problem is None for row in rows] == [False, False, False, True]
    assert rows[-1].values == {"text": "goed"}
    assert "200000 bytes" in (rows[0].problem or "")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
def test_reader_reads_other_encodings(encoding: str) -> None:
    content = '{"text": "één"}\r\n{"text": "twee"}\n'.encode(encoding)
    told = "cp1252" if encoding == "cp1252" else None
    assert [row.values["text"] for row in read(content, told)] == ["één", "twee"]


def test_reader_refuses_an_unknown_encoding() -> None:
    with pytest.raises(EncodingError, match="no encoding is called"):
        read(b"{}", "klingon")


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=()) | st.sampled_from('\x00\ud800\n"\\🙂')),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.text(), json_values, max_size=4))
def test_any_object_comes_back_as_it_was_written(record: dict[str, object]) -> None:
    line = json_line(record)
    assert line.count(b"\n") == 1
    (row,) = read(line)
    assert row.problem is None
    assert row.values == record


def test_numbers_that_json_lacks_become_null() -> None:
    record = {"a": float("nan"), "b": [float("inf"), {"c": float("-inf")}], "d": 1.5}
    assert json.loads(json_line(record)) == {"a": None, "b": [None, {"c": None}], "d": 1.5}
