"""Names by a language model, against a server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from service.polish import KEY_VARIABLE, ChatPolisher, PolishError, read_name
from tests.service.test_root_causes_command import SECRET, document, feedback, run, write_csv

KEY = "sk-geheim"


@dataclass
class FakeEndpoint:
    """Answers each question with what ``answer`` makes of it, and keeps what it was sent."""

    answer: Callable[[int], tuple[int, str]]
    url: str = ""
    seen: list[dict[str, Any]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)


@pytest.fixture
def endpoint() -> Iterator[FakeEndpoint]:
    fake = FakeEndpoint(answer=lambda n: (200, chat(f"Naam {n}", f"Name {n}")))

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = self.rfile.read(int(self.headers["Content-Length"]))
            fake.seen.append(json.loads(content))
            fake.headers.append(dict(self.headers))
            fake.paths.append(self.path)
            status, body = fake.answer(len(fake.seen))
            self.send_response(status)
            if status in (301, 302, 307):
                self.send_header("Location", f"{fake.url}/elsewhere")
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: Any) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        fake.url = f"http://127.0.0.1:{server.server_address[1]}/v1"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield fake
        server.shutdown()
        thread.join()


def chat(dutch: str, english: str) -> str:
    content = json.dumps({"nl": dutch, "en": english})
    return json.dumps({"choices": [{"message": {"content": f"```json\n{content}\n```"}}]})


@pytest.fixture
def table(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "in.csv", feedback(10))


def polish(table: Path, url: str) -> dict[str, Any]:
    folder = table.parent / "out"
    options = ["--polish-names-url", url, "--polish-names-model", "small", "-q"]
    assert run(table, "-o", folder, *options) == 0
    return document(folder)


def test_names_come_from_the_endpoint_and_the_report_says_so(
    endpoint: FakeEndpoint, table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(KEY_VARIABLE, KEY)
    found = polish(table, endpoint.url)
    names = {(cause["name"]["nl"], cause["name"]["en"]) for cause in found["causes"]}
    assert names == {(f"Naam {n}", f"Name {n}") for n in range(1, len(names) + 1)}
    assert found["names_polished_by"] == "small"
    notes = {note["code"]: note["count"] for note in found["notes"]}
    assert notes["names_polished"] == len(names)
    assert "names_not_polished" not in notes
    page = (table.parent / "out" / "report.html").read_text(encoding="utf-8")
    assert "die een taalmodel heeft herschreven" in page
    model = json.loads((table.parent / "out" / "model" / "model.json").read_text())
    assert {name["en"] for name in model["names"]} == {english for _, english in names}
    assert endpoint.paths == ["/v1/chat/completions"] * len(names)
    assert endpoint.headers[0]["Authorization"] == f"Bearer {KEY}"


def test_only_redacted_exemplars_and_key_terms_leave(endpoint: FakeEndpoint, table: Path) -> None:
    found = polish(table, endpoint.url)
    sent = json.dumps(endpoint.seen, ensure_ascii=False)
    assert SECRET not in sent
    exemplars = {item["text"] for cause in found["causes"] for item in cause["exemplars"]}
    for question in endpoint.seen:
        lines = question["messages"][1]["content"].splitlines()
        complaints = {line.removeprefix("Complaint: ") for line in lines if "Complaint: " in line}
        assert complaints <= exemplars
        assert complaints
        others = [line for line in lines if not line.startswith(("Complaint: ", "Key terms ("))]
        assert others == []
    assert "Authorization" not in endpoint.headers[0]


@pytest.mark.parametrize(
    "answer",
    [
        (500, "{}"),
        (200, "no json"),
        (200, '{"choices": []}'),
        (200, chat("", "Empty")),
        (200, chat("x" * 200, "Long")),
        (200, chat("Twee\x07", "Control")),
        (307, ""),
    ],
)
def test_a_failure_keeps_the_key_terms(
    endpoint: FakeEndpoint, table: Path, answer: tuple[int, str]
) -> None:
    endpoint.answer = lambda n: answer
    found = polish(table, endpoint.url)
    assert found["names_polished_by"] == ""
    notes = {note["code"]: note["count"] for note in found["notes"]}
    assert notes["names_not_polished"] == len(found["causes"])
    assert "/v1/elsewhere" not in endpoint.paths
    assert all(cause["name"]["nl"] for cause in found["causes"])


def test_an_endpoint_that_is_away_is_not_asked_for_ever(table: Path) -> None:
    found = polish(table, "http://127.0.0.1:9/v1")
    assert "names_not_polished" in {note["code"] for note in found["notes"]}


def test_three_failures_in_a_row_are_enough(endpoint: FakeEndpoint, table: Path) -> None:
    endpoint.answer = lambda n: (200, chat("Een", "One")) if n == 1 else (503, "")
    found = polish(table, endpoint.url)
    assert len(endpoint.seen) == 4
    assert [cause["name"]["en"] == "One" for cause in found["causes"]].count(True) == 1


@pytest.mark.parametrize(
    ("url", "key", "message"),
    [
        ("ftp://a.example/v1", "", "http:// or https://"),
        ("a.example/v1", "", "http:// or https://"),
        ("http://a.example/v1", KEY, "plain http"),
    ],
)
def test_addresses_that_are_refused(url: str, key: str, message: str) -> None:
    with pytest.raises(PolishError, match=message):
        ChatPolisher(url, "small", key=key)


def test_the_key_is_not_shown() -> None:
    assert KEY not in repr(ChatPolisher("https://a.example/v1", "small", key=KEY))


@pytest.mark.parametrize("response", [b"", b"[]", b'{"choices": [{"message": {"content": 3}}]}'])
def test_read_name_takes_no_nonsense(response: bytes) -> None:
    assert read_name(response) is None
