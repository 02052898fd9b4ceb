"""Folders give all that is in them, and what is not read is said."""

import argparse
import json
from pathlib import Path
from typing import Any

import pytest
from tiny import tiny_taxonomy

from training.cli import main
from training.labelled import LabelledDataError
from training.readers.options import (
    add_read_options,
    load_labelled,
    load_unlabelled,
    write_faults,
)
from training.readers.raw import FaultyDataError, row_fault
from training.readers.reading import ReadOptions, read_labelled

LABELS = {"sentiment": "negative", "topics": ["price"], "department": "board"}


def row(name: str, **changes: Any) -> dict[str, Any]:
    return {"id": name, "text": f"veel te duur, {name}", "lang": "nl", **LABELS, **changes}


def parse(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_read_options(parser)
    return parser.parse_args(options)


def test_a_folder_gives_json_of_every_kind(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(row("a")))
    (tmp_path / "b.ndjson").write_text(json.dumps(row("b")))
    (tmp_path / "c.json").write_text(json.dumps([row("c")]))
    (tmp_path / "dataset_infos.json").write_text("{}")
    options = ReadOptions(is_for_training=False)
    rows = read_labelled([tmp_path], tiny_taxonomy(), options).rows
    assert [one.id for one in rows] == ["a", "b", "c"]


def test_files_of_a_folder_that_are_not_read_are_noted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps(row("a")))
    (tmp_path / "README.md").write_text("about it")
    (tmp_path / ".hidden.csv").write_text("x")
    (tmp_path / "old.xls").write_bytes(b"x")
    load_labelled(parse(), [tmp_path], tiny_taxonomy(), is_for_training=False)
    load_unlabelled(parse(), [tmp_path])
    note = f"note: not read: {tmp_path / 'old.xls'}\n"
    assert capsys.readouterr().err == 2 * note


def test_the_data_folder_of_a_data_set_is_found(tmp_path: Path) -> None:
    (tmp_path / "README.md").write_text("about it")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "rows.jsonl").write_text(json.dumps(row("a")))
    options = ReadOptions(is_for_training=False)
    assert len(read_labelled([tmp_path], tiny_taxonomy(), options).rows) == 1
    with pytest.raises(LabelledDataError, match="holds no file that is read"):
        read_labelled([tmp_path.parent], tiny_taxonomy(), options)


def test_agreement_reads_folders_of_any_format(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, department in (("one", "board"), ("two", "hr")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "rows.csv").write_text(
            f"id,text,lang,sentiment,topics,department\na,te duur,nl,negative,price,{department}\n"
        )
    args = ["agreement", str(tmp_path / "one"), str(tmp_path / "two"), "--resamples", "5"]
    assert main([*args, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["n_pairs"] == 1


def test_faults_that_cannot_be_written_are_still_shown(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text(json.dumps(row("a", department="sales")))
    args = parse("--faults", str(tmp_path / "absent" / "faults.csv"))
    with pytest.raises(FaultyDataError, match="'sales' is not in the taxonomy"):
        load_labelled(args, [path], tiny_taxonomy(), is_for_training=False)
    assert "faults.csv: could not be written" in capsys.readouterr().err
    path.write_text(json.dumps(row("a", text="")))
    with pytest.raises(FaultyDataError, match="text: is empty"):
        load_unlabelled(args, [path])
    with pytest.raises(LabelledDataError, match="could not be written"):
        write_faults(args.faults, [row_fault("rows.jsonl:1", "text", "is empty")])
