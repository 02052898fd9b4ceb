import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.encoder import TokenStates, pool_spans, pool_verbatim
from models.encoder.hashing import HashingEncoder
from models.encoder.protocol import unit_rows


def token_states() -> TokenStates:
    """A special token, then "goed" 0-4 and "laat" 5-9."""
    return TokenStates(
        states=np.asarray([[9, 9], [1, 0], [0, 1]], np.float32),
        starts=np.asarray([0, 0, 5]),
        ends=np.asarray([0, 4, 9]),
    )


def test_pool_verbatim_takes_all_tokens() -> None:
    np.testing.assert_allclose(pool_verbatim(token_states()), [10 / 3, 10 / 3], rtol=1e-6)


def test_pool_spans_takes_each_spans_own_tokens() -> None:
    pooled = pool_spans(token_states(), [(0, 4), (4, 9)])
    np.testing.assert_array_equal(pooled, [[1, 0], [0, 1]])


def test_pool_spans_without_tokens_takes_the_text() -> None:
    pooled = pool_spans(token_states(), [(20, 21)])
    np.testing.assert_allclose(pooled[0], pool_verbatim(token_states()))


def test_unit_rows_leave_zero_rows_alone() -> None:
    np.testing.assert_array_equal(unit_rows(np.zeros((1, 2), np.float32)), [[0, 0]])


@given(st.lists(st.text(max_size=40), max_size=6))
def test_hashing_encoder_ignores_neighbours(texts: list[str]) -> None:
    encoder = HashingEncoder(dim=8)
    together = encoder.encode(texts)
    assert together.shape == (len(texts), 8)
    for row, text in enumerate(texts):
        np.testing.assert_array_equal(together[row], encoder.encode([text])[0])


def test_shared_words_are_near() -> None:
    rows = HashingEncoder(dim=256).encode(["te duur", "veel te duur", "vriendelijk personeel"])
    assert rows[0] @ rows[1] > rows[0] @ rows[2] + 0.3


@pytest.mark.parametrize("text", ["", "🙂", "niet slecht"])
def test_hashing_encoder_takes_any_text(text: str) -> None:
    assert np.isfinite(HashingEncoder().encode([text])).all()
