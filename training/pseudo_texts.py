"""Texts without sense, to hold the readout to the base model beyond the corpus' own subjects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from training.labelled import LabelledVerbatim

_MAX_SPANS = 3
_SPAN_WORDS = (2, 7)
_WORD_LIST = 20_000
_STRANGE_SHARE = 0.4  # of words, drawn from the word list instead of the corpus


def make_pseudo_texts(
    rows: Sequence[LabelledVerbatim], n_texts: int, rng: np.random.Generator
) -> list[str]:
    """Join word spans of random rows of one language, some words replaced by any of the language.

    Parameters
    ----------
    rows : sequence of LabelledVerbatim
    n_texts : int
    rng : Generator

    Returns
    -------
    list of str, of 2 to 18 words
    """
    from wordfreq import top_n_list

    by_language = {
        lang: [row.text.split() for row in rows if row.lang == lang]
        for lang in sorted({row.lang for row in rows})
    }
    words = {lang: top_n_list(lang, _WORD_LIST) for lang in by_language}
    languages = list(by_language)
    texts = []
    for _ in range(n_texts):
        lang = languages[rng.integers(len(languages))]
        chosen: list[str] = []
        for _ in range(rng.integers(1, _MAX_SPANS + 1)):
            source = by_language[lang][rng.integers(len(by_language[lang]))]
            length = int(rng.integers(*_SPAN_WORDS))
            start = rng.integers(max(1, len(source) - length + 1))
            chosen += source[start : start + length]
        is_strange = rng.random(len(chosen)) < _STRANGE_SHARE
        texts.append(
            " ".join(
                words[lang][rng.integers(len(words[lang]))] if strange else word
                for word, strange in zip(chosen, is_strange, strict=True)
            )
        )
    return texts
