"""From pooled token states to embeddings, and from embeddings to a space without language.

The heads read the pooled states as the encoder gives them. Fine-tuning bends those towards the
labels; the readout, trained beside the heads, gives back the general meaning that the base model
knew. For clustering, the alignment then takes off what only says which language a text is in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from models.domain import FloatMatrix, Language
from models.errors import BundleError

_LANGUAGES = (Language.NL, Language.EN)
_SHRINKAGE = 2.0  # 0.1 fits the pairs it is estimated on, 10 keeps language; 0.5 to 3 are alike
_BLOCK_ROWS = 8192  # rows that are held in double precision at a time


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageAlignment:
    """Takes off the offset of each language and weakens what differs between twins.

    An encoder gives every text a part that says only which language it is in. It is estimated on
    sentences that mean the same in both languages: there nothing else can differ. The means of
    the feedback itself would also remove what Dutch and English customers really say differently.

    Attributes
    ----------
    means : ndarray of shape (2, dim), float64
        Mean embedding of Dutch and of English; a text in another language has their mean taken
        off.
    matrix : ndarray of shape (dim, dim), float64
        Applied after that.
    """

    means: npt.NDArray[np.float64]
    matrix: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        dim = self.means.shape[-1]
        if self.means.shape != (len(_LANGUAGES), dim) or self.matrix.shape != (dim, dim):
            raise BundleError(
                "a language alignment needs means of shape (2, dim) and a matrix of shape "
                f"(dim, dim); got {self.means.shape} and {self.matrix.shape}"
            )
        if not (np.isfinite(self.means).all() and np.isfinite(self.matrix).all()):
            raise BundleError("a language alignment must hold finite numbers")

    @property
    def dim(self) -> int:
        """Width of the embeddings it is made for."""
        return int(self.means.shape[1])

    def align(self, embeddings: FloatMatrix, languages: Sequence[Language]) -> FloatMatrix:
        """Bring rows of both languages into one space, at unit length.

        Parameters
        ----------
        embeddings : ndarray of shape (n_rows, dim), float32
        languages : sequence of Language, length n_rows

        Returns
        -------
        ndarray of shape (n_rows, dim), float32
            A row's result depends on no other row (up to the last bit of a product).

        Raises
        ------
        ValueError
            If the widths or lengths do not fit.
        """
        if len(embeddings) == len(languages) == 0:
            return np.empty((0, self.dim), dtype=np.float32)
        if embeddings.shape[1:] != (self.dim,) or len(embeddings) != len(languages):
            raise ValueError(
                f"The 'embeddings' parameter of align must have shape "
                f"({len(languages)}, {self.dim}). Got {embeddings.shape} instead."
            )
        offsets = np.vstack([self.means, self.means.mean(axis=0)])
        places = {language: row for row, language in enumerate(_LANGUAGES)}
        codes = np.asarray([places.get(language, len(_LANGUAGES)) for language in languages])
        result = np.empty(embeddings.shape, dtype=np.float32)
        for start in range(0, len(result), _BLOCK_ROWS):
            block = slice(start, start + _BLOCK_ROWS)
            moved = (embeddings[block] - offsets[codes[block]]) @ self.matrix
            lengths = np.linalg.norm(moved, axis=1, keepdims=True)
            result[block] = moved / np.maximum(lengths, 1e-12)
        return result


def no_alignment(dim: int) -> LanguageAlignment:
    """An alignment that changes nothing."""
    return LanguageAlignment(means=np.zeros((len(_LANGUAGES), dim)), matrix=np.eye(dim))


def estimate_alignment(
    dutch: FloatMatrix, english: FloatMatrix, *, shrinkage: float = _SHRINKAGE
) -> LanguageAlignment:
    """Estimate an alignment on pairs that mean the same.

    The means are those of the two sides. The matrix is the inverse root of the covariance
    within pairs, shrunk towards a multiple of the identity: directions in which twins differ
    count less. Within-class covariance normalisation: Hatch, Kajarekar & Stolcke (2006),
    Interspeech.

    Parameters
    ----------
    dutch, english : ndarray of shape (n_pairs, dim), float32
        Row i of one means what row i of the other means.
    shrinkage : float
        Multiple of the mean variance that is added to every direction.

    Raises
    ------
    ValueError
        If the two differ in shape or are empty.
    """
    if dutch.shape != english.shape or len(dutch) == 0:
        raise ValueError(
            "The 'dutch' and 'english' parameters of estimate_alignment must be paired and not "
            f"empty. Got shapes {dutch.shape} and {english.shape} instead."
        )
    sides = [side.astype(np.float64) for side in (dutch, english)]
    means = np.stack([side.mean(axis=0) for side in sides])
    apart = (sides[0] - means[0]) - (sides[1] - means[1])
    covariance = apart.T @ apart / (2 * len(apart))
    dim = covariance.shape[0]
    variance = np.trace(covariance) / dim
    if variance <= 0.0:
        return LanguageAlignment(means=means, matrix=np.eye(dim))
    values, vectors = np.linalg.eigh(covariance + shrinkage * variance * np.eye(dim))
    matrix = (vectors * values**-0.5) @ vectors.T
    return LanguageAlignment(means=means, matrix=matrix * np.sqrt(variance))


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddingSpace:
    """The readout and the alignment of a bundle.

    ``weight`` has shape (dim, width), ``bias`` shape (dim,): an affine map from pooled states of
    ``width`` numbers.
    """

    weight: npt.NDArray[np.floating]
    bias: FloatMatrix
    alignment: LanguageAlignment

    def embed(self, pooled: FloatMatrix) -> FloatMatrix:
        """Embeddings of pooled states. Shape: (n_rows, width) unit rows -> (n_rows, dim).

        In double precision and without the linear algebra library: the order in which its
        products add up hangs on the number of its threads, and clusters on the last bit of an
        embedding; and few rows took up to 3 ms there, waiting for threads that encode.
        """
        weight = np.asarray(self.weight, dtype=np.float64)
        wide = np.einsum("ij,kj->ik", pooled.astype(np.float64), weight) + self.bias
        lengths = np.linalg.norm(wide, axis=1, keepdims=True)
        return np.asarray(wide / np.maximum(lengths, 1e-12), dtype=np.float32)

    def save(self, path: Path) -> None:
        """Write all four arrays as safetensors."""
        tensors = {
            "readout.weight": np.ascontiguousarray(self.weight, dtype=np.float32),
            "readout.bias": np.ascontiguousarray(self.bias, dtype=np.float32),
            "alignment.means": np.ascontiguousarray(self.alignment.means, dtype=np.float32),
            "alignment.matrix": np.ascontiguousarray(self.alignment.matrix, dtype=np.float32),
        }
        save_file(tensors, path)

    @classmethod
    def load(cls, path: Path, *, width: int) -> EmbeddingSpace:
        """Read what ``save`` wrote.

        Raises
        ------
        BundleError
            If a tensor is missing or does not fit the encoder's width.
        """
        try:
            tensors = load_file(path)
            weight, bias = tensors["readout.weight"], tensors["readout.bias"]
            means, matrix = tensors["alignment.means"], tensors["alignment.matrix"]
        except (OSError, SafetensorError) as error:
            raise BundleError(f"{path.name}: not readable as safetensors: {error}") from error
        except KeyError as error:
            raise BundleError(f"{path.name}: the tensor {error} is missing") from error
        if weight.shape != (len(bias), width) or means.shape[-1] != len(bias):
            raise BundleError(
                f"{path.name}: readout.weight must have shape (dim, {width}), readout.bias and "
                f"the alignment fit it; got {weight.shape}, {bias.shape}, {means.shape}"
            )
        alignment = LanguageAlignment(
            means=means.astype(np.float64), matrix=matrix.astype(np.float64)
        )
        # Double once, not at every verbatim.
        return cls(weight=weight.astype(np.float64), bias=bias, alignment=alignment)


def plain_space(dim: int) -> EmbeddingSpace:
    """Embeddings are the pooled states themselves; nothing is aligned."""
    return EmbeddingSpace(
        weight=np.eye(dim, dtype=np.float32),
        bias=np.zeros(dim, dtype=np.float32),
        alignment=no_alignment(dim),
    )
