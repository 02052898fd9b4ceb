"""A folder of promoted bundles, and the switch from one to another.

::

    TARGET/
      current -> versions/<bundle_version>   what a service loads; changed in one step
      versions/<bundle_version>/             bundles, complete and checked
      history.jsonl                          one line a switch, oldest first

A bundle is copied under a name that nobody reads, written through to the disk, checked by its
hashes and loaded, and only then renamed; the link is put in place by a rename, too. Whoever
reads sees the bundle before or the bundle after, whole.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from models.bundle import CURRENT, FILES, MANIFEST, load_bundle, read_manifest, resolve_bundle
from models.errors import KlantstemError

VERSIONS, HISTORY = "versions", "history.jsonl"
_LOCK = ".lock"
_KEPT = ("candidate", "current", "passed", "at", "data", "reasons")


class PromotionError(RuntimeError):
    """A bundle cannot be put in place; what was in place still is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """A line of the history.

    ``action`` is ``promote``, ``rollback``, or ``found`` where the bundle in place was not the one
    that the history said. ``before`` is None for the first bundle. ``gate`` holds what the gate
    found, None where there was no report.
    """

    action: str
    bundle_version: str
    before: str | None
    at: str
    is_forced: bool = False
    gate: Mapping[str, Any] | None = None


def promote(
    candidate: Path,
    target: Path,
    *,
    outcome: Mapping[str, Any] | None = None,
    is_forced: bool = False,
) -> Switch:
    """Put a bundle in place.

    Parameters
    ----------
    candidate : Path
        A bundle; it is copied and can be deleted afterwards.
    target : Path
        Folder of promoted bundles; made if there is none. The first bundle needs no gate.
    outcome : mapping, optional
        What :func:`training.gate.report.read_outcome` gives.
    is_forced : bool
        Go without a passed gate.

    Raises
    ------
    PromotionError
        If the gate is missing, refused or of other bundles; if somebody else is switching; if
        there is no room.
    BundleError
        If the candidate is altered or cannot be loaded.
    """
    candidate = resolve_bundle(candidate)
    version = read_manifest(candidate).bundle_version
    _check_target(target)
    with _no_disk_full(target), _locked(target):
        before = _mend(target)
        if before == version:
            raise PromotionError(f"{version} is in place in {target} already")
        if before is not None and not is_forced:
            _check_outcome(outcome, version, before)
        _bring_in(candidate, target, version)
        summary = None
        if outcome is not None:
            summary = {key: outcome[key] for key in _KEPT}
        switch = Switch(
            action="promote",
            bundle_version=version,
            before=before,
            at=_now(),
            is_forced=is_forced,
            gate=summary,
        )
        _switch(target, switch)
    return switch


def rollback(target: Path) -> Switch:
    """Put the bundle in place that the current one replaced.

    Raises
    ------
    PromotionError
        If there is none, or somebody else is switching.
    BundleError
        If it is no longer there whole.
    """
    if not (target / CURRENT).is_symlink():
        raise PromotionError(f"{target} holds no promoted bundle")
    _check_target(target)
    with _no_disk_full(target), _locked(target):
        before = _mend(target)
        line = standing(read_history(target))
        if len(line) < 2:
            raise PromotionError(f"{before} is the first bundle in {target}: there is none before")
        version = line[-2]
        load_bundle(target / VERSIONS / version)
        switch = Switch(action="rollback", bundle_version=version, before=before, at=_now())
        _switch(target, switch)
    return switch


def current_version(target: Path) -> str | None:
    """Version of the bundle in place; None where there is none yet."""
    link = target / CURRENT
    return Path(os.readlink(link)).name if link.is_symlink() else None


def read_history(target: Path) -> tuple[Switch, ...]:
    """All switches, oldest first.

    Raises
    ------
    PromotionError
        If a line is no switch.
    """
    path = target / HISTORY
    if not path.exists():
        return ()
    switches = []
    for number, text in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            switches.append(Switch(**json.loads(text)))
        except (ValueError, TypeError) as error:
            raise PromotionError(
                f"{path}:{number}: no line of a history; mend or remove it"
            ) from error
    return tuple(switches)


def standing(history: tuple[Switch, ...]) -> list[str]:
    """Bundles that stand on each other, the current one last; a rollback takes one off.

    Where a bundle is found in place of the one noted last, and it was in place before, that
    last switch was noted and never made: it does not count.

    Examples
    --------
    >>> steps = [("promote", "a"), ("promote", "b"), ("promote", "c"), ("rollback", "b")]
    >>> history = [Switch(action=a, bundle_version=v, before=None, at="") for a, v in steps]
    >>> standing(tuple(history))
    ['a', 'b']
    """
    line: list[str] = []
    before: list[str] = []
    for switch in history:
        version = switch.bundle_version
        if switch.action == "found" and before[-1:] == [version]:
            line, before = before, line
            continue
        before = line.copy()
        if switch.action != "promote" and version in line[:-1]:
            del line[len(line) - 1 - line[:-1][::-1].index(version) :]
        else:
            line.append(version)
    return line


def _check_target(target: Path) -> None:
    """Make sure that a folder can hold promoted bundles."""
    if (target / MANIFEST).exists():
        raise PromotionError(
            f"{target} is a bundle itself: name a folder of its own for promoted bundles"
        )
    link = target / CURRENT
    if not link.is_symlink():
        if link.exists():
            raise PromotionError(f"{link} is no link: name another folder")
        return
    place = Path(os.path.normpath(target / os.readlink(link)))
    if place.parent != Path(os.path.normpath(target / VERSIONS)):
        raise PromotionError(
            f"{link} names {os.readlink(link)}, which is no bundle of {target / VERSIONS}: remove "
            "the link and promote that bundle"
        )


def _check_outcome(outcome: Mapping[str, Any] | None, version: str, before: str) -> None:
    """Make sure that the gate let this very bundle take the place of that very one."""
    hint = "run 'klantstem-train gate', or give --force"
    if outcome is None:
        raise PromotionError(f"there is no gate report for {version} against {before}: {hint}")
    found = (outcome["candidate"], outcome["current"])
    if found != (version, before):
        raise PromotionError(
            f"the gate report is for {found[0]} against {found[1]}, not for {version} against "
            f"{before}, which is in place: {hint}"
        )
    if outcome["passed"] is not True:
        reasons = "; ".join(str(reason) for reason in outcome["reasons"])
        raise PromotionError(f"the gate refused {version}: {reasons}")


def _bring_in(candidate: Path, target: Path, version: str) -> None:
    """Copy a bundle under its version, unless it is there whole."""
    place = target / VERSIONS / version
    partial = place.with_name(f".{version}.part")
    _make_folder(place.parent)
    shutil.rmtree(partial, ignore_errors=True)  # what a kill has left
    if place.exists():
        try:
            load_bundle(place)
            return
        except KlantstemError:
            shutil.rmtree(place)
    try:
        _make_folder(partial)
        for name in (*FILES, MANIFEST):
            shutil.copyfile(candidate / name, partial / name)
            (partial / name).chmod(0o644)
            _write_through(partial / name)
        found = read_manifest(partial).bundle_version
        if found != version:
            raise PromotionError(f"{candidate} changed while it was copied: try again")
        load_bundle(partial)
        _write_through(partial)
        os.rename(partial, place)
        _write_through(place.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise


def _mend(target: Path) -> str | None:
    """Give the version in place; make the history agree with it after a kill or a hand."""
    path, current = target / HISTORY, current_version(target)
    if path.exists():
        content = path.read_bytes()
        os.truncate(path, content.rfind(b"\n") + 1)  # a line that was cut short
    history = read_history(target)
    before = history[-1].bundle_version if history else None
    if current not in (None, before):
        found = Switch(action="found", bundle_version=str(current), before=before, at=_now())
        with _noted(path, found):
            pass
    return current


def _switch(target: Path, switch: Switch) -> None:
    """Note a switch and make it; where it cannot be made, the note is taken back."""
    partial = target / f".{CURRENT}.part"
    with _noted(target / HISTORY, switch):
        try:
            partial.unlink(missing_ok=True)
            partial.symlink_to(Path(VERSIONS) / switch.bundle_version)
            os.replace(partial, target / CURRENT)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    with contextlib.suppress(OSError):  # it is switched; a power cut could only undo it
        _write_through(target)


@contextlib.contextmanager
def _noted(path: Path, switch: Switch) -> Iterator[None]:
    """Append a line; an error afterwards takes it off again."""
    fields = {name: getattr(switch, name) for name in Switch.__slots__}
    with path.open("ab") as stream:
        size = stream.tell()
        try:
            stream.write(json.dumps(fields, ensure_ascii=False).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
            yield
        except BaseException:
            os.truncate(path, size)
            raise


@contextlib.contextmanager
def _locked(target: Path) -> Iterator[None]:
    """Keep others from switching; the lock goes with the process."""
    _make_folder(target)
    with (target / _LOCK).open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PromotionError(
                f"somebody else is promoting or rolling back in {target}: try again"
            ) from error
        yield


@contextlib.contextmanager
def _no_disk_full(target: Path) -> Iterator[None]:
    """Say what to do about a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise PromotionError(
            f"the disk of {target} is full; what was in place still is: free some space"
        ) from error


def _make_folder(folder: Path) -> None:
    """Make a folder that the service can read, whoever runs it and whatever the umask is."""
    if not folder.is_dir():
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o755)


def _write_through(path: Path) -> None:
    """Let what was written to a file or folder reach the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
