import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import tiny_config, tiny_rows, tiny_taxonomy

from models.bundle import load_bundle
from models.domain import TaggedVerbatim, Verbatim
from training.export import export_bundle
from training.fit import FineTuning, TrainingError


def start(base: Path, folder: Path, **changes: object) -> FineTuning:
    return FineTuning(tiny_rows(), tiny_taxonomy(), tiny_config(base, **changes), folder)


def test_run_overfits_a_few_examples(tiny_base: Path, tmp_path: Path) -> None:
    run = start(tiny_base, tmp_path, epochs=40, int8_epochs=0, patience=40, base_weight=0.0)
    history = run.run()
    assert history[-1]["loss"] < history[0]["loss"] / 2
    scores = run.evaluate(run.train)
    assert scores["department"] == 1.0
    assert scores["sentiment"] == 1.0


def test_killed_run_ends_as_an_unbroken_one(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unbroken = start(tiny_base, tmp_path / "a", epochs=3)
    unbroken.run()

    killed = start(tiny_base, tmp_path / "b", epochs=3)
    steps = iter(range(1000))

    def step_until_killed(*arguments: object) -> float:
        if next(steps) == 3:
            raise KeyboardInterrupt
        return FineTuning._step(killed, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(killed, "_step", step_until_killed)
    with pytest.raises(KeyboardInterrupt):
        killed.run()
    resumed = start(tiny_base, tmp_path / "b", epochs=3)
    resumed.run()
    assert resumed.history == unbroken.history
    for name, tensor in unbroken.network.state_dict().items():
        assert torch.equal(tensor, resumed.network.state_dict()[name]), name


def test_checkpoint_of_other_settings_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    start(tiny_base, tmp_path, epochs=1).run()
    with pytest.raises(TrainingError, match="other settings"):
        start(tiny_base, tmp_path, epochs=2).run()


def test_checkpoint_of_other_rows_is_refused(tiny_base: Path, tmp_path: Path) -> None:
    start(tiny_base, tmp_path, epochs=1).run()
    rows = [dataclasses.replace(row, text=row.text + "!") for row in tiny_rows()]
    config = tiny_config(tiny_base, epochs=1)
    with pytest.raises(TrainingError, match="other rows"):
        FineTuning(rows, tiny_taxonomy(), config, tmp_path).run()


def test_missing_base_is_named(tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is no encoder folder"):
        start(tmp_path / "absent", tmp_path)


def test_damaged_checkpoint_is_named(tiny_base: Path, tmp_path: Path) -> None:
    (tmp_path / "checkpoint.pt").write_bytes(b"not a checkpoint")
    with pytest.raises(TrainingError, match=r"checkpoint\.pt is damaged"):
        start(tiny_base, tmp_path).run()


def test_rows_of_one_split_only_are_refused(tiny_base: Path, tmp_path: Path) -> None:
    rows = [row for row in tiny_rows() if row.split == "train"]
    with pytest.raises(TrainingError, match="both splits"):
        FineTuning(rows, tiny_taxonomy(), tiny_config(tiny_base), tmp_path)


def test_exported_bundle_serves_what_was_trained(tiny_base: Path, tmp_path: Path) -> None:
    run = start(tiny_base, tmp_path / "run", epochs=30, int8_epochs=15, patience=30)
    run.run()
    held_out = [row for row in tiny_rows() if row.split == "validation"]
    bundle = tmp_path / "bundle"
    metrics = export_bundle(run, held_out, tiny_rows(), bundle, base_name="tiny")
    assert metrics["label_agreement_with_torch"]["department"] == 1.0
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["origin"]["corpus_rows"] == 12
    assert str(tmp_path) not in json.dumps(manifest)

    classifier = load_bundle(bundle, n_threads=1)
    train = [row for row in tiny_rows() if row.split == "train"]
    results = classifier.classify([Verbatim(id=row.id, text=row.text) for row in train])
    for row, result in zip(train, results, strict=True):
        assert isinstance(result, TaggedVerbatim)
        assert result.department is not None
        assert result.department.department == row.labels.department
    long = classifier.classify([Verbatim(id="long", text="veel te duur en te laat " * 300)])[0]
    assert long.status.value == "ok"
    assert np.isfinite(long.department.probability)
