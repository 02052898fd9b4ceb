"""``klantstem classify`` as a person or a program calls it."""

from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.domain import FailedVerbatim, TaggedVerbatim
from service.cli import Context, main
from tests.service.fakes_classifier import ROOT, FakeClassifier

CONTEXT = Context(load_classifier=lambda folder, n_threads: FakeClassifier())
SECRET = "Geheim te duur"
TABLE = f"id,text\n1,{SECRET}\n2,te laat\n"


class Pipe:
    """Stdin that carries bytes."""

    def __init__(self, content: bytes) -> None:
        self.buffer = io.BytesIO(content)

    def isatty(self) -> bool:
        return False


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "in.csv"
    path.write_text(TABLE)
    return path


def run(*arguments: object) -> int:
    return main(["classify", *map(str, arguments)], context=CONTEXT)


def test_stdout_gets_json_lines(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(table) == 0
    captured = capsys.readouterr()
    rows = [json.loads(line) for line in captured.out.splitlines()]
    assert [row["id"] for row in rows] == ["1", "2"]
    assert rows[0]["klantstem"]["department"]["department"] == "board"
    assert "in.csv: columns: text 'text', id 'id'" in captured.err
    assert "2 rows in" in captured.err


def test_quiet_says_nothing(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(table, "-q") == 0
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("end", ["csv", "tsv", "xlsx", "parquet"])
def test_stdout_gets_other_formats_when_asked(
    table: Path, end: str, capsysbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert run(table, "--format", end, "-q") == 0
    out = capsysbinary.readouterr().out
    starts = {"csv": b"id,text,klantstem_status", "tsv": b"id\ttext\tk", "xlsx": b"PK"}
    assert out.startswith(starts.get(end, b"PAR1"))


@pytest.mark.parametrize(
    ("content", "arguments"),
    [
        (b'\n {"id": 1, "text": "te duur"}\n{"id": 2, "text": "te laat"}', ()),
        (TABLE.encode(), ()),
        (TABLE.replace(",", ";").encode("utf-16"), ()),
        (TABLE.replace(",", "\t").encode(), ("--input-format", "tsv")),
        (b'{"id": 1, "text": "te duur"}\n{"id": 2, "text": "te laat"}', ("--format", "csv")),
        (TABLE.encode(), ("--format", "csv")),
        (TABLE.replace(",", "\t").encode(), ()),
    ],
)
def test_stdin_is_read_in_any_format(
    content: bytes,
    arguments: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(sys, "stdin", Pipe(content))
    assert run("-", *arguments) == 0
    captured = capsys.readouterr()
    assert "stdin: columns: text 'text', id 'id'" in captured.err
    if "csv" in arguments:
        assert captured.out.startswith("id,text,klantstem_status")
    else:
        rows = [json.loads(line) for line in captured.out.splitlines()]
        assert [str(row["id"]) for row in rows] == ["1", "2"]


def test_a_parquet_pipe_is_read_and_can_be_resumed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sink = io.BytesIO()
    pq.write_table(pa.table({"text": [f"te duur {n}" for n in range(30)]}), sink)

    def stop(call: int) -> None:
        if call == 3:
            raise KeyboardInterrupt

    stopping = Context(load_classifier=lambda folder, n_threads: FakeClassifier(on_call=stop))
    arguments = ["classify", "-", "-o", str(tmp_path / "out.jsonl"), "--batch-size", "10"]
    for context, status in ((stopping, 130), (CONTEXT, 0)):
        monkeypatch.setattr(sys, "stdin", Pipe(sink.getvalue()))
        assert main(arguments, context=context) == status
    assert "20 of them from an earlier run" in capsys.readouterr().err
    assert len((tmp_path / "out.jsonl").read_text().splitlines()) == 30


def test_json_lines_are_not_held_back(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = b"".join(b'{"text": "te duur %d"}\n' % number for number in range(600))
    monkeypatch.setattr(sys, "stdin", Pipe(lines))
    monkeypatch.setattr("tempfile.mkstemp", None)  # would fail if a copy were made
    assert run("-") == 0
    assert len(capsys.readouterr().out.splitlines()) == 600


ERRORS = [
    ((), "name one INPUT"),
    (("in.csv", "--text", "x"), "name one INPUT"),
    (("no.csv",), "no.csv: there is no such file"),
    (("folder",), "folder: is a folder"),
    (("in.json",), "the extension .json does not tell the format; known are .csv"),
    (("in.xls",), "save it as .xlsx"),
    (("empty.csv",), "empty.csv: the file is empty"),
    (("book.csv",), "book.csv: a xlsx file by its content"),
    (("old.xlsx",), "old.xlsx: an old Excel file (.xls) or a workbook with a password"),
    (("in.csv", "-o", "in.csv", "--force"), "is the input itself"),
    (("in.csv", "-o", "there.csv"), "there.csv: exists already; give --force"),
    (("in.csv", "-o", "no/out.csv"), "the folder no does not exist"),
    (("in.csv", "-o", "out"), "the extension (none) does not tell the format"),
    (("in.csv", "-o", "out.xlsm"), "workbooks with macros cannot be written"),
    (("in.csv", "-o", "folder", "--output-format", "csv"), "folder: is a folder; name a file"),
    (("in.csv", "-o", "."), "klantstem: .: is a folder; name a file to write"),
    (("in.csv", "--text-column", "tekst"), "there is no column 'tekst'; there are: 'id', 'text'"),
    (("in.csv", "--encoding", "utf-9"), "no encoding is called 'utf-9'"),
    (("in.csv", "--delimiter", ";;"), "--delimiter must be one character"),
    (("bad.csv",), "bad.csv: not valid UTF-8 at byte 17 (line 3), so no row was read"),
    (("in.csv", "--no-redact", "--replace-text"), "--no-redact rules out --replace-text"),
    (("in.csv", "--table", "-o", "x.csv"), "--table is printed"),
    (("in.csv", "-o", "x.csv", "--format", "csv"), "--output-format"),
    (("in.csv", "--json"), "--json goes with --text"),
    (("--text", "x", "-o", "x.csv"), "--text goes with neither"),
    (("--text", "x", "--format", "csv"), "--text takes no format"),
    (("--text", "x", "--output-format", "csv"), "--text takes no format"),
    (("in.csv", "--table", "--format", "csv"), "--table takes no format"),
    (("in.csv", "-o", "x.csv", "--labels", "nl"), "--labels names labels for people"),
    (("in.csv", "--labels", "en"), "it goes with --text or --table"),
    (("--text", "x", "--json", "--labels", "nl"), "--labels names labels for people"),
]


@pytest.mark.parametrize(("arguments", "words"), ERRORS)
def test_errors_say_what_to_do_and_quote_no_text(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder").mkdir()
    for name in ("in.csv", "in.json", "in.xls", "there.csv"):
        (tmp_path / name).write_text(TABLE)
    (tmp_path / "empty.csv").touch()
    (tmp_path / "book.csv").write_bytes(b"PK\x03\x04")
    (tmp_path / "old.xlsx").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1")
    (tmp_path / "bad.csv").write_bytes("text\né goed\nGehe".encode() + b"\xff te duur\n")
    before = sorted(path.name for path in tmp_path.iterdir())
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("klantstem: ")
    assert words in captured.err
    assert "Geheim" not in captured.err
    assert sorted(path.name for path in tmp_path.iterdir()) == before


def test_an_unknown_option_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("in.csv", "--colour") == 2
    assert "unrecognized arguments: --colour" in capsys.readouterr().err
    assert run("in.csv", "--threads", "0") == 2
    assert "must be 1 or more, got 0" in capsys.readouterr().err


def test_a_missing_bundle_is_told(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["classify", str(table), "--bundle", str(table.parent)]) == 2
    assert "is no bundle: it has no manifest.json" in capsys.readouterr().err


def test_bundle_and_threads_reach_the_loader(table: Path) -> None:
    told: list[tuple[Path | None, int | None]] = []

    def load(folder: Path | None, n_threads: int | None) -> FakeClassifier:
        told.append((folder, n_threads))
        return FakeClassifier()

    arguments = ["classify", str(table), "-q", "--bundle", "b", "--threads", "3"]
    assert main(arguments, context=Context(load_classifier=load)) == 0
    assert told == [(Path("b"), 3)]


def test_an_unforeseen_error_does_not_quote_a_text(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(FakeClassifier):
        def classify(
            self, verbatims: object, *, redact: bool = True
        ) -> tuple[TaggedVerbatim | FailedVerbatim, ...]:
            raise RuntimeError(f"cannot read {verbatims}")

    context = Context(load_classifier=lambda folder, n_threads: Broken())
    assert main(["classify", str(table)], context=context) == 2
    message = capsys.readouterr().err
    assert "internal error (RuntimeError)" in message
    assert "Geheim" not in message


@pytest.mark.parametrize(
    ("texts", "arguments", "status", "words"),
    [
        (["te duur"], (), 0, "1 row in"),
        (["te duur", "merci", "..."], (), 0, "1 other_language: row 2 (line 3)"),
        (["te duur", " "], (), 1, "1 empty: row 2 (line 3)"),
        (["te duur", " "], ("--allow-empty",), 0, "1 empty: row 2 (line 3)"),
        (["te duur", '"a","b"'], (), 1, "1 failed: row 2 (line 3)"),
        (["te duur", "x" * 10_001], ("--allow-empty",), 1, "1 too_long: row 2 (line 3)"),
        ([], (), 0, "0 rows in"),
    ],
)
def test_exit_status_tells_whether_rows_failed(
    *,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    texts: list[str],
    arguments: tuple[str, ...],
    status: int,
    words: str,
) -> None:
    (tmp_path / "in.csv").write_text("\n".join(["text", *texts]) + "\n")
    assert run(tmp_path / "in.csv", "--delimiter", ",", *arguments) == status
    assert words in capsys.readouterr().err


def test_a_broken_row_tells_its_trouble(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "te duur"}\n{"text": ["a"]}\n{oops\n')
    assert run(tmp_path / "in.jsonl") == 1
    rows = [json.loads(line)["klantstem"] for line in capsys.readouterr().out.splitlines()]
    assert [row["status"] for row in rows] == ["ok", "failed", "failed"]
    assert rows[1]["detail"] == "line 2: the text is a list or an object where a string is expected"
    assert rows[2]["detail"] == "line 3: no valid JSON at character 2 of the line"


def test_a_line_that_cannot_be_read_is_kept_only_where_nothing_is_redacted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": "te duur"}\n{"text": "jan@voorbeeld.nl\r\n')
    assert run(tmp_path / "in.jsonl") == 1
    captured = capsys.readouterr()
    assert "voorbeeld" not in captured.out + captured.err
    assert list(json.loads(captured.out.splitlines()[1])) == ["klantstem"]
    assert run(tmp_path / "in.jsonl", "--no-redact") == 1
    sound, broken = map(json.loads, capsys.readouterr().out.splitlines())
    assert list(sound) == ["text", "klantstem"]
    assert broken["line_text"] == '{"text": "jan@voorbeeld.nl'


def test_an_empty_row_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "in.jsonl").write_text('{"text": " "}\n')
    assert run(tmp_path / "in.jsonl", "--text-column", "text") == 1
    assert json.loads(capsys.readouterr().out)["klantstem"]["detail"] == "the row has no text"


@pytest.mark.parametrize(
    ("first", "arguments", "words"),
    [
        ([["naam", "waarde"], ["datum", 7]], (), "no column looks like the customers' text"),
        ([["score"], [7]], ("--text-column", "text"), "there is no column 'text'"),
        ([], (), "sheet 'Info' is empty"),
    ],
)
def test_a_workbook_without_text_names_its_sheets(
    *,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    first: list[list[object]],
    arguments: tuple[str, ...],
    words: str,
) -> None:
    book = openpyxl.Workbook(write_only=True)
    sheets: dict[str, list[list[object]]] = {
        "Info": first,
        "Antwoorden": [["text"], ["te duur"]],
        "Extra": [["a"], [1]],
    }
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(tmp_path / "in.xlsx")
    assert run(tmp_path / "in.xlsx", *arguments) == 2
    message = capsys.readouterr().err
    assert words in message
    assert "sheet 'Info' was read, not 'Antwoorden', 'Extra'; --sheet names another" in message
    assert run(tmp_path / "in.xlsx", "--sheet", "Antwoorden") == 0


def test_a_header_that_names_two_texts_is_ambiguous(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.csv").write_text("text,text\nte duur,te laat\n")
    assert run(tmp_path / "in.csv") == 2
    assert "may be in 'text', 'text_2'; choose one" in capsys.readouterr().err
    assert run(tmp_path / "in.csv", "--text-column", "#2") == 0
    row = json.loads(capsys.readouterr().out)["klantstem"]
    assert row["topics"][0]["topic"] == "delivery"


def test_one_text_is_shown_to_a_person(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--text", "Vriendelijk, maar te laat") == 0
    out = capsys.readouterr().out
    for words in ("Dutch", "Staff attitude", "Human resources", "Legal", "drives the department"):
        assert words in out
    assert run("--text", "Vriendelijk, maar te laat", "--labels", "nl") == 0
    assert "Personeelszaken" in capsys.readouterr().out


def test_one_text_as_json_is_the_row_of_a_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--text", "te duur", "--json") == 0
    row = json.loads(capsys.readouterr().out)
    assert row["text"] == "te duur"
    assert row["klantstem"]["department"]["department"] == "board"


@pytest.mark.parametrize(
    ("text", "status", "words"),
    [("", 1, "Empty"), ("merci", 0, "Neither Dutch nor English"), ("...", 0, "No letters")],
)
def test_one_text_that_has_no_tags_says_why(
    capsys: pytest.CaptureFixture[str], text: str, status: int, words: str
) -> None:
    assert run("--text", text) == status
    assert words in capsys.readouterr().out


def test_table_is_readable_and_hides_personal_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "in.csv").write_text("text\nte duur jan@voorbeeld.nl\nmerci\nzomaar wat\n")
    assert run(tmp_path / "in.csv", "--table") == 0
    out = capsys.readouterr().out
    assert "te duur [EMAIL]" in out
    assert "voorbeeld" not in out
    assert "Neither" in out
    assert "Department" in out
    assert "not sure" in out
    assert max(map(len, out.splitlines())) <= 120
    assert "?: a person should look at this one" in out
    assert run(tmp_path / "in.csv", "--table", "--labels", "nl") == 0
    assert "?: laat een mens hiernaar kijken" in capsys.readouterr().out


def test_sample_runs_whole(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(ROOT / "data" / "samples" / "feedback_small.csv", "--table") == 0
    assert "60 rows in" in capsys.readouterr().err


def test_help_and_version_come_without_heavy_imports() -> None:
    code = (
        "import sys\n"
        "from service.cli import main\n"
        "assert main(['--help']) == main(['classify', '--help']) == main(['--version']) == 0\n"
        "heavy = {'numpy', 'rich', 'pyarrow', 'polars', 'openpyxl', 'torch', 'models'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert "examples:" in done.stdout
    assert "one sheet named klantstem" in done.stdout
    assert "A finished run leaves no trace but OUTPUT" in done.stdout
    assert "klantstem " in done.stdout


def test_module_runs_as_the_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "service", "--help"], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode == 0
    assert b"classify" in done.stdout


PLAIN = """
import sys
from tests.service.test_classify_command import run
sys.exit(run(*sys.argv[1:]))
"""
SLOW = """
import sys, time
from service.cli import Context, main
from tests.service.fakes_classifier import FakeClassifier
def wait(call):
    if call == 4:
        print("waiting", flush=True)
        time.sleep(60)
context = Context(load_classifier=lambda folder, n_threads: FakeClassifier(on_call=wait))
sys.exit(main(sys.argv[1:], context=context))
"""


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -signal.SIGKILL)],
)
def test_a_process_that_is_ended_can_be_continued(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], number: signal.Signals, status: int
) -> None:
    table, output = tmp_path / "in.csv", tmp_path / "out.csv"
    table.write_text("text\n" + "".join(f"te duur {n}\n" for n in range(100)))
    arguments = ["classify", str(table), "-o", str(output), "--batch-size", "10"]
    process = subprocess.Popen(
        [sys.executable, "-c", SLOW, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "waiting\n"
    process.send_signal(number)
    _, message = process.communicate(timeout=20)
    assert process.returncode == status
    assert not output.exists()
    if number is not signal.SIGKILL:
        assert "30 rows are saved" in message
    assert main(arguments, context=CONTEXT) == 0
    whole = tmp_path / "whole.csv"
    assert run(table, "-o", whole) == 0
    assert output.read_bytes() == whole.read_bytes()


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_stdout_that_is_full_is_told(table: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-c", PLAIN, str(table)],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert "stdout: cannot be written (No space left on device)" in done.stderr


def test_a_pipe_that_is_closed_ends_the_run_quietly(tmp_path: Path) -> None:
    table = tmp_path / "in.csv"
    table.write_text("text\n" + "te duur, te laat\n" * 5_000)
    process = subprocess.Popen(
        [sys.executable, "-c", PLAIN, str(table), "-q", "--delimiter", ";"],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait(timeout=20) == 141


def test_a_folder_that_cannot_be_written_is_told(
    table: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("os.access", lambda path, mode: False)
        assert run(table, "-o", table.parent / "out.csv") == 2
    assert "cannot be written to" in capsys.readouterr().err


def test_what_is_no_file_is_to_be_piped(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("/dev/null") == 2
    assert "is not a regular file; pipe it in" in capsys.readouterr().err


def test_progress_is_shown_when_asked(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(table, "-o", table.parent / "out.xlsx", "--progress") == 0
    message = capsys.readouterr().err
    assert "classifying: 0 rows" in message
    assert "writing: 0 rows" in message


def test_interrupt_before_anything_is_saved_says_so(
    table: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Interrupted(FakeClassifier):
        def classify(
            self, verbatims: object, *, redact: bool = True
        ) -> tuple[TaggedVerbatim | FailedVerbatim, ...]:
            raise KeyboardInterrupt

    context = Context(load_classifier=lambda folder, n_threads: Interrupted())
    assert main(["classify", str(table)], context=context) == 130
    assert capsys.readouterr().err.endswith("\nstopped\n")
