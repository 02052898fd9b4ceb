from collections import Counter
from types import SimpleNamespace

import numpy as np
import pytest
from html_report_fakes import HOSTILE, assignment, assignments, facts, report, taxonomy

from models.root_cause.frames import Columns, read_table
from models.root_cause.html import VerbatimFacts, facts_from_table
from models.root_cause.html.payload import MAX_TIP, build_payload, pick_rows
from models.root_cause.html.wording import wording


def test_payload_refers_to_causes_by_place() -> None:
    found = build_payload(report(), assignments(), facts(), wording("nl"), taxonomy())
    assert [each["id"] for each in found["causes"]] == ["C001", "C002", "C003"]
    assert [row[1] for row in found["rows"]] == [0, 0, 2, -1]


def test_payload_rows_hold_facts_in_the_order_of_the_columns() -> None:
    found = build_payload(report(), assignments(), facts(), wording("nl"), taxonomy())
    assert found["columns"] == ["channel", "region"]
    assert found["rows"][0] == ["Een uur gewacht.", 0, 0.88, "v1", 2.0, "2025-03-01", "web", ""]
    assert found["rows"][3][4:] == [None, "", "", ""]


def test_payload_counts_complaints_per_value() -> None:
    found = build_payload(report(), assignments(), facts(), wording("nl"), taxonomy())
    channel = found["filters"][0]
    assert channel["column"] == "channel"
    assert channel["values"] == [
        {"value": "web", "total": 2, "counts": [2, 0, 0]},
        {"value": HOSTILE, "total": 1, "counts": [0, 0, 1]},
    ]


def test_payload_without_facts_has_no_filters() -> None:
    found = build_payload(report(), assignments(), {}, wording("en"), taxonomy())
    assert (found["columns"], found["filters"]) == ([], [])
    assert not found["hasScores"]
    assert not found["hasDates"]


def test_pick_rows_keeps_all_that_fit() -> None:
    assert pick_rows(assignments(), 4) == assignments()


def test_pick_rows_keeps_every_cause_in_proportion() -> None:
    rows = [assignment(row, f"C00{1 + row % 2 * (row % 3 > 0)}") for row in range(3000)]
    picked = pick_rows(rows, 300)
    before = Counter(item.cause_id for item in rows)
    after = Counter(item.cause_id for item in picked)
    assert len(picked) == len(set(picked)) == 300
    assert all(abs(after[name] - before[name] / 10) <= 1 for name in before)
    assert list(picked) == sorted(picked, key=lambda item: int(item.verbatim_id[1:]))


def test_facts_from_table_leave_out_what_is_unknown() -> None:
    frame = {
        "id": ["a", "b"],
        "score": [9, None],
        "date": ["2025-03-01", None],
        "channel": ["web", ""],
    }
    columns = Columns(id="id", score="score", date="date", segments=("channel",))
    table = read_table(frame, columns, ["a", "b"])
    assert np.isnan(table.scores[1])
    assert facts_from_table(table) == {
        "a": VerbatimFacts(score=9.0, date="2025-03-01", segments={"channel": "web"}),
        "b": VerbatimFacts(),
    }


def test_payload_map_shortens_long_complaints(monkeypatch: pytest.MonkeyPatch) -> None:
    points = [
        SimpleNamespace(x=1.23456, y=-2.0, cause_id="C002", text="woord " * 100),
        SimpleNamespace(x=0.0, y=0.5, cause_id=None, text="kort"),
    ]
    monkeypatch.setattr("models.root_cause.html.payload.map_points", lambda _: points)
    found = build_payload(report(), (), {}, wording("nl"), taxonomy())
    assert [row[:3] for row in found["map"]] == [[1.235, -2.0, 1], [0.0, 0.5, -1]]
    assert found["map"][1][3] == "kort"
    assert len(found["map"][0][3]) <= MAX_TIP
