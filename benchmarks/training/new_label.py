"""A label that the model never learnt: zero-shot from its definition, then 8, 16, 64 examples.

``python -m benchmarks.training.new_label FOLDER_OR_FILE`` takes each topic in turn out of the
corpus (its rows keep their other topics), fits heads on the frozen encoder, adds the topic back
from its definition or from a few rows, and measures its F1 on labelled verbatims (``dev.jsonl``),
beside the F1 of heads that learnt it from all rows. The cut is where as many texts get the topic
as have it in the validation split, so that scores are compared and no thresholds.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from models.calibration import Calibration
from models.classifier import Classifier
from models.heads import Head, Heads
from models.taxonomy import TASKS, Taxonomy, read_taxonomy
from models.text.clean import clean
from training.config import FrozenConfig, TrainConfig
from training.feature_store import compute_store
from training.few_shot import fit_new_labels
from training.frozen import FrozenFit
from training.labelled import TAXONOMY, LabelledVerbatim, read_corpus, read_rows

_BACKGROUND = 1000


def f1_at_share(scores: np.ndarray, gold: np.ndarray, share: float) -> float:
    """F1 of the texts with the highest scores, as many as the share says."""
    n_given = max(1, round(share * len(scores)))
    given = np.zeros(len(scores), dtype=bool)
    given[np.argsort(-scores)[:n_given]] = True
    return float(2 * (given & gold).sum() / (given.sum() + gold.sum()))


def without_topic(heads: Heads, taxonomy: Taxonomy, topic: str) -> tuple[Heads, Taxonomy]:
    """Heads and taxonomy that do not know a topic."""
    kept = [place for place, name in enumerate(taxonomy.labels("topics")) if name != topic]
    head = heads.heads["topics"]
    less = Heads({**heads.heads, "topics": Head(weight=head.weight[kept], bias=head.bias[kept])})
    topics = tuple(entry for entry in taxonomy.topics if entry.label != topic)
    return less, dataclasses.replace(taxonomy, topics=topics)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--base", type=Path, default=Path("build/base"))
    parser.add_argument("--sizes", type=int, nargs="+", default=[0, 8, 16, 64])
    parser.add_argument("--penalties", type=float, nargs="+", default=[0.01])
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--json", type=Path, dest="json_out")
    args = parser.parse_args()
    data = args.data / "dev.jsonl" if args.data.is_dir() else args.data
    rows, corpus, taxonomy = read_rows([data]), read_corpus(), read_taxonomy(TAXONOMY)
    train = [row for row in corpus if row.split == "train"]
    held_out = [row for row in corpus if row.split == "validation"]
    config = TrainConfig(seed=1, base=str(args.base), mode="frozen", frozen=FrozenConfig())
    records: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as scratch:
        full = FrozenFit(corpus, taxonomy, config, Path(scratch) / "run")
        full.run()
        features = full.encoder.encode([clean(row.text).text for row in rows])
        topics = [t for t in taxonomy.labels("topics") if t not in taxonomy.exclusive_topics]
        for topic in topics:
            gold = np.asarray([topic in row.labels.topics for row in rows])
            share = float(np.mean([topic in row.labels.topics for row in held_out]))
            place = taxonomy.labels("topics").index(topic)
            record: dict[str, object] = {"topic": topic, "rows": int(gold.sum())}
            scores = full.export_heads().logits(features)["topics"][:, place]
            record["all rows"] = f1_at_share(scores, gold, share)
            heads, less = without_topic(full.export_heads(), taxonomy, topic)
            classifier = Classifier(
                encoder=full.encoder,
                heads=heads,
                space=full.space,
                calibration=_no_calibration(),
                taxonomy=less,
                bundle_version="",
            )
            own = [row for row in train if topic in row.labels.topics]
            other = [row for row in train if topic not in row.labels.topics]
            for size in args.sizes:
                for penalty in args.penalties if size else args.penalties[:1]:
                    figures = []
                    for seed in range(args.draws if size else 1):
                        rng = np.random.default_rng(seed)
                        chosen = [own[i] for i in rng.choice(len(own), size, replace=False)]
                        chosen += [
                            other[i] for i in rng.choice(len(other), _BACKGROUND, replace=False)
                        ]
                        fitted = _add(
                            classifier,
                            taxonomy,
                            chosen,
                            unseen=frozenset() if size else frozenset({topic}),
                            penalty=penalty,
                            path=Path(scratch) / "few.f32",
                        )
                        given = fitted.logits(features)["topics"][:, place]
                        figures.append(f1_at_share(given, gold, share))
                    name = f"{size} rows" + (f", {penalty}" if len(args.penalties) > 1 else "")
                    record[name if size else "zero-shot"] = float(np.mean(figures))
            records.append(record)
            print(json.dumps(record), flush=True)
    numbers = [key for key in records[0] if key not in ("topic", "rows")]
    mean = {key: float(np.mean([float(str(r[key])) for r in records])) for key in numbers}
    records.append({"topic": "mean", "rows": len(rows), **mean})
    table = Table(title=f"F1 of a new topic on {data.name}")
    for column in records[0]:
        table.add_column(column)
    for record in records:
        table.add_row(*(f"{v:.3f}" if isinstance(v, float) else str(v) for v in record.values()))
    Console(width=140).print(table)
    if args.json_out:
        args.json_out.write_text(json.dumps(records, indent=1), encoding="utf-8")


def _add(
    classifier: Classifier,
    taxonomy: Taxonomy,
    rows: Sequence[LabelledVerbatim],
    *,
    unseen: frozenset[str],
    penalty: float,
    path: Path,
) -> Heads:
    """Heads that know the topic again."""
    path.unlink(missing_ok=True)
    bare = [dataclasses.replace(row, segments=()) for row in rows]
    store = compute_store(bare, classifier.encoder, taxonomy, path, second_owner_share=0.3)
    names = {task: unseen if task == "topics" else frozenset[str]() for task in TASKS}
    return fit_new_labels(classifier, taxonomy, store, names, penalty=penalty)


def _no_calibration() -> Calibration:
    """Nothing here decides by thresholds."""
    return Calibration(
        temperature={}, bias={}, topic_thresholds={}, min_probability={}, review_probability={}
    )


if __name__ == "__main__":
    main()
