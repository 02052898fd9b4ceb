"""What cannot be written is said in one line, and no part of it stays."""

import errno
from pathlib import Path

import pytest

from training.tables_out import write_table
from training.writing import TrainingError, save_text, written_beside

ROWS = [{"id": 1, "text": "te duur"}, {"id": 2, "text": "half \ud83d"}]


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.xlsx"])
def test_a_missing_folder_is_named_whatever_writes(tmp_path: Path, name: str) -> None:
    path = tmp_path / "absent" / name
    with pytest.raises(TrainingError) as caught:
        write_table(ROWS[:1], path)
    assert f"see that the folder {path.parent} is there" in str(caught.value)
    assert "checkpoint" not in str(caught.value)


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.xlsx"])
def test_a_text_that_cannot_be_written_leaves_no_part(tmp_path: Path, name: str) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_table(ROWS, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_write_that_is_stopped_leaves_no_part_and_is_no_fault_of_the_disk(
    tmp_path: Path,
) -> None:
    def write() -> None:
        with written_beside(tmp_path / "a") as partial:
            partial.write_text("half")
            try:
                raise OSError(errno.ENOSPC, "No space left on device")
            except OSError:
                raise KeyboardInterrupt from None

    with pytest.raises(KeyboardInterrupt):
        write()
    assert not list(tmp_path.iterdir())


def test_a_full_disk_is_told_from_the_words_of_a_library(tmp_path: Path) -> None:
    save_text("whole", tmp_path / "a")

    def write() -> None:
        with written_beside(tmp_path / "a"):
            raise ValueError("I/O error: No space left on device (os error 28)")

    with pytest.raises(TrainingError, match="the disk is full; the one before stands"):
        write()
    assert (tmp_path / "a").read_text() == "whole"
