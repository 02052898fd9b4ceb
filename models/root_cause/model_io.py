"""A fitted analysis as data, to place later complaints and to carry ids over.

::

    model.json   settings, ids, names, counts; sha256 of the arrays
    model.npz    prototypes, thresholds, language alignment, offsets of mentions

Nothing in it is unpickled, and no text of a customer is in it.
"""

from __future__ import annotations

import dataclasses
import hashlib
import io
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.embedding import LanguageAlignment
from models.errors import KlantstemError
from models.root_cause.arrays import FloatVector
from models.root_cause.cluster import Clusters
from models.root_cause.cluster_config import ClusterConfig
from models.root_cause.mentions import MentionOffsets
from models.root_cause.names import CauseName

FORMAT = 1
ARRAYS = "model.npz"
MANIFEST = "model.json"


class RootCauseModelError(KlantstemError):
    """A saved root-cause model is missing, altered or of another format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCauseModel:
    """What a run leaves behind for the next.

    ``cause_ids``, ``names`` and ``sizes`` (complaints per cause) have length n_causes;
    ``next_number`` is the first number never used for an id.
    """

    clusters: Clusters
    alignment: LanguageAlignment
    mentions: MentionOffsets
    config: ClusterConfig
    cause_ids: tuple[str, ...]
    names: tuple[CauseName, ...]
    sizes: FloatVector
    next_number: int
    bundle_version: str


def save_model(model: RootCauseModel, folder: Path) -> None:
    """Write a model; the manifest comes last, so that a half-written one is never read."""
    folder.mkdir(parents=True, exist_ok=True)
    clusters = model.clusters
    content = io.BytesIO()
    np.savez_compressed(
        content,
        prototypes=clusters.prototypes,
        prototype_cause=clusters.prototype_cause,
        typical_similarity=clusters.typical_similarity,
        theme_of_cause=clusters.theme_of_cause,
        sizes=model.sizes,
        alignment_means=model.alignment.means,
        alignment_matrix=model.alignment.matrix,
        mention_offsets=model.mentions.offsets,
    )
    document = {
        "format": FORMAT,
        "sha256": hashlib.sha256(content.getvalue()).hexdigest(),
        "bundle_version": model.bundle_version,
        "config": dataclasses.asdict(model.config),
        "background": clusters.background,
        "min_membership": clusters.min_membership,
        "mentions": model.mentions.keys,
        "cause_ids": model.cause_ids,
        "names": [{"nl": name.nl, "en": name.en} for name in model.names],
        "next_number": model.next_number,
    }
    _write(folder / ARRAYS, content.getvalue())
    _write(folder / MANIFEST, json.dumps(document, indent=1, ensure_ascii=False).encode())


def load_model(folder: Path) -> RootCauseModel:
    """Read a model and check that it is whole.

    Raises
    ------
    RootCauseModelError
        If a file is missing, altered, or of another format.
    """
    try:
        document = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        content = (folder / ARRAYS).read_bytes()
    except FileNotFoundError as error:
        raise RootCauseModelError(
            f"{folder} holds no root-cause model: {Path(error.filename).name} is missing"
        ) from error
    except (OSError, ValueError) as error:
        raise RootCauseModelError(f"{folder / MANIFEST}: not readable: {error}") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise RootCauseModelError(f"{folder / MANIFEST}: this version reads format {FORMAT} only")
    if hashlib.sha256(content).hexdigest() != document.get("sha256"):
        raise RootCauseModelError(
            f"{folder / ARRAYS} was altered: its sha256 is not the manifest's"
        )
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            model = _build(document, {name: arrays[name] for name in arrays.files})
    except (KeyError, TypeError, ValueError, KlantstemError) as error:
        raise RootCauseModelError(f"{folder}: not a root-cause model: {error}") from error
    n_causes = model.clusters.n_causes
    if not len(model.cause_ids) == len(model.names) == len(model.sizes) == n_causes:
        raise RootCauseModelError(f"{folder}: ids, names and sizes must be {n_causes} each")
    return model


def _build(document: dict[str, Any], arrays: dict[str, npt.NDArray[Any]]) -> RootCauseModel:
    """Values from a manifest and its arrays."""
    return RootCauseModel(
        clusters=Clusters(
            prototypes=arrays["prototypes"],
            prototype_cause=arrays["prototype_cause"],
            typical_similarity=arrays["typical_similarity"],
            theme_of_cause=arrays["theme_of_cause"],
            background=float(document["background"]),
            min_membership=float(document["min_membership"]),
        ),
        alignment=LanguageAlignment(
            means=arrays["alignment_means"], matrix=arrays["alignment_matrix"]
        ),
        mentions=MentionOffsets(
            keys=tuple(document["mentions"]), offsets=arrays["mention_offsets"]
        ),
        config=ClusterConfig(**document["config"]),
        cause_ids=tuple(document["cause_ids"]),
        names=tuple(CauseName(nl=name["nl"], en=name["en"]) for name in document["names"]),
        sizes=arrays["sizes"],
        next_number=int(document["next_number"]),
        bundle_version=str(document["bundle_version"]),
    )


def _write(path: Path, content: bytes) -> None:
    """Write a file in one step."""
    partial = path.with_name(path.name + ".part")
    partial.write_bytes(content)
    os.replace(partial, path)
