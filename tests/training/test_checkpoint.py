import errno
import time
from pathlib import Path

import pytest
import torch

from training.checkpoint import CheckpointClock, load_state, save_state
from training.writing import TrainingError, written_beside


def test_saved_state_comes_back(tmp_path: Path) -> None:
    state = {"weights": torch.arange(3.0), "epoch": 2, "layers": ("query", "key")}
    save_state(state, tmp_path / "a.pt")
    found = load_state(tmp_path / "a.pt")
    assert torch.equal(found.pop("weights"), state["weights"])
    assert found == {"epoch": 2, "layers": ("query", "key")}
    assert [path.name for path in tmp_path.iterdir()] == ["a.pt"]


@pytest.mark.parametrize("error_kind", [OSError, RuntimeError])
def test_full_disk_leaves_the_file_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error_kind: type[Exception]
) -> None:
    path = tmp_path / "checkpoint.pt"
    save_state({"epoch": 1}, path)

    def fill_disk(state: object, stream: object) -> None:
        stream.write(b"half of it")  # type: ignore[attr-defined]
        full = OSError(errno.ENOSPC, "No space left on device")
        if error_kind is OSError:
            raise full
        raise RuntimeError("[enforce fail at inline_container.cc] PytorchStreamWriter") from full

    monkeypatch.setattr(torch, "save", fill_disk)
    with pytest.raises(TrainingError, match="the disk is full; the one before stands"):
        save_state({"epoch": 2}, path)
    assert load_state(path) == {"epoch": 1}
    assert [found.name for found in tmp_path.iterdir()] == ["checkpoint.pt"]


def test_error_that_is_not_the_disks_passes_unchanged(tmp_path: Path) -> None:
    def write() -> None:
        with written_beside(tmp_path / "a") as partial:
            partial.write_text("half")
            raise RuntimeError("shape mismatch")

    with pytest.raises(RuntimeError, match="shape mismatch"):
        write()
    assert not list(tmp_path.iterdir())


def test_damaged_state_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.pt"
    save_state({"weights": torch.zeros(100)}, path)
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(TrainingError, match=r"a\.pt is damaged .*delete it"):
        load_state(path)


def test_clock_counts_steps_and_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    by_steps = CheckpointClock(minutes=0, steps=2)
    assert [by_steps.is_due() for _ in range(2)] == [False, True]
    by_time = CheckpointClock(minutes=5, steps=0)
    assert not by_time.is_due()
    now[0] = 301.0
    assert by_time.is_due()
    by_time.reset()
    assert not by_time.is_due()
    assert not any(CheckpointClock(minutes=0, steps=0).is_due() for _ in range(5))
