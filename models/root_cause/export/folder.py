"""The folder of a report, written whole or not at all.

::

    report.html         what a manager reads
    report.json         all values, after report.schema.json
    causes.*            a row per cause: parquet, csv, xlsx, json
    assignments.*       a row per complaint: parquet, csv, xlsx, jsonl
    model/              to place later complaints and to carry ids over
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from models.root_cause.export.content import ReportContent
from models.root_cause.export.document import KIND, ReportError, report_json
from models.root_cause.export.encode import to_csv, to_json, to_jsonl, to_parquet, to_xlsx
from models.root_cause.export.tables import (
    assignments_table,
    causes_table,
    columns_table,
    exemplars_table,
    notes_table,
    periods_table,
    segments_table,
    themes_table,
)
from models.root_cause.html import render_html
from models.root_cause.model_io import RootCauseModel, save_model

MODEL_FOLDER = "model"
MARKER = "report.json"
"""The last file to be written: a folder with it is a whole report."""


def _page(content: ReportContent, language: str) -> bytes:
    return render_html(
        content.report,
        content.assignments,
        language=language,
        taxonomy=content.taxonomy,
        title=content.title,
        facts=content.facts,
        prepared_on=content.prepared_on,
    ).encode(errors="replace")


def _causes_book(content: ReportContent, _: str) -> bytes:
    report = content.report
    causes = causes_table(report)
    optional = (periods_table(report), segments_table(report))
    return to_xlsx(
        [
            causes,
            themes_table(report),
            exemplars_table(report),
            *(table for table in optional if table.n_rows),
            notes_table(report),
            columns_table(causes),
        ],
        made_on=content.prepared_on,
    )


def _assignments_book(content: ReportContent, _: str) -> bytes:
    table = assignments_table(content)
    return to_xlsx([table, columns_table(table)], made_on=content.prepared_on)


_RENDER: dict[str, Callable[[ReportContent, str], bytes]] = {
    "report.html": _page,
    "causes.csv": lambda content, _: to_csv(causes_table(content.report)),
    "causes.json": lambda content, _: to_json(causes_table(content.report)),
    "causes.parquet": lambda content, _: to_parquet(causes_table(content.report)),
    "causes.xlsx": _causes_book,
    "assignments.csv": lambda content, _: to_csv(assignments_table(content)),
    "assignments.jsonl": lambda content, _: to_jsonl(assignments_table(content)),
    "assignments.parquet": lambda content, _: to_parquet(assignments_table(content)),
    "assignments.xlsx": _assignments_book,
    MARKER: lambda content, _: report_json(content.report),
}
PARTS = tuple(_RENDER)
"""Names of the files of a report, the model's left out."""


def render_part(content: ReportContent, name: str, *, language: str = "nl") -> bytes:
    """One file of a report.

    Parameters
    ----------
    content : ReportContent
    name : str
        One of ``PARTS``.
    language : {"nl", "en"}
        Of the page; the other files do not depend on it.

    Raises
    ------
    ReportError
        If there is no such part.
    """
    if name not in _RENDER:
        raise ReportError(f"a report has no part {name!r}; it has {', '.join(PARTS)}")
    return _RENDER[name](content, language)


def check_folder(folder: Path, *, replace: bool = False) -> None:
    """Refuse a folder that a report cannot or must not take the place of.

    Raises
    ------
    ReportError
        With what to do about it. A folder that holds anything but a report is never replaced.
    """
    if not folder.parent.is_dir():
        raise ReportError(f"{folder}: the folder {folder.parent} does not exist")
    if not os.access(folder.parent, os.W_OK | os.X_OK):
        raise ReportError(f"{folder}: the folder {folder.parent} cannot be written to")
    if not folder.exists() and not folder.is_symlink():
        return
    if folder.is_symlink() or not folder.is_dir():
        raise ReportError(f"{folder}: is there already and is no folder; name another")
    if not any(folder.iterdir()):
        return
    strange = {item.name for item in folder.iterdir()} - {*PARTS, MODEL_FOLDER}
    if strange or not _is_report(folder):
        raise ReportError(
            f"{folder}: is there already and is not just a report of root causes; name another"
        )
    if not replace:
        raise ReportError(
            f"{folder}: holds a report already; give --force to replace it, or another name"
        )


def write_report(
    folder: Path,
    content: ReportContent,
    model: RootCauseModel,
    *,
    language: str = "nl",
    replace: bool = False,
    tell: Callable[[str], None] = lambda _: None,
) -> None:
    """Write all files of a report and the model.

    Parameters
    ----------
    folder : Path
        It is there when it is whole, not before.
    content : ReportContent
    model : RootCauseModel
    language : {"nl", "en"}
        Of the page.
    replace : bool, default=False
        Take the place of an earlier report.
    tell : callable
        Is told the name of each file before it is made.

    Raises
    ------
    ReportError
        See ``check_folder``.
    OSError
        If the disk is full, say; nothing is left behind then.
    """
    check_folder(folder, replace=replace)
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        fresh.chmod(0o777 & ~_umask())
        save_model(model, fresh / MODEL_FOLDER)
        for name in PARTS:
            tell(name)
            (fresh / name).write_bytes(render_part(content, name, language=language))
        check_folder(folder, replace=replace)
        _publish(fresh, folder)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def _publish(fresh: Path, folder: Path) -> None:
    """Give the new folder its name; an earlier report is put aside until that is done."""
    if not folder.exists():
        fresh.rename(folder)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.old.", dir=folder.parent))
    former = aside / folder.name
    folder.rename(former)
    try:
        fresh.rename(folder)
    except BaseException:
        former.rename(folder)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _is_report(folder: Path) -> bool:
    """Whether the folder's marker is that of a report."""
    try:
        document = json.loads((folder / MARKER).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(document, dict) and document.get("kind") == KIND


def _umask() -> int:
    """The process's mask for new files."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
