import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from root_cause_fakes import planted

from models.root_cause.arrays import as_float32, unit
from models.root_cause.duplicates import collapse_duplicates, text_key


def test_collapse_counts_equal_texts() -> None:
    rows = np.eye(3, dtype=np.float32)
    found = collapse_duplicates(["Te duur!", "Te laat", "te duur"], rows)
    assert found.weights.tolist() == [2.0, 1.0]
    assert found.unique_of[0] == found.unique_of[2] != found.unique_of[1]


def test_collapse_counts_embeddings_that_all_but_coincide() -> None:
    rows, _ = planted(n_causes=50, n_each=1)
    near = as_float32(unit(rows + 0.001))
    texts = [f"text {chr(97 + row // 26)}{chr(97 + row % 26)}" for row in range(100)]
    found = collapse_duplicates(texts, np.vstack([rows, near]))
    assert found.unique_of[:50].tolist() == found.unique_of[50:].tolist()
    assert found.weights.tolist() == [2.0] * 50


def test_collapse_keeps_neighbours_apart() -> None:
    rows, _ = planted()
    texts = [f"text {chr(97 + row // 26)}{chr(97 + row % 26)}" for row in range(len(rows))]
    assert len(collapse_duplicates(texts, rows).rows) == len(rows)


def test_collapse_of_ten_thousand_equal_rows() -> None:
    rows = np.repeat(np.eye(1, 8, dtype=np.float32), 10_000, axis=0)
    found = collapse_duplicates(["Slecht bereikbaar"] * 10_000, rows)
    assert (found.rows.tolist(), found.weights.tolist()) == ([0], [10_000.0])


def test_collapse_without_letters_goes_by_embedding() -> None:
    found = collapse_duplicates(["😡", "💸", "😡"], np.eye(3, dtype=np.float32)[[0, 1, 0]])
    assert sorted(found.weights.tolist()) == [1.0, 2.0]


def test_collapse_of_nothing() -> None:
    assert len(collapse_duplicates([], np.empty((0, 8), dtype=np.float32)).rows) == 0


def test_collapse_refuses_other_lengths() -> None:
    with pytest.raises(ValueError, match="must have 2 items"):
        collapse_duplicates(["een"], np.eye(2, dtype=np.float32))


@settings(max_examples=20)
@given(st.permutations(range(30)))
def test_collapse_does_not_depend_on_the_order(order: list[int]) -> None:
    rows, _ = planted(n_causes=15, n_each=2, noise=0.01)
    texts = [f"klacht {chr(97 + row % 20)}" for row in range(30)]
    first = collapse_duplicates(texts, rows)
    second = collapse_duplicates([texts[row] for row in order], rows[order])
    assert [texts[row] for row in first.rows] == [texts[order[row]] for row in second.rows]
    assert first.weights.tolist() == second.weights.tolist()


@pytest.mark.parametrize("text", ["", "!!", "é" * 4000])
def test_text_key_is_idempotent(text: str) -> None:
    assert text_key(text_key(text)) == text_key(text)
