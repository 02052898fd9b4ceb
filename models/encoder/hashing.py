"""An encoder without weights, for tests and demonstrations."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from models.domain import FloatMatrix
from models.encoder.protocol import TokenStates, pool_verbatim, unit_rows

_WORD = re.compile(r"\w+|[^\w\s]")


class HashingEncoder:
    """Gives every word a fixed pseudo-random vector.

    Texts that share words are near each other, nothing more. Deterministic on every machine.

    Examples
    --------
    >>> encoder = HashingEncoder(dim=4)
    >>> encoder.encode(["goed", "goed"]).shape
    (2, 4)
    """

    def __init__(self, dim: int = 32) -> None:
        self.dim = dim

    def encode_states(self, texts: Iterable[str]) -> Iterator[TokenStates]:
        """Give the token states of each text, in the order given."""
        for text in texts:
            words = list(_WORD.finditer(text))
            vectors = [self._vector(word.group().lower()) for word in words]
            yield TokenStates(
                states=np.stack(vectors) if vectors else np.zeros((1, self.dim), np.float32),
                starts=np.asarray([word.start() for word in words] or [0], dtype=np.int64),
                ends=np.asarray([word.end() for word in words] or [0], dtype=np.int64),
            )

    def encode(self, texts: Sequence[str]) -> FloatMatrix:
        """Return unit rows, shape (n_texts, dim), in the order given."""
        rows = [pool_verbatim(states) for states in self.encode_states(texts)]
        return unit_rows(np.asarray(rows, dtype=np.float32).reshape(-1, self.dim))

    def _vector(self, word: str) -> FloatMatrix:
        rng = np.random.default_rng(zlib.crc32(word.encode("utf-8", "surrogatepass")))
        return rng.standard_normal(self.dim).astype(np.float32)
