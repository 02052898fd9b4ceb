"""Whether the two tellings of one thing, Dutch and English, fall into one cluster.

``python -m benchmarks.clustering.cross_lingual PAIRS.jsonl... [--json OUT]`` reads lines with
``nl`` and ``en`` that mean the same, puts both sides of all pairs together, clusters them into
about 80, and prints the share of pairs whose sides share a cluster and the share of clusters in
which over 95 % of the rows are in one language. ``stories`` in place of a file stands for the
stories of the project's own corpus that are told more than once. All of them are clustered, but
only those of split ``validation`` are counted, because the alignment of the languages is estimated
on the others. Two people tell a story in words of their own, so pairs of tellings in one language
are counted beside those in two: what both miss is not the language's doing.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.clustering.data import embed_with_bundle, read_objects
from benchmarks.clustering.figures import spread
from models.domain import FloatMatrix, Language
from models.root_cause.arrays import IntVector
from models.root_cause.cluster import assign_clusters, fit_clusters
from models.root_cause.cluster_config import ClusterConfig

STORIES = "stories"
ONE_LANGUAGE = 0.95
"""Share of a cluster's rows in one language over which it counts as of one language."""
Pairs = list[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ParallelTexts:
    """Texts to cluster, and pairs of their places that tell one thing.

    ``twins`` are a Dutch and an English text each, ``same_language`` two of one language.
    """

    name: str
    texts: tuple[str, ...]
    languages: tuple[Language, ...]
    twins: Pairs
    same_language: Pairs


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossLingual:
    """Shares of the pairs in one cluster, NaN without pairs; ``one_language_share`` of clusters."""

    together_share: float
    same_language_together_share: float
    one_language_share: float
    n_clusters: int


def read_texts(source: str) -> ParallelTexts:
    """Pairs of a file, or the stories of the corpus."""
    if source == STORIES:
        return _read_stories()
    objects = read_objects(Path(source), ("nl", "en"))
    n_pairs = len(objects)
    return ParallelTexts(
        name=Path(source).stem,
        texts=tuple(entry[side] for side in ("nl", "en") for entry in objects),
        languages=(Language.NL,) * n_pairs + (Language.EN,) * n_pairs,
        twins=[(place, n_pairs + place) for place in range(n_pairs)],
        same_language=[],
    )


def _read_stories() -> ParallelTexts:
    """Stories that are told more than once; pairs of split ``validation``."""
    from training.labelled import read_corpus

    told = defaultdict(list)
    for row in read_corpus():
        if row.story:
            told[row.story].append(row)
    rows = [row for own in told.values() if len(own) > 1 for row in own]
    places = defaultdict(list)
    for place, row in enumerate(rows):
        if row.split == "validation":
            places[row.story].append(place)
    pairs = [pair for own in places.values() for pair in combinations(own, 2)]
    twins = [pair for pair in pairs if rows[pair[0]].lang != rows[pair[1]].lang]
    return ParallelTexts(
        name="stories of split validation",
        texts=tuple(row.text for row in rows),
        languages=tuple(Language(row.lang) for row in rows),
        twins=[pair if rows[pair[0]].lang == "nl" else pair[::-1] for pair in twins],
        same_language=[pair for pair in pairs if rows[pair[0]].lang == rows[pair[1]].lang],
    )


def measure_clusters(
    rows: FloatMatrix, data: ParallelTexts, *, n_clusters: int, seed: int
) -> CrossLingual:
    """Cluster all texts together and count.

    Parameters
    ----------
    rows : ndarray of shape (n_texts, dim), float32
        Aligned.
    data : ParallelTexts
    n_clusters : int
        The layer nearest this number is taken.
    seed : int
    """
    config = ClusterConfig(seed=seed, n_causes=n_clusters)
    clusters = fit_clusters(rows, np.ones(len(rows)), config)
    found = assign_clusters(clusters, rows).nearest
    is_dutch = np.asarray([language is Language.NL for language in data.languages])
    dutch, english = (
        np.bincount(found[side], minlength=clusters.n_causes) for side in (is_dutch, ~is_dutch)
    )
    sizes = dutch + english
    larger = np.maximum(dutch, english)[sizes > 0] / sizes[sizes > 0]
    return CrossLingual(
        together_share=_together(found, data.twins),
        same_language_together_share=_together(found, data.same_language),
        one_language_share=float((larger > ONE_LANGUAGE).mean()),
        n_clusters=int((sizes > 0).sum()),
    )


def _together(found: IntVector, pairs: Pairs) -> float:
    """Share of pairs in one cluster; NaN without pairs."""
    return float(np.mean([found[one] == found[other] for one, other in pairs])) if pairs else np.nan


def measure_twins(rows: FloatMatrix, data: ParallelTexts) -> float:
    """Share of the sides of twins whose nearest row in the other language is the other side."""
    is_dutch = np.asarray([language is Language.NL for language in data.languages])
    hits = []
    for pairs, others in (
        (data.twins, np.flatnonzero(~is_dutch)),
        ([pair[::-1] for pair in data.twins], np.flatnonzero(is_dutch)),
    ):
        own, twin = np.asarray(pairs).T
        hits.append(others[(rows[own] @ rows[others].T).argmax(axis=1)] == twin)
    return float(np.mean(hits))


def run(
    sources: Sequence[str], bundle: Path | None, *, n_clusters: int, seeds: int
) -> list[dict[str, object]]:
    """Figures per source over several seeds."""
    records: list[dict[str, object]] = []
    for data in map(read_texts, sources):
        rows = embed_with_bundle(data.texts, list(data.languages), bundle)
        found = [
            asdict(measure_clusters(rows, data, n_clusters=n_clusters, seed=seed))
            for seed in range(seeds)
        ]
        records.append(
            {
                "pairs": data.name,
                "n_texts": len(data.texts),
                "n_twins": len(data.twins),
                "n_same_language": len(data.same_language),
                "twin_nearest_share": measure_twins(rows, data),
                **{
                    key: spread([item[key] for item in found])
                    for key, value in found[0].items()
                    if not np.isnan(value)
                },
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
    for column in ("pairs", "texts", "clusters", "of one language", "twins", "nearest", "together"):
        table.add_column(column)
    table.add_column("same language")
    table.add_column("together")
    for record in records:
        middle = {key: value["median"] for key, value in record.items() if isinstance(value, dict)}
        table.add_row(
            str(record["pairs"]),
            str(record["n_texts"]),
            f"{middle['n_clusters']:.0f}",
            f"{middle['one_language_share']:.3f}",
            str(record["n_twins"]),
            f"{record['twin_nearest_share']:.3f}",
            f"{middle['together_share']:.3f}",
            str(record["n_same_language"]),
            f"{middle.get('same_language_together_share', np.nan):.3f}".replace("nan", ""),
        )
    Console(width=120).print(table)
    if args.json_out:
        args.json_out.write_text(json.dumps(records, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
