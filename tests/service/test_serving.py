"""A real server: callers who hang up, overload, the stop, and the command that starts it."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from service.api.server import open_socket
from service.cli import Context, main
from tests.service.api_app import MARKER, GatedEncoder, add_key, make_full_app
from tests.service.server import ThreadedServer

LIMIT_S = 60


@pytest.fixture
def encoder() -> Iterator[GatedEncoder]:
    made = GatedEncoder()
    yield made
    made.gate.set()


@pytest.fixture
def app(encoder: GatedEncoder, tmp_path: Path) -> FastAPI:
    return make_full_app(
        f"sqlite:///{tmp_path}/k.db",
        encoder,
        data_dir=tmp_path,
        batch_tokens=1,
        max_queue_wait_s=0.05,
        shutdown_grace_s=20,
    )


@pytest.fixture
def server(app: FastAPI, encoder: GatedEncoder) -> Iterator[ThreadedServer]:
    made = ThreadedServer(app)
    with made.running():
        yield made
        encoder.gate.set()


def post(
    server: ThreadedServer, key: dict[str, str], *texts: str
) -> tuple[int, dict[str, str], Any]:
    """Classify over a connection of its own: status, headers, document."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=LIMIT_S)
    try:
        body = json.dumps({"verbatims": [{"text": text} for text in texts]})
        headers = {**key, "Content-Type": "application/json"}
        connection.request("POST", "/v1/classify", body, headers)
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, named, json.loads(answer.read())
    finally:
        connection.close()


def hold_workers(
    server: ThreadedServer, key: dict[str, str], encoder: GatedEncoder, pool: ThreadPoolExecutor
) -> list[Any]:
    """Keep both workers of the queue busy until the gate opens."""
    calls = []
    for number in range(2):
        encoder.is_waiting.clear()
        calls.append(pool.submit(post, server, key, f"poort {number}"))
        assert encoder.is_waiting.wait(LIMIT_S)
    return calls


def wait_for(is_so: Any) -> None:
    deadline = time.monotonic() + LIMIT_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_who_hangs_up_is_dropped_from_the_queue(
    server: ThreadedServer, app: FastAPI, encoder: GatedEncoder
) -> None:
    key = add_key(app)
    depth = app.state.services.batcher._count_waiting
    with ThreadPoolExecutor(4) as pool:
        held = hold_workers(server, key, encoder, pool)
        body = json.dumps({"verbatims": [{"text": f"opgehangen {MARKER}"}]}).encode()
        with socket.create_connection(("127.0.0.1", server.port)) as sock:
            head = (
                "POST /v1/classify HTTP/1.1\r\nHost: x\r\n"
                f"Authorization: {key['Authorization']}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            )
            sock.sendall(head.encode() + body)
            wait_for(lambda: depth() == 1)
        wait_for(lambda: depth() == 0)
        encoder.gate.set()
        assert [call.result()[0] for call in held] == [200, 200]
        assert post(server, key, "te duur")[0] == 200
    assert not any("opgehangen" in text for text in encoder.seen)


def test_overload_is_answered_at_once_and_what_was_taken_is_done(
    server: ThreadedServer, app: FastAPI, encoder: GatedEncoder
) -> None:
    key = add_key(app)
    with ThreadPoolExecutor(64) as pool:
        held = hold_workers(server, key, encoder, pool)
        waiting = [pool.submit(post, server, key, f"te duur {number}") for number in range(60)]
        refused_early = [None]
        wait_for(lambda: any(call.done() for call in waiting))
        refused_early = [call.result() for call in waiting if call.done()]
        encoder.gate.set()
        answers = [call.result() for call in (*held, *waiting)]
    assert refused_early
    for status, headers, problem in refused_early:
        assert (status, problem["code"]) == (429, "overloaded")
        assert 1 <= int(headers["retry-after"]) <= 60
    statuses = [status for status, _, _ in answers]
    assert set(statuses) == {200, 429}
    assert all(
        document["results"][0]["status"] == "ok" for status, _, document in answers if status == 200
    )
    assert post(server, key, "te duur")[0] == 200


def test_a_stop_finishes_what_was_accepted(
    server: ThreadedServer, app: FastAPI, encoder: GatedEncoder
) -> None:
    key = add_key(app)
    with ThreadPoolExecutor(4) as pool:
        held = hold_workers(server, key, encoder, pool)
        waiting = pool.submit(post, server, key, "te duur")
        wait_for(lambda: app.state.services.batcher._count_waiting() == 1)
        server.terminate()
        assert app.state.health.is_stopping
        wait_for(lambda: not can_connect(server.port))
        encoder.gate.set()
        assert [call.result()[0] for call in (*held, waiting)] == [200, 200, 200]
    server.join()
    assert not app.state.services.batcher.is_healthy


def can_connect(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def test_broken_http_is_refused_and_harms_nobody(server: ThreadedServer, app: FastAPI) -> None:
    key = add_key(app)
    for sent in (b"\x16\x03\x01\x02\x00", b"GET / HTTP/9\r\n\r\n", b"GET /a b c\r\n\r\n"):
        with socket.create_connection(("127.0.0.1", server.port), timeout=LIMIT_S) as sock:
            sock.sendall(sent)
            assert sock.recv(1000).startswith(b"HTTP/1.1 400")
    assert post(server, key, "te duur")[0] == 200


def test_half_a_body_is_no_call(
    server: ThreadedServer, app: FastAPI, encoder: GatedEncoder
) -> None:
    key = add_key(app)
    with socket.create_connection(("127.0.0.1", server.port)) as sock:
        sock.sendall(
            f"POST /v1/classify HTTP/1.1\r\nHost: x\r\nAuthorization: {key['Authorization']}\r\n"
            'Content-Type: application/json\r\nContent-Length: 9999\r\n\r\n{"verbatims":'.encode()
        )
    assert post(server, key, "te duur")[0] == 200
    assert encoder.seen[-1].endswith("te duur")


# The command.


def test_a_port_that_is_taken_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    with open_socket("127.0.0.1", 0) as sock:
        sock.listen()
        port = str(sock.getsockname()[1])
        arguments = ["serve", "--port", port, "--data-dir", str(tmp_path)]
        assert main(arguments, context=Context(load_classifier=no_classifier)) == 2
    told = capsys.readouterr().err
    assert told.startswith(f"klantstem: cannot listen on 127.0.0.1:{port}: ")
    assert told.count("\n") == 1


@pytest.mark.parametrize(
    "wrong",
    [
        ("PORT", "x", "KLANTSTEM_PORT"),
        ("MAX_ITEMS", "0", "KLANTSTEM_MAX_ITEMS"),
        ("DATABASE_URL", "mysql://u:geheim@h/d", "no store for"),
        ("DATABASE_URL", "geheim", "KLANTSTEM_DATABASE_URL"),
        ("DATABASE_URL", "postgresql://u:geheim@127.0.0.1:1/d", "does not answer"),
        ("RATE_LIMIT_STORAGE", "nowhere://geheim", "KLANTSTEM_RATE_LIMIT_STORAGE"),
    ],
)
def test_a_wrong_setting_is_told_in_one_line_without_its_secret(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    wrong: tuple[str, str, str],
) -> None:
    name, value, told = wrong
    monkeypatch.setenv(f"KLANTSTEM_{name}", value)
    port = [] if name == "PORT" else ["--port", "0"]
    arguments = ["serve", *port, "--data-dir", str(tmp_path)]
    assert main(arguments, context=Context(load_classifier=no_classifier)) == 2
    printed = capsys.readouterr()
    last = printed.err.splitlines()[-1]
    assert last.startswith("klantstem: ")
    assert told in last
    assert "geheim" not in printed.err + printed.out
    assert "Traceback" not in printed.err


def no_classifier(*_: object) -> Any:
    raise AssertionError("the classifier was loaded")


def test_settings_are_listed_without_secrets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KLANTSTEM_DATABASE_URL", "postgresql://u:geheim@h/d")
    monkeypatch.setenv("KLANTSTEM_MAX_ITEMS", "7")
    assert main(["serve", "--settings"], context=Context(load_classifier=no_classifier)) == 0
    listed = capsys.readouterr().out
    assert "KLANTSTEM_MAX_ITEMS=7\n" in listed
    assert "KLANTSTEM_DATABASE_URL=***" in listed
    assert "geheim" not in listed


@pytest.mark.model
def test_the_command_serves_the_released_bundle_until_sigterm(tmp_path: Path) -> None:
    made = run_klantstem(tmp_path, "keys", "create", "--tenant", "acme", "--scope", "classify")
    assert made.returncode == 0
    key = {"Authorization": f"Bearer {made.stdout.strip()}"}
    command = [sys.executable, "-m", "service", "serve", "--port", "0", "--data-dir", str(tmp_path)]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            greeting = [process.stdout.readline() for _ in range(4)]
            assert greeting[0].startswith("klantstem serves on http://127.0.0.1:")
            assert "klantstem keys create" in greeting[3]
            port = int(greeting[0].rsplit(":", 1)[1])
            errors: list[str] = []
            reader = threading.Thread(target=lambda: errors.append(process.stderr.read()))  # type: ignore[union-attr]
            reader.start()
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_S)
            sent = json.dumps({"verbatims": [{"text": f"De monteur was te laat {MARKER}"}]})
            headers = {**key, "Content-Type": "application/json"}
            connection.request("POST", "/v1/classify", sent, headers)
            (result,) = json.loads(connection.getresponse().read())["results"]
            assert (result["status"], result["language"]) == ("ok", "nl")
            connection.close()
            process.send_signal(signal.SIGTERM)
            assert process.wait(LIMIT_S) == 0
        finally:
            process.kill()
        reader.join(LIMIT_S)
    assert MARKER not in errors[0]
    assert all(json.loads(line) for line in errors[0].splitlines())


def run_klantstem(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "service", *arguments, "--data-dir", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
