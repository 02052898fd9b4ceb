"""What an encoder is, and how token states become embeddings."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from models.domain import FloatMatrix


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenStates:
    """Last hidden states of one text.

    ``states`` has shape (n_tokens, dim), float32. ``starts`` and ``ends``, both of shape
    (n_tokens,), are the character span of each token in the text; special tokens and the
    prompt have empty spans.
    """

    states: FloatMatrix
    starts: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int64]


class Encoder(Protocol):
    """Turns texts into token states and unit vectors.

    The states of a text depend on that text alone: never on its neighbours or on padding.
    """

    dim: int

    def encode_states(self, texts: Iterable[str]) -> Iterator[TokenStates]:
        """Give the token states of each text, in the order given.

        The texts are read ahead, so that preparing them overlaps with encoding.
        """
        ...

    def encode(self, texts: Sequence[str]) -> FloatMatrix:
        """Return unit rows, shape (n_texts, dim), in the order given."""
        ...


def unit_rows(rows: FloatMatrix) -> FloatMatrix:
    """Scale each row to length one; a zero row stays zero."""
    norms = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.maximum(norms, 1e-12), dtype=np.float32)


def pool_verbatim(tokens: TokenStates) -> npt.NDArray[np.float32]:
    """Mean over all tokens of a text, special ones included.

    This is the pooling the base model was trained with.

    Returns
    -------
    ndarray of shape (dim,), float32, not normalised
    """
    return np.asarray(tokens.states.mean(axis=0), dtype=np.float32)


def pool_spans(tokens: TokenStates, spans: Sequence[tuple[int, int]]) -> FloatMatrix:
    """Mean over the tokens of each character span, from states of the whole text.

    A token belongs to the span that holds its middle. A span without tokens takes the mean of
    the text. Source: late chunking, Günther et al. (2024), arXiv:2409.04701.

    Parameters
    ----------
    spans : sequence of (start, end)
        Half-open character spans.

    Returns
    -------
    ndarray of shape (n_spans, dim), float32, not normalised
    """
    pooled = np.empty((len(spans), tokens.states.shape[1]), dtype=np.float32)
    middles = (tokens.starts + tokens.ends) / 2
    is_word = tokens.ends > tokens.starts
    for row, (start, end) in enumerate(spans):
        inside = is_word & (middles >= start) & (middles < end)
        members = tokens.states[inside] if inside.any() else tokens.states
        pooled[row] = members.mean(axis=0)
    return pooled
