from pathlib import Path

import numpy as np
import pytest

from models.domain import FloatMatrix, Language
from models.embedding import (
    EmbeddingSpace,
    LanguageAlignment,
    estimate_alignment,
    no_alignment,
    plain_space,
)
from models.encoder.protocol import unit_rows
from models.errors import BundleError

DIM = 16


def meanings(n_rows: int = 200, seed: int = 0) -> FloatMatrix:
    rows = np.random.default_rng(seed).normal(size=(n_rows, DIM)).astype(np.float32)
    return unit_rows(rows)


def tellings(rows: FloatMatrix, seed: int) -> FloatMatrix:
    """The same meanings, blurred in the first three directions only."""
    blur = np.random.default_rng(seed).normal(size=rows.shape).astype(np.float32)
    blur[:, 3:] = 0
    return rows + 0.5 * blur


def test_align_brings_twins_together() -> None:
    rows = meanings()
    shift = np.full(DIM, 0.2, dtype=np.float32)
    alignment = estimate_alignment(rows - shift, rows + shift)
    dutch = alignment.align(rows - shift, [Language.NL] * len(rows))
    english = alignment.align(rows + shift, [Language.EN] * len(rows))
    np.testing.assert_allclose(dutch, english, atol=1e-6)


def test_align_weakens_directions_in_which_twins_differ() -> None:
    alignment = estimate_alignment(tellings(meanings(), 1), tellings(meanings(), 2))
    fresh = meanings(seed=5)
    dutch, english = tellings(fresh, 6), tellings(fresh, 7)
    languages = [Language.NL] * len(fresh)
    before = np.sum(unit_rows(dutch) * unit_rows(english), axis=1).mean()
    after = np.sum(alignment.align(dutch, languages) * alignment.align(english, languages), axis=1)
    assert after.mean() > before + 0.05


def test_align_does_not_depend_on_the_neighbours() -> None:
    rows = meanings()
    alignment = estimate_alignment(tellings(rows, 1), tellings(rows, 2))
    languages = [Language.NL, Language.EN, Language.UND, Language.NL] * 50
    together = alignment.align(rows, languages)
    alone = alignment.align(rows[5:6], languages[5:6])
    np.testing.assert_allclose(together[5:6], alone, atol=1e-6)


def test_no_alignment_changes_nothing() -> None:
    rows = meanings()
    same = no_alignment(DIM).align(rows, [Language.NL] * len(rows))
    np.testing.assert_allclose(same, rows, atol=1e-6)


def test_align_of_no_rows_is_empty() -> None:
    empty = np.empty((0, DIM), dtype=np.float32)
    assert no_alignment(DIM).align(empty, []).shape == (0, DIM)


def test_align_refuses_other_widths() -> None:
    with pytest.raises(ValueError, match="must have shape"):
        no_alignment(DIM + 1).align(meanings(), [Language.NL] * 200)


def test_estimate_refuses_unpaired_rows() -> None:
    with pytest.raises(ValueError, match="paired"):
        estimate_alignment(meanings(3), meanings(4))


def test_estimate_of_equal_twins_only_shifts() -> None:
    rows = meanings()
    np.testing.assert_array_equal(estimate_alignment(rows, rows).matrix, np.eye(DIM))


def test_alignment_refuses_numbers_that_are_not_finite() -> None:
    with pytest.raises(BundleError, match="finite"):
        LanguageAlignment(means=np.full((2, DIM), np.nan), matrix=np.eye(DIM))


def test_space_saves_and_loads(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    space = EmbeddingSpace(
        weight=rng.normal(size=(DIM, 8)).astype(np.float32),
        bias=rng.normal(size=DIM).astype(np.float32),
        alignment=estimate_alignment(tellings(meanings(), 1), tellings(meanings(), 2)),
    )
    space.save(tmp_path / "embedding.safetensors")
    loaded = EmbeddingSpace.load(tmp_path / "embedding.safetensors", width=8)
    pooled = unit_rows(rng.normal(size=(5, 8)).astype(np.float32))
    np.testing.assert_array_equal(loaded.embed(pooled), space.embed(pooled))
    np.testing.assert_allclose(loaded.alignment.matrix, space.alignment.matrix, rtol=1e-6)


def test_embeddings_are_unit_rows_of_the_affine_map() -> None:
    rng = np.random.default_rng(4)
    weight, bias = rng.normal(size=(DIM, 8)).astype(np.float32), rng.normal(size=DIM)
    space = EmbeddingSpace(weight=weight, bias=bias, alignment=no_alignment(DIM))
    pooled = unit_rows(rng.normal(size=(5, 8)).astype(np.float32))
    expected = pooled @ weight.T + bias
    expected /= np.linalg.norm(expected, axis=1, keepdims=True)
    np.testing.assert_allclose(space.embed(pooled), expected, atol=1e-5)
    np.testing.assert_array_equal(space.embed(pooled)[2:3], space.embed(pooled[2:3]))


def test_load_refuses_another_width(tmp_path: Path) -> None:
    plain_space(DIM).save(tmp_path / "embedding.safetensors")
    with pytest.raises(BundleError, match=r"readout\.weight must have shape"):
        EmbeddingSpace.load(tmp_path / "embedding.safetensors", width=DIM + 1)


def test_load_refuses_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="not readable"):
        EmbeddingSpace.load(tmp_path / "absent.safetensors", width=DIM)
