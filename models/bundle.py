"""A bundle: everything the classifier needs, as data in one folder.

::

    manifest.json       format, version, sha256 of every file, origin, metrics
    taxonomy.json       the labels
    tokenizer.json      pieces of the encoder
    encoder.onnx        token states, int8
    heads.safetensors   one affine layer per task
    embedding.safetensors   readout of the embedding, alignment of the languages
    calibration.json    temperatures and thresholds

Nothing in it is unpickled or executed; every hash is checked before use.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.calibration import Calibration
from models.classifier import Classifier
from models.embedding import EmbeddingSpace
from models.encoder.onnx import OnnxEncoder
from models.errors import BundleError
from models.heads import Heads
from models.taxonomy import read_taxonomy

FORMAT = 2
MANIFEST = "manifest.json"
CURRENT = "current"
"""Link in a folder of promoted bundles that names the one to use."""
RELEASED_BUNDLE = Path(__file__).parent / "bundles" / "nl-en"
FILES = (
    "calibration.json",
    "embedding.safetensors",
    "encoder.onnx",
    "heads.safetensors",
    "taxonomy.json",
    "tokenizer.json",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What ``manifest.json`` states; ``origin`` and ``metrics`` are free-form records."""

    bundle_version: str
    sha256: Mapping[str, str]
    prompt: str
    origin: Mapping[str, Any]
    metrics: Mapping[str, Any]
    format: int = FORMAT


def hash_file(path: Path) -> str:
    """sha256 of a file, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def version_of(sha256: Mapping[str, str], prompt: str) -> str:
    """Version id of a bundle: 12 hexadecimal digits over all that decides its answers."""
    joined = "\n".join([*(f"{name} {digest}" for name, digest in sorted(sha256.items())), prompt])
    return hashlib.sha256(joined.encode()).hexdigest()[:12]


def write_manifest(
    folder: Path, *, prompt: str, origin: Mapping[str, Any], metrics: Mapping[str, Any]
) -> Manifest:
    """Hash the files of a bundle folder and write its manifest, last and in one step."""
    sha256 = {name: hash_file(folder / name) for name in FILES}
    document: dict[str, Any] = {
        "format": FORMAT,
        "bundle_version": version_of(sha256, prompt),
        "sha256": sha256,
        "prompt": prompt,
        "origin": dict(origin),
        "metrics": dict(metrics),
    }
    partial = folder / f"{MANIFEST}.part"
    partial.write_text(json.dumps(document, indent=1, ensure_ascii=False), encoding="utf-8")
    os.replace(partial, folder / MANIFEST)
    return Manifest(**document)


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest and check the hash of every file.

    Raises
    ------
    BundleError
        If the folder, the manifest or a file is missing, altered, or of another format.
    """
    path = folder / MANIFEST
    try:
        manifest = Manifest(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise BundleError(f"{folder} is no bundle: it has no {MANIFEST}") from error
    except (OSError, ValueError, TypeError) as error:
        raise BundleError(f"{path}: not a bundle manifest: {error}") from error
    if manifest.format != FORMAT:
        raise BundleError(
            f"{path}: bundle format {manifest.format}, this version reads format {FORMAT}"
        )
    if set(manifest.sha256) != set(FILES):
        raise BundleError(f"{path}: must list exactly the files {', '.join(FILES)}")
    for name, expected in manifest.sha256.items():
        if not (folder / name).is_file():
            raise BundleError(f"{folder / name} is missing")
        found = hash_file(folder / name)
        if found != expected:
            raise BundleError(
                f"{folder / name} was altered: sha256 is {found[:12]}, "
                f"the manifest says {expected[:12]}"
            )
    if version_of(manifest.sha256, manifest.prompt) != manifest.bundle_version:
        raise BundleError(f"{path}: bundle_version does not follow from its content")
    return manifest


def resolve_bundle(folder: Path) -> Path:
    """The bundle folder itself, where a folder of promoted bundles or a link is given.

    Resolved once, before any file is read: who reads while the link is changed gets one bundle
    or the other, never a part of both.
    """
    link = folder / CURRENT
    return (link if link.is_symlink() else folder).resolve()


def load_bundle(
    folder: str | os.PathLike[str] | None = None, *, n_threads: int | None = None
) -> Classifier:
    """Load a bundle as a classifier.

    Parameters
    ----------
    folder : path, optional
        A bundle, or a folder of promoted bundles; default: the released Dutch-English bundle.
    n_threads : int, optional
        Verbatims encoded at a time; default: the processor cores this process may use.

    Raises
    ------
    BundleError
        If the bundle is missing, altered or inconsistent.
    EncoderError
        If ONNX Runtime or the tokenizer refuses its file.
    """
    folder = RELEASED_BUNDLE if folder is None else resolve_bundle(Path(folder))
    manifest = read_manifest(folder)
    taxonomy = read_taxonomy(folder / "taxonomy.json")
    encoder = OnnxEncoder(
        folder / "encoder.onnx",
        folder / "tokenizer.json",
        prompt=manifest.prompt,
        n_threads=n_threads,
    )
    return Classifier(
        encoder=encoder,
        heads=Heads.load(folder / "heads.safetensors", taxonomy=taxonomy, dim=encoder.dim),
        space=EmbeddingSpace.load(folder / "embedding.safetensors", width=encoder.dim),
        calibration=Calibration.load(folder / "calibration.json", taxonomy=taxonomy),
        taxonomy=taxonomy,
        bundle_version=manifest.bundle_version,
    )
