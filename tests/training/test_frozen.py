import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from tiny import tiny_config, tiny_rows, tiny_taxonomy

from models.bundle import load_bundle
from models.domain import TaggedVerbatim, Verbatim
from training import frozen as frozen_module
from training.config import FrozenConfig
from training.export import export_bundle
from training.feature_store import compute_store, store_name
from training.frozen import FrozenFit
from training.origins import hash_encoder
from training.writing import TrainingError


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Shared: the export of the tiny encoder takes longer than the tests."""
    return tmp_path_factory.mktemp("cache")


def start(base: Path, cache: Path, folder: Path, **changes: object) -> FrozenFit:
    settings = FrozenConfig(cache=str(cache), penalties=(1e-2, 1e-4), max_iterations=200)
    config = tiny_config(base, mode="frozen", frozen=settings, patience=5)
    rows = changes.pop("rows", tiny_rows())
    return FrozenFit(rows, tiny_taxonomy(), dataclasses.replace(config, **changes), folder)  # type: ignore[arg-type]


def test_fit_and_export_give_the_labels_of_the_rows(
    tiny_base: Path, cache: Path, tmp_path: Path
) -> None:
    run = start(tiny_base, cache, tmp_path / "run")
    history = run.run()
    assert [entry["penalty"] for entry in history] == [1e-2, 1e-4]
    held_out = [row for row in tiny_rows() if row.split == "validation"]
    metrics = export_bundle(run, held_out, tiny_rows(), tmp_path / "bundle", base_name="tiny")
    assert metrics["label_agreement_with_torch"]["trained"]["department"] == 1.0
    classifier = load_bundle(tmp_path / "bundle", n_threads=1)
    train = [row for row in tiny_rows() if row.split == "train"]
    results = classifier.classify([Verbatim(id=row.id, text=row.text) for row in train])
    assert all(isinstance(result, TaggedVerbatim) for result in results)
    # Among the departments that have examples; the others are guesses from a random encoder.
    labels = tiny_taxonomy().labels("department")
    seen = [labels.index("hr"), labels.index("board")]
    logits = classifier.heads.logits(classifier.encoder.encode([row.text for row in train]))
    best = logits["department"][:, seen].argmax(axis=1)
    assert [labels[seen[place]] for place in best] == [row.labels.department for row in train]


def test_second_run_computes_no_feature_again(
    tiny_base: Path, cache: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = start(tiny_base, cache, tmp_path / "a")
    first.run()
    monkeypatch.setattr(
        frozen_module.OnnxEncoder, "encode_states", lambda *_: pytest.fail("encoded again")
    )
    monkeypatch.setattr(FrozenFit, "_zero_shot", lambda run, features: first.export_heads())
    second = start(tiny_base, cache, tmp_path / "b")
    second.run()
    np.testing.assert_array_equal(
        second.reference_logits()["trained"]["topics"].shape,
        first.reference_logits()["trained"]["topics"].shape,
    )


def test_store_is_named_after_all_that_decides_it(tiny_base: Path) -> None:
    rows, taxonomy = tiny_rows(), tiny_taxonomy()

    def name(**changes: object) -> str:
        values = {"encoder_hash": "e", "second_owner_share": 0.3, "rows": rows, **changes}
        return store_name(values.pop("rows"), taxonomy, **values)  # type: ignore[arg-type]

    other_text = [dataclasses.replace(rows[0], text="anders"), *rows[1:]]
    names = {name(), name(encoder_hash="f"), name(second_owner_share=0.0), name(rows=other_text)}
    assert len(names) == 4
    assert name() == name()


def test_without_validation_rows_the_first_penalty_is_taken(
    tiny_base: Path, cache: Path, tmp_path: Path
) -> None:
    rows = [row for row in tiny_rows() if row.split == "train"]
    run = start(tiny_base, cache, tmp_path, rows=rows)
    assert run.run() == []
    assert run.reference_logits() == {}
    with pytest.raises(TrainingError, match="'validation' are needed to calibrate"):
        export_bundle(run, [], rows, tmp_path / "bundle", base_name="tiny")


def test_bundle_serves_as_base(tiny_base: Path, cache: Path, tmp_path: Path) -> None:
    run = start(tiny_base, cache, tmp_path / "a")
    run.run()
    held_out = [row for row in tiny_rows() if row.split == "validation"]
    bundle = tmp_path / "bundle"
    export_bundle(run, held_out, tiny_rows(), bundle, base_name="tiny")
    again = start(bundle, cache, tmp_path / "b")
    again.run()
    for task, logits in run.reference_logits()["trained"].items():
        np.testing.assert_array_equal(
            logits.argmax(axis=1), again.reference_logits()["trained"][task].argmax(axis=1)
        )
    document = json.loads((bundle / "taxonomy.json").read_text())
    assert next(e for e in document["departments"] if e["label"] == "legal")["is_zero_shot"]


def test_missing_base_is_named(cache: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match="is no encoder folder"):
        start(tmp_path / "absent", cache, tmp_path)


def test_store_that_cannot_be_written_leaves_no_part(
    tiny_base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = start(tiny_base, tmp_path / "cache", tmp_path / "run")

    def fill_disk(*_: object) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("training.feature_store._records", fill_disk)
    path = tmp_path / "features.f32"
    with pytest.raises(TrainingError, match="the disk is full"):
        compute_store(run.train, run.encoder, tiny_taxonomy(), path, second_owner_share=0.0)
    assert not path.exists()
    assert not list(tmp_path.glob("*.part"))


def test_hash_of_an_encoder_follows_its_files(tiny_base: Path, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text("1")
    before = hash_encoder(tmp_path)
    (tmp_path / "a.json").write_text("2")
    assert hash_encoder(tmp_path) != before
