"""Another taxonomy trains, is exported and serves without a change of code."""

import json
from pathlib import Path

import pytest
from tiny import tiny_config

from models.bundle import load_bundle
from models.domain import TaggedVerbatim, Verbatim
from models.taxonomy import Taxonomy, parse_taxonomy
from training.config import FrozenConfig, TrainConfig
from training.export import export_bundle
from training.fit import FineTuning
from training.frozen import FrozenFit
from training.labelled import LabelledVerbatim, Labels
from training.writing import TrainingError


def library_taxonomy() -> Taxonomy:
    """Labels of a library: topics in two layers, two moods, owners without a 'none'."""

    def label(name: str, nl: str, en: str, **more: object) -> dict[str, object]:
        return {
            "label": name,
            "name": {"nl": nl, "en": en},
            "definition": {"nl": f"Over {nl}.", "en": f"About {en}."},
            **more,
        }

    return parse_taxonomy(
        {
            "name": "library",
            "version": 3,
            "max_topics": 2,
            "topics": [
                label("collection", "collectie", "collection"),
                label("e_books", "e-boeken", "e-books", parent="collection"),
                label("reading_room", "leeszaal", "reading room"),
                label("fines", "boetes", "fines"),
            ],
            "sentiments": [
                label("unhappy", "ontevreden", "unhappy", score=-1),
                label("happy", "blij", "happy", score=1),
            ],
            "departments": [
                label("acquisition", "inkoop", "acquisition"),
                label("housing", "huisvesting", "housing"),
                label("treasury", "kas", "treasury"),
            ],
        }
    )


def library_rows() -> list[LabelledVerbatim]:
    told = {
        "nl": ("weinig e boeken hier", "mooie lichte leeszaal", "veel nieuwe romans"),
        "en": ("few e books here", "fine bright reading room", "many new novels"),
    }
    labels = (
        Labels("unhappy", ("e_books",), "acquisition"),
        Labels("happy", ("reading_room",), "housing"),
        Labels("happy", ("collection",), "acquisition"),
    )
    return [
        LabelledVerbatim(
            id=f"{lang}-{number}",
            text=texts[number % 3],
            lang=lang,
            labels=labels[number % 3],
            story=f"s{number}",
            split="validation" if number >= 6 else "train",
        )
        for lang, texts in told.items()
        for number in range(9)
    ]


def without_treasury() -> Taxonomy:
    """The same with examples of every department."""
    document = json.loads(json.dumps(dict(library_taxonomy().document)))
    document["departments"].pop()
    return parse_taxonomy(document)


def train(mode: str, base: Path, folder: Path, taxonomy: Taxonomy) -> FineTuning | FrozenFit:
    if mode == "frozen":
        settings = FrozenConfig(
            cache=str(folder / "cache"), penalties=(1e-3, 1e-4), max_iterations=200
        )
        config: TrainConfig = tiny_config(base, mode=mode, frozen=settings)
        return FrozenFit(library_rows(), taxonomy, config, folder / "run")
    changes = {"int8_epochs": 0, "quantisation": "int8_blocks", "base_weight": 0.0}
    config = tiny_config(base, epochs=60, patience=60, head_learning_rate=5e-2, **changes)
    return FineTuning(library_rows(), taxonomy, config, folder / "run")


@pytest.mark.parametrize("mode", ["joint", "frozen"])
def test_own_taxonomy_trains_and_serves(tiny_base: Path, tmp_path: Path, mode: str) -> None:
    run = train(mode, tiny_base, tmp_path, without_treasury())
    run.run()
    held_out = [row for row in library_rows() if row.split == "validation"]
    bundle = tmp_path / "bundle"
    export_bundle(run, held_out, library_rows(), bundle, base_name="tiny")
    classifier = load_bundle(bundle, n_threads=1)
    assert classifier.taxonomy.name == "library"
    rows = [row for row in library_rows() if row.split == "train"]
    results = classifier.classify([Verbatim(id=row.id, text=row.text) for row in rows])
    for result in results:
        assert isinstance(result, TaggedVerbatim)
        assert result.department is not None
        assert result.department.runner_up in {"acquisition", "housing"}
        # The topic above e_books follows from it and is not told.
        assert not {"e_books", "collection"} <= {tag.topic for tag in result.topics}
    # Six held-out rows calibrate nothing: what was learnt is read off before that.
    logits = classifier.heads.logits(classifier.encoder.encode([row.text for row in rows]))
    for task in ("department", "sentiment"):
        labels = classifier.taxonomy.labels(task)
        given = [labels[best] for best in logits[task].argmax(axis=1)]
        assert given == [getattr(row.labels, task) for row in rows]
    labels = classifier.taxonomy.labels("topics")
    for row, scores in zip(rows, logits["topics"], strict=True):
        own = {*row.labels.topics, *classifier.taxonomy.ancestors(row.labels.topics[0])}
        best = {labels[place] for place in scores.argsort()[-len(own) :]}
        assert best & own


def test_labels_without_examples_are_marked(tiny_base: Path, tmp_path: Path) -> None:
    run = train("frozen", tiny_base, tmp_path, library_taxonomy())
    run.run()
    held_out = [row for row in library_rows() if row.split == "validation"]
    bundle = tmp_path / "bundle"
    export_bundle(run, held_out, library_rows(), bundle, base_name="tiny")
    manifest = json.loads((bundle / "manifest.json").read_text())
    assert manifest["origin"]["zero_shot"] == {"topics": ["fines"], "department": ["treasury"]}
    taxonomy = load_bundle(bundle, n_threads=1).taxonomy
    marked = {entry.label for entry in (*taxonomy.topics, *taxonomy.departments)
              if entry.is_zero_shot}  # fmt: skip
    assert marked == {"fines", "treasury"}
    card = (bundle / "README.md").read_text()
    assert "fines 0 (zero-shot: from its definition alone)" in card
    assert manifest["origin"]["corpus_sha256"] in card
    assert "seed 3" in card


@pytest.mark.parametrize("mode", ["joint", "frozen"])
def test_label_with_neither_example_nor_definition_is_refused_before_training(
    tiny_base: Path, tmp_path: Path, mode: str
) -> None:
    document = json.loads(json.dumps(dict(library_taxonomy().document)))
    document["departments"][2]["definition"] = {}
    with pytest.raises(TrainingError, match="no example and no definition for treasury"):
        train(mode, tiny_base, tmp_path, parse_taxonomy(document))
    assert not (tmp_path / "run").exists()
