"""Whether the tags of a verbatim depend on its neighbours.

``python -m benchmarks.single_equals_batch [FILE.jsonl] [--rows 2000]`` classifies the same
verbatims one by one, in batches of 7 and of 512, and in shuffled order, and reports how many tags
differ and the largest difference of a probability. It exits with 1 if any label differs.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

from benchmarks.throughput import read_texts
from models.bundle import load_bundle
from models.classifier import Result
from models.domain import Verbatim
from training.evaluation.neighbours import count_different, largest_gap


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path, nargs="?")
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--bundle", type=Path)
    args = parser.parse_args()
    classifier = load_bundle(args.bundle)
    verbatims = [
        Verbatim(id=str(place), text=text)
        for place, text in enumerate(read_texts(args.data, args.rows))
    ]
    one_by_one = [classifier.classify([verbatim])[0] for verbatim in verbatims]
    order = np.random.default_rng(1).permutation(len(verbatims))
    shuffled: list[Result] = list(one_by_one)
    for place, result in zip(
        order, classifier.classify([verbatims[i] for i in order]), strict=True
    ):
        shuffled[place] = result
    ways: dict[str, list[Result]] = {"shuffled": shuffled}
    for size in (7, 512):
        ways[f"batches of {size}"] = [
            result
            for start in range(0, len(verbatims), size)
            for result in classifier.classify(verbatims[start : start + size])
        ]
    n_different = 0
    for name, results in ways.items():
        different = count_different(one_by_one, results)
        gap = largest_gap(one_by_one, results)
        n_different += different
        print(f"{name}: {different} of {len(results)} differ, largest gap {gap:.2e}")
    sys.exit(1 if n_different else 0)


if __name__ == "__main__":
    main()
