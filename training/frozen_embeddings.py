"""Embeddings of texts by a bundle or a sentence-transformers folder, none of it trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from models.bundle import load_bundle, resolve_bundle
from models.domain import FloatMatrix
from models.text.clean import clean

_BLOCK = 256
_SHOWN_AFTER_S = 2.0


def embed_texts(encoder: Path | None, texts: Sequence[str]) -> FloatMatrix:
    """Unit rows of cleaned and redacted texts; shows its progress.

    Parameters
    ----------
    encoder : Path, optional
        A bundle, whose readout is used (close to the base model, not bent to the labels), or a
        folder of sentence-transformers. Default: the released bundle.
    """
    is_bundle = encoder is None or (resolve_bundle(encoder) / "manifest.json").is_file()
    if is_bundle:
        classifier = load_bundle(encoder)

        def embed(block: Sequence[str]) -> FloatMatrix:
            return classifier.space.embed(classifier.encoder.encode(block))
    else:
        from models.encoder.sentence_transformer import SentenceTransformerEncoder

        model = SentenceTransformerEncoder(str(encoder))

        def embed(block: Sequence[str]) -> FloatMatrix:
            return model.encode(block)

    blocks = []
    with tqdm(total=len(texts), desc="embedding", delay=_SHOWN_AFTER_S, leave=False) as bar:
        for start in range(0, len(texts), _BLOCK):
            block = [clean(text).text for text in texts[start : start + _BLOCK]]
            blocks.append(embed(block))
            bar.update(len(block))
    return np.vstack(blocks)
