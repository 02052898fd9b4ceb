"""Find the columns beside the text: score, date and segments, by name and by content."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from models.root_cause.dates import read_dates
from models.root_cause.scores import read_score
from service.tables.cells import cell_text
from service.tables.columns import ColumnChoice, find_column, name_tokens
from service.tables.rows import Row

NO_COLUMN = "-"
"""Says that there is none, where a column would be guessed."""

_SCORE_NAMES = (
    "nps npsscore score rating csat csatscore ces cesscore cijfer rapportcijfer beoordeling "
    "sterren stars waardering aanbeveling recommend recommendation tevredenheid satisfaction "
    "grade valuenumber punten"
)
_DATE_NAMES = (
    "date datum day dag collectedat submittedat submitdate createdat created receivedat "
    "respondedat responsedate recordeddate reviewdate timestamp tijdstip datetime datumtijd "
    "invuldatum ingevuldop ingevuld aangemaaktop ontvangen ontvangenop enddate einddatum "
    "startdate startdatum completedat"
)
_SEGMENT_NAMES = (
    "channel kanaal touchpoint contactmoment contactpunt region regio province provincie country "
    "land product productgroup productgroep category categorie segment customersegment "
    "klantsegment store winkel branch filiaal location locatie vestiging brand merk department "
    "afdeling team device apparaat journey klantreis customertype klanttype variety market markt"
)
SCORE_NAMES, DATE_NAMES = tuple(_SCORE_NAMES.split()), tuple(_DATE_NAMES.split())
SEGMENT_NAMES = frozenset(_SEGMENT_NAMES.split())

_IS_SCORE = 0.8  # least share of filled cells that are numbers
_IS_DATE = 0.5  # least share of filled cells that are dates, under a name that says so
_IS_PLAINLY_DATE = 0.9  # and under any other name
_MAX_VALUES = 60  # different values of a segment column in the sample
_MAX_SEGMENTS = 6
_MAX_CHARACTERS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Columns by what they hold; None and () where a table has none."""

    choice: ColumnChoice
    score: str | None = None
    date: str | None = None
    segments: tuple[str, ...] = ()

    def told(self) -> str:
        """The choice in words."""
        pairs = [
            ("text", self.choice.text),
            ("id", self.choice.id),
            ("language", self.choice.language),
            ("score", self.score),
            ("date", self.date),
            *(("segment", name) for name in self.segments),
        ]
        return ", ".join(f"{role} '{name}'" for role, name in pairs if name is not None)


def choose_roles(
    columns: Sequence[str],
    sample: Sequence[Row],
    choice: ColumnChoice,
    *,
    name: str,
    score_column: str | None = None,
    date_column: str | None = None,
    segment_columns: Sequence[str] = (),
) -> Roles:
    """Choose the columns of scores, dates and segments, those that were asked for first.

    Parameters
    ----------
    columns : sequence of str
    sample : sequence of Row
        First rows of the table.
    choice : ColumnChoice
        Columns that are taken already.
    name : str
        File name for messages.
    score_column, date_column : str, optional
        By name, by position (``#3``), or ``-`` for none.
    segment_columns : sequence of str
        Likewise; () guesses them, ``-`` takes none.

    Raises
    ------
    ColumnError
        If a column that was asked for is missing.
    """
    usable = [row for row in sample if row.problem is None]
    taken = {choice.text, choice.id, choice.language}

    def cells(column: str) -> list[Any]:
        values = (row.values.get(column) for row in usable)
        return [value for value in values if cell_text(value).strip()]

    def choose(wanted: str | None, option: str, guess: Callable[[], str | None]) -> str | None:
        if wanted == NO_COLUMN:
            return None
        if wanted is not None:
            return find_column(columns, wanted, name=name, option=option)
        return guess()

    def free() -> list[str]:
        return [column for column in columns if column not in taken]

    date = choose(
        date_column,
        "--date-column",
        lambda: (
            _by_name(free(), DATE_NAMES, lambda column: _dates_share(cells(column)) >= _IS_DATE)
            or _only([each for each in free() if _dates_share(cells(each)) >= _IS_PLAINLY_DATE])
        ),
    )
    taken.add(date)
    score = choose(
        score_column,
        "--score-column",
        lambda: _by_name(free(), SCORE_NAMES, lambda column: _is_scores(cells(column))),
    )
    taken.add(score)
    if segment_columns:
        segments = [
            find_column(columns, wanted, name=name, option="--segment-column")
            for wanted in segment_columns
            if wanted != NO_COLUMN
        ]
    else:
        segments = [
            column
            for column in free()
            if SEGMENT_NAMES & {*name_tokens(column), "".join(name_tokens(column))}
            and _is_segment(cells(column))
        ][:_MAX_SEGMENTS]
    return Roles(choice=choice, score=score, date=date, segments=tuple(dict.fromkeys(segments)))


def _by_name(
    columns: Sequence[str], names: Sequence[str], is_fitting: Callable[[str], bool]
) -> str | None:
    """The column whose name stands first in ``names``, then one that holds such a word."""
    plain = {"".join(name_tokens(column)): column for column in reversed(columns)}
    exact = [plain[known] for known in names if known in plain]
    hinted = [column for column in columns if set(names) & set(name_tokens(column))]
    return next((column for column in [*exact, *hinted] if is_fitting(column)), None)


def _only(found: Sequence[str]) -> str | None:
    return found[0] if len(found) == 1 else None


def _is_scores(cells: Sequence[Any]) -> bool:
    """Whether most of the filled cells are numbers."""
    n_numbers = sum(read_score(value) is not None for value in cells)
    return bool(cells) and n_numbers >= _IS_SCORE * len(cells)


def _dates_share(cells: Sequence[Any]) -> float:
    """Share of the filled cells that can be read as dates."""
    return 1 - read_dates(cells).n_unreadable / len(cells) if cells else 0.0


def _is_segment(cells: Sequence[Any]) -> bool:
    """Whether a column holds a few short values."""
    texts = {cell_text(value).strip() for value in cells}
    return (
        0 < len(texts) <= min(_MAX_VALUES, max(2, len(cells) // 2))
        and max(map(len, texts)) <= _MAX_CHARACTERS
    )
