"""Bring a verbatim as typed into one regular form, and remember where each character came from.

What changes: line ends and white space, control and invisible characters, Unicode composition
(NFC), UTF-8 that was read as Latin-1 or Windows-1252 ("Ã©"), HTML entities and tags. Wording, case
and punctuation stay as the customer typed them.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from html.entities import html5
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Offsets: TypeAlias = npt.NDArray[np.int32]
Edit: TypeAlias = tuple[int, int, str]
"""Replace the characters ``start`` to ``end`` (half open) by a text."""

_INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200c\u200e\u200f\u202a-\u202e"
    "\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f"
)
"""Soft hyphen, fillers, zero-width and bidi marks, tag characters (a way to hide text)."""

_LINE_END = "\n\r\x0b\x0c\x85\u2028\u2029"

# Anything here, two spaces in a row, or a space beside a line end means that there is work to do.
_SUSPECT = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f<\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\ud800-\udfff"
    rf"\u200d\u2028\u2029{_INVISIBLE}]"
    r"|&[#a-zA-Z]|[ \n][ \n]|\A\s|\s\Z"
    r"|[\u00c2-\u00c6\u00c8-\u00cb\u00cc-\u00d9\u00e2-\u00e5\u00ec-\u00f0][\u0080-\u00bf\u0152-\u2122]"
)

_SURROGATE = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")
_ENTITY = re.compile(r"&(?:amp;)*(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z][a-zA-Z0-9]{1,31});")
_BLOCK_TAGS = (
    "address article blockquote br dd div dl dt figure footer h1 h2 h3 h4 h5 h6 header hr li main "
    "nav ol p pre section table tbody td tfoot th thead tr ul"
)
_INLINE_TAGS = (
    "a abbr b big body center cite code del em font head html i img ins label mark meta q s script "
    "small span strike strong style sub sup title tt u"
)
_TAG = re.compile(
    r"<!--.{0,2000}?-->"
    rf"|</?(?:(?P<block>{'|'.join(_BLOCK_TAGS.split())})|{'|'.join(_INLINE_TAGS.split())})"
    r"(?:\s+[\w:-]+\s*=[^<>]{0,1000})?\s*/?>",
    re.IGNORECASE | re.DOTALL,
)
# A byte that leads a UTF-8 sequence, then one that continues it, both read as Windows-1252.
_MOJIBAKE = re.compile(
    "[\u00c2-\u00c6\u00c8-\u00d9\u00e2-\u00e5\u00ec-\u00f0][\u0080-\u00bf\u0152-\u2122]"
)
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]+")
_REMOVED = re.compile(
    rf"[\x00-\x08\x0e-\x1f\x7f\x80-\x84\x86-\x9f{_INVISIBLE}]"
    r"|(?<![\u2190-\u2bff\ufe0f\U0001f000-\U0001faff])\u200d"
    r"|\u200d(?![\u2190-\u2bff\U0001f000-\U0001faff])"
)
_SPACE_RUN = re.compile(r"[^\S\n]*\n\s*|\s{2,}|[^\S \n]|\A\s+|\s+\Z")
_COMPOSED_RUN = re.compile(r"[\x00-\x7f]?[^\x00-\x7f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NormalisedText:
    """A regular text and the place in the source of each of its characters.

    ``source_starts[i]`` and ``source_ends[i]`` are the half-open span in the source that character
    ``i`` stands for; both arrays never decrease.
    """

    text: str
    source_starts: Offsets
    source_ends: Offsets


def normalise(text: str) -> NormalisedText:
    r"""Undo what keyboards, browsers and exports did to a verbatim.

    Parameters
    ----------
    text : str
        Any string, lone surrogates and control characters included.

    Returns
    -------
    NormalisedText
        Text in NFC without control or invisible characters and without outer white space; runs of
        white space are one space, or one line end if they held one.

    Notes
    -----
    Linear in the length of the text; a text with nothing to undo is returned as it is. Mojibake is
    repaired by ftfy, run by run of characters outside ASCII, so that offsets stay exact.

    Examples
    --------
    >>> normalised = normalise("  Prima &amp; snel,\r\n CafÃ© Zuid ")
    >>> normalised.text
    'Prima & snel,\nCafé Zuid'
    >>> int(normalised.source_starts[6]), int(normalised.source_ends[6])
    (8, 13)
    """
    draft = _Draft(text)
    if _SUSPECT.search(text) is not None:
        for find_edits in _STEPS:
            draft.apply(find_edits(draft.text))
    elif not unicodedata.is_normalized("NFC", text):
        draft.apply(_find_decomposed(text))
    return NormalisedText(
        text=draft.text, source_starts=draft.source_starts, source_ends=draft.source_ends
    )


def replace_spans(normalised: NormalisedText, edits: Iterable[Edit]) -> NormalisedText:
    """Apply edits to a text; every character of a replacement stands for the whole replaced span.

    Parameters
    ----------
    normalised : NormalisedText
        The text that the edits refer to.
    edits : iterable of (int, int, str)
        Sorted, without overlap; each replaces a non-empty span.

    Returns
    -------
    NormalisedText
        The edited text with offsets in the same source.

    Examples
    --------
    >>> replace_spans(normalise("Anna hielp me"), [(0, 4, "[NAAM]")]).text
    '[NAAM] hielp me'
    """
    draft = _Draft(normalised.text)
    draft.source_starts = normalised.source_starts
    draft.source_ends = normalised.source_ends
    draft.apply(edits)
    return NormalisedText(
        text=draft.text, source_starts=draft.source_starts, source_ends=draft.source_ends
    )


class _Draft:
    """A text being edited, with its offsets in the source."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.source_starts: Offsets = np.arange(len(text), dtype=np.int32)
        self.source_ends: Offsets = np.arange(1, len(text) + 1, dtype=np.int32)

    def apply(self, edits: Iterable[Edit]) -> None:
        """Replace spans and carry the offsets along."""
        pieces: list[str] = []
        starts: list[Offsets] = []
        ends: list[Offsets] = []
        position = 0
        for start, end, replacement in edits:
            pieces += (self.text[position:start], replacement)
            starts.append(self.source_starts[position:start])
            ends.append(self.source_ends[position:start])
            if replacement:
                first, last = self.source_starts[start], self.source_ends[end - 1]
                starts.append(np.full(len(replacement), first, dtype=np.int32))
                ends.append(np.full(len(replacement), last, dtype=np.int32))
            position = end
        if not pieces:
            return
        self.text = "".join(pieces) + self.text[position:]
        self.source_starts = np.concatenate([*starts, self.source_starts[position:]])
        self.source_ends = np.concatenate([*ends, self.source_ends[position:]])


def _find_surrogates(text: str) -> Iterator[Edit]:
    """Join surrogate pairs into one character; a lone one becomes U+FFFD."""
    for match in _SURROGATE.finditer(text):
        pair = match.group()
        joined = (
            pair.encode("utf-16-le", "surrogatepass").decode("utf-16-le")
            if len(pair) == 2
            else "\ufffd"
        )
        yield match.start(), match.end(), joined


def _find_entities(text: str) -> Iterator[Edit]:
    """Resolve HTML entities, also doubly escaped ones ("&amp;lt;")."""
    if "&" not in text:
        return
    for match in _ENTITY.finditer(text):
        name = match.group()[match.group().rfind("&") + 1 :].rpartition("amp;")[2] or "amp;"
        if name.startswith("#") or name in html5:
            yield match.start(), match.end(), html.unescape(f"&{name}")


def _find_tags(text: str) -> Iterator[Edit]:
    """Replace HTML tags: a block by a line end, an inline one by nothing."""
    if "<" not in text:
        return
    for match in _TAG.finditer(text):
        yield match.start(), match.end(), "\n" if match.group("block") else ""


def _find_mojibake(text: str) -> Iterator[Edit]:
    """Repair runs of UTF-8 that was read as Latin-1 or Windows-1252."""
    if text.isascii() or _MOJIBAKE.search(text) is None:
        return
    import ftfy  # noqa: PLC0415 - for damaged texts only

    for match in _BEYOND_ASCII.finditer(text):
        repaired = ftfy.fix_encoding(match.group())
        if repaired != match.group():
            yield match.start(), match.end(), repaired


def _find_c1_controls(text: str) -> Iterator[Edit]:
    """Read C1 controls as the Windows-1252 characters that they nearly always were."""
    if text.isascii():
        return
    for match in re.finditer("[\x80-\x84\x86-\x9f]", text):
        meant = match.group().encode("latin-1").decode("cp1252", "ignore")
        if meant:
            yield match.start(), match.end(), meant


def _find_removed(text: str) -> Iterator[Edit]:
    """Drop control, zero-width and bidi characters; a joiner inside an emoji stays."""
    for match in _REMOVED.finditer(text):
        yield match.start(), match.end(), ""


def _find_decomposed(text: str) -> Iterator[Edit]:
    """Compose characters (NFC), in pieces that cannot interact with one another."""
    if unicodedata.is_normalized("NFC", text):
        return
    for match in _COMPOSED_RUN.finditer(text):
        run = match.group()
        if unicodedata.is_normalized("NFC", run):
            continue
        pieces = [*_split_at_starters(run)]
        composed = [unicodedata.normalize("NFC", piece) for piece in pieces]
        if "".join(composed) != unicodedata.normalize("NFC", run):
            pieces, composed = [run], [unicodedata.normalize("NFC", run)]
        start = match.start()
        for piece, form in zip(pieces, composed, strict=True):
            if piece != form:
                yield start, start + len(piece), form
            start += len(piece)


def _split_at_starters(run: str) -> Iterator[str]:
    """Cut before each character that does not combine with the one before it."""
    start = 0
    for index, character in enumerate(run):
        is_jamo = "\u1160" <= character <= "\u11ff"
        if index and not is_jamo and not unicodedata.category(character).startswith("M"):
            yield run[start:index]
            start = index
    yield run[start:]


def _find_space_runs(text: str) -> Iterator[Edit]:
    """Make a run of white space one space, or one line end if it held one; strip the ends."""
    for match in _SPACE_RUN.finditer(text):
        run = match.group()
        is_outer = match.start() == 0 or match.end() == len(text)
        replacement = "" if is_outer else "\n" if any(c in _LINE_END for c in run) else " "
        if run != replacement:
            yield match.start(), match.end(), replacement


_STEPS: tuple[Callable[[str], Iterator[Edit]], ...] = (
    _find_surrogates,
    _find_entities,
    _find_mojibake,
    _find_tags,
    _find_c1_controls,
    _find_removed,
    _find_decomposed,
    _find_space_runs,
)
