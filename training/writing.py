"""Files of a run that a kill or a full disk leaves whole."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from pathlib import Path

_FULL = "the disk is full"


class TrainingError(RuntimeError):
    """Training cannot start or go on; the message says what to do."""


@contextlib.contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """Give a name beside ``path`` to write to, and rename it when all is written.

    Raises
    ------
    TrainingError
        If it cannot be written; what stood at ``path`` is still there, the part is gone.
    """
    partial = path.with_name(f"{path.name}.part")
    try:
        yield partial
        os.replace(partial, path)
    except BaseException as error:  # whatever ended it, no part with texts may stay
        with contextlib.suppress(OSError):
            partial.unlink(missing_ok=True)
        # torch, safetensors and xlsxwriter wrap the errors of the disk.
        reason = _reason(error) if isinstance(error, Exception) else None
        if reason is None:
            raise
        stands = "the one before stands" if path.exists() else "there is none before it"
        raise TrainingError(
            f"{path} could not be written ({reason}; {stands}): see that the folder {path.parent} "
            "is there, has space and may be written to, then repeat the command"
        ) from error


def _reason(error: BaseException) -> str | None:
    """What the disk said, if it was the disk."""
    found: BaseException | None = error
    while found is not None:
        if isinstance(found, OSError):
            return _FULL if found.errno == errno.ENOSPC else found.strerror
        found = found.__cause__ or found.__context__
    # safetensors and the zip writer of torch drop the number of the error.
    if os.strerror(errno.ENOSPC) in str(error):
        return _FULL
    return "writing failed" if "PytorchStreamWriter" in str(error) else None


def save_text(text: str, path: Path) -> None:
    """Write a text; see :func:`written_beside`."""
    with written_beside(path) as partial:
        partial.write_text(text, encoding="utf-8")
