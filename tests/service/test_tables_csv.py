from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from service.tables.csv_files import MAX_RECORD_LINES, CsvDialect, CsvLines, CsvReader
from service.tables.errors import EncodingError, FormatError
from service.tables.rows import Row


def write(path: Path, content: str | bytes, encoding: str = "utf-8") -> Path:
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def read(path: Path, **options: object) -> tuple[tuple[str, ...], list[Row]]:
    with CsvReader(path, name=path.name, **options) as reader:  # type: ignore[arg-type]
        rows = [row for batch in reader.batches(batch_size=2) for row in batch.rows]
        return reader.columns, rows


def problems(rows: list[Row]) -> dict[int, str]:
    return {row.number: row.problem for row in rows if row.problem}


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_reader_detects_delimiter_and_line_end(
    tmp_path: Path, delimiter: str, line_end: str
) -> None:
    records = [
        ["id", "tekst", "score"],
        ["1", '"Goed, maar; duur | ""punt"""', "7"],
        ["2", '"twee\nregels"', "3"],
    ]
    content = line_end.join(delimiter.join(record) for record in records) + line_end
    columns, rows = read(write(tmp_path / "a.csv", content))
    assert columns == ("id", "tekst", "score")
    assert [row.values["tekst"] for row in rows] == ['Goed, maar; duur | "punt"', "twee\nregels"]


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("tekst;é\nreünie;ja\n", "utf-8"),
        ("tekst;é\nreünie;ja\n", "utf-8-sig"),
        ("tekst;é\nreünie;ja\n", "cp1252"),
        ("tekst;é\nreünie – €5;ja\n", "cp1252"),
        ("tekst;é\nreünie;ja\n", "utf-16"),
        ("tekst;é\nreünie;ja\n", "utf-16-le"),
        ("tekst;é\nreünie;ja\n", "utf-16-be"),
    ],
)
def test_reader_detects_encoding(tmp_path: Path, content: str, encoding: str) -> None:
    columns, rows = read(write(tmp_path / "a.csv", content, encoding))
    assert columns == ("tekst", "é")
    assert f"{rows[0].values['tekst']};" in content


def test_reader_detects_encoding_far_into_the_file(tmp_path: Path) -> None:
    content = b"text,score\n" + (b"plain " * 100 + b",1\n") * 2_000 + "één,2\n".encode("cp1252")
    _, rows = read(write(tmp_path / "a.csv", content))
    assert rows[-1].values["text"] == "één"


def test_reader_names_the_byte_that_is_no_text(tmp_path: Path) -> None:
    content = "text,score\né,1\né,2\n".encode() + b"\xff,3\n"
    with pytest.raises(EncodingError, match=r"a\.csv: not valid UTF-8 at byte 21 \(line 4\)"):
        read(write(tmp_path / "a.csv", content))


def test_reader_names_the_byte_that_is_not_of_the_encoding_told(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", b"text,score\nabc\xe9,1\n")
    with pytest.raises(EncodingError, match=r"byte 14 \(line 2\).*--encoding cp1252"):
        read(path, encoding="utf-8")
    with pytest.raises(EncodingError, match="no encoding is called 'utf-9'"):
        read(path, encoding="utf-9")
    assert read(path, encoding="latin-1")[1][0].values["text"] == "abcé"


@pytest.mark.parametrize(
    ("encoding", "advice"),
    [
        (None, "--encoding cp1252 or latin-1;"),
        ("UTF_8", "--encoding cp1252 or latin-1;"),
        ("windows-1252", "--encoding utf-8 or latin-1;"),
        ("ascii", "--encoding utf-8 or cp1252;"),
    ],
)
def test_an_encoding_that_was_tried_is_not_recommended(
    tmp_path: Path, encoding: str | None, advice: str
) -> None:
    path = write(tmp_path / "a.csv", "text\né\n".encode() + b"\xe9\x81\n")
    with pytest.raises(EncodingError) as caught:
        read(path, encoding=encoding)
    assert advice in str(caught.value)
    assert "a file that mixes encodings must be mended" in str(caught.value)


def test_reader_fails_rows_of_a_wrong_width_alone(tmp_path: Path) -> None:
    content = "id,text,score\n1,goed,7\n2,slecht\n3,te,veel,velden\n\n4,prima,8,\n5,ok,6\n"
    _, rows = read(write(tmp_path / "a.csv", content))
    assert problems(rows) == {
        2: "2 fields where the header has 3",
        3: "4 fields where the header has 3",
    }
    assert [row.line for row in rows] == [2, 3, 4, 6, 7]
    assert rows[1].values == {"id": "2", "text": "slecht", "score": ""}


@pytest.mark.parametrize("n_after", [3, MAX_RECORD_LINES + 10])
def test_reader_goes_on_after_a_quote_that_is_never_closed(tmp_path: Path, n_after: int) -> None:
    content = 'id,text\n1,goed\n2,"open\n' + "".join(f"{n},goed\n" for n in range(3, 3 + n_after))
    _, rows = read(write(tmp_path / "a.csv", content))
    assert problems(rows) == {2: "a quote is opened and never closed"}
    assert len(rows) == 2 + n_after
    assert rows[2].values == {"id": "3", "text": "goed"}
    assert rows[2].line == 4


def test_reader_goes_on_after_a_quote_that_a_later_row_closes(tmp_path: Path) -> None:
    content = 'id,text,score\n1,"open,2\n2,goed,3\n3,"goed, maar duur",4\n4,ok,5\n'
    _, rows = read(write(tmp_path / "a.csv", content))
    assert [row.values["id"] for row in rows] == ["1", "2", "3", "4"]
    assert list(problems(rows)) == [1]


def test_reader_takes_a_field_that_is_too_long_as_a_problem_of_its_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.tables.csv_files.MAX_FIELD_CHARACTERS", 1_000)
    content = f"id,text\n1,{'x' * 2_000}\n2,goed\n"
    try:
        _, rows = read(write(tmp_path / "a.csv", content))
    finally:
        csv.field_size_limit(1 << 24)
    assert list(problems(rows)) == [1]
    assert rows[1].values == {"id": "2", "text": "goed"}


def test_reader_obeys_the_separator_line_of_excel(tmp_path: Path) -> None:
    columns, rows = read(write(tmp_path / "a.csv", "sep=;\r\nid;text\r\n1;a,b,c\r\n"))
    assert columns == ("id", "text")
    assert (rows[0].values["text"], rows[0].line) == ("a,b,c", 3)


def test_reader_without_header_numbers_the_columns(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "1,goed\n2,slecht\n")
    columns, rows = read(path, has_header=False)
    assert columns == ("column_1", "column_2")
    assert [row.values["column_2"] for row in rows] == ["goed", "slecht"]
    assert [row.number for row in rows] == [1, 2]


def test_reader_gives_equal_and_empty_names_apart(tmp_path: Path) -> None:
    columns, _ = read(write(tmp_path / "a.csv", "text,score,score,,score_2\n"))
    assert columns == ("text", "score", "score_3", "column_4", "score_2")


def test_reader_keeps_texts_of_a_table_of_one_column_whole(tmp_path: Path) -> None:
    _, rows = read(
        write(tmp_path / "a.csv", "text\ngoed, maar duur; echt\nprima\nte laat, slecht\n")
    )
    assert [row.values["text"] for row in rows] == [
        "goed, maar duur; echt",
        "prima",
        "te laat, slecht",
    ]
    assert not problems(rows)


def test_reader_refuses_an_empty_file(tmp_path: Path) -> None:
    with pytest.raises(FormatError, match="the file is empty"):
        read(write(tmp_path / "a.csv", b"\xef\xbb\xbf\r\n\r\n"))


def test_reader_goes_on_after_skipped_rows(tmp_path: Path) -> None:
    content = "text\n" + "".join(f"row {number}\n" for number in range(1, 11))
    with CsvReader(write(tmp_path / "a.csv", content), name="a.csv") as reader:
        reader.sample(3)
        (first, *_) = reader.batches(batch_size=4, skip=5)
    assert [row.values["text"] for row in first.rows] == ["row 6", "row 7", "row 8", "row 9"]
    assert first.rows[0].number == 6


texts = st.text(
    st.one_of(
        st.sampled_from(list(",;\t|\"'\n\r \x00é🙂=+-@\ufeff\u2028")), st.characters(codec="utf-8")
    )
)


@settings(
    max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(
    cells=st.lists(st.tuples(texts, texts), min_size=1, max_size=6),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    line_end=st.sampled_from(["\n", "\r\n"]),
    has_bom=st.booleans(),
)
def test_any_text_comes_back_as_it_was_written(
    tmp_path: Path, cells: list[tuple[str, str]], delimiter: str, line_end: str, has_bom: bool
) -> None:
    lines = CsvLines(CsvDialect(delimiter=delimiter, line_end=line_end, has_bom=has_bom))
    path = write(tmp_path / "a.csv", lines.head(["a", "b"]) + lines.lines(cells))
    _, rows = read(path, delimiter=delimiter, encoding="utf-8")
    assert [(row.values["a"], row.values["b"]) for row in rows] == cells
    assert not problems(rows)
    by_module = list(
        csv.reader(
            io.StringIO(path.read_bytes().decode("utf-8-sig"), newline=""), delimiter=delimiter
        )
    )
    assert [tuple(record) for record in by_module[1:]] == cells


def test_lone_surrogates_become_replacement_characters() -> None:
    lines = CsvLines(CsvDialect(delimiter=",", line_end="\n"))
    assert lines.lines([["a\ud800b"]]) == "a\ufffdb\n".encode()
