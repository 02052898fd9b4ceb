"""Brings the forms of a word together by rule: plurals, verb endings, Dutch spelling.

The result is a key to count by, not a word to show: what is shown is the form that customers
wrote most. Rules suffice for that, and need no word list of twenty megabytes.
"""

from __future__ import annotations

import re
from typing import Final

from models.domain import Language

_IRREGULAR: Final[dict[Language, dict[str, str]]] = {
    Language.NL: {
        "ben": "zijn", "bent": "zijn", "is": "zijn", "was": "zijn", "waren": "zijn",
        "geweest": "zijn", "heb": "hebben", "hebt": "hebben", "heeft": "hebben",
        "had": "hebben", "gehad": "hebben", "kwam": "kom", "kwamen": "kom", "gekomen": "kom",
        "komen": "kom", "ging": "ga", "gingen": "ga", "gegaan": "ga", "gaat": "ga", "gaan": "ga",
        "kreeg": "krijg", "gekregen": "krijg", "stond": "sta", "staat": "sta", "staan": "sta",
        "gestaan": "sta", "zei": "zeg", "gezegd": "zeg", "deed": "doe", "doet": "doe",
        "gedaan": "doe", "prijzen": "prijs", "huizen": "huis", "dagen": "dag", "wegen": "weg",
        "steden": "stad", "kinderen": "kind", "slechte": "slecht", "opgezegd": "opzeg",
        "opzeggen": "opzeg", "gebroken": "breek", "verloren": "verlies", "gestolen": "steel",
    },
    Language.EN: {
        "am": "be", "is": "be", "are": "be", "was": "be", "were": "be", "been": "be",
        "has": "have", "had": "have", "did": "do", "does": "do", "done": "do", "went": "go",
        "gone": "go", "came": "come", "took": "take", "taken": "take", "paid": "pay",
        "told": "tell", "said": "say", "sent": "send", "left": "leave", "lost": "lose",
        "broke": "break", "broken": "break", "bought": "buy", "sold": "sell", "kept": "keep",
        "hung": "hang", "rang": "ring", "rung": "ring", "people": "person", "men": "man",
        "women": "woman", "children": "child", "worse": "bad", "worst": "bad", "less": "little",
        "news": "news", "bus": "bus", "gas": "gas", "always": "always",
    },
}  # fmt: skip
_PLURAL_S: Final = re.compile(r"(?:e[lmnr]|aar|eur|oor|ie|je)s$")
_VOWELS: Final = "aeiou"
_CLOSED: Final = re.compile(r"(?:^|[^aeiou])([aeou])([bcdfghklmnprstvz])$")


def lemma_key(word: str, language: Language) -> str:
    """The key that the forms of a word share.

    Parameters
    ----------
    word : str
        In small letters.
    language : Language
        ``UND`` leaves the word as it is.

    Examples
    --------
    >>> [lemma_key(word, Language.NL) for word in ("facturen", "factuur", "gewacht", "wachten")]
    ['factuur', 'factuur', 'wacht', 'wacht']
    >>> [lemma_key(word, Language.EN) for word in ("queues", "queue", "charging", "charged")]
    ['queue', 'queue', 'charg', 'charg']
    """
    irregular = _IRREGULAR.get(language, {}).get(word)
    if irregular is not None:
        return irregular
    if len(word) < 4 or not word.isalpha():
        return word
    if language is Language.NL:
        return _dutch(word)
    return _english(word) if language is Language.EN else word


def _dutch(word: str) -> str:
    """Strip ge-, -en, -s, -t, -e, -je(s) and mend the spelling of what is left."""
    stem = word
    if stem.startswith("ge") and len(stem) > 5 and stem[-1] in "td":
        stem = stem[2:]
        if stem.endswith("d"):
            stem = stem[:-1]
    for ending in ("heden", "tjes", "tje", "jes", "en", "je", "e", "s"):
        if stem.endswith(ending) and len(stem) - len(ending) >= 3:
            if ending == "heden":
                return stem[:-5] + "heid"
            if ending == "s" and not _PLURAL_S.search(stem):
                break
            stem = stem[: -len(ending)]
            if ending in ("en", "e"):
                stem = _close(stem)
            break
    if len(stem) > 4 and stem[-1] == "t" and stem[-2] not in _VOWELS + "hscft":
        stem = stem[:-1]  # a verb's -t; "wacht", "dienst", "klacht" keep theirs
    return stem


def _close(stem: str) -> str:
    """Dutch spelling of a syllable that has become closed: "factur" to "factuur"."""
    if len(stem) > 2 and stem[-1] == stem[-2] and stem[-1] not in _VOWELS:
        return stem[:-1]
    if _CLOSED.search(stem) and not stem.endswith(("el", "er", "em", "ig")):
        stem = f"{stem[:-1]}{stem[-2]}{stem[-1]}"
    if stem.endswith("v"):
        return stem[:-1] + "f"
    return stem[:-1] + "s" if stem.endswith("z") else stem


def _english(word: str) -> str:
    """Strip -s, -ed, -ing and a final -e."""
    stem = word
    if stem.endswith("ies") and len(stem) > 4:
        stem = stem[:-3] + "y"
    elif stem.endswith(("sses", "shes", "ches", "xes")):
        stem = stem[:-2]
    elif stem.endswith("s") and stem[-2] not in "sui":
        stem = stem[:-1]
    for ending in ("ing", "ed"):
        if stem.endswith(ending) and any(mark in _VOWELS + "y" for mark in stem[: -len(ending)]):
            if len(stem) - len(ending) < 3:
                return stem
            stem = stem[: -len(ending)]
            if stem[-1] == stem[-2] and stem[-1] not in "aeiouls":
                stem = stem[:-1]
            return stem[:-1] + "y" if stem.endswith("i") else stem
    return stem[:-1] if stem.endswith("e") and len(stem) > 4 and stem[-2] not in "ue" else stem
