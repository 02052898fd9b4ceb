"""Resident memory of this process."""

from __future__ import annotations

import resource
from pathlib import Path

_STATUS = Path("/proc/self/status")


def peak_mib() -> float:
    """Most memory that this process has held so far.

    On Linux the figure of ``getrusage`` starts at that of the parent, which may have been larger;
    the high-water mark of the address space starts anew.
    """
    peak = _status("VmHWM:")
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 if peak is None else peak


def resident_mib() -> float:
    """Memory that this process holds now; not a number where the system does not tell."""
    now = _status("VmRSS:")
    return float("nan") if now is None else now


def _status(name: str) -> float | None:
    """A figure of Linux on this process, in MiB."""
    if _STATUS.exists():
        for line in _STATUS.read_text(encoding="ascii", errors="replace").splitlines():
            if line.startswith(name):
                return int(line.split()[1]) / 1024
    return None
