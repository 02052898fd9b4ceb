"""``klantstem root-causes`` and ``klantstem root-causes assign`` as a person calls them."""

from __future__ import annotations

import csv
import datetime as dt
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from models.root_cause.export import PARTS
from service.cli import Context, main
from service.tables import ReadOptions, file_source
from tests.service.fakes_embedder import CAUSES, PlantedEmbedder

SECRET = "jan@voorbeeld.nl"
COLUMNS = ("id", "answer", "nps", "date", "channel")
Record = dict[str, Any]


def run(*arguments: object, embedder: PlantedEmbedder | None = None) -> int:
    context = Context(load_classifier=lambda folder, n_threads: embedder or PlantedEmbedder())
    return main(["root-causes", *map(str, arguments)], context=context)


def feedback(n_each: int = 20, *, causes: Sequence[str] = tuple(CAUSES)) -> list[Record]:
    """Complaints in both languages with every cause, a week between them, and as much praise."""
    records = []
    for row in range(n_each * len(causes)):
        cause = causes[row % len(causes)]
        is_dutch = row // len(causes) % 2 == 1
        word = CAUSES[cause][0] if is_dutch else cause
        filler = f"{chr(97 + row % 26)}{chr(97 + row // 26)}"
        day = dt.date(2025, 1, 6) + dt.timedelta(days=row % 70)
        text = f"de {word} {filler} weer" if is_dutch else f"the {word} {filler} again"
        channel = ("web", "app")[row % 3 == 0]
        records.append(
            (f"{text}; verder fijn {SECRET}", 2 if cause == "queue" else 6, day, channel)
        )
        records.append((f"prima {filler}", 9, day, channel))
    return [
        dict(zip(COLUMNS, (f"v{row}", *record), strict=True)) for row, record in enumerate(records)
    ]


def write_csv(path: Path, records: Sequence[Record], delimiter: str = ",") -> Path:
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(records[0]), delimiter=delimiter)
        writer.writeheader()
        writer.writerows(records)
    return path


def write_jsonl(path: Path, records: Sequence[Record]) -> Path:
    lines = (json.dumps({**each, "date": str(each["date"])}) for each in records)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def write_xlsx(path: Path, records: Sequence[Record]) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(list(records[0]))
    for record in records:
        book.active.append(list(record.values()))
    book.save(path)
    return path


def write_parquet(path: Path, records: Sequence[Record]) -> Path:
    pq.write_table(pa.Table.from_pylist(list(records)), path)
    return path


WRITERS: dict[str, Callable[[Path, Sequence[Record]], Path]] = {
    "csv": write_csv,
    "tsv": lambda path, records: write_csv(path, records, delimiter="\t"),
    "jsonl": write_jsonl,
    "xlsx": write_xlsx,
    "parquet": write_parquet,
}


def document(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return found


def note_counts(folder: Path) -> dict[str, int]:
    return {note["code"]: note["count"] for note in document(folder)["notes"]}


def assignments(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_csv(tmp_path_factory.mktemp("in") / "in.csv", feedback())


@pytest.fixture(scope="module")
def report(table: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out") / "report"
    assert run(table, "-o", folder, "-q") == 0
    return folder


def test_report_finds_the_planted_causes(report: Path) -> None:
    assert {item.name for item in report.iterdir()} == {*PARTS, "model"}
    found = document(report)
    assert found["n_verbatims"] == 240
    assert found["n_complaints"] == 120
    assert [cause["n_complaints"] for cause in found["causes"]] == [20] * len(CAUSES)
    owners = sorted(cause["owner"]["department"] for cause in found["causes"])
    assert owners == sorted(department for _, _, department in CAUSES.values())
    for cause in found["causes"]:
        assert cause["languages"] == {"nl": 0.5, "en": 0.5}
    assert found["impact"]["metric"] == "nps"
    assert len(found["trend"]["periods"]) == 10
    assert [table["column"] for table in found["cross_tables"]] == ["channel"]


def test_every_complaint_has_its_cause(report: Path) -> None:
    rows = assignments(report / "assignments.csv")
    planted = [next(name for name in CAUSES if _holds(row["text"], name)) for row in rows]
    assert len(rows) == 120
    assert len(set(zip(planted, (row["cause_id"] for row in rows), strict=True))) == len(CAUSES)
    assert {row["score"] for row in rows} == {"2.0", "6.0"}
    assert rows[0]["date"] == "2025-01-06"
    assert {row["channel"] for row in rows} == {"web", "app"}


def _holds(text: str, cause: str) -> bool:
    return cause in text or CAUSES[cause][0] in text


def test_no_personal_data_is_kept(report: Path) -> None:
    for file in report.rglob("*"):
        if file.suffix in (".html", ".json", ".csv", ".jsonl"):
            assert SECRET not in file.read_text(encoding="utf-8"), file.name
    sheets = openpyxl.load_workbook(report / "assignments.xlsx")
    assert not any(
        SECRET in str(value) for sheet in sheets for row in sheet.values for value in row
    )


@pytest.mark.parametrize("extension", sorted(WRITERS))
def test_every_format_gives_the_same_causes(report: Path, extension: str, tmp_path: Path) -> None:
    path = WRITERS[extension](tmp_path / f"in.{extension}", feedback())
    assert run(path, "-o", tmp_path / "out", "-q") == 0
    assert document(tmp_path / "out") == document(report)


def test_terminal_shows_the_causes(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(table, "-o", tmp_path / "out", "--language", "en") == 0
    told = capsys.readouterr()
    assert (
        "in.csv: columns: text 'answer', id 'id', score 'nps', date 'date', segment 'channel'"
        in told.err
    )
    assert "240 rows in" in told.err
    assert f"written to {tmp_path / 'out'}" in told.err
    for cause in document(tmp_path / "out")["causes"]:
        assert f"{cause['cause_id']}   {cause['name']['en'].split()[0]}" in told.out
    assert "Impact (NPS)" in told.out
    assert '<html lang="en">' in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")


def test_columns_can_be_named_and_left_out(table: Path, tmp_path: Path) -> None:
    options = ["--text-column", "answer", "--score-column", "-", "--date-column", "-"]
    options += ["--segment-column", "-", "--title", "Bestuur & cijfers", "-q"]
    assert run(table, "-o", tmp_path / "out", *options) == 0
    found = document(tmp_path / "out")
    assert (found["impact"], found["trend"], found["cross_tables"]) == (None, None, [])
    assert {"no_scores", "no_dates"} <= note_counts(tmp_path / "out").keys()
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "<title>Bestuur &amp; cijfers</title>" in page


def test_previous_report_lends_its_ids(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    sizes = {"queue": 60, "invoice": 20, "parcel": 20, "rude": 20, "advert": 8, "terms": 20}
    records = [each for name, n_each in sizes.items() for each in feedback(n_each, causes=[name])]
    records = [dict(each, id=f"n{row}") for row, each in enumerate(records)]
    path = write_csv(tmp_path / "next.csv", records)
    assert run(path, "-o", tmp_path / "next", "--previous", report, "--language", "en") == 0
    out = capsys.readouterr().out
    before = {
        row["text"].split()[1]: row["cause_id"] for row in assignments(report / "assignments.csv")
    }
    after = {
        row["text"].split()[1]: row["cause_id"]
        for row in assignments(tmp_path / "next" / "assignments.csv")
    }
    assert after == before
    changes = {
        cause["cause_id"]: cause["change"]["change"]
        for cause in document(tmp_path / "next")["causes"]
    }
    assert changes[before["queue"]] == "grown"
    assert changes[before["advert"]] == "shrunk"
    assert "Against the previous report" in out
    assert "grown" in out
    assert "shrunk" in out


def test_a_cause_that_is_gone_is_told(
    report: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = ["queue", "invoice", "parcel", "rude", "advert"]
    path = write_csv(tmp_path / "next.csv", feedback(causes=kept))
    assert run(path, "-o", tmp_path / "next", "--previous", report, "--language", "en") == 0
    rows = assignments(report / "assignments.csv")
    (lost,) = {row["cause_id"] for row in rows if _holds(row["text"], "terms")}
    assert document(tmp_path / "next")["gone"] == [lost]
    assert "gone" in capsys.readouterr().out


def test_previous_report_of_another_bundle_is_told(
    report: Path, table: Path, tmp_path: Path
) -> None:
    other = PlantedEmbedder(bundle_version="fake-2")
    options = ["-o", tmp_path / "out", "--previous", report, "-q"]
    assert run(table, *options, embedder=other) == 0
    assert "previous_other_model" in note_counts(tmp_path / "out")


def test_a_report_takes_the_place_of_its_predecessor(table: Path, tmp_path: Path) -> None:
    folder = tmp_path / "report"
    assert run(table, "-o", folder, "-q") == 0
    assert run(table, "-o", folder, "-q") == 2
    assert run(table, "-o", folder, "--previous", folder, "--force", "-q") == 0
    assert {cause["change"]["change"] for cause in document(folder)["causes"]} == {"steady"}


@pytest.mark.parametrize("extension", sorted(WRITERS))
def test_assign_agrees_with_the_run(
    report: Path, extension: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = WRITERS[extension](tmp_path / f"in.{extension}", feedback()[::-1])
    assert run("assign", report, path, "-o", tmp_path / "placed.csv") == 0
    placed = {row["verbatim_id"]: row for row in assignments(tmp_path / "placed.csv")}
    expected = {row["verbatim_id"]: row for row in assignments(report / "assignments.csv")}
    assert placed.keys() == expected.keys()
    for name, row in placed.items():
        assert row == {key: expected[name][key] for key in row}
    assert "120 complaints placed" in capsys.readouterr().err


@pytest.mark.parametrize("extension", sorted(WRITERS))
def test_assign_writes_every_format(report: Path, extension: str, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "new.csv", feedback(1, causes=["rude"]))
    output = tmp_path / f"placed.{extension}"
    assert run("assign", report / "model", path, "-o", output, "-q") == 0
    source = file_source(output, table_format=None, options=ReadOptions())
    with source.open() as reader:
        (row,) = reader.sample()
    assert row.values["text"] == "the rude aa again"
    assert row.values["cause_id"] == row.values["nearest_id"]
    assert [item.name for item in sorted(tmp_path.iterdir())] == sorted(["new.csv", output.name])


def test_assign_refuses_what_it_cannot_use(
    report: Path, table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "placed.csv"
    assert run("assign", tmp_path, table, "-o", output) == 2
    assert "model.json is missing" in capsys.readouterr().err
    other = PlantedEmbedder(bundle_version="fake-2")
    assert run("assign", report, table, "-o", output, embedder=other) == 2
    assert "made with bundle fake-1, and fake-2 is loaded" in capsys.readouterr().err
    assert run("assign", report, table, "-o", tmp_path / "placed.doc") == 2
    assert ".doc" in capsys.readouterr().err
    output.write_text("mine")
    assert run("assign", report, table, "-o", output) == 2
    assert "--force" in capsys.readouterr().err
    assert output.read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.csv", "-o", "out"], "there is no such file"),
        (["in.csv", "-o", "."], "not just a report"),
        (["in.csv", "-o", "no/out"], "does not exist"),
        (["in.csv", "-o", "out", "--score-column", "cijfer"], "--score-column: there is no column"),
        (["in.csv", "-o", "out", "--segment-column", "x"], "--segment-column: there is no column"),
        (["in.csv", "-o", "out", "--previous", "."], "holds no root-cause model"),
        (["in.csv", "-o", "out", "--delimiter", ";;"], "--delimiter must be one character"),
        (["in.csv", "-o", "out", "--polish-names-model", "m"], "go together"),
    ],
)
def test_what_cannot_be_done_is_told(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    write_csv(tmp_path / "in.csv", feedback(1))
    assert run(*arguments) == 2
    told = capsys.readouterr().err
    assert message in told
    assert "Traceback" not in told
    assert [item.name for item in tmp_path.iterdir()] == ["in.csv"]


def test_an_interrupt_leaves_nothing(table: Path, tmp_path: Path) -> None:
    class Interrupted(PlantedEmbedder):
        def embed(self, *_: Any, **__: Any) -> Any:
            raise KeyboardInterrupt

    assert run(table, "-o", tmp_path / "out", embedder=Interrupted()) == 130
    assert list(tmp_path.iterdir()) == []


def test_an_unforeseen_error_quotes_no_verbatim(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    class Broken(PlantedEmbedder):
        def embed(self, *_: Any, **__: Any) -> Any:
            raise RuntimeError(SECRET)

    assert run(table, "-o", tmp_path / "out", embedder=Broken()) == 2
    told = capsys.readouterr().err
    assert "internal error (RuntimeError)" in told
    assert SECRET not in told


# Bad input


def test_no_complaint_at_all(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_csv(tmp_path / "in.csv", [{"text": "prima"}, {"text": "alles goed verder"}])
    assert run(path, "-o", tmp_path / "out", "--text-column", "text") == 0
    assert "Er is geen oorzaak gevonden." in capsys.readouterr().out
    assert document(tmp_path / "out")["causes"] == []
    assert "no_complaints" in note_counts(tmp_path / "out")
    assert {item.name for item in (tmp_path / "out").iterdir()} == {*PARTS, "model"}
    assert (
        run("assign", tmp_path / "out", path, "--text-column", "text", "-o", tmp_path / "p.csv")
        == 0
    )
    assert assignments(tmp_path / "p.csv") == []


def test_five_rows(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "in.csv", feedback(5, causes=["queue"])[::2])
    assert run(path, "-o", tmp_path / "out", "-q") == 0
    found = document(tmp_path / "out")
    assert [cause["n_complaints"] for cause in found["causes"]] == [5]
    assert found["impact"]["causes"][0]["is_too_few"]
    assert found["trend"]["causes"][0]["direction"] == "too_few"
    assert note_counts(tmp_path / "out")["few_complaints"] == 5


def test_one_row_ten_thousand_times(tmp_path: Path) -> None:
    record = {"text": "the queue again", "score": 2, "date": "2025-03-03"}
    path = write_csv(tmp_path / "in.csv", [record] * 10_000)
    assert run(path, "-o", tmp_path / "out", "-q") == 0
    found = document(tmp_path / "out")
    assert [cause["n_complaints"] for cause in found["causes"]] == [10_000]
    assert (found["n_unique"], found["emerging_share"]) == (1, 0)
    assert len(assignments(tmp_path / "out" / "assignments.csv")) == 10_000


def test_all_rows_of_one_cause(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "in.csv", feedback(300, causes=["queue"])[::2])
    assert run(path, "-o", tmp_path / "out", "-q") == 0
    found = document(tmp_path / "out")
    assert [cause["n_complaints"] for cause in found["causes"]] == [300]
    notes = note_counts(tmp_path / "out")
    assert notes["one_cause"] == 300
    assert notes["few_without_causes"] == 0


def test_neither_score_nor_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_csv(tmp_path / "in.csv", [{"answer": each["answer"]} for each in feedback()])
    assert run(path, "-o", tmp_path / "out") == 0
    found = document(tmp_path / "out")
    assert len(found["causes"]) == len(CAUSES)
    assert (found["impact"], found["trend"]) == (None, None)
    out = capsys.readouterr().out
    assert "geen scores" in out
    assert "geen datums" in out


def test_scores_out_of_range_are_left_out(tmp_path: Path) -> None:
    records = feedback()
    for record, score in zip(records, (11, -1, 99, "tien", ""), strict=False):
        record["nps"] = score
    path = write_csv(tmp_path / "in.csv", records)
    assert run(path, "-o", tmp_path / "out", "-q") == 0
    notes = note_counts(tmp_path / "out")
    assert (notes["scores_off_scale"], notes["unreadable_scores"]) == (3, 1)
    assert document(tmp_path / "out")["impact"]["n_scored"] == len(records) - 5


def test_scores_of_no_known_scale_are_told(tmp_path: Path) -> None:
    records = [
        {"answer": each["answer"], "score": 6 if each["nps"] == 9 else 1} for each in feedback()
    ]
    path = write_csv(tmp_path / "in.csv", records)
    assert run(path, "-o", tmp_path / "out", "-q") == 0
    assert "unknown_metric" in note_counts(tmp_path / "out")
    assert run(path, "-o", tmp_path / "ces", "-q", "--metric", "ces") == 0
    assert document(tmp_path / "ces")["impact"]["metric"] == "ces"


def test_dates_in_mixed_formats(report: Path, tmp_path: Path) -> None:
    forms = ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%y", "%Y%m%d", "%Y-%m-%dT09:30:00Z", "%d %b %Y")
    records = feedback()
    for row, record in enumerate(records):
        record["date"] = record["date"].strftime(forms[row % len(forms)])
    records[0]["date"] = "eergisteren"
    path = write_csv(tmp_path / "in.csv", records)
    assert run(path, "-o", tmp_path / "out", "-q") == 0
    found, expected = document(tmp_path / "out")["trend"], document(report)["trend"]
    assert found["periods"] == expected["periods"]
    assert sum(found["n_verbatims"]) == sum(expected["n_verbatims"]) - 1
    assert note_counts(tmp_path / "out")["unreadable_dates"] == 1


def test_repeated_ids_become_row_numbers(tmp_path: Path) -> None:
    records = [dict(each, id=f"customer {row // 2}") for row, each in enumerate(feedback())]
    path = write_csv(tmp_path / "in.csv", records)
    assert run(path, "-o", tmp_path / "out", "-q") == 0
    assert note_counts(tmp_path / "out")["repeated_ids"] == len(records) // 2
    rows = assignments(tmp_path / "out" / "assignments.csv")
    assert [row["verbatim_id"] for row in rows[:3]] == ["1", "3", "5"]


def test_broken_rows_fail_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_jsonl(tmp_path / "in.jsonl", feedback())
    with path.open("a") as stream:
        stream.write(
            '{"id": "broken"\n{"id": "list", "answer": ["a"]}\n{"id": "e", "answer": ""}\n'
        )
    assert run(path, "-o", tmp_path / "out") == 1
    assert "2 failed: row 241 (line 241), row 242 (line 242)" in capsys.readouterr().err
    notes = note_counts(tmp_path / "out")
    assert (notes["failed"], notes["empty"]) == (2, 1)
