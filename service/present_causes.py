"""A report on root causes for a terminal: the causes as a table, what changed, and the notes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from models.root_cause.html.summary import department_name
from models.root_cause.html.view import by_count, note_text
from models.root_cause.html.wording import wording
from models.root_cause.report import Cause, RootCauseReport
from models.root_cause.stability import Change
from models.taxonomy import Taxonomy

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.table import Table
    from rich.text import Text

MAX_CAUSES = 25
_WORDS = {
    "en": {
        "cause": "Cause",
        "n": "Complaints",
        "owner": "Owner",
        "impact": "Impact",
        "trend": "Trend",
        "more": "{n} more in the report",
        "none": "No cause was found.",
        "emerging": "{share} of the complaints are emerging: they fit no cause.",
        "legend": "?: two departments are close  !: too few verbatims to act on",
        "changes": "Against the previous report",
        "new": "new",
        "grown": "grown",
        "shrunk": "shrunk",
        "merged": "merged",
        "split": "split",
        "gone": "gone",
        "steady": "steady",
    },
    "nl": {
        "cause": "Oorzaak",
        "n": "Klachten",
        "owner": "Eigenaar",
        "impact": "Invloed",
        "trend": "Trend",
        "more": "nog {n} in het rapport",
        "none": "Er is geen oorzaak gevonden.",
        "emerging": "{share} van de klachten is opkomend: die passen bij geen oorzaak.",
        "legend": "?: twee afdelingen zitten dicht bij elkaar  !: te weinig antwoorden om op te "
        "sturen",
        "changes": "Tegenover het vorige rapport",
        "new": "nieuw",
        "grown": "gegroeid",
        "shrunk": "gekrompen",
        "merged": "samengevoegd",
        "split": "gesplitst",
        "gone": "verdwenen",
        "steady": "gelijk",
    },
}
_TRENDS = {"growing": "▲", "shrinking": "▼", "new": "✦", "steady": "→", "too_few": "·"}
_SHOWN_CHANGES = (Change.NEW, Change.GROWN, Change.SHRUNK, Change.MERGED, Change.SPLIT)


class CausePresenter:
    """Lays a report out in a language.

    Parameters
    ----------
    taxonomy : Taxonomy
    language : {"nl", "en"}
    """

    def __init__(self, taxonomy: Taxonomy, *, language: str = "en") -> None:
        self._taxonomy = taxonomy
        self._words = _WORDS[language]
        self._wording = wording(language)

    def parts(
        self, report: RootCauseReport, *, with_changes: bool = False
    ) -> Iterator[RenderableType]:
        """Causes, changes and notes, from top to bottom."""
        from rich.text import Text

        if not report.causes:
            yield Text(self._words["none"], style="bold yellow")
        else:
            yield self.causes(report)
            yield Text(self._words["legend"], style="dim")
            if len(report.causes) > MAX_CAUSES:
                yield Text(self._words["more"].format(n=len(report.causes) - MAX_CAUSES))
            if report.emerging_share:
                share = self._wording.percent(report.emerging_share)
                yield Text(self._words["emerging"].format(share=share))
        if with_changes and report.causes:
            yield Text()
            yield self.changes(report)
        if report.notes:
            yield Text()
        for note in report.notes:
            yield Text(f"- {note_text(note, self._wording)[0]}", style="yellow")

    def causes(self, report: RootCauseReport) -> Table:
        """The largest causes."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        words = self._words
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        table.add_column("id", no_wrap=True)
        table.add_column(words["cause"], overflow="fold", ratio=1)
        table.add_column(words["n"], justify="right", no_wrap=True)
        table.add_column("%", justify="right", no_wrap=True)
        table.add_column(words["owner"], no_wrap=True)
        if report.impact:
            table.add_column(f"{words['impact']} ({report.impact.metric.upper()})", no_wrap=True)
        if report.trend:
            table.add_column(words["trend"], no_wrap=True)
        for cause in by_count(report)[:MAX_CAUSES]:
            cells = [
                Text(cause.cause_id, style="dim"),
                Text(self._name(cause), style="bold"),
                Text(self._wording.integer(cause.n_complaints)),
                Text(self._wording.decimal(100 * cause.share)),
                Text(self._owner(cause)),
            ]
            if report.impact:
                cells.append(self._impact(cause))
            if report.trend:
                cells.append(self._trend(cause))
            table.add_row(*cells)
        return table

    def changes(self, report: RootCauseReport) -> Table:
        """What became of the causes since the previous run; those that stayed are counted."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        words, numbers = self._words, self._wording
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, title=words["changes"])
        table.title_justify = "left"
        for heading in ("", "id", words["cause"], "%", ""):
            table.add_column(heading, overflow="fold")
        for change in _SHOWN_CHANGES:
            for cause in by_count(report):
                found = cause.change
                if found is None or found.change is not change:
                    continue
                shares = f"{numbers.percent(found.previous_share)} → {numbers.percent(found.share)}"
                others = [each for each in found.previous if each != cause.cause_id]
                table.add_row(
                    Text(words[change.value]),
                    Text(cause.cause_id, style="dim"),
                    Text(self._name(cause)),
                    Text(numbers.percent(found.share) if change is Change.NEW else shares),
                    Text(f"← {', '.join(others)}" if others else "", style="dim"),
                )
        for cause_id in report.gone:
            table.add_row(words["gone"], Text(cause_id, style="dim"), "", "", "")
        n_steady = sum(
            cause.change is not None and cause.change.change is Change.STEADY
            for cause in report.causes
        )
        table.add_row(
            Text(words["steady"]), Text(), Text(numbers.integer(n_steady)), Text(), Text()
        )
        return table

    def _name(self, cause: Cause) -> str:
        return cause.name.in_language(self._wording.language)

    def _owner(self, cause: Cause) -> str:
        name = department_name(cause.owner.department, self._wording, self._taxonomy)
        return f"{name} ?" if cause.owner.is_contested else name

    def _impact(self, cause: Cause) -> Text:
        """Adjusted impact with its interval; dim where it says little."""
        from rich.text import Text

        if cause.impact is None:
            return Text("")
        estimate = cause.impact.adjusted
        shown = f"{self._wording.signed(estimate.value)} [{self._wording.estimate(estimate)}]"
        is_weak = cause.impact.is_too_few
        return Text(f"{shown} !" if is_weak else shown, style="dim" if is_weak else "")

    def _trend(self, cause: Cause) -> Text:
        """Direction in a sign and a word."""
        from rich.text import Text

        if cause.trend is None:
            return Text("")
        direction = cause.trend.direction.value
        return Text(f"{_TRENDS[direction]} {self._wording.texts[f'trend_{direction}']}")
