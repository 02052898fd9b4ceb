"""What labelling tools write: several people, rows that nobody labelled, labels brought along."""

import csv
import json
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from tiny import tiny_taxonomy

from training.cli import main
from training.labelled import Labels
from training.readers.raw import FaultyDataError
from training.readers.reading import LabelledData, ReadOptions, read_annotations, read_labelled

LABELS = {"sentiment": "negative", "topics": ["price", "digital"], "department": "board"}
BROUGHT = {"sentiment": "positive", "topics": "general", "department": "hr"}
TEXT = {"text": "veel te duur", "lang": "nl"}


def read(path: Path, *, skip_faulty: bool = False, **options: Any) -> LabelledData:
    wanted = ReadOptions(**{"is_for_training": False, **options})
    return read_labelled([path], tiny_taxonomy(), wanted, skip_faulty=skip_faulty)


def faults(path: Path, **options: Any) -> list[str]:
    with pytest.raises(FaultyDataError) as caught:
        read(path, **options)
    return [str(fault) for fault in caught.value.faults]


def dump(path: Path, document: object) -> Path:
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def annotation(by: object, **labels: Any) -> dict[str, Any]:
    """What one person chose in Label Studio."""
    choices = {name: [one] if isinstance(one, str) else one for name, one in labels.items()}
    result = [
        {"from_name": name, "type": "choices", "value": {"choices": chosen}}
        for name, chosen in choices.items()
    ]
    return {"completed_by": by, "was_cancelled": not labels, "result": result}


def task(number: int, *annotations: object, **data: object) -> dict[str, Any]:
    return {"id": number, "data": {**TEXT, **data}, "annotations": list(annotations)}


def test_tasks_that_nobody_labelled_are_one_fault_each(tmp_path: Path) -> None:
    people = [annotation(1, **LABELS), annotation(2, **{**LABELS, "department": "hr"})]
    tasks = [task(1, *people), task(2, annotation(1)), task(3)]
    path = dump(tmp_path / "export.json", tasks)
    said = faults(path, annotator="1")
    assert said == [
        f"export.json:{number}: labels: nobody labelled it: label the row or leave it out"
        for number in (2, 3)
    ]
    found = read_annotations([path], tiny_taxonomy(), ReadOptions())
    assert [len(annotations) for _, _, annotations in found] == [2]


def test_labels_that_a_task_brought_along_are_nobodys_answer(tmp_path: Path) -> None:
    tasks = [task(1, **BROUGHT), task(2, annotation(1, sentiment="negative"), **BROUGHT)]
    said = faults(dump(tmp_path / "export.json", tasks))
    assert [one.split(": ")[1] for one in said] == ["labels", "department", "topics", "rows"]
    assert said[1].split(": ")[2].startswith("was not answered")

    record = {"id": "a", "fields": TEXT, "metadata": BROUGHT, "responses": {}}
    said = faults(dump(tmp_path / "export.json", [record]))
    assert [one.split(": ")[1] for one in said] == ["labels", "rows"]


def test_doccano_lines_without_labels_are_one_fault_each(tmp_path: Path) -> None:
    path = dump(tmp_path / "all.jsonl", {"id": 1, **TEXT, "label": [], "Comments": []})
    assert [one.split(": ")[1] for one in faults(path)] == ["labels", "rows"]


def test_agreement_leaves_faulty_rows_out_where_asked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = [annotation(by, **LABELS) for by in (1, 2)]
    odd = [annotation(by, **{**LABELS, "department": "sales"}) for by in (1, 2)]
    path = dump(tmp_path / "export.json", [task(1, *pair), task(2, *odd)])
    args = ["agreement", str(path), "--resamples", "5"]
    assert main(args) == 2
    assert main([*args, "--skip-faulty"]) == 0
    assert "1 and 2" in capsys.readouterr().out


def test_an_annotator_of_no_row_is_named(tmp_path: Path) -> None:
    path = dump(tmp_path / "export.json", [task(1, annotation(1, **LABELS))])
    assert read(path, annotator="1").rows
    assert faults(path, annotator="an@example.nl") == [
        "export.json: annotator: no row was labelled by 'an@example.nl'; there are: 1"
    ]


def record_of(task_id: int, by: int, **labels: Any) -> dict[str, Any]:
    """What JSON_MIN has of one annotation."""
    return {**TEXT, "id": task_id, "annotation_id": 10 + by, "annotator": by, **labels}


def write_min(path: Path, records: list[dict[str, Any]]) -> Path:
    """JSON_MIN, or CSV by the name."""
    for record in records:
        topics = record.get("topics", [])
        record["topics"] = {"choices": topics} if len(topics) > 1 else "".join(topics)
    if path.suffix == ".json":
        return dump(path, records)
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(records[0]))
        writer.writeheader()
        for record in records:
            nested = isinstance(record["topics"], dict)
            topics = json.dumps(record["topics"]) if nested else record["topics"]
            writer.writerow({**record, "topics": topics})
    return path


@pytest.mark.parametrize("name", ["export.json", "export.csv"])
def test_a_task_of_several_annotations_is_one_row(tmp_path: Path, name: str) -> None:
    records = [record_of(7, by, **LABELS) for by in (1, 2, 3)]
    records[1]["department"] = "hr"
    records += [record_of(8, 1, **{**LABELS, "topics": ["price"]})]
    path = write_min(tmp_path / name, records)
    rows = read(path).rows
    assert [(row.id, row.labels.department) for row in rows] == [("7", "board"), ("8", "board")]
    assert [row.labels.topics for row in rows] == [("price", "digital"), ("price",)]
    assert [one.annotator for one in rows[0].annotations] == ["1", "2", "3"]
    assert read(path, annotator="2").rows[0].labels.department == "hr"
    assert "no row was labelled by '4'" in faults(path, annotator="4")[0]


@pytest.mark.parametrize("name", ["export.json", "export.csv"])
def test_tasks_of_one_number_in_two_projects_stay_two(tmp_path: Path, name: str) -> None:
    other = {**record_of(7, 2, **LABELS), "text": "netjes geholpen"}
    path = write_min(tmp_path / name, [record_of(7, 1, **LABELS), other])
    assert len(read(path).rows) == 2


@pytest.mark.parametrize(
    "broken",
    [
        {"data": TEXT, "annotations": None},
        {"data": TEXT, "annotations": ["x"]},
        {"data": TEXT, "annotations": 3},
        {"data": TEXT, "annotations": [{"result": ["x"]}]},
        {"data": TEXT, "annotations": [{"result": [{"value": ["choices"]}]}]},
        {"data": ["x"], "annotations": []},
        {"fields": TEXT, "responses": {"sentiment": ["negative"]}},
        {"fields": TEXT, "responses": {"sentiment": 3}},
        {"fields": TEXT, "responses": [{"values": {"sentiment": "negative"}}]},
        {"fields": TEXT, "responses": ["x"]},
        {"fields": ["x"], "responses": {}},
        {"fields": TEXT, "responses": None},
    ],
)
def test_exports_of_another_form_are_faults_of_their_row(
    tmp_path: Path, broken: dict[str, Any]
) -> None:
    said = faults(dump(tmp_path / "export.json", [broken]))
    assert said[0].startswith("export.json:1: ")
    assert len(said) == 2


def test_doccano_tables_part_their_labels(tmp_path: Path) -> None:
    path = tmp_path / "all.csv"
    path.write_text("id,text,label\n1,veel te duur,board#price#digital#negative\n2,leeg,\n")
    data = read(path, language="nl", skip_faulty=True)
    assert [row.labels for row in data.rows] == [Labels("negative", ("price", "digital"), "board")]
    assert [str(fault) for fault in data.faults] == [
        "all.csv:3: labels: nobody labelled it: label the row or leave it out"
    ]

    path.write_text("id,text,label,wat,wie\n1,veel te duur,negative,price,board\n")
    columns = {"sentiment": "label", "topics": "wat", "department": "wie"}
    (row,) = read(path, language="nl", columns=columns).rows
    assert row.labels == Labels("negative", ("price",), "board")


def answers(status: str = "submitted", **labels: Any) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [{"user_id": "u1", "value": value, "status": status}]
        for name, value in labels.items()
    }


def flat(**labels: Any) -> dict[str, Any]:
    """Answers of two people, one of them discarded, as ``to_datasets`` of Argilla 2 has them."""
    cells: dict[str, Any] = {}
    for name, value in labels.items():
        cells[f"{name}.responses"] = [value, value]
        cells[f"{name}.responses.users"] = ["u1", "u2"]
        cells[f"{name}.responses.status"] = ["submitted", "discarded"]
    return cells


@pytest.mark.parametrize("kind", ["folder", "parquet", "jsonl"])
@pytest.mark.parametrize(
    "record",
    [
        {"id": "a", **TEXT, "status": "completed", **flat(**LABELS)},
        {"external_id": "a", "text": "veel te duur", "metadata": '{"lang": "nl"}'}
        | answers(**LABELS),
    ],
    ids=["Argilla 2", "Argilla 1"],
)
def test_argilla_records_are_read_from_data_sets(
    tmp_path: Path, kind: str, record: dict[str, Any]
) -> None:
    import datasets

    path = tmp_path / f"set.{kind}"
    if kind == "jsonl":
        dump(path, record)
    elif kind == "folder":
        datasets.Dataset.from_list([record]).save_to_disk(str(path))
    else:
        pyarrow.parquet.write_table(pyarrow.Table.from_pylist([record]), path)
    (row,) = read(path).rows
    assert (row.id, row.lang) == ("a", "nl")
    assert row.labels == Labels("negative", ("price", "digital"), "board")
    assert row.annotations == ()


def test_numbers_of_classes_become_names_in_data_sets_and_their_parquet(tmp_path: Path) -> None:
    import datasets

    taxonomy = tiny_taxonomy()
    features = datasets.Features(
        {
            **dict.fromkeys(("id", "text", "lang"), datasets.Value("string")),
            "sentiment": datasets.ClassLabel(names=list(taxonomy.labels("sentiment"))),
            "topics": datasets.Sequence(datasets.ClassLabel(names=["price", "digital"])),
            "department": datasets.ClassLabel(names=["board", "hr"]),
        }
    )
    rows = [
        {"id": name, **TEXT, **LABELS, "topics": [0, 1], "department": department}
        for name, department in (("a", 0), ("b", -1))
    ]
    made = datasets.Dataset.from_list(rows, features=features)
    made.save_to_disk(str(tmp_path / "set"))
    made.to_parquet(tmp_path / "set.parquet")
    for name in ("set", "set.parquet"):
        data = read(tmp_path / name, skip_faulty=True)
        assert [row.labels for row in data.rows] == [
            Labels("negative", ("price", "digital"), "board")
        ]
        assert [str(fault) for fault in data.faults] == [
            f"{name}:2: department: is empty: label the row or leave it out"
        ]
