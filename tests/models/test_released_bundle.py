"""The released bundle on plain texts, in both languages."""

import numpy as np
import pytest

from models.bundle import load_bundle
from models.classifier import Classifier
from models.domain import FailedVerbatim, Status, TaggedVerbatim, Verbatim

pytestmark = pytest.mark.model


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return load_bundle(n_threads=2)


def tag(classifier: Classifier, text: str) -> TaggedVerbatim:
    (result,) = classifier.classify([Verbatim(id="1", text=text)])
    assert isinstance(result, TaggedVerbatim)
    return result


@pytest.mark.parametrize(
    ("text", "sentiment", "topic", "department"),
    [
        ("Veel te duur voor wat je krijgt.", "negative", "price", "board"),
        ("Way too expensive for what you get.", "negative", "price", "board"),
        ("Ontzettend vriendelijk personeel.", "positive", "staff_attitude", "hr"),
        ("Really friendly and patient staff.", "positive", "staff_attitude", "hr"),
        ("Na een uur in de wacht niemand gesproken.", "negative", "waiting_reachability", "board"),
        ("On hold for an hour and never got through.", "negative", "waiting_reachability", "board"),
        ("De rits was na twee weken al kapot.", "negative", "product_quality", "purchasing"),
        ("The zip broke within two weeks.", "negative", "product_quality", "purchasing"),
        ("Opzeggen kan alleen met drie maanden opzegtermijn.", "negative", "terms", "legal"),
        ("Three months notice, that is not fair.", "negative", "terms", "legal"),
        pytest.param(
            *("You can only cancel with three months notice.", "negative", "terms", "legal"),
            marks=pytest.mark.xfail(strict=True, reason="a bare fact, taken as neutral at 0.59"),
        ),
        ("Misleidende reclame, geen korting.", "negative", "expectations", "marketing"),
        ("Misleading advert, there was no discount.", "negative", "expectations", "marketing"),
        ("Prima!", "positive", "general", "none"),
        ("Great!", "positive", "general", "none"),
    ],
)  # fmt: skip
def test_plain_texts_are_tagged_as_the_codebook_says(
    classifier: Classifier, text: str, sentiment: str, topic: str, department: str
) -> None:
    result = tag(classifier, text)
    assert result.sentiment is not None
    assert result.department is not None
    assert result.sentiment.sentiment == sentiment
    assert topic in {item.topic for item in result.topics}
    assert result.department.department == department


@pytest.mark.parametrize("text", ["Niet slecht!", "Not bad at all!"])
def test_negated_criticism_is_not_negative(classifier: Classifier, text: str) -> None:
    result = tag(classifier, text)
    assert result.sentiment is not None
    assert result.sentiment.score > 0


@pytest.mark.parametrize(
    "text",
    [
        "Heel vriendelijk geholpen aan de balie, maar de levering kwam drie weken te laat.",
        "Very kind help at the desk, but the delivery came three weeks late.",
    ],
)
def test_contrast_is_told_apart_by_segment(classifier: Classifier, text: str) -> None:
    result = tag(classifier, text)
    praise, criticism = result.segments
    assert praise.sentiment.score > 0.3
    assert criticism.sentiment.score < -0.3
    assert praise.department.department == "hr"
    assert text[criticism.start : criticism.end].strip(" .,").endswith(("laat", "late"))


def test_both_languages_in_one_text(classifier: Classifier) -> None:
    result = tag(classifier, "De customer service is echt terrible, niemand neemt op 😡")
    assert result.status is Status.OK
    assert result.sentiment is not None
    assert result.sentiment.sentiment == "negative"


def test_tags_do_not_depend_on_neighbours_order_or_threads(classifier: Classifier) -> None:
    texts = ["Te duur", "Rude staff", "De app loopt steeds vast.", "ok", "", "Prima " * 900]
    verbatims = [Verbatim(id=str(place), text=text) for place, text in enumerate(texts)]
    together = classifier.classify(verbatims)
    assert classifier.classify(verbatims[::-1])[::-1] == together
    alone = load_bundle(n_threads=1)
    assert tuple(alone.classify([verbatim])[0] for verbatim in verbatims) == together
    assert isinstance(together[4], FailedVerbatim)


def test_long_text_is_encoded_in_windows(classifier: Classifier) -> None:
    text = "De trein had weer vertraging en niemand gaf informatie. " * 150
    (item,) = classifier.embed([Verbatim(id="1", text=text)])
    assert item.embedding is not None
    assert np.linalg.norm(item.embedding) == pytest.approx(1.0, abs=1e-5)
    assert isinstance(item.result, TaggedVerbatim)
    assert len(item.result.segments) <= 40
