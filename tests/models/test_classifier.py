from collections.abc import Iterable, Iterator

import numpy as np
import pytest
from fakes import make_classifier

from models.domain import (
    MAX_CHARACTERS,
    FailedVerbatim,
    Language,
    Status,
    TaggedVerbatim,
    Verbatim,
)
from models.embedding import EmbeddingSpace
from models.encoder import TokenStates
from models.encoder.hashing import HashingEncoder

TEXTS = [
    "Vriendelijk geholpen, maar veel te lang gewacht aan de balie.",
    "The staff were kind but the queue was far too long.",
    "Te duur",
    "De monteur kwam niet opdagen en niemand belde terug.",
    "Great service 👍",
]


def verbatims(texts: Iterable[str] = TEXTS) -> list[Verbatim]:
    return [Verbatim(id=str(place), text=text) for place, text in enumerate(texts)]


class BrokenEncoder(HashingEncoder):
    """Breaks on one text, however it is batched."""

    def encode_states(self, texts: Iterable[str]) -> Iterator[TokenStates]:
        for text in texts:
            if "kapot" in text:
                raise MemoryError("kapot")
            yield from super().encode_states([text])


def test_tags_do_not_depend_on_neighbours_or_order() -> None:
    classifier = make_classifier()
    together = classifier.classify(verbatims())
    reverse = classifier.classify(verbatims()[::-1])[::-1]
    alone = tuple(classifier.classify([verbatim])[0] for verbatim in verbatims())
    assert together == reverse == alone


def test_classify_spends_nothing_on_embeddings(monkeypatch: pytest.MonkeyPatch) -> None:
    classifier = make_classifier()
    embedded = classifier.embed(verbatims())
    monkeypatch.setattr(EmbeddingSpace, "embed", lambda *_: pytest.fail("not asked for"))
    assert classifier.classify(verbatims()) == tuple(item.result for item in embedded)


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", Status.EMPTY),
        (" \n\t", Status.EMPTY),
        ("x" * (MAX_CHARACTERS + 1), Status.TOO_LONG),
    ],
)
def test_bad_text_fails_alone(text: str, status: Status) -> None:
    results = make_classifier().classify(verbatims(["Te duur", text, "Prima service"]))
    assert [type(result) for result in results] == [TaggedVerbatim, FailedVerbatim, TaggedVerbatim]
    assert results[1].status is status
    assert results[1].id == "1"


@pytest.mark.parametrize("text", ["8", "10/10", "👍👍", "!!!", "06-12345678", "😡 a@b.nl"])
def test_text_without_letters_is_abstained_from(text: str) -> None:
    (result,) = make_classifier().classify(verbatims([text]))
    assert isinstance(result, TaggedVerbatim)
    assert result.status is Status.NO_LETTERS
    assert (result.topics, result.sentiment, result.department) == ((), None, None)
    assert result.needs_review


def test_other_language_is_abstained_from() -> None:
    text = "Le livreur n'est jamais venu et personne ne répond au téléphone."
    (result,) = make_classifier().classify(verbatims([text]))
    assert result.status is Status.OTHER_LANGUAGE


def test_declared_language_is_trusted() -> None:
    verbatim = Verbatim(id="1", text="service nul", language=Language.NL)
    (result,) = make_classifier().classify([verbatim])
    assert isinstance(result, TaggedVerbatim)
    assert (result.language.language, result.language.probability) == (Language.NL, 1.0)


def test_text_that_breaks_the_encoder_fails_alone() -> None:
    classifier = make_classifier(BrokenEncoder())
    texts = ["De balie was gesloten.", "De lift is kapot.", "Prima service"]
    results = classifier.classify(verbatims(texts))
    assert [result.status for result in results] == [Status.OK, Status.FAILED, Status.OK]
    assert isinstance(results[1], FailedVerbatim)
    assert "kapot" not in results[1].detail
    assert results[0] == make_classifier().classify(verbatims(texts))[0]


def test_segments_have_offsets_in_the_text_that_was_sent() -> None:
    text = "Vriendelijk geholpen door mevrouw Jansen,   maar veel te lang gewacht."
    (result,) = make_classifier().classify(verbatims([text]))
    assert isinstance(result, TaggedVerbatim)
    assert len(result.segments) >= 2
    assert "Jansen" not in result.text
    assert "Jansen" in text[result.segments[0].start : result.segments[0].end]
    assert text[result.segments[-1].start : result.segments[-1].end].endswith("gewacht.")


def test_redaction_can_be_switched_off() -> None:
    text = "Vriendelijk geholpen door mevrouw Jansen."
    (result,) = make_classifier().classify(verbatims([text]), redact=False)
    assert isinstance(result, TaggedVerbatim)
    assert "Jansen" in result.text


def test_one_segment_has_the_tags_of_its_verbatim() -> None:
    (result,) = make_classifier().classify(verbatims(["Te duur"]))
    assert isinstance(result, TaggedVerbatim)
    (segment,) = result.segments
    assert (segment.topics, segment.sentiment, segment.department) == (
        result.topics,
        result.sentiment,
        result.department,
    )


def test_evidence_names_the_segment_that_drives_each_label() -> None:
    (result,) = make_classifier().classify(verbatims(TEXTS[:1]))
    assert isinstance(result, TaggedVerbatim)
    assert result.department is not None
    owner = next(item for item in result.evidence if item.task == "department")
    assert owner.label == result.department.department
    tasks = {item.task for item in result.evidence}
    assert tasks == {"topics", "sentiment", "department"}
    assert all(0 <= item.segment < len(result.segments) for item in result.evidence)


def test_review_is_asked_for_below_the_bar() -> None:
    bars = {"sentiment": 1.0, "department": 1.0}
    (result,) = make_classifier(review_probability=bars).classify(verbatims(TEXTS[:1]))
    assert isinstance(result, TaggedVerbatim)
    assert result.needs_review


def test_embed_keeps_unit_vectors_of_verbatim_and_segments() -> None:
    (item,) = make_classifier().embed(verbatims(TEXTS[:1]))
    assert isinstance(item.result, TaggedVerbatim)
    assert item.embedding is not None
    assert item.segment_embeddings is not None
    assert item.segment_embeddings.shape[0] == len(item.result.segments)
    assert np.linalg.norm(item.embedding) == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize(
    "text",
    [
        "niet slecht",
        "not bad at all",
        "goed, maar te laat",
        "de service was really top maar the waiting was vreselijk 😡",
        "a" * 4000,
        "te duur\x00\ud800\u202e",
    ],
)
def test_odd_texts_get_a_result(text: str) -> None:
    (result,) = make_classifier().classify(verbatims([text]))
    assert result.status in {Status.OK, Status.OTHER_LANGUAGE}
