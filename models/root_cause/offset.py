"""Takes the offset of each language off the embeddings, so that language splits no cause.

An encoder gives every text a part that says only which language it is in. It is estimated on
sentences that mean the same in both languages: there nothing else can differ on average. The
means of the feedback itself would also remove what Dutch and English customers really say
differently.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.domain import FloatMatrix, Language
from models.errors import BundleError
from models.root_cause.arrays import FloatVector, as_float32, unit

_LANGUAGES = (Language.NL, Language.EN)


@dataclass(frozen=True, slots=True, kw_only=True)
class LanguageOffset:
    """Mean embedding of each language on parallel sentences.

    ``means`` has a vector of shape (dim,) per language; a text in another language, or of an
    undetermined one, has the mean of them taken off.
    """

    means: Mapping[Language, FloatVector]

    @property
    def dim(self) -> int:
        """Width of the embeddings it is made for."""
        return len(self.means[Language.NL])

    def take_off(self, embeddings: FloatMatrix, languages: Sequence[Language]) -> FloatMatrix:
        """Subtract each row's language mean and scale to unit length.

        Parameters
        ----------
        embeddings : ndarray of shape (n_rows, dim), float32
        languages : sequence of Language, length n_rows

        Returns
        -------
        ndarray of shape (n_rows, dim), float32
            Row by row: a row's result depends on no other row.

        Raises
        ------
        ValueError
            If the widths or lengths do not fit.
        """
        if len(embeddings) == len(languages) == 0:
            return np.empty((0, self.dim), dtype=np.float32)
        if embeddings.shape[1:] != (self.dim,) or len(embeddings) != len(languages):
            raise ValueError(
                f"The 'embeddings' parameter of take_off must have shape "
                f"({len(languages)}, {self.dim}). Got {embeddings.shape} instead."
            )
        middle = np.mean([self.means[language] for language in _LANGUAGES], axis=0)
        result = np.empty(embeddings.shape, dtype=np.float32)
        codes = np.asarray([str(language) for language in languages], dtype=object)
        for code in sorted(set(codes.tolist())):
            rows = np.flatnonzero(codes == code)
            result[rows] = unit(embeddings[rows] - self.means.get(Language(code), middle))
        return result

    def save(self, path: Path) -> None:
        """Write the two vectors as one array, Dutch first."""
        np.save(path, self.to_array(), allow_pickle=False)

    def to_array(self) -> npt.NDArray[np.float64]:
        """Shape (2, dim): Dutch, English."""
        return np.stack([self.means[language] for language in _LANGUAGES])


def from_array(array: npt.NDArray[np.float64]) -> LanguageOffset:
    """Make an offset of what ``to_array`` gave."""
    if array.ndim != 2 or len(array) != len(_LANGUAGES) or not np.isfinite(array).all():
        raise BundleError(
            f"a language offset must be a finite array of shape (2, dim); got {array.shape}"
        )
    return LanguageOffset(
        means={language: array[row].astype(np.float64) for row, language in enumerate(_LANGUAGES)}
    )


def load_offset(path: Path) -> LanguageOffset:
    """Read what ``save`` wrote; nothing is unpickled.

    Raises
    ------
    BundleError
        If the file is missing or not such an array.
    """
    try:
        array = np.load(path, allow_pickle=False)
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: not a language offset: {error}") from error
    return from_array(array)


def estimate_offset(dutch: FloatMatrix, english: FloatMatrix) -> LanguageOffset:
    """Estimate the offset on parallel sentences.

    Parameters
    ----------
    dutch, english : ndarray of shape (n_pairs, dim), float32
        Row i of one means what row i of the other means.

    Raises
    ------
    ValueError
        If the two differ in shape or are empty.

    Examples
    --------
    >>> rows = np.array([[1, 0], [0, 1]], dtype=np.float32)
    >>> estimate_offset(rows, rows[::-1]).means[Language.NL]
    array([0.5, 0.5])
    """
    if dutch.shape != english.shape or len(dutch) == 0:
        raise ValueError(
            "The 'dutch' and 'english' parameters of estimate_offset must be paired and not "
            f"empty. Got shapes {dutch.shape} and {english.shape} instead."
        )
    return LanguageOffset(
        means={
            Language.NL: dutch.mean(axis=0, dtype=np.float64),
            Language.EN: english.mean(axis=0, dtype=np.float64),
        }
    )


def no_offset(dim: int) -> LanguageOffset:
    """An offset that changes nothing."""
    return LanguageOffset(means={language: np.zeros(dim) for language in _LANGUAGES})


def centre(rows: FloatMatrix, middle: FloatVector) -> FloatMatrix:
    """Take one common vector off all rows and scale to unit length."""
    return as_float32(unit(rows - middle))
