"""Makes sure that what numba compiles can be kept, so that a second run starts fast.

numba keeps it beside the package, else in the user's cache folder. Where neither can be written
(a container under a strange user, say) it refuses to import EVoC at all: then a folder for this
run stands in.
"""

from __future__ import annotations

import os
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

VARIABLE = "NUMBA_CACHE_DIR"


def ensure_numba_cache(package: str = "evoc") -> None:
    """Set ``NUMBA_CACHE_DIR`` where numba would find no place of its own."""
    if os.environ.get(VARIABLE):
        return
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        return
    if _is_writable(Path(spec.origin).parent / "__pycache__") or _is_writable(_user_cache()):
        return
    # A name that others cannot foresee: what lies there is run.
    os.environ[VARIABLE] = tempfile.mkdtemp(prefix="klantstem-numba-")
    if "numba" in sys.modules:
        sys.modules["numba"].config.reload_config()


def _user_cache() -> Path:
    """The user's cache folder as numba finds it; it may not exist."""
    base = os.environ.get("XDG_CACHE_HOME")
    return Path(base) if base else Path(os.path.expanduser("~")) / ".cache"


def _is_writable(folder: Path) -> bool:
    """Whether the folder can be written, or be made."""
    while not folder.exists():
        if folder == folder.parent:
            return False
        folder = folder.parent
    return folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)
