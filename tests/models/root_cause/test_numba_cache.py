import os
import sys
from pathlib import Path

import pytest

from models.root_cause import numba_cache
from models.root_cause.numba_cache import VARIABLE, ensure_numba_cache


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "compiled_fake"
    folder.mkdir()
    (folder / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv(VARIABLE, "")
    return folder


def test_a_folder_stands_in_where_none_can_be_written(
    package: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(numba_cache, "_is_writable", lambda folder: False)
    monkeypatch.delitem(sys.modules, "numba", raising=False)
    ensure_numba_cache("compiled_fake")
    made = Path(os.environ[VARIABLE])
    assert made.is_dir()
    assert made.stat().st_mode & 0o077 == 0
    made.rmdir()


def test_numba_keeps_its_own_place_where_it_has_one(package: Path) -> None:
    ensure_numba_cache("compiled_fake")
    assert os.environ[VARIABLE] == ""


def test_the_users_choice_is_kept(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba_cache, "_is_writable", lambda folder: False)
    monkeypatch.setenv(VARIABLE, "/mine")
    ensure_numba_cache("compiled_fake")
    assert os.environ[VARIABLE] == "/mine"


def test_a_package_that_is_missing_needs_none(package: Path) -> None:
    ensure_numba_cache("no_such_package")
    assert os.environ[VARIABLE] == ""


def test_a_folder_that_can_be_made_counts(tmp_path: Path) -> None:
    assert numba_cache._is_writable(tmp_path / "a" / "b")
    (tmp_path / "file").touch()
    assert not numba_cache._is_writable(tmp_path / "file" / "b")
