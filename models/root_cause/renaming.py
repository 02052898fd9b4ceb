"""Gives the causes of a finished analysis other names, written by a language model.

Off unless asked for. Only the key terms of each cause and its exemplars, redacted like all that an
analysis holds, leave the machine; the report says so, and what failed.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from models.root_cause.model_io import RootCauseModel
from models.root_cause.names import CauseName
from models.root_cause.report import Cause, Note, RootCauseReport

MAX_NAME_CHARACTERS = 80


class NamePolisher(Protocol):
    """Writes a name for a cause; ``model`` tells who does."""

    @property
    def model(self) -> str:
        """Name of the language model."""
        ...

    def polish(self, causes: Sequence[Cause]) -> Mapping[str, CauseName]:
        """Names by cause id; a cause that it could not name is left out. Never raises."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """A report and a model with other names."""

    report: RootCauseReport
    model: RootCauseModel


def polish_names(report: RootCauseReport, model: RootCauseModel, polisher: NamePolisher) -> Renamed:
    """Let a language model write the names; the note tells what was sent and what came of it."""
    if not report.causes:
        return Renamed(report=report, model=model)
    names = {
        cause_id: name
        for cause_id, name in polisher.polish(report.causes).items()
        if _is_usable(name)
    }
    n_failed = sum(cause.cause_id not in names for cause in report.causes)
    notes = [*report.notes]
    if names:
        notes.append(
            Note(
                code="names_polished",
                count=len(names),
                detail=f"{len(names)} names of causes were written by {polisher.model}; only key "
                "terms and redacted exemplars were sent to it",
            )
        )
    if n_failed:
        notes.append(
            Note(
                code="names_not_polished",
                count=n_failed,
                detail=f"{n_failed} names of causes could not be written by {polisher.model} and "
                "are key terms; key terms and redacted exemplars were sent to it for that",
            )
        )
    return Renamed(
        report=dataclasses.replace(
            report,
            causes=tuple(
                dataclasses.replace(cause, name=names.get(cause.cause_id, cause.name))
                for cause in report.causes
            ),
            themes=tuple(
                dataclasses.replace(theme, name=names.get(theme.cause_ids[0], theme.name))
                if len(theme.cause_ids) == 1
                else theme
                for theme in report.themes
            ),
            notes=tuple(notes),
            names_polished_by=polisher.model if names else "",
        ),
        model=dataclasses.replace(
            model,
            names=tuple(
                names.get(cause_id, name)
                for cause_id, name in zip(model.cause_ids, model.names, strict=True)
            ),
        ),
    )


def _is_usable(name: CauseName) -> bool:
    """Whether both names are short lines of text."""
    return all(
        text.strip() and len(text) <= MAX_NAME_CHARACTERS and text.isprintable()
        for text in (name.nl, name.en)
    )
