"""Files as people and their programs write them, with what is wrong in them."""

import json
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from tiny import tiny_taxonomy

from training.labelled import LabelledDataError
from training.readers.raw import FaultyDataError, show_value
from training.readers.reading import LabelledData, ReadOptions, read_labelled, read_unlabelled

HEADER = "text,sentiment,topics,department\n"
ROW: dict[str, Any] = {
    "id": "a",
    "text": "Veel te duur",
    "lang": "nl",
    "sentiment": "negative",
    "topics": ["price"],
    "department": "board",
}


def read(*paths: Path, skip_faulty: bool = False, **options: Any) -> LabelledData:
    wanted = ReadOptions(**{"is_for_training": False, "language": "nl", **options})
    return read_labelled(paths, tiny_taxonomy(), wanted, skip_faulty=skip_faulty)


def faults(*paths: Path, **options: Any) -> list[str]:
    with pytest.raises(FaultyDataError) as caught:
        read(*paths, **options)
    return [str(fault) for fault in caught.value.faults]


def write(path: Path, content: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(content, encoding="utf-8", newline="")
    return path


@pytest.mark.parametrize("value", ["0612345678", "Jan-0612", "06-12-34-56", "123", "a b"])
def test_values_that_may_be_personal_are_not_shown(value: str) -> None:
    assert show_value(value) == f"a value of {len(value)} characters"


@pytest.mark.parametrize("value", ["sales", "staff_attitude", "q4", "0", "12"])
def test_values_that_can_only_be_labels_are_shown(value: str) -> None:
    assert show_value(value) == f"'{value}'"


def test_a_quote_that_nothing_closes_takes_in_no_other_row(tmp_path: Path) -> None:
    header = "id,sentiment,topics,department,text\n"
    for last in ("netjes", '"netjes"'):
        path = write(
            tmp_path / "rows.csv",
            f'{header}1,negative,price,board,"te duur\n2,positive,price,none,{last}\n'
            '3,positive,price,none,"heel\nnetjes"\n',
        )
        data = read(path, skip_faulty=True)
        assert [(row.id, row.text) for row in data.rows] == [
            ("2", "netjes"),
            ("3", "heel\nnetjes"),
        ]
        (fault,) = data.faults
        assert fault.place == "rows.csv:2"
        assert "close each quote" in fault.message


def test_quotes_within_a_text_are_doubled_or_named(tmp_path: Path) -> None:
    rows = '"zo ""duur""",negative,price,board\nzo "duur" zeg,negative,price,board\n'
    path = write(tmp_path / "rows.csv", f'{HEADER}{rows}"zo "duur" zeg",negative,price,board\n')
    data = read(path, skip_faulty=True)
    assert [row.text for row in data.rows] == ['zo "duur"', 'zo "duur" zeg']
    assert [fault.place for fault in data.faults] == ["rows.csv:4"]


def test_the_delimiter_is_told_by_the_line_of_excel_or_outside_quotes(tmp_path: Path) -> None:
    row = "te duur;negative;price;board\r\n"
    stated = write(tmp_path / "a.csv", f"sep=;\r\ntext;sentiment;topics;department\r\n{row}")
    assert [one.text for one in read(stated).rows] == ["te duur"]
    question = "Wat vindt u van prijs, levering, service, app en winkel?"
    quoted = write(tmp_path / "b.csv", f'"{question}";sentiment;topics;department\r\n{row}')
    assert [one.text for one in read(quoted, columns={"text": question}).rows] == ["te duur"]


def test_names_of_topics_may_hold_commas(tmp_path: Path) -> None:
    digital = next(one for one in tiny_taxonomy().topics if one.label == "digital").name["nl"]
    assert "," in digital
    for cell in (f"price | {digital}", f"{digital}; price", "price, digital"):
        path = write(tmp_path / "rows.csv", f'{HEADER}te duur,negative,"{cell}",board\n')
        (row,) = read(path).rows
        assert set(row.labels.topics) == {"price", "digital"}


def test_line_ends_in_workbooks_are_no_words(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.active.append(["text", "sentiment", "topics", "department"])
    book.active.append(["te duur_x000D_\nzeg", "negative", "price", "board"])
    book.save(tmp_path / "rows.xlsx")
    assert [row.text for row in read(tmp_path / "rows.xlsx").rows] == ["te duur\r\nzeg"]


def test_nested_too_deep_is_not_readable(tmp_path: Path) -> None:
    with pytest.raises(LabelledDataError, match="not readable as JSON"):
        read(write(tmp_path / "rows.json", "[" * 100_000))
    assert "not JSON" in faults(write(tmp_path / "rows.jsonl", "[" * 100_000))[0]


@pytest.mark.parametrize("order", ["abab", "abb", "aab", "baa"])
def test_of_equal_texts_with_other_labels_all_go_in_any_order(tmp_path: Path, order: str) -> None:
    twins = [
        {**ROW, "id": str(at), "department": {"a": "board", "b": "hr"}[kind], "split": "train"}
        for at, kind in enumerate(order)
    ]
    rest = [
        {**ROW, "id": "c", "text": "kapot", "sentiment": "neutral", "split": "train"},
        {**ROW, "id": "d", "text": "mooi", "topics": ["digital"], "split": "train"},
        {**ROW, "id": "e", "text": "lief", "department": "hr", "split": "train"},
        {**ROW, "id": "f", "text": "goed", "split": "validation"},
    ]
    path = write(tmp_path / "rows.jsonl", "\n".join(map(json.dumps, [*twins, *rest])))
    rows = read(path, skip_faulty=True, is_for_training=True).rows
    assert [row.id for row in rows] == ["c", "d", "e", "f"]


def test_a_file_without_a_header_has_no_text_shown(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", "Jan Jansen negeerde mij,negative\nEn nog eens,negative\n")
    (said,) = faults(path, columns={"text": "opmerking"})
    assert said.startswith("rows.csv: opmerking: there is no such column; there are: 2 not shown")
    path = write(tmp_path / "rows.csv", "Comment,Naam\nte duur,Jan\n")
    with pytest.raises(FaultyDataError, match="there are: Comment, 1 not shown"):
        read_unlabelled([path], ReadOptions(columns={"text": "opmerking"}))


def test_files_of_one_name_are_told_apart(tmp_path: Path) -> None:
    other = {**ROW, "id": "b", "text": "te duur, vind ik"}
    paths = [
        write(tmp_path / folder / "export.jsonl", "\n".join(map(json.dumps, rows)))
        for folder, rows in (
            ("one", [ROW, {**other, "department": "sales"}]),
            ("two", [{**ROW, "text": "de winkel was dicht"}, other]),
        )
    ]
    data = read(*paths, skip_faulty=True)
    assert [(row.id, row.text) for row in data.rows] == [
        ("a", ROW["text"]),
        ("a", "de winkel was dicht"),
        ("b", "te duur, vind ik"),
    ]
    assert [fault.place for fault in data.faults] == [f"{paths[0]}:2"]
    assert data.notes == (
        f"{paths[1]}:1: id: stands at {paths[0]}:1 too: each row needs an id of its own",
    )


def test_a_file_that_is_given_twice_is_read_once(tmp_path: Path) -> None:
    path = write(tmp_path / "rows.jsonl", json.dumps(ROW))
    assert len(read(path, tmp_path, path.parent / "." / path.name).rows) == 1


def test_nan_is_nothing(tmp_path: Path) -> None:
    rows = [{**ROW, "department_2": float("nan")}, {**ROW, "id": "b", "text": float("nan")}]
    path = write(tmp_path / "rows.jsonl", "\n".join(map(json.dumps, rows)))
    data = read(path, skip_faulty=True)
    assert [row.labels.department_2 for row in data.rows] == [None]
    assert [str(fault) for fault in data.faults] == [
        "rows.jsonl:2: text: is empty: leave the row out"
    ]


def test_half_a_character_is_named_and_ends_no_read(tmp_path: Path) -> None:
    rows = [{**ROW, "text": "mooi \ud83d"}, {**ROW, "id": "b\udc00"}, ROW]
    path = write(tmp_path / "rows.jsonl", "\n".join(map(json.dumps, rows)))
    data = read(path, skip_faulty=True)
    assert [row.id for row in data.rows] == ["a"]
    assert [(fault.place, fault.field) for fault in data.faults] == [
        ("rows.jsonl:1", "text"),
        ("rows.jsonl:2", "id"),
    ]
    verbatims, _ = read_unlabelled([path])
    assert [one.id for one in verbatims] == ["a"]


def split_files(folder: Path, *names: str) -> list[Path]:
    """A file of twelve rows for each name."""
    found = []
    for name in names:
        kinds = (("negative", "price", "board"), ("positive", "staff_attitude", "hr"))
        rows = [
            "{},{},{},{}".format(f"verhaal {number} van {name}", *kinds[number % 2])
            for number in range(12)
        ]
        found.append(write(folder / f"{name}.csv", HEADER + "\n".join(rows)))
    return found


@pytest.mark.parametrize("test", ["test", "TEST-00000-of-00002"])
def test_rows_of_a_file_for_testing_are_not_trained_on(tmp_path: Path, test: str) -> None:
    split_files(tmp_path, "train", test)
    splits = {row.text: row.split for row in read(tmp_path, is_for_training=True).rows}
    assert {split for text, split in splits.items() if test in text} == {"test"}
    assert {split for text, split in splits.items() if "van train" in text} == {
        "train",
        "validation",
    }


def test_files_of_all_splits_keep_theirs_and_a_lone_one_is_split(tmp_path: Path) -> None:
    files = split_files(tmp_path, "train", "dev")
    splits = {(row.text.split()[-1], row.split) for row in read(*files, is_for_training=True).rows}
    assert splits == {("train", "train"), ("dev", "validation")}
    rows = read(files[1], is_for_training=True).rows
    assert {row.split for row in rows} == {"train", "validation"}
