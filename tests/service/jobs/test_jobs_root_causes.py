"""Root-cause jobs over HTTP, on each kind of store."""

import json
from typing import Any

import pytest

from tests.service.jobs.conftest import Served
from tests.service.jobs.job_files import CSV, JSONL, PARQUET, READERS, XLSX, write_csv

CAUSES = (
    "De monteur kwam {} dagen te laat en ik moest wachten",
    "Het pakket lag {} dagen bij de buren en was te laat",
    "I was charged {} times for the same order",
    "De prijs is in {} jaar veel te duur geworden",
)


def feedback(n_rows: int = 120) -> bytes:
    return write_csv(
        [
            {
                "id": f"r{number}",
                "tekst": CAUSES[number % 4].format(number),
                "nps": number % 11,
                "datum": f"2025-{1 + number % 6:02}-01",
                "kanaal": ("web", "winkel")[number % 2],
                "subject_id": f"klant-{number % 10}",
                "naam": "Jan Jansen",
            }
            for number in range(n_rows)
        ]
    )


@pytest.fixture
def job(served: Served) -> Any:
    return served.send(feedback(), kind="root_causes", n_causes=4)


def report(served: Served, job: Any) -> Any:
    answer = served.result(job, "application/json")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_report_is_made_in_each_format(served: Served, job: Any) -> None:
    columns = job["columns"]
    assert (columns["text"], columns["score"], columns["date"]) == ("tekst", "nps", "datum")
    assert columns["segments"] == ["kanaal"]
    done = served.done(job)
    assert (done["status"], done["error"], done["rows_done"]) == ("succeeded", None, 120)
    document = report(served, job)
    assert served.result(job, "*/*").json() == document
    page = served.result(job, "text/html")
    assert page.headers["content-type"].startswith("text/html")
    assert "attachment" in page.headers["content-disposition"]
    counts = {
        media_type: len(READERS[media_type](served.result(job, media_type).content))
        for media_type in (JSONL, CSV, PARQUET, XLSX)
    }
    assert len(set(counts.values())) == 1
    assert "Jan Jansen" not in json.dumps(document) + page.text


def test_the_report_is_that_of_the_command(served: Served, job: Any) -> None:
    from models.root_cause import ClusterConfig, RootCauseAnalyser
    from models.root_cause.export.document import report_json
    from models.root_cause.frames import Columns
    from tests.service.jobs.job_files import read_csv

    served.done(job)
    rows = read_csv(feedback())
    frame = {name: [row[name] for row in rows] for name in rows[0]}
    classifier = served.app.state.services.classifier
    columns = Columns(text="tekst", id="id", score="nps", date="datum", segments=("kanaal",))
    analyser = RootCauseAnalyser(
        classifier.taxonomy,
        alignment=classifier.space.alignment,
        config=ClusterConfig(seed=0, n_causes=4),
    ).fit_frame(classifier, frame, columns=columns)
    assert report(served, job) == json.loads(report_json(analyser.report_))


def test_a_report_is_made_again_without_a_subject_who_is_erased(served: Served, job: Any) -> None:
    served.done(job)
    assert served.client.delete("/v1/subjects/klant-3").json()["erased"]["job_rows"] == 12
    done = served.done(job)
    assert (done["status"], done["rows_total"], done["rows_erased"]) == ("succeeded", 108, 12)
    complaints = READERS[JSONL](served.result(job, JSONL).content)
    numbers = {int(row["verbatim_id"].removeprefix("r")) for row in complaints}
    assert numbers
    assert not {number for number in numbers if number % 10 == 3}
    again = served.send(feedback(), kind="root_causes", n_causes=4)
    served.done(again)
    assert report(served, again) != report(served, job)


@pytest.mark.parametrize("wrong", [{"keep_columns": "nps"}, {"redact": "false"}])
def test_what_has_no_use_there_is_refused(served: Served, wrong: dict[str, str]) -> None:
    answer = served.client.post(
        "/v1/jobs",
        params={"kind": "root_causes", **wrong},
        content=feedback(4),
        headers={"Content-Type": CSV},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "validation_failed")


def test_a_file_without_complaints_gives_a_report_that_says_so(served: Served) -> None:
    job = served.send(b"id,text\n", kind="root_causes", text_column="text")
    assert served.done(job)["status"] == "succeeded"
    assert report(served, job)["causes"] == []
