from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from service.tables.errors import OutputError, ResumeError
from service.tables.partial import PartialOutput, check_output, fingerprint

RUN = {"input": {"size": 9}, "bundle": "b1", "text column": "text"}


def start(folder: Path, run: dict[str, Any] | None = None, **options: Any) -> PartialOutput:
    options = {"checkpoint_every_s": 0.0, **options}
    return PartialOutput(folder / "out.csv", run or RUN, **options)


def test_output_has_its_name_only_once_it_is_whole(tmp_path: Path) -> None:
    with start(tmp_path) as partial:
        partial.append(b"a\n", n_rows=1, state={})
        assert sorted(path.name for path in tmp_path.iterdir()) == [
            "out.csv.partial",
            "out.csv.partial.json",
        ]
        partial.complete()
        partial.publish(force=False)
    assert [path.name for path in tmp_path.iterdir()] == ["out.csv"]
    assert (tmp_path / "out.csv").read_bytes() == b"a\n"


def test_run_goes_on_after_the_last_durable_rows(tmp_path: Path) -> None:
    with start(tmp_path, checkpoint_every_s=1e9) as partial:
        partial.append(b"a\n", n_rows=1, state={"n": 1})
        partial.checkpoint()
        partial.append(b"b\nhalf", n_rows=2, state={"n": 3})
        assert (partial.n_rows, partial.n_durable_rows) == (3, 1)
    with start(tmp_path) as partial:
        assert (partial.n_rows, partial.n_bytes, partial.state) == (1, 2, {"n": 1})
        partial.append(b"c\n", n_rows=1, state={"n": 2})
        partial.complete()
        partial.publish(force=False)
    assert (tmp_path / "out.csv").read_bytes() == b"a\nc\n"


def test_a_complete_run_is_known_to_be_complete(tmp_path: Path) -> None:
    with start(tmp_path) as partial:
        partial.append(b"a\n", n_rows=1, state={})
        partial.complete()
    with start(tmp_path) as partial:
        assert partial.is_complete


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"input": {"size": 10}}, "the input file has changed"),
        ({"bundle": "b2"}, "bundle was 'b1', now 'b2'"),
        ({"text column": "tekst"}, "text column was 'text', now 'tekst'"),
        ({"sheet": "S"}, "sheet was None, now 'S'"),
    ],
)
def test_another_run_is_refused_unless_begun_anew(
    tmp_path: Path, change: dict[str, Any], words: str
) -> None:
    with start(tmp_path) as partial:
        partial.append(b"a\n", n_rows=1, state={})
    with pytest.raises(ResumeError, match=words) as caught:
        start(tmp_path, {**RUN, **change})
    assert "--restart" in str(caught.value)
    assert (tmp_path / "out.csv.partial").read_bytes() == b"a\n"
    with start(tmp_path, {**RUN, **change}, restart=True) as partial:
        assert partial.n_rows == 0


@pytest.mark.parametrize("journal", ["", "{}", "[]", '{"n_bytes": "x"}'])
def test_a_damaged_journal_is_refused(tmp_path: Path, journal: str) -> None:
    with start(tmp_path) as partial:
        partial.append(b"a\n", n_rows=1, state={})
    partial.journal_path.write_text(journal)
    with pytest.raises(ResumeError, match="damaged; give --restart"):
        start(tmp_path)


def test_a_journal_of_another_version_is_refused(tmp_path: Path) -> None:
    with start(tmp_path) as partial:
        partial.append(b"a\n", n_rows=1, state={})
    document = json.loads(partial.journal_path.read_text())
    partial.journal_path.write_text(json.dumps({**document, "layout": 0}))
    with pytest.raises(ResumeError, match="written by another version"):
        start(tmp_path)


def test_a_partial_file_that_lost_bytes_is_refused(tmp_path: Path) -> None:
    with start(tmp_path) as partial:
        partial.append(b"abc\n", n_rows=1, state={})
    partial.path.write_bytes(b"ab")
    with pytest.raises(ResumeError, match="shorter than its journal says"):
        start(tmp_path)


def test_a_journal_without_partial_file_is_left_aside(tmp_path: Path) -> None:
    with start(tmp_path) as partial:
        partial.append(b"abc\n", n_rows=1, state={})
    partial.path.unlink()
    with start(tmp_path) as partial:
        assert partial.n_rows == 0


def test_two_processes_do_not_write_one_output(tmp_path: Path) -> None:
    with start(tmp_path) as partial:
        partial.append(b"a\n", n_rows=1, state={})
        with pytest.raises(ResumeError, match="another process is writing it"):
            start(tmp_path)
        with pytest.raises(ResumeError, match="another process is writing it"):
            start(tmp_path, restart=True)


def test_a_full_disk_leaves_the_last_durable_point(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: int) -> None:
        raise OSError(28, "No space left on device")

    with start(tmp_path) as partial:
        partial.append(b"a\n", n_rows=1, state={})
        with monkeypatch.context() as patch:
            patch.setattr("os.fsync", refuse)
            with pytest.raises(OSError, match="No space"):
                partial.append(b"b\n", n_rows=1, state={})
        assert partial.n_durable_rows == 1
    with start(tmp_path) as partial:
        assert partial.n_rows == 1


def test_outputs_that_cannot_be_made_are_refused(tmp_path: Path) -> None:
    existing = tmp_path / "there.csv"
    existing.write_text("precious")
    for output, words in (
        (existing, "exists already; give --force"),
        (tmp_path, "is not a regular file"),
        (Path("/dev/null"), "is not a regular file"),
        (tmp_path / "no" / "out.csv", "does not exist"),
    ):
        with pytest.raises(OutputError, match=words):
            check_output(output, force=False)
    check_output(existing, force=True)


def test_an_output_that_turned_up_in_the_meantime_is_kept(tmp_path: Path) -> None:
    with start(tmp_path) as partial:
        partial.append(b"new\n", n_rows=1, state={})
        (tmp_path / "out.csv").write_text("old")
        with pytest.raises(OutputError, match="exists already"):
            partial.publish(force=False)
        assert (tmp_path / "out.csv").read_text() == "old"
        partial.publish(force=True)
    assert (tmp_path / "out.csv").read_text() == "new\n"


def test_fingerprint_follows_content_and_time(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("abc")
    before = fingerprint(path)
    assert fingerprint(path) == before
    path.write_text("abd")
    assert fingerprint(path) != before
