import json
from pathlib import Path
from typing import Any

import pytest

from training.labelled import (
    LabelledDataError,
    LabelledSegment,
    Labels,
    parse_row,
    read_corpus,
    read_jsonl,
    read_rows,
)

ROW: dict[str, Any] = {
    "id": "energy-nl-001",
    "text": "Goed geholpen, maar te duur 👎",
    "lang": "nl",
    "variety": "nl-BE",
    "sector": "energy",
    "story": "energy-s01",
    "sentiment": "mixed",
    "topics": ["price", "staff_attitude"],
    "department": "board",
    "department_2": "hr",
    "segments": [
        {
            "start": 15,
            "end": 29,
            "sentiment": "negative",
            "topics": ["price"],
            "department": "board",
        }
    ],
    "split": "validation",
    "batch": "01-energy",
}


def write_lines(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_parse_row_keeps_every_field() -> None:
    row = parse_row(ROW)
    assert row.labels == Labels("mixed", ("price", "staff_attitude"), "board", "hr")
    labels = Labels("negative", ("price",), "board", None)
    assert row.segments == (LabelledSegment(start=15, end=29, labels=labels),)
    assert row.text[15:29] == "maar te duur 👎"
    for name in ("id", "text", "lang", "variety", "sector", "story", "split", "batch"):
        assert getattr(row, name) == ROW[name]


def test_parse_row_fills_what_is_optional() -> None:
    needed = ("id", "text", "lang", "sentiment", "topics", "department")
    row = parse_row({key: ROW[key] for key in needed})
    assert (row.story, row.split, row.segments) == ("energy-nl-001", "train", ())
    assert row.labels.department_2 is None


def test_parse_row_takes_domain_for_sector() -> None:
    entry = {key: value for key, value in ROW.items() if key != "sector"}
    assert parse_row({**entry, "domain": "bank"}).sector == "bank"


def test_read_jsonl_counts_blank_lines(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", '{"id": 1}', "", '{"id": 2}')
    assert list(read_jsonl(path)) == [(1, {"id": 1}), (3, {"id": 2})]


@pytest.mark.parametrize("line", ["{", "[1]", '"text"'])
def test_read_jsonl_names_the_line_that_is_no_object(tmp_path: Path, line: str) -> None:
    path = write_lines(tmp_path / "a.jsonl", "{}", line)
    with pytest.raises(LabelledDataError, match=r"a\.jsonl:2: not (a )?JSON"):
        list(read_jsonl(path))


@pytest.mark.parametrize("field", ["id", "text", "lang", "sentiment", "topics", "department"])
def test_read_rows_names_the_missing_field(tmp_path: Path, field: str) -> None:
    entry = {key: value for key, value in ROW.items() if key != field}
    path = write_lines(tmp_path / "a.jsonl", json.dumps(ROW), json.dumps(entry))
    with pytest.raises(LabelledDataError, match=rf"a\.jsonl:2: field '{field}'"):
        read_rows([path])


def test_read_corpus_reads_files_by_name(tmp_path: Path) -> None:
    write_lines(tmp_path / "b.jsonl", json.dumps({**ROW, "id": "2"}))
    write_lines(tmp_path / "a.jsonl", json.dumps({**ROW, "id": "1"}), "")
    write_lines(tmp_path / "notes.txt", "no rows")
    assert [row.id for row in read_corpus(tmp_path)] == ["1", "2"]
