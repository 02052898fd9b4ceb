import dataclasses

import numpy as np
import pytest
from tiny import tiny_rows, tiny_taxonomy

from models.embedding import plain_space
from models.encoder.protocol import unit_rows
from models.heads import Head, Heads
from models.taxonomy import TASKS, parse_taxonomy
from training.zero_shot import (
    embed_definitions,
    fill_in,
    labels_without_examples,
    zero_shot_heads,
)


class WordEncoder:
    """Bags of words, each word a direction of its own."""

    def __init__(self) -> None:
        self._places: dict[str, int] = {}
        self.dim = 400

    def encode(self, texts: list[str]) -> np.ndarray:
        rows = np.zeros((len(texts), self.dim), np.float32)
        for row, text in zip(rows, texts, strict=True):
            for word in text.lower().replace(":", " ").replace(",", " ").replace(".", " ").split():
                row[self._places.setdefault(word, len(self._places) % self.dim)] += 1
        return unit_rows(rows)


def make_document() -> dict[str, object]:
    def label(name: str, nl: str, en: str, **more: object) -> dict[str, object]:
        return {
            "label": name,
            "name": {"nl": name, "en": name},
            "definition": {"nl": nl, "en": en},
            **more,
        }

    return {
        "name": "shop",
        "version": 1,
        "max_topics": 2,
        "topics": [
            label("parking", "parkeren auto garage", "parking car garage"),
            label("food", "eten drinken soep", "food drinks soup"),
            label("noise", "lawaai herrie muziek", "noise loud music"),
        ],
        "sentiments": [
            label("bad", "slecht jammer", "bad poor", score=-1),
            label("good", "goed fijn", "good nice", score=1),
        ],
        "departments": [
            label("kitchen", "koken soep kok", "cooking soup cook"),
            label("building", "garage muziek zaal", "garage music hall"),
        ],
    }


@pytest.mark.parametrize(
    ("text", "topic", "department"),
    [
        ("de soep en het eten", "food", "kitchen"),
        ("the soup and the drinks", "food", "kitchen"),
        ("mijn auto in de garage", "parking", "building"),
        ("loud music all night", "noise", "building"),
    ],
)
def test_text_is_nearest_to_the_definition_that_shares_its_meaning(
    text: str, topic: str, department: str
) -> None:
    taxonomy, encoder = parse_taxonomy(make_document()), WordEncoder()
    texts = ["de soep was koud", "garage vol auto", "loud music", "nice food", "bad car", "zaal"]
    heads = zero_shot_heads(encoder, plain_space(400), taxonomy, encoder.encode(texts))  # type: ignore[arg-type]
    logits = heads.logits(encoder.encode([text]))
    assert taxonomy.labels("topics")[logits["topics"][0].argmax()] == topic
    assert taxonomy.labels("department")[logits["department"][0].argmax()] == department


def test_topics_are_as_frequent_as_asked() -> None:
    taxonomy, encoder = parse_taxonomy(make_document()), WordEncoder()
    rng = np.random.default_rng(0)
    words = ["soep", "garage", "music", "auto", "eten", "noise", "x", "y", "z"]
    texts = [" ".join(rng.choice(words, 4)) for _ in range(200)]
    features = encoder.encode(texts)
    heads = zero_shot_heads(  # type: ignore[arg-type]
        encoder, plain_space(400), taxonomy, features, topics_per_text=0.9
    )
    probabilities = 1 / (1 + np.exp(-heads.logits(features)["topics"]))
    np.testing.assert_allclose(probabilities.mean(axis=0), 0.3, atol=1e-3)


def test_definitions_count_alike_in_both_languages() -> None:
    taxonomy, encoder = parse_taxonomy(make_document()), WordEncoder()
    rows = embed_definitions(encoder, plain_space(400), taxonomy.topics)  # type: ignore[arg-type]
    food = rows[1]
    dutch, english = encoder.encode(["food: eten drinken soep", "food: food drinks soup"])
    assert food @ dutch == pytest.approx(food @ english, abs=1e-5)


def test_labels_of_segments_and_parents_count_as_seen() -> None:
    unseen = labels_without_examples(tiny_rows(), tiny_taxonomy())
    assert "price" not in unseen["topics"]
    assert unseen["department"] == {"purchasing", "marketing", "legal", "none"}
    document = dict(tiny_taxonomy().document)
    document["topics"] = [dict(entry) for entry in document["topics"]]
    for entry in document["topics"]:
        if entry["label"] == "price":
            entry["parent"] = "terms"
    assert "terms" not in labels_without_examples(tiny_rows(), parse_taxonomy(document))["topics"]


def test_validation_rows_are_no_examples() -> None:
    rows = [dataclasses.replace(row, split="validation") for row in tiny_rows()]
    unseen = labels_without_examples(rows, tiny_taxonomy())
    assert unseen["topics"] == set(tiny_taxonomy().labels("topics"))


def test_fill_in_changes_only_the_named_labels() -> None:
    taxonomy = tiny_taxonomy()

    def constant(value: float) -> Heads:
        sizes = {task: len(taxonomy.labels(task)) for task in TASKS}
        return Heads(
            {
                task: Head(
                    weight=np.full((n, 3), value, np.float32), bias=np.full(n, value, np.float32)
                )
                for task, n in sizes.items()
            }
        )

    names = {"topics": frozenset({"price"}), "sentiment": frozenset(), "department": frozenset()}
    features = np.zeros((2, 3), np.float32)
    filled = fill_in(constant(1.0), constant(2.0), taxonomy, names, features)  # type: ignore[arg-type]
    place = taxonomy.labels("topics").index("price")
    assert filled.heads["topics"].bias.tolist().index(2.0) == place
    assert filled.heads["topics"].weight.sum() == 3 * 15 + 6
    assert filled.heads["department"].bias.tolist() == [1.0] * 6


def test_department_from_its_definition_does_not_crowd_out_what_was_learnt() -> None:
    taxonomy, encoder = parse_taxonomy(make_document()), WordEncoder()
    features = encoder.encode(["soep", "garage", "soep kok", "music", "auto garage", "food"])
    defined = zero_shot_heads(encoder, plain_space(400), taxonomy, features)  # type: ignore[arg-type]
    names = {task: frozenset[str]() for task in TASKS} | {"department": frozenset({"building"})}
    filled = fill_in(defined, defined, taxonomy, names, features)
    logits = filled.logits(features)["department"]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    assert shares[:, 1].mean() == pytest.approx(0.25, abs=1e-3)
