"""What the gate lets through and what it refuses, on bundles whose answers are decided here."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from gate_fakes import (
    FakeBundle,
    classifier,
    make_rows,
    make_taxonomy,
    random_vectors,
    right,
    topic_vectors,
    wrong,
)
from rich.console import Console

from models.bundle import FILES, Manifest, write_manifest
from models.classifier import Classifier
from models.domain import Language
from models.errors import BundleError
from models.taxonomy import Taxonomy
from training.cli import main
from training.gate import run as gate_run
from training.gate.clustering import ClusteredTexts, TwinTexts, read_clustering
from training.gate.config import GateConfig, Kind
from training.gate.judge import Comparison, Verdict, compare, compare_speed
from training.gate.report import GateReport, ReportError, default_report, read_outcome
from training.gate.run import GateError, check_labels_are_equal, compare_classifiers
from training.labelled import LabelledDataError, LabelledVerbatim, Labels
from training.origins import corpus_hash
from training.readers.reading import ReadOptions, read_labelled
from training.recalibrate import rows_hash

ROWS = make_rows()
CONFIG = GateConfig(
    margin=0.02,
    language_margin=0.04,
    department_margin=0.08,
    calibration_margin=0.02,
    max_slowdown=1.0,  # fakes take no time that could be compared
    n_resamples=200,
)


def one_in(share: int, otherwise: Callable[[LabelledVerbatim], Labels]) -> Any:
    """Right but for every so many rows."""

    def answer(row: LabelledVerbatim) -> Labels:
        return otherwise(row) if int(row.id[1:]) % share == 0 else row.labels

    return answer


def judge(candidate: Classifier, current: Classifier, **options: Any) -> list[Comparison]:
    """Comparisons that refuse the candidate."""
    clustering, config = options.get("clustering", ()), options.get("config", CONFIG)
    found = compare_classifiers(candidate, current, options.get("rows", ROWS), clustering, config)
    return [item for item in found if item.verdict in {Verdict.WORSE, Verdict.UNSURE}]


def test_a_bundle_passes_against_itself() -> None:
    same = classifier(ROWS, one_in(4, wrong))
    found = compare_classifiers(same, same, ROWS, (), CONFIG)
    figures = [item for item in found if item.kind is not Kind.SPEED]
    assert {item.verdict for item in figures} == {Verdict.NO_WORSE}
    assert {(item.gain, item.low, item.high) for item in figures} == {(0.0, 0.0, 0.0)}
    assert {item.kind for item in found} == set(Kind)


def test_a_better_bundle_passes() -> None:
    found = compare_classifiers(
        classifier(ROWS), classifier(ROWS, one_in(4, wrong)), ROWS, (), CONFIG
    )
    better = {item.kind for item in found if item.verdict is Verdict.BETTER}
    assert {Kind.OVERALL, Kind.LANGUAGE, Kind.DEPARTMENT} <= better


@pytest.mark.parametrize("lang", ["nl", "en"])
def test_a_loss_in_one_language_is_refused_and_named(lang: str) -> None:
    candidate = classifier(
        ROWS,
        lambda row: wrong(row) if row.lang == lang and int(row.id[1:]) % 5 == 0 else right(row),
    )
    refused = judge(candidate, classifier(ROWS))
    assert {item.group for item in refused if item.kind is Kind.LANGUAGE} == {lang}
    assert any(f"department macro-F1 of {lang}: 1.000 to 0." in item.reason for item in refused)


def test_a_loss_in_one_department_is_refused_and_named() -> None:
    def forget_hr(row: LabelledVerbatim) -> Labels:
        return wrong(row) if row.labels.department == "hr" else row.labels

    refused = judge(classifier(ROWS, forget_hr), classifier(ROWS))
    assert "hr" in {item.group for item in refused if item.kind is Kind.DEPARTMENT}


def test_the_gain_of_others_does_not_make_up_for_a_loss() -> None:
    current = classifier(ROWS, lambda row: wrong(row) if row.lang == "en" else row.labels)
    candidate = classifier(
        ROWS, lambda row: row.labels if row.lang == "en" else one_in(4, wrong)(row)
    )
    refused = judge(candidate, current)
    assert {item.group for item in refused if item.kind is Kind.LANGUAGE} == {"nl"}
    assert not [item for item in refused if item.kind is Kind.OVERALL]


def test_overconfidence_is_refused_though_the_labels_are_the_same() -> None:
    current = classifier(ROWS, one_in(5, wrong), probability=0.8)
    candidate = classifier(ROWS, one_in(5, wrong), probability=0.99)
    refused = judge(candidate, current)
    assert {item.kind for item in refused} == {Kind.CALIBRATION}
    assert any(item.reason.startswith("calibration error of department") for item in refused)


def test_flattened_embeddings_are_refused_though_the_labels_are_the_same() -> None:
    flat = random_vectors([row.text for row in ROWS])
    refused = judge(classifier(ROWS, vectors=flat), classifier(ROWS))
    assert [item.figure for item in refused] == ["neighbours with a shared topic"]


def test_verbatims_that_fail_count_as_wrong() -> None:
    failing = frozenset(row.text for row in ROWS[::4])
    refused = judge(classifier(ROWS, failing=failing), classifier(ROWS))
    assert Kind.OVERALL in {item.kind for item in refused}


def test_a_department_of_few_rows_is_shown_and_not_counted() -> None:
    rows = make_rows(n_none=10)

    def forget_none(row: LabelledVerbatim) -> Labels:
        return (
            row.labels._replace(department="hr") if row.labels.department == "none" else row.labels
        )

    config = replace(CONFIG, margin=1.0, language_margin=1.0, calibration_margin=1.0)
    candidate, current = classifier(rows, forget_none), classifier(rows)
    found = compare_classifiers(candidate, current, rows, (), config)
    (few,) = [item for item in found if item.verdict is Verdict.TOO_FEW]
    assert (few.group, few.n_rows, few.candidate) == ("none", 10, 0.0)
    assert judge(candidate, current, rows=rows, config=replace(config, min_rows=10))


def test_the_order_of_labels_does_not_matter() -> None:
    turned = make_taxonomy(departments=("none", "hr", "board"))
    current = classifier(ROWS, one_in(4, wrong))
    assert not judge(classifier(ROWS, one_in(4, wrong), taxonomy=turned), current)


def rare_rows(n_none: int) -> list[LabelledVerbatim]:
    """300 rows of two departments, and some without an owner, all of one language."""
    return [replace(row, lang="nl") for row in make_rows(300 + n_none, n_none=n_none)]


@pytest.mark.parametrize("n_none", [1, 3])
def test_a_label_of_few_rows_decides_no_macro_f1(n_none: int) -> None:
    rows = rare_rows(n_none)

    def forget_none(row: LabelledVerbatim) -> Labels:
        return (
            row.labels._replace(department="hr") if row.labels.department == "none" else row.labels
        )

    candidate, current = classifier(rows, forget_none), classifier(rows)
    config = replace(CONFIG, calibration_margin=1.0)
    assert not judge(candidate, current, rows=rows, config=config)
    found = compare_classifiers(candidate, current, rows, (), config)
    told = {(item.figure, item.group): item.left_out for item in found if item.left_out}
    assert told == dict.fromkeys(
        [("department macro-F1", "all"), ("department macro-F1", "nl")], ("none",)
    )


def test_the_gain_in_a_rare_label_hides_no_loss_of_the_others() -> None:
    rows = rare_rows(1)
    current = classifier(rows, lambda row: wrong(row) if row.id == "r0" else row.labels)
    candidate = classifier(
        rows, lambda row: row.labels if row.id == "r0" else one_in(9, wrong)(row)
    )
    assert "department macro-F1" in {item.figure for item in judge(candidate, current, rows=rows)}


def test_labels_left_out_are_named_in_the_report(tmp_path: Path) -> None:
    rows = rare_rows(3)
    found = compare_classifiers(classifier(rows), classifier(rows), rows, (), CONFIG)
    report = make_report(*found)
    console = Console(record=True, width=200, file=io.StringIO())
    report.print(console)
    said = console.export_text()
    assert "not counted in department macro-F1 of nl, with fewer than 10 rows: none" in said
    report.save(tmp_path / "gate.json")
    figures = json.loads((tmp_path / "gate.json").read_text())["comparisons"]
    assert ["none"] in [figure["left_out"] for figure in figures]


def test_a_lower_demand_of_rows_goes_for_labels_as_well() -> None:
    rows = rare_rows(3)
    found = compare_classifiers(
        classifier(rows), classifier(rows), rows, (), replace(CONFIG, min_rows=3)
    )
    assert not [item for item in found if item.left_out]


def test_neighbours_are_resampled_by_story() -> None:
    """Each story told twice is no more evidence than told once."""
    once = make_rows(120)
    twice = [replace(row, id=f"{row.id}0", text=f"{row.text} again") for row in once]
    vectors = random_vectors([row.text for row in once])
    both = vectors | {row.text: vectors[row.text.removesuffix(" again")] for row in twice}
    bounds = {}
    for name, rows in (("one", [*once, *twice]), ("each", None)):
        used = rows or [replace(row, story=row.id) for row in [*once, *twice]]
        good = classifier(used, vectors=both)
        found = compare_classifiers(classifier(used), good, used, (), CONFIG)
        (line,) = (item for item in found if item.figure == "neighbours with a shared topic")
        bounds[name] = line.gain - line.low
    assert bounds["one"] > 1.2 * bounds["each"]


@pytest.mark.parametrize("is_candidate", [True, False])
def test_probabilities_that_are_no_numbers_are_named(is_candidate: bool) -> None:
    good, bad = classifier(ROWS), classifier(ROWS, probability=float("nan"))
    pair = (bad, good) if is_candidate else (good, bad)
    with pytest.raises(BundleError, match=r"bundle fake gives scores of .*topics.* no finite"):
        compare_classifiers(*pair, ROWS, (), CONFIG)


def values(*numbers: float) -> np.ndarray:
    return np.asarray(numbers, dtype=np.float64)


@pytest.mark.parametrize(
    ("losses", "verdict"),
    [
        ((-0.05, -0.06, -0.04), Verdict.BETTER),
        ((0.0, -0.015, 0.015), Verdict.NO_WORSE),
        ((0.01, -0.03, 0.05), Verdict.UNSURE),  # the estimate is within the margin, the bound not
        ((0.05, 0.03, 0.07), Verdict.WORSE),
    ],
)
@pytest.mark.parametrize("is_loss", [False, True])
def test_verdict_follows_from_the_lower_bound(
    losses: tuple[float, float, float], verdict: Verdict, is_loss: bool
) -> None:
    estimate, *bounds = losses
    change = values(estimate, *np.linspace(bounds[0], bounds[1], 99)) * (1 if is_loss else -1)
    current = np.full(100, 0.5)
    found = compare(
        Kind.OVERALL, "x", current, current + change, n_rows=100, config=CONFIG, is_loss=is_loss
    )
    assert found.verdict is verdict
    assert found.gain == pytest.approx(-estimate)


def test_reason_tells_what_would_settle_it() -> None:
    current = np.full(100, 0.6)
    change = values(-0.01, *np.linspace(-0.06, 0.04, 99))
    found = compare(
        Kind.LANGUAGE, "F", current, current + change, n_rows=100, group="nl", config=CONFIG
    )
    # The bound lies 0.045 below the estimate and may lie 0.03: (0.045 / 0.03)^2 times the rows.
    assert found.reason == (
        "F of nl: 0.600 to 0.590 (-0.010, loss up to 0.055) on 100 rows; margin 0.04; the loss may "
        "be chance: some 230 rows would tell, or a margin of 0.06 would pass"
    )


@pytest.mark.parametrize(
    ("slower", "verdict"), [(1.3, Verdict.WORSE), (1.05, Verdict.NO_WORSE), (0.8, Verdict.BETTER)]
)
def test_speed_is_judged_by_the_median_over_blocks(slower: float, verdict: Verdict) -> None:
    current_s = np.linspace(0.1, 0.2, 21)
    candidate_s = current_s * slower
    candidate_s[3] *= 50  # the machine was busy
    found = compare_speed(np.full(21, 32), candidate_s, current_s, config=GateConfig())
    assert found.verdict is verdict
    assert found.candidate / found.current == pytest.approx(1 / slower)


def test_other_labels_are_told_apart() -> None:
    other = make_taxonomy(departments=("hr", "board", "sales"))
    with pytest.raises(GateError) as error:
        check_labels_are_equal(make_taxonomy(), other)
    assert "department: only the candidate has none" in str(error.value)
    assert "department: only the current one has sales" in str(error.value)
    assert "--force" in str(error.value)


def write_lines(path: Path, lines: list[object]) -> Path:
    path.write_text("\n".join(json.dumps(line) for line in lines), encoding="utf-8")
    return path


def test_files_of_clusters_and_of_twins_are_told_by_their_fields(tmp_path: Path) -> None:
    clusters = [{"text": f"t{n}", "lang": "nl", "cluster": "ab"[n % 2]} for n in range(60)]
    twins = [{"nl": f"n{n}", "en": f"e{n}"} for n in range(60)]
    found = read_clustering(write_lines(tmp_path / "c.jsonl", clusters), max_rows=50, seed=1)
    assert isinstance(found, ClusteredTexts)
    assert (len(found.texts), found.languages[0]) == (50, Language.NL)
    assert set(found.clusters) == {0, 1}
    pairs = read_clustering(write_lines(tmp_path / "t.jsonl", twins), max_rows=100, seed=1)
    assert isinstance(pairs, TwinTexts)
    assert pairs.english[59] == "e59"


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (
            [{"text": "a", "lang": "nl", "cluster": "x"}, {"text": "b"}],
            r"c\.jsonl:2: lang, cluster",
        ),
        ([{"nl": "a", "en": 3}], r"c\.jsonl:1: en must be text"),
        ([{"nl": "a", "en": "b"}], "1 pair of sentences"),
        ([{"text": "a", "lang": "nl", "cluster": "x"}] * 3, "3 rows in 1 clusters"),
        ([], "0 rows"),
    ],
)
def test_faulty_files_of_clusters_are_named(
    tmp_path: Path, lines: list[object], message: str
) -> None:
    with pytest.raises(LabelledDataError, match=message):
        read_clustering(write_lines(tmp_path / "c.jsonl", lines), max_rows=50, seed=1)


def test_labelled_clusters_and_twins_count_where_they_are_given() -> None:
    texts = tuple(row.text for row in ROWS)
    clusters = np.asarray([("price", "staff", "wait").index(row.labels.topics[0]) for row in ROWS])
    data = [
        ClusteredTexts(
            name="file", texts=texts, languages=(Language.NL,) * len(ROWS), clusters=clusters
        ),
        TwinTexts(name="twins", dutch=texts[:60], english=texts[:60]),
    ]
    good = classifier(ROWS, vectors=topic_vectors(ROWS, seed=1))
    found = compare_classifiers(good, good, ROWS, data, CONFIG)
    figures = {item.figure: item.current for item in found if item.kind is Kind.CLUSTERING}
    assert figures["neighbours of the same cluster"] > 0.95
    assert figures["ARI of k-means"] > 0.5
    assert figures["twin is nearest"] == 1.0
    flat = classifier(ROWS, vectors=random_vectors(texts))
    assert {item.figure for item in judge(flat, good, clustering=data)} == {
        "neighbours of the same cluster",
        "NMI of k-means",
        "ARI of k-means",
    }


@pytest.mark.parametrize(
    ("option", "value"), [("margin", -0.1), ("confidence", 1.0), ("min_rows", 0)]
)
def test_demands_out_of_range_are_named(option: str, value: float) -> None:
    with pytest.raises(ValueError, match=f"--{option.replace('_', '-')}"):
        GateConfig(**{option: value})


def make_report(*comparisons: Comparison) -> GateReport:
    return GateReport(
        candidate="c" * 12,
        current="d" * 12,
        at="2026-01-01T00:00:00+00:00",
        data={"rows": 240, "sha256": "0"},
        config=CONFIG,
        comparisons=comparisons,
    )


def test_report_can_be_read_again_by_any_reader_of_json(tmp_path: Path) -> None:
    found = compare_classifiers(classifier(ROWS, wrong), classifier(ROWS), ROWS, (), CONFIG)
    unknown = replace(found[0], low=float("nan"))
    report = make_report(*found, unknown)
    report.save(tmp_path / "new" / "gate.json")
    outcome = read_outcome(tmp_path / "new" / "gate.json")
    assert outcome["passed"] is False
    assert outcome["reasons"] == list(report.reasons)

    def refuse(name: str) -> None:
        raise AssertionError(name)

    json.loads((tmp_path / "new" / "gate.json").read_text(), parse_constant=refuse)


@pytest.mark.parametrize(
    ("text", "message"),
    [("{", "is no gate report"), ("[]", "is no gate report"), ('{"format": 1}', "is no gate")],
)
def test_other_files_are_no_reports(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(ReportError, match=message):
        read_outcome(path)


@pytest.fixture
def bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Path]:
    """Folders that pass for bundles, and what is loaded from each."""
    answers = {"good": one_in(8, wrong), "bad": wrong}
    for name in answers:
        write_bundle(tmp_path / name, name, make_taxonomy())
    write_bundle(tmp_path / "other", "other", make_taxonomy(departments=("hr", "sales")))
    monkeypatch.setattr(
        gate_run,
        "load_bundle",
        lambda folder, n_threads: FakeBundle(ROWS, answers[folder.name]),
    )
    return {name: tmp_path / name for name in ("good", "bad", "other")}


def write_bundle(folder: Path, content: str, taxonomy: Taxonomy, **origin: Any) -> None:
    folder.mkdir()
    for name in FILES:
        (folder / name).write_text(content)
    (folder / "taxonomy.json").write_text(json.dumps(taxonomy.document))
    write_manifest(folder, prompt="", origin=origin, metrics={})


@pytest.fixture
def data(tmp_path: Path) -> Path:
    lines = [
        {"id": row.id, "text": row.text, "lang": row.lang, "split": "validation"}
        | row.labels._asdict()
        for row in ROWS
    ]
    return write_lines(tmp_path / "rows.jsonl", list(lines))


FAST = ("--resamples", "100", "--max-slowdown", "1")


def test_command_passes_refuses_and_fails(
    bundles: dict[str, Path], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad, other = (str(bundles[name]) for name in ("good", "bad", "other"))
    assert main(["gate", good, good, str(data), *FAST]) == 0
    assert "PASSED" in capsys.readouterr().out
    assert read_outcome(default_report(bundles["good"]))["passed"] is True
    assert main(["gate", bad, good, str(data), *FAST]) == 1
    told = capsys.readouterr().out
    assert "REFUSED" in told
    assert "- department macro-F1 of nl: " in told
    assert read_outcome(default_report(bundles["bad"]))["passed"] is False
    assert main(["gate", other, good, str(data)]) == 2
    assert "cannot be compared" in capsys.readouterr().err


def test_command_says_what_is_wrong_with_its_input(
    bundles: dict[str, Path], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = str(bundles["good"])
    assert main(["gate", str(tmp_path / "absent"), good, str(data)]) == 2
    assert "absent is no bundle" in capsys.readouterr().err
    assert main(["gate", good, good, str(data), "--split", "train"]) == 2
    assert "0 rows are too few" in capsys.readouterr().err
    assert main(["gate", good, good, str(data), "--margin", "-1"]) == 2
    assert "--margin must be from 0 to 1" in capsys.readouterr().err
    (bundles["good"] / "heads.safetensors").write_text("altered")
    assert main(["gate", good, good, str(data)]) == 2
    assert "heads.safetensors was altered" in capsys.readouterr().err


def test_command_tells_when_the_rows_are_those_of_the_candidate(
    bundles: dict[str, Path], data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good = bundles["good"]
    rows = read_labelled(
        [data], make_taxonomy(), ReadOptions(is_for_training=False), skip_faulty=False
    ).rows
    remark(good, calibration={"rows_sha256": rows_hash(rows)})
    assert main(["gate", str(good), str(good), str(data), *FAST]) == 0
    assert "note: the candidate was calibrated on these very rows" in capsys.readouterr().err
    (note,) = json.loads(default_report(good).read_text())["notes"]
    assert "calibrated on these very rows" in note
    remark(good, corpus_sha256=corpus_hash(rows))
    assert main(["gate", str(good), str(good), str(data), *FAST]) == 0
    assert "trained on these very rows: give rows that it never saw" in capsys.readouterr().err
    assert main(["gate", str(good), str(good), str(data), *FAST, "--split", "validation"]) == 0
    assert "chose the candidate's epoch and thresholds" in capsys.readouterr().err
    assert main(["gate", str(good), str(good), str(data), *FAST, "--split", "test"]) == 2
    assert "0 rows are too few" in capsys.readouterr().err


def remark(folder: Path, **origin: Any) -> None:
    """Let a bundle tell another origin."""
    write_manifest(folder, prompt="", origin=origin, metrics={})


def test_rows_that_a_calibration_left_out_do_not_hide_it() -> None:
    rows = make_rows(40)
    is_scored = np.arange(40) > 0
    manifest = make_manifest(calibration={"rows_sha256": rows_hash(rows[1:])})
    assert gate_run.notes_on_calibration(manifest, rows, is_scored)
    assert not gate_run.notes_on_calibration(manifest, rows, ~is_scored)
    assert not gate_run.notes_on_calibration(make_manifest(calibration="x"), rows, is_scored)


def make_manifest(**origin: Any) -> Manifest:
    return cast(Manifest, SimpleNamespace(origin=origin))


def test_the_outcome_is_told_though_the_report_cannot_be_written(
    bundles: dict[str, Path], data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, blocked = str(bundles["good"]), tmp_path / "file"
    blocked.write_text("")
    report = str(blocked / "gate.json")
    assert main(["gate", good, good, str(data), *FAST, "--report", report]) == 2
    told = capsys.readouterr()
    assert "PASSED" in told.out
    assert "the outcome stands, but its report" in told.err
