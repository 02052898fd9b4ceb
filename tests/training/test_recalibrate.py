import json
from pathlib import Path

import numpy as np
import pytest
from tiny_bundle import many_rows, write_rows

from models.bundle import load_bundle, read_manifest
from models.calibration import Calibration
from training.cli import main
from training.scoring import score_rows
from training.targets import gold_rows


def calibrate(bundle: Path, data: Path, *options: str | Path) -> int:
    return main(["calibrate", str(bundle), str(data), *map(str, options), "--threads", "1"])


def test_calibrate_writes_a_new_bundle_and_leaves_the_old_one(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    before = {path.name: path.read_bytes() for path in tiny_bundle.iterdir()}
    rows = many_rows(120, seed=1)
    data, out = write_rows(rows, tmp_path / "rows.jsonl"), tmp_path / "new"
    assert calibrate(tiny_bundle, data, "--out", out, "--json", tmp_path / "f.json") == 0

    assert {path.name: path.read_bytes() for path in tiny_bundle.iterdir()} == before
    manifest, old = read_manifest(out), read_manifest(tiny_bundle)
    assert manifest.bundle_version != old.bundle_version
    assert manifest.origin["recalibrated_from"] == old.bundle_version
    assert manifest.origin["base_model"] == "tiny"
    changed = {name for name in manifest.sha256 if manifest.sha256[name] != old.sha256[name]}
    assert changed == {"calibration.json"}
    assert "te duur" not in json.dumps(manifest.origin)

    classifier = load_bundle(out, n_threads=1)
    scored = score_rows(classifier, rows)
    probabilities = classifier.calibration.probabilities(scored.logits)["department"]
    shares = gold_rows(rows, classifier.taxonomy)["department"].mean(axis=0)
    assert probabilities.mean(axis=0) == pytest.approx(shares, abs=0.02)
    assert set(classifier.calibration.label_review_probability) == {"sentiment", "department"}
    figures = json.loads((tmp_path / "f.json").read_text())["figures"]
    assert [(line["task"], line["way"]) for line in figures] == [
        (task, way)
        for task in ("sentiment", "department")
        for way in ("as it stands", "recalibrated")
    ]


def test_calibrate_leaves_the_tasks_that_are_not_named(tiny_bundle: Path, tmp_path: Path) -> None:
    data, out = write_rows(many_rows(120, seed=1), tmp_path / "rows.jsonl"), tmp_path / "new"
    assert calibrate(tiny_bundle, data, "--out", out, "--tasks", "department") == 0
    new, old = (load_bundle(path, n_threads=1).calibration for path in (out, tiny_bundle))
    assert new.bias["department"] != old.bias["department"]
    assert new.bias["sentiment"] == old.bias["sentiment"]
    assert new.temperature["sentiment"] == old.temperature["sentiment"]
    assert new.topic_thresholds == old.topic_thresholds
    assert new.review_probability["sentiment"] == old.review_probability["sentiment"]


def test_calibrate_corrects_the_shift_of_unlabelled_texts(
    tiny_bundle: Path, tmp_path: Path
) -> None:
    data = write_rows(many_rows(160, seed=1), tmp_path / "rows.jsonl")
    texts = [row for row in many_rows(400, seed=2) if row.labels.department == "hr"]
    texts += [row for row in many_rows(40, seed=3) if row.labels.department != "hr"]
    field = write_rows(texts, tmp_path / "field.jsonl")
    out = tmp_path / "new"
    record = tmp_path / "f.json"
    assert calibrate(tiny_bundle, data, "--unlabelled", field, "--out", out, "--json", record) == 0
    document = json.loads(record.read_text())
    labels = load_bundle(out, n_threads=1).taxonomy.labels("department")
    shift = document["prior_shift"]["department"]
    assert shift["field"][labels.index("hr")] > shift["calibrated"][labels.index("hr")] + 0.2
    ways = [line["way"] for line in document["figures"] if line["task"] == "department"]
    assert ways[2:] == ["sector unseen", "sector unseen, shift corrected"]


def test_review_bars_of_labels_go_before_those_of_the_task(tiny_bundle: Path) -> None:
    classifier = load_bundle(tiny_bundle, n_threads=1)
    calibration = classifier.calibration
    assert calibration.review_bar("department", "hr") == 0.5
    own = {"department": {"hr": 0.9}}
    changed = Calibration(
        **{
            **{name: getattr(calibration, name) for name in Calibration.__slots__},
            "label_review_probability": own,
        }
    )
    assert changed.review_bar("department", "hr") == 0.9
    assert changed.review_bar("department", "board") == 0.5
    assert changed.review_bar("department", None) == 0.5


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--precision", "1.2"], "--precision must be in"),
        (["--split", "test"], "0 held-out rows"),
        (["--unlabelled", "a", "--field-shares", "b"], "give one of them"),
    ],
)
def test_calibrate_names_what_is_wrong(
    tiny_bundle: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    said: str,
) -> None:
    data = write_rows(many_rows(40), tmp_path / "rows.jsonl")
    assert calibrate(tiny_bundle, data, *options) == 2
    assert said in capsys.readouterr().err


def test_calibrate_never_writes_over_a_bundle(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(many_rows(40), tmp_path / "rows.jsonl")
    assert calibrate(tiny_bundle, data, "--out", tiny_bundle) == 2
    assert "a bundle is never changed" in capsys.readouterr().err


def test_scores_do_not_depend_on_the_neighbours(tiny_bundle: Path) -> None:
    classifier = load_bundle(tiny_bundle, n_threads=1)
    rows = many_rows(9)
    whole, alone = score_rows(classifier, rows), score_rows(classifier, rows[3:4])
    assert np.array_equal(whole.logits["department"][3], alone.logits["department"][0])
