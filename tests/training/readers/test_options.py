"""The reading options of a command that reads files of two kinds."""

import argparse
import json
from pathlib import Path

import pytest
from tiny import tiny_taxonomy

from training.labelled import LabelledDataError, LabelledVerbatim
from training.readers.options import add_read_options, load_labelled, load_unlabelled

LABELS = {"sentiment": "negative", "topics": ["price"], "department": "board"}


def parse(*options: str | Path) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_read_options(parser)
    return parser.parse_args([str(one) for one in options])


def load(
    args: argparse.Namespace, paths: list[Path] | None, *, is_beside: bool = False
) -> tuple[LabelledVerbatim, ...]:
    return load_labelled(args, paths, tiny_taxonomy(), is_for_training=False, is_beside=is_beside)


def write_examples(folder: Path, name: str = "examples.csv") -> Path:
    """Someone's table: the text in a column of their own, one row without labels."""
    path = folder / name
    path.write_text(
        "Open antwoord,sentiment,topics,department\n"
        "de prijzen zijn veel te hoog,negative,price,board\n"
        "een rij zonder labels,,,\n"
    )
    return path


def write_background(folder: Path) -> Path:
    path = folder / "background.jsonl"
    rows = [
        {"id": "1", "text": "de rekening klopt niet", "lang": "nl", **LABELS},
        {"id": "2", "text": "ook niet", "lang": "nl", **LABELS, "department": "sales"},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


def test_files_beside_have_columns_and_format_of_their_own_and_add_their_faults(
    tmp_path: Path,
) -> None:
    faults = tmp_path / "faults.csv"
    args = parse(
        "--column", "text=Open antwoord", "--format", "csv", "--skip-faulty", "--faults", faults
    )
    (example,) = load(args, [write_examples(tmp_path)])
    assert example.text == "de prijzen zijn veel te hoog"
    (other,) = load(args, [write_background(tmp_path)], is_beside=True)
    assert other.text == "de rekening klopt niet"
    places = [line.split(",")[0] for line in faults.read_text().splitlines()]
    assert places == ["place", *["examples.csv:3"] * 3, "background.jsonl:2"]


def test_files_beside_are_read_by_the_options_where_they_fit(tmp_path: Path) -> None:
    args = parse("--column", "text=Open antwoord", "--format", "csv")
    texts = load_unlabelled(args, [write_examples(tmp_path, "export.dat")])
    assert [one.text for one in texts] == ["de prijzen zijn veel te hoog", "een rij zonder labels"]


def test_the_corpus_beside_examples_keeps_its_columns(tmp_path: Path) -> None:
    # "sector" is a column of the corpus that holds no departments.
    args = parse("--column", "department=sector", "--format", "csv")
    assert len(load(args, None, is_beside=True)) > 1000


def test_a_column_that_no_file_of_the_first_kind_has_is_named(
    tmp_path: Path,
) -> None:
    with pytest.raises(LabelledDataError, match="there is no such column"):
        load(parse("--column", "text=Antwoord"), [write_background(tmp_path)])
