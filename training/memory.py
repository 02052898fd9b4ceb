"""Memory of a training process: kept for the next step instead of given back after each tensor."""

from __future__ import annotations

import ctypes
import sys

# Names and numbers of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST_MMAP_THRESHOLD = 32 * 2**20
_NEVER = 2**31 - 1


def keep_freed_memory() -> None:
    """Let glibc keep what is freed: steps ask for the same sizes again and again.

    By default it gives tensors above 32 MB and the free end of its heap back at once, and the
    system clears each page anew: up to 1 ms for a tensor of 2 MB. Elsewhere nothing is done.
    """
    if not sys.platform.startswith("linux"):
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)
        mallopt(_M_TRIM_THRESHOLD, _NEVER)
