"""Every format gives the same rows."""

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from tiny import tiny_taxonomy

from training.labelled import LabelledDataError, LabelledVerbatim, Labels
from training.readers.formats import detect_format
from training.readers.reading import LabelledData, ReadOptions, read_labelled, read_unlabelled

ROWS: list[dict[str, Any]] = [
    {
        "id": "a",
        "text": "Veel te duur; en de app hapert",
        "lang": "nl",
        "sentiment": "negative",
        "topics": ["price", "digital"],
        "department": "board",
        "split": "train",
    },
    {
        "id": "b",
        "text": 'Kind staff, "lovely" people',
        "lang": "en",
        "sentiment": "positive",
        "topics": ["staff_attitude"],
        "department": "hr",
        "split": "validation",
    },
]
Writer = Callable[[Path], Path]


def write_jsonl(folder: Path) -> Path:
    path = folder / "rows.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    return path


def write_csv(folder: Path, delimiter: str = ",", encoding: str = "utf-8") -> Path:
    path = folder / "rows.csv"
    with path.open("w", newline="", encoding=encoding) as stream:
        writer = csv.writer(stream, delimiter=delimiter)
        writer.writerow(ROWS[0])
        for row in ROWS:
            writer.writerow([*list(row.values())[:4], "|".join(row["topics"]), *_last(row)])
    return path


def _last(row: dict[str, Any]) -> list[str]:
    return [row["department"], row["split"]]


def write_excel_csv(folder: Path) -> Path:
    return write_csv(folder, ";", "utf-8-sig")


def write_xlsx(folder: Path) -> Path:
    book = openpyxl.Workbook()
    book.active.append(list(ROWS[0]))
    for row in ROWS:
        book.active.append([*list(row.values())[:4], ", ".join(row["topics"]), *_last(row)])
    book.save(folder / "rows.xlsx")
    return folder / "rows.xlsx"


def write_parquet(folder: Path) -> Path:
    path = folder / "rows.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    return path


def write_datasets(folder: Path) -> Path:
    import datasets

    labels = list(tiny_taxonomy().labels("department"))
    parts = {}
    for row in ROWS:
        entry = {key: value for key, value in row.items() if key != "split"}
        part = datasets.Dataset.from_list([entry])
        parts[row["split"]] = part.cast_column("department", datasets.ClassLabel(names=labels))
    datasets.DatasetDict(parts).save_to_disk(str(folder / "set"))
    return folder / "set"


def label_studio_task(number: int, row: dict[str, Any], *people: dict[str, Any]) -> dict[str, Any]:
    """A task with one annotation per person, as Label Studio exports it."""
    annotations = []
    for by, given in enumerate(people or (row,)):
        result = [
            {
                "from_name": task,
                "to_name": "text",
                "type": "choices",
                "value": {
                    "choices": [given[task]] if isinstance(given[task], str) else given[task]
                },
            }
            for task in ("sentiment", "topics", "department")
        ]
        annotations.append(
            {
                "id": 10 * number + by,
                "completed_by": by,
                "was_cancelled": False,
                "ground_truth": given.get("is_gold", False),
                "result": result,
            }
        )
    data = {key: row[key] for key in ("id", "text", "lang", "split")}
    return {"id": number, "data": data, "annotations": annotations}


def write_label_studio(folder: Path) -> Path:
    path = folder / "export.json"
    tasks = [label_studio_task(number, row) for number, row in enumerate(ROWS)]
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def write_label_studio_min(folder: Path) -> Path:
    path = folder / "export.json"
    tasks = [
        {
            **row,
            "topics": {"choices": row["topics"]} if len(row["topics"]) > 1 else row["topics"][0],
            "annotator": 1,
            "annotation_id": number,
        }
        for number, row in enumerate(ROWS)
    ]
    path.write_text(json.dumps(tasks), encoding="utf-8")
    return path


def write_argilla(folder: Path) -> Path:
    path = folder / "export.json"
    records = [
        {
            "id": row["id"],
            "fields": {"text": row["text"]},
            "metadata": {"lang": row["lang"], "split": row["split"]},
            "suggestions": {"department": {"value": "legal", "score": 0.9, "agent": "m"}},
            "responses": {
                task: [{"value": row[task], "user_id": "u1"}]
                for task in ("sentiment", "topics", "department")
            },
            "status": "completed",
        }
        for row in ROWS
    ]
    path.write_text(json.dumps(records), encoding="utf-8")
    return path


def write_argilla_flat(folder: Path) -> Path:
    path = folder / "export.jsonl"
    records = [
        {
            **{key: row[key] for key in ("id", "text", "lang", "split")},
            **{
                f"{task}.responses{part}": [value]
                for task in ("sentiment", "topics", "department")
                for part, value in (("", row[task]), (".users", "u1"), (".status", "submitted"))
            },
            "department.suggestion": "legal",
        }
        for row in ROWS
    ]
    path.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    return path


def write_argilla_1(folder: Path) -> Path:
    path = folder / "export.json"
    records = [
        {
            "external_id": row["id"],
            "fields": {"text": row["text"]},
            "metadata": {"lang": row["lang"], "split": row["split"]},
            "responses": [
                {
                    "user_id": "u1",
                    "status": "submitted",
                    "values": {
                        task: {"value": row[task]} for task in ("sentiment", "topics", "department")
                    },
                }
            ],
        }
        for row in ROWS
    ]
    path.write_text(json.dumps(records), encoding="utf-8")
    return path


def write_doccano(folder: Path) -> Path:
    path = folder / "all.jsonl"
    lines = [
        {
            **{key: row[key] for key in ("id", "text", "lang", "split")},
            "label": [row["department"], *row["topics"], f"sentiment:{row['sentiment']}"],
            "Comments": [],
        }
        for row in ROWS
    ]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return path


WRITERS: dict[str, tuple[str, Writer]] = {
    "jsonl": ("jsonl", write_jsonl),
    "csv": ("csv", write_csv),
    "csv of Excel": ("csv", write_excel_csv),
    "xlsx": ("xlsx", write_xlsx),
    "parquet": ("parquet", write_parquet),
    "datasets": ("datasets", write_datasets),
    "Label Studio": ("label-studio", write_label_studio),
    "Label Studio, JSON_MIN": ("label-studio", write_label_studio_min),
    "Argilla": ("argilla", write_argilla),
    "Argilla, flat": ("argilla", write_argilla_flat),
    "Argilla 1": ("argilla", write_argilla_1),
    "doccano": ("doccano", write_doccano),
}


def read(path: Path, **options: Any) -> LabelledData:
    return read_labelled(
        [path], tiny_taxonomy(), ReadOptions(**{"is_for_training": False, **options})
    )


@pytest.mark.parametrize("name", WRITERS)
def test_every_format_gives_the_same_rows(tmp_path: Path, name: str) -> None:
    form, write = WRITERS[name]
    path = write(tmp_path)
    assert detect_format(path) == form
    rows = read(path).rows
    assert [
        (row.id, row.text, row.lang, row.labels.sentiment, row.labels.department, row.split)
        for row in rows
    ] == [
        (row["id"], row["text"], row["lang"], row["sentiment"], row["department"], row["split"])
        for row in ROWS
    ]
    assert [set(row.labels.topics) for row in rows] == [set(row["topics"]) for row in ROWS]


def test_corrections_of_the_service_come_as_page_and_as_lines(tmp_path: Path) -> None:
    labels = {key: ROWS[0][key] for key in ("sentiment", "topics", "department")}
    item = {"id": "7", "text": "te duur", "language": "nl", "labels": labels, "predicted": None}
    page = tmp_path / "page.json"
    kept = {**item, "is_superseded": False}
    document = {"corrections": [{**kept, "id": "6", "is_superseded": True}, kept]}
    page.write_text(json.dumps({**document, "next_cursor": None}))
    assert detect_format(page) == "corrections"
    (row,) = read(page).rows
    assert (row.id, row.lang, row.labels.department) == ("correction-7", "nl", "board")

    page.write_text(json.dumps({**document, "next_cursor": "abc"}))
    with pytest.raises(LabelledDataError, match="format=jsonl"):
        read(page)

    lines = tmp_path / "corrections.jsonl"
    line = {"id": "correction-7", "text": "te duur", "lang": "nl", **labels, "segments": []}
    lines.write_text(json.dumps(line))
    assert [one.labels for one in read(lines).rows] == [row.labels]


@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_csv_of_other_encodings_is_read(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "rows.csv"
    content = "text;sentiment;topics;department\nslechte caféservice;negative;general;none\n"
    path.write_text(content, encoding=encoding)
    (row,) = read(path, language="nl").rows
    assert row.text == "slechte caféservice"


def test_columns_can_be_mapped_and_labels_written_by_name(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text(
        "Open antwoord,Stemming,Onderwerp,Eigenaar\nte duur allemaal,Negatief,PRIJS,Directie\n"
    )
    names = {one.label: one.name["nl"] for one in tiny_taxonomy().departments}
    path.write_text(path.read_text().replace("Directie", names["board"]))
    columns = {"text": "Open antwoord", "sentiment": "Stemming", "department": "Eigenaar"}
    (row,) = read(path, columns=columns).rows
    assert row.labels == Labels("negative", ("price",), "board")

    with pytest.raises(LabelledDataError, match=r"rows\.csv: Antwoord: there is no such column"):
        read(path, columns={"text": "Antwoord"})


def test_a_file_without_a_mapped_column_goes_by_the_usual_names(tmp_path: Path) -> None:
    survey = tmp_path / "answers.csv"
    survey.write_text(
        "Open antwoord,text,sentiment,topics,department\n"
        "te duur allemaal,vraag 1,negative,price,board\n"
    )
    files = [write_jsonl(tmp_path), survey]
    columns = {"text": "Open antwoord"}
    options = ReadOptions(columns=columns, is_for_training=False)
    rows = read_labelled(files, tiny_taxonomy(), options).rows
    assert [row.text for row in rows] == [*(row["text"] for row in ROWS), "te duur allemaal"]
    assert [one.text for one in read_unlabelled(files, options)[0]] == [row.text for row in rows]

    with pytest.raises(
        LabelledDataError, match=r"rows\.jsonl, answers\.csv: Antwoord: there is no"
    ):
        read_labelled(files, tiny_taxonomy(), ReadOptions(columns={"text": "Antwoord"}))


def test_rows_without_a_mapped_column_of_their_file_are_faulty(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    other = {"antwoord" if key == "text" else key: value for key, value in ROWS[1].items()}
    path.write_text("\n".join(map(json.dumps, [ROWS[0], other])))
    with pytest.raises(LabelledDataError, match=r"rows\.jsonl:1: text: is missing"):
        read(path, columns={"text": "antwoord"})


def labels_of(rows: tuple[LabelledVerbatim, ...]) -> list[str]:
    return [row.labels.department for row in rows]


def test_annotators_are_kept_apart_and_settled(tmp_path: Path) -> None:
    path = tmp_path / "export.json"
    row, other = ROWS[0], {**ROWS[0], "department": "legal"}
    path.write_text(json.dumps([label_studio_task(1, row, other, row, row)]))
    data = read(path)
    assert labels_of(data.rows) == ["board"]
    assert [one.labels.department for one in data.rows[0].annotations] == [
        "legal",
        "board",
        "board",
    ]
    assert labels_of(read(path, annotator="0").rows) == ["legal"]

    path.write_text(json.dumps([label_studio_task(1, row, row, {**other, "is_gold": True})]))
    assert labels_of(read(path).rows) == ["legal"]

    path.write_text(json.dumps([label_studio_task(1, row, row, other)]))
    with pytest.raises(LabelledDataError, match="department: 2 annotators differ"):
        read(path)


def test_doccano_labels_of_two_tasks_must_name_theirs(tmp_path: Path) -> None:
    path = tmp_path / "all.jsonl"
    path.write_text(json.dumps({"id": 1, "text": "te duur", "label": ["negative", "colour"]}))
    with pytest.raises(LabelledDataError) as caught:
        read(path)
    assert "all.jsonl:1: label: 'colour' is not in the taxonomy" in str(caught.value)
    assert "all.jsonl:1: topics: is empty" in str(caught.value)


def test_damaged_files_are_named(tmp_path: Path) -> None:
    for name in ("a.xlsx", "b.parquet", "c.json"):
        path = tmp_path / name
        path.write_bytes(b"\x00\xffnot what the name says")
        with pytest.raises(LabelledDataError, match=f"{name}: not readable as"):
            read(path)
    with pytest.raises(LabelledDataError, match="no such file"):
        read(tmp_path / "absent.csv")
    unknown = tmp_path / "rows.docx"
    unknown.write_text("x")
    with pytest.raises(LabelledDataError, match="the name tells no format"):
        read(unknown)


def test_a_folder_gives_all_its_files(tmp_path: Path) -> None:
    write_jsonl(tmp_path)
    line = {**ROWS[0], "id": "c", "text": "een ander verhaal over prijzen"}
    (tmp_path / "more.jsonl").write_text(json.dumps(line))
    assert sorted(row.id for row in read(tmp_path).rows) == ["a", "b", "c"]


def test_unlabelled_rows_need_a_text_only(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    path.write_text('id,comment\n1,te duur allemaal\n2,""\n3,kind staff\n')
    verbatims, faults = read_unlabelled([path])
    assert [(one.id, one.text) for one in verbatims] == [
        ("1", "te duur allemaal"),
        ("3", "kind staff"),
    ]
    assert [str(fault) for fault in faults] == ["rows.csv:3: text: is empty: leave the row out"]
