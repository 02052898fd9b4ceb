import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks.clustering.cross_lingual import (
    ParallelTexts,
    measure_clusters,
    measure_twins,
    read_texts,
)
from benchmarks.clustering.data import read_labelled
from benchmarks.clustering.figures import measure_agreement, summarise
from models.domain import Language
from training.labelled import read_corpus


def test_measure_agreement_gives_perfect_clusters_one() -> None:
    found = measure_agreement(np.array([0, 0, 1, 1, 2]), np.array([5, 5, 0, 0, 3]))
    assert (found.nmi, found.ari, found.left_out_share, found.n_clusters) == (1.0, 1.0, 0.0, 3)


def test_measure_agreement_counts_rows_left_out_as_wrong() -> None:
    truth = np.repeat(np.arange(4), 25)
    whole = measure_agreement(truth, truth)
    labels = np.where(np.arange(100) % 5 < 2, -1, truth)
    found = measure_agreement(truth, labels)
    assert found.left_out_share == 0.4
    assert found.n_clusters == 4
    assert max(found.nmi, found.nmi_one) < whole.nmi
    assert max(found.ari, found.ari_one) < 0.6


def test_measure_agreement_refuses_other_lengths() -> None:
    with pytest.raises(ValueError, match=r"must have shape \(3,\)"):
        measure_agreement(np.zeros(3, dtype=int), np.zeros(2, dtype=int))


def test_summarise_gives_median_and_range() -> None:
    truth = np.array([0, 0, 1, 1])
    runs = [measure_agreement(truth, np.array(labels)) for labels in ([0, 0, 1, 1], [0, 0, 0, 0])]
    assert summarise(runs)["ari"] == {"median": 0.5, "low": 0.0, "high": 1.0}


def parallel(n_pairs: int, twins: list[tuple[int, int]], **extra: Any) -> ParallelTexts:
    languages = (Language.NL,) * n_pairs + (Language.EN,) * n_pairs
    values = {"name": "made", "texts": ("",) * len(languages), "same_language": [], **extra}
    return ParallelTexts(languages=languages, twins=twins, **values)


def planted_sides() -> np.ndarray:
    """Eight causes of forty rows, two sides each. Shape: (2, 320, 32)."""
    rng = np.random.default_rng(0)
    centres = np.linalg.qr(rng.standard_normal((32, 32)))[0]
    sides = centres[np.repeat(np.arange(8), 40)] + 0.05 * rng.standard_normal((2, 320, 32))
    unit: np.ndarray = (sides / np.linalg.norm(sides, axis=2, keepdims=True)).astype(np.float32)
    return unit


def test_measure_clusters_sees_twins_apart_and_together() -> None:
    rows = planted_sides()
    data = parallel(320, [(place, 320 + place) for place in range(320)])
    together = measure_clusters(rows.reshape(640, 32), data, n_clusters=8, seed=0)
    assert (together.together_share, together.one_language_share) == (1.0, 0.0)
    shifted = np.vstack([rows[0], np.roll(rows[1], 16, axis=1)])
    apart = measure_clusters(shifted, data, n_clusters=16, seed=0)
    assert apart.together_share < 0.2
    assert apart.one_language_share > 0.8


def test_measure_clusters_counts_the_pairs_that_are_named() -> None:
    rows = planted_sides().reshape(640, 32)
    data = parallel(320, [(0, 320), (0, 400)], same_language=[(0, 1), (0, 2), (0, 45), (0, 90)])
    found = measure_clusters(rows, data, n_clusters=8, seed=0)
    assert (found.together_share, found.same_language_together_share) == (0.5, 0.5)


def test_measure_twins_counts_both_directions() -> None:
    rows = np.eye(4, dtype=np.float32)
    twins = [(place, 4 + place) for place in range(4)]
    assert measure_twins(np.vstack([rows, rows]), parallel(4, twins)) == 1.0
    assert measure_twins(np.vstack([rows, rows[::-1]]), parallel(4, twins)) == 0.0
    assert measure_twins(np.vstack([rows, rows[[0, 1, 3, 2]]]), parallel(4, twins[:2])) == 1.0


def test_read_labelled_numbers_the_clusters(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    lines = [
        {"text": "te laat", "lang": "nl", "cluster": "wait"},
        {"text": "too dear", "lang": "en", "cluster": "price"},
        {"text": "en retard", "lang": "fr", "cluster": "wait"},
    ]
    path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    data = read_labelled(path)
    assert data.truth.tolist() == [1, 0, 1]
    assert data.languages == (Language.NL, Language.EN, Language.UND)


def test_read_labelled_names_the_line_and_field(tmp_path: Path) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text('{"text": "duur", "lang": "nl", "cluster": "a"}\n{"text": "x"}\n', "utf-8")
    with pytest.raises(SystemExit, match=r"set.jsonl:2: text is missing in lang, cluster"):
        read_labelled(path)


def test_story_pairs_are_held_out() -> None:
    splits = {row.text: (row.split, row.lang) for row in read_corpus()}
    data = read_texts("stories")
    told = [[splits[data.texts[place]] for place in pair] for pair in data.twins]
    assert len(told) > 50
    assert all(pair == [("validation", "nl"), ("validation", "en")] for pair in told)
    told = [[splits[data.texts[place]] for place in pair] for pair in data.same_language]
    assert len(told) > 20
    assert all(one == other and one[0] == "validation" for one, other in told)
