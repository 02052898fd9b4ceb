"""Whether the two tellings of one thing, Dutch and English, fall into one cluster.

``python -m benchmarks.clustering.cross_lingual PAIRS.jsonl... [--json OUT]`` reads lines with
``nl`` and ``en`` that mean the same, puts both sides of all pairs together, clusters them into
about 80, and prints the share of pairs whose sides share a cluster and the share of clusters in
which over 95 % of the rows are in one language. ``stories`` in place of a file stands for the
stories of the project's own corpus that are told in both languages. All of them are clustered, but
only pairs of split ``validation`` are counted, because the alignment of the languages is estimated
on the others; alone they are too few for 80 clusters.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.clustering.data import embed_with_bundle, read_objects
from benchmarks.clustering.figures import spread
from models.domain import FloatMatrix, Language
from models.root_cause.cluster import assign_clusters, fit_clusters
from models.root_cause.cluster_config import ClusterConfig

STORIES = "stories"
ONE_LANGUAGE = 0.95
"""Share of a cluster's rows in one language over which it counts as of one language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pairs:
    """Row i of ``dutch`` means what row i of ``english`` means; the first ones are counted."""

    name: str
    dutch: tuple[str, ...]
    english: tuple[str, ...]
    n_counted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossLingual:
    """``together_share`` of the counted pairs, ``one_language_share`` of the clusters."""

    together_share: float
    one_language_share: float
    n_clusters: int


def read_pairs(source: str) -> Pairs:
    """Pairs of a file, or the held-out stories of the corpus."""
    if source != STORIES:
        objects = read_objects(Path(source), ("nl", "en"))
        return Pairs(
            name=Path(source).stem,
            dutch=tuple(entry["nl"] for entry in objects),
            english=tuple(entry["en"] for entry in objects),
            n_counted=len(objects),
        )
    from training.labelled import read_corpus, story_pairs

    rows = read_corpus()
    pairs = sorted(story_pairs(rows), key=lambda pair: rows[pair[0]].split != "validation")
    return Pairs(
        name="stories of split validation",
        dutch=tuple(rows[dutch].text for dutch, _ in pairs),
        english=tuple(rows[english].text for _, english in pairs),
        n_counted=sum(rows[dutch].split == "validation" for dutch, _ in pairs),
    )


def measure_pairs(rows: FloatMatrix, n_counted: int, *, n_clusters: int, seed: int) -> CrossLingual:
    """Cluster both sides together and count.

    Parameters
    ----------
    rows : ndarray of shape (2 * n_pairs, dim), float32
        Aligned; first the Dutch sides, then the English ones in the same order.
    n_counted : int
        Pairs whose share is told, the first ones.
    n_clusters : int
        The layer nearest this number is taken.
    seed : int
    """
    n_pairs = len(rows) // 2
    config = ClusterConfig(seed=seed, n_causes=n_clusters)
    clusters = fit_clusters(rows, np.ones(len(rows)), config)
    found = assign_clusters(clusters, rows).nearest
    sides = found[:n_pairs], found[n_pairs:]
    dutch, english = (np.bincount(side, minlength=clusters.n_causes) for side in sides)
    sizes = dutch + english
    larger = np.maximum(dutch, english)[sizes > 0] / sizes[sizes > 0]
    return CrossLingual(
        together_share=float((sides[0] == sides[1])[:n_counted].mean()),
        one_language_share=float((larger > ONE_LANGUAGE).mean()),
        n_clusters=int((sizes > 0).sum()),
    )


def measure_twins(rows: FloatMatrix, n_counted: int) -> float:
    """Share of counted rows whose nearest row in the other language is its twin."""
    n_pairs = len(rows) // 2
    similarity = rows[:n_pairs] @ rows[n_pairs:].T
    nearest = np.stack([similarity.argmax(axis=axis)[:n_counted] for axis in (0, 1)])
    return float((nearest == np.arange(n_counted)).mean())


def run(
    sources: Sequence[str], bundle: Path | None, *, n_clusters: int, seeds: int
) -> list[dict[str, object]]:
    """Figures per source over several seeds."""
    records: list[dict[str, object]] = []
    for pairs in map(read_pairs, sources):
        languages = [Language.NL] * len(pairs.dutch) + [Language.EN] * len(pairs.english)
        rows = embed_with_bundle(pairs.dutch + pairs.english, languages, bundle)
        found = [
            asdict(measure_pairs(rows, pairs.n_counted, n_clusters=n_clusters, seed=seed))
            for seed in range(seeds)
        ]
        records.append(
            {
                "pairs": pairs.name,
                "n_pairs": pairs.n_counted,
                "n_clustered": len(pairs.dutch),
                "twin_nearest_share": measure_twins(rows, pairs.n_counted),
                **{key: spread([item[key] for item in found]) for key in found[0]},
            }
        )
    return records


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.clustering.cross_lingual",
        description=(__doc__ or "").splitlines()[0],
    )
    parser.add_argument("sources", nargs="+", metavar="PAIRS", help=f"file, or {STORIES!r}")
    parser.add_argument("--bundle", type=Path, help="default: the released bundle")
    parser.add_argument("--clusters", type=int, default=80, help="take the layer nearest this")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--json", type=Path, dest="json_out")
    args = parser.parse_args()
    records = run(args.sources, args.bundle, n_clusters=args.clusters, seeds=args.seeds)
    table = Table(title=f"layer nearest {args.clusters} clusters; medians over {args.seeds} seeds")
    for column in (
        "pairs",
        "counted",
        "of",
        "twin nearest",
        "clusters",
        "together",
        "of one language",
    ):
        table.add_column(column)
    for record in records:
        middle = {key: value["median"] for key, value in record.items() if isinstance(value, dict)}
        table.add_row(
            str(record["pairs"]),
            str(record["n_pairs"]),
            str(record["n_clustered"]),
            f"{record['twin_nearest_share']:.3f}",
            f"{middle['n_clusters']:.0f}",
            f"{middle['together_share']:.3f}",
            f"{middle['one_language_share']:.3f}",
        )
    Console(width=120).print(table)
    if args.json_out:
        args.json_out.write_text(json.dumps(records, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
