import json
from pathlib import Path

import pytest
from tiny import tiny_taxonomy

from training.calibrate import read_field_shares
from training.cli import main

ROOT = Path(__file__).parents[2]
SHARES = ROOT / "training" / "configs" / "nl-en.field-shares.json"


ROWS = [
    {"id": "r1", "text": "te duur", "sentiment": "negative", "topics": ["price"]},
    {"id": "r2", "text": "aardig", "sentiment": "positive", "topics": ["staff_attitude"]},
    {"id": "r3", "text": "traag", "sentiment": "negative", "topics": ["digital"]},
]
OWNERS = ("board", "hr", "board")
SPLITS = ("train", "train", "validation")


def rows(**changes: object) -> list[dict[str, object]]:
    """Three rows that could be trained on; changes go into the first."""
    whole = [
        {**row, "lang": "nl", "department": owner, "split": split}
        for row, owner, split in zip(ROWS, OWNERS, SPLITS, strict=True)
    ]
    return [{**whole[0], **changes}, *whole[1:]]


def fit(folder: Path, lines: list[dict[str, object]], *options: str) -> int:
    """Run ``fit``; it must stop before training."""
    config = folder / "run.toml"
    config.write_text('seed = 1\nbase = "absent"\n')
    data = folder / "rows.jsonl"
    data.write_text("\n".join(map(json.dumps, lines)))
    return main(["fit", str(config), "--data", str(data), "--run", str(folder / "run"), *options])


@pytest.mark.parametrize(
    ("changes", "label"), [({"department": "sales"}, "sales"), ({"topics": ["colour"]}, "colour")]
)
def test_fit_names_rows_with_unknown_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, object], label: str
) -> None:
    assert fit(tmp_path, rows(**changes)) == 2
    (field,) = changes
    assert f"rows.jsonl:1: {field}: {label!r} is not in the taxonomy" in capsys.readouterr().err


def test_fit_leaves_faulty_rows_out_when_asked_and_lists_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    faults = tmp_path / "faults.csv"
    extra = {**rows()[0], "id": "r4", "text": " ", "department": "sales"}
    options = ("--skip-faulty", "--faults", str(faults))
    assert fit(tmp_path, [*rows(), extra], *options) == 2
    said = capsys.readouterr().err
    assert "1 faulty row(s) left out" in said
    assert "is no encoder folder" in said
    assert faults.read_text().splitlines()[1:] == [
        "rows.jsonl:4,text,is empty: leave the row out",
        "rows.jsonl:4,department,'sales' is not in the taxonomy",
    ]


def test_fit_names_a_missing_base(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fit(tmp_path, rows()) == 2
    assert "is no encoder folder" in capsys.readouterr().err


def test_fit_reads_field_shares_before_it_trains(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shares = tmp_path / "shares.json"
    shares.write_text('{"sentiment": {"negative": 1.0}}')
    assert fit(tmp_path, rows(), "--field-shares", str(shares)) == 2
    assert "'sentiment' must have the keys" in capsys.readouterr().err


def test_released_field_shares_can_be_read() -> None:
    shares = read_field_shares(SHARES, tiny_taxonomy())
    assert sum(shares["department"].values()) == pytest.approx(1.0, abs=0.01)
