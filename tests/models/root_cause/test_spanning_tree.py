import numpy as np
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial.distance import cdist

from models.root_cause.spanning_tree import MIN_SAMPLES, span


def test_span_joins_all_points_at_about_the_least_length() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(rng.normal(scale=50, size=(6, 3)), 40, axis=0)
    points = (groups + rng.standard_normal((240, 3))).astype(np.float32)
    links = span(points)
    assert links.shape == (239, 3)
    assert (np.diff(links[:, 2]) >= 0).all()
    distance = cdist(points, points)
    core = np.sort(distance, axis=1)[:, MIN_SAMPLES]
    exact = minimum_spanning_tree(np.maximum(np.maximum(core[:, None], core), distance)).sum()
    assert 0.999 * exact <= links[:, 2].sum() <= 1.02 * exact
    reached = {0}
    while True:
        more = {int(b) for pair in links[:, :2] for a, b in (pair, pair[::-1]) if int(a) in reached}
        if more <= reached:
            break
        reached |= more
    assert len(reached) == 240


def test_span_of_points_in_one_place() -> None:
    links = span(np.zeros((50, 4), dtype=np.float32))
    assert links.shape == (49, 3)
