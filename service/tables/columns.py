"""Find the columns that hold the text, the id and the language: by name, else by content."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from models.domain import Language
from service.tables.cells import cell_text
from service.tables.errors import ColumnError
from service.tables.rows import Row, show_name

_TEXT_NAMES = (
    "text verbatim verbatims comment comments feedback review reviews answer answers message "
    "remark remarks response opinion complaint body content opentext openanswer valuetext "
    "reviewtext commenttext feedbacktext answertext freetext opentekst vrijetekst "
    "opmerking opmerkingen toelichting antwoord antwoorden reactie reacties klacht klachten "
    "omschrijving tekst bericht commentaar recensie beoordelingstekst motivatie klanttekst "
    "opmerkingtekst openantwoord antwoordtekst uitleg"
)
_ID_NAMES = (
    "id rowid verbatimid responseid respondentid answerid reviewid feedbackid commentid recordid "
    "surveyid submissionid caseid ticketid uuid guid key nummer nr volgnummer responsid "
    "respondentnummer antwoordid klachtnummer referentie reference"
)
_PAIRED_NAMES = (
    "positief negatief positieve negatieve pluspunten minpunten plus min sterk zwak goed slecht "
    "beter verbeterpunten verbeterpunt tip tips top tops positive negative positives negatives "
    "pro con pros cons likes dislikes liked disliked strengths weaknesses improve improvement "
    "improvements"
)
_LANGUAGE_NAMES = "language lang taal locale languagecode langcode taalcode"
TEXT_NAMES = frozenset(_TEXT_NAMES.split())
PAIRED_NAMES = frozenset(_PAIRED_NAMES.split())
"""Words in the names of open questions that are asked side by side."""
ID_NAMES = tuple(_ID_NAMES.split())
LANGUAGE_NAMES = tuple(_LANGUAGE_NAMES.split())

_NAMED = {
    "nl": Language.NL,
    "nld": Language.NL,
    "dut": Language.NL,
    "dutch": Language.NL,
    "nederlands": Language.NL,
    "vlaams": Language.NL,
    "flemish": Language.NL,
    "en": Language.EN,
    "eng": Language.EN,
    "english": Language.EN,
    "engels": Language.EN,
}
_OTHER_CODES = (
    # ISO 639-1 codes of languages spoken by customers in the Netherlands and Belgium, and names
    "ar bg ca cs da de el es et fa fi fr fy ga he hi hr hu id is it ja ko lb lt lv mt no nb pl ps "
    "pt ro ru sk sl sq sr sv th ti tr uk ur vi zh und other anders overig fra fre deu ger spa ita "
    "french frans german duits deutsch spanish spaans italian italiaans polish pools turkish turks "
    "arabic arabisch"
)
_OTHER_LANGUAGES = frozenset(_OTHER_CODES.split())
_WORDS = re.compile(r"[^\W\d_]{2,}")
_TOKENS = re.compile(r"[a-z]+|\d+")
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_IS_TEXT = 0.5  # least share of filled cells that hold words
_IS_LONG = 3.0  # words in a cell that make it an answer, not a name
_CLEARLY_LONGER = 3.0  # times as many words as the next candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnChoice:
    """Names of the columns to read; ``id`` and ``language`` may be missing."""

    text: str
    id: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Profile:
    """What a sample of a column looks like."""

    column: str
    position: int
    words_share: float
    mean_words: float
    distinct_share: float


def parse_language(value: Any) -> tuple[Language | None, bool]:
    """Read a declared language; the second value tells whether it was understood.

    Examples
    --------
    >>> parse_language("nl-BE")[0], parse_language("Engels")[0], parse_language("fr")[0]
    (<Language.NL: 'nl'>, <Language.EN: 'en'>, <Language.UND: 'und'>)
    >>> parse_language("web"), parse_language("")
    ((None, False), (None, True))
    """
    text = cell_text(value).strip().lower()
    if not text:
        return None, True
    code = re.split(r"[-_ (]", text, maxsplit=1)[0]
    if code in _NAMED:
        return _NAMED[code], True
    if code in _OTHER_LANGUAGES:
        return Language.UND, True
    return None, False


def choose_columns(
    columns: Sequence[str],
    sample: Sequence[Row],
    *,
    name: str,
    text_column: str | None = None,
    id_column: str | None = None,
    language_column: str | None = None,
) -> ColumnChoice:
    """Choose the columns, those that were asked for first.

    The text column is the one with a name that means text, in Dutch or English, and with words in
    it; failing that, the one whose cells are clearly the longest. Two that could be it equally
    well, such as ``positief`` and ``negatief``, are an error: one of them is not enough. The id
    column goes by its name, the language column by its name and by holding nothing but languages.

    Parameters
    ----------
    columns : sequence of str
    sample : sequence of Row
        First rows of the table.
    name : str
        File name for messages.
    text_column, id_column, language_column : str, optional
        A column by name, or by position as ``#3``.

    Raises
    ------
    ColumnError
        If a column that was asked for is missing, or the text column cannot be told. The message
        lists the columns, the candidates and the option to use.
    """
    usable = [row for row in sample if row.problem is None]
    if text_column is None:
        text_column = _guess_text(columns, usable, name=name)
    else:
        text_column = find_column(columns, text_column, name=name, option="--text-column")
    if id_column is None:
        id_column = _by_name(columns, ID_NAMES, without=text_column)
    else:
        id_column = find_column(columns, id_column, name=name, option="--id-column")
    if language_column is None:
        language_column = _by_name(columns, LANGUAGE_NAMES, without=text_column)
        if language_column is not None and not _holds_languages(language_column, usable):
            language_column = None
    else:
        language_column = find_column(
            columns, language_column, name=name, option="--language-column"
        )
    return ColumnChoice(text=text_column, id=id_column, language=language_column)


def find_column(columns: Sequence[str], wanted: str, *, name: str, option: str) -> str:
    """Find a column by its exact name, by its name in any case, or by position (``#3``)."""
    if wanted in columns:
        return wanted
    alike = [column for column in columns if column.strip().lower() == wanted.strip().lower()]
    if len(alike) == 1:
        return alike[0]
    if wanted.startswith("#") and wanted[1:].isdecimal() and 1 <= int(wanted[1:]) <= len(columns):
        return columns[int(wanted[1:]) - 1]
    raise ColumnError(
        f"{name}: {option}: there is no column '{wanted}'; there are: {list_columns(columns)}"
    )


def list_columns(columns: Sequence[str]) -> str:
    """Names for a message, at most 40 of them."""
    shown = [show_name(column, position) for position, column in enumerate(columns[:40], start=1)]
    more = f" and {len(columns) - 40} more" if len(columns) > 40 else ""
    return (", ".join(shown) or "(none)") + more


def looks_like_data(columns: Sequence[str]) -> bool:
    """Whether a header reads as a row of data: a number, a date or a sentence among its names."""
    for column in columns:
        bare = column.strip()
        if re.fullmatch(r"[\d.,:/\- ]*\d[\d.,:/\- ]*", bare) or len(_WORDS.findall(bare)) > 12:
            return True
    return False


def _guess_text(columns: Sequence[str], sample: Sequence[Row], *, name: str) -> str:
    """Guess the text column, or say why it cannot be told."""
    if not columns:
        raise ColumnError(f"{name}: there is no column; each row needs a text")
    profiles = [
        _profile(column, position, sample) for position, column in enumerate(columns, start=1)
    ]
    named = [one for one in profiles if _plain(one.column).rstrip("0123456789") in TEXT_NAMES]
    hinted = [one for one in profiles if TEXT_NAMES & set(name_tokens(one.column))]
    wordy = [one for one in profiles if one.words_share >= _IS_TEXT]
    for group in (named, hinted):
        candidates = [one for one in group if one in wordy]
        if not candidates:
            continue
        best = _clear_best(candidates)
        if best is not None:
            return best.column
        raise _ambiguous(name, columns, candidates)
    if looks_like_data(columns):
        raise ColumnError(
            f"{name}: the first row reads as data, not as column names; give --no-header, "
            "and the text column by its position, for instance --text-column '#2'"
        )
    various = [one for one in wordy if one.distinct_share > 0.3]
    paired = [one for one in various if PAIRED_NAMES & set(name_tokens(one.column))]
    if len(paired) > 1:
        raise _ambiguous(name, columns, paired)
    longest = max((one.mean_words for one in various), default=0.0)
    least = min(_IS_LONG, longest / 2) if longest >= _IS_LONG else _IS_LONG
    long = [one for one in various if one.mean_words >= least]
    if long and (best := _clear_best(long)) is not None:
        return best.column
    if long:
        raise _ambiguous(name, columns, long)
    if len(wordy) == 1 and len(columns) == 1:
        return wordy[0].column
    if len(named) == 1:  # an empty table, or cells without words
        return named[0].column
    raise ColumnError(
        f"{name}: no column looks like the customers' text; there are: {list_columns(columns)}; "
        "name it with --text-column"
    )


def _ambiguous(name: str, columns: Sequence[str], candidates: Sequence[_Profile]) -> ColumnError:
    """The error for two or more columns that may hold the text."""
    shown = ", ".join(show_name(one.column, one.position) for one in candidates)
    return ColumnError(
        f"{name}: the text may be in {shown}; choose one with --text-column NAME, or by its "
        f"position: --text-column '#{candidates[1].position}' (columns: {list_columns(columns)})"
    )


def _clear_best(candidates: Sequence[_Profile]) -> _Profile | None:
    """The only candidate, or the one with far longer cells than the others."""
    ranked = sorted(candidates, key=lambda one: -one.mean_words)
    if len(ranked) == 1 or ranked[0].mean_words >= _CLEARLY_LONGER * ranked[1].mean_words:
        return ranked[0]
    return None


def _profile(column: str, position: int, sample: Sequence[Row]) -> _Profile:
    """Look at the filled cells of a column."""
    cells = [
        value.strip()
        for row in sample
        if isinstance(value := row.values.get(column), str) and value.strip()
    ]
    n_filled = sum(row.values.get(column) not in (None, "") for row in sample)
    n_words = [len(_WORDS.findall(cell)) for cell in cells]
    return _Profile(
        column=column,
        position=position,
        words_share=sum(count > 0 for count in n_words) / n_filled if n_filled else 0.0,
        mean_words=sum(n_words) / len(cells) if cells else 0.0,
        distinct_share=len(set(cells)) / len(cells) if cells else 0.0,
    )


def _plain(name: str) -> str:
    """Letters and digits of a name, lower case: ``Value_Text`` is ``valuetext``."""
    return "".join(name_tokens(name))


def name_tokens(name: str) -> list[str]:
    """Words and numbers of a name, in small letters: ``ValueText_2`` is value, text and 2."""
    return _TOKENS.findall(_CAMEL.sub(" ", name).lower())


def _by_name(columns: Sequence[str], names: Sequence[str], *, without: str) -> str | None:
    """The column whose name stands first in ``names``."""
    plain = {_plain(column): column for column in reversed(columns) if column != without}
    return next((plain[name] for name in names if name in plain), None)


def _holds_languages(column: str, sample: Sequence[Row]) -> bool:
    """Whether all filled cells are languages."""
    return all(parse_language(row.values.get(column))[1] for row in sample)
