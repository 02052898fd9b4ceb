"""Results for a person: one text in full, or a table of many."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console, RenderableType
    from rich.table import Table
    from rich.text import Text

    from models.taxonomy import Taxonomy
    from service.tables.tagging import Tally

_BAR_WIDTH = 12
_COLOURS = {"negative": "red", "positive": "green", "mixed": "yellow", "neutral": "blue"}
_LANGUAGES = {
    "en": {"nl": "Dutch", "en": "English", "und": "another language"},
    "nl": {"nl": "Nederlands", "en": "Engels", "und": "een andere taal"},
}
_WORDS = {
    "en": {
        "language": "Language",
        "sentiment": "Sentiment",
        "topics": "Topics",
        "department": "Department",
        "or": "or",
        "segments": "Segments",
        "text": "Text",
        "evidence": "drives the department",
        "review": "A person should look at this one.",
        "abstained": "not sure",
        "score": "score",
        "rows": "rows",
        "for_review": "for review",
        "legend": "%: probability of the department (below: share of the rows)  "
        "?: a person should look at this one",
    },
    "nl": {
        "language": "Taal",
        "sentiment": "Sentiment",
        "topics": "Onderwerpen",
        "department": "Afdeling",
        "or": "of",
        "segments": "Delen",
        "text": "Tekst",
        "evidence": "bepaalt de afdeling",
        "review": "Laat een mens hiernaar kijken.",
        "abstained": "onzeker",
        "score": "score",
        "rows": "rijen",
        "for_review": "na te kijken",
        "legend": "%: kans op de afdeling (hieronder: deel van de rijen)  "
        "?: laat een mens hiernaar kijken",
    },
}
_STATUSES = {
    "en": {
        "no_letters": "No letters to read",
        "other_language": "Neither Dutch nor English",
        "empty": "Empty",
        "too_long": "Too long",
        "failed": "Failed",
    },
    "nl": {
        "no_letters": "Geen letters om te lezen",
        "other_language": "Nederlands noch Engels",
        "empty": "Leeg",
        "too_long": "Te lang",
        "failed": "Mislukt",
    },
}


class Presenter:
    """Names labels as the taxonomy does and lays results out.

    Parameters
    ----------
    taxonomy : Taxonomy
    labels : {"en", "nl"}
        Language of the names.
    """

    def __init__(self, taxonomy: Taxonomy, *, labels: str = "en") -> None:
        self._labels = labels
        self._words = _WORDS[labels]
        self._names: dict[str, dict[str, str]] = {
            task: {label.label: label.name.get(labels, label.label) for label in group}
            for task, group in (
                ("topics", taxonomy.topics),
                ("sentiment", taxonomy.sentiments),
                ("department", taxonomy.departments),
            )
        }

    def name(self, task: str, label: str | None) -> str:
        """Name of a label; None means that the model abstained."""
        if label is None or label == "":
            return self._words["abstained"]
        return self._names[task].get(label, label)

    def result(self, result: Mapping[str, Any]) -> RenderableType:
        """Lay out one result object in full."""
        from rich.console import Group
        from rich.text import Text

        words = self._words
        if result["department"] is None:
            line = Text(_STATUSES[self._labels][result["status"]], style="bold yellow")
            if result["detail"]:
                line.append(f": {result['detail']}", style="not bold")
            if result["language"] not in (None, "und"):
                line.append(f" ({_LANGUAGES[self._labels][result['language']]})", style="dim")
            return line
        parts: list[RenderableType] = [self._overview(result)]
        if len(result["segments"]) > 1:
            parts += [Text(), Text(words["segments"], style="bold"), self._segments(result)]
        if result["needs_review"]:
            parts += [Text(), Text(words["review"], style="bold yellow")]
        return Group(*parts)

    def _overview(self, result: Mapping[str, Any]) -> Table:
        """Labels of the whole verbatim with bars."""
        from rich.table import Table
        from rich.text import Text

        words = self._words
        grid = Table.grid(padding=(0, 2))
        language = _LANGUAGES[self._labels][result["language"]]
        grid.add_row(
            Text(words["language"], style="bold"),
            Text(language),
            _bar(result["language_probability"]),
        )
        sentiment = result["sentiment"]
        shown = self._sentiment(sentiment["sentiment"])
        shown.append(f"  {words['score']} {sentiment['score']:+.2f}", style="dim")
        grid.add_row(Text(words["sentiment"], style="bold"), shown, _bar(sentiment["probability"]))
        for position, tag in enumerate(result["topics"]):
            heading = words["topics"] if position == 0 else ""
            grid.add_row(
                Text(heading, style="bold"),
                Text(self.name("topics", tag["topic"])),
                _bar(tag["probability"]),
            )
        department = result["department"]
        grid.add_row(
            Text(words["department"], style="bold"),
            Text(self.name("department", department["department"]), style="bold"),
            _bar(department["probability"]),
        )
        grid.add_row(
            Text(),
            Text(f"{words['or']} {self.name('department', department['runner_up'])}", style="dim"),
            _bar(department["runner_up_probability"]),
        )
        return grid

    def _segments(self, result: Mapping[str, Any]) -> Table:
        """One line per segment; the one that drives the department is marked."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        from service.tables.results import evidence_segment

        driver = evidence_segment(result)
        words = self._words
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for heading in ("text", "sentiment", "topics", "department"):
            table.add_column(words[heading], overflow="fold")
        for segment in result["segments"]:
            text = Text(segment["text"])
            if segment is driver:
                text.append(f"  ◀ {words['evidence']}", style="bold cyan")
            topics = ", ".join(self.name("topics", tag["topic"]) for tag in segment["topics"])
            table.add_row(
                text,
                self._sentiment(segment["sentiment"]["sentiment"]),
                topics,
                self.name("department", segment["department"]["department"]),
            )
        return table

    def _sentiment(self, label: str | None) -> Text:
        """Name of a sentiment in its colour."""
        from rich.text import Text

        return Text(self.name("sentiment", label), style=_COLOURS.get(label or "", "dim"))

    def page(
        self, texts: Sequence[str], results: Sequence[Mapping[str, Any]], *, width: int
    ) -> Table:
        """Lay out neighbouring rows as a table; texts are shortened to one line."""
        from rich import box
        from rich.table import Table
        from rich.text import Text

        words = self._words
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False, width=width)
        table.add_column(words["text"], no_wrap=True, overflow="ellipsis", ratio=5)
        table.add_column(words["language"][:4], width=4, no_wrap=True)
        table.add_column(words["sentiment"], width=9, no_wrap=True)
        table.add_column(words["topics"], no_wrap=True, overflow="ellipsis", ratio=4)
        table.add_column(words["department"], no_wrap=True, overflow="ellipsis", width=16)
        table.add_column("%", width=3, justify="right")
        table.add_column("?", width=1)
        for text, result in zip(texts, results, strict=True):
            department = result["department"]
            if department is None:
                status = _STATUSES[self._labels][result["status"]]
                cells = [Text("-"), Text(status, style="yellow"), Text("-"), Text("")]
            else:
                topics = ", ".join(self.name("topics", tag["topic"]) for tag in result["topics"])
                cells = [
                    self._sentiment(result["sentiment"]["sentiment"]),
                    Text(topics),
                    Text(self.name("department", department["department"])),
                    Text(f"{100 * department['probability']:.0f}"),
                ]
            table.add_row(
                Text(" ".join(text.split())),
                Text(result["language"] or "-"),
                *cells,
                Text("?", style="bold yellow") if result["needs_review"] else Text(),
            )
        return table

    def legend(self) -> Text:
        """What the signs at the end of a page's rows mean."""
        from rich.text import Text

        return Text(self._words["legend"], style="dim")

    def counts(self, tally: Tally) -> RenderableType:
        """Lay out counts per department and per sentiment, side by side."""
        from rich import box
        from rich.columns import Columns
        from rich.table import Table

        tables = []
        n_ok = max(1, tally.n_by_status.get("ok", 0))
        for task, counts in (
            ("department", tally.n_by_department),
            ("sentiment", tally.n_by_sentiment),
        ):
            table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
            table.add_column(self._words[task])
            table.add_column(self._words["rows"], justify="right")
            table.add_column("%", justify="right")
            table.add_column("")
            for label, count in sorted(counts.items(), key=lambda pair: (-pair[1], pair[0])):
                table.add_row(
                    self.name(task, label),
                    f"{count:,}",
                    f"{100 * count / n_ok:.0f}",
                    _bar(count / n_ok, is_labelled=False),
                )
            tables.append(table)
        return Columns(tables, padding=(0, 6))


def _bar(share: float, *, is_labelled: bool = True) -> Text:
    """A probability as a bar and a number.

    Examples
    --------
    >>> _bar(0.5).plain
    '██████░░░░░░ 0.50'
    """
    from rich.text import Text

    n_full = round(share * _BAR_WIDTH)
    text = Text("█" * n_full, style="cyan")
    text.append("░" * (_BAR_WIDTH - n_full), style="dim")
    return text.append(f" {share:.2f}", style="none") if is_labelled else text


def make_console(width: int | None = None) -> Console:
    """Make a console on stdout; without a terminal it is 120 characters wide."""
    from rich.console import Console

    console = Console(width=width, highlight=False, soft_wrap=False)
    if width is None and not console.is_terminal:
        console = Console(width=120, highlight=False)
    return console


def summary_lines(tally: Tally, *, elapsed_s: float, n_resumed: int = 0) -> list[str]:
    """Say what became of the rows: a line in all, and one per status that is not ok.

    Examples
    --------
    >>> from service.tables.tagging import Tally
    >>> first_rows = {"empty": [[3, 4], [9, 12]]}
    >>> tally = Tally({"n_by_status": {"ok": 8, "empty": 2}, "first_rows": first_rows})
    >>> for line in summary_lines(tally, elapsed_s=2.0):
    ...     print(line)
    10 rows in 2.0 s (5 rows/s), 8 ok
    2 empty: row 3 (line 4), row 9 (line 12)
    """
    n_rows = tally.n_rows
    n_new = n_rows - n_resumed
    rate = f" ({n_new / max(elapsed_s, 1e-3):,.0f} rows/s)" if n_new else ""
    resumed = f", {n_resumed:,} of them from an earlier run" if n_resumed else ""
    n_ok = tally.n_by_status.get("ok", 0)
    unit = "row" if n_rows == 1 else "rows"
    lines = [f"{n_rows:,} {unit} in {elapsed_s:.1f} s{rate}{resumed}, {n_ok:,} ok"]
    for status, count in tally.n_by_status.items():
        if status == "ok":
            continue
        rows = tally.first_rows.get(status, [])
        shown = [f"row {number}" + (f" (line {line})" if line else "") for number, line in rows]
        listed = ", ".join(shown) + (", ..." if count > len(rows) else "")
        lines.append(f"{count:,} {status}: {listed}")
    if tally.n_for_review:
        verb = "needs" if tally.n_for_review == 1 else "need"
        lines.append(f"{tally.n_for_review:,} {verb} a person's review")
    return lines
