import json
from pathlib import Path

import pytest

from models.bundle import load_bundle, read_manifest
from training.alignment import PARALLEL, ParallelDataError, read_parallel
from training.cli import main

PAIRS = [("te laat", "too late"), ("heel duur", "very dear"), ("prima hulp", "great help")]


def write_pairs(folder: Path) -> Path:
    path = folder / "pairs.jsonl"
    lines = [json.dumps({"nl": nl, "en": en}) for nl, en in PAIRS]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_align_changes_the_alignment_alone(tiny_bundle: Path, tmp_path: Path) -> None:
    out = tmp_path / "aligned"
    assert main(["align", str(tiny_bundle), str(write_pairs(tmp_path)), "--out", str(out)]) == 0
    new, old = read_manifest(out), read_manifest(tiny_bundle)
    changed = {name for name in new.sha256 if new.sha256[name] != old.sha256[name]}
    assert changed == {"embedding.safetensors"}
    assert new.origin["aligned_from"] == old.bundle_version
    classifier = load_bundle(out, n_threads=1)
    means = classifier.space.alignment.means
    sides = [
        classifier.space.embed(classifier.encoder.encode(side)) for side in zip(*PAIRS, strict=True)
    ]
    assert means[0] == pytest.approx(sides[0].mean(axis=0), abs=1e-6)
    assert means[1] == pytest.approx(sides[1].mean(axis=0), abs=1e-6)


@pytest.mark.parametrize("line", ["{", '{"nl": "ja"}', '{"nl": "ja", "en": " "}', "[1]", "3"])
def test_a_line_that_is_no_pair_is_named(line: str, tmp_path: Path) -> None:
    path = tmp_path / "pairs.jsonl"
    path.write_text('{"nl": "ja", "en": "yes"}\n' + line + "\n", encoding="utf-8")
    with pytest.raises(ParallelDataError, match=r"pairs\.jsonl:2: must be"):
        read_parallel(path)


def test_own_sentences_are_all_different() -> None:
    pairs = read_parallel(PARALLEL)
    assert len(pairs) > 500
    for side in zip(*pairs, strict=True):
        assert len({text.casefold() for text in side}) == len(pairs)
