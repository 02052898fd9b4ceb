"""What a fitted analysis gives: values, frames, a page, a folder."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any, Self

from models.root_cause.export import (
    ReportContent,
    Table,
    assignments_table,
    causes_table,
    render_part,
    write_report,
)
from models.root_cause.html import VerbatimFacts
from models.root_cause.model_io import RootCauseModel
from models.root_cause.renaming import NamePolisher, polish_names
from models.root_cause.report import ComplaintAssignment, RootCauseReport
from models.taxonomy import Taxonomy

LIBRARIES = ("pandas", "polars")
_PREVIEW = ("name_nl", "name_en", "n_complaints", "share", "owner", "impact_adjusted", "trend")


class NotFittedError(ValueError, AttributeError):
    """``fit`` has not been called."""


class AnalysisOutputs:
    """Methods of a fitted analysis."""

    taxonomy: Taxonomy
    model_: RootCauseModel
    report_: RootCauseReport
    assignments_: tuple[ComplaintAssignment, ...]
    facts_: dict[str, VerbatimFacts]

    def report_data(self) -> RootCauseReport:
        """What was found, as values.

        Raises
        ------
        NotFittedError
            If ``fit`` has not been called.
        """
        return self._fitted().report_

    def polish_names(self, polisher: NamePolisher) -> Self:
        """Let a language model write the names of the causes; the report's notes tell of it."""
        fitted = self._fitted()
        renamed = polish_names(fitted.report_, fitted.model_, polisher)
        self.report_, self.model_ = renamed.report, renamed.model
        return self

    def content(
        self, *, title: str | None = None, prepared_on: dt.date | None = None
    ) -> ReportContent:
        """What was found, ready for ``render_part`` and ``write_report``."""
        fitted = self._fitted()
        return ReportContent(
            report=fitted.report_,
            assignments=fitted.assignments_,
            taxonomy=fitted.taxonomy,
            facts=fitted.facts_,
            title=title,
            prepared_on=prepared_on,
        )

    def report(
        self,
        folder: Path | str,
        *,
        language: str = "nl",
        title: str | None = None,
        prepared_on: dt.date | None = None,
        replace: bool = False,
    ) -> Path:
        """Write the report: a page, tables, JSON and the model; gives the folder.

        Raises
        ------
        NotFittedError
            If ``fit`` has not been called.
        ReportError
            If something else is in the folder, or a report and ``replace`` is not set.
        """
        target = Path(folder)
        content = self.content(title=title, prepared_on=prepared_on)
        write_report(target, content, self.model_, language=language, replace=replace)
        return target

    def to_html(self, *, language: str = "nl", title: str | None = None) -> str:
        """The page, self-contained."""
        return render_part(self.content(title=title), "report.html", language=language).decode()

    def causes_frame(self, library: str | None = None) -> Any:
        """One row per cause, as a frame of pandas or polars; default: whichever is installed."""
        return to_frame(causes_table(self.report_data()), library)

    def assignments_frame(self, library: str | None = None) -> Any:
        """One row per complaint, as a frame of pandas or polars."""
        return to_frame(assignments_table(self.content()), library)

    def _fitted(self) -> Self:
        """Itself, if it has been fitted."""
        if not hasattr(self, "report_"):
            raise NotFittedError(f"This {type(self).__name__} is not fitted yet: call 'fit' first.")
        return self

    def _repr_html_(self) -> str:
        """The largest causes, for a notebook."""
        from markupsafe import escape  # noqa: PLC0415

        if not hasattr(self, "report_"):
            return f"<pre>{escape(repr(self))}</pre>"
        values = causes_table(self.report_).as_dict()
        head = "".join(f"<th>{escape(name)}</th>" for name in _PREVIEW)
        rows = zip(*(values[name][:20] for name in _PREVIEW), strict=True)
        body = "".join(
            "<tr>" + "".join(f"<td>{escape(_shown(value))}</td>" for value in row) + "</tr>"
            for row in rows
        )
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def to_frame(table: Table, library: str | None = None) -> Any:
    """A table as a frame.

    Raises
    ------
    ValueError
        If the library is another than pandas and polars.
    ImportError
        If it is not installed.
    """
    if library is not None and library not in LIBRARIES:
        raise ValueError(f"The library of a frame must be pandas or polars. Got {library!r}.")
    from importlib import import_module  # noqa: PLC0415

    for name in LIBRARIES if library is None else (library,):
        try:
            return import_module(name).DataFrame(table.as_dict())
        except ModuleNotFoundError as error:
            if error.name != name:
                raise
    raise ImportError(f"install {library or ' or '.join(LIBRARIES)} to get frames")


def _shown(value: Any) -> str:
    """A cell to read."""
    if value is None:
        return ""
    return f"{value:.3g}" if isinstance(value, float) else str(value)
