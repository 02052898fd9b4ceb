import numpy as np
import pytest
from root_cause_fakes import DIM, planted, same_groups

from models.root_cause.arrays import as_float32, unit
from models.root_cause.cluster import assign_clusters, fit_clusters
from models.root_cause.mentions import (
    MIN_MENTIONS,
    estimate_mentions,
    mention_key,
    no_mentions,
)


@pytest.mark.parametrize(
    ("text", "is_mention"),
    [
        ("@Winkel waar blijft mijn pakje?", True),
        ("still waiting, @shop_help!", True),
        ("Te laat.@winkel", False),  # no space before it: rather a broken address
        ("mail jan@example.org of bel", False),
        ("3 stuks @ 12 euro", False),
        ("", False),
    ],
)
def test_mention_key_knows_a_mention(text: str, is_mention: bool) -> None:
    assert bool(mention_key(text)) == is_mention


def test_mention_key_does_not_hold_the_name() -> None:
    assert "winkel" not in mention_key("@winkel te laat")


def test_offsets_join_what_is_addressed_to_different_companies() -> None:
    rows, truth = planted(n_causes=6, n_each=60, noise=0.3)
    rng = np.random.default_rng(3)
    side = rng.integers(2, size=len(rows))
    directions = np.linalg.qr(rng.standard_normal((DIM, 2)))[0].T
    shifted = as_float32(unit(rows + 1.5 * directions[side]))
    texts = [f"@{('first', 'second')[one]} te laat" for one in side]
    parted = assign_clusters(fit_clusters(shifted, np.ones(len(rows))), shifted).nearest
    assert not same_groups(parted.tolist(), truth.tolist())
    offsets = estimate_mentions(texts, shifted)
    joined = offsets.take_off(texts, shifted)
    found = assign_clusters(fit_clusters(joined, np.ones(len(rows))), joined).nearest
    assert same_groups(found.tolist(), truth.tolist())


def test_take_off_of_a_row_does_not_depend_on_the_others() -> None:
    rows, _ = planted()
    texts = ["@een laat" if row % 2 else "duur" for row in range(len(rows))]
    offsets = estimate_mentions(texts, rows)
    assert len(offsets.keys) == 1
    whole = offsets.take_off(texts, rows)
    for row in (0, 1, 100, 101):
        alone = offsets.take_off(texts[row : row + 1], rows[row : row + 1])
        np.testing.assert_array_equal(alone[0], whole[row])


def test_a_mention_that_comes_seldom_or_always_changes_nothing() -> None:
    rows, _ = planted()
    seldom = ["@een laat"] * (MIN_MENTIONS - 1) + ["laat"] * (len(rows) - MIN_MENTIONS + 1)
    assert estimate_mentions(seldom, rows).keys == ()
    always = ["@een laat"] * len(rows)
    np.testing.assert_allclose(
        estimate_mentions(always, rows).take_off(always, rows), rows, atol=1e-6
    )


def test_no_rows_and_no_mentions_are_no_error() -> None:
    none = np.empty((0, DIM), dtype=np.float32)
    assert estimate_mentions([], none).keys == ()
    rows, _ = planted()
    texts = ["@een laat"] * len(rows)
    assert no_mentions(DIM).take_off(texts, rows) is rows
