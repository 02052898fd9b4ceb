"""Jobs over HTTP, on each kind of store."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from service.jobs.runner import open_jobs
from service.settings import Settings
from service.store.errors import StoreError
from service.store.job_tables import JobChunkRow, JobFileRow, JobRow, JobSubjectRow
from service.store.keys import Scope
from service.store.retention import purge_expired
from service.store.store import Store
from tests.service.api_app import MARKER
from tests.service.jobs.conftest import Served
from tests.service.jobs.job_files import (
    CSV,
    JSONL,
    PARQUET,
    READERS,
    ROWS,
    WRITERS,
    XLSX,
    read_csv,
    read_jsonl,
    read_parquet,
    read_xlsx,
    wait_for,
    write_csv,
    write_jsonl,
    write_parquet,
    write_xlsx,
    zip_bomb,
)


def many(n_rows: int, **values: Any) -> bytes:
    return write_csv(
        [
            {"id": str(number), "text": f"Te laat, {number} keer", **values}
            for number in range(n_rows)
        ]
    )


def kept(store: Store, job_id: str) -> dict[str, int]:
    """Number of rows of each table that belong to a job."""
    with store.read() as session:
        return {
            table.__tablename__: session.scalar(
                select(func.count()).select_from(table).where(column == job_id)
            )
            or 0
            for table, column in (
                (JobRow, JobRow.id),
                (JobChunkRow, JobChunkRow.job_id),
                (JobSubjectRow, JobSubjectRow.job_id),
                (JobFileRow, JobFileRow.job_id),
            )
        }


@pytest.mark.parametrize("media_type", WRITERS)
def test_a_file_of_each_format_is_tagged_row_by_row(served: Served, media_type: str) -> None:
    job = served.send(WRITERS[media_type](ROWS), media_type)
    assert (job["status"], job["rows_total"], job["columns"]["text"]) == ("queued", 4, "text")
    done = served.done(job)
    assert (done["status"], done["rows_done"], done["rows_failed"]) == ("succeeded", 4, 1)
    assert done["rows_by_status"] == {"ok": 3, "empty": 1}
    assert done["bundle_versions"] == ["tiny-1"]
    rows = read_jsonl(served.result(job).content)
    assert [row["id"] for row in rows] == ["a", "b", "c", "d"]
    assert [row["klantstem"]["status"] for row in rows] == ["ok", "ok", "empty", "ok"]
    assert rows[2]["klantstem"]["detail"] == "the row has no text"


@pytest.mark.parametrize("media_type", READERS)
def test_results_come_in_each_format(served: Served, media_type: str) -> None:
    job = served.send(write_csv(ROWS), keep_columns="score")
    served.done(job)
    answer = served.result(job, media_type)
    assert answer.headers["content-type"].startswith(media_type)
    rows = READERS[media_type](answer.content)
    assert [row["id"] for row in rows] == ["a", "b", "c", "d"]
    assert [str(row["score"]) for row in rows] == ["7", "2", "5", "3"]
    if media_type != JSONL:
        assert [row["klantstem_status"] for row in rows] == ["ok", "ok", "empty", "ok"]


def test_a_result_is_that_of_the_classify_call(served: Served) -> None:
    job = served.send(write_csv(ROWS[:2]))
    served.done(job)
    call = {
        "verbatims": [{"id": row["id"], "text": row["text"]} for row in ROWS[:2]],
        "options": {"return_text": True},
    }
    tagged = served.client.post("/v1/classify", json=call).json()["results"]
    for row, item in zip(read_jsonl(served.result(job).content), tagged, strict=True):
        for key in ("topics", "sentiment", "department", "segments", "text_redacted"):
            assert row["klantstem"][key] == item[key]


@pytest.mark.parametrize("media_type", WRITERS)
def test_a_form_with_parameters_is_taken(served: Served, media_type: str) -> None:
    answer = served.client.post(
        "/v1/jobs",
        files={"file": ("../../../etc/passwd", WRITERS[media_type](ROWS), media_type)},
        data={"text_column": "text", "keep_columns": ["score", "id"], "language": "nl"},
    )
    assert answer.status_code == 202, answer.text
    job = answer.json()
    assert job["options"] == {
        "text_column": "text",
        "keep_columns": ["score", "id"],
        "language": "nl",
    }
    assert "passwd" not in answer.text
    served.done(job)
    assert {tuple(row) for row in read_jsonl(served.result(job).content)} == {
        ("id", "score", "klantstem")
    }


def test_the_format_is_told_by_the_extension_where_the_type_says_nothing(served: Served) -> None:
    sent = {"file": ("Enquête.CSV", write_csv(ROWS), "application/vnd.ms-excel")}
    answer = served.client.post("/v1/jobs", files=sent)
    assert answer.status_code == 202, answer.text
    job = served.send(write_xlsx(ROWS), "application/octet-stream")
    assert (answer.json()["format"], job["format"]) == ("csv", "xlsx")


def test_personal_data_is_masked_and_other_columns_stay_behind(served: Served) -> None:
    job = served.send(write_csv([{**row, "naam": "Jan Jansen"} for row in ROWS]))
    served.done(job)
    content = served.result(job).text
    assert "jan@example.com" not in content
    assert "Jan Jansen" not in content
    assert "[EMAIL]" in content
    with served.store.read() as session:
        chunks = session.scalars(select(JobChunkRow).where(JobChunkRow.job_id == job["id"])).all()
    assert all(chunk.is_done for chunk in chunks)


def test_all_columns_are_kept_on_request_and_the_text_among_them_is_redacted(
    served: Served,
) -> None:
    job = served.send(write_csv(ROWS), keep_columns="*")
    assert job["columns"]["kept"] == ["id", "score"]
    job = served.send(write_csv(ROWS), keep_columns=["text", "score"])
    served.done(job)
    rows = read_jsonl(served.result(job).content)
    assert rows[3]["text"] == rows[3]["klantstem"]["text_redacted"]
    job = served.send(write_csv(ROWS), redact=False)
    served.done(job)
    assert [row["text"] for row in read_jsonl(served.result(job).content)] == [
        row["text"] for row in ROWS
    ]


def test_types_of_kept_columns_survive(served: Served) -> None:
    moment = datetime(2025, 9, 1, 12, 30)
    rows = [{"text": "Te laat", "op": moment, "cijfer": 7.5, "ja": True}]
    for media_type in (PARQUET, XLSX):
        job = served.send(WRITERS[media_type](rows), media_type, keep_columns="*")
        served.done(job)
        (row,) = read_parquet(served.result(job, PARQUET).content)
        assert (row["row"], row["op"], row["cijfer"], row["ja"]) == (1, moment, 7.5, True)
        (row,) = read_xlsx(served.result(job, XLSX).content)
        assert (row["op"], row["cijfer"]) == (moment, 7.5)


def test_a_broken_row_fails_alone_and_nothing_of_it_is_kept(served: Served) -> None:
    content = b"id,text,score\n1,Te laat,3\n2,Niet goed, " + MARKER.encode() + b",4\n3,Prima,9\n"
    job = served.send(content, keep_columns="*")
    done = served.done(job)
    assert done["rows_by_status"] == {"ok": 2, "failed": 1}
    answer = served.result(job)
    rows = read_jsonl(answer.content)
    assert rows[1]["klantstem"]["detail"] == "line 3: 4 fields where the header has 3"
    assert MARKER not in answer.text
    lines = write_jsonl(ROWS[:1]) + b"{broken\n" + b'{"text": ["a"]}\n' + b"\xff\xfe\n"
    job = served.send(lines, JSONL)
    served.done(job)
    details = [row["klantstem"]["detail"] for row in read_jsonl(served.result(job).content)]
    assert details[0] is None
    assert details[1].startswith("line 2: no valid JSON")
    assert details[2] == "line 3: the text is a list or an object where a string is expected"
    assert details[3].startswith("line 4: not valid UTF-8")


def test_a_formula_is_written_as_text(served: Served) -> None:
    rows = [{"id": "=1+1", "text": "=HYPERLINK(1) te duur", "x": "@cmd", "y": "-5"}]
    job = served.send(write_csv(rows), keep_columns=["x", "y"])
    served.done(job)
    (row,) = read_csv(served.result(job, CSV).content)
    assert (row["id"], row["x"], row["y"]) == ("'=1+1", "'@cmd", "-5")
    assert row["klantstem_text_redacted"].startswith("'=")
    (row,) = read_xlsx(served.result(job, XLSX).content)
    assert (row["id"], row["x"]) == ("=1+1", "@cmd")
    import io

    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(served.result(job, XLSX).content))
    kinds = {cell.data_type for line in book.worksheets[0].iter_rows() for cell in line}
    assert "f" not in kinds


@pytest.mark.parametrize(
    ("content", "media_type", "params", "status", "code", "told"),
    [
        (b"", CSV, {}, 422, "unreadable_file", "is empty"),
        (b"PK\x03\x04 no workbook", XLSX, {}, 422, "unreadable_file", "not a readable Excel"),
        (b"PAR1 nonsense PAR1", PARQUET, {}, 422, "unreadable_file", "not a readable Parquet"),
        (b"\xd0\xcf\x11\xe0 old", XLSX, {}, 422, "unreadable_file", "save it as .xlsx"),
        (write_xlsx(ROWS), CSV, {}, 422, "unreadable_file", "`format`"),
        (write_xlsx(ROWS), XLSX, {"sheet": "Blad9"}, 422, "unreadable_file", "'Antwoorden'"),
        (write_csv(ROWS), CSV, {"text_column": "tekst"}, 422, "unreadable_file", "`text_column`"),
        (b"a,b\n1,2\n", CSV, {}, 422, "unreadable_file", "no column looks like"),
        (b"text\n\xff\n", CSV, {"encoding": "utf-8"}, 422, "unreadable_file", "line 2"),
        (b"text\nx\n", CSV, {"encoding": "klingon"}, 422, "unreadable_file", "klingon"),
        (zip_bomb(2**23), XLSX, {}, 413, "too_large", "unpacks to"),
        (many(2001), CSV, {}, 413, "too_large", "more than 2000 rows"),
        (b"x" * (2**20 + 1), CSV, {}, 413, "too_large", "1048576"),
        (b"\x89PNG\r\n\x1a\n\x00\x00", CSV, {}, 422, "unreadable_file", "no text by its content"),
        (b"%PDF", "application/pdf", {}, 415, "unsupported_media_type", "multipart/form-data"),
        (b"text\nx\n", CSV, {"kind": "dance"}, 422, "validation_failed", "kind"),
        (b"text\nx\n", CSV, {"colour": "red"}, 422, "validation_failed", "colour"),
        (b"text\nx\n", CSV, {"delimiter": ";;"}, 422, "validation_failed", "delimiter"),
        (
            b"text,klantstem\nx,y\n", CSV, {"keep_columns": "klantstem"}, 422,
            "unreadable_file", "klantstem",
        ),
        (
            b"text,subject_id\nx," + b"s" * 201 + b"\n", CSV, {}, 422,
            "unreadable_file", "row 1",
        ),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_used_is_refused_and_leaves_nothing(  # noqa: PLR0917
    served: Served,
    content: bytes,
    media_type: str,
    params: dict[str, str],
    status: int,
    code: str,
    told: str,
) -> None:
    answer = served.client.post(
        "/v1/jobs", params=params, content=content, headers={"Content-Type": media_type}
    )
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (status, code), problem
    assert told in problem["detail"]
    assert "--" not in problem["detail"]
    assert served.client.get("/v1/jobs").json()["jobs"] == []
    assert list(served.app.state.services.jobs.temporary.iterdir()) == []


@pytest.mark.parametrize(
    ("files", "data", "query", "named"),
    [
        ({"other": ("a.csv", b"text\nx\n")}, {}, {}, "/file"),
        ({}, {"file": "text"}, {}, "/file"),
        ({"file": ("a.csv", b"text\nx\n")}, {"kind": "dance"}, {}, "/kind"),
        ({"file": ("a.csv", b"text\nx\n")}, {"colour": "red"}, {}, "/colour"),
    ],
)
def test_a_form_that_is_not_right_is_refused(
    served: Served,
    files: dict[str, Any],
    data: dict[str, str],
    query: dict[str, str],
    named: str,
) -> None:
    forced = files or {"x": ("", b"")}
    answer = served.client.post("/v1/jobs", files=forced, data=data, params=query)
    assert answer.status_code == 422, answer.text
    assert [param["name"] for param in answer.json()["invalid_params"]] == [named]


def test_a_body_that_is_no_form_is_refused(served: Served) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = served.client.post("/v1/jobs", content=b"nonsense", headers=headers)
    assert answer.status_code in (400, 422)
    headers = {"Content-Type": "multipart/form-data"}
    assert served.client.post("/v1/jobs", content=b"x", headers=headers).status_code == 400


def test_one_key_makes_one_job_whatever_the_boundary_of_the_form(served: Served) -> None:
    def post(content: bytes, **data: str) -> Any:
        return served.client.post(
            "/v1/jobs",
            files={"file": ("a.csv", content, CSV)},
            data=data,
            headers={"Idempotency-Key": "once"},
        )

    first = post(write_csv(ROWS))
    again = post(write_csv(ROWS))
    assert first.json() == again.json()
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert post(write_csv(ROWS[:1])).json()["code"] == "idempotency_mismatch"
    assert post(write_csv(ROWS), language="nl").json()["code"] == "idempotency_mismatch"
    assert len(served.client.get("/v1/jobs").json()["jobs"]) == 1


def test_a_refused_file_frees_its_key(served: Served) -> None:
    headers = {"Content-Type": CSV, "Idempotency-Key": "twice"}
    assert served.client.post("/v1/jobs", content=b"", headers=headers).status_code == 422
    answer = served.client.post("/v1/jobs", content=write_csv(ROWS), headers=headers)
    assert answer.status_code == 202


def test_another_tenant_sees_nothing_of_a_job(served: Served) -> None:
    job = served.send(write_csv(ROWS))
    served.done(job)
    other = served.key(tenant="someone-else")
    path = f"/v1/jobs/{job['id']}"
    for method, address in (
        ("GET", path),
        ("GET", f"{path}/result"),
        ("GET", f"{path}/events"),
        ("POST", f"{path}/cancel"),
        ("DELETE", path),
    ):
        answer = served.client.request(method, address, headers=other)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    listed = served.client.get("/v1/jobs", headers=other).json()["jobs"]
    assert job["id"] not in [one["id"] for one in listed]
    assert served.client.get(path).json()["status"] == "succeeded"


def test_jobs_need_the_scope_analyse(served: Served) -> None:
    key = served.key(Scope.CLASSIFY, Scope.CORRECT, Scope.ADMIN)
    for method, address in (
        ("POST", "/v1/jobs"),
        ("GET", "/v1/jobs"),
        ("GET", f"/v1/jobs/{'0' * 32}/result"),
    ):
        assert served.client.request(method, address, headers=key).status_code == 403


def test_jobs_are_listed_newest_first_page_by_page(served: Served) -> None:
    sent = [served.send(write_csv(ROWS))["id"] for _ in range(3)]
    found, cursor = [], None
    while True:
        params = {"limit": 2, **({"cursor": cursor} if cursor else {})}
        page = served.client.get("/v1/jobs", params=params).json()
        found += [job["id"] for job in page["jobs"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == sent[::-1]
    assert served.client.get("/v1/jobs", params={"cursor": "x"}).status_code == 422


def test_a_running_job_has_no_result_yet(served: Served) -> None:
    job = served.send(write_csv([{"text": "poort"}]))
    assert served.encoder.is_waiting.wait(30)
    answer = served.result(job)
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert "0 of 1 rows" in answer.json()["detail"]
    served.encoder.gate.set()
    assert served.done(job)["status"] == "succeeded"


@pytest.mark.parametrize("ending", ["cancel", "delete"])
def test_a_job_that_is_stopped_leaves_nothing_behind(served: Served, ending: str) -> None:
    rows = [{"text": "Te laat", "subject_id": "s"}] * 300 + [{"text": "poort", "subject_id": "s"}]
    job = served.send(write_csv(rows))
    assert served.encoder.is_waiting.wait(30)
    path = f"/v1/jobs/{job['id']}"
    if ending == "cancel":
        stopped = served.client.post(f"{path}/cancel").json()
        assert (stopped["status"], stopped["rows_done"]) == ("cancelled", 256)
    else:
        assert served.client.delete(path).status_code == 204
    left = kept(served.store, job["id"])
    assert left == {
        "jobs": 1 if ending == "cancel" else 0,
        "job_chunks": 0,
        "job_subjects": 0,
        "job_files": 0,
    }
    served.encoder.gate.set()
    other = served.send(write_csv(ROWS))
    served.done(other)  # the stopped one has had its turn
    assert kept(served.store, job["id"]) == left
    if ending == "cancel":
        assert served.client.post(f"{path}/cancel").json()["status"] == "cancelled"
        assert (served.result(job).status_code, served.result(job).json()["code"]) == (410, "gone")
    else:
        assert served.client.get(path).status_code == 404
        assert served.client.delete(path).status_code == 404


def test_a_finished_job_cannot_be_cancelled(served: Served) -> None:
    job = served.send(write_csv(ROWS))
    served.done(job)
    answer = served.client.post(f"/v1/jobs/{job['id']}/cancel")
    assert (answer.status_code, answer.json()["code"]) == (409, "conflict")
    assert served.result(job).status_code == 200


def test_an_expired_job_is_gone_with_all_its_rows(served: Served) -> None:
    job = served.send(write_csv([{"text": "Te laat", "subject_id": "s"}]))
    expires_at = datetime.fromisoformat(served.done(job)["expires_at"])
    assert timedelta(days=6.9) < expires_at - datetime.now(UTC) < timedelta(days=7.1)
    with served.store.write() as session:
        past = datetime.now(UTC) - timedelta(seconds=1)
        session.execute(update(JobRow).where(JobRow.id == job["id"]).values(expires_at=past))
    assert served.client.get(f"/v1/jobs/{job['id']}").status_code == 404
    purge_expired(served.store, datetime.now(UTC))
    assert set(kept(served.store, job["id"]).values()) == {0}


def follow(served: Served, job: Any) -> list[tuple[str, Any]]:
    """Read all events of a job: name and data."""
    events = []
    with served.client.stream("GET", f"/v1/jobs/{job['id']}/events") as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in answer.iter_lines():
            if line.startswith("event: "):
                name = line.removeprefix("event: ")
            elif line.startswith("data: "):
                events.append((name, json.loads(line.removeprefix("data: "))))
    return events


def test_events_tell_the_progress_until_the_end(served: Served) -> None:
    job = served.send(many(600))
    events = follow(served, job)
    assert [name for name, _ in events[:-1]] == ["progress"] * (len(events) - 1)
    name, last = events[-1]
    assert (name, last["status"], last["rows_done"]) == ("done", "succeeded", 600)
    done = [event["rows_done"] for _, event in events]
    assert done == sorted(done)
    assert follow(served, job) == [("done", last)]  # one who comes back late


def test_events_of_a_job_that_is_deleted_end(served: Served) -> None:
    job = served.send(write_csv([{"text": "poort"}]))
    assert served.encoder.is_waiting.wait(30)
    assert served.client.delete(f"/v1/jobs/{job['id']}").status_code == 204
    assert served.client.get(f"/v1/jobs/{job['id']}/events").status_code == 404


def test_a_subject_is_erased_from_a_finished_job(served: Served) -> None:
    rows = [
        {"id": "1", "text": "Te laat", "subject_id": "jan"},
        {"id": "2", "text": "Te duur", "subject_id": "piet"},
        {"id": "3", "text": "", "subject_id": "jan"},
    ]
    job = served.send(write_csv(rows))
    served.done(job)
    receipt = served.client.delete("/v1/subjects/jan").json()
    assert receipt["erased"]["job_rows"] == 2
    assert [row["id"] for row in read_jsonl(served.result(job).content)] == ["2"]
    shown = served.client.get(f"/v1/jobs/{job['id']}").json()
    assert (shown["rows_total"], shown["rows_done"], shown["rows_erased"]) == (1, 1, 2)
    assert (shown["rows_failed"], shown["rows_by_status"]) == (0, {"ok": 1})
    assert served.client.delete("/v1/subjects/jan").json()["erased"]["job_rows"] == 0


def test_a_subject_is_erased_from_a_job_in_the_middle_of_its_work(served: Served) -> None:
    rows = [
        {"id": str(number), "text": "poort" if number == 300 else "Te laat", "klant": number % 3}
        for number in range(600)
    ]
    job = served.send(write_csv(rows), subject_column="klant", language="nl")
    assert served.encoder.is_waiting.wait(30)
    receipt = served.client.delete("/v1/subjects/1").json()
    assert receipt["erased"]["job_rows"] == 200
    served.encoder.gate.set()
    done = served.done(job)
    assert (done["status"], done["rows_total"], done["rows_done"]) == ("succeeded", 400, 400)
    found = [row["id"] for row in read_jsonl(served.result(job).content)]
    assert found == [str(number) for number in range(600) if number % 3 != 1]


def test_a_subject_of_another_tenant_is_not_erased(served: Served) -> None:
    job = served.send(write_csv([{"text": "Te laat", "subject_id": "jan"}]))
    served.done(job)
    other = served.key(tenant="someone-else")
    receipt = served.client.delete("/v1/subjects/jan", headers=other).json()
    assert receipt["erased"]["job_rows"] == 0
    assert len(read_jsonl(served.result(job).content)) == 1


def test_an_unknown_kind_of_result_is_refused(served: Served) -> None:
    job = served.send(write_csv(ROWS))
    served.done(job)
    answer = served.result(job, "image/png")
    assert (answer.status_code, answer.json()["code"]) == (406, "not_acceptable")
    assert CSV in answer.json()["detail"]


def test_an_empty_table_gives_an_empty_result(served: Served) -> None:
    job = served.send(b"id,text\n")
    done = served.done(job)
    assert (done["status"], done["rows_total"]) == ("succeeded", 0)
    assert served.result(job).content == b""
    assert served.result(job, CSV).content.startswith(b"id,klantstem_status")
    assert read_parquet(served.result(job, PARQUET).content) == []


def test_no_verbatim_is_logged(served: Served, caplog: pytest.LogCaptureFixture) -> None:
    rows = [{"text": f"{MARKER} te laat"}, {"text": f"{MARKER} kapot"}]
    with capture_logs() as logged:
        done = served.done(served.send(write_csv(rows)))
    assert done["rows_by_status"] == {"ok": 1, "failed": 1}
    assert "job_chunk_begun" in {entry["event"] for entry in logged}
    assert "MemoryError" in caplog.text
    assert MARKER not in str(logged) + caplog.text


def test_progress_is_seen_by_many_at_once(served: Served) -> None:
    jobs = [served.send(many(20)) for _ in range(6)]
    found = wait_for(
        lambda: served.client.get("/v1/jobs").json()["jobs"],
        lambda listed: all(job["status"] == "succeeded" for job in listed),
    )
    assert {job["id"] for job in found} == {job["id"] for job in jobs}


def test_parquet_columns_keep_their_arrow_types(served: Served) -> None:
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(
        {
            "text": ["Te laat"],
            "n": pa.array([7], pa.int16()),
            "op": pa.array([datetime(2025, 9, 1)], pa.timestamp("ms", "Europe/Amsterdam")),
            "tags": pa.array([["a", "b"]], pa.list_(pa.string())),
        }
    )
    stream = io.BytesIO()
    pq.write_table(table, stream)
    job = served.send(stream.getvalue(), PARQUET, keep_columns="*")
    served.done(job)
    schema = pq.read_schema(io.BytesIO(served.result(job, PARQUET).content))
    assert [schema.field(name).type for name in ("n", "op", "tags")] == [
        table.schema.field(name).type for name in ("n", "op", "tags")
    ]
    assert write_parquet(ROWS)[:4] == b"PAR1"


def test_only_one_application_of_a_process_works_on_jobs(served: Served, tmp_path: Path) -> None:
    services = served.app.state.services
    with pytest.raises(StoreError, match="already"):
        open_jobs(
            settings=Settings(data_dir=tmp_path),
            store=services.store,
            batcher=services.batcher,
            metrics=services.metrics,
        )
    served.done(served.send(write_csv(ROWS)))
