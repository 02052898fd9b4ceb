import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.clustering.cross_lingual import measure_pairs, measure_twins, read_pairs
from benchmarks.clustering.data import read_labelled
from benchmarks.clustering.figures import measure_agreement, summarise
from models.domain import Language


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


def test_measure_pairs_sees_twins_apart_and_together() -> None:
    rng = np.random.default_rng(0)
    centres = np.linalg.qr(rng.standard_normal((32, 32)))[0]
    sides = centres[np.repeat(np.arange(8), 40)] + 0.05 * rng.standard_normal((2, 320, 32))
    rows = (sides / np.linalg.norm(sides, axis=2, keepdims=True)).astype(np.float32)
    together = measure_pairs(rows.reshape(640, 32), 320, n_clusters=8, seed=0)
    assert (together.together_share, together.one_language_share) == (1.0, 0.0)
    shifted = np.vstack([rows[0], np.roll(rows[1], 16, axis=1)])
    apart = measure_pairs(shifted, 320, n_clusters=16, seed=0)
    assert apart.together_share < 0.2
    assert apart.one_language_share > 0.8


def test_measure_pairs_counts_the_first_ones_alone() -> None:
    rng = np.random.default_rng(0)
    centres = np.linalg.qr(rng.standard_normal((32, 32)))[0]
    sides = centres[np.repeat(np.arange(8), 40)] + 0.05 * rng.standard_normal((2, 320, 32))
    rows = (sides / np.linalg.norm(sides, axis=2, keepdims=True)).astype(np.float32)
    english = np.vstack([rows[1, :80], np.roll(rows[1, 80:], 40, axis=0)])  # the rest of others
    rows = np.vstack([rows[0], english])
    assert measure_pairs(rows, 80, n_clusters=8, seed=0).together_share == 1.0
    assert measure_pairs(rows, 320, n_clusters=8, seed=0).together_share == 0.25


def test_measure_twins_counts_both_directions() -> None:
    rows = np.eye(4, dtype=np.float32)
    assert measure_twins(np.vstack([rows, rows]), 4) == 1.0
    assert measure_twins(np.vstack([rows, rows[::-1]]), 4) == 0.0
    assert measure_twins(np.vstack([rows, rows[[0, 1, 3, 2]]]), 2) == 1.0


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


def test_story_pairs_are_held_out_and_in_two_languages() -> None:
    from training.labelled import read_corpus

    splits = {row.text: (row.split, row.lang) for row in read_corpus()}
    pairs = read_pairs("stories")
    assert len(pairs.dutch) == len(pairs.english) > 50
    assert {splits[text] for text in pairs.dutch} == {("validation", "nl")}
    assert {splits[text] for text in pairs.english} == {("validation", "en")}
