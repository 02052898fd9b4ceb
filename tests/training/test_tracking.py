import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from training import tracking
from training.tracking import open_log
from training.writing import TrainingError


class FakeMlflow(SimpleNamespace):
    """Notes what the client is told; knows one run."""

    def __init__(self) -> None:
        super().__init__(calls=[])

    def start_run(self, run_id: str | None, run_name: str) -> SimpleNamespace:
        self.calls.append(("start_run", run_id))
        return SimpleNamespace(info=SimpleNamespace(run_id="r1"))

    def __getattr__(self, name: str) -> Any:
        return lambda *args, **options: self.calls.append((name, *args, *options.values()))


@pytest.fixture
def fake_mlflow(monkeypatch: pytest.MonkeyPatch) -> FakeMlflow:
    fake = FakeMlflow()
    monkeypatch.setitem(sys.modules, "mlflow", fake)
    monkeypatch.setattr(tracking, "find_spec", lambda name: object())
    monkeypatch.delenv(tracking.MLFLOW_URI, raising=False)
    return fake


def record(folder: Path, setting: str) -> None:
    with open_log(folder, setting) as log:
        log.params({"seed": 1, "lora": {"layers": ("query",)}})
        log.metrics({"loss": 0.5}, step=1)
        log.metrics({"loss": 0.25}, step=2)
        log.artefact(folder / "best.pt")


def test_plain_folder_holds_all_of_it(tmp_path: Path) -> None:
    record(tmp_path, "plain")
    assert json.loads((tmp_path / "params.json").read_text()) == {
        "seed": 1,
        "lora.layers": ["query"],
    }
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert lines == [{"step": 1, "loss": 0.5}, {"step": 2, "loss": 0.25}]
    assert json.loads((tmp_path / "artefacts.json").read_text()) == ["best.pt"]
    assert json.loads((tmp_path / "status.json").read_text()) == {"status": "finished"}


def test_resumed_run_replaces_what_it_repeats(tmp_path: Path) -> None:
    record(tmp_path, "plain")
    with open_log(tmp_path, "plain") as log:
        log.metrics({"loss": 0.3}, step=2)
        log.metrics({"validation_mean": 0.6}, step=2)
    lines = [json.loads(line) for line in (tmp_path / "metrics.jsonl").read_text().splitlines()]
    assert lines == [
        {"step": 1, "loss": 0.5},
        {"step": 2, "loss": 0.3},
        {"step": 2, "validation_mean": 0.6},
    ]


def test_interrupted_run_says_so(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), open_log(tmp_path, "plain"):
        raise KeyboardInterrupt
    assert json.loads((tmp_path / "status.json").read_text()) == {"status": "interrupted"}


def test_mlflow_gets_the_same(tmp_path: Path, fake_mlflow: FakeMlflow) -> None:
    record(tmp_path, "mlflow")
    assert ("log_params", {"seed": "1", "lora.layers": "['query']"}) in fake_mlflow.calls
    assert ("log_metrics", {"loss": 0.25}, 2) in fake_mlflow.calls
    assert ("log_artifact", str(tmp_path / "best.pt")) in fake_mlflow.calls
    assert fake_mlflow.calls[-1] == ("end_run", "FINISHED")
    assert (tmp_path / "metrics.jsonl").exists()


def test_resumed_run_goes_on_in_its_mlflow_run(tmp_path: Path, fake_mlflow: FakeMlflow) -> None:
    record(tmp_path, "mlflow")
    fake_mlflow.calls.clear()
    record(tmp_path, "mlflow")
    assert ("start_run", "r1") in fake_mlflow.calls
    assert not [call for call in fake_mlflow.calls if call[0] == "log_params"]


def test_other_settings_in_the_same_folder_are_a_new_mlflow_run(
    tmp_path: Path, fake_mlflow: FakeMlflow
) -> None:
    record(tmp_path, "mlflow")
    fake_mlflow.calls.clear()
    with open_log(tmp_path, "mlflow") as log:
        log.params({"seed": 2})
    names = [call[0] for call in fake_mlflow.calls]
    assert ("start_run", None) in fake_mlflow.calls
    assert ("log_params", {"seed": "2"}) in fake_mlflow.calls
    assert names.index("end_run") < fake_mlflow.calls.index(("start_run", None))


def test_mlflow_run_ends_though_the_folder_cannot_be_written(
    tmp_path: Path, fake_mlflow: FakeMlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise TrainingError("the disk is full")

    with pytest.raises(TrainingError, match="the disk is full"), open_log(tmp_path, "mlflow"):
        monkeypatch.setattr(tracking.FolderTracker, "close", fail)
    assert fake_mlflow.calls[-1][0] == "end_run"


def test_auto_takes_mlflow_only_where_it_is_configured(
    tmp_path: Path, fake_mlflow: FakeMlflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    record(tmp_path, "auto")
    assert not fake_mlflow.calls
    monkeypatch.setenv(tracking.MLFLOW_URI, "http://tracker.test")
    record(tmp_path, "auto")
    assert ("set_tracking_uri", "http://tracker.test") in fake_mlflow.calls


def test_missing_mlflow_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tracking, "find_spec", lambda name: None)
    with pytest.raises(TrainingError, match=r"pip install 'klantstem\[mlflow\]'"):
        open_log(tmp_path, "mlflow")
