import dataclasses
import json
from pathlib import Path

import numpy as np
import openpyxl
import pytest
from tiny_bundle import many_rows, write_rows

from models.taxonomy import read_taxonomy
from training.cli import main
from training.cross_probabilities import cross_probabilities, fit_linear
from training.label_errors import find_suspects
from training.labelled import TAXONOMY, read_rows
from training.targets import gold_rows

TAX = read_taxonomy(TAXONOMY)
N_WRONG = 8


def test_planted_errors_are_found_and_ranked_first() -> None:
    rows = many_rows(200, n_wrong=N_WRONG)
    gold, truth = (gold_rows(part, TAX) for part in (rows, many_rows(200)))
    rng = np.random.default_rng(0)
    embeddings = truth["department"] @ rng.normal(size=(6, 16)) + 0.1 * rng.normal(size=(200, 16))
    probabilities = cross_probabilities(embeddings.astype(np.float32), rows, gold)
    suspects = find_suspects(rows, gold, probabilities, TAX)
    for task in ("sentiment", "department"):
        own = [one for one in suspects if one.task == task]
        is_moved = gold[task].argmax(axis=1) != truth[task].argmax(axis=1)
        assert {one.place for one in own} == set(np.flatnonzero(is_moved))
        for one in own:
            assert one.suggested == TAX.labels(task)[int(truth[task][one.place].argmax())]
    topics = [one for one in suspects if one.task == "topics"]
    assert {one.place for one in topics} <= set(range(N_WRONG))
    assert any(one.suggested == "" for one in topics)
    assert any(one.label == "" for one in topics)


def test_clean_labels_raise_no_suspicion() -> None:
    rows = many_rows(120)
    gold = gold_rows(rows, TAX)
    embeddings = np.repeat(gold["department"], 3, axis=1).astype(np.float32)
    probabilities = cross_probabilities(embeddings, rows, gold)
    assert find_suspects(rows, gold, probabilities, TAX) == ()


def test_rows_of_a_story_are_not_learnt_together_with_it() -> None:
    rows = many_rows(40)
    gold = gold_rows(rows, TAX)
    alone = np.eye(40, dtype=np.float32)  # each row is known by itself only
    probabilities = cross_probabilities(alone, rows, gold)["department"]
    assert probabilities.max() < 0.6
    whole = np.column_stack([alone, np.ones(40, np.float32)])
    learnt = fit_linear(whole, gold["department"], is_multilabel=False)
    assert ((whole @ learnt).argmax(axis=1) == gold["department"].argmax(axis=1)).all()


def test_rare_labels_of_few_rows_stay_rare() -> None:
    rows = many_rows(100)
    rng = np.random.default_rng(0)
    topics = (rng.random((100, 12)) < 0.07).astype(np.float32)
    embeddings = rng.normal(size=(100, 384)).astype(np.float32)
    probabilities = cross_probabilities(embeddings, rows, {"topics": topics})["topics"]
    assert probabilities.mean() < 2 * topics.mean()


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".xlsx"])
def test_file_to_relabel_is_read_back_and_put_into_the_whole(
    tiny_bundle: Path, tmp_path: Path, suffix: str, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(many_rows(120, n_wrong=N_WRONG), tmp_path / "rows.jsonl")
    out = tmp_path / f"suspects{suffix}"
    encoder = ("--encoder", str(tiny_bundle))
    assert main(["label-errors", str(data), "--out", str(out), *encoder]) == 0
    said = capsys.readouterr().out
    assert "rows to look at" in said
    assert "te duur" not in said
    relabel(out)
    mended = tmp_path / "mended.jsonl"
    whole = ["label-errors", str(data), "--relabelled", str(out), "--out", str(mended)]
    assert main(whole) == 0
    rows = {row.id: row for row in read_rows([mended])}
    assert len(rows) == 120
    changed = [row for row in read_rows([data]) if rows[row.id].labels != row.labels]
    assert [rows[row.id].labels.department for row in changed] == ["legal"]


@pytest.mark.parametrize("of", ["the data", "the relabelled file"])
def test_ids_that_stand_twice_are_not_put_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], of: str
) -> None:
    rows = many_rows(12)
    first = write_rows(rows[:6], tmp_path / "first.jsonl")
    same_ids = [dataclasses.replace(row, id=f"r{n}") for n, row in enumerate(rows[6:], start=3)]
    second = write_rows(same_ids if of == "the data" else rows[6:], tmp_path / "second.jsonl")
    few = rows[2:5] if of == "the data" else [*rows[2:5], *rows[3:5]]
    mended = write_rows(few, tmp_path / "mended.jsonl")
    out = tmp_path / "whole.jsonl"
    data = ["label-errors", str(first), str(second)]
    assert main([*data, "--relabelled", str(mended), "--out", str(out)]) == 2
    said = "2 id(s) stand more than once, in it or in the data, the first is r3"
    assert said in capsys.readouterr().err
    assert not out.exists()


def relabel(path: Path) -> None:
    """Give the first row of the file another department, as a person would."""
    if path.suffix == ".jsonl":
        lines = [json.loads(line) for line in path.read_text("utf-8").splitlines()]
        lines[0]["department"] = "legal"
        path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    elif path.suffix == ".xlsx":
        book = openpyxl.load_workbook(path)
        names = [cell.value for cell in book.active[1]]
        book.active.cell(row=2, column=names.index("department") + 1, value="legal")
        book.save(path)
    else:
        header, first, *others = path.read_text("utf-8-sig").splitlines()
        cells = first.split(",")
        cells[header.split(",").index("department")] = "legal"
        path.write_text("\n".join([header, ",".join(cells), *others]), encoding="utf-8")


def test_too_few_rows_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = write_rows(many_rows(4), tmp_path / "rows.jsonl")
    assert main(["label-errors", str(data), "--out", str(tmp_path / "o.csv")]) == 2
    assert "too few for --folds 5" in capsys.readouterr().err
    assert main(["label-errors", str(data), "--out", str(tmp_path / "o.txt")]) == 2
    assert "must end in .csv" in capsys.readouterr().err
