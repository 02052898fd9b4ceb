"""A new bundle takes over while requests go on."""

import asyncio
import os
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from structlog.testing import capture_logs

from models.bundle import FILES, MANIFEST
from models.classifier import Classifier
from models.errors import BundleError
from service.api import bundles
from service.api.app import create_app
from service.api.bundles import BundleWatcher, take_fingerprint
from service.api.routes.taxonomy import get_taxonomy
from service.settings import Settings
from tests.service.api_app import GatedEncoder, classify, make_classifier, serving

DUTCH = "Vriendelijk geholpen, maar veel te lang gewacht aan de balie."
ENGLISH = "The staff were kind but the queue was far too long."


class Source:
    """Stands for the bundle on disk: what loading it gives, and how often it was loaded."""

    def __init__(self) -> None:
        self.encoder = GatedEncoder()
        self.version = "v1"
        self.error: Exception | None = None
        self.n_loads = 0
        self.loaded = threading.Event()

    def load(self) -> Classifier:
        self.n_loads += 1
        self.loaded.set()
        if self.error is not None:
            raise self.error
        classifier = make_classifier(self.encoder)
        classifier.bundle_version = self.version
        return classifier


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_bundle(tmp_path / "bundle")


def write_bundle(folder: Path) -> Path:
    folder.mkdir()
    for name in (MANIFEST, *FILES):
        (folder / name).write_text(name)
    return folder


@contextmanager
def running(source: Source, folder: Path, **changes: Any) -> Iterator[tuple[FastAPI, TestClient]]:
    settings = Settings(
        data_dir=folder.parent,
        database_url=f"sqlite:///{folder.parent}/k.db",
        bundle=folder,
        **{"bundle_poll_s": 0, **changes},
    )
    app = create_app(settings, source.load)
    with serving(app) as client:
        yield app, client


def watcher(app: FastAPI) -> BundleWatcher:
    bundles: BundleWatcher = app.state.services.bundles
    return bundles


def swap(app: FastAPI, source: Source, version: str) -> None:
    source.version = version
    assert watcher(app).check(is_asked=True)


def test_a_stream_of_requests_sees_no_failure_while_bundles_change(
    source: Source, folder: Path
) -> None:
    versions = [f"v{number}" for number in range(1, 5)]
    with running(source, folder) as (app, client):
        seen: list[tuple[int, str, set[str]]] = []
        is_over = threading.Event()
        answered = threading.Semaphore(0)

        def stream() -> None:
            while not is_over.is_set():
                sent = {"verbatims": [{"text": DUTCH}, {"text": ENGLISH}]}
                answer = client.post("/v1/classify", json=sent)
                document = answer.json()
                statuses = {result["status"] for result in document.get("results", [])}
                seen.append((answer.status_code, document.get("bundle_version", ""), statuses))
                answered.release()

        threads = [threading.Thread(target=stream) for _ in range(2)]
        for thread in threads:
            thread.start()
        for version in versions[1:]:
            swap(app, source, version)
            for _ in range(3):
                assert answered.acquire(timeout=30)
        is_over.set()
        for thread in threads:
            thread.join()
        assert {(status, *statuses) for status, _, statuses in seen} == {(200, "ok")}
        assert {version for _, version, _ in seen} <= set(versions)
        assert len({version for _, version, _ in seen}) >= 2
        assert classify(client, DUTCH)["bundle_version"] == versions[-1]


def test_a_request_in_flight_finishes_on_the_old_bundle(source: Source, folder: Path) -> None:
    with running(source, folder) as (app, client):
        answers: list[Any] = []
        texts = ["Ik stond te lang voor de poort.", *[DUTCH, ENGLISH] * 100]  # more than one batch
        thread = threading.Thread(target=lambda: answers.append(classify(client, *texts)))
        thread.start()
        assert source.encoder.is_waiting.wait(30)
        swap(app, source, "v2")
        source.encoder.gate.set()
        thread.join()
        (document,) = answers
        assert document["bundle_version"] == "v1"
        assert {result["status"] for result in document["results"]} == {"ok"}
        assert classify(client, DUTCH)["bundle_version"] == "v2"


def test_the_old_bundle_is_freed(source: Source, folder: Path) -> None:
    with running(source, folder) as (app, client):
        classify(client, DUTCH, ENGLISH)
        old = weakref.ref(app.state.services.classifier)
        swap(app, source, "v2")
        over = time.monotonic() + 30
        while old() is not None and time.monotonic() < over:
            time.sleep(0.01)  # a worker answers first and lets go of the batch then
        assert old() is None


def test_everything_tells_the_new_version(source: Source, folder: Path) -> None:
    with running(source, folder) as (app, client):
        assert 'klantstem_bundle_info{bundle_version="v1"} 1.0' in client.get("/metrics").text
        swap(app, source, "v2")
        (model,) = client.get("/v1/models").json()["data"]
        metrics = client.get("/metrics").text
        assert model["bundle_version"] == "v2"
        assert client.get("/v1/taxonomy").json()["bundle_version"] == "v2"
        assert client.get("/health/ready").json()["bundle_version"] == "v2"
        assert 'klantstem_bundle_info{bundle_version="v2"} 1.0' in metrics
        assert '"v1"' not in metrics
        assert 'klantstem_bundle_changes_total{outcome="swapped"} 1.0' in metrics
        embedded = client.post("/v1/embeddings", json={"model": "v2", "input": "Te duur"})
        assert embedded.status_code == 200


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (BundleError("heads.safetensors was altered"), {"reason": "heads.safetensors was altered"}),
        (MemoryError("zeldzaamwoord"), {"error": "MemoryError"}),
    ],
)
def test_a_broken_bundle_is_refused_and_the_old_one_serves_on(
    source: Source, folder: Path, error: Exception, told: dict[str, str]
) -> None:
    with running(source, folder) as (app, client):
        source.error = error
        (folder / "heads.safetensors").write_text("altered!")
        with capture_logs() as logs:
            assert not watcher(app).check()
        (line,) = logs
        assert line["event"] == "bundle_refused"
        assert line.items() >= {"serving": "v1", **told}.items()
        assert "zeldzaamwoord" not in str(line)
        assert classify(client, DUTCH, ENGLISH)["bundle_version"] == "v1"
        assert 'outcome="refused"} 1.0' in client.get("/metrics").text


def test_a_bundle_that_fails_on_plain_sentences_is_refused(source: Source, folder: Path) -> None:
    with running(source, folder) as (app, client):
        good, source.encoder = source.encoder, GatedEncoder()
        source.encoder.encode_states = lambda texts: (_ for _ in ()).throw(MemoryError())  # type: ignore[method-assign, misc]
        source.version = "v2"
        with capture_logs() as logs:
            assert not watcher(app).check(is_asked=True)
        assert "fails on plain sentences" in logs[-1]["reason"]
        assert classify(client, DUTCH)["bundle_version"] == "v1"
        source.encoder = good
        swap(app, source, "v2")


def test_a_broken_bundle_is_tried_again_only_when_it_changes(source: Source, folder: Path) -> None:
    with running(source, folder) as (app, _):
        source.error = BundleError("half copied")
        (folder / "heads.safetensors").write_text("half a file")
        assert [watcher(app).check() for _ in range(3)] == [False] * 3
        assert source.n_loads == 2
        source.error, source.version = None, "v2"
        (folder / "heads.safetensors").write_text("all of the file")
        assert watcher(app).check()


def test_an_unchanged_folder_is_not_loaded_again(source: Source, folder: Path) -> None:
    with running(source, folder) as (app, _):
        assert not watcher(app).check()
        assert source.n_loads == 1


def test_the_same_bundle_does_not_count_as_a_change(source: Source, folder: Path) -> None:
    with running(source, folder) as (app, client):
        os.utime(folder / MANIFEST, (1, 1))
        assert not watcher(app).check()
        assert source.n_loads == 2
        assert "klantstem_bundle_changes_total{" not in client.get("/metrics").text


def test_the_folder_is_polled(source: Source, folder: Path) -> None:
    with running(source, folder, bundle_poll_s=0.01) as (app, client):
        source.loaded.clear()
        source.version = "v2"
        (folder / "heads.safetensors").write_text("new heads")
        assert source.loaded.wait(30)
        watcher(app).close()  # waits for the swap
        assert classify(client, DUTCH)["bundle_version"] == "v2"


def test_without_a_named_bundle_it_is_loaded_again_when_asked(
    source: Source, tmp_path: Path
) -> None:
    settings = Settings(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/k.db")
    with serving(create_app(settings, source.load)) as client:
        source.loaded.clear()
        source.version = "v2"
        bundles: BundleWatcher = client.app.state.services.bundles  # type: ignore[attr-defined]
        bundles.ask()
        assert source.loaded.wait(30)
        bundles.close()
        assert classify(client, DUTCH)["bundle_version"] == "v2"


def test_fingerprint_follows_the_link_of_a_folder_of_bundles(tmp_path: Path) -> None:
    first, second = write_bundle(tmp_path / "a"), write_bundle(tmp_path / "b")
    target = tmp_path / "live"
    target.mkdir()
    (target / "current").symlink_to(first)
    before = take_fingerprint(target)
    assert before == take_fingerprint(target / "current") == take_fingerprint(first)
    (target / "next").symlink_to(second)
    os.replace(target / "next", target / "current")
    assert take_fingerprint(target) == take_fingerprint(second) != before


def test_a_folder_that_cannot_be_read_for_a_while_is_watched_on(
    source: Source, tmp_path: Path
) -> None:
    target = tmp_path / "live"
    target.mkdir()
    link = target / "current"
    link.symlink_to(write_bundle(tmp_path / "a"))
    with running(source, target, bundle_poll_s=0.01) as (app, client):
        with capture_logs() as logs:
            link.unlink()
            link.symlink_to("current")  # a circle
            wait_for(lambda: logs)
            time.sleep(0.1)  # some more looks
        assert [line["event"] for line in logs] == ["bundle_unreadable"]  # told once
        assert classify(client, DUTCH)["bundle_version"] == "v1"
        source.version = "v2"
        link.unlink()
        link.symlink_to(write_bundle(tmp_path / "b"))
        wait_for(lambda: app.state.services.classifier.bundle_version == "v2")


def test_without_access_nothing_is_changed_and_a_line_tells(
    source: Source, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(source, folder) as (app, _):

        def refuse(_: object) -> None:
            raise PermissionError(13, "zeldzaamwoord")

        monkeypatch.setattr(bundles, "take_fingerprint", refuse)
        with capture_logs() as logs:
            assert [watcher(app).check() for _ in range(3)] == [False] * 3
            assert not watcher(app).check(is_asked=True)
        assert [line["event"] for line in logs] == ["bundle_unreadable"] * 2
        assert logs[0]["error"] == "PermissionError"
        assert "zeldzaamwoord" not in str(logs)
        monkeypatch.undo()
        swap(app, source, "v2")


def test_an_unforeseen_error_does_not_end_the_watching(
    source: Source, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with running(source, folder) as (app, _):

        def fail() -> None:
            raise MemoryError("zeldzaamwoord")

        watcher(app).ask()
        wait_for(lambda: source.n_loads == 2)
        source.version = "v2"
        with monkeypatch.context() as patch, capture_logs() as logs:
            patch.setattr(app.state.services.batcher, "replace_engine", lambda _: fail())
            watcher(app).ask()
            wait_for(lambda: logs)
        (line,) = logs
        assert (line["event"], line["error"]) == ("bundle_watch_failed", "MemoryError")
        assert "zeldzaamwoord" not in str(line)
        watcher(app).ask()
        wait_for(lambda: app.state.services.classifier.bundle_version == "v2")


def test_the_taxonomy_is_told_with_the_version_it_belongs_to() -> None:
    told = iter(("v1", "v2", "v3"))

    class Swapping:
        """Gives another bundle each time it is asked."""

        @property
        def classifier(self) -> Classifier:
            classifier = make_classifier(GatedEncoder())
            classifier.bundle_version = next(told)
            return classifier

    answer = asyncio.run(get_taxonomy(cast(Any, None), cast(Any, Swapping())))
    assert answer.bundle_version == "v1"


def wait_for(is_reached: Callable[[], object]) -> None:
    """Wait until something is the case."""
    over = time.monotonic() + 30
    while not is_reached():
        assert time.monotonic() < over
        time.sleep(0.01)
