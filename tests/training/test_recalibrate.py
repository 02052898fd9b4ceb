import json
from pathlib import Path

import numpy as np
import pytest
from tiny_bundle import many_rows, write_rows

from models.bundle import load_bundle, read_manifest
from models.calibration import Calibration, softmax
from training.calibrate import fit_scaling
from training.cli import main
from training.prior_shift import estimate_prior
from training.recalibrate import doubts_of
from training.scoring import score_rows
from training.shift_simulation import estimate_shift, try_shift
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


def drawn_logits(
    shares: list[float], n_rows: int, seed: int, tilt: tuple[float, ...] = (0.0, 1.2, -0.8)
) -> tuple[np.ndarray, np.ndarray]:
    """Labels, and logits that are calibrated but for a tilt per label."""
    rng = np.random.default_rng(seed)
    labels = rng.choice(3, n_rows, p=shares)
    points = rng.normal(size=(n_rows, 3))
    points[np.arange(n_rows), labels] += 1.3
    return labels, (1.3 * points + np.log(shares) + np.asarray(tilt)).astype(np.float32)


@pytest.mark.parametrize("has_bias", [True, False])
def test_texts_like_the_rows_show_no_shift(has_bias: bool) -> None:
    labels, logits = drawn_logits([0.5, 0.3, 0.2], 2000, seed=1)
    scaling = fit_scaling(logits, np.eye(3, dtype=np.float32)[labels], has_bias=has_bias)
    assert np.abs(estimate_shift(scaling, logits, logits).bias).max() < 0.01
    _, field = drawn_logits([0.5, 0.3, 0.2], 4000, seed=2)
    assert np.abs(estimate_shift(scaling, field, logits).bias).max() < 0.25


@pytest.mark.parametrize("has_bias", [True, False])
def test_shift_is_not_applied_where_sectors_are_alike(has_bias: bool) -> None:
    labels, logits = drawn_logits([0.5, 0.3, 0.2], 900, seed=3)
    targets = np.eye(3, dtype=np.float32)[labels]
    sectors = [("bank", "shop", "hotel")[number % 3] for number in range(900)]
    trial = try_shift(logits, targets, sectors, has_bias=has_bias, damping=1.0)
    assert trial is not None
    assert np.abs(trial.corrected.mean(axis=0) - trial.plain.mean(axis=0)).max() < 0.06


def test_sectors_are_not_tried_where_one_label_would_be_left() -> None:
    _, logits = drawn_logits([0.5, 0.3, 0.2], 90, seed=3)
    targets = np.eye(3, dtype=np.float32)[[0, 1] * 15 + [0] * 60]
    assert try_shift(logits, targets, ["a"] * 30 + ["b"] * 30 + ["c"] * 30, has_bias=True) is None


def test_calibrate_names_labels_without_rows_and_few_texts(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(many_rows(120, seed=1), tmp_path / "rows.jsonl")
    field = write_rows(many_rows(40, seed=2), tmp_path / "field.jsonl")
    out = tmp_path / "new"
    assert calibrate(tiny_bundle, data, "--unlabelled", field, "--out", out) == 0
    said = capsys.readouterr().err
    assert "department: no held-out row of marketing, legal: their shares are not corrected" in said
    assert "are estimated on 40 text(s) only" in said
    classifier = load_bundle(out, n_threads=1)
    bias = dict(
        zip(
            classifier.taxonomy.labels("department"),
            classifier.calibration.bias["department"],
            strict=True,
        )
    )
    assert bias["legal"] == bias["marketing"] == 0.0


def test_rows_of_one_label_are_refused_for_the_tasks_that_are_wanted(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [row for row in many_rows(160) if row.labels.sentiment == "negative"]
    data, out = write_rows(rows, tmp_path / "rows.jsonl"), tmp_path / "new"
    assert calibrate(tiny_bundle, data, "--out", out) == 2
    assert "sentiment: all held-out rows have one label, negative" in capsys.readouterr().err
    assert calibrate(tiny_bundle, data, "--out", out, "--tasks", "department") == 0


def test_texts_that_cannot_be_scored_are_refused(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(many_rows(40), tmp_path / "rows.jsonl")
    field = tmp_path / "field.jsonl"
    field.write_text('{"text": "12 345"}\n', encoding="utf-8")
    assert calibrate(tiny_bundle, data, "--unlabelled", field) == 2
    assert "no unlabelled text can be scored" in capsys.readouterr().err


def test_an_estimate_that_did_not_settle_is_told(tiny_bundle: Path) -> None:
    rows = many_rows(120, seed=1)
    classifier = load_bundle(tiny_bundle, n_threads=1)
    scored = score_rows(classifier, rows)
    labels = classifier.taxonomy.labels("department")
    shift = estimate_prior(
        softmax(scored.logits["department"]).astype(np.float64),
        np.full(len(labels), 1 / len(labels)),
        max_steps=1,
    )
    assert not shift.has_converged
    assert any("still moved after 1 steps" in doubt for doubt in doubts_of("x", shift, labels))


def test_json_into_a_missing_folder_is_refused_before_anything_is_scored(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(many_rows(40), tmp_path / "rows.jsonl")
    out = tmp_path / "new"
    assert calibrate(tiny_bundle, data, "--out", out, "--json", tmp_path / "no" / "f.json") == 2
    assert f"the folder {tmp_path / 'no'} does not exist" in capsys.readouterr().err
    assert not out.exists()
