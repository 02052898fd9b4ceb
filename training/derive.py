"""A new bundle that differs from another one in a few files."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from models.bundle import FILES, read_manifest, resolve_bundle, write_manifest


def derive_bundle(
    bundle: Path,
    out: Path,
    writers: Mapping[str, Callable[[Path], None]],
    origin: Mapping[str, Any],
) -> str:
    """Copy a bundle into a new folder, some files written anew; gives its version.

    Parameters
    ----------
    bundle : Path
        Its hashes are checked; it is not changed.
    out : Path
        Appears when it is complete.
    writers : mapping of file name to callable
        Each writes its file to the path it gets.
    origin : mapping
        What the manifest says of the change, beside what it said before.

    Raises
    ------
    FileExistsError
        If something stands at ``out``.
    """
    if out.exists():
        raise FileExistsError(f"{out} exists: a bundle is never changed, name a new folder")
    bundle = resolve_bundle(bundle)
    manifest = read_manifest(bundle)
    out.parent.mkdir(parents=True, exist_ok=True)
    scratch = Path(tempfile.mkdtemp(prefix=f".{out.name}-", dir=out.parent))
    try:
        for name in FILES:
            if name in writers:
                writers[name](scratch / name)
            else:
                shutil.copyfile(bundle / name, scratch / name)
        written = write_manifest(
            scratch,
            prompt=manifest.prompt,
            origin={**manifest.origin, **origin},
            metrics=manifest.metrics,
        )
        scratch.chmod(0o755)
        for path in scratch.iterdir():
            path.chmod(0o644)
        scratch.rename(out)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return written.bundle_version
