"""What is wrong with labelled data is named row by row, before anything is trained."""

import json
from pathlib import Path
from typing import Any

import pytest
from tiny import tiny_taxonomy

from training.labelled import CORPUS, read_corpus
from training.readers.raw import FaultyDataError
from training.readers.reading import LabelledData, ReadOptions, read_labelled

SECRET = "Jan Jansen woont op nummer acht"


def row(number: int, **changes: object) -> dict[str, object]:
    """One of a set of rows that alternate between two kinds."""
    labels = [
        {"sentiment": "negative", "topics": ["price"], "department": "board"},
        {"sentiment": "positive", "topics": ["staff_attitude"], "department": "hr"},
    ][number % 2]
    return {
        "id": f"r{number}",
        "text": f"verhaal nummer {number}",
        "lang": "nl",
        **labels,
        **changes,
    }


def read(
    folder: Path, rows: list[Any], *, skip_faulty: bool = False, **options: Any
) -> LabelledData:
    path = folder / "rows.jsonl"
    lines = [one if isinstance(one, str) else json.dumps(one) for one in rows]
    path.write_text("\n".join(lines), encoding="utf-8")
    return read_labelled([path], tiny_taxonomy(), ReadOptions(**options), skip_faulty=skip_faulty)


def faults(folder: Path, rows: list[Any], **options: Any) -> list[str]:
    with pytest.raises(FaultyDataError) as caught:
        read(folder, rows, **options)
    return [str(fault) for fault in caught.value.faults]


GOOD = [row(number) for number in range(20)]


def test_the_corpus_reads_as_it_always_did() -> None:
    data = read_labelled([CORPUS], tiny_taxonomy())
    assert data.rows == read_corpus()
    assert data.faults == ()


def test_every_fault_of_every_row_is_named(tmp_path: Path) -> None:
    bad = [
        row(20, department="sales", topics=["colour", "price"]),
        row(21, text="  "),
        "{not json",
        row(22, sentiment=None),
        row(23, lang="fr"),
        row(24, split="holdout"),
        row(25, segments=[{"start": 3, "end": 99}]),
        row(26, topics=[]),
        row(27, text="x" * 10_001),
    ]
    assert faults(tmp_path, [*GOOD, *bad]) == [
        "rows.jsonl:21: department: 'sales' is not in the taxonomy",
        "rows.jsonl:21: topics: 'colour' is not in the taxonomy",
        "rows.jsonl:22: text: is empty: leave the row out",
        "rows.jsonl:23: row: not JSON; each line must be one object",
        "rows.jsonl:24: sentiment: is empty: label the row or leave it out",
        "rows.jsonl:25: lang: 'fr' is neither nl nor en",
        "rows.jsonl:26: split: 'holdout' is none of train, validation, test",
        "rows.jsonl:27: segments[0]: must have 0 <= start < end <= 17",
        "rows.jsonl:28: topics: is empty: label the row or leave it out",
        "rows.jsonl:29: text: has 10001 characters, at most 10000: shorten it",
    ]


def test_faults_never_show_the_text(tmp_path: Path) -> None:
    bad = [
        row(20, text=SECRET),
        row(21, text=SECRET, department="legal"),
        row(22, department=SECRET),
        f'{{"text": "{SECRET}"',
    ]
    said = "\n".join(faults(tmp_path, [*GOOD, *bad]))
    assert "a value of 31 characters is not in the taxonomy" in said
    assert "Jansen" not in said


def test_equal_texts_with_other_labels_are_faults_in_training_and_notes_elsewhere(
    tmp_path: Path,
) -> None:
    twins = [
        row(20, text="Prima  winkel"),
        row(22, text="prima winkel", department="legal", split="train"),
    ]
    (fault,) = [one for one in faults(tmp_path, [*GOOD, *twins]) if "same text" in one]
    assert fault == (
        "rows.jsonl:22: department: same text as rows.jsonl:21, other labels: "
        "decide which are right"
    )
    rows = read(tmp_path, [*GOOD, *twins], skip_faulty=True).rows
    assert not {"r20", "r22"} & {one.id for one in rows}
    data = read(tmp_path, [*GOOD, *twins], is_for_training=False)
    assert len(data.rows) == 22
    assert "same text as" in data.notes[0]


def test_ids_that_stand_twice_are_named(tmp_path: Path) -> None:
    said = faults(tmp_path, [*GOOD, row(20, id="r3")])
    assert said[0].startswith("rows.jsonl:21: id: stands at rows.jsonl:4 too")


def test_one_label_for_all_rows_is_refused(tmp_path: Path) -> None:
    said = faults(tmp_path, [row(2 * number) for number in range(20)])
    assert [one.split(":")[1].strip() for one in said] == ["sentiment", "department", "topics"]
    assert "are 'negative': add rows with other labels" in said[0]


@pytest.mark.parametrize(("split", "missing"), [("train", "validation"), ("validation", "train")])
def test_a_lone_split_is_refused(tmp_path: Path, split: str, missing: str) -> None:
    (said,) = faults(tmp_path, [{**one, "split": split} for one in GOOD])
    assert f"no row of split '{missing}' among 20" in said


def test_a_story_in_two_splits_is_refused(tmp_path: Path) -> None:
    told = [row(20, story="s", split="train"), row(21, story="s", split="validation")]
    (said,) = faults(tmp_path, [*GOOD, *told])
    assert "rows.jsonl:22: split: is validation, that of rows.jsonl:21 is train" in said


def test_rows_without_a_split_get_one_by_their_story(tmp_path: Path) -> None:
    rows = [row(number, story=f"s{number // 2}") for number in range(400)]
    data = read(tmp_path, rows, validation_share=0.2)
    splits = {one.id: one.split for one in data.rows}
    assert all(splits[f"r{n}"] == splits[f"r{n + 1}"] for n in range(0, 400, 2))
    share = list(splits.values()).count("validation") / 400
    assert 0.13 < share < 0.27
    again = read(tmp_path, rows[::-1], validation_share=0.2)
    assert {one.id: one.split for one in again.rows} == splits


def test_few_rows_without_a_split_fill_both(tmp_path: Path) -> None:
    data = read(tmp_path, [row(1), row(2), row(3), row(4)])
    assert {one.split for one in data.rows} == {"train", "validation"}


def test_rows_without_an_id_keep_theirs_when_rows_move(tmp_path: Path) -> None:
    rows = [{key: value for key, value in one.items() if key != "id"} for one in GOOD]
    first = {one.text: one.id for one in read(tmp_path, rows).rows}
    assert {one.text: one.id for one in read(tmp_path, rows[::-1]).rows} == first
    assert len(set(first.values())) == 20


def test_language_is_told_from_the_text(tmp_path: Path) -> None:
    rows = [
        row(20, lang=None, text="De medewerkers waren heel vriendelijk en behulpzaam"),
        row(21, lang=None, text="The staff were very friendly and helpful to everybody"),
    ]
    found = {one.id: one.lang for one in read(tmp_path, [*GOOD, *rows]).rows}
    assert (found["r20"], found["r21"]) == ("nl", "en")
    said = faults(tmp_path, [*GOOD, row(22, lang=None, text="9")])
    assert "lang: cannot be told from the text" in said[0]


def test_rare_labels_are_noted(tmp_path: Path) -> None:
    notes = read(tmp_path, GOOD).notes
    assert any(note.startswith("department: fewer than 5 rows") for note in notes)
    assert any("legal 0" in note for note in notes)
