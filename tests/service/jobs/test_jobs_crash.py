"""Processes that are killed in mid-job, and those that go on, on each kind of database."""

import signal
from pathlib import Path

import pytest

from service.jobs.intake import CHUNK_ROWS
from service.store.jobs import JobStatus, find_job, read_results
from service.store.keys import Scope, list_keys
from service.store.store import open_store
from tests.service.jobs.job_process import JOB_ID, Task, run
from tests.service.store_app import make_key

N_ROWS = 5 * CHUNK_ROWS + 7
N_CHUNKS = 6


class Place:
    """A database, and processes that work on it."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self.folder = folder
        self.n_run = 0
        self.file = folder / "rows.csv"
        lines = [f"{number},te laat {number}\n" for number in range(1, N_ROWS + 1)]
        self.file.write_text("id,text\n" + "".join(lines))
        store = open_store(url)
        make_key(store, scopes=(Scope.ANALYSE,))
        self.tenant = list_keys(store)[0].tenant_id
        store.close()

    def run(
        self, kill_at: str, *, sends: bool = False, on: str = "data", lease_s: float = 60
    ) -> list[int]:
        """Run a process to its end, which must be the one that was asked for.

        Gives the first rows of the chunks that it tagged, in order.
        """
        self.n_run += 1
        task = Task(
            url=self.url,
            data_dir=self.folder / on,
            events=self.folder / f"events-{self.n_run}",
            kill_at=kill_at,
            file=self.file if sends else None,
            lease_s=lease_s,
        )
        exit_code, events = run(task)
        assert exit_code == (0 if kill_at == "never" else -signal.SIGKILL)
        return [event["tagged"] for event in events]

    def check_whole(self) -> None:
        """Every row has one result."""
        store = open_store(self.url)
        job = find_job(store, tenant_id=self.tenant, job_id=JOB_ID)
        assert job is not None
        assert (job.status, job.n_done, job.n_rows) == (JobStatus.SUCCEEDED, N_ROWS, N_ROWS)
        rows = [row for chunk in read_results(store, job) for row in chunk.rows]
        store.close()
        assert [row.number for row in rows] == list(range(1, N_ROWS + 1))
        assert {row.result["status"] for row in rows if row.result} == {"ok"}


@pytest.fixture
def place(database_url: str, tmp_path: Path) -> Place:
    return Place(database_url, tmp_path)


FIRST_ROWS = [1 + CHUNK_ROWS * number for number in range(N_CHUNKS)]


def test_a_job_goes_on_where_its_process_was_killed_and_repeats_no_finished_chunk(
    place: Place,
) -> None:
    first = place.run("tag:2", sends=True)
    second = place.run("kept:2")  # its second result is kept, but dbos was not told
    third = place.run("never")
    assert first == FIRST_ROWS[:2]
    assert second == FIRST_ROWS[1:3]
    assert third == FIRST_ROWS[3:]
    place.check_whole()
    assert place.run("never") == []


def test_a_file_that_was_kept_just_before_the_process_died_is_worked_on(place: Place) -> None:
    assert place.run("taken", sends=True) == []
    assert place.run("never") == FIRST_ROWS
    place.check_whole()


def test_another_process_takes_over_the_jobs_of_a_dead_one(place: Place) -> None:
    assert place.run("tag:3", sends=True) == FIRST_ROWS[:3]
    assert place.run("never", on="elsewhere", lease_s=0.5) == FIRST_ROWS[2:]
    place.check_whole()
