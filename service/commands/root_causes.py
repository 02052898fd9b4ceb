"""``klantstem root-causes``: from a table of feedback to a report; and ``assign``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from models.root_cause import RootCauseAnalyser, RootCauseModel
    from models.root_cause.export import ReportContent, Table
    from models.root_cause.renaming import NamePolisher
    from service.cli import Context
    from service.tables.feedback import FeedbackTable, VerbatimEmbedder
    from service.tables.progress import Progress
    from service.tables.roles import Roles
    from service.tables.rows import TableReader

_FORMATS = ("csv", "tsv", "jsonl", "xlsx", "parquet")

_DESCRIPTION = """\
Find the causes behind the complaints in a table of feedback, and write a report: what the causes
are, which department owns each, what each costs in NPS, CSAT or CES, whether it grows, and
customers' own words as proof.

INPUT is .csv, .tsv, .jsonl (.ndjson), .xlsx or .parquet, each by its extension; - is stdin.
"""

_EPILOG = """\
what is written:
  FOLDER/report.html    the report on one page that needs no network
  FOLDER/report.json    all values
  FOLDER/causes.*       a row per cause, as parquet, csv, xlsx and json
  FOLDER/assignments.*  a row per complaint, as parquet, csv, xlsx and jsonl
  FOLDER/model/         to place later complaints (klantstem root-causes assign) and to carry ids
                        over (--previous)
  Personal data is masked before anything is kept. FOLDER is there when it is whole, not before.

columns:
  The text, an id, a language, a score, a date and segments (channel, touchpoint, region, product
  and such) are found by name and content and told on stderr. An option names another one, '#3' is
  the third, '-' is none. Without scores there is no impact, without dates no trend; the report
  says so.

names by a language model:
  --polish-names-url and --polish-names-model let an OpenAI-compatible endpoint write the names of
  the causes. Off by default: without them nothing leaves the machine. With them, key terms and
  redacted exemplars are sent, and the report says so. The key is read from KLANTSTEM_POLISH_KEY.

exit status:
  0 the report is written
  1 the report is written, but some rows could not be read; they are counted on stderr
  2 usage or file error
  130 interrupted; nothing is written

examples:
  klantstem root-causes feedback.csv -o report/
  klantstem root-causes feedback.xlsx -o bericht/ --score-column Cijfer --metric csat
  klantstem root-causes q2.csv -o q2/ --previous q1/ --language en --exclude-term Acme
  klantstem root-causes assign report/ new.csv -o placed.csv
"""

_ASSIGN_DESCRIPTION = """\
Place the complaints of a table in the causes of an earlier report. Each is placed as the analysis
itself would have placed it, whatever else is in the table.

MODEL is the folder of a report, or the model folder in it. OUTPUT is .csv, .tsv, .jsonl, .xlsx or
.parquet, by its extension: a row per complaint, with its cause and how well it fits. A complaint
that fits no cause has an empty cause and its nearest one.
"""


def add_parser(subparsers: Any) -> None:
    """Add both commands and their options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "root-causes",
        help="find the causes behind complaints and write a report",
        usage="klantstem root-causes INPUT -o FOLDER [options]\n"
        "       klantstem root-causes assign MODEL INPUT -o OUTPUT [options]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("input", metavar="INPUT", help="table to read; - is stdin")
    add("-o", "--output", metavar="FOLDER", type=Path, required=True, help="report to write")
    add("--force", action="store_true", help="replace an earlier report in FOLDER")

    group = parser.add_argument_group("report")
    add = group.add_argument
    add("--language", choices=("nl", "en"), default="nl", help="language of the page (nl)")
    add("--title", help="title of the page")
    add("--previous", metavar="FOLDER", type=Path, help="earlier report, to carry ids over")
    add(
        "--exclude-term",
        metavar="TERM",
        action="append",
        default=[],
        help="organisation, brand or product that names no cause; repeatable",
    )
    add("--polish-names-url", metavar="URL", help="endpoint that writes the names, .../v1")
    add("--polish-names-model", metavar="NAME", help="language model to ask there")

    group = parser.add_argument_group("analysis")
    add = group.add_argument
    add("--metric", choices=("nps", "csat", "ces"), help="what the scores are (guessed)")
    add("--period", choices=("week", "month"), help="of the trend (by the span of the dates)")
    add("--n-causes", metavar="N", type=_positive, help="about how many causes (found)")
    add("--seed", metavar="N", type=int, default=0, help="of all that is drawn at random (0)")

    _add_input_options(parser)
    group = parser.add_argument_group("more columns")
    add = group.add_argument
    add("--score-column", metavar="NAME", help="column with the score")
    add("--date-column", metavar="NAME", help="column with the date")
    add(
        "--segment-column",
        metavar="NAME",
        action="append",
        default=[],
        help="column to compare by (channel, region, ...); repeatable",
    )

    placing: argparse.ArgumentParser = subparsers.add_parser(
        ASSIGN,
        prog="klantstem root-causes assign",
        help="place new complaints in the causes of a report",
        description=_ASSIGN_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    placing.set_defaults(run=run_assign)
    add = placing.add_argument
    add("model", metavar="MODEL", type=Path, help="folder of a report, or of its model")
    add("input", metavar="INPUT", help="table to read; - is stdin")
    add("-o", "--output", metavar="OUTPUT", type=Path, required=True, help="table to write")
    add("--force", action="store_true", help="replace OUTPUT if it exists")
    _add_input_options(placing)


ASSIGN = "root-causes assign"
"""Name of the second command, two words on the command line."""


def _add_input_options(parser: argparse.ArgumentParser) -> None:
    """Options of reading and running that both commands have."""
    group = parser.add_argument_group("input", "all of it is detected unless told")
    add = group.add_argument
    add("--text-column", metavar="NAME", help="column with the verbatims; '#2' is the second")
    add("--id-column", metavar="NAME", help="column with their ids")
    add("--language-column", metavar="NAME", help="column with declared languages")
    add("--text-language", choices=("nl", "en"), help="language of rows that declare none")
    add("--input-format", choices=_FORMATS, metavar="FORMAT", help="whatever the extension")
    add("--encoding", help="of CSV, TSV or JSONL: utf-8, utf-16, cp1252, ...")
    add("--delimiter", metavar="CHARACTER", help="of CSV; \\t is a tab")
    add("--sheet", metavar="NAME", help="sheet of a workbook, by name or number")
    add("--no-header", action="store_true", help="the first row is data: columns are column_1, ...")
    group = parser.add_argument_group("run")
    add = group.add_argument
    add("--bundle", metavar="PATH", type=Path, help="bundle to use (default: the released one)")
    add("--threads", metavar="N", type=_positive, help="verbatims encoded at a time")
    add("--batch-size", metavar="N", type=_positive, default=512, help="rows per batch (512)")
    add("--progress", action="store_true", help="show progress though stderr is no terminal")
    add("-q", "--quiet", action="store_true", help="say nothing but errors")


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Analyse a table; every error it knows is told in one line, with exit status 2."""
    from service.commands.classify import guarded

    return guarded(lambda: _analyse(arguments, context))


def run_assign(arguments: argparse.Namespace, context: Context) -> int:
    """Place the complaints of a table; likewise."""
    from service.commands.classify import guarded

    return guarded(lambda: _assign(arguments, context))


def _analyse(arguments: argparse.Namespace, context: Context) -> int:
    """Everything that can be refused is refused before the bundle is loaded."""
    from models.root_cause.export import check_folder
    from service.commands.classify import check_delimiter, choose_text_columns, open_table
    from service.tables.roles import choose_roles

    check_delimiter(arguments)
    polisher = _make_polisher(arguments)
    check_folder(arguments.output, replace=arguments.force)
    previous = None if arguments.previous is None else _read_model(arguments.previous)
    with open_table(arguments) as (source, reader):
        roles = choose_roles(
            reader.columns,
            reader.sample(),
            choose_text_columns(arguments, reader),
            name=reader.name,
            score_column=arguments.score_column,
            date_column=arguments.date_column,
            segment_columns=arguments.segment_column,
        )
        for note in (f"columns: {roles.told()}", *reader.notes):
            _tell(arguments, f"{source.name}: {note}")
        classifier = _load(arguments, context)
        table = _read(arguments, reader, roles, classifier)
    return _report(arguments, classifier, table, previous=previous, polisher=polisher)


def _assign(arguments: argparse.Namespace, context: Context) -> int:
    """Place the complaints of a table and write them."""
    from models.root_cause.placing import assign_complaints
    from service.cli import EXIT_OK, EXIT_ROWS_FAILED
    from service.commands.classify import check_delimiter, choose_text_columns, open_table
    from service.tables.classify_run import check_distinct
    from service.tables.errors import OutputError
    from service.tables.formats import format_of
    from service.tables.partial import check_output
    from service.tables.roles import Roles

    check_delimiter(arguments)
    output_format = format_of(arguments.output, is_output=True)
    model = _read_model(arguments.model)
    with open_table(arguments) as (source, reader):
        check_distinct(source.path, arguments.output)
        check_output(arguments.output, force=arguments.force)
        roles = Roles(choice=choose_text_columns(arguments, reader))
        for note in (f"columns: {roles.told()}", *reader.notes):
            _tell(arguments, f"{source.name}: {note}")
        classifier = _load(arguments, context)
        if classifier.bundle_version != model.bundle_version:
            raise OutputError(
                f"{arguments.model}: the report was made with bundle {model.bundle_version}, and "
                f"{classifier.bundle_version} is loaded; name the former with --bundle, or make "
                "the report again"
            )
        table = _read(arguments, reader, roles, classifier)
    placed = assign_complaints(model, table.feedback.complaints, table.feedback.ids)
    _write_table(arguments.output, output_format, _placed_table(model, placed))
    n_emerging = sum(item.cause_id is None for item in placed)
    _tell(arguments, f"{len(placed):,} complaints placed, {n_emerging:,} fit no cause")
    _tell(arguments, f"written to {arguments.output}")
    return EXIT_ROWS_FAILED if _n_failed(table) else EXIT_OK


def _report(
    arguments: argparse.Namespace,
    classifier: VerbatimEmbedder,
    table: FeedbackTable,
    *,
    previous: RootCauseModel | None,
    polisher: NamePolisher | None,
) -> int:
    """Find the causes, write the folder and show what was found."""
    import datetime as dt

    from models.root_cause import ClusterConfig, RootCauseAnalyser
    from models.root_cause.export import write_report
    from service.cli import EXIT_OK, EXIT_ROWS_FAILED
    from service.present import make_console
    from service.present_causes import CausePresenter

    _tell(arguments, f"finding causes in {len(table.feedback.complaints):,} clauses that complain")
    began_at = time.monotonic()
    analyser = RootCauseAnalyser(
        classifier.taxonomy,
        alignment=classifier.space.alignment,
        config=ClusterConfig(seed=arguments.seed, n_causes=arguments.n_causes),
        metric=arguments.metric or _named_metric(table.columns.score),
        period=arguments.period,
        excluded_terms=arguments.exclude_term,
    ).fit(table.feedback, table.frame or None, columns=table.columns, previous=previous)
    _add_notes(analyser, table)
    n_causes = len(analyser.report_.causes)
    _tell(arguments, f"{n_causes:,} causes in {time.monotonic() - began_at:.1f} s")
    if polisher is not None:
        _tell(arguments, f"asking {polisher.model} for names")
        analyser.polish_names(polisher)
    content: ReportContent = analyser.content(title=arguments.title, prepared_on=dt.date.today())
    write_report(
        arguments.output,
        content,
        analyser.model_,
        language=arguments.language,
        replace=arguments.force,
    )
    if not arguments.quiet:
        console = make_console()
        presenter = CausePresenter(classifier.taxonomy, language=arguments.language)
        for part in presenter.parts(analyser.report_, with_changes=previous is not None):
            console.print(part)
        sys.stdout.flush()
    _tell(arguments, f"written to {arguments.output}: open {arguments.output / 'report.html'}")
    return EXIT_ROWS_FAILED if _n_failed(table) else EXIT_OK


def _read(
    arguments: argparse.Namespace,
    reader: TableReader,
    roles: Roles,
    classifier: VerbatimEmbedder,
) -> FeedbackTable:
    """Tag and embed all rows, with progress; say what became of them."""
    from models.domain import Language
    from service.present import summary_lines
    from service.tables.feedback import read_feedback
    from service.tables.progress import make_progress

    is_wanted = arguments.progress or sys.stderr.isatty()
    progress: Progress = make_progress(is_wanted=is_wanted and not arguments.quiet)
    began_at = time.monotonic()
    try:
        with progress:
            table = read_feedback(
                reader,
                roles,
                classifier,
                progress,
                batch_size=arguments.batch_size,
                language=Language(arguments.text_language) if arguments.text_language else None,
            )
    except KeyboardInterrupt:
        sys.stderr.write("\nstopped; nothing is written\n")
        raise
    for line in summary_lines(table.tally, elapsed_s=time.monotonic() - began_at):
        _tell(arguments, line)
    return table


def _load(arguments: argparse.Namespace, context: Context) -> VerbatimEmbedder:
    """The classifier with its vectors."""
    from typing import cast

    loaded = context.load_classifier(arguments.bundle, arguments.threads)
    return cast("VerbatimEmbedder", loaded)


def _read_model(folder: Path) -> RootCauseModel:
    """The model of a report, or one by itself."""
    from models.root_cause import load_model
    from models.root_cause.export import MODEL_FOLDER

    inner = folder / MODEL_FOLDER
    return load_model(inner if inner.is_dir() else folder)


def _make_polisher(arguments: argparse.Namespace) -> NamePolisher | None:
    """Who writes the names, if anybody was asked to."""
    import os

    from service.polish import KEY_VARIABLE, ChatPolisher
    from service.tables.errors import TableError

    url, model = arguments.polish_names_url, arguments.polish_names_model
    if (url is None) != (model is None):
        raise TableError("--polish-names-url and --polish-names-model go together")
    if url is None:
        return None
    return ChatPolisher(url, model, key=os.environ.get(KEY_VARIABLE, ""))


def _named_metric(column: str | None) -> str | None:
    """The metric that the name of the score column tells; None leaves it to the scores."""
    from service.tables.columns import name_tokens

    tokens = name_tokens(column or "")
    return next((metric for metric in ("nps", "csat", "ces") if metric in tokens), None)


def _add_notes(analyser: RootCauseAnalyser, table: FeedbackTable) -> None:
    """What the table brought about, beside the notes of the analysis."""
    from dataclasses import replace

    from models.root_cause.report import Note

    if table.n_repeated_ids:
        n_repeated = table.n_repeated_ids
        note = Note(
            code="repeated_ids",
            count=n_repeated,
            detail=f"{n_repeated} ids come more than once: verbatims have the number of their row",
        )
        report = analyser.report_
        analyser.report_ = replace(report, notes=(*report.notes, note))


def _placed_table(model: RootCauseModel, placed: Any) -> Table:
    """Assignments with the names of the causes."""
    from models.root_cause.export.tables import placed_table

    return placed_table(placed, dict(zip(model.cause_ids, model.names, strict=True)))


def _write_table(output: Path, output_format: Any, table: Table) -> None:
    """Write a table beside its place, then give it its name."""
    import os
    from collections.abc import Callable

    from models.root_cause.export import encode
    from service.tables.formats import Format

    encoders: dict[Any, Callable[[Table], bytes]] = {
        Format.CSV: encode.to_csv,
        Format.TSV: lambda found: encode.to_csv(found, delimiter="\t"),
        Format.JSONL: encode.to_jsonl,
        Format.PARQUET: encode.to_parquet,
        Format.XLSX: lambda found: encode.to_xlsx([found]),
    }
    partial = output.with_name(f".{output.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(encoders[output_format](table))
        os.replace(partial, output)
    finally:
        partial.unlink(missing_ok=True)


def _n_failed(table: FeedbackTable) -> int:
    """Rows that could not be read; one without text is none of them."""
    return table.tally.n_failed(allow_empty=True)


def _tell(arguments: argparse.Namespace, message: str) -> None:
    """Say something on stderr, unless quiet."""
    if not arguments.quiet:
        sys.stderr.write(f"{message}\n")


def _positive(text: str) -> int:
    """Read a number above zero."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {value}")
    return value
