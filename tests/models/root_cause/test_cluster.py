import hashlib
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from root_cause_fakes import DIM, planted, same_groups

from models.root_cause.arrays import as_float32, unit
from models.root_cause.cluster import (
    EMERGING,
    ClusterConfig,
    assign_clusters,
    cause_centres,
    fit_clusters,
    place_all,
)

ROOT = Path(__file__).parents[3]
HASH_CLUSTERS = """
import hashlib, sys
sys.path[:0] = sys.argv[1:]
import numba
from root_cause_fakes import planted
from models.root_cause.cluster import assign_clusters, fit_clusters
import numpy as np
rows, _ = planted()
clusters = fit_clusters(rows, np.ones(len(rows)))
found = assign_clusters(clusters, rows)
print(numba.config.NUMBA_NUM_THREADS, hashlib.sha256(found.cause.tobytes()).hexdigest())
"""


def test_fit_clusters_finds_planted_causes() -> None:
    rows, truth = planted()
    clusters = fit_clusters(rows, np.ones(len(rows)))
    assert same_groups(assign_clusters(clusters, rows).nearest.tolist(), truth.tolist())


def test_fit_clusters_numbers_causes_by_weight() -> None:
    rows, _ = planted()
    rng = np.random.default_rng(1)
    weights = rng.integers(1, 9, len(rows)).astype(float)
    clusters = fit_clusters(rows, weights)
    total = np.bincount(assign_clusters(clusters, rows).nearest, weights=weights)
    assert (np.diff(total) <= 0).all()


def test_fit_clusters_is_the_same_in_processes_with_other_thread_counts() -> None:
    runs = [
        subprocess.Popen(
            [sys.executable, "-c", HASH_CLUSTERS, str(ROOT), str(Path(__file__).parent)],
            env={**os.environ, "NUMBA_NUM_THREADS": n, "OMP_NUM_THREADS": n},
            stdout=subprocess.PIPE,
            text=True,
        )
        for n in ("1", "2")
    ]
    answers = [run.communicate(timeout=300)[0].split() for run in runs]
    assert [answer[0] for answer in answers] == ["1", "2"]
    rows, _ = planted()
    own = assign_clusters(fit_clusters(rows, np.ones(len(rows))), rows).cause
    here = hashlib.sha256(own.tobytes()).hexdigest()
    assert [answer[1] for answer in answers] == [here, here]


def test_assign_clusters_does_not_depend_on_the_neighbours() -> None:
    rows, _ = planted()
    clusters = fit_clusters(rows, np.ones(len(rows)))
    batch = assign_clusters(clusters, rows)
    for row in (0, 7, 101):
        alone = assign_clusters(clusters, rows[row : row + 1])
        assert (alone.cause[0], alone.membership[0]) == (batch.cause[row], batch.membership[row])


def test_membership_is_low_for_what_fits_nothing() -> None:
    rows, _ = planted()
    clusters = fit_clusters(rows, np.ones(len(rows)))
    stranger = as_float32(unit(np.random.default_rng(5).standard_normal((1, DIM))))
    found = assign_clusters(clusters, stranger)
    assert found.membership[0] < 0.4 < np.quantile(assign_clusters(clusters, rows).membership, 0.05)


@pytest.mark.parametrize("n_strangers", [0, 20, 400])
def test_emerging_complaints_are_at_most_a_twentieth(n_strangers: int) -> None:
    rows, _ = planted()
    strangers = unit(np.random.default_rng(5).standard_normal((n_strangers, DIM)))
    rows = np.vstack([rows, as_float32(strangers)])
    config = ClusterConfig()
    clusters, _ = place_all(fit_clusters(rows, np.ones(len(rows)), config), rows, config)
    assert (assign_clusters(clusters, rows).cause == EMERGING).mean() <= 0.05


def test_no_row_gives_no_cause() -> None:
    clusters = fit_clusters(np.empty((0, DIM), dtype=np.float32), np.empty(0))
    assert clusters.n_causes == 0
    assert cause_centres(clusters).shape == (0, DIM)
    assert assign_clusters(clusters, planted()[0][:3]).cause.tolist() == [EMERGING] * 3


@pytest.mark.parametrize("n_rows", [1, 2, 5])
def test_few_rows_make_one_cause(n_rows: int) -> None:
    rows = planted()[0][:n_rows]
    clusters = fit_clusters(rows, np.ones(n_rows))
    assert clusters.n_causes == 1
    assert assign_clusters(clusters, rows).nearest.tolist() == [0] * n_rows


def test_one_row_repeated_makes_one_cause() -> None:
    rows = planted()[0][:1]
    clusters = fit_clusters(rows, np.array([10_000.0]))
    found = assign_clusters(clusters, np.repeat(rows, 10_000, axis=0))
    assert set(found.cause.tolist()) == {0}
    assert found.membership.min() == 1.0


def test_all_rows_of_one_cause_make_one_cause() -> None:
    rows, _ = planted(n_causes=1, n_each=300, noise=0.3)
    clusters = fit_clusters(rows, np.ones(len(rows)))
    found = assign_clusters(clusters, rows)
    assert np.bincount(found.nearest)[0] >= 0.95 * len(rows)


def test_few_rows_of_clear_causes_are_told_apart() -> None:
    rows, truth = planted(n_causes=4, n_each=8, noise=0.3)
    clusters = fit_clusters(rows, np.ones(len(rows)))
    assert same_groups(assign_clusters(clusters, rows).nearest.tolist(), truth.tolist())


def test_a_text_repeated_often_is_a_cause_without_neighbours() -> None:
    rows, _ = planted()
    lone = as_float32(unit(np.random.default_rng(8).standard_normal((1, DIM))))
    weights = np.append(np.ones(len(rows)), 200.0)
    clusters = fit_clusters(np.vstack([rows, lone]), weights)
    found = assign_clusters(clusters, np.vstack([rows, lone])).nearest
    assert (found == found[-1]).sum() == 1


def test_n_causes_takes_the_nearest_layer() -> None:
    rows, _ = planted(n_causes=24, n_each=25)
    few = fit_clusters(rows, np.ones(len(rows)), ClusterConfig(n_causes=2))
    many = fit_clusters(rows, np.ones(len(rows)), ClusterConfig(n_causes=24))
    assert few.n_causes <= many.n_causes <= 30


def test_many_rows_are_clustered_by_a_sample() -> None:
    rows, truth = planted(n_each=80)
    config = ClusterConfig(max_fit_rows=500)
    clusters = fit_clusters(rows, np.ones(len(rows)), config)
    assert same_groups(assign_clusters(clusters, rows).nearest.tolist(), truth.tolist())


def test_fit_clusters_refuses_other_lengths() -> None:
    with pytest.raises(ValueError, match="must have 480 items"):
        fit_clusters(planted()[0], np.ones(3))
