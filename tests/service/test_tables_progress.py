from __future__ import annotations

from pathlib import Path

import pytest

from service.tables.opening import ReadOptions, file_source
from service.tables.progress import ProgressBar, ProgressLines, Silent, make_progress


def test_lines_tell_rows_rate_and_time_left(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    with ProgressLines(every_s=5.0) as progress:
        progress.begin("classifying", n_done=1_000, n_rows=None)
        now[0] += 1.0
        progress.advance(500, 9_000.0)  # too soon for a line
        now[0] += 4.0
        progress.advance(500, 8_000.0)
    assert capsys.readouterr().err.splitlines() == [
        "classifying: 1,000 rows",
        "classifying: 2,000 rows, 25%, 200 rows/s, 30 s left",
    ]


def test_bar_takes_several_stages(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar() as progress:
        progress.begin("classifying", n_done=0, n_rows=None)
        progress.advance(10, None)
        progress.advance(10, 40.0)
        progress.begin("joining", n_done=0, n_rows=20)
        progress.advance(20, None)
    assert "joining" not in capsys.readouterr().out


def test_progress_fits_where_it_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert isinstance(make_progress(is_wanted=False), Silent)
    assert isinstance(make_progress(is_wanted=True), ProgressLines)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert isinstance(make_progress(is_wanted=True), ProgressBar)


def test_readers_reckon_how_many_rows_there_are(tmp_path: Path) -> None:
    rows = [f"{number},te duur en veel te laat" for number in range(2_000)]
    (tmp_path / "a.csv").write_text("\n".join(["id,text", *rows]))
    lines = [f'{{"id": {number:4}, "text": "te duur"}}' for number in range(2_000)]
    (tmp_path / "a.jsonl").write_text("\n".join(lines))
    for name in ("a.csv", "a.jsonl"):
        source = file_source(tmp_path / name, table_format=None, options=ReadOptions())
        with source.open() as reader:
            batches = reader.batches(batch_size=500)
            next(batches)
            assert reader.expected_rows() == pytest.approx(2_000, rel=0.05)
            assert len(list(batches)) == 3
            assert reader.expected_rows() == pytest.approx(2_000)
