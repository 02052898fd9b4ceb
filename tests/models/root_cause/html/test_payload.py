from collections import Counter
from dataclasses import replace

import numpy as np
from html_report_fakes import HOSTILE, assignment, assignments, facts, report

from models.domain import Language
from models.root_cause.frames import Columns, read_table
from models.root_cause.html import VerbatimFacts, facts_from_table
from models.root_cause.html.payload import MAX_TIP, build_payload, pick_rows
from models.root_cause.html.wording import wording
from models.root_cause.impact import Estimate
from models.root_cause.report import CrossTable, MapPoint
from models.root_cause.segment_impact import SegmentImpact, SegmentImpacts


def test_payload_refers_to_causes_by_place() -> None:
    found = build_payload(report(), assignments(), facts(), wording("nl"))
    assert [each["id"] for each in found["causes"]] == ["C001", "C002", "C003"]
    assert [row[1] for row in found["rows"]] == [0, 0, 2, -1]


def test_payload_rows_hold_facts_in_the_order_of_the_columns() -> None:
    found = build_payload(report(), assignments(), facts(), wording("nl"))
    assert found["columns"] == ["channel", "region"]
    assert found["rows"][0] == [
        "Een uur gewacht.", 0, 0.88, "v1", 2.0, "2025-03-01", "", "web", "",
    ]  # fmt: skip
    assert found["rows"][3][4:] == [None, "", "", "", ""]


def test_payload_counts_complaints_per_value() -> None:
    found = build_payload(report(), assignments(), facts(), wording("nl"))
    channel = found["filters"][0]
    assert channel["column"] == "channel"
    assert [(each["value"], each["total"], each["counts"]) for each in channel["values"]] == [
        ("web", 2, [2, 0, 0]),
        (HOSTILE, 1, [0, 0, 1]),
    ]


def test_payload_tells_impact_within_a_value() -> None:
    impact = SegmentImpact(
        n_verbatims=2,
        leave_one_out=Estimate(value=-40.004, low=-71.0, high=-3.0),
        is_too_few=True,
    )
    web = SegmentImpacts(metric_value=60.04, n_scored=10, causes={"C001": impact})
    table = CrossTable(column="channel", n_verbatims={}, counts={}, impacts={"web": web})
    found = build_payload(report(cross_tables=(table,)), assignments(), facts(), wording("nl"))
    first, second = found["filters"][0]["values"]
    assert (first["score"], first["scored"]) == (60.0, 10)
    assert first["impacts"] == [[-40.0, -71.0, -3.0, 2, 1], None, None]
    assert (second["score"], second["scored"], second["impacts"]) == (None, 0, [])


def test_payload_marks_complaints_in_another_language_than_the_page() -> None:
    rows = [
        replace(item, language=language)
        for item, language in zip(
            assignments(), [Language.NL, Language.EN, Language.UND], strict=False
        )
    ]
    shown = build_payload(report(), rows, {}, wording("nl"))["rows"]
    assert [row[6] for row in shown] == ["", "en", ""]


def test_payload_without_facts_has_no_filters() -> None:
    found = build_payload(report(), assignments(), {}, wording("en"))
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


def test_pick_rows_holds_no_more_text_than_asked() -> None:
    rows = [assignment(row, "C001", "x" * (1 + 400 * (row % 2))) for row in range(1000)]
    picked = pick_rows(rows, n_characters=20_000)
    assert 15_000 < sum(len(item.text) for item in picked) <= 20_000
    assert pick_rows(rows[1:2], n_characters=10) == ()


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


def test_payload_map_shortens_long_complaints() -> None:
    points = (
        MapPoint(x=0.5, y=1.0, cause_id="C002", text="woord " * 100),
        MapPoint(x=0.0, y=0.5, cause_id=None, text="kort"),
    )
    found = build_payload(report(map_points=points), (), {}, wording("nl"))
    assert [row[:3] for row in found["map"]] == [[500, 25, 1], [25, 500, -1]]
    assert found["map"][1][3] == "kort"
    assert len(found["map"][0][3]) <= MAX_TIP
