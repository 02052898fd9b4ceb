import numpy as np
import pytest

from models.root_cause import neighbours as module
from models.root_cause.arrays import as_float32, unit
from models.root_cause.neighbours import find_neighbours


def random_rows(n_rows: int = 900) -> np.ndarray:
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((30, 16))
    return as_float32(
        unit(centres[rng.integers(30, size=n_rows)] + rng.standard_normal((n_rows, 16)) / 3)
    )


def test_find_neighbours_of_few_rows_are_the_nearest() -> None:
    rows = random_rows()
    found = find_neighbours(rows, 10, seed=0)
    exact = rows.astype(np.float64) @ rows.T.astype(np.float64)
    np.testing.assert_allclose(
        found.similarity[:, 1:], -np.sort(-exact, axis=1)[:, 1:10], atol=1e-5
    )
    assert (found.index[:, 0] == np.arange(len(rows))).all()


def test_find_neighbours_by_cells_finds_most(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = random_rows()
    exact = find_neighbours(rows, 10, seed=0).index
    monkeypatch.setattr(module, "CELL_ROWS", 16)
    monkeypatch.setattr(module, "PROBED_CELLS", 10)
    found = find_neighbours(rows, 10, seed=0, n_threads=1)
    shared = [
        len(np.intersect1d(own, other)) for own, other in zip(found.index, exact, strict=True)
    ]
    assert np.mean(shared) > 9
    again = find_neighbours(rows, 10, seed=0, n_threads=3)
    assert (again.index == found.index).all()
    assert (again.similarity == found.similarity).all()


def test_find_neighbours_by_cells_of_rows_that_coincide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "CELL_ROWS", 8)
    monkeypatch.setattr(module, "PROBED_CELLS", 2)
    rows = np.ones((100, 4), dtype=np.float32) / 2
    rows[:3] = [[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]]
    found = find_neighbours(rows, 10, seed=0)
    assert (found.index[:, 0] == np.arange(100)).all()
    assert all(len(set(own)) == 10 for own in found.index.tolist())


def test_among_leaves_out_rows_that_were_not_kept() -> None:
    rows = random_rows()
    kept = np.arange(0, len(rows), 2)
    found = find_neighbours(rows, 40, seed=0).among(kept, 10)
    exact = find_neighbours(rows[kept], 10, seed=0)
    full = (found.index >= 0).all(axis=1)
    assert full.mean() > 0.9
    assert (found.index[full] == exact.index[full]).mean() > 0.99
    assert (found.similarity >= exact.similarity.min()).all()
