"""What a run starts from: rows, taxonomy, base encoder; each with its hash."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path

from tokenizers import Tokenizer

from models.bundle import hash_file
from models.taxonomy import Taxonomy
from training.labelled import LabelledVerbatim
from training.writing import TrainingError


def load_tokenizer(base: Path) -> Tokenizer:
    """The tokenizer of an encoder folder, which neither pads nor cuts: as it serves.

    Raises
    ------
    TrainingError
        If there is none, or it is damaged.
    """
    path = base / "tokenizer.json"
    if not path.is_file():
        raise TrainingError(
            f"{base} is no encoder folder: make one with 'klantstem-train base-encoder {base}'"
        )
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises the bare type
        raise TrainingError(f"{path} cannot be read: build or download the folder again") from error
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def read_prompt(base: Path) -> str:
    """The prompt that an encoder or bundle folder puts before each text ('' if none)."""
    manifest = base / "manifest.json"
    if manifest.exists():
        return str(json.loads(manifest.read_text(encoding="utf-8"))["prompt"])
    path = base / "config_sentence_transformers.json"
    if not path.exists():
        return ""
    settings = json.loads(path.read_text(encoding="utf-8"))
    name = settings.get("default_prompt_name")
    return str(settings["prompts"][name]) if name else ""


def corpus_hash(rows: Iterable[LabelledVerbatim]) -> str:
    """sha256 over all that is learnt from: texts, labels, segments, stories, splits, by id."""
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda row: row.id):
        segments = [[part.start, part.end, part.labels] for part in row.segments]
        learnt = [row.id, row.text, row.lang, row.labels, segments, row.story, row.split]
        digest.update(json.dumps(learnt).encode())
    return digest.hexdigest()


def hash_encoder(base: Path) -> str:
    """sha256 over the files of an encoder or bundle folder that decide its states."""
    digest = hashlib.sha256()
    for pattern in ("*.json", "*.safetensors", "*.onnx"):
        for path in sorted(base.glob(pattern)):
            digest.update(hash_file(path).encode())
    return digest.hexdigest()


def hash_run(rows: Sequence[LabelledVerbatim], taxonomy: Taxonomy, base: Path) -> str:
    """sha256 over everything a run starts from but its configuration."""
    digest = hashlib.sha256(corpus_hash(rows).encode())
    digest.update(json.dumps([row.id for row in rows]).encode())  # batches follow their order
    digest.update(json.dumps(taxonomy.document, sort_keys=True).encode())
    digest.update(hash_encoder(base).encode())
    return digest.hexdigest()
