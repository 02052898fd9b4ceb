import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from training.agreement import (
    AgreementLine,
    LabelPair,
    krippendorff_alpha,
    list_disagreements,
    main,
    masi_distance,
    measure_agreement,
    pair_labels,
    read_label_file,
)
from training.labelled import LabelledDataError, Labels


def make_pair(row_id: str, first: str, second: str, lang: str = "nl") -> LabelPair:
    """Labels written as "sentiment topic+topic department"."""

    def labels(text: str) -> Labels:
        sentiment, topics, department = text.split()
        return Labels(sentiment, tuple(topics.split("+")), department)

    return LabelPair(id=row_id, lang=lang, first=labels(first), second=labels(second))


PAIRS = (
    make_pair("a", "negative price board", "negative price board"),
    make_pair("b", "negative price+terms legal", "negative terms+price board"),
    make_pair("c", "positive price board", "neutral terms board", lang="en"),
    make_pair("d", "positive general none", "positive general none", lang="en"),
)


def measure(pairs: Sequence[LabelPair], seed: int = 0) -> dict[tuple[str, str, str], AgreementLine]:
    lines = measure_agreement(pairs, rng=np.random.default_rng(seed), n_resamples=50)
    return {(line.lang, line.task, line.label): line for line in lines}


def write_labels(path: Path, *rows: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def make_row(row_id: str, **changes: Any) -> dict[str, Any]:
    row = {"id": row_id, "sentiment": "negative", "topics": ["price"], "department": "board"}
    return {**row, **changes}


# Krippendorff (2011), "Computing Krippendorff's Alpha-Reliability", sections A and B.
@pytest.mark.parametrize(
    ("first", "second", "alpha"),
    [("0100000010", "1110010000", 0.095), ("aabbdcccedda", "babbbccceddd", 0.692)],
)
def test_alpha_equals_the_published_examples(first: str, second: str, alpha: float) -> None:
    assert krippendorff_alpha(first, second) == pytest.approx(alpha, abs=5e-4)
    assert krippendorff_alpha(second, first) == krippendorff_alpha(first, second)


def test_alpha_of_sets_equals_the_one_by_hand() -> None:
    a, ab = frozenset("a"), frozenset("ab")
    # Observed: (0 + 2/3) / 2. Expected: 2 * 3 * 1 * 2/3 / (4 * 3). Both are 1/3.
    assert krippendorff_alpha([a, a], [a, ab], masi_distance) == pytest.approx(0)


def test_alpha_without_variation_is_undefined() -> None:
    assert math.isnan(krippendorff_alpha("aaa", "aaa"))


@pytest.mark.parametrize(
    ("first", "second", "distance"),
    [
        ("", "", 0),
        ("ab", "ba", 0),
        ("ab", "abcd", 1 - 1 / 2 * 2 / 3),
        ("abc", "a", 1 - 1 / 3 * 2 / 3),
        ("ab", "bc", 1 - 1 / 3 * 1 / 3),
        ("a", "b", 1),
        ("a", "", 1),
    ],
)
def test_masi_weighs_subsets_and_overlaps(first: str, second: str, distance: float) -> None:
    assert masi_distance(frozenset(first), frozenset(second)) == pytest.approx(distance)
    assert masi_distance(frozenset(second), frozenset(first)) == pytest.approx(distance)


def test_kappa_and_f1_are_those_of_the_rows() -> None:
    found = measure(PAIRS)
    sentiment, department = found["all", "sentiment", ""], found["all", "department", ""]
    assert sentiment.kappa is not None
    assert sentiment.kappa.value == pytest.approx(
        cohen_kappa_score(
            [pair.first.sentiment for pair in PAIRS], [pair.second.sentiment for pair in PAIRS]
        )
    )
    # Observed 3/4; expected (2 * 3 + 1 * 0 + 1 * 1) / 16.
    assert department.kappa is not None
    assert department.kappa.value == pytest.approx((3 / 4 - 7 / 16) / (1 - 7 / 16))
    topics = found["all", "topics", ""]
    assert topics.kappa is None
    assert topics.f1 is not None
    assert topics.f1.value == pytest.approx(2 * 4 / 10)


def test_each_label_has_its_own_line_per_language() -> None:
    found = measure(PAIRS)
    price = found["all", "topics", "price"]
    assert (price.n_first, price.n_second) == (3, 2)
    assert price.f1 is not None
    assert price.f1.value == pytest.approx(4 / 5)
    assert price.alpha.value == pytest.approx(krippendorff_alpha("1110", "1100"))
    assert ("nl", "topics", "general") not in found
    assert found["en", "topics", "general"].n_first == 1
    assert found["nl", "department", ""].n_first == 2


def test_full_agreement_is_one_with_a_tight_interval() -> None:
    labels = ("negative price board", "positive terms hr")
    pairs = [make_pair(str(i), labels[i % 2], labels[i % 2]) for i in range(40)]
    line = measure(pairs)["all", "department", ""]
    assert line.kappa is not None
    assert (line.kappa.low, line.kappa.value, line.kappa.high) == (1, 1, 1)
    assert (line.alpha.low, line.alpha.value, line.alpha.high) == (1, 1, 1)


def test_intervals_hold_the_figure_and_follow_the_seed() -> None:
    pairs = [
        make_pair(
            str(i), "negative price board", f"negative price {'hr' if i % 5 == 0 else 'board'}"
        )
        for i in range(30)
    ] + [make_pair(f"n{i}", "positive general hr", "positive general hr") for i in range(10)]
    line = measure(pairs)["all", "department", ""]
    assert line.kappa is not None
    assert line.kappa.low < line.kappa.value < line.kappa.high
    assert measure(pairs)["all", "department", ""] == line
    assert measure(pairs, seed=1)["all", "department", ""] != line


def test_one_label_for_all_leaves_kappa_undefined() -> None:
    line = measure([make_pair("a", "negative price hr", "negative price hr")])
    kappa = line["all", "sentiment", ""].kappa
    assert kappa is not None
    assert math.isnan(kappa.value)


def test_disagreements_ignore_the_order_of_topics() -> None:
    found = [(each.task, each.id, each.first, each.second) for each in list_disagreements(PAIRS)]
    assert found == [
        ("topics", "c", "price", "terms"),
        ("sentiment", "c", "positive", "neutral"),
        ("department", "b", "legal", "board"),
    ]


def test_pairs_join_on_the_id_and_take_the_language_that_is_known(tmp_path: Path) -> None:
    (tmp_path / "corpus").mkdir()
    write_labels(tmp_path / "corpus" / "one.jsonl", make_row("a", lang="nl"), make_row("b"))
    write_labels(tmp_path / "corpus" / "two.jsonl", make_row("c", lang="en"))
    second = write_labels(tmp_path / "second.jsonl", make_row("c"), make_row("a"), make_row("x"))
    pairs = pair_labels(read_label_file(second), read_label_file(tmp_path / "corpus"))
    assert [(pair.id, pair.lang) for pair in pairs] == [("c", "en"), ("a", "nl")]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([make_row("a"), make_row("a")], r"labels\.jsonl:2: id 'a' stands twice"),
        ([{"id": "a", "sentiment": "negative"}], r"labels\.jsonl:1: field 'topics'"),
        ([make_row("a", topics="price")], r"labels\.jsonl:1: field 'topics' is no list"),
        ([make_row("a", department=None)], r"labels\.jsonl:1: field 'department' is no str"),
    ],
)
def test_unreadable_labels_are_refused(
    tmp_path: Path, rows: list[dict[str, Any]], message: str
) -> None:
    path = write_labels(tmp_path / "labels.jsonl", *rows)
    with pytest.raises(LabelledDataError, match=message):
        read_label_file(path)


def test_main_prints_figures_and_disagreements(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = write_labels(tmp_path / "1.jsonl", make_row("a", lang="nl"), make_row("b", lang="nl"))
    second = write_labels(tmp_path / "2.jsonl", make_row("b", department="legal"), make_row("a"))
    assert main([str(first), str(second), "--resamples", "20"]) == 0
    printed = capsys.readouterr().out
    assert "department: b: board | legal" in printed
    assert "1 disagreements on 2 verbatims" in printed


def test_main_prints_json_without_nan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_labels(tmp_path / "1.jsonl", make_row("a", lang="nl"))
    assert main([str(path), str(path), "--json", "--resamples", "5"]) == 0
    printed = capsys.readouterr().out
    assert "NaN" not in printed
    document = json.loads(printed)
    assert document["n_pairs"] == 1
    assert document["disagreements"] == []
    assert document["figures"][0]["f1"] == {"value": 1, "low": 1, "high": 1}
    assert document["figures"][0]["alpha"]["value"] is None


@pytest.mark.parametrize("second", ["absent.jsonl", "other.jsonl"])
def test_main_ends_with_2_if_it_cannot_compare(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], second: str
) -> None:
    first = write_labels(tmp_path / "1.jsonl", make_row("a"))
    write_labels(tmp_path / "other.jsonl", make_row("x"))
    assert main([str(first), str(tmp_path / second)]) == 2
    assert capsys.readouterr().err.startswith("training.agreement: ")


def test_command_compares_the_annotators_of_one_export(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def annotation(person: str, department: str) -> dict[str, Any]:
        given = {"sentiment": "negative", "topics": "price", "department": department}
        result = [
            {"from_name": name, "value": {"choices": [label]}} for name, label in given.items()
        ]
        return {"completed_by": person, "result": result}

    owners = ["board", "legal", "hr", "board", "none", "legal"]
    tasks = [
        {
            "id": number,
            "data": {"text": f"veel te duur {number}", "lang": "nl"},
            "annotations": [
                annotation("ann", owner),
                annotation("bob", "board" if number == 1 else owner),
                *([annotation("cas", owner)] if number < 3 else []),
            ],
        }
        for number, owner in enumerate(owners)
    ]
    path = tmp_path / "export.json"
    path.write_text(json.dumps(tasks))
    from training.cli import main as train

    assert train(["agreement", str(path), "--json", "--resamples", "5"]) == 0
    documents = json.loads(capsys.readouterr().out)
    assert [(one["annotators"], one["n_pairs"]) for one in documents] == [
        ("ann and bob", 6),
        ("ann and cas", 3),
        ("bob and cas", 3),
    ]
    assert [found["id"] for found in documents[0]["disagreements"]] == ["1"]
    (line,) = (
        one
        for one in documents[0]["figures"]
        if (one["lang"], one["task"], one["label"]) == ("all", "department", "")
    )
    mended = ["board", "board", "hr", "board", "none", "legal"]
    assert line["kappa"]["value"] == pytest.approx(cohen_kappa_score(owners, mended))
    assert train(["agreement", str(path)]) == 0
    assert "ann and bob" in capsys.readouterr().out


def test_command_names_a_file_with_one_annotator(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from training.cli import main as train

    path = tmp_path / "rows.jsonl"
    labels = {"sentiment": "negative", "topics": ["price"], "department": "board"}
    path.write_text(json.dumps({"id": "1", "text": "veel te duur", "lang": "nl", **labels}))
    assert train(["agreement", str(path)]) == 2
    assert "name a second file" in capsys.readouterr().err
