import csv
import json
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from tiny_bundle import many_rows, write_rows

from models.taxonomy import read_taxonomy
from training.cli import main
from training.labelled import TAXONOMY
from training.next_rows import measure_uncertainty, pick_next
from training.readers.reading import ReadOptions, read_labelled
from training.tables_out import write_table

TAX = read_taxonomy(TAXONOMY)


def test_unsure_rows_are_picked_from_each_kind() -> None:
    rng = np.random.default_rng(0)
    kinds = np.repeat(np.arange(4), 50)
    embeddings = (10 * np.eye(8)[kinds] + rng.normal(size=(200, 8))).astype(np.float32)
    unsure = np.where(np.arange(200) % 50 < 5, 0.9, 0.01)
    picks = pick_next(embeddings, unsure, n_picks=4)
    assert {int(kinds[pick.place]) for pick in picks} == {0, 1, 2, 3}
    assert pick_next(embeddings, unsure, n_picks=4) == picks
    few = pick_next(embeddings, unsure, n_picks=20)
    assert len(few) == 20
    assert np.mean([pick.uncertainty > 0.5 for pick in few]) > 0.5
    assert len(pick_next(embeddings[:3], unsure[:3], n_picks=20)) == 3


def test_equal_texts_still_give_as_many_picks_as_asked_for() -> None:
    picks = pick_next(np.ones((30, 4), np.float32), np.full(30, 0.5), n_picks=5)
    assert len({pick.place for pick in picks}) == 5


def test_uncertainty_counts_the_least_sure_topic() -> None:
    topics = np.array([[0.5, 0.01, 0.01], [0.99, 0.01, 0.01]])
    first, second = measure_uncertainty({"topics": topics})
    assert first == pytest.approx(1.0)
    assert second < 0.1


def choose(bundle: Path, data: Path, out: Path, *options: str | Path) -> int:
    few = ("-n", "6", "--threads", "1")
    return main(["next", str(bundle), str(data), "--out", str(out), *few, *map(str, options)])


def test_next_writes_a_table_without_labels_and_without_what_is_known(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = many_rows(40)
    data = write_rows([*rows, *rows[:3]], tmp_path / "pool.jsonl")
    known = write_rows(rows[:20], tmp_path / "known.jsonl")
    out = tmp_path / "next.csv"
    assert choose(tiny_bundle, data, out, "--labelled", known) == 0
    assert "6 of 20 verbatims" in capsys.readouterr().out
    with out.open(encoding="utf-8-sig", newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert len({line["id"] for line in lines}) == 6
    assert not {line["id"] for line in lines} & {row.id for row in rows[:20]}
    assert {line["department"] for line in lines} == {""}
    doubts = [float(line["uncertainty"]) for line in lines]
    assert doubts == sorted(doubts, reverse=True)


def test_next_gives_tasks_whose_export_can_be_read(tiny_bundle: Path, tmp_path: Path) -> None:
    data = write_rows(many_rows(40), tmp_path / "pool.jsonl")
    out, config = tmp_path / "tasks.json", tmp_path / "labels.xml"
    assert choose(tiny_bundle, data, out, "--suggest", "--config", config) == 0
    names = {one.get("name") for one in ElementTree.parse(config).iter("Choices")}  # noqa: S314
    tasks = json.loads(out.read_text(encoding="utf-8"))
    assert len(tasks) == 6
    done = []
    for number, task in enumerate(tasks):
        result = task["predictions"][0]["result"]
        assert {part["from_name"] for part in result} == names
        done.append({**task, "id": number, "annotations": [{"completed_by": 1, "result": result}]})
    out.write_text(json.dumps(done), encoding="utf-8")
    read = read_labelled([out], TAX, ReadOptions(is_for_training=False)).rows
    assert [row.id for row in read] == [task["data"]["id"] for task in tasks]


def test_texts_to_label_are_redacted_unless_asked_otherwise(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    data = tmp_path / "pool.jsonl"
    data.write_text(json.dumps({"id": "1", "text": "veel te duur, mail naar jan@voorbeeld.nl"}))
    out = tmp_path / "next.jsonl"
    assert choose(tiny_bundle, data, out) == 0
    assert "jan@voorbeeld.nl" not in out.read_text()
    assert choose(tiny_bundle, data, out, "--raw") == 0
    assert "jan@voorbeeld.nl" in out.read_text()


@pytest.mark.parametrize("options", [(), ("--raw",)])
def test_what_was_labelled_is_not_offered_again_whatever_it_holds(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    texts = [
        "Veel te duur,  mail naar jan@voorbeeld.nl",
        "Mevrouw De Vries heeft mij niet teruggebeld op 06-12345678",
        "=lekker eten maar te duur",
        "geen mening hierover",
    ]
    data, out = tmp_path / "pool.csv", tmp_path / "next.csv"
    with data.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([("Open antwoord",), *((text,) for text in texts)])
    mapped = ("--column", "text=Open antwoord")
    assert choose(tiny_bundle, data, out, *mapped, *options) == 0
    assert "4 of 4 verbatims" in capsys.readouterr().out
    again = tmp_path / "again.csv"
    assert choose(tiny_bundle, data, again, *mapped, "--labelled", out) == 2
    assert "no verbatim is left to choose from" in capsys.readouterr().err
    assert choose(tiny_bundle, data, again, *mapped, "--labelled", data) == 2


def test_cells_are_no_formulas(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    write_table([{"id": "1", "text": "=SUM(A1)", "topics": ["a", "b"]}], path)
    assert path.read_text("utf-8-sig").splitlines()[1] == "1, =SUM(A1),a|b"
