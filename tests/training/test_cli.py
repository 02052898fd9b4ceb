import json
from pathlib import Path

import pytest
from tiny import tiny_taxonomy

from training.calibrate import read_field_shares
from training.cli import main

ROOT = Path(__file__).parents[2]
SHARES = ROOT / "training" / "configs" / "nl-en.field-shares.json"


def fit(folder: Path, row: dict[str, object], *options: str) -> int:
    """Run ``fit`` on one row; it must stop before training."""
    config = folder / "run.toml"
    config.write_text('seed = 1\nbase = "absent"\n')
    data = folder / "rows.jsonl"
    data.write_text(json.dumps(row))
    return main(["fit", str(config), "--data", str(data), "--run", str(folder / "run"), *options])


def row(**changes: object) -> dict[str, object]:
    labels = {"sentiment": "negative", "topics": ["price"], "department": "board"}
    return {"id": "r1", "text": "te duur", "lang": "nl", **labels, **changes}


@pytest.mark.parametrize(
    ("changes", "label"), [({"department": "sales"}, "sales"), ({"topics": ["colour"]}, "colour")]
)
def test_fit_names_rows_with_unknown_labels(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changes: dict[str, object], label: str
) -> None:
    assert fit(tmp_path, row(**changes)) == 2
    assert f"row r1: {label!r} is not in the taxonomy" in capsys.readouterr().err


def test_fit_names_a_missing_base(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert fit(tmp_path, row()) == 2
    assert "is no encoder folder" in capsys.readouterr().err


def test_fit_reads_field_shares_before_it_trains(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shares = tmp_path / "shares.json"
    shares.write_text('{"sentiment": {"negative": 1.0}}')
    assert fit(tmp_path, row(), "--field-shares", str(shares)) == 2
    assert "'sentiment' must have the keys" in capsys.readouterr().err


def test_released_field_shares_can_be_read() -> None:
    shares = read_field_shares(SHARES, tiny_taxonomy())
    assert sum(shares["department"].values()) == pytest.approx(1.0, abs=0.01)
