"""A file that comes in: opened, its columns chosen, its rows kept in chunks."""

from __future__ import annotations

import codecs
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from service.api.problems import Code, InvalidParam, ProblemError
from service.api.schemas.jobs import JobParams, Kind
from service.settings import Settings
from service.store import jobs as store_jobs
from service.store.job_rows import StoredRow
from service.store.jobs import Job, NewJob
from service.store.store import Store
from service.tables.cells import cell_text, value_kind
from service.tables.classify_run import MAX_FLAT_COLUMNS
from service.tables.columns import ColumnChoice, choose_columns, find_column
from service.tables.encoders import keep_columns
from service.tables.errors import ColumnError, FormatError, TableError
from service.tables.formats import BY_SUFFIX, Format, check_magic, sniff_format
from service.tables.opening import ReadOptions, open_file
from service.tables.results import FLAT_COLUMNS, OBJECT_KEY, PREFIX
from service.tables.roles import Roles, choose_roles
from service.tables.rows import Row, TableReader

CHUNK_ROWS = 256
"""Rows that are done, or done again after a crash, as a whole: about a second of work."""
ROW_COLUMN = "row"
SUBJECT_COLUMN = "subject_id"
NAME = "the file"
"""Stands for the file in messages: its own name may tell about a person."""
MAX_SUBJECT_ID = 200
MAX_DEPTH = 64
_ALL = "*"
_HEAD_BYTES = 4096
_WIDE_BOMS = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_OURS = frozenset({OBJECT_KEY, *(PREFIX + name for name in FLAT_COLUMNS)})
_OPTION = re.compile(r"--([a-z]+(?:-[a-z]+)*)")
_OPTIONS = {"input-format": "`format`", "no-header": "`header=false`"}
_BY_TYPE = {
    "text/csv": Format.CSV,
    "application/csv": Format.CSV,
    "text/tab-separated-values": Format.TSV,
    "application/x-ndjson": Format.JSONL,
    "application/jsonl": Format.JSONL,
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": Format.XLSX,
    "application/vnd.apache.parquet": Format.PARQUET,
    "application/x-parquet": Format.PARQUET,
}
MEDIA_TYPES = (*_BY_TYPE, "text/plain", "application/octet-stream")


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """A file that was sent. ``suffix`` is the extension of its name, which is not kept."""

    path: Path
    media_type: str
    suffix: str = ""


class Intake:
    """Takes files in.

    Parameters
    ----------
    store : Store
    settings : Settings
        ``max_job_rows``, ``max_unpacked_bytes`` and ``job_retention_days`` apply.
    """

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings

    def take(
        self,
        new: NewJob,
        upload: Upload,
        params: JobParams,
        *,
        subject_hash: Callable[[str], str],
        now: datetime,
    ) -> Job:
        """Read a file and keep its rows as a job that waits.

        Parameters
        ----------
        new : NewJob
            Taken in a second time under the same id, it is the same job.
        upload : Upload
        params : JobParams
        subject_hash : callable
            Hashes the id of a subject of the tenant.
        now : datetime

        Raises
        ------
        ProblemError
            If the file cannot be read, is too large, or lacks a column; nothing is kept of it.
        """
        if store_jobs.begin_job(self._store, new, now=now):
            try:
                self._take(new, upload, params, subject_hash, now)
            except TableError as error:
                store_jobs.drop_unfinished(self._store, new.id)
                raise _problem(error) from None
            except BaseException:
                store_jobs.drop_unfinished(self._store, new.id)
                raise
        job = store_jobs.find_job(self._store, tenant_id=new.tenant_id, job_id=new.id)
        if job is None:
            raise ProblemError(Code.CONFLICT, "the job was deleted at this moment")
        return job

    def _take(
        self,
        new: NewJob,
        upload: Upload,
        params: JobParams,
        subject_hash: Callable[[str], str],
        now: datetime,
    ) -> None:
        table_format = self._check(upload, params)
        options = ReadOptions(
            encoding=params.encoding,
            delimiter=params.delimiter,
            sheet=params.sheet,
            has_header=params.header,
        )
        with open_file(
            upload.path, name=NAME, table_format=table_format, options=options
        ) as reader:
            columns = _choose(reader, params)
            rows = _RowTaker(columns, subject_hash)
            schema = _narrow(reader, columns)
            n_rows = n_bytes = 0
            for number, batch in enumerate(_batches(reader)):
                taken = [rows.take(row) for row in batch]
                n_bytes += store_jobs.add_chunk(self._store, new, number, taken)
                n_rows += len(taken)
                self._check_size(n_rows, n_bytes)
            store_jobs.complete_job(
                self._store,
                new,
                table_spec={
                    "format": table_format.value,
                    "text": columns.choice.text,
                    "id": columns.choice.id,
                    "language": columns.choice.language,
                    "subject": columns.subject,
                    "score": columns.roles.score,
                    "date": columns.roles.date,
                    "segments": list(columns.roles.segments),
                    "columns": rows.columns(),
                    "kinds": {name: sorted(kinds) for name, kinds in rows.kinds.items()},
                    "dialect": _dialect(reader),
                    "is_from_excel": reader.is_from_excel,
                    "notes": [_for_api(note) for note in reader.notes],
                },
                arrow_schema=schema,
                now=now,
                expires_at=now + timedelta(days=self._settings.job_retention_days),
            )

    def _check(self, upload: Upload, params: JobParams) -> Format:
        """Tell the format, and refuse what is plainly something else or unpacks to too much."""
        with upload.path.open("rb") as stream:
            head = stream.read(_HEAD_BYTES)
        if not head:
            raise FormatError(f"{NAME}: the file is empty")
        found = params.format or _BY_TYPE.get(upload.media_type) or BY_SUFFIX.get(upload.suffix)
        table_format = found or sniff_format(head) or Format.CSV
        check_magic(NAME, head, table_format)
        if not table_format.is_binary and b"\x00" in head and not head.startswith(_WIDE_BOMS):
            raise FormatError(f"{NAME}: no text by its content")
        if table_format is Format.XLSX:
            check_unpacked(upload.path, self._settings.max_unpacked_bytes)
        elif table_format is Format.PARQUET:
            _check_parquet(upload.path, self._settings.max_unpacked_bytes)
        return table_format

    def _check_size(self, n_rows: int, n_bytes: int) -> None:
        """Refuse a file of too many rows."""
        most = self._settings.max_job_rows
        if n_rows > most:
            raise too_large(f"the file has more than {most} rows; split it")
        if n_bytes > self._settings.max_unpacked_bytes:
            raise too_large("the rows of the file take too much space; split it")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """The columns that are read. ``kept`` is None where every column of every row is kept."""

    roles: Roles
    subject: str | None
    kept: tuple[str, ...] | None
    redact: bool
    known: tuple[str, ...]

    @property
    def choice(self) -> ColumnChoice:
        """Columns of the text, the id and the language."""
        return self.roles.choice


@dataclass(slots=True)
class _RowTaker:
    """Takes of each row what is needed, and notes which kinds of values the kept columns hold."""

    _columns: _Columns
    _subject_hash: Callable[[str], str]
    kinds: dict[str, set[str]] = field(default_factory=dict)
    _given_back: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        choice = self._columns.choice
        own = [choice.id or ROW_COLUMN]
        self._given_back = frozenset([*own, *(self._columns.kept or ())])

    def columns(self) -> list[str]:
        """Columns that the result begins with, in order."""
        columns = self._columns
        first = columns.choice.id or ROW_COLUMN
        names = columns.kept
        if names is None:
            names = tuple(dict.fromkeys([*columns.known, *self.kinds]))
            names = tuple(name for name in names if not self._is_left_out(name))
        return list(dict.fromkeys([first, *names]))

    def take(self, row: Row) -> StoredRow:
        """Take a row; of one that cannot be read no value is kept."""
        problem = row.problem
        values: dict[str, Any] = {}
        subject = None
        if problem is None:
            values, problem = self._values(row)
        if problem is None:
            subject = self._subject(row)
        if self._columns.choice.id is None:
            values = {ROW_COLUMN: row.number, **values}
        self._note_kinds(row, values)
        return StoredRow(
            number=row.number, line=row.line, values=values, problem=problem, subject_hash=subject
        )

    def _values(self, row: Row) -> tuple[dict[str, Any], str | None]:
        """The values that are needed, or what is wrong with them."""
        columns = self._columns
        choice = columns.choice
        needed = {choice.text, choice.id, choice.language}
        values = {
            name: value
            for name, value in row.values.items()
            if name in needed
            or name in self._given_back
            or (columns.kept is None and not self._is_left_out(name))
        }
        if any(_is_deep(value) for value in values.values()):
            return {}, f"a value is nested more than {MAX_DEPTH} levels deep"
        return values, None

    def _is_left_out(self, name: str) -> bool:
        """Whether a column is not given back though all are: ours, or the text to be redacted."""
        columns = self._columns
        return name in _OURS or (columns.redact and name == columns.choice.text)

    def _subject(self, row: Row) -> str | None:
        """The hash of the row's subject."""
        if self._columns.subject is None:
            return None
        subject = cell_text(row.values.get(self._columns.subject)).strip()
        if len(subject) > MAX_SUBJECT_ID:
            raise ColumnError(
                f"{NAME}: row {row.number}: the subject's id has more than {MAX_SUBJECT_ID} "
                "characters, so nothing could be erased by it; shorten it"
            )
        return self._subject_hash(subject) if subject else None

    def _note_kinds(self, row: Row, values: Mapping[str, Any]) -> None:
        columns = self._columns
        for name, value in values.items():
            if name in self._given_back or (columns.kept is None and not self._is_left_out(name)):
                self.kinds.setdefault(name, set()).add(value_kind(value))
        if len(self.kinds) > MAX_FLAT_COLUMNS:
            raise ColumnError(
                f"{NAME}: more than {MAX_FLAT_COLUMNS} different keys up to row {row.number}; "
                "name those to keep in keep_columns"
            )


def for_work(rows: Sequence[StoredRow]) -> list[Row]:
    """Rows as a tagger takes them."""
    return [Row(row.number, row.line, row.values, row.problem) for row in rows]


def too_large(detail: str) -> ProblemError:
    """Refusal of a file."""
    return ProblemError(
        Code.TOO_LARGE,
        detail,
        invalid_params=[
            InvalidParam(name="/file", place="body", code="too_large", reason="is too large")
        ],
    )


def check_unpacked(path: Path, most: int) -> None:
    """Refuse a zip archive whose files are larger than ``most`` together, before unpacking any.

    A file that is larger than it says is cut off by the library that reads it.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            n_bytes = sum(one.file_size for one in archive.infolist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError, OSError) as error:
        raise FormatError(
            f"{NAME}: not a readable Excel workbook ({type(error).__name__})"
        ) from None
    if n_bytes > most:
        raise too_large(f"the workbook unpacks to {n_bytes} bytes; at most {most} are taken")


def _check_parquet(path: Path, most: int) -> None:
    """Refuse a Parquet file that says it unpacks to more than ``most`` bytes."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_metadata(path)
    except (pa.ArrowException, OSError) as error:
        raise FormatError(f"{NAME}: not a readable Parquet file ({type(error).__name__})") from None
    groups = range(metadata.num_row_groups)
    n_bytes = sum(metadata.row_group(group).total_byte_size for group in groups)
    if n_bytes > most:
        raise too_large(f"the file unpacks to {n_bytes} bytes; at most {most} are taken")


def _choose(reader: TableReader, params: JobParams) -> _Columns:
    """Choose the columns, those that were asked for first."""
    sample = reader.sample()
    columns = reader.columns
    try:
        choice = choose_columns(
            columns,
            sample,
            name=NAME,
            text_column=params.text_column,
            id_column=params.id_column,
            language_column=params.language_column,
        )
        subject = params.subject_column
        if subject is not None:
            subject = find_column(columns, subject, name=NAME, option="--subject-column")
        elif SUBJECT_COLUMN in columns:
            subject = SUBJECT_COLUMN
        roles = Roles(choice=choice)
        if params.kind is Kind.ROOT_CAUSES:
            roles = choose_roles(
                columns,
                sample,
                choice,
                name=NAME,
                score_column=params.score_column,
                date_column=params.date_column,
                segment_columns=params.segment_columns,
            )
            found = (roles.score, roles.date, *roles.segments)
            kept: tuple[str, ...] | None = tuple(name for name in found if name is not None)
        else:
            kept = _kept(reader, params, choice)
    except ColumnError as error:
        elsewhere = reader.elsewhere
        raise ColumnError(f"{error}; {elsewhere}" if elsewhere else str(error)) from None
    return _Columns(roles=roles, subject=subject, kept=kept, redact=params.redact, known=columns)


def _kept(reader: TableReader, params: JobParams, choice: ColumnChoice) -> tuple[str, ...] | None:
    """Columns to give back beside the id; None for all of a file that can bring new ones."""
    asked = [name for name in params.keep_columns if name]
    if _ALL in asked:
        if not reader.has_fixed_columns:
            return None
        left_out = {choice.text} if params.redact else set()
        return tuple(name for name in reader.columns if name not in {*left_out, *_OURS})
    if not params.redact:  # the redacted text, which is given back else, is not there then
        asked = [choice.text, *asked]
    found = [
        find_column(reader.columns, name, name=NAME, option="--keep-columns") for name in asked
    ]
    for is_flat in (True, False):
        keep_columns(found, name=NAME, is_flat=is_flat, overwrite=False)
    return tuple(dict.fromkeys(found))


def _narrow(reader: TableReader, columns: _Columns) -> bytes | None:
    """Read needed columns only, where the format can; gives the types of those given back."""
    from service.tables.parquet_files import ParquetReader

    if not isinstance(reader, ParquetReader):
        return None
    import pyarrow as pa

    choice = columns.choice
    kept = columns.kept or ()
    needed = (choice.text, choice.id, choice.language, columns.subject, *kept)
    reader.keep_only([name for name in needed if name])
    own = dict.fromkeys(name for name in (choice.id, *kept) if name)
    schema: bytes = pa.schema([reader.schema.field(name) for name in own]).serialize().to_pybytes()
    return schema


def _batches(reader: TableReader) -> Iterator[Sequence[Row]]:
    for batch in reader.batches(batch_size=CHUNK_ROWS):
        yield batch.rows


def _dialect(reader: TableReader) -> dict[str, Any] | None:
    """How a CSV file is written, for a result that is written alike."""
    dialect = reader.csv_dialect
    if dialect is None:
        return None
    return {
        "delimiter": dialect.delimiter,
        "line_end": dialect.line_end,
        "has_bom": dialect.has_bom,
    }


def _is_deep(value: Any, depth: int = 0) -> bool:
    """Whether a value is nested too deeply to be written again."""
    if not isinstance(value, (dict, list, tuple)):
        return False
    if depth >= MAX_DEPTH:
        return True
    parts = value.values() if isinstance(value, dict) else value
    return any(_is_deep(part, depth + 1) for part in parts)


def _problem(error: TableError) -> ProblemError:
    """Turn an error about a table, which names row, line or column, into a refusal."""
    detail = _for_api(str(error))
    option = _OPTION.search(str(error))
    name = option[1].replace("-", "_") if option and isinstance(error, ColumnError) else None
    param = (
        InvalidParam(name="/file", place="body", code="unreadable", reason="cannot be read")
        if name is None
        else InvalidParam(name=name, place="query", code="column", reason="names no such column")
    )
    return ProblemError(Code.UNREADABLE_FILE, detail, invalid_params=[param])


def _for_api(message: str) -> str:
    """Name parameters where a message names options of the command line.

    Examples
    --------
    >>> _for_api("choose one with --text-column NAME")
    'choose one with `text_column` NAME'
    """
    message = message.partition(", or pipe it:")[0]
    return _OPTION.sub(lambda hit: _OPTIONS.get(hit[1], f"`{hit[1].replace('-', '_')}`"), message)
