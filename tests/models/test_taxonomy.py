import copy
from pathlib import Path

import pytest
from fakes import make_taxonomy

from models.errors import TaxonomyError
from models.taxonomy import parse_taxonomy, read_taxonomy

RELEASED = Path(__file__).parents[2] / "data" / "taxonomy" / "klantstem.json"


def test_released_taxonomy_has_the_codebooks_labels() -> None:
    taxonomy = read_taxonomy(RELEASED)
    assert set(taxonomy.labels("department")) == {
        "hr", "purchasing", "marketing", "legal", "board", "none",
    }  # fmt: skip
    assert set(taxonomy.labels("sentiment")) == {"negative", "neutral", "mixed", "positive"}
    assert len(taxonomy.labels("topics")) == 16
    assert taxonomy.exclusive_topics == {"general"}
    for label in (*taxonomy.topics, *taxonomy.sentiments, *taxonomy.departments):
        assert set(label.name) == set(label.definition) == {"nl", "en"}


def test_parse_refuses_a_label_that_stands_twice() -> None:
    document = copy.deepcopy(dict(make_taxonomy().document))
    document["departments"].append(document["departments"][0])
    with pytest.raises(TaxonomyError, match="department"):
        parse_taxonomy(document)


def test_parse_refuses_an_unknown_parent() -> None:
    document = copy.deepcopy(dict(make_taxonomy().document))
    document["topics"][0]["parent"] = "nowhere"
    with pytest.raises(TaxonomyError, match="nowhere"):
        parse_taxonomy(document)


def test_parse_refuses_an_unknown_key() -> None:
    document = copy.deepcopy(dict(make_taxonomy().document))
    document["topics"][0]["colour"] = "red"
    with pytest.raises(TaxonomyError, match="colour"):
        parse_taxonomy(document)


@pytest.mark.parametrize(
    ("group", "key", "value", "said"),
    [
        ("topics", "label", ["price"], "label must be a text"),
        ("topics", "label", 3, "label must be a text"),
        ("topics", "name", "Prijs", "price: name must hold a text per language"),
        ("topics", "definition", "Over prijs.", "price: definition must hold a text per language"),
        ("topics", "definition", {"nl": None}, "price: definition must hold a text per language"),
        ("topics", "parent", ["staff"], "price: parent must be a label"),
        ("topics", "is_exclusive", "yes", "price: is_exclusive must be true or false"),
        ("sentiments", "score", "-1", "negative: score must be a number from -1 to 1. Got '-1'"),
        ("sentiments", "score", -2, "negative: score must be a number from -1 to 1"),
        ("sentiments", "score", True, "negative: score must be a number from -1 to 1"),
        ("sentiments", "score", float("nan"), "negative: score must be a number from -1 to 1"),
        ("sentiments", "score", 0, "at least one needs a score below 0"),
    ],
)
def test_parse_names_a_value_that_a_label_cannot_have(
    group: str, key: str, value: object, said: str
) -> None:
    document = copy.deepcopy(dict(make_taxonomy().document))
    document[group][0][key] = value
    with pytest.raises(TaxonomyError, match=said):
        parse_taxonomy(document)


def test_parse_refuses_sentiments_without_a_score() -> None:
    document = copy.deepcopy(dict(make_taxonomy().document))
    for entry in document["sentiments"]:
        entry.pop("score", None)
    with pytest.raises(TaxonomyError, match="at least one needs a score below 0"):
        parse_taxonomy(document)


@pytest.mark.parametrize("value", [0, -1, "3", True, 1.5])
def test_parse_refuses_no_topics(value: object) -> None:
    document = {**make_taxonomy().document, "max_topics": value}
    with pytest.raises(TaxonomyError, match="max_topics must be a whole number from 1"):
        parse_taxonomy(document)


def test_read_names_an_unreadable_file(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match=r"absent\.json"):
        read_taxonomy(tmp_path / "absent.json")


def test_parse_refuses_a_topic_above_itself() -> None:
    document = copy.deepcopy(dict(make_taxonomy().document))
    first, second = document["topics"][:2]
    first["parent"], second["parent"] = second["label"], first["label"]
    with pytest.raises(TaxonomyError, match="stands above itself"):
        parse_taxonomy(document)


def test_ancestors_are_given_nearest_first() -> None:
    document = copy.deepcopy(dict(make_taxonomy().document))
    top, middle, low = (entry["label"] for entry in document["topics"][:3])
    document["topics"][1]["parent"], document["topics"][2]["parent"] = top, middle
    taxonomy = parse_taxonomy(document)
    assert taxonomy.ancestors(low) == (middle, top)
    assert taxonomy.ancestors(top) == ()


def test_released_taxonomy_says_what_complains_and_who_owns_nothing() -> None:
    taxonomy = read_taxonomy(RELEASED)
    assert taxonomy.negative_sentiments == {"negative"}
    assert taxonomy.no_owner_departments == {"none"}


def test_own_labels_say_what_complains_and_who_owns_nothing() -> None:
    document = copy.deepcopy(dict(make_taxonomy().document))
    document["departments"][0]["is_no_owner"] = True
    for entry, score in zip(document["sentiments"], (-1, -0.5, 1), strict=True):
        entry["score"] = score
    taxonomy = parse_taxonomy(document)
    assert taxonomy.no_owner_departments == {document["departments"][0]["label"]}
    assert taxonomy.negative_sentiments == {e["label"] for e in document["sentiments"][:2]}
