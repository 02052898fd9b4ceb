"""Promoting and rolling back, on folders that only look like bundles."""

import errno
import fcntl
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

from models.bundle import FILES, read_manifest, resolve_bundle, write_manifest
from models.errors import BundleError
from training import promotion
from training.cli import main
from training.promotion import PromotionError, Switch, promote, read_history, rollback


@pytest.fixture(autouse=True)
def load_without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes are checked, the files hold no model."""
    monkeypatch.setattr(promotion, "load_bundle", read_manifest)


def make_bundle(folder: Path, content: str) -> Path:
    folder.mkdir()
    for name in FILES:
        (folder / name).write_text(f"{content} {name}")
    write_manifest(folder, prompt="query: ", origin={}, metrics={})
    return folder


@pytest.fixture
def bundles(tmp_path: Path) -> list[Path]:
    return [make_bundle(tmp_path / name, name) for name in ("a", "b", "c")]


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "live"


def version(folder: Path) -> str:
    return read_manifest(resolve_bundle(folder)).bundle_version


def outcome(candidate: Path, current: Path, /, **changes: Any) -> dict[str, Any]:
    whole = {
        "format": 1,
        "candidate": version(candidate),
        "current": version(current),
        "passed": True,
        "at": "2026-01-01T00:00:00+00:00",
        "data": {"rows": 100, "sha256": "0"},
        "reasons": [],
    }
    return {**whole, **changes}


def files_of(target: Path) -> set[str]:
    return {str(path.relative_to(target)) for path in target.rglob("*")} - {".lock"}


def test_promoted_bundle_is_in_place_whole(bundles: list[Path], target: Path) -> None:
    promote(bundles[0], target)
    assert version(target) == version(target / "current") == version(bundles[0])
    assert not os.path.isabs(os.readlink(target / "current"))  # the folder can be moved
    promote(bundles[1], target, outcome=outcome(bundles[1], bundles[0]))
    shutil.rmtree(bundles[1])
    assert read_manifest(target / "current").sha256
    assert not list(target.rglob("*.part"))


def test_rollback_goes_one_bundle_back_each_time(bundles: list[Path], target: Path) -> None:
    a, b, _ = (version(folder) for folder in bundles)
    for folder in bundles:
        promote(folder, target, is_forced=True)
    assert [rollback(target).bundle_version for _ in range(2)] == [b, a]
    assert version(target) == a
    with pytest.raises(PromotionError, match="is the first bundle"):
        rollback(target)
    promote(bundles[2], target, is_forced=True)
    assert rollback(target).bundle_version == a


def test_history_tells_every_switch(bundles: list[Path], target: Path) -> None:
    a, b, _ = (version(folder) for folder in bundles)
    promote(bundles[0], target)
    promote(bundles[1], target, outcome=outcome(bundles[1], bundles[0]))
    rollback(target)
    promote(bundles[1], target, is_forced=True)
    told = [
        (one.action, one.bundle_version, one.before, one.is_forced) for one in read_history(target)
    ]
    assert told == [
        ("promote", a, None, False),
        ("promote", b, a, False),
        ("rollback", a, b, False),
        ("promote", b, a, True),
    ]
    assert read_history(target)[1].gate is not None


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (None, "there is no gate report for"),
        ({"passed": False, "reasons": ["F1 of hr: 0.7 to 0.4"]}, "the gate refused .*: F1 of hr"),
        ({"candidate": "0" * 12}, "the gate report is for 000000000000 against"),
        ({"current": "0" * 12}, "which is in place"),
        ({"passed": "yes"}, "the gate refused"),
    ],
)
def test_promotion_needs_a_passed_gate_of_these_two_bundles(
    bundles: list[Path], target: Path, change: dict[str, Any] | None, message: str
) -> None:
    promote(bundles[0], target)
    before = files_of(target)
    report = None if change is None else outcome(bundles[1], bundles[0], **change)
    with pytest.raises(PromotionError, match=message):
        promote(bundles[1], target, outcome=report)
    assert files_of(target) == before
    assert version(target) == version(bundles[0])
    promote(bundles[1], target, outcome=report, is_forced=True)
    assert version(target) == version(bundles[1])


def test_gate_of_a_bundle_that_was_replaced_since_counts_no_more(
    bundles: list[Path], target: Path
) -> None:
    promote(bundles[0], target)
    report = outcome(bundles[2], bundles[0])
    promote(bundles[1], target, is_forced=True)
    with pytest.raises(PromotionError, match="which is in place"):
        promote(bundles[2], target, outcome=report)


@pytest.mark.parametrize("damage", ["altered", "missing"])
def test_damaged_candidate_is_refused(bundles: list[Path], target: Path, damage: str) -> None:
    promote(bundles[0], target)
    before = files_of(target)
    file = bundles[1] / "heads.safetensors"
    file.write_text("other") if damage == "altered" else file.unlink()
    with pytest.raises(BundleError, match=rf"heads\.safetensors.* {damage}"):
        promote(bundles[1], target, is_forced=True)
    assert files_of(target) == before


def test_bundle_that_cannot_be_loaded_is_refused(
    bundles: list[Path], target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(bundles[0], target)
    before = files_of(target)

    def refuse(folder: Path) -> None:
        raise BundleError("no model in it")

    monkeypatch.setattr(promotion, "load_bundle", refuse)
    with pytest.raises(BundleError, match="no model"):
        promote(bundles[1], target, is_forced=True)
    assert files_of(target) == before


def test_candidate_that_changes_while_it_is_copied_is_refused(
    bundles: list[Path], target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    promote(bundles[0], target)
    copy = shutil.copyfile

    def copy_and_change(source: Path, place: Path) -> None:
        copy(source, place)
        if source.name == "heads.safetensors":
            place.write_text("torn")

    monkeypatch.setattr(shutil, "copyfile", copy_and_change)
    before = files_of(target)
    with pytest.raises(BundleError, match="was altered"):
        promote(bundles[1], target, is_forced=True)
    assert files_of(target) == before


@pytest.mark.parametrize("step", ["copyfile", "fsync", "symlink_to", "replace"])
def test_full_disk_leaves_everything_as_it_was(
    bundles: list[Path], target: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    promote(bundles[0], target)
    history = (target / "history.jsonl").read_bytes()

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    owner = {"copyfile": shutil, "fsync": os, "symlink_to": Path, "replace": os}[step]
    with monkeypatch.context() as patch:
        patch.setattr(owner, step, fail)
        with pytest.raises(PromotionError, match="is full; what was in place still is"):
            promote(bundles[1], target, is_forced=True)
    assert version(target) == version(bundles[0])
    assert (target / "history.jsonl").read_bytes() == history
    assert not list(target.rglob("*.part"))
    promote(bundles[1], target, is_forced=True)
    assert version(target) == version(bundles[1])


def test_two_promotions_at_a_time_are_refused(bundles: list[Path], target: Path) -> None:
    promote(bundles[0], target)
    with (target / ".lock").open("w") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        with pytest.raises(PromotionError, match="somebody else"):
            promote(bundles[1], target, is_forced=True)
        with pytest.raises(PromotionError, match="somebody else"):
            rollback(target)
    promote(bundles[1], target, is_forced=True)


def test_what_a_kill_left_is_cleared_away(bundles: list[Path], target: Path) -> None:
    a, b, c = (version(folder) for folder in bundles)
    promote(bundles[0], target)
    promote(bundles[1], target, is_forced=True)
    half = target / "versions" / f".{c}.part"
    half.mkdir()
    (half / "encoder.onnx").write_text("half")
    killed = Switch(action="promote", bundle_version=c, before=b, at="")
    line = json.dumps({name: getattr(killed, name) for name in Switch.__slots__})
    with (target / "history.jsonl").open("a") as stream:
        stream.write(line + "\n" + line[:20])  # noted, never made; and a torn line
    assert rollback(target).bundle_version == a
    promote(bundles[2], target, is_forced=True)
    assert version(target) == c
    assert not half.exists()


def test_damaged_copy_of_an_earlier_promotion_is_replaced(
    bundles: list[Path], target: Path
) -> None:
    for folder in bundles[:2]:
        promote(folder, target, is_forced=True)
    (target / "versions" / version(bundles[0]) / "heads.safetensors").write_text("damaged")
    with pytest.raises(BundleError, match="was altered"):
        rollback(target)
    assert version(target) == version(bundles[1])
    promote(bundles[0], target, is_forced=True)
    assert version(target) == version(bundles[0])


def test_places_that_cannot_hold_promoted_bundles_are_named(
    bundles: list[Path], target: Path
) -> None:
    with pytest.raises(PromotionError, match="is a bundle itself"):
        promote(bundles[0], bundles[1])
    (target / "current").mkdir(parents=True)
    with pytest.raises(PromotionError, match="is no link"):
        promote(bundles[0], target)
    with pytest.raises(PromotionError, match="holds no promoted bundle"):
        rollback(target)


def test_bundle_in_place_is_not_promoted_again(bundles: list[Path], target: Path) -> None:
    promote(bundles[0], target)
    with pytest.raises(PromotionError, match=r"is in place in .* already"):
        promote(bundles[0], target, is_forced=True)


def test_commands_tell_what_is_in_place(
    bundles: list[Path], target: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    a, b, _ = (version(folder) for folder in bundles)
    assert main(["promote", str(bundles[0]), str(target)]) == 0
    assert main(["promote", str(bundles[1]), str(target)]) == 2
    assert "there is no gate report" in capsys.readouterr().err
    report = bundles[1].with_name("b.gate.json")
    report.write_text(json.dumps(outcome(bundles[1], bundles[0])))
    assert main(["promote", str(bundles[1]), str(target)]) == 0
    assert f"{b} is in place, before: {a}" in capsys.readouterr().out
    assert main(["rollback", str(target)]) == 0
    assert f"{a} is in place again" in capsys.readouterr().out
    report.write_text("{}")
    assert main(["promote", str(bundles[1]), str(target)]) == 2
    assert "is no gate report" in capsys.readouterr().err
    assert main(["promote", str(bundles[1]), str(target), "--report", "absent.json"]) == 2
    assert "absent.json does not exist" in capsys.readouterr().err


def test_a_killed_rollback_loses_no_bundle(
    bundles: list[Path], target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    a, b, _ = (version(folder) for folder in bundles)
    for folder in (bundles[0], bundles[1], bundles[0]):
        promote(folder, target, is_forced=True)
    noted = (target / "history.jsonl").read_bytes()
    rollback(target)
    note = (target / "history.jsonl").read_bytes()[len(noted) :]
    (target / "current").unlink()
    (target / "current").symlink_to(Path("versions") / a)  # as if killed before the switch
    assert json.loads(note)["bundle_version"] == b
    assert rollback(target).bundle_version == b
    assert version(target) == b
    assert rollback(target).bundle_version == a


def steps(*pairs: tuple[str, str]) -> tuple[Switch, ...]:
    return tuple(
        Switch(action=action, bundle_version=name, before=None, at="") for action, name in pairs
    )


@pytest.mark.parametrize(
    ("history", "line"),
    [
        ([("promote", "a"), ("promote", "b"), ("found", "a")], ["a"]),
        (
            [
                ("promote", "a"),
                ("promote", "b"),
                ("promote", "a"),
                ("rollback", "b"),
                ("found", "a"),
            ],
            ["a", "b", "a"],
        ),
        ([("promote", "a"), ("promote", "b"), ("rollback", "a"), ("found", "b")], ["a", "b"]),
        ([("promote", "a"), ("found", "x")], ["a", "x"]),
        ([("promote", "a"), ("promote", "b"), ("promote", "c"), ("found", "a")], ["a"]),
    ],
)
def test_what_stands_follows_from_what_was_found(
    history: list[tuple[str, str]], line: list[str]
) -> None:
    assert promotion.standing(steps(*history)) == line


@pytest.mark.parametrize("place", ["{a}", "versions/x/y", "../a", "versions"])
def test_a_link_made_by_hand_to_another_place_is_refused(
    bundles: list[Path], target: Path, place: str
) -> None:
    promote(bundles[0], target)
    (target / "current").unlink()
    (target / "current").symlink_to(place.format(a=bundles[0]))
    before = files_of(target)
    for switch in (lambda: promote(bundles[1], target, is_forced=True), lambda: rollback(target)):
        with pytest.raises(PromotionError, match="which is no bundle of"):
            switch()
    assert files_of(target) == before


def test_a_full_path_to_a_version_is_as_good(bundles: list[Path], target: Path) -> None:
    promote(bundles[0], target)
    (target / "current").unlink()
    (target / "current").symlink_to((target / "versions" / version(bundles[0])).absolute())
    promote(bundles[1], target, is_forced=True)
    assert rollback(target).bundle_version == version(bundles[0])


def test_a_service_of_another_user_can_read_what_was_promoted(
    bundles: list[Path], target: Path
) -> None:
    before = os.umask(0o077)
    try:
        (bundles[0] / "heads.safetensors").chmod(0o600)
        promote(bundles[0], target)
    finally:
        os.umask(before)
    place = target / "versions" / version(bundles[0])
    assert {path.stat().st_mode & 0o777 for path in place.iterdir()} == {0o644}
    assert {path.stat().st_mode & 0o777 for path in (place, place.parent, target)} == {0o755}
