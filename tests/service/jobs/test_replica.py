"""The folder that one process has for itself."""

from pathlib import Path

import pytest

from service.jobs.replica import Replica
from service.settings import SettingsError


def test_a_process_that_starts_again_has_its_name_and_none_of_its_files(tmp_path: Path) -> None:
    first = Replica(tmp_path)
    (first.temporary / "upload-1").write_text("te laat")
    first._lock.close()  # as if it were killed
    second = Replica(tmp_path)
    assert second.id == first.id
    assert list(second.temporary.iterdir()) == []
    second.close()


def test_two_processes_that_live_have_a_name_each(tmp_path: Path) -> None:
    first, second = Replica(tmp_path), Replica(tmp_path)
    assert first.id != second.id
    assert first.temporary != second.temporary
    first.close()
    assert not first.temporary.exists()
    third = Replica(tmp_path)
    assert third.id == first.id
    third.close()
    second.close()


def test_a_name_that_was_cut_off_is_made_again(tmp_path: Path) -> None:
    Replica(tmp_path).close()
    (tmp_path / "replicas" / "1" / "id").write_text("abc")
    replica = Replica(tmp_path)
    assert len(replica.id) == 32
    replica.close()


def test_a_folder_that_cannot_be_made_is_an_error_of_the_setting(tmp_path: Path) -> None:
    (tmp_path / "replicas").write_text("no folder")
    with pytest.raises(SettingsError, match="KLANTSTEM_DATA_DIR"):
        Replica(tmp_path)
