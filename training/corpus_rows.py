"""Rules that a row of a labelled corpus keeps on its own: keys, types, labels, text, segments."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from models.taxonomy import Taxonomy
from models.text.language import detect_language
from models.text.personal_contact import find_emails, find_phone_numbers
from models.text.personal_numbers import find_ibans
from training.labelled import LabelledVerbatim, Labels

VARIETIES: Final[Mapping[str, tuple[str, ...]]] = {"nl": ("nl-NL", "nl-BE"), "en": ("en",)}
SPLITS: Final = ("train", "validation")
MAX_WORDS: Final = 125
"""Authors are asked for 120 words at most. Words are counted at white space, where a bullet, a
dash or an emoji counts too, so five more are allowed than were asked."""
MIN_WORDS_FOR_LANGUAGE: Final = 6
"""A shorter text is often a word that both languages share ("service", "app", "top")."""

_STRINGS: Final = (
    "id", "text", "lang", "variety", "sector", "story", "sentiment", "department", "split", "batch",
)  # fmt: skip
ROW_KEYS: Final = frozenset((*_STRINGS, "topics", "department_2", "segments"))
_NEEDED_KEYS: Final = frozenset(("id", "text", "lang", "sentiment", "topics", "department"))
_SEGMENT_STRINGS: Final = ("sentiment", "department")
_SEGMENT_NEEDED: Final = frozenset(("start", "end", "sentiment", "topics", "department"))
_SEGMENT_KEYS: Final = _SEGMENT_NEEDED | {"department_2"}

_WORD: Final = re.compile(r"\w+")
_WORD_MARK: Final = re.compile(r"(?<=\w)['’.](?=\w)")
_CONNECTIVES: Final = frozenset(
    (
        *("en", "maar", "want", "dus", "doch", "of", "ook", "wel", "alleen", "toch", "terwijl"),
        *("and", "but", "so", "or", "yet", "also", "plus", "though", "although", "while"),
    )
)
# A joiner holds an emoji together; a line break stands in lists; tag characters make up flags.
_ALLOWED_MARKS: Final = frozenset(["\n", "\u200d", *map(chr, range(0xE0020, 0xE0080))])
_CONTROL_CATEGORIES: Final = frozenset(("Cc", "Cf", "Co", "Cs", "Zl", "Zp"))


class Breach(NamedTuple):
    """A rule that a row breaks: which field, which rule, and what was found."""

    field: str
    rule: str
    detail: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A breach and where it stands; line 0 is the file, or the corpus, as a whole."""

    file: str
    line: int
    id: str
    field: str
    rule: str
    detail: str

    def __str__(self) -> str:
        line = f"{self.file}:{self.line}: {self.field}: {self.rule}: {self.detail}"
        return line.encode("utf-8", "backslashreplace").decode("utf-8")


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusRow:
    """A row whose keys and types are right, and where it stands."""

    file: str
    line: int
    verbatim: LabelledVerbatim

    @property
    def place(self) -> str:
        """File, line and id, as details name another row."""
        return f"{self.file}:{self.line} ({self.verbatim.id})"

    def fault(self, breach: Breach) -> Fault:
        """The breach, with this row's place."""
        return Fault(file=self.file, line=self.line, id=self.verbatim.id, **breach._asdict())


def normal_form(text: str) -> str:
    """Lower-case words of a text, for telling whether two texts are the same.

    A text without words (".", "👍") is its own form.

    Examples
    --------
    >>> normal_form("N.v.t. — Foto's kloppen NIET!")
    'nvt fotos kloppen niet'
    """
    return " ".join(_WORD.findall(_WORD_MARK.sub("", text.casefold()))) or text.strip()


def words_of(text: str) -> list[str]:
    """Lower-case words of a text; punctuation inside a word parts it."""
    return _WORD.findall(text.casefold())


def check_shape(entry: Mapping[str, Any], *, needs_all_keys: bool) -> Iterator[Breach]:
    """Check the keys of a row and the types of their values.

    Parameters
    ----------
    entry : mapping
        The JSON object.
    needs_all_keys : bool
        Whether story, split, provenance and segments must be there; else they may be absent.
    """
    needed = ROW_KEYS if needs_all_keys else _NEEDED_KEYS
    yield from _check_keys(entry, needed=needed, known=ROW_KEYS, prefix="")
    for key in _STRINGS:
        if key in entry and not isinstance(entry[key], str):
            yield _type_breach(key, "a string", entry[key])
        elif key in entry and key != "text" and not entry[key].strip():
            yield Breach(key, "empty", "has no characters")
    yield from _check_label_types(entry, prefix="")
    segments = entry.get("segments", [])
    if not isinstance(segments, list):
        yield _type_breach("segments", "a list", segments)
        return
    for place, segment in enumerate(segments):
        prefix = f"segments[{place}]"
        if not isinstance(segment, dict):
            yield _type_breach(prefix, "an object", segment)
            continue
        yield from _check_keys(
            segment, needed=_SEGMENT_NEEDED, known=_SEGMENT_KEYS, prefix=prefix + "."
        )
        for key in ("start", "end"):
            if key in segment and type(segment[key]) is not int:
                yield _type_breach(f"{prefix}.{key}", "a whole number", segment[key])
        for key in _SEGMENT_STRINGS:
            if key in segment and not isinstance(segment[key], str):
                yield _type_breach(f"{prefix}.{key}", "a string", segment[key])
        yield from _check_label_types(segment, prefix=prefix + ".")


def _check_keys(
    entry: Mapping[str, Any], *, needed: frozenset[str], known: frozenset[str], prefix: str
) -> Iterator[Breach]:
    """Keys that lack, and keys that nobody reads."""
    for key in sorted(needed - set(entry)):
        yield Breach(prefix + key, "missing-key", "is not there")
    for key in sorted(set(entry) - known):
        yield Breach(prefix + key, "unknown-key", f"known keys: {', '.join(sorted(known))}")


def _check_label_types(entry: Mapping[str, Any], *, prefix: str) -> Iterator[Breach]:
    """Topics are a list of strings, the second owner a string or null."""
    topics = entry.get("topics", [])
    if not isinstance(topics, list) or not all(isinstance(topic, str) for topic in topics):
        yield _type_breach(prefix + "topics", "a list of strings", topics)
    if not isinstance(entry.get("department_2"), str | None):
        yield _type_breach(prefix + "department_2", "a string or null", entry["department_2"])


def _type_breach(field: str, wanted: str, value: object) -> Breach:
    """A value of the wrong type."""
    return Breach(field, "type", f"must be {wanted}, got {value!r:.60}")


def check_row(row: LabelledVerbatim, taxonomy: Taxonomy) -> Iterator[Breach]:
    """Check the values of a row: language, split, labels, text and segments."""
    varieties = VARIETIES.get(row.lang)
    if varieties is None:
        yield Breach("lang", "known-language", f"{row.lang!r} is none of {', '.join(VARIETIES)}")
    elif row.variety and row.variety not in varieties:
        yield Breach("variety", "variety", f"{row.variety!r} is none of {', '.join(varieties)}")
    if row.split not in SPLITS:
        yield Breach("split", "known-split", f"{row.split!r} is none of {', '.join(SPLITS)}")
    yield from check_labels(row.labels, taxonomy, prefix="")
    yield from check_text(row.text)
    yield from check_segments(row, taxonomy)
    if varieties is not None:
        yield from check_language(row)


def check_labels(labels: Labels, taxonomy: Taxonomy, *, prefix: str) -> Iterator[Breach]:
    """Check one set of labels against the taxonomy.

    Parameters
    ----------
    prefix : str
        Put before the field's name: ``"segments[1]."`` or nothing.
    """
    for field, label in (
        ("sentiment", labels.sentiment),
        ("department", labels.department),
        ("department_2", labels.department_2),
    ):
        known = taxonomy.labels(field.removesuffix("_2"))
        if label is not None and label not in known:
            yield Breach(prefix + field, "known-label", f"{label!r} is none of {', '.join(known)}")
    topics, known = labels.topics, taxonomy.labels("topics")
    for topic in topics:
        if topic not in known:
            yield Breach(prefix + "topics", "known-label", f"{topic!r} is none of the topics")
    if not 1 <= len(topics) <= taxonomy.max_topics:
        detail = f"1 to {taxonomy.max_topics} topics, got {len(topics)}"
        yield Breach(prefix + "topics", "n-topics", detail)
    if len(set(topics)) != len(topics):
        yield Breach(prefix + "topics", "distinct-topics", f"a topic stands twice: {topics}")
    for topic in sorted(taxonomy.exclusive_topics.intersection(topics)):
        if len(set(topics)) > 1:
            yield Breach(prefix + "topics", "exclusive-topic", f"{topic!r} stands alone: {topics}")
    if labels.department_2 == labels.department:
        detail = f"is {labels.department!r} as the first owner is"
        yield Breach(prefix + "department_2", "second-owner", detail)


def check_text(text: str) -> Iterator[Breach]:
    """Check a text: length in words, white space round it, Unicode form, control characters."""
    n_words = len(text.split())
    if not 1 <= n_words <= MAX_WORDS:
        yield Breach("text", "n-words", f"1 to {MAX_WORDS} words, got {n_words}")
    if text != text.strip():
        yield Breach("text", "stripped", "white space at an end")
    if not unicodedata.is_normalized("NFC", text):
        yield Breach("text", "nfc", "is not in Unicode normal form C")
    marks = {
        mark
        for mark in text
        if mark == "\ufffd"
        or (unicodedata.category(mark) in _CONTROL_CATEGORIES and mark not in _ALLOWED_MARKS)
    }
    if marks:
        names = ", ".join(f"U+{ord(mark):04X}" for mark in sorted(marks))
        yield Breach("text", "control-character", f"holds {names}")


def check_segments(row: LabelledVerbatim, taxonomy: Taxonomy) -> Iterator[Breach]:
    """Check the offsets and labels of a row's segments, and that they cover its words."""
    if not row.segments:
        return
    if len(row.segments) == 1:
        yield Breach("segments", "several-segments", "none, or at least two; got 1")
    is_covered = bytearray(len(row.text))
    last_end = 0
    for place, segment in enumerate(row.segments):
        field = f"segments[{place}]"
        span = f"{segment.start} to {segment.end}"
        yield from check_labels(segment.labels, taxonomy, prefix=field + ".")
        if segment.labels.sentiment == "mixed":
            detail = "a segment has one sentiment, never 'mixed'"
            yield Breach(f"{field}.sentiment", "segment-sentiment", detail)
        if not 0 <= segment.start <= segment.end <= len(row.text):
            yield Breach(field, "inside-text", f"{span} in a text of {len(row.text)} characters")
            continue
        if segment.start < last_end:
            yield Breach(field, "segment-order", f"{span} begins before {last_end}, an earlier end")
        part = row.text[segment.start : segment.end]
        if not part.strip():
            yield Breach(field, "empty", f"{span} has no characters")
        elif part != part.strip():
            yield Breach(field, "stripped", f"white space at an end of {span}")
        last_end = max(last_end, segment.end)
        is_covered[segment.start : segment.end] = b"\x01" * len(part)
    missed = [
        match[0]
        for match in _WORD.finditer(row.text)
        if not all(is_covered[slice(*match.span())])
        and (any(is_covered[slice(*match.span())]) or match[0].casefold() not in _CONNECTIVES)
    ]
    if missed:
        detail = f"in no segment, or cut by one: {' '.join(missed)!r:.80}"
        yield Breach("segments", "covers-text", detail)


def check_language(row: LabelledVerbatim) -> Iterator[Breach]:
    """Check that the detected language is the one the row states."""
    if len(row.text.split()) < MIN_WORDS_FOR_LANGUAGE:
        return
    guess = detect_language(row.text)
    if guess.language != row.lang:
        found = f"reads as {guess.language.value!r} ({guess.probability:.2f})"
        yield Breach("lang", "language", f"{found}, the row says {row.lang!r}")


def note_personal_data(text: str) -> Iterator[Breach]:
    """Note what has the shape of an e-mail address, a telephone number or an IBAN.

    No fault, since made-up ones are wanted: a reader judges whether they are.
    """
    for rule, find in (
        ("email", find_emails),
        ("phone", find_phone_numbers),
        ("iban", find_ibans),
    ):
        for start, end in find(text):
            yield Breach("text", rule, repr(text[start:end]))
