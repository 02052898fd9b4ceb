import numpy as np
import pytest
from root_cause_fakes import clause, failed, verbatim

from models.root_cause.select import complaint_segments, select_complaints

GENERAL = frozenset({"general"})


@pytest.mark.parametrize(
    ("praise", "blame"), [("Fijn personeel,", "maar te duur"), ("Nice staff,", "but too slow")]
)
def test_praise_is_left_aside(praise: str, blame: str) -> None:
    item = verbatim("v1", [clause(praise, sentiment="positive"), clause(blame)], sentiment="mixed")
    found = select_complaints([failed("v0"), item], n_departments=3)
    assert found.texts == (blame,)
    assert (found.verbatim.tolist(), found.segment.tolist()) == ([1], [1])
    assert found.embeddings.shape == (1, 32)
    np.testing.assert_allclose(found.departments, [[0.8, 0.1, 0.1]], atol=1e-6)


def test_a_negative_verbatim_without_a_negative_clause_gives_its_worst() -> None:
    item = verbatim("v1", [clause("ok", sentiment="positive"), clause("hm", sentiment=None)])
    assert complaint_segments(item.result) == (1,)  # type: ignore[arg-type]


def test_a_positive_verbatim_without_complaint_gives_none() -> None:
    item = verbatim("v1", [clause("ok", sentiment="positive")], sentiment="positive")
    assert len(select_complaints([item], n_departments=3)) == 0


def test_a_mere_verdict_is_left_out_beside_a_reason() -> None:
    item = verbatim("v1", [clause("Slecht!", topic="general"), clause("Te duur")])
    assert complaint_segments(item.result, GENERAL) == (1,)  # type: ignore[arg-type]
    alone = verbatim("v2", [clause("Slecht!", topic="general")])
    assert complaint_segments(alone.result, GENERAL) == (0,)  # type: ignore[arg-type]


def test_nothing_gives_nothing() -> None:
    found = select_complaints([failed("v0")], n_departments=3)
    assert (len(found), found.embeddings.shape, found.departments.shape) == (0, (0, 0), (0, 3))
