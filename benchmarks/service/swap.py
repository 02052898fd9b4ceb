"""Requests that go on while the bundle is promoted and rolled back beneath them.

``python -m benchmarks.service.swap [--switches N] [--json OUT]`` serves a folder of promoted
bundles, keeps some connections busy, switches between the released bundle and a copy with other
thresholds, and counts what the callers saw: failures, latency at rest and while a bundle is
loaded, how soon the new one answers, and the memory after each switch. The last switch is told to
the service by SIGHUP.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import shutil
import signal
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
import numpy as np
from rich.console import Console

from benchmarks.service.process import Served, served
from models.bundle import RELEASED_BUNDLE, load_bundle, read_manifest, write_manifest
from training.labelled import read_corpus
from training.promotion import promote, rollback

_N_TEXTS = 4  # a request


class Stream:
    """Sends requests one after another until stopped."""

    def __init__(self, service: Served, texts: list[str]) -> None:
        self.answers: list[tuple[float, float, int, str]] = []  # sent at, took, status, version
        self._texts, self._service = texts, service
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._send)
        self._thread.start()

    def stop(self) -> None:
        """Send no more."""
        self._is_over.set()
        self._thread.join()

    def _send(self) -> None:
        place = 0
        headers = {"Authorization": f"Bearer {self._service.key}"}
        with httpx.Client(base_url=self._service.url, headers=headers, timeout=60) as client:
            while not self._is_over.is_set():
                some = [self._texts[(place + n) % len(self._texts)] for n in range(_N_TEXTS)]
                place += _N_TEXTS
                began = time.monotonic()
                try:
                    answer = client.post(
                        "/v1/classify", json={"verbatims": [{"text": text} for text in some]}
                    )
                    document = answer.json()
                    is_whole = len(document.get("results", ())) == _N_TEXTS
                    status = answer.status_code if is_whole else -answer.status_code
                    version = document.get("bundle_version", "")
                except httpx.HTTPError:
                    status, version = 0, ""
                self.answers.append((began, time.monotonic() - began, status, version))


def other_thresholds(folder: Path) -> Path:
    """A copy of the released bundle that abstains a little more."""
    shutil.copytree(RELEASED_BUNDLE, folder)
    calibration = load_bundle().calibration
    least = {task: value + 0.01 for task, value in calibration.min_probability.items()}
    dataclasses.replace(calibration, min_probability=least).save(folder / "calibration.json")
    prompt = read_manifest(RELEASED_BUNDLE).prompt
    write_manifest(folder, prompt=prompt, origin={"made_for": "swap benchmark"}, metrics={})
    return folder


def run(n_switches: int, n_streams: int) -> dict[str, object]:
    """Serve, stream and switch."""
    texts = [row.text for row in read_corpus()[:400]]
    with TemporaryDirectory() as name:
        target, other = Path(name) / "live", other_thresholds(Path(name) / "other")
        versions = [read_manifest(folder).bundle_version for folder in (RELEASED_BUNDLE, other)]
        promote(RELEASED_BUNDLE, target)
        with served(target, bundle_poll_s="1") as service:
            streams = [Stream(service, texts[n * 50 :]) for n in range(n_streams)]
            time.sleep(5)
            memory, windows, delays = [service.memory_mib()], [], []
            for number in range(n_switches):
                wanted = versions[1 - number % 2]
                began = time.monotonic()
                if number % 2 == 0:
                    promote(other, target, is_forced=True)
                else:
                    rollback(target)
                switched = time.monotonic()
                if number == n_switches - 1:
                    os.kill(service.pid, signal.SIGHUP)
                while not any(
                    version == wanted and sent > switched
                    for stream in streams
                    for sent, _, _, version in stream.answers[-20:]
                ):
                    if time.monotonic() - switched > 120:
                        raise RuntimeError("the new bundle never answered")
                    time.sleep(0.02)
                delays.append(time.monotonic() - switched)
                windows.append((began, time.monotonic()))
                time.sleep(3)
                memory.append(service.memory_mib())
            for stream in streams:
                stream.stop()
    answers = [answer for stream in streams for answer in stream.answers]
    swapping = np.asarray(
        [
            any(start <= sent + took and sent <= end for start, end in windows)
            for sent, took, *_ in answers
        ]
    )
    took_ms = 1000 * np.asarray([took for _, took, *_ in answers])
    return {
        "switches": n_switches,
        "requests": len(answers),
        "failures": sum(status != 200 for _, _, status, _ in answers),
        "unknown_versions": sum(version not in versions for *_, version in answers),
        "p50_p95_max_ms_at_rest": percentiles(took_ms[~swapping]),
        "p50_p95_max_ms_while_loading": percentiles(took_ms[swapping]),
        "seconds_until_the_new_one_answers": [round(delay, 1) for delay in delays],
        "memory_mib_before_and_after_each": [round(value) for value in memory],
    }


def percentiles(values: np.ndarray) -> list[float]:
    """Median, 95th percentile and maximum."""
    return [round(float(value), 1) for value in (*np.percentile(values, (50, 95)), values.max())]


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--switches", type=int, default=6)
    parser.add_argument("--streams", type=int, default=2)
    parser.add_argument("--json", type=Path, dest="json_out")
    args = parser.parse_args()
    found = run(args.switches, args.streams)
    Console().print_json(json.dumps(found))
    if args.json_out:
        args.json_out.write_text(json.dumps(found, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
