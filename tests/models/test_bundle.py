import json
import shutil
from pathlib import Path

import pytest

from models.bundle import FILES, RELEASED_BUNDLE, load_bundle, read_manifest, write_manifest
from models.errors import BundleError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).write_text(name)
    write_manifest(tmp_path, prompt="query: ", origin={}, metrics={})
    return tmp_path


def test_manifest_written_and_read_is_equal(folder: Path) -> None:
    first = read_manifest(folder)
    assert write_manifest(folder, prompt="query: ", origin={}, metrics={}) == first


def test_version_follows_from_the_content(folder: Path) -> None:
    before = read_manifest(folder).bundle_version
    (folder / "taxonomy.json").write_text("other")
    after = write_manifest(folder, prompt="query: ", origin={}, metrics={}).bundle_version
    assert before != after


def test_altered_file_is_refused(folder: Path) -> None:
    (folder / "heads.safetensors").write_text("altered")
    with pytest.raises(BundleError, match=r"heads\.safetensors was altered"):
        read_manifest(folder)


def test_missing_file_is_refused(folder: Path) -> None:
    (folder / "encoder.onnx").unlink()
    with pytest.raises(BundleError, match=r"encoder\.onnx is missing"):
        read_manifest(folder)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("format", 99, "bundle format 99"),
        ("sha256", {"../evil": "0"}, "exactly the files"),
        ("bundle_version", "0" * 12, "does not follow"),
        ("prompt", "passage: ", "does not follow"),
        ("surprise", 1, "not a bundle manifest"),
    ],
)
def test_altered_manifest_is_refused(folder: Path, key: str, value: object, message: str) -> None:
    path = folder / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(BundleError, match=message):
        read_manifest(folder)


def test_empty_folder_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is no bundle"):
        load_bundle(tmp_path)


@pytest.mark.model
def test_released_bundle_is_small_enough() -> None:
    assert sum(path.stat().st_size for path in RELEASED_BUNDLE.iterdir()) < 48_000_000


@pytest.mark.model
def test_altered_copy_of_the_released_bundle_is_refused(tmp_path: Path) -> None:
    copy = shutil.copytree(RELEASED_BUNDLE, tmp_path / "bundle")
    with (copy / "heads.safetensors").open("r+b") as stream:
        stream.seek(-1, 2)
        stream.write(b"\x00\x01"[:1])
        stream.write(b"x")
    with pytest.raises(BundleError, match="altered"):
        load_bundle(copy)
