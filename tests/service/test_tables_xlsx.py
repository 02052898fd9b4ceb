from __future__ import annotations

import datetime as dt
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.tables.errors import FormatError, OutputError
from service.tables.rows import Row
from service.tables.xlsx_files import MAX_CELL_CHARACTERS, XlsxReader, XlsxWriter


def make_book(path: Path, sheets: dict[str, list[list[Any]]]) -> Path:
    book = openpyxl.Workbook(write_only=True)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def read(path: Path, **options: Any) -> tuple[tuple[str, ...], list[Row], list[str]]:
    with XlsxReader(path, name=path.name, **options) as reader:
        rows = [row for batch in reader.batches(batch_size=2) for row in batch.rows]
        return reader.columns, rows, reader.notes


def test_reader_keeps_the_types_of_cells(tmp_path: Path) -> None:
    values = ["goed", 7, 7.5, True, dt.date(2025, 9, 1), dt.datetime(2025, 9, 1, 10, 30), None]
    path = make_book(tmp_path / "a.xlsx", {"S": [list("abcdefg"), values]})
    columns, rows, notes = read(path)
    assert columns == tuple("abcdefg")
    assert list(rows[0].values.values()) == values
    assert not notes


def test_reader_picks_the_first_visible_sheet_and_says_so(tmp_path: Path) -> None:
    path = make_book(tmp_path / "a.xlsx", {"Een": [["text"], ["a"]], "Twee": [["text"], ["b"]]})
    assert [row.values["text"] for row in read(path)[1]] == ["a"]
    assert read(path)[2] == ["sheet 'Een' is read, not 'Twee'; --sheet names another"]
    for sheet in ("Twee", "2"):
        assert [row.values["text"] for row in read(path, sheet=sheet)[1]] == ["b"]
    with pytest.raises(FormatError, match="there is no sheet 'Drie'; there are 'Een', 'Twee'"):
        read(path, sheet="Drie")


def test_reader_leaves_out_blank_rows_at_the_end_and_keeps_those_between(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        [],
        ["text", "score"],
        ["a", 1],
        [None, None],
        ["b", 2],
        [],
        [None, ""],
        [],
    ]
    _, found, _ = read(make_book(tmp_path / "a.xlsx", {"S": rows}))
    assert [(row.number, row.line, row.values["text"]) for row in found] == [
        (1, 3, "a"),
        (2, 4, None),
        (3, 5, "b"),
    ]


def test_reader_fails_rows_with_cells_beyond_the_header_alone(tmp_path: Path) -> None:
    rows: list[list[Any]] = [["id", "text"], [1, "a", "stray"], [2, "b"]]
    _, found, _ = read(make_book(tmp_path / "a.xlsx", {"S": rows}))
    assert [row.problem for row in found] == ["cells beyond the 2 columns of the header", None]


def test_reader_without_header_numbers_the_columns(tmp_path: Path) -> None:
    path = make_book(tmp_path / "a.xlsx", {"S": [[1, "a"], [2, "b"]]})
    columns, rows, _ = read(path, has_header=False)
    assert columns == ("column_1", "column_2")
    assert [row.values["column_2"] for row in rows] == ["a", "b"]


@pytest.mark.parametrize("content", [b"PK\x03\x04 and no more", b"not a workbook"])
def test_reader_refuses_what_is_no_workbook(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.xlsx"
    path.write_bytes(content)
    with pytest.raises(FormatError, match=r"a\.xlsx: not a readable Excel workbook"):
        read(path)


def test_reader_refuses_an_archive_without_workbook_and_an_empty_sheet(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("a.txt", "no workbook")
    with pytest.raises(FormatError, match="not a readable Excel workbook"):
        read(tmp_path / "a.xlsx")
    with pytest.raises(FormatError, match="sheet 'S' is empty"):
        read(make_book(tmp_path / "b.xlsx", {"S": []}))


def test_reader_names_the_row_after_which_a_sheet_is_damaged(tmp_path: Path) -> None:
    whole = make_book(tmp_path / "a.xlsx", {"S": [["text"], ["a"], ["b"]]})
    broken = tmp_path / "b.xlsx"
    with zipfile.ZipFile(whole) as source, zipfile.ZipFile(broken, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            target.writestr(name, content[:-60] if name.endswith("sheet1.xml") else content)
    with pytest.raises(FormatError, match="sheet 'S' is damaged after line"):
        read(broken)


def write(path: Path, columns: list[str], records: list[list[Any]]) -> XlsxWriter:
    writer = XlsxWriter(path, columns, folder=path.parent)
    writer.write(records)
    writer.close()
    return writer


def test_writer_never_writes_a_formula(tmp_path: Path) -> None:
    texts = ["=1+1", "+31", "-", "@cmd", "https://example.com", "007", "{=1}"]
    write(tmp_path / "a.xlsx", ["text"], [[text] for text in texts])
    sheet = openpyxl.load_workbook(tmp_path / "a.xlsx").active
    assert sheet is not None
    cells = [row[0] for row in sheet.iter_rows(min_row=2)]
    assert [cell.value for cell in cells] == texts
    assert {cell.data_type for cell in cells} == {"s"}


def test_writer_keeps_what_excel_would_round_or_refuse_as_text(tmp_path: Path) -> None:
    values = [10**16, 123456789012345, float("nan"), dt.date(1850, 1, 1), {"a": 1}, None]
    write(tmp_path / "a.xlsx", list("abcdef"), [values])
    _, (row,), _ = read(tmp_path / "a.xlsx")
    assert list(row.values.values()) == [
        "10000000000000000",
        123456789012345,
        None,
        "1850-01-01",
        '{"a": 1}',
        None,
    ]


def test_writer_cuts_cells_that_are_too_long_and_counts_them(tmp_path: Path) -> None:
    writer = write(tmp_path / "a.xlsx", ["text"], [["x" * 40_000], ["y"]])
    _, rows, _ = read(tmp_path / "a.xlsx")
    assert len(rows[0].values["text"]) == MAX_CELL_CHARACTERS
    assert writer.n_cut == 1


def test_writer_refuses_more_rows_than_a_sheet_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.tables.xlsx_files.MAX_ROWS", 2)
    writer = XlsxWriter(tmp_path / "a.xlsx", ["text"], folder=tmp_path)
    with pytest.raises(OutputError, match=r"at most 2 rows; choose \.csv or \.parquet"):
        writer.write([["a"], ["b"], ["c"]])
    writer.abandon()


values = st.one_of(
    st.text(
        st.characters(codec="utf-8") | st.sampled_from("\x00\x0b\r\n_x0041_\ufffe🙂"), min_size=1
    ),
    st.integers(-(10**14), 10**14),
    st.floats(allow_nan=False, allow_infinity=False).filter(
        lambda number: 1e-9 < abs(number) < 1e9
    ),
    st.booleans(),
    st.dates(dt.date(1901, 1, 1), dt.date(2100, 1, 1)),
)


@settings(
    max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.lists(st.tuples(values, values), min_size=1, max_size=4))
def test_any_cell_comes_back_as_it_was_written(
    tmp_path: Path, cells: list[tuple[Any, Any]]
) -> None:
    write(tmp_path / "a.xlsx", ["a", "b"], [list(record) for record in cells])
    _, rows, _ = read(tmp_path / "a.xlsx")
    found = [(row.values["a"], row.values["b"]) for row in rows]
    assert [tuple(map(type, record)) for record in found] == [
        tuple(int if isinstance(v, float) and v == int(v) else type(v) for v in record)
        for record in cells
    ]
    for record, other in zip(found, cells, strict=True):
        for value, expected in zip(record, other, strict=True):
            if isinstance(expected, float):
                assert value == pytest.approx(expected, rel=1e-15)
            else:
                assert value == expected
