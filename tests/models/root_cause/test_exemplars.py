import numpy as np
import pytest
from root_cause_fakes import planted

from models.root_cause.arrays import Matrix, as_float32, group_means, unit
from models.root_cause.exemplars import pick_exemplars

TEXT = "een klacht van gewone lengte"


def pick(rows: Matrix, cause: list[int], **changes: object) -> dict[int, tuple[int, ...]]:
    labels = np.asarray(cause)
    values: dict[str, object] = {
        "texts": [TEXT] * len(cause),
        "languages": ["nl"] * len(cause),
        "membership": np.ones(len(cause)),
        **changes,
    }
    n_causes = int(labels.max()) + 1
    centres = group_means(rows, labels, n_causes, np.ones(len(labels)))
    return pick_exemplars(as_float32(rows), labels, centres, **values)  # type: ignore[arg-type]


def test_pick_exemplars_takes_the_nearest_first() -> None:
    rows = unit(np.array([[1.0, 0.9], [1.0, 0.0], [1.0, -0.5], [0.0, -1.0]]))
    assert pick(rows, [0, 0, 0, -1], n_exemplars=2) == {0: (1, 2)}


def test_pick_exemplars_does_not_tell_the_same_twice() -> None:
    rows = unit(np.array([[1.0, 0.0], [1.0, 0.01], [1.0, 0.6], [1.0, -0.6]]))
    (chosen,) = pick(rows, [0, 0, 0, 0], n_exemplars=3).values()
    assert len(chosen) == 3
    assert not {0, 1} <= set(chosen)


def test_pick_exemplars_prefers_readable_lengths() -> None:
    rows = unit(np.array([[1.0, 0.0], [1.0, 0.5]]))
    assert pick(rows, [0, 0], texts=["Slecht", TEXT], n_exemplars=1) == {0: (1,)}
    assert pick(rows, [0, 0], texts=[TEXT, "Slecht"], n_exemplars=1) == {0: (0,)}


def test_pick_exemplars_shows_both_languages() -> None:
    rows, _ = planted(n_causes=1, n_each=20)
    languages = ["nl"] * 16 + ["en"] * 4
    (chosen,) = pick(unit(rows), [0] * 20, languages=languages, n_exemplars=2).values()
    assert {languages[row] for row in chosen} == {"nl", "en"}


def test_pick_exemplars_refuses_none() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        pick(np.eye(2), [0, 0], n_exemplars=0)


@pytest.mark.parametrize(
    ("language", "text", "term"),
    [
        ("nl", "de rits was al na een week kapot", "rits"),
        ("en", "the zip broke in its first week", "zip"),
    ],
)
def test_pick_exemplars_prefers_a_text_that_says_the_cause(
    language: str, text: str, term: str
) -> None:
    rows = unit(np.array([[1.0, 0.1], [1.0, -0.2]]))
    texts = ["we barely did and the tent looked bored", text]
    changes = {"texts": texts, "languages": [language] * 2, "n_exemplars": 1}
    assert pick(rows, [0, 0], **changes) == {0: (0,)}
    assert pick(rows, [0, 0], **changes, key_words={(0, language): [{term}]}) == {0: (1,)}
