"""Check a corpus of labelled verbatims: every fault of a run, then a table of counts.

``python -m training.corpus [FOLDER]`` reads all ``*.jsonl`` files of a folder (default:
``data/verbatims/``), prints each fault as ``file:line: field: rule: what was found`` and ends with
1 if there was one. The project's own corpus must also reach the counts of
:class:`~training.corpus_counts.Demands`; another folder need not, and may leave out story, split,
provenance and segments.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from models.taxonomy import Taxonomy, read_taxonomy
from training.corpus_counts import (
    CorpusCounts,
    Demands,
    check_demands,
    count_rows,
    markdown_table,
    table_lines,
)
from training.corpus_pairs import (
    check_bench,
    check_duplicates,
    check_embeddings,
    check_ids,
    check_near_duplicates,
    check_runs,
    check_story_splits,
)
from training.corpus_rows import CorpusRow, Fault, check_row, check_shape, note_personal_data
from training.labelled import CORPUS, LabelledDataError, parse_row

if TYPE_CHECKING:
    from models.encoder import Encoder

ROOT: Final = Path(__file__).parents[1]
TAXONOMY: Final = ROOT / "data" / "taxonomy" / "klantstem.json"
BENCH: Final = ROOT.parent / "shared" / "bench"
"""Texts to measure on, beside the checkout; compared with whenever the folder is there."""
_COUNTS_BLOCK: Final = re.compile(r"(<!-- counts -->\n).*?(<!-- /counts -->)", re.DOTALL)

_TABLE_WIDTH: Final = 120  # a narrower terminal, or a pipe, would cut the labels


@dataclass(frozen=True, slots=True, kw_only=True)
class CorpusReport:
    """What a check found: ``faults`` to mend, ``notes`` to read, and counts."""

    faults: tuple[Fault, ...]
    notes: tuple[Fault, ...]
    counts: CorpusCounts


def check_corpus(
    folder: Path = CORPUS,
    *,
    taxonomy: Taxonomy | None = None,
    demands: Demands | None = None,
    bench: Path | None = None,
    encoder: Encoder | None = None,
) -> CorpusReport:
    """Check all rows of a folder; no fault hides another.

    Parameters
    ----------
    folder : Path
        Holds ``*.jsonl`` files; each line one row, see ``training.labelled``.
    taxonomy : Taxonomy, optional
        Default: the project's own.
    demands : Demands, optional
        Counts to reach; with it, every row needs all keys. None checks neither.
    bench : Path, optional
        Folder whose texts must not stand in the corpus.
    encoder : Encoder, optional
        Compares rows by meaning too; takes minutes with a real one.

    Returns
    -------
    CorpusReport
        Faults sorted by file and line; those of the corpus as a whole come last.

    Raises
    ------
    LabelledDataError
        If the folder holds no ``*.jsonl`` file, or ``bench`` cannot be read.

    Notes
    -----
    A row with wrong keys or types is reported and takes part in nothing else. Without encoder,
    cost is linear but for near-duplicates; 8 000 rows take some seconds.
    """
    taxonomy = taxonomy or read_taxonomy(TAXONOMY)
    paths = sorted(folder.glob("*.jsonl"))
    if not paths:
        raise LabelledDataError(f"{folder}: no *.jsonl file in this folder")
    faults: list[Fault] = []
    rows: list[CorpusRow] = []
    for path in paths:
        for found in _read_file(path, needs_all_keys=demands is not None):
            if isinstance(found, Fault):
                faults.append(found)
            else:
                rows.append(found)
    faults += [row.fault(breach) for row in rows for breach in check_row(row.verbatim, taxonomy)]
    checks = (check_ids, check_story_splits, check_duplicates, check_runs, check_near_duplicates)
    for check in checks:
        faults += check(rows)
    if encoder is not None:
        faults += check_embeddings(rows, encoder.encode)
    if bench is not None:
        faults += check_bench(rows, bench)
    faults.sort(key=lambda fault: (fault.file, fault.line))  # stable: rules keep their order
    counts = count_rows([row.verbatim for row in rows])
    if demands is not None:
        faults += [
            Fault(file=folder.name, line=0, id="", **breach._asdict())
            for breach in check_demands(counts, demands, taxonomy)
        ]
    notes = [row.fault(breach) for row in rows for breach in note_personal_data(row.verbatim.text)]
    return CorpusReport(faults=tuple(faults), notes=tuple(notes), counts=counts)


def _read_file(path: Path, *, needs_all_keys: bool) -> Iterator[CorpusRow | Fault]:
    """Read a file line by line: a row where keys and types are right, else its faults."""
    for number, line in enumerate(path.read_bytes().split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line.decode("utf-8"), object_pairs_hook=_object)
            if not isinstance(entry, dict):
                raise ValueError("not a JSON object")
        except (ValueError, RecursionError) as error:
            yield _fault(path, number, {}, field="row", rule="json", detail=str(error))
            continue
        breaches = list(check_shape(entry, needs_all_keys=needs_all_keys))
        for breach in breaches:
            yield _fault(path, number, entry, **breach._asdict())
        if all(breach.rule == "unknown-key" for breach in breaches):
            yield CorpusRow(file=path.name, line=number, verbatim=parse_row(entry))


def _fault(path: Path, line: int, entry: dict[str, Any], **breach: str) -> Fault:
    """A fault of a line that is no row."""
    return Fault(file=path.name, line=line, id=str(entry.get("id", "")), **breach)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A JSON object that has each key once."""
    entry = dict(pairs)
    if len(entry) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        raise ValueError(f"a key stands twice: {', '.join(twice)}")
    return entry


def write_card(path: Path, table: str) -> None:
    """Put the table of counts between the marks ``<!-- counts -->`` of a card.

    Raises
    ------
    LabelledDataError
        If the file is not there or has no such marks.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise LabelledDataError(f"{path}: cannot be read: {error.strerror}") from error
    filled, n_blocks = _COUNTS_BLOCK.subn(lambda match: f"{match[1]}{table}\n{match[2]}", text)
    if n_blocks != 1:
        raise LabelledDataError(f"{path}: needs one block <!-- counts --> ... <!-- /counts -->")
    path.write_text(filled, encoding="utf-8")


def _print_report(report: CorpusReport, demands: Demands | None) -> None:
    """Faults and notes as plain lines, then the table."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    for fault in report.faults:
        print(fault)
    for note in report.notes:
        print(f"note: {note}")
    table = Table(box=box.SIMPLE)
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    for column in ("nl", "en", "all"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("demanded", no_wrap=True)
    last = ""
    for line in table_lines(report.counts, demands):
        if line.group != last and last:
            table.add_section()
        table.add_row(
            "" if line.group == last else line.group, line.label, *line.numbers, line.demanded
        )
        last = line.group
    Console(width=max(Console().width, _TABLE_WIDTH)).print(table)
    print(f"{report.counts.n_total} rows, {len(report.faults)} faults, {len(report.notes)} notes")


def build_parser() -> argparse.ArgumentParser:
    """The command line and its options."""
    parser = argparse.ArgumentParser(prog="python -m training.corpus", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder", type=Path, nargs="?", default=CORPUS, metavar="FOLDER")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write faults and counts here")
    parser.add_argument("--bench", type=Path, help="folder whose texts must not stand in it")
    parser.add_argument("--embeddings", metavar="BASE", help="encoder folder or hub id")
    parser.add_argument("--taxonomy", type=Path, default=TAXONOMY)
    parser.add_argument("--write-card", type=Path, metavar="CARD", help="fill its counts block")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Check a folder: 0 if clean, 1 if it has faults, 2 if it cannot be checked."""
    from models.errors import TaxonomyError

    args = build_parser().parse_args(arguments)
    demands = Demands() if args.folder.resolve() == CORPUS.resolve() else None
    bench = args.bench or (BENCH if BENCH.is_dir() else None)
    encoder: Encoder | None = None
    try:
        taxonomy = read_taxonomy(args.taxonomy)
        if args.embeddings:
            from models.encoder.sentence_transformer import SentenceTransformerEncoder

            encoder = SentenceTransformerEncoder(args.embeddings)
        report = check_corpus(
            args.folder, taxonomy=taxonomy, demands=demands, bench=bench, encoder=encoder
        )
        _print_report(report, demands)
        if args.write_card:
            lines = tuple(table_lines(report.counts, demands))
            write_card(args.write_card, markdown_table(lines))
    except (LabelledDataError, TaxonomyError, ImportError) as error:
        print(f"training.corpus: {error}", file=sys.stderr)
        return 2
    if args.json:
        document = json.dumps(asdict(report), ensure_ascii=False, indent=1)
        args.json.write_bytes(document.encode("utf-8", "backslashreplace") + b"\n")
    return 1 if report.faults else 0


if __name__ == "__main__":
    sys.exit(main())
