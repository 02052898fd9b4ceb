"""``klantstem classify``: tag the verbatims of a table, or one text."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

if TYPE_CHECKING:
    from service.cli import Context
    from service.tables.classify_run import TableRun
    from service.tables.columns import ColumnChoice
    from service.tables.formats import Format
    from service.tables.opening import TableSource
    from service.tables.progress import Progress
    from service.tables.rows import TableReader
    from service.tables.tagging import Tagger

_FORMATS = ("csv", "tsv", "jsonl", "xlsx", "parquet")

_DESCRIPTION = """\
Tag each verbatim of a table with its language, topics, sentiment and the department that owns
the cause, and write the table again with the tags beside it. Or tag one text (--text).

INPUT and OUTPUT are .csv, .tsv, .jsonl (.ndjson), .xlsx or .parquet, each by its extension.
"""

_EPILOG = """\
what is written:
  Rows stay in their order, and input columns stay as they are. JSONL gets one more key,
  "klantstem", with an object. The other formats get columns that begin with klantstem_.
  The text column is kept as it was sent; the redacted text stands in klantstem_text_redacted.
  --replace-text puts it in the text column as well, --no-redact leaves personal data in.
  CSV keeps the delimiter and line ending of a CSV input and is written in UTF-8. In CSV a quote
  (') is put before detail, evidence_text and text_redacted where they begin with = + - @ or a
  tab, so that no spreadsheet takes them for a formula; XLSX needs no such mark.
  Values of CSV stay text in every output format, so that 0612 stays 0612.
  XLSX output is a workbook of one sheet named klantstem, whatever sheet was read.
  A row that cannot be read fails alone, and its detail names the line. With --no-redact, JSONL
  output holds such a line of JSONL input as it is, under "line_text".

unfinished runs:
  OUTPUT is there when it is whole, not before. Until then OUTPUT.partial grows, with
  OUTPUT.partial.json beside it. The same command, with or without --resume, goes on after the
  last row that was saved; --restart begins anew. A finished run leaves no trace but OUTPUT: the
  same command is then refused, with --resume too, as nothing tells what OUTPUT was made from;
  --force makes it again.

exit status:
  0 every row has its tags (or the model abstained: no letters, another language)
  1 finished, but some rows failed; they are counted on stderr
  2 usage or file error
  130 interrupted

examples:
  klantstem classify survey.csv -o tagged.xlsx
  klantstem classify survey.xlsx --sheet Antwoorden --text-column Toelichting -o tagged.parquet
  klantstem classify old.csv --encoding cp1252 --delimiter ';' -o tagged.csv
  klantstem classify survey.csv --table
  cat feedback.jsonl | klantstem classify - > tagged.jsonl
  klantstem classify survey.parquet --format csv | head
  klantstem classify --text "Vriendelijke monteur, maar hij kwam twee dagen te laat"
"""


def add_parser(subparsers: Any) -> None:
    """Add the command and its options."""
    parser: argparse.ArgumentParser = subparsers.add_parser(
        "classify",
        help="tag the verbatims of a table, or one text",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(run=run)
    add = parser.add_argument
    add("input", metavar="INPUT", nargs="?", help="table to read; - is stdin")
    add("--text", metavar="TEXT", help="tag this text instead of a table")
    add("-o", "--output", metavar="OUTPUT", help="table to write; - or none is stdout")

    group = parser.add_argument_group("output")
    add = group.add_argument
    add(
        "--format",
        choices=_FORMATS,
        metavar="FORMAT",
        help=f"of stdout: {', '.join(_FORMATS)} (default jsonl)",
    )
    add(
        "--output-format",
        choices=_FORMATS,
        metavar="FORMAT",
        help="of OUTPUT, whatever its extension",
    )
    add("--table", action="store_true", help="print a table to read instead, with counts")
    add("--json", action="store_true", help="with --text: print the row as JSONL has it")
    add("--labels", choices=("en", "nl"), help="with --text or --table: language of names (en)")
    add("--force", action="store_true", help="replace OUTPUT if it exists")
    stopped = group.add_mutually_exclusive_group()
    stopped.add_argument(
        "--resume", action="store_true", help="go on after a stop (done without it, too)"
    )
    stopped.add_argument("--restart", action="store_true", help="begin anew after a stop")
    add("--overwrite-columns", action="store_true", help="replace input columns named like ours")
    add("--no-redact", action="store_true", help="leave personal data in")
    add("--replace-text", action="store_true", help="put the redacted text in the text column")

    group = parser.add_argument_group("input", "all of it is detected unless told")
    add = group.add_argument
    add("--text-column", metavar="NAME", help="column with the verbatims; '#2' is the second")
    add("--id-column", metavar="NAME", help="column with their ids")
    add("--language-column", metavar="NAME", help="column with declared languages")
    add("--language", choices=("nl", "en"), help="language of rows that declare none")
    add(
        "--input-format",
        choices=_FORMATS,
        metavar="FORMAT",
        help="of INPUT, whatever its extension; of stdin, whatever its first bytes",
    )
    add("--encoding", help="of CSV, TSV or JSONL: utf-8, utf-16, cp1252, ...")
    add("--delimiter", metavar="CHARACTER", help="of CSV; \\t is a tab")
    add("--sheet", metavar="NAME", help="sheet of a workbook, by name or number")
    add("--no-header", action="store_true", help="the first row is data: columns are column_1, ...")

    group = parser.add_argument_group("run")
    add = group.add_argument
    add("--bundle", metavar="PATH", type=Path, help="bundle to use (default: the released one)")
    add("--threads", metavar="N", type=_positive, help="verbatims encoded at a time")
    add("--batch-size", metavar="N", type=_positive, default=512, help="rows per batch (512)")
    add("--allow-empty", action="store_true", help="do not count empty texts as failed")
    add("--progress", action="store_true", help="show progress though stderr is no terminal")
    add("-q", "--quiet", action="store_true", help="say nothing but errors")


def run(arguments: argparse.Namespace, context: Context) -> int:
    """Run the command; every error it knows is told in one line, with exit status 2."""

    def carry_out() -> int:
        _check(arguments)
        if arguments.text is not None:
            return _classify_text(arguments, context)
        return _classify_table(arguments, context)

    return guarded(carry_out)


def guarded(carry_out: Callable[[], int]) -> int:
    """Carry out a command and tell its errors in one line, without a word of a verbatim."""
    from models.errors import KlantstemError

    try:
        return carry_out()
    except KlantstemError as error:
        return _fail(str(error))
    except BrokenPipeError:
        raise
    except OSError as error:
        place = f"{error.filename}: " if error.filename else ""
        return _fail(f"{place}{error.strerror or type(error).__name__}")
    except Exception as error:
        # The message of an unforeseen error could quote a verbatim: places in the code only.
        import traceback

        sys.stderr.writelines(traceback.format_tb(error.__traceback__))
        return _fail(f"internal error ({type(error).__name__})")


def _check(arguments: argparse.Namespace) -> None:
    """Refuse options that do not go together."""
    from service.tables.errors import TableError

    is_text = arguments.text is not None
    has_output = arguments.output not in (None, "-")
    has_format = arguments.format or arguments.output_format
    is_for_people = arguments.table or (is_text and not arguments.json)
    if is_text == (arguments.input is not None):
        raise TableError("name one INPUT (or - for stdin), or give one text with --text")
    for is_wrong, message in (
        (is_text and (has_output or arguments.table), "--text goes with neither -o nor --table"),
        (arguments.json and not is_text, "--json goes with --text; a table has --format jsonl"),
        (arguments.table and has_output, "--table is printed; it does not go with -o"),
        (is_text and has_format, "--text takes no format; --json prints the row as JSONL has it"),
        (arguments.table and has_format, "--table takes no format; leave one of them out"),
        (
            arguments.labels and not is_for_people,
            "--labels names labels for people: it goes with --text or --table; "
            "files and JSON hold the codes of the taxonomy",
        ),
        (arguments.no_redact and arguments.replace_text, "--no-redact rules out --replace-text"),
        (has_output and arguments.format, "--format is for stdout; for a file: --output-format"),
    ):
        if is_wrong:
            raise TableError(message)
    check_delimiter(arguments)


def check_delimiter(arguments: argparse.Namespace) -> None:
    """Refuse a delimiter that is none; a tab may be written as a word."""
    from service.tables.errors import TableError

    delimiter = arguments.delimiter
    if delimiter is not None:
        arguments.delimiter = delimiter = {"\\t": "\t", "tab": "\t"}.get(delimiter, delimiter)
        if len(delimiter) != 1 or delimiter in '"\r\n ':
            raise TableError("--delimiter must be one character, for instance ';' or '\\t'")


def _classify_text(arguments: argparse.Namespace, context: Context) -> int:
    """Tag one text and show the result."""
    from models.domain import Language, Verbatim
    from service.cli import EXIT_OK, EXIT_ROWS_FAILED
    from service.tables.results import result_object

    classifier = context.load_classifier(arguments.bundle, arguments.threads)
    declared = Language(arguments.language) if arguments.language else None
    verbatim = Verbatim(id="1", text=arguments.text, language=declared)
    (tagged,) = classifier.classify([verbatim], redact=not arguments.no_redact)
    result = result_object(
        tagged, bundle_version=classifier.bundle_version, is_redacted=not arguments.no_redact
    )
    if arguments.json:
        from service.tables.jsonl_files import json_line

        _stdout().write(json_line({"text": arguments.text, "klantstem": result}))
    else:
        from service.present import Presenter, make_console

        presenter = Presenter(classifier.taxonomy, labels=arguments.labels or "en")
        make_console().print(presenter.result(result))
    is_fine = result["status"] in ("ok", "no_letters", "other_language")
    is_fine = is_fine or (arguments.allow_empty and result["status"] == "empty")
    return EXIT_OK if is_fine else EXIT_ROWS_FAILED


def _classify_table(arguments: argparse.Namespace, context: Context) -> int:
    """Tag a table: everything that can be refused is refused before the bundle is loaded."""
    from models.domain import Language
    from service.tables.classify_run import OutputOptions, TableRun, check_distinct
    from service.tables.encoders import keep_columns
    from service.tables.formats import Format
    from service.tables.partial import check_output
    from service.tables.progress import make_progress
    from service.tables.tagging import Tagger

    output = None if arguments.output in (None, "-") else Path(arguments.output)
    output_format = _output_format(arguments, output)
    with _open_input(arguments, output_format) as (source, reader):
        choice = choose_text_columns(arguments, reader)
        options = OutputOptions(
            format=output_format,
            replace_text=arguments.replace_text,
            overwrite=arguments.overwrite_columns,
            force=arguments.force,
            restart=arguments.restart,
            batch_size=arguments.batch_size,
        )
        is_flat = output_format is not Format.JSONL
        keep_columns(reader.columns, name=source.name, is_flat=is_flat, overwrite=options.overwrite)
        if output is not None:
            check_distinct(source.path, output)
            check_output(output, force=options.force)
        roles = (("text", choice.text), ("id", choice.id), ("language", choice.language))
        told = ", ".join(f"{role} '{column}'" for role, column in roles if column is not None)
        for note in (f"columns: {told}", *reader.notes):
            _tell(arguments, f"{source.name}: {note}")
        tagger = Tagger(
            classifier=context.load_classifier(arguments.bundle, arguments.threads),
            choice=choice,
            redact=not arguments.no_redact,
            language=Language(arguments.language) if arguments.language else None,
        )
        is_wanted = arguments.progress or (sys.stderr.isatty() and not arguments.table)
        progress = make_progress(is_wanted=is_wanted and not arguments.quiet)
        run = TableRun(
            source, reader, tagger, options, progress, tell=lambda note: _tell(arguments, note)
        )
        return _carry_out(arguments, run, tagger, progress, output)


def choose_text_columns(arguments: argparse.Namespace, reader: TableReader) -> ColumnChoice:
    """Choose the columns; where that fails, say what else the file holds."""
    from service.tables.columns import choose_columns
    from service.tables.errors import ColumnError

    try:
        return choose_columns(
            reader.columns,
            reader.sample(),
            name=reader.name,
            text_column=arguments.text_column,
            id_column=arguments.id_column,
            language_column=arguments.language_column,
        )
    except ColumnError as error:
        elsewhere = reader.elsewhere
        raise ColumnError(f"{error}; {elsewhere}" if elsewhere else str(error)) from None


def _carry_out(
    arguments: argparse.Namespace,
    run: TableRun,
    tagger: Tagger,
    progress: Progress,
    output: Path | None,
) -> int:
    """Run, and say how it ended."""
    from models.errors import KlantstemError
    from service.cli import EXIT_OK, EXIT_ROWS_FAILED
    from service.present import summary_lines

    began_at = time.monotonic()
    try:
        with progress:
            if arguments.table:
                _show_table(arguments, run, tagger)
            elif output is None:
                run.to_stream(_stdout())
            else:
                run.to_file(output)
    except KeyboardInterrupt:
        sys.stderr.write(f"\nstopped{_what_is_saved(run)}\n")
        raise
    except KlantstemError as error:
        return _fail(f"{error}{_what_is_saved(run)}")
    except BrokenPipeError:
        raise
    except OSError as error:
        reason = error.strerror or type(error).__name__
        place = output if output is not None else "stdout"
        return _fail(f"{place}: cannot be written ({reason}){_what_is_saved(run)}")
    lines = summary_lines(run.tally, elapsed_s=time.monotonic() - began_at, n_resumed=run.n_resumed)
    for line in lines:
        _tell(arguments, line)
    if output is not None:
        _tell(arguments, f"written to {output}")
    n_failed = run.tally.n_failed(allow_empty=arguments.allow_empty)
    return EXIT_ROWS_FAILED if n_failed else EXIT_OK


def _show_table(arguments: argparse.Namespace, run: TableRun, tagger: Tagger) -> None:
    """Print rows as a table to read, then counts."""
    from service.present import Presenter, make_console
    from service.tables.cells import cell_text

    presenter = Presenter(tagger.classifier.taxonomy, labels=arguments.labels or "en")
    console = make_console()
    for rows, results in run.tagged():
        texts = [
            cell_text(row.values.get(tagger.choice.text))
            if arguments.no_redact
            else result["text_redacted"] or ""
            for row, result in zip(rows, results, strict=True)
        ]
        console.print(presenter.page(texts, results, width=console.width))
    if run.tally.n_rows:
        console.print(presenter.legend())
    console.print(presenter.counts(run.tally))


def _what_is_saved(run: TableRun) -> str:
    """Say how much of an unfinished run is kept, and how to go on."""
    if run.partial is None or not run.partial.n_durable_rows:
        return ""
    return (
        f"; {run.partial.n_durable_rows:,} rows are saved in {run.partial.path}: "
        "run the same command again to go on"
    )


def _output_format(arguments: argparse.Namespace, output: Path | None) -> Format:
    """The format that was asked for, by option or extension."""
    from service.tables.errors import OutputError, TableError
    from service.tables.formats import Format, format_of

    if output is not None:
        if output.is_dir():
            raise OutputError(f"{output}: is a folder; name a file to write")
        if arguments.output_format:
            return Format(arguments.output_format)
        return format_of(output, is_output=True)
    wanted = Format(arguments.output_format or arguments.format or "jsonl")
    if wanted.is_binary and sys.stdout.isatty() and not arguments.table:
        raise TableError(f"{wanted} is not for a terminal; name a file with -o")
    return wanted


def _open_input(
    arguments: argparse.Namespace, output_format: Format
) -> AbstractContextManager[tuple[TableSource, TableReader]]:
    """Open the file or the pipe."""
    from service.tables.formats import Format

    may_stream = output_format is Format.JSONL and arguments.output in (None, "-")
    return open_table(arguments, may_stream=may_stream)


def open_table(
    arguments: argparse.Namespace, *, may_stream: bool = True
) -> AbstractContextManager[tuple[TableSource, TableReader]]:
    """Open the table that the options of reading name; ``may_stream``: one pass is enough."""
    from service.tables.errors import TableError
    from service.tables.formats import Format
    from service.tables.opening import ReadOptions, open_file_input, open_pipe_input

    options = ReadOptions(
        encoding=arguments.encoding,
        delimiter=arguments.delimiter,
        sheet=arguments.sheet,
        has_header=not arguments.no_header,
    )
    told = Format(arguments.input_format) if arguments.input_format else None
    if arguments.input != "-":
        return open_file_input(Path(arguments.input), table_format=told, options=options)
    if sys.stdin.isatty():
        raise TableError("nothing is piped in; name a file, or pipe a table to stdin")
    return open_pipe_input(
        sys.stdin.buffer, table_format=told, options=options, may_stream=may_stream
    )


def _tell(arguments: argparse.Namespace, message: str) -> None:
    """Say something on stderr, unless quiet."""
    if not arguments.quiet:
        sys.stderr.write(f"{message}\n")


def _fail(message: str) -> int:
    """Say what went wrong on stderr."""
    from service.cli import EXIT_ERROR

    sys.stderr.write(f"klantstem: {message}\n")
    return EXIT_ERROR


def _stdout() -> BinaryIO:
    """Stdout for bytes."""
    sys.stdout.flush()
    return sys.stdout.buffer


def _positive(text: str) -> int:
    """Read a number above zero."""
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, got {value}")
    return value
