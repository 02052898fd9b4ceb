import copy
import dataclasses
import json
from pathlib import Path

import numpy as np
import pytest
from tiny import tiny_config, tiny_rows, tiny_taxonomy

from models.bundle import load_bundle, read_manifest
from models.domain import TaggedVerbatim, Verbatim
from models.errors import BundleError
from models.taxonomy import TASKS, Taxonomy, parse_taxonomy
from training import few_shot
from training.config import FrozenConfig
from training.derive import derive_bundle
from training.export import export_bundle
from training.few_shot import add_labels, count_examples, few_examples, new_labels
from training.frozen import FrozenFit
from training.labelled import LabelledSegment, LabelledVerbatim, Labels
from training.writing import TrainingError


@pytest.fixture(scope="module")
def bundle(tiny_base: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("known")
    settings = FrozenConfig(cache=str(folder / "cache"), penalties=(1e-2, 1e-4), max_iterations=200)
    config = tiny_config(tiny_base, mode="frozen", frozen=settings)
    run = FrozenFit(tiny_rows(), tiny_taxonomy(), config, folder / "run")
    run.run()
    held_out = [row for row in tiny_rows() if row.split == "validation"]
    export_bundle(run, held_out, tiny_rows(), folder / "bundle", base_name="tiny")
    return folder / "bundle"


def wider_taxonomy() -> Taxonomy:
    """The known labels, and two new ones in the middle and at the front."""
    document = copy.deepcopy(dict(tiny_taxonomy().document))

    def label(name: str) -> dict[str, object]:
        texts = {"nl": f"Over {name}.", "en": f"About {name}."}
        return {"label": name, "name": texts, "definition": texts}

    document["topics"].insert(3, label("wifi"))
    document["departments"].insert(0, label("it"))
    return parse_taxonomy(document)


def row_of(topic: str, department: str, number: int) -> LabelledVerbatim:
    labels = Labels("negative", (topic,), department)
    text = f"{topic} valt weg {number}"
    return LabelledVerbatim(id=f"{topic}{number}", text=text, lang="nl", labels=labels)


def wifi_rows() -> list[LabelledVerbatim]:
    labels = Labels("negative", ("wifi",), "it")
    told = {"nl": "wifi valt weg", "en": "wifi drops out"}
    return [
        LabelledVerbatim(id=f"{lang}{n}", text=f"{text} {n}", lang=lang, labels=labels)
        for lang, text in told.items()
        for n in range(4)
    ]


def test_eight_examples_teach_a_label_and_leave_the_others(bundle: Path, tmp_path: Path) -> None:
    taxonomy, out = wider_taxonomy(), tmp_path / "wider"
    counts = add_labels(bundle, taxonomy, wifi_rows(), tiny_rows(), out, penalty=1e-4)
    assert counts == {"wifi": 8, "it": 8}
    before, after = load_bundle(bundle, n_threads=1), load_bundle(out, n_threads=1)
    for task in ("topics", "sentiment", "department"):
        for label in before.taxonomy.labels(task):
            old = before.taxonomy.labels(task).index(label)
            new = after.taxonomy.labels(task).index(label)
            np.testing.assert_array_equal(
                after.heads.heads[task].weight[new], before.heads.heads[task].weight[old]
            )
    rows = [*wifi_rows(), *tiny_rows()]
    results = after.classify([Verbatim(id=row.id, text=row.text) for row in rows])
    for row, result in zip(rows, results, strict=True):
        assert isinstance(result, TaggedVerbatim)
        assert ("wifi" in {tag.topic for tag in result.topics}) == ("wifi" in row.labels.topics)
    manifest = read_manifest(out)
    assert manifest.origin["extends"] == read_manifest(bundle).bundle_version
    assert "wifi 8" in (out / "README.md").read_text()


def test_labels_without_examples_are_marked_zero_shot(bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "wider"
    assert add_labels(bundle, wider_taxonomy(), [], tiny_rows(), out) == {"wifi": 0, "it": 0}
    document = json.loads((out / "taxonomy.json").read_text())
    marked = {entry["label"] for entry in document["topics"] if entry.get("is_zero_shot")}
    assert "wifi" in marked
    assert "price" not in marked
    (result,) = load_bundle(out, n_threads=1).classify([Verbatim(id="a", text="te duur")])
    assert result.status.value == "ok"


def test_zero_shot_label_is_taught_later_and_the_others_stay_marked(
    bundle: Path, tmp_path: Path
) -> None:
    first, second, third = (tmp_path / name for name in ("first", "second", "third"))
    add_labels(bundle, wider_taxonomy(), [], tiny_rows(), first)
    with pytest.raises(TrainingError, match="no example of one that it has from its definition"):
        add_labels(first, wider_taxonomy(), [], tiny_rows(), second)
    board = [row_of("wifi", "board", n) for n in range(8)]
    assert add_labels(first, wider_taxonomy(), board, tiny_rows(), second) == {"wifi": 8}
    zero_shot = read_manifest(second).origin["zero_shot"]
    assert "it" in zero_shot["department"]
    assert "wifi" not in zero_shot["topics"]
    assert "Labels marked zero-shot were never learnt" in (second / "README.md").read_text()
    before, after = (load_bundle(one, n_threads=1) for one in (first, second))
    place = before.taxonomy.labels("topics").index("wifi")
    learnt, guessed = (one.heads.heads["topics"].weight for one in (after, before))
    assert not np.array_equal(learnt[place], guessed[place])
    np.testing.assert_array_equal(
        after.heads.heads["department"].weight, before.heads.heads["department"].weight
    )
    taught = {entry.label: entry.is_zero_shot for entry in after.taxonomy.topics}
    assert not taught["wifi"]
    assert add_labels(second, wider_taxonomy(), wifi_rows(), tiny_rows(), third) == {"it": 8}


def test_zero_shot_label_that_is_defined_anew_gets_another_head(
    bundle: Path, tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    add_labels(bundle, wider_taxonomy(), [], tiny_rows(), first)
    document = copy.deepcopy(dict(wider_taxonomy().document))
    document["topics"][3]["definition"] = {"nl": "te duur", "en": "too expensive"}
    assert add_labels(first, parse_taxonomy(document), [], tiny_rows(), second) == {"wifi": 0}
    weights = [load_bundle(one, n_threads=1).heads.heads["topics"].weight[3]
               for one in (first, second)]  # fmt: skip
    assert not np.array_equal(*weights)


def test_examples_are_counted_in_rows_under_unequal_names() -> None:
    document = copy.deepcopy(dict(wider_taxonomy().document))
    document["topics"][3]["label"] = "it"
    taxonomy = parse_taxonomy(document)
    other = Labels("negative", ("price",), "board")
    clauses = tuple(
        LabelledSegment(start=n, end=n + 1, labels=Labels("negative", ("it",), "board"))
        for n in range(3)
    )
    rows = [
        LabelledVerbatim(id="a", text="abc", lang="nl", labels=other, segments=clauses),
        LabelledVerbatim(id="b", text="abc", lang="nl", labels=other._replace(department_2="it")),
        LabelledVerbatim(id="c", text="abc", lang="nl", labels=other._replace(topics=("it",))),
    ]
    added = {"topics": {"it"}, "sentiment": frozenset[str](), "department": {"it"}}
    assert count_examples(rows, taxonomy, added) == {"topics:it": 2, "department:it": 1}


def test_taxonomy_without_a_new_label_is_refused(bundle: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainingError, match=r"no label that .* does not know already"):
        add_labels(bundle, tiny_taxonomy(), [], tiny_rows(), tmp_path / "out")


def test_new_label_without_example_and_definition_is_refused(bundle: Path, tmp_path: Path) -> None:
    document = copy.deepcopy(dict(wider_taxonomy().document))
    document["departments"][0]["definition"] = {}
    with pytest.raises(TrainingError, match="no example and no definition for it"):
        add_labels(bundle, parse_taxonomy(document), [], tiny_rows(), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def with_review_bars(bundle: Path, out: Path) -> Path:
    """The same bundle with a bar of its own for some departments and sentiments."""
    calibration = dataclasses.replace(
        load_bundle(bundle, n_threads=1).calibration,
        label_review_probability={
            "department": {"purchasing": 0.7, "board": 0.6},
            "sentiment": {"negative": 0.8},
        },
    )
    derive_bundle(bundle, out, {"calibration.json": calibration.save}, {})
    return out


def test_renamed_department_loses_its_review_bar_and_the_bundle_loads(
    bundle: Path, tmp_path: Path
) -> None:
    document = copy.deepcopy(dict(wider_taxonomy().document))
    renamed = next(e for e in document["departments"] if e["label"] == "purchasing")
    renamed["label"] = "procurement"
    start = with_review_bars(bundle, tmp_path / "start")
    add_labels(start, parse_taxonomy(document), wifi_rows(), tiny_rows(), tmp_path / "out")
    assert load_bundle(tmp_path / "out", n_threads=1).calibration.label_review_probability == {
        "department": {"board": 0.6},
        "sentiment": {"negative": 0.8},
    }


def test_bundle_that_does_not_load_replaces_none(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    add_labels(bundle, wider_taxonomy(), wifi_rows(), tiny_rows(), out)
    before = read_manifest(out)
    monkeypatch.setattr(few_shot, "extend_calibration", lambda known, *_: known)
    with pytest.raises(BundleError, match="bias must have one value"):
        add_labels(bundle, wider_taxonomy(), [], tiny_rows(), out)
    assert read_manifest(out) == before


def test_new_labels_are_told_by_task() -> None:
    added = new_labels(tiny_taxonomy(), wider_taxonomy(), dict.fromkeys(TASKS, frozenset()))
    assert added == {"topics": {"wifi"}, "sentiment": frozenset(), "department": {"it"}}


def test_labels_with_few_examples_are_told() -> None:
    assert few_examples({"a": 0, "b": 3, "c": 8}) == ["b"]
