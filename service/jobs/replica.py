"""The folder of this process: a name that outlives it, and a place for files that do not."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from pathlib import Path
from typing import BinaryIO

from service.settings import SettingsError

_ID_FILE = "id"
_TEMPORARY = "temporary"
_MOST = 1000  # processes that share a folder


class Replica:
    """A folder that one living process has for itself, below the data folder.

    The name in it stays when the process dies. So a process that starts again in the same place
    goes on with the jobs of the one that died, at once; in another place others take them over.

    Parameters
    ----------
    data_dir : Path

    Attributes
    ----------
    id : str
        Name of the process.
    temporary : Path
        Folder for files of this process; what an earlier one left there is gone.

    Raises
    ------
    SettingsError
        If the folder cannot be written to.
    """

    def __init__(self, data_dir: Path) -> None:
        try:
            self._lock, folder = _take(data_dir / "replicas")
            self.id = _read_id(folder)
            self.temporary = folder / _TEMPORARY
            shutil.rmtree(self.temporary, ignore_errors=True)
            self.temporary.mkdir(mode=0o700)
        except OSError as error:
            raise SettingsError(f"KLANTSTEM_DATA_DIR: {data_dir}: {error.strerror}") from error

    def close(self) -> None:
        """Give the folder back."""
        shutil.rmtree(self.temporary, ignore_errors=True)
        self._lock.close()


def _take(folder: Path) -> tuple[BinaryIO, Path]:
    """Lock the first folder that no living process has."""
    for number in range(1, _MOST):
        own = folder / str(number)
        own.mkdir(parents=True, exist_ok=True, mode=0o700)
        lock = (own / "lock").open("wb")
        try:
            fcntl.flock(lock.fileno(), fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
        except OSError:
            lock.close()
            raise
        else:
            return lock, own
    raise OSError(0, f"more than {_MOST} processes")


def _read_id(folder: Path) -> str:
    """Read the name that is kept in a folder, or make one."""
    file = folder / _ID_FILE
    try:
        found = file.read_text(encoding="ascii").strip()
    except (FileNotFoundError, ValueError):
        found = ""
    if len(found) == 32 and found.isalnum():
        return found
    made = secrets.token_hex(16)
    draft = file.with_suffix(".new")
    draft.write_text(made, encoding="ascii")
    os.replace(draft, file)
    return made
