"""The released bundle through the real gate: against itself, and against a worse copy of it."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from models.bundle import RELEASED_BUNDLE, load_bundle, read_manifest, write_manifest
from models.heads import Head, Heads
from models.taxonomy import TASKS
from training.cli import main
from training.labelled import CORPUS, read_jsonl

pytestmark = pytest.mark.model

RELAXED = ("--max-slowdown", "1", "--resamples", "200", "--min-rows", "5")
"""A shared machine may stall; few rows keep the test short."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Held-out rows of the corpus in both languages."""
    entries = [
        entry
        for name in ("hotel", "bank", "parcel")
        for _, entry in read_jsonl(CORPUS / f"{name}.jsonl")
        if entry["split"] == "validation"
    ]
    path = tmp_path_factory.mktemp("data") / "rows.jsonl"
    path.write_text("\n".join(json.dumps(entry) for entry in entries[:80]), encoding="utf-8")
    return path


def write_confused(folder: Path) -> Path:
    """A copy of the released bundle that gives each label where it should give the next."""
    shutil.copytree(RELEASED_BUNDLE, folder)
    heads = {
        task: Head(weight=np.roll(head.weight, 1, axis=0), bias=np.roll(head.bias, 1))
        for task, head in load_bundle().heads.heads.items()
    }
    assert set(heads) == set(TASKS)
    Heads(heads).save(folder / "heads.safetensors")
    prompt = read_manifest(RELEASED_BUNDLE).prompt
    write_manifest(folder, prompt=prompt, origin={}, metrics={})
    return folder


def test_gate_and_promotion_keep_a_worse_bundle_out(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    released, target = str(RELEASED_BUNDLE), str(tmp_path / "live")
    confused = str(write_confused(tmp_path / "confused"))
    assert main(["promote", released, target]) == 0
    assert main(["gate", confused, target, str(data), *RELAXED]) == 1
    told = capsys.readouterr().out
    for figure in ("department macro-F1 of nl: ", "department macro-F1 of en: ", "F1 of hr: "):
        assert f"- {figure}" in told
    assert main(["promote", confused, target]) == 2
    assert "the gate refused" in capsys.readouterr().err
    assert load_bundle(target).bundle_version == read_manifest(RELEASED_BUNDLE).bundle_version


def test_released_bundle_passes_against_itself(data: Path, tmp_path: Path) -> None:
    report = tmp_path / "gate.json"
    released = str(RELEASED_BUNDLE)
    assert main(["gate", released, released, str(data), "--report", str(report), *RELAXED]) == 0
    outcome = json.loads(report.read_text())
    assert outcome["passed"] is True
    gains = {entry["gain"] for entry in outcome["comparisons"] if entry["kind"] != "speed"}
    assert gains == {0.0}
