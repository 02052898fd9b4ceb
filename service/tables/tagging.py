"""Rows to results: what goes to the classifier, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from models.domain import FailedVerbatim, Language, Status, TaggedVerbatim, Verbatim
from models.taxonomy import Taxonomy
from service.tables.cells import cell_text
from service.tables.columns import ColumnChoice, parse_language
from service.tables.results import ABSTENTIONS, failed_object, result_object
from service.tables.rows import Row

_N_FIRST_ROWS = 5


class VerbatimClassifier(Protocol):
    """What :class:`models.classifier.Classifier` does for tables."""

    taxonomy: Taxonomy
    bundle_version: str

    def classify(
        self, verbatims: Sequence[Verbatim], *, redact: bool = True
    ) -> tuple[TaggedVerbatim | FailedVerbatim, ...]:
        """Tag each verbatim on its own, in the order given."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Tagger:
    """Classifies rows.

    ``language`` is declared for every row that declares none itself.
    """

    classifier: VerbatimClassifier
    choice: ColumnChoice
    redact: bool = True
    language: Language | None = None

    def tag(self, rows: Sequence[Row]) -> list[dict[str, Any]]:
        """Give the result object of each row, in order; a broken row fails alone."""
        version = self.classifier.bundle_version
        verbatims = [read_verbatim(row, self.choice, language=self.language) for row in rows]
        sound = [one for one in verbatims if isinstance(one, Verbatim)]
        tagged: Iterator[TaggedVerbatim | FailedVerbatim] = iter(
            self.classifier.classify(sound, redact=self.redact) if sound else ()
        )
        return [
            self._result(next(tagged))
            if isinstance(one, Verbatim)
            else failed_object(Status.FAILED, _at_line(row, one), bundle_version=version)
            for row, one in zip(rows, verbatims, strict=True)
        ]

    def _result(self, tagged: TaggedVerbatim | FailedVerbatim) -> dict[str, Any]:
        """The result object of a row that was read."""
        version = self.classifier.bundle_version
        if tagged.status is Status.EMPTY:
            return failed_object(Status.EMPTY, "the row has no text", bundle_version=version)
        return result_object(tagged, bundle_version=version, is_redacted=self.redact)


def read_verbatim(
    row: Row, choice: ColumnChoice, *, language: Language | None = None
) -> Verbatim | str:
    """The verbatim of a row, or what is wrong with the row; a row without id gets its number.

    ``language`` is declared for a row that declares none itself.
    """
    if row.problem is not None:
        return row.problem
    value = row.values.get(choice.text)
    if isinstance(value, (Mapping, list, tuple)):
        return "the text is a list or an object where a string is expected"
    if isinstance(value, (bytes, bytearray)):
        try:
            value = bytes(value).decode()
        except UnicodeDecodeError as error:
            return f"the text is not valid UTF-8 at byte {error.start}"
    id_ = "" if choice.id is None else cell_text(row.values.get(choice.id))
    declared = None
    if choice.language is not None:
        declared, _ = parse_language(row.values.get(choice.language))
    return Verbatim(id=id_ or str(row.number), text=cell_text(value), language=declared or language)


class Tally:
    """Counts per status, department and sentiment, and the first rows per status.

    A row is told by its number and its line (None where the format has no lines).

    Examples
    --------
    >>> tally = Tally()
    >>> row = Row(number=7, line=8, values={})
    >>> tally.add([row], [failed_object(Status.EMPTY, "no text", bundle_version="b1")])
    >>> tally.n_by_status, tally.first_rows, tally.n_failed()
    ({'empty': 1}, {'empty': [[7, 8]]}, 1)
    """

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        state = state or {}
        self.n_by_status: dict[str, int] = dict(state.get("n_by_status", {}))
        self.first_rows: dict[str, list[list[int | None]]] = {
            status: list(rows) for status, rows in state.get("first_rows", {}).items()
        }
        self.n_by_department: dict[str, int] = dict(state.get("n_by_department", {}))
        self.n_by_sentiment: dict[str, int] = dict(state.get("n_by_sentiment", {}))
        self.n_for_review: int = int(state.get("n_for_review", 0))

    def add(self, rows: Sequence[Row], results: Sequence[Mapping[str, Any]]) -> None:
        """Count the results of rows."""
        for row, result in zip(rows, results, strict=True):
            status = result["status"]
            self.n_by_status[status] = self.n_by_status.get(status, 0) + 1
            if status != Status.OK:
                first = self.first_rows.setdefault(status, [])
                if len(first) < _N_FIRST_ROWS:
                    first.append([row.number, row.line])
            else:
                _count(self.n_by_department, result["department"]["department"])
                _count(self.n_by_sentiment, result["sentiment"]["sentiment"])
            self.n_for_review += bool(result["needs_review"])

    def state(self) -> dict[str, Any]:
        """Everything as JSON values, to go on from."""
        return {
            "n_by_status": dict(self.n_by_status),
            "first_rows": {status: list(rows) for status, rows in self.first_rows.items()},
            "n_by_department": dict(self.n_by_department),
            "n_by_sentiment": dict(self.n_by_sentiment),
            "n_for_review": self.n_for_review,
        }

    @property
    def n_rows(self) -> int:
        """Rows counted."""
        return sum(self.n_by_status.values())

    def n_failed(self, *, allow_empty: bool = False) -> int:
        """Rows that could not be classified; abstentions are none of them."""
        fine = {Status.OK, *ABSTENTIONS} | ({Status.EMPTY} if allow_empty else set())
        return sum(count for status, count in self.n_by_status.items() if status not in fine)


def _at_line(row: Row, problem: str) -> str:
    """What is wrong with a row, and where it stands in the file."""
    return problem if row.line is None else f"line {row.line}: {problem}"


def _count(counts: dict[str, int], label: str | None) -> None:
    counts[label or ""] = counts.get(label or "", 0) + 1
