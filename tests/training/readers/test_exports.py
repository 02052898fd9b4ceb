"""What labelling tools write: several people, rows that nobody labelled, labels brought along."""

import json
from pathlib import Path
from typing import Any

import pytest
from tiny import tiny_taxonomy

from training.cli import main
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
