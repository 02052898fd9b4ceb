"""Reads the files and embeds their texts, once per bundle or base encoder."""

from __future__ import annotations

import hashlib
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models.domain import FloatMatrix, Language
from models.encoder.protocol import unit_rows

CACHE = Path("build/clustering")


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledTexts:
    """Texts with the cluster that a person gave each; ``truth`` numbers the clusters from 0."""

    name: str
    texts: tuple[str, ...]
    languages: tuple[Language, ...]
    truth: np.ndarray

    @property
    def n_true(self) -> int:
        """Number of true clusters."""
        return int(self.truth.max()) + 1


def read_objects(path: Path, fields: Sequence[str]) -> list[dict[str, str]]:
    """Objects of a JSONL file; the program ends where a line lacks a field.

    Parameters
    ----------
    path : Path
    fields : sequence of str
        Every line must have them, as text.
    """
    if not path.exists():
        sys.exit(f"{path} does not exist: name a JSONL file")
    objects = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except ValueError:
            sys.exit(f"{path}:{number}: not JSON; one object per line is needed")
        missing = [
            field
            for field in fields
            if not isinstance(entry, dict) or not isinstance(entry.get(field), str)
        ]
        if missing:
            sys.exit(f"{path}:{number}: text is missing in {', '.join(missing)}")
        objects.append(entry)
    if not objects:
        sys.exit(f"{path} holds no row")
    return objects


def read_labelled(path: Path) -> LabelledTexts:
    """Read a file with ``text``, ``lang`` and ``cluster`` in every line."""
    objects = read_objects(path, ("text", "lang", "cluster"))
    _, truth = np.unique([entry["cluster"] for entry in objects], return_inverse=True)
    return LabelledTexts(
        name=path.stem,
        texts=tuple(entry["text"] for entry in objects),
        languages=read_languages(entry["lang"] for entry in objects),
        truth=truth.astype(np.int64),
    )


def read_languages(codes: Iterable[str]) -> tuple[Language, ...]:
    """Languages by their codes; another one is undetermined."""
    known = {language.value: language for language in Language}
    return tuple(known.get(code, Language.UND) for code in codes)


def embed_with_bundle(
    texts: Sequence[str], languages: Sequence[Language], folder: Path | None
) -> FloatMatrix:
    """Aligned embeddings of whole texts, personal data masked, as the product makes them."""
    from models.bundle import load_bundle
    from models.text.clean import clean

    classifier = load_bundle(folder)

    def encode() -> FloatMatrix:
        pooled = classifier.encoder.encode([clean(text).text for text in texts])
        return classifier.space.embed(pooled)

    rows = _cached(f"bundle {classifier.bundle_version}", texts, encode)
    return classifier.space.alignment.align(rows, languages)


def embed_with_base(texts: Sequence[str], folder: Path) -> FloatMatrix:
    """Unit rows of the base encoder, as sentence-transformers makes them."""

    def encode() -> FloatMatrix:
        from sentence_transformers import SentenceTransformer

        model = SentenceTransformer(str(folder), device="cpu")
        return np.asarray(model.encode(list(texts), batch_size=64), dtype=np.float32)

    if not folder.exists():
        sys.exit(f"{folder} does not exist: make it with 'klantstem-train base', or name another")
    return unit_rows(_cached(f"base {folder.resolve()}", texts, encode))


def _cached(maker: str, texts: Sequence[str], encode: Callable[[], FloatMatrix]) -> FloatMatrix:
    """What an earlier run has made of the same texts in the same way."""
    key = hashlib.sha256(json.dumps([maker, *texts]).encode()).hexdigest()[:16]
    path = CACHE / f"{key}.npy"
    if not path.exists():
        rows = encode()
        CACHE.mkdir(parents=True, exist_ok=True)
        np.save(path, rows)
    return np.load(path)
