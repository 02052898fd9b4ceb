import csv
import datetime as dt
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import openpyxl
import pyarrow.parquet as pq
import pytest
from html_report_fakes import HOSTILE, assignment, assignments, empty_report, facts, report
from jsonschema_rs import validator_for
from root_cause_fakes import DIM, taxonomy

from models.embedding import no_alignment
from models.root_cause.cluster import Clusters
from models.root_cause.cluster_config import ClusterConfig
from models.root_cause.export import (
    PARTS,
    REPORT_SCHEMA,
    ReportContent,
    document,
    encode,
    read_report,
    render_part,
    report_document,
    report_schema,
    write_report,
)
from models.root_cause.export.document import ReportError
from models.root_cause.impact import Estimate
from models.root_cause.mentions import no_mentions
from models.root_cause.model_io import RootCauseModel, load_model
from models.root_cause.names import CauseName
from models.root_cause.report import CrossTable, RootCauseReport
from models.root_cause.segment_impact import SegmentImpact, SegmentImpacts


def content(found: RootCauseReport | None = None) -> ReportContent:
    return ReportContent(
        report=found or report(), assignments=assignments(), taxonomy=taxonomy(), facts=facts()
    )


def model() -> RootCauseModel:
    none = np.zeros(1, dtype=np.int64)
    return RootCauseModel(
        clusters=Clusters(
            prototypes=np.eye(1, DIM),
            prototype_cause=none,
            typical_similarity=np.ones(1),
            theme_of_cause=none,
            background=0.0,
            min_membership=0.4,
        ),
        alignment=no_alignment(DIM),
        mentions=no_mentions(DIM),
        config=ClusterConfig(),
        cause_ids=("C001",),
        names=(CauseName(nl="a", en="b"),),
        sizes=np.ones(1),
        next_number=2,
        bundle_version="tiny",
    )


def rows_of(name: str, found: ReportContent) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(render_part(found, name).decode(), newline="")))


def test_every_format_holds_the_same_causes() -> None:
    found = content()
    from_csv = rows_of("causes.csv", found)
    from_json = json.loads(render_part(found, "causes.json"))
    from_parquet = pq.read_table(io.BytesIO(render_part(found, "causes.parquet"))).to_pylist()
    sheet = openpyxl.load_workbook(io.BytesIO(render_part(found, "causes.xlsx")))["causes"]
    head, *cells = list(sheet.iter_rows(values_only=True))
    assert [row["cause_id"] for row in from_csv] == ["C001", "C002", "C003"]
    assert list(from_csv[0]) == list(from_json[0]) == list(from_parquet[0]) == list(head)
    assert [row["n_complaints"] for row in from_json] == [1200, 600, 100]
    assert [row["n_complaints"] for row in from_parquet] == [1200, 600, 100]
    assert [dict(zip(head, row, strict=True))["n_complaints"] for row in cells] == [1200, 600, 100]
    second = from_json[1]
    assert (second["owner"], second["is_contested"], second["impact_adjusted"]) == ("hr", True, -20)
    assert (second["change"], second["previous_ids"]) == ("merged", "C002; C009")
    assert from_csv[1]["is_contested"] == "true"


def test_every_format_holds_the_same_assignments() -> None:
    found = content()
    from_csv = rows_of("assignments.csv", found)
    lines = render_part(found, "assignments.jsonl").decode().splitlines()
    from_jsonl = [json.loads(line) for line in lines]
    from_parquet = pq.read_table(io.BytesIO(render_part(found, "assignments.parquet"))).to_pylist()
    assert [row["cause_id"] for row in from_csv] == ["C001", "C001", "C003", ""]
    assert [row["cause_id"] for row in from_jsonl] == ["C001", "C001", "C003", None]
    assert from_jsonl[0]["date"] == "2025-03-01"
    assert from_parquet[0]["date"] == dt.date(2025, 3, 1)
    assert (from_jsonl[0]["channel"], from_jsonl[1]["region"]) == ("web", "Zuid")
    assert [row["text"] for row in from_parquet] == [item.text for item in found.assignments]


def test_no_text_becomes_a_formula() -> None:
    texts = ["=1+1", "+31 6", "-5 sterren", "@shop", "\tx", "https://a.example", "12"]
    found = replace(
        content(), assignments=tuple(assignment(row, None, text) for row, text in enumerate(texts))
    )
    guarded = [row["text"] for row in rows_of("assignments.csv", found)]
    assert guarded == ["'=1+1", "'+31 6", "'-5 sterren", "'@shop", "'\tx", *texts[5:]]
    book = openpyxl.load_workbook(io.BytesIO(render_part(found, "assignments.xlsx")))
    column = [cell.value for cell in book["assignments"][1]].index("text")
    cells = [row[column] for row in list(book["assignments"].iter_rows())[1:]]
    assert [(cell.value, cell.data_type, cell.hyperlink) for cell in cells] == [
        (text, "s", None) for text in texts
    ]


def test_workbook_tells_what_it_holds() -> None:
    book = openpyxl.load_workbook(io.BytesIO(render_part(content(), "causes.xlsx")))
    assert book.sheetnames == [
        "causes", "themes", "exemplars", "periods", "segments", "notes", "columns"
    ]  # fmt: skip
    notes = {row[0]: row[1] for row in book["notes"].iter_rows(values_only=True)}
    assert notes["formula"] == "formula"
    assert notes["abstained"] == "345 verbatims hold no text"
    meant = {row[1] for row in book["columns"].iter_rows(values_only=True)}
    assert {cell.value for cell in book["causes"][1]} <= meant


def test_segments_tell_what_a_cause_costs_there() -> None:
    impact = SegmentImpact(
        n_verbatims=2, leave_one_out=Estimate(value=-4.0, low=-7.0, high=-3.0), is_too_few=True
    )
    table = CrossTable(
        column="channel",
        n_verbatims={"app": 4, "web": 8},
        counts={"app": {"C001": 1}, "web": {"C001": 2}},
        impacts={"web": SegmentImpacts(metric_value=6.0, n_scored=8, causes={"C001": impact})},
    )
    found = replace(content(), report=report(cross_tables=(table,)))
    book = openpyxl.load_workbook(io.BytesIO(render_part(found, "causes.xlsx")))
    head, app, web = book["segments"].iter_rows(values_only=True)
    told = [dict(zip(head, row, strict=True)) for row in (app, web)]
    names = ["impact_leave_one_out", "impact_leave_one_out_low", "impact_leave_one_out_high"]
    assert [[row[name] for name in names] for row in told] == [[None] * 3, [-4, -7, -3]]
    assert [row["impact_is_too_few"] for row in told] == [None, True]
    written = json.loads(render_part(found, "report.json"))
    assert read_report(json.dumps(written).encode()).cross_tables == (table,)


def test_long_tables_go_on_in_a_second_sheet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(encode, "MAX_SHEET_ROWS", 3)
    book = openpyxl.load_workbook(io.BytesIO(render_part(content(), "assignments.xlsx")))
    names = ["assignments", "assignments 2"]
    ids = [[row[0] for row in book[name].iter_rows(values_only=True)] for name in names]
    assert ids == [["verbatim_id", "v1", "v2", "v3"], ["verbatim_id", "v4"]]


def test_control_characters_and_lone_surrogates_do_not_break_a_file() -> None:
    strange = assignment(1, None, "a\x00b\ud800c")
    found = replace(content(), assignments=(strange,))
    for name in PARTS:
        assert render_part(found, name)


def test_document_follows_its_schema_and_comes_back() -> None:
    for found in (report(), empty_report()):
        content_ = document.report_json(found)
        validator_for(report_schema()).validate(json.loads(content_))
        assert read_report(content_) == found
    assert report_document(report())["kind"] == "klantstem.root_causes"


def test_schema_file_is_the_schema() -> None:
    file = Path(document.__file__).with_name(REPORT_SCHEMA)
    assert json.loads(file.read_text(encoding="utf-8")) == report_schema()


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (b"{", "no JSON"),
        (b"[]", "its kind"),
        (b'{"kind": "klantstem.root_causes", "format": 9}', "format 1"),
        (b'{"kind": "klantstem.root_causes", "format": 1, "causes": 3}', "causes"),
    ],
)
def test_another_document_is_refused(broken: bytes, message: str) -> None:
    with pytest.raises(ReportError, match=message):
        read_report(broken)


def test_folder_is_whole(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    told: list[str] = []
    write_report(folder, content(), model(), language="en", tell=told.append)
    assert {item.name for item in folder.iterdir()} == {*PARTS, "model"}
    assert told == list(PARTS)
    assert load_model(folder / "model").cause_ids == ("C001",)
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert '<html lang="en">' in page
    assert HOSTILE not in page
    assert list(tmp_path.iterdir()) == [folder]


def test_same_values_give_the_same_bytes() -> None:
    for name in PARTS:
        assert render_part(content(), name) == render_part(content(), name), name


def test_a_report_is_replaced_only_when_asked(tmp_path: Path) -> None:
    folder = tmp_path / "report"
    write_report(folder, content(), model())
    with pytest.raises(ReportError, match="--force"):
        write_report(folder, content(empty_report()), model())
    assert len(read_report((folder / "report.json").read_bytes()).causes) == 3
    write_report(folder, content(empty_report()), model(), replace=True)
    assert read_report((folder / "report.json").read_bytes()).causes == ()
    assert list(tmp_path.iterdir()) == [folder]


def test_another_folder_is_never_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "work"
    write_report(folder, content(), model())
    (folder / "mine.txt").write_text("keep")
    with pytest.raises(ReportError, match="not just a report"):
        write_report(folder, content(), model(), replace=True)
    assert (folder / "mine.txt").read_text() == "keep"
    (tmp_path / "file").write_text("keep")
    with pytest.raises(ReportError, match="no folder"):
        write_report(tmp_path / "file", content(), model(), replace=True)
    with pytest.raises(ReportError, match="does not exist"):
        write_report(tmp_path / "a" / "b", content(), model())


def test_a_failure_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "report"
    write_report(folder, content(), model())
    before = (folder / "report.json").read_bytes()

    def fail(*_: object) -> bytes:
        raise OSError(28, "No space left on device")

    monkeypatch.setitem(
        __import__("models.root_cause.export.folder", fromlist=["_RENDER"])._RENDER,
        "assignments.csv",
        fail,
    )
    with pytest.raises(OSError, match="No space"):
        write_report(folder, content(empty_report()), model(), replace=True)
    assert list(tmp_path.iterdir()) == [folder]
    assert (folder / "report.json").read_bytes() == before


def test_unknown_part() -> None:
    with pytest.raises(ReportError, match=r"causes\.csv"):
        render_part(content(), "causes.doc")
