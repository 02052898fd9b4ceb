"""Unfinished output: an append-only file with a journal beside it.

``OUTPUT.partial`` grows by whole batches. Once its bytes are on the disk, ``OUTPUT.partial.json``
says how many bytes and rows count; whatever lies behind them is cut off when the run goes on.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

from service.tables.errors import OutputError, ResumeError

LAYOUT = 1
"""Raised when partial files of an older version cannot be continued."""
_HEAD_BYTES = 1 << 16


def fingerprint(path: Path) -> dict[str, Any]:
    """Tell a file by size, time of change and the hash of its first 64 KiB."""
    state = path.stat()
    with path.open("rb") as stream:
        head = hashlib.sha256(stream.read(_HEAD_BYTES)).hexdigest()
    return {"size": state.st_size, "mtime_ns": state.st_mtime_ns, "head_sha256": head}


def check_output(output: Path, *, force: bool) -> None:
    """Refuse an output that exists, is no file, or lies in a folder that cannot be written.

    Raises
    ------
    OutputError
        With what to do about it.
    """
    if output.exists() and not output.is_file():
        raise OutputError(f"{output}: is not a regular file; name a file to write")
    if output.exists() and not force:
        raise OutputError(f"{output}: exists already; give --force to replace it, or another name")
    folder = output.parent
    if not folder.is_dir():
        raise OutputError(f"{output}: the folder {folder} does not exist")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise OutputError(f"{output}: the folder {folder} cannot be written to")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Mark:
    """A point up to which the file is whole."""

    n_rows: int
    n_bytes: int
    state: Mapping[str, Any]


class PartialOutput:
    """The unfinished output of one run.

    Parameters
    ----------
    output : Path
        Name of the finished file; ``.partial`` and ``.partial.json`` are added.
    run : mapping
        What must be equal for a run to be continued: input, options, bundle version.
    restart : bool, default=False
        Throw away what an earlier run left.
    checkpoint_every_s : float, default=1.0
        Least time between two durable points.

    Attributes
    ----------
    is_complete : bool
        Whether every row of the input is in the file.

    Raises
    ------
    ResumeError
        If what is there belongs to another run, is damaged, or is being written.
    """

    def __init__(
        self,
        output: Path,
        run: Mapping[str, Any],
        *,
        restart: bool = False,
        checkpoint_every_s: float = 1.0,
    ) -> None:
        self.output = output
        self.path = output.with_name(output.name + ".partial")
        self.journal_path = output.with_name(output.name + ".partial.json")
        self._mark = _Mark(n_rows=0, n_bytes=0, state={})
        self.is_complete = False
        self._run = json.loads(json.dumps(run))
        self._every_s = checkpoint_every_s
        self._stream = self._open()
        try:
            if restart:
                self.journal_path.unlink(missing_ok=True)
            self._mark = self._durable = self._read_journal()
            self._stream.seek(self._mark.n_bytes)
            self._stream.truncate()
            self._checkpoint_at = time.monotonic()
        except BaseException:
            self._stream.close()
            raise

    @property
    def n_rows(self) -> int:
        """Rows that are in the file."""
        return self._mark.n_rows

    @property
    def n_durable_rows(self) -> int:
        """Rows that outlive a crash."""
        return self._durable.n_rows

    @property
    def n_bytes(self) -> int:
        """Bytes that are in the file."""
        return self._mark.n_bytes

    @property
    def state(self) -> Mapping[str, Any]:
        """What was given with the last rows that were added."""
        return self._mark.state

    def append(self, data: bytes, *, n_rows: int, state: Mapping[str, Any]) -> None:
        """Add whole rows and what belongs to them; now and then all is made durable."""
        self._stream.write(data)
        mark = self._mark
        # One assignment, so that an interrupt finds bytes, rows and state in step.
        self._mark = _Mark(
            n_rows=mark.n_rows + n_rows, n_bytes=mark.n_bytes + len(data), state=state
        )
        if time.monotonic() - self._checkpoint_at >= self._every_s:
            self.checkpoint()

    def checkpoint(self) -> None:
        """Bring everything to the disk, then say so in the journal."""
        mark = self._mark
        self._stream.flush()
        os.fsync(self._stream.fileno())
        document = {
            "layout": LAYOUT,
            "run": self._run,
            "n_rows": mark.n_rows,
            "n_bytes": mark.n_bytes,
            "is_complete": self.is_complete,
            "state": mark.state,
        }
        fresh = self.journal_path.with_name(self.journal_path.name + ".new")
        with fresh.open("w", encoding="utf-8") as stream:
            json.dump(document, stream, indent=1)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(fresh, self.journal_path)
        self._durable = mark
        self._checkpoint_at = time.monotonic()

    def complete(self) -> None:
        """Say that every row of the input is in the file."""
        self.is_complete = True
        self.checkpoint()

    def publish(self, finished: Path | None = None, *, force: bool) -> None:
        """Give the output its name in one step and remove the traces.

        Parameters
        ----------
        finished : Path, optional
            A file joined from the partial one; default: the partial file itself.
        force : bool
            Replace an output that turned up in the meantime.
        """
        check_output(self.output, force=force)
        if finished is not None:  # the partial file itself is on the disk since ``complete``
            with finished.open("rb+") as stream:
                os.fsync(stream.fileno())
        if os.name == "nt":  # an open file cannot be renamed there
            self._stream.close()
        os.replace(self.path if finished is None else finished, self.output)
        self.journal_path.unlink(missing_ok=True)
        self._stream.close()
        if finished is not None:
            self.path.unlink(missing_ok=True)
        _sync_folder(self.output.parent)

    def discard(self) -> None:
        """Remove the partial file and its journal."""
        self._stream.close()
        self.path.unlink(missing_ok=True)
        self.journal_path.unlink(missing_ok=True)

    def _open(self) -> BinaryIO:
        """Open the partial file for this process alone."""
        try:
            stream = os.fdopen(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666), "r+b")
        except OSError as error:
            raise OutputError(f"{self.path}: cannot be written ({error.strerror})") from error
        # Locked, and still under its name: the process before may just have published it.
        if not (_lock(stream) and _is_at(stream, self.path)):
            stream.close()
            raise ResumeError(f"{self.path}: another process is writing it; wait or end that one")
        return stream

    def _read_journal(self) -> _Mark:
        """Find what an earlier run made durable."""
        n_there = self._stream.seek(0, os.SEEK_END)
        if not (n_there and self.journal_path.exists()):
            return _Mark(n_rows=0, n_bytes=0, state={})
        begin_anew = "give --restart to begin anew"
        try:
            found = json.loads(self.journal_path.read_text(encoding="utf-8"))
            n_bytes, n_rows = int(found["n_bytes"]), int(found["n_rows"])
            layout, earlier, state = found["layout"], found["run"], dict(found["state"])
            is_complete = bool(found["is_complete"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ResumeError(f"{self.journal_path}: damaged; {begin_anew}") from error
        if layout != LAYOUT:
            raise ResumeError(f"{self.journal_path}: written by another version; {begin_anew}")
        if differences := _differences(earlier, self._run):
            raise ResumeError(
                f"{self.path}: {n_rows} rows of another run are there ({differences}); "
                f"run as before to go on, or {begin_anew}"
            )
        if n_there < n_bytes:
            raise ResumeError(f"{self.path}: shorter than its journal says; {begin_anew}")
        self.is_complete = is_complete
        return _Mark(n_rows=n_rows, n_bytes=n_bytes, state=state)

    def __enter__(self) -> PartialOutput:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stream.close()


def _differences(earlier: Mapping[str, Any], present: Mapping[str, Any]) -> str:
    """Say in words what changed between two runs."""
    parts = []
    for key in dict.fromkeys([*earlier, *present]):
        before, now = earlier.get(key), present.get(key)
        if before == now:
            continue
        if key == "input":
            parts.append("the input file has changed")
        else:
            parts.append(f"{key} was {before!r}, now {now!r}")
    return "; ".join(parts)


def _is_at(stream: BinaryIO, path: Path) -> bool:
    """Whether the open file is still the one under this name."""
    try:
        return os.path.samestat(os.fstat(stream.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _lock(stream: BinaryIO) -> bool:
    """Lock a file for this process; systems without such locks go without."""
    try:
        import fcntl
    except ImportError:
        return True
    try:
        fcntl.flock(stream.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True


def _sync_folder(folder: Path) -> None:
    """Make a rename durable, where the system lets folders be synchronised."""
    try:
        descriptor = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(descriptor)
    except OSError:
        pass
    finally:
        os.close(descriptor)
