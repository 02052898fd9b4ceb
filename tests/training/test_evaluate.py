import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_bundle import many_rows, write_rows

from models.bundle import load_bundle
from models.errors import BundleError
from training.cli import main
from training.evaluation.measure import EvaluationPlan, evaluate, group_rows, measure_reliability
from training.evaluation.output import as_json
from training.evaluation.report import Evaluation
from training.labelled import Annotation, LabelledDataError, LabelledVerbatim

PLAN = EvaluationPlan(n_resamples=20, n_alone=5)
N_WRONG = 10


@pytest.fixture(scope="module")
def rows() -> list[LabelledVerbatim]:
    """Rows of which the first ten carry wrong labels."""
    return many_rows(80, seed=3, n_wrong=N_WRONG)


@pytest.fixture(scope="module")
def evaluation(tiny_bundle: Path, rows: list[LabelledVerbatim]) -> Evaluation:
    return evaluate(load_bundle(tiny_bundle, n_threads=1), rows, PLAN)


def test_every_group_of_five_rows_gets_every_task(
    evaluation: Evaluation, rows: list[LabelledVerbatim]
) -> None:
    found = {(line.dimension, line.group): line.n_rows for line in evaluation.groups}
    assert found[("all", "all")] == 80
    assert found[("language", "nl")] == found[("language", "en")] == 40
    assert {group for dimension, group in found if dimension == "sector"} == {
        "bank",
        "shop",
        "hotel",
    }
    assert sum(n for (dimension, _), n in found.items() if dimension == "length") == 80
    for line in evaluation.groups:
        assert line.macro_f1.low <= line.macro_f1.value <= line.macro_f1.high
    assert len(evaluation.groups) == 3 * len(found)


def test_figures_agree_with_the_confusion_matrix(evaluation: Evaluation) -> None:
    (confusion,) = (one for one in evaluation.confusions if one.task == "department")
    for place, label in enumerate(confusion.gold):
        hits = confusion.counts[place][place]
        n_gold = sum(confusion.counts[place])
        n_given = sum(line[place] for line in confusion.counts)
        (line,) = (
            one for one in evaluation.labels if (one.task, one.label) == ("department", label)
        )
        assert (line.n_gold, line.n_given) == (n_gold, n_given)
        if n_gold:
            assert line.f1.value == pytest.approx(2 * hits / (n_gold + n_given))
    n_rows = sum(map(sum, confusion.counts))
    n_right = sum(confusion.counts[place][place] for place in range(len(confusion.gold)))
    assert n_rows == 80
    (whole,) = (
        one for one in evaluation.groups if (one.dimension, one.task) == ("all", "department")
    )
    assert whole.micro_f1.value == pytest.approx(n_right / n_rows, abs=0.02)
    assert n_right >= 50


def test_wrong_labels_are_among_the_surest_errors(evaluation: Evaluation) -> None:
    found = {error.id for error in evaluation.errors}
    assert len({f"r{number}" for number in range(N_WRONG)} & found) >= N_WRONG - 2
    probabilities = [error.probability for error in evaluation.errors]
    assert probabilities == sorted(probabilities, reverse=True)
    assert all(error.gold != error.given for error in evaluation.errors)


def test_alone_equals_batch(evaluation: Evaluation) -> None:
    assert evaluation.alone.n_rows == 5
    assert evaluation.alone.n_different == 0
    assert evaluation.alone.largest_gap == 0.0


def test_annotators_stand_beside_the_model(tiny_bundle: Path, rows: list[LabelledVerbatim]) -> None:
    other = rows[1].labels
    labelled = [
        dataclasses.replace(
            row,
            annotations=(
                Annotation(annotator="a", labels=row.labels),
                Annotation(annotator="b", labels=other if number == 0 else row.labels),
            ),
        )
        for number, row in enumerate(rows[20:40])
    ]
    found = evaluate(load_bundle(tiny_bundle, n_threads=1), labelled, PLAN).agreement
    by = {(line.who, line.task): line for line in found}
    people = by[("two annotators", "department")]
    assert people.n_rows == 20
    assert people.kappa is not None
    assert 0.9 < people.kappa < 1.0
    assert by[("model and gold", "department")].alpha <= 1.0


def test_groups_leave_unnamed_values_out() -> None:
    groups = group_rows(many_rows(8))
    assert groups["variety"] == {}
    assert list(groups["length"]) == ["1 to 5 words", "6 to 15 words"]


def evaluate_command(bundle: Path, data: Path, folder: Path, *options: str) -> dict[str, Any]:
    files = ("--json", str(folder / "e.json"), "--html", str(folder / "e.html"))
    few = ("--resamples", "10", "--alone", "2", "--threads", "1")
    assert main(["evaluate", str(bundle), str(data), *files, *few, *options]) == 0
    return json.loads((folder / "e.json").read_text(encoding="utf-8"))


def test_command_writes_json_and_a_page_without_texts(
    tiny_bundle: Path,
    rows: list[LabelledVerbatim],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    data = write_rows(rows, tmp_path / "rows.jsonl")
    document = evaluate_command(tiny_bundle, data, tmp_path)
    page = (tmp_path / "e.html").read_text(encoding="utf-8")
    said = capsys.readouterr().out
    assert document["data"]["rows"] == 80
    assert "macro-F1" in said
    own = page.replace(re.search(r"<script>.*?</script>", page, re.DOTALL)[0], "")  # type: ignore[index]
    assert not re.search(r"(src|href)=[\"']?http", own)
    assert "plotly" in page
    for text in ("te duur", "expensive", "geholpen"):
        assert text not in json.dumps(document)
        assert text not in own
        assert text not in said


def test_texts_come_by_flag_only_and_escaped(tiny_bundle: Path, tmp_path: Path) -> None:
    rows = [
        dataclasses.replace(row, text=f"1 < 2 & te duur {row.text} mail jan@voorbeeld.nl")
        for row in many_rows(12, n_wrong=12)
    ]
    data = write_rows(rows, tmp_path / "rows.jsonl")
    document = evaluate_command(tiny_bundle, data, tmp_path, "--with-texts")
    assert "te duur" in document["errors"][0]["text"]
    page = (tmp_path / "e.html").read_text(encoding="utf-8")
    assert "1 &lt; 2 &amp; te duur" in page
    assert "jan@voorbeeld.nl" not in page


def test_json_has_no_nan(tiny_bundle: Path) -> None:
    few = many_rows(3)
    found = evaluate(load_bundle(tiny_bundle, n_threads=1), few, PLAN)
    assert "NaN" not in as_json(found)


def test_a_split_without_rows_is_named(
    tiny_bundle: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = write_rows(many_rows(10), tmp_path / "rows.jsonl")
    assert main(["evaluate", str(tiny_bundle), str(data), "--split", "test"]) == 2
    assert "look at --split" in capsys.readouterr().err


def test_topics_that_are_all_unlikely_have_an_empty_curve() -> None:
    scores = np.asarray([[0.3, 0.2], [0.4, 0.1]], dtype=np.float32)
    found = measure_reliability("topics", scores, np.eye(2) > 0)
    assert found.curve == ()
    assert sum(one.n for one in found.bins) == 4


def test_rows_that_cannot_be_scored_are_named(tiny_bundle: Path) -> None:
    rows = [dataclasses.replace(row, text="12 345") for row in many_rows(6)]
    with pytest.raises(LabelledDataError, match="none of the 6 rows can be scored"):
        evaluate(load_bundle(tiny_bundle, n_threads=1), rows, PLAN)


def test_a_bundle_whose_scores_are_no_numbers_is_named(tiny_bundle: Path) -> None:
    classifier = load_bundle(tiny_bundle, n_threads=1)
    classifier.heads.heads["department"].bias[0] = np.nan
    with pytest.raises(BundleError, match="scores of department that are no finite numbers"):
        evaluate(classifier, many_rows(12), PLAN)
