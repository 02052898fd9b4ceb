import dataclasses
from pathlib import Path

import numpy as np
import pytest
from tiny import tiny_config, tiny_rows, tiny_taxonomy

from models.bundle import load_bundle, read_manifest
from training.export import (
    ParityError,
    check_parity,
    export_bundle,
    label_agreement,
    replace_folder,
)
from training.fit import FineTuning
from training.saved_run import SavedRun, check_settings
from training.teacher import read_teacher
from training.writing import TrainingError

HELD_OUT = [row for row in tiny_rows() if row.split == "validation"]


@pytest.mark.parametrize(
    ("quantisation", "references"),
    [
        ("int8", {"trained", "float32"}),
        ("w8a16", {"trained", "float32"}),
        ("int8_blocks", {"trained"}),
    ],
)
def test_finished_run_is_exported_in_either_quantisation(
    tiny_base: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    quantisation: str,
    references: set[str],
) -> None:
    config = tiny_config(tiny_base, epochs=4, int8_epochs=2)
    FineTuning(tiny_rows(), tiny_taxonomy(), config, tmp_path / "run").run()
    saved = read_teacher(tmp_path / "run", config, None)
    run = SavedRun(saved, HELD_OUT, tmp_path / "run", quantisation=quantisation)
    metrics = export_bundle(run, HELD_OUT, tiny_rows(), tmp_path / "bundle", base_name="tiny")
    assert "note: sentiment: no held-out row of negative" in capsys.readouterr().err
    assert set(metrics["label_agreement_with_torch"]) == references
    origin = read_manifest(tmp_path / "bundle").origin
    assert origin["config"]["quantisation"] == quantisation
    assert load_bundle(tmp_path / "bundle", n_threads=1).encoder.dim == 32


def logits(*department: tuple[float, float]) -> dict[str, np.ndarray]:
    rows = np.asarray(department, dtype=np.float32)
    return {"topics": rows, "sentiment": np.ones_like(rows), "department": rows}


def test_agreement_counts_topics_one_by_one_and_in_sets() -> None:
    first = logits((1, -1), (1, -1), (-1, 1), (1, -1))
    second = logits((1, -1), (1, 2), (-1, 1), (1, -1))
    assert label_agreement(first, second) == {
        "topics": 7 / 8,
        "topic_sets": 3 / 4,
        "sentiment": 1.0,
        "department": 3 / 4,
    }


def test_export_that_changes_labels_is_refused() -> None:
    first, second = logits((1, -1), (1, -1)), logits((1, -1), (-1, 1))
    with pytest.raises(ParityError, match=r"department 0\.5000; 0\.995 is wanted"):
        check_parity(first, {"trained": second}, min_same_labels=0.995)
    # Only what was trained decides; the other figures are told.
    found = check_parity(first, {"trained": first, "float32": second}, min_same_labels=0.995)
    assert set(found) == {"trained", "float32"}


def test_refused_export_leaves_the_bundle_that_stands(tiny_base: Path, tmp_path: Path) -> None:
    config = tiny_config(tiny_base, epochs=1, int8_epochs=0, min_same_labels=1.1)
    FineTuning(tiny_rows(), tiny_taxonomy(), config, tmp_path / "run").run()
    run = SavedRun(read_teacher(tmp_path / "run", config, None), HELD_OUT, tmp_path / "run")
    bundle = tmp_path / "bundle"
    bundle.mkdir()
    (bundle / "manifest.json").write_text("what stands")
    with pytest.raises(ParityError):
        export_bundle(run, HELD_OUT, tiny_rows(), bundle, base_name="tiny")
    assert (bundle / "manifest.json").read_text() == "what stands"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle", "run"]


def test_scores_that_are_no_numbers_are_refused() -> None:
    lost = logits((float("nan"), 1.0))
    with pytest.raises(ParityError, match="the exported model gives scores that are no numbers"):
        check_parity(lost, {"trained": lost}, min_same_labels=0.5)


def test_only_a_bundle_is_replaced(tmp_path: Path) -> None:
    work, new = tmp_path / "work", tmp_path / "new"
    (work / "run").mkdir(parents=True)
    (work / "run" / "best.pt").write_text("hours")
    new.mkdir()
    (new / "manifest.json").write_text("{}")
    with pytest.raises(TrainingError, match="is there and is no bundle"):
        replace_folder(new, work)
    assert (work / "run" / "best.pt").read_text() == "hours"
    replace_folder(new, tmp_path / "bundle")
    assert (tmp_path / "bundle" / "manifest.json").exists()


def test_frozen_run_has_no_network_to_export(tiny_base: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="a run in frozen mode keeps no network"):
        read_teacher(tmp_path, tiny_config(tiny_base, mode="frozen"), None)


def test_settings_of_another_run_are_named(tiny_base: Path, tmp_path: Path) -> None:
    config = tiny_config(tiny_base)
    FineTuning(tiny_rows(), tiny_taxonomy(), config, tmp_path).run()
    check_settings(tmp_path, config)
    check_settings(tmp_path, dataclasses.replace(config, quantisation="w8a16", base="elsewhere"))
    with pytest.raises(TrainingError, match=r"than the file says \(batch_size, epochs\)"):
        check_settings(tmp_path, dataclasses.replace(config, epochs=9, batch_size=2))


def test_interrupted_run_is_not_exported(tiny_base: Path, tmp_path: Path) -> None:
    (tmp_path / "status.json").write_text('{"status": "interrupted"}')
    with pytest.raises(TrainingError, match="was interrupted: repeat its command"):
        check_settings(tmp_path, tiny_config(tiny_base))
