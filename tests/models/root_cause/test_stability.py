import numpy as np
from root_cause_fakes import planted

from models.root_cause.arrays import Matrix
from models.root_cause.cluster import assign_clusters, fit_clusters
from models.root_cause.cluster_config import ClusterConfig
from models.root_cause.stability import (
    Change,
    Matching,
    count_overlap,
    estimate_stability,
    match_causes,
)


def match(overlap: list[list[float]], previous_sizes: list[float] | None = None) -> Matching:
    table: Matrix = np.asarray(overlap, dtype=float)
    names = [f"C{row + 1:03d}" for row in range(len(table))]
    sizes = table.sum(axis=0)
    before = table.sum(axis=1) if previous_sizes is None else np.asarray(previous_sizes)
    return match_causes(table, names, before, sizes, next_number=len(table) + 1)


def test_clear_causes_are_stable() -> None:
    rows, _ = planted()
    weights = np.ones(len(rows))
    clusters = fit_clusters(rows, weights)
    found = estimate_stability(
        rows,
        weights,
        assign_clusters(clusters, rows).cause,
        clusters.n_causes,
        ClusterConfig(),
        rng=np.random.default_rng(0),
        n_resamples=2,
    )
    assert found is not None
    assert found.score > 0.95
    assert len(found.by_cause) == 12


def test_made_up_causes_are_not_stable() -> None:
    rows, _ = planted()
    made_up = np.random.default_rng(0).integers(0, 12, len(rows))
    found = estimate_stability(
        rows,
        np.ones(len(rows)),
        made_up,
        12,
        ClusterConfig(),
        rng=np.random.default_rng(0),
        n_resamples=1,
    )
    assert found is not None
    assert found.score < 0.3


def test_no_resamples_give_no_score() -> None:
    rows, truth = planted()
    rng = np.random.default_rng(0)
    config = ClusterConfig()
    assert estimate_stability(rows, np.ones(480), truth, 12, config, rng=rng, n_resamples=0) is None


def test_count_overlap_leaves_emerging_out() -> None:
    first, second = np.array([0, 0, 1, -1]), np.array([1, 0, 1, 1])
    table = count_overlap(first, second, 2, 2, np.array([1.0, 2.0, 3.0, 9.0]))
    assert table.tolist() == [[2, 1], [0, 3]]


def test_ids_are_carried_over_whatever_the_order() -> None:
    found = match([[0, 100, 5], [90, 0, 0], [0, 0, 80]])
    assert [change.cause_id for change in found.causes] == ["C002", "C001", "C003"]
    assert {change.change for change in found.causes} == {Change.STEADY}
    assert found.gone == ()


def test_grown_and_shrunk() -> None:
    found = match([[300, 0], [0, 300]], previous_sizes=[100, 500])
    assert [change.change for change in found.causes] == [Change.GROWN, Change.SHRUNK]


def test_a_small_change_is_chance() -> None:
    found = match([[12, 0], [0, 20]], previous_sizes=[10, 22])
    assert {change.change for change in found.causes} == {Change.STEADY}


def test_new_and_gone() -> None:
    table = np.array([[100.0, 0.0], [0.0, 0.0]])
    found = match_causes(
        table, ["C001", "C009"], np.array([100.0, 50.0]), np.array([100.0, 60.0]), next_number=12
    )
    assert [change.cause_id for change in found.causes] == ["C001", "C012"]
    assert found.causes[1].change is Change.NEW
    assert (found.gone, found.next_number) == (("C009",), 13)


def test_merged_keeps_the_larger_id() -> None:
    (change,) = match([[40], [100]]).causes
    assert (change.change, change.cause_id, change.previous) == (
        Change.MERGED,
        "C002",
        ("C001", "C002"),
    )


def test_split_keeps_the_id_on_the_larger_part() -> None:
    found = match([[40, 90]])
    assert [change.change for change in found.causes] == [Change.SPLIT, Change.SPLIT]
    assert [change.cause_id for change in found.causes] == ["C002", "C001"]


def test_no_previous_cause() -> None:
    found = match_causes(np.empty((0, 2)), [], np.empty(0), np.array([5.0, 4.0]), next_number=1)
    assert [change.cause_id for change in found.causes] == ["C001", "C002"]
    assert {change.change for change in found.causes} == {Change.NEW}
