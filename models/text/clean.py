"""Normalise a verbatim and mask its personal data, with every offset kept."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from models.text.normalise import normalise, replace_spans
from models.text.redact import TAGS, PersonalDataSpan, find_personal_data


@dataclass(frozen=True, slots=True, kw_only=True)
class CleanText:
    """What the model reads, and where each of its characters came from.

    ``source_starts`` and ``source_ends`` give per character of ``text`` its half-open span in the
    text that was sent; the offsets in ``personal_data`` refer to that sent text as well.
    """

    text: str
    source_starts: npt.NDArray[np.int32]
    source_ends: npt.NDArray[np.int32]
    personal_data: tuple[PersonalDataSpan, ...]

    def source_span(self, start: int, end: int) -> tuple[int, int]:
        """Translate a span of ``text`` into the span of the source that it stands for.

        Parameters
        ----------
        start, end : int
            Half-open span in ``text``.

        Returns
        -------
        tuple of (int, int)
            Half-open span in the text that was sent; an empty span stays empty.

        Raises
        ------
        ValueError
            If the span does not lie inside ``text``.

        Examples
        --------
        >>> cleaned = clean("  Te   duur")
        >>> cleaned.text, cleaned.source_span(3, 7)
        ('Te duur', (7, 11))
        """
        if not 0 <= start <= end <= len(self.text):
            raise ValueError(
                f"The span must lie in 0 to {len(self.text)}. Got ({start}, {end}) instead."
            )
        if start == end:
            at = self.source_starts[start] if start < len(self.text) else self._source_end()
            return int(at), int(at)
        return int(self.source_starts[start]), int(self.source_ends[end - 1])

    def _source_end(self) -> int:
        """End of the last character in the source, 0 for an empty text."""
        return int(self.source_ends[-1]) if len(self.source_ends) else 0


def clean(text: str, *, redact: bool = True) -> CleanText:
    """Prepare one verbatim for the model.

    Parameters
    ----------
    text : str
        The verbatim as typed.
    redact : bool, default=True
        Replace personal data by tags such as ``[NAAM]``.

    Returns
    -------
    CleanText
        Regular text with offsets in ``text``.

    Examples
    --------
    >>> clean("Mail naar  jan@example.org aub").text
    'Mail naar [EMAIL] aub'
    """
    normalised = normalise(text)
    found = find_personal_data(normalised.text) if redact else ()
    personal_data = tuple(
        PersonalDataSpan(
            start=int(normalised.source_starts[span.start]),
            end=int(normalised.source_ends[span.end - 1]),
            kind=span.kind,
        )
        for span in found
    )
    if found:
        normalised = replace_spans(
            normalised, [(span.start, span.end, TAGS[span.kind]) for span in found]
        )
    return CleanText(
        text=normalised.text,
        source_starts=normalised.source_starts,
        source_ends=normalised.source_ends,
        personal_data=personal_data,
    )
