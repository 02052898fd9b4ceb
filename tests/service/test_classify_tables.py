"""Whole runs of ``klantstem classify`` on tables: every format in and out, and going on."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.cli import Context, main
from service.tables.results import FLAT_COLUMNS
from tests.service.fakes_classifier import FakeClassifier

FORMATS = ("csv", "tsv", "jsonl", "xlsx", "parquet")
ADDED = [f"klantstem_{name}" for name in FLAT_COLUMNS]
TEXTS = [
    "Te duur, maar vriendelijk personeel",
    'Hij zei "nee"; en toen\nging hij weg | echt, te laat',
    "=SUM(A1:A3) is te duur",
    "Mail mij op jan@voorbeeld.nl, het pakket kwam te laat",
    "- te duur\t🙂",
    "",
    "merci",
    "...",
    "x" * 10_001,
    "polite and friendly",
]
DAY = dt.date(2025, 9, 1)
ROWS: list[dict[str, Any]] = [
    {"id": f"r{number}", "text": text, "score": number, "date": DAY, "spent": number + 0.5}
    for number, text in enumerate(TEXTS)
]


def as_text(value: Any) -> str:
    return "" if value is None else value.isoformat() if isinstance(value, dt.date) else str(value)


def write_table(path: Path, rows: list[dict[str, Any]]) -> Path:
    columns = list(rows[0])
    if path.suffix in (".csv", ".tsv"):
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream, delimiter="," if path.suffix == ".csv" else "\t")
            writer.writerow(columns)
            writer.writerows([as_text(row[column]) for column in columns] for row in rows)
    elif path.suffix == ".jsonl":
        lines = [json.dumps(row, default=str) for row in rows]
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    elif path.suffix == ".xlsx":
        book = openpyxl.Workbook(write_only=True)
        sheet = book.create_sheet("S")
        sheet.append(columns)
        for row in rows:
            cells = []
            for column in columns:
                cell: Any = openpyxl.cell.WriteOnlyCell(sheet, value=row[column])
                if isinstance(row[column], str):
                    cell.data_type = "s"
                cells.append(cell)
            sheet.append(cells)
        book.save(path)
    else:
        pq.write_table(pa.Table.from_pylist(rows), path, row_group_size=3)
    return path


def read_table(path: Path) -> list[dict[str, Any]]:
    if path.suffix in (".csv", ".tsv"):
        with path.open(newline="", encoding="utf-8-sig") as stream:
            delimiter = "," if path.suffix == ".csv" else "\t"
            return list(csv.DictReader(stream, delimiter=delimiter, strict=True))
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_bytes().splitlines()]
    if path.suffix == ".xlsx":
        sheet = openpyxl.load_workbook(path).active
        assert sheet is not None
        header, *cells = sheet.iter_rows(values_only=True)
        return [dict(zip([str(name) for name in header], row, strict=True)) for row in cells]
    table: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return table


def classify(
    *arguments: object, on_call: Callable[[int], None] | None = None, version: str = "fake-1"
) -> int:
    context = Context(
        load_classifier=lambda folder, n_threads: FakeClassifier(
            on_call=on_call, bundle_version=version
        )
    )
    return main(["classify", *map(str, arguments)], context=context)


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("output", FORMATS)
def test_every_format_becomes_every_other(tmp_path: Path, source: str, output: str) -> None:
    table = write_table(tmp_path / f"in.{source}", ROWS)
    result = tmp_path / f"out.{output}"
    assert classify(table, "-o", result, "--batch-size", 3) == 1
    found = read_table(result)
    assert len(found) == len(ROWS)
    for row, expected in zip(found, ROWS, strict=True):
        if output == "jsonl":
            assert list(row) == [*expected, "klantstem"]
            tags = row["klantstem"]
            status, topics = tags["status"], "|".join(tag["topic"] for tag in tags["topics"])
        else:
            assert list(row) == [*expected, *ADDED]
            status, topics = row["klantstem_status"], row["klantstem_topics"]
        assert as_text(row["text"]) == expected["text"]
        assert as_text(row["score"]) == as_text(expected["score"])
        assert as_text(row["date"])[:10] == "2025-09-01"
        if expected["id"] in ("r0", "r2"):
            assert (status, topics) == ("ok", "price")
        if expected["id"] in ("r5", "r6", "r7", "r8"):
            assert (
                status
                == ["empty", "other_language", "no_letters", "too_long"][int(row["id"][1]) - 5]
            )
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([table.name, result.name])


@pytest.mark.parametrize("source", ["csv", "parquet"])
@pytest.mark.parametrize("output", FORMATS)
def test_a_table_without_rows_stays_one(tmp_path: Path, source: str, output: str) -> None:
    table, result = tmp_path / f"in.{source}", tmp_path / f"out.{output}"
    if source == "csv":
        table.write_text("id,text\n")
    else:
        pq.write_table(
            pa.table({"id": pa.array([], pa.int64()), "text": pa.array([], pa.string())}), table
        )
    assert classify(table, "-o", result) == 0
    assert read_table(result) == []
    if output == "parquet":
        assert pq.read_schema(result).names == ["id", "text", *ADDED]


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    schema = pa.schema(
        [
            ("text", pa.large_string()),
            ("day", pa.date32()),
            ("at", pa.timestamp("ns", "Europe/Amsterdam")),
            ("price", pa.decimal128(10, 2)),
            ("tags", pa.list_(pa.string())),
            ("kind", pa.dictionary(pa.int8(), pa.string())),
            ("score", pa.uint8()),
        ],
        metadata={"origin": "survey"},
    )
    table = pa.table(
        [["te duur"], [DAY], [1_756_000_000_000_000_001], ["1.50"], [["a"]], ["x"], [7]],
        names=schema.names,
    )
    arrays = [
        column.combine_chunks().cast(field.type)
        if not pa.types.is_dictionary(field.type)
        else column.combine_chunks().dictionary_encode().cast(field.type)
        for column, field in zip(table.columns, schema, strict=True)
    ]
    pq.write_table(pa.Table.from_arrays(arrays, schema=schema), tmp_path / "in.parquet")
    assert classify(tmp_path / "in.parquet", "-o", tmp_path / "out.parquet") == 0
    found = pq.read_table(tmp_path / "out.parquet")
    assert found.schema.names == [*schema.names, *ADDED]
    assert [found.schema.field(name).type for name in schema.names] == schema.types
    assert found.schema.metadata[b"origin"] == b"survey"
    assert (
        found.select(schema.names).to_pydict()
        == pa.Table.from_arrays(arrays, schema=schema).to_pydict()
    )
    (segments,) = found["klantstem_segments"].to_pylist()
    assert segments[0]["topics"] == [{"topic": "price", "probability": 0.9}]


def test_numbers_and_dates_stay_what_they_are(tmp_path: Path) -> None:
    rows = [
        {"text": "te duur", "n": 1, "share": 0.5, "is_new": True, "mixed": 1, "extra": None},
        {
            "text": "te laat",
            "n": None,
            "share": 2,
            "is_new": False,
            "mixed": "a",
            "later": {"x": 1},
        },
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)))
    assert classify(tmp_path / "in.jsonl", "-o", tmp_path / "out.parquet") == 0
    schema = pq.read_schema(tmp_path / "out.parquet")
    assert {name: str(schema.field(name).type) for name in schema.names[:7]} == {
        "text": "string",
        "n": "int64",
        "share": "double",
        "is_new": "bool",
        "mixed": "string",
        "extra": "string",
        "later": "string",
    }
    write_table(tmp_path / "in.xlsx", [{"text": "te duur", "date": DAY, "n": 7, "code": "007"}])
    assert classify(tmp_path / "in.xlsx", "-o", tmp_path / "xlsx.parquet") == 0
    (row,) = pq.read_table(tmp_path / "xlsx.parquet").to_pylist()
    assert (row["date"], row["n"], row["code"]) == (DAY, 7, "007")
    assert classify(tmp_path / "in.xlsx", "-o", tmp_path / "xlsx.csv") == 0
    assert read_table(tmp_path / "xlsx.csv")[0]["date"] == "2025-09-01"


def test_csv_is_written_as_it_was_read(tmp_path: Path) -> None:
    content = "\ufeffid;tekst\r\n007;te duur\r\n"
    (tmp_path / "in.csv").write_bytes(content.encode())
    assert classify(tmp_path / "in.csv", "-o", tmp_path / "out.csv") == 0
    found = (tmp_path / "out.csv").read_bytes()
    assert found.startswith("\ufeffid;tekst;klantstem_status".encode())
    assert found.count(b"\r\n") == 2
    assert b"\r\n007;te duur;ok;" in found


def test_cells_that_begin_like_a_formula_are_guarded_in_our_columns_only(tmp_path: Path) -> None:
    table = write_table(tmp_path / "in.csv", [{"text": "=1+1 te duur", "note": "=2"}])
    assert classify(table, "-o", tmp_path / "out.csv") == 0
    (row,) = read_table(tmp_path / "out.csv")
    assert (row["text"], row["note"]) == ("=1+1 te duur", "=2")
    assert row["klantstem_text_redacted"] == "'=1+1 te duur"
    assert row["klantstem_sentiment_score"] == "-0.7512"
    assert classify(table, "-o", tmp_path / "out.xlsx") == 0
    (cells,) = read_table(tmp_path / "out.xlsx")
    assert cells["klantstem_text_redacted"] == "=1+1 te duur"


@pytest.mark.parametrize("output", FORMATS)
def test_text_column_is_replaced_only_when_asked(tmp_path: Path, output: str) -> None:
    rows = [{"id": "a", "text": "jan@voorbeeld.nl te duur"}, {"id": "b", "text": "x" * 10_001}]
    table = write_table(tmp_path / "in.parquet", rows)
    kept, replaced = tmp_path / f"kept.{output}", tmp_path / f"replaced.{output}"
    assert classify(table, "-o", kept) == 1
    assert [row["text"] for row in read_table(kept)] == [row["text"] for row in rows]
    assert classify(table, "-o", replaced, "--replace-text") == 1
    assert [row["text"] or None for row in read_table(replaced)] == ["[EMAIL] te duur", None]
    assert "voorbeeld" not in json.dumps(read_table(replaced), default=str)


def test_redaction_is_switched_off_everywhere(tmp_path: Path) -> None:
    table = write_table(tmp_path / "in.csv", [{"text": "te duur jan@voorbeeld.nl"}])
    assert classify(table, "-o", tmp_path / "out.jsonl", "--no-redact") == 0
    tags = read_table(tmp_path / "out.jsonl")[0]["klantstem"]
    assert tags["text_redacted"] is None
    assert "[EMAIL]" not in json.dumps(tags)


@pytest.mark.parametrize(
    ("source", "output"), [("csv", "csv"), ("jsonl", "jsonl"), ("jsonl", "xlsx")]
)
def test_output_of_an_earlier_run_is_classified_again_only_when_asked(
    tmp_path: Path, source: str, output: str, capsys: pytest.CaptureFixture[str]
) -> None:
    column = "klantstem" if output == "jsonl" else "klantstem_topics"
    table = write_table(tmp_path / f"in.{source}", [{"text": "te duur", column: "old", "z": "1"}])
    assert classify(table, "-o", tmp_path / f"out.{output}") == 2
    message = capsys.readouterr().err
    assert f"the input has a column '{column}' of its own" in message
    assert "--overwrite-columns" in message
    assert classify(table, "-o", tmp_path / f"out.{output}", "--overwrite-columns") == 0
    (row,) = read_table(tmp_path / f"out.{output}")
    assert list(row)[:2] == ["text", "z"]
    assert "old" not in row.values()


def test_ids_and_languages_reach_the_classifier(tmp_path: Path) -> None:
    rows = [
        {"id": 7, "text": "a", "taal": "nl-BE"},
        {"id": None, "text": "b", "taal": ""},
        {"id": "x", "text": "c", "taal": "fr"},
    ]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)))
    classifiers: list[FakeClassifier] = []

    def load(folder: Path | None, n_threads: int | None) -> FakeClassifier:
        classifiers.append(FakeClassifier())
        return classifiers[-1]

    arguments = ["classify", str(tmp_path / "in.jsonl"), "-o", str(tmp_path / "out.jsonl")]
    assert main(arguments, context=Context(load_classifier=load)) == 0
    assert [(one.id, one.language) for one in classifiers[0].seen] == [
        ("7", "nl"),
        ("2", None),
        ("x", "und"),
    ]


class Killed(BaseException):
    """Ends a run as a crash would: nothing after it gets a chance to tidy up."""


def stop_at(call: int, error: type[BaseException]) -> Callable[[int], None]:
    def on_call(number: int) -> None:
        if number == call:
            raise error

    return on_call


MANY = [
    {"id": number, "text": f"Te duur {number}, maar vriendelijk {number % 7}" if number % 5 else ""}
    for number in range(100)
]


@pytest.mark.parametrize(
    ("source", "output"), [("csv", "csv"), ("jsonl", "jsonl"), ("xlsx", "csv")]
)
@pytest.mark.parametrize("call", [1, 4, 10])
@pytest.mark.parametrize("error", [KeyboardInterrupt, Killed])
def test_a_stopped_run_goes_on_to_the_same_bytes(
    tmp_path: Path, source: str, output: str, call: int, error: type[BaseException]
) -> None:
    table = write_table(tmp_path / f"in.{source}", MANY)
    whole, resumed = tmp_path / f"whole.{output}", tmp_path / f"resumed.{output}"
    assert classify(table, "-o", whole, "--batch-size", 10) == 1
    if error is KeyboardInterrupt:
        on_call = stop_at(call, error)
        assert classify(table, "-o", resumed, "--batch-size", 10, on_call=on_call) == 130
    else:
        with pytest.raises(Killed):
            classify(table, "-o", resumed, "--batch-size", 10, on_call=stop_at(call, error))
    assert not resumed.exists()
    calls: list[int] = []
    assert classify(table, "-o", resumed, "--batch-size", 10, on_call=calls.append) == 1
    assert len(calls) == 11 - call
    assert resumed.read_bytes() == whole.read_bytes()


@pytest.mark.parametrize(
    ("source", "output"),
    [
        ("jsonl", "parquet"),
        ("jsonl", "tsv"),
        ("parquet", "parquet"),
        ("csv", "xlsx"),
        ("xlsx", "csv"),
    ],
)
def test_a_stopped_run_goes_on_to_the_same_rows(tmp_path: Path, source: str, output: str) -> None:
    table = write_table(tmp_path / f"in.{source}", MANY)
    whole, resumed = tmp_path / f"whole.{output}", tmp_path / f"resumed.{output}"
    assert classify(table, "-o", whole) == 1
    for call in (4, 3):
        on_call = stop_at(call, KeyboardInterrupt)
        assert classify(table, "-o", resumed, "--batch-size", 10, on_call=on_call) == 130
    assert classify(table, "-o", resumed, "--batch-size", 7) == 1
    assert read_table(resumed) == read_table(whole)
    assert not list(tmp_path.glob("*.partial*"))


def test_a_run_that_was_stopped_while_joining_does_not_classify_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write_table(tmp_path / "in.csv", MANY)
    output = tmp_path / "out.xlsx"

    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("service.tables.xlsx_files.XlsxWriter.close", stop)
        assert classify(table, "-o", output) == 130
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "in.csv",
        "out.xlsx.partial",
        "out.xlsx.partial.json",
    ]
    calls: list[int] = []
    capsys.readouterr()
    assert classify(table, "-o", output, on_call=calls.append) == 1
    assert calls == []
    assert len(read_table(output)) == 100
    message = capsys.readouterr().err
    assert "100 of them from an earlier run, 80 ok" in message
    assert "rows/s" not in message


def test_summary_of_a_resumed_run_counts_all_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write_table(tmp_path / "in.csv", MANY)
    arguments = (table, "-o", tmp_path / "out.csv", "--batch-size", 10)
    assert classify(*arguments, on_call=stop_at(4, KeyboardInterrupt)) == 130
    message = capsys.readouterr().err
    assert "stopped; 30 rows are saved in" in message
    assert "run the same command again to go on" in message
    assert classify(*arguments, "--resume") == 1
    message = capsys.readouterr().err
    assert "going on after the 30 rows saved in" in message
    assert "100 rows in" in message
    assert "30 of them from an earlier run, 80 ok" in message
    assert "20 empty: row 1 (line 2), row 6 (line 7), " in message


def test_another_run_does_not_go_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = write_table(tmp_path / "in.csv", MANY)
    arguments = (table, "-o", tmp_path / "out.csv", "--batch-size", 10)
    assert classify(*arguments, on_call=stop_at(4, KeyboardInterrupt)) == 130
    assert classify(*arguments, "--no-redact") == 2
    assert "redaction was True, now False" in capsys.readouterr().err
    assert classify(*arguments, version="fake-2") == 2
    assert "bundle was 'fake-1', now 'fake-2'" in capsys.readouterr().err
    table.write_text(table.read_text() + "101,te laat\n")
    assert classify(*arguments) == 2
    assert "the input file has changed" in capsys.readouterr().err
    assert classify(*arguments, "--restart") == 1
    assert len(read_table(tmp_path / "out.csv")) == 101


def test_an_input_that_changes_on_the_way_is_no_success(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    table = write_table(tmp_path / "in.csv", MANY)

    def change(number: int) -> None:
        table.write_text("text\nte laat\n")

    assert classify(table, "-o", tmp_path / "out.csv", on_call=change) == 2
    assert "the file was changed while it was read" in capsys.readouterr().err
    assert not (tmp_path / "out.csv").exists()


def test_a_full_disk_says_what_is_saved(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    table = write_table(tmp_path / "in.csv", MANY)
    arguments = (table, "-o", tmp_path / "out.csv", "--batch-size", 10)
    assert classify(*arguments, on_call=stop_at(4, KeyboardInterrupt)) == 130
    capsys.readouterr()

    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("os.fsync", refuse)
        assert classify(*arguments) == 2
    message = capsys.readouterr().err
    assert "out.csv: cannot be written (No space left on device); 30 rows are saved" in message
    assert classify(*arguments) == 1


odd_texts = st.text(
    st.sampled_from(list("ab \n\r\t\x00\x1b\"';,|=🙂é\ud800\u2028\ufeff")), min_size=1, max_size=12
)


@settings(
    max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(cells=st.lists(odd_texts, min_size=1, max_size=5), output=st.sampled_from(FORMATS))
def test_odd_texts_come_through_every_format(tmp_path: Path, cells: list[str], output: str) -> None:
    rows = [{"id": str(number), "text": cell} for number, cell in enumerate(cells)]
    (tmp_path / "in.jsonl").write_text("\n".join(map(json.dumps, rows)))
    result = tmp_path / f"out.{output}"
    status = classify(
        tmp_path / "in.jsonl", "-o", result, "--force", "--text-column", "text", "--quiet"
    )
    assert status in (0, 1)
    if output == "jsonl":
        found = [row["text"] for row in read_table(result)]
    else:
        assert classify(
            result,
            "-o",
            tmp_path / "back.jsonl",
            "--force",
            "-q",
            "--text-column",
            "text",
            "--overwrite-columns",
        ) in (0, 1)
        back = [json.loads(line) for line in (tmp_path / "back.jsonl").read_bytes().splitlines()]
        found = [row["text"] for row in back]
        cells = [cell.replace("\ud800", "\ufffd") for cell in cells]
    assert found == cells
