"""How many wrong labels ``label-errors`` finds, of those that were put in on purpose.

``python -m benchmarks.training.label_errors`` draws rows of the corpus, gives some of them another
department, others a topic too many or one too few, and looks for suspects as the command does: with
embeddings of the released bundle, which was trained on the right labels, and of the base encoder,
which was not.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from models.taxonomy import Taxonomy, read_taxonomy
from training.cross_probabilities import cross_probabilities
from training.frozen_embeddings import embed_texts
from training.label_errors import find_suspects
from training.labelled import TAXONOMY, LabelledVerbatim, read_corpus
from training.targets import gold_rows

Planted = dict[str, set[tuple[int, str]]]


def plant(
    rows: Sequence[LabelledVerbatim], taxonomy: Taxonomy, n_each: int, rng: np.random.Generator
) -> tuple[list[LabelledVerbatim], Planted]:
    """Rows with errors, and what is wrong: places with the label that is so."""
    harmed = list(rows)
    planted: Planted = {"department": set(), "topic too many": set(), "topic too few": set()}
    departments = np.asarray(taxonomy.labels("department"))
    apart = taxonomy.exclusive_topics
    topics = np.asarray([name for name in taxonomy.labels("topics") if name not in apart])
    for place in (int(one) for one in rng.permutation(len(rows))):
        labels = harmed[place].labels
        if len(planted["department"]) < n_each:
            others = departments[departments != labels.department]
            new = labels._replace(department=str(rng.choice(others)), department_2=None)
            planted["department"].add((place, new.department))
        elif len(planted["topic too many"]) < n_each and not set(labels.topics) & apart:
            extra = str(rng.choice([name for name in topics if name not in labels.topics]))
            new = labels._replace(topics=(*labels.topics, extra))
            planted["topic too many"].add((place, extra))
        elif len(planted["topic too few"]) < n_each and len(labels.topics) > 1:
            new = labels._replace(topics=labels.topics[1:])
            planted["topic too few"].add((place, labels.topics[0]))
        else:
            continue
        harmed[place] = dataclasses.replace(harmed[place], labels=new)
    return harmed, planted


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1500)
    parser.add_argument("--errors", type=int, default=60, help="of each kind")
    parser.add_argument("--base", type=Path, default=Path("build/base"))
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    taxonomy, rng = read_taxonomy(TAXONOMY), np.random.default_rng(args.seed)
    corpus = read_corpus()
    chosen = [corpus[i] for i in rng.choice(len(corpus), args.rows, replace=False)]
    rows, planted = plant(chosen, taxonomy, args.errors, rng)
    gold = gold_rows(rows, taxonomy)
    table = Table(title=f"{args.rows} rows, {args.errors} errors of each kind")
    for column in ("embeddings", "error", "labels listed", "found", "among the first", "seconds"):
        table.add_column(column)
    for name, encoder in (("released bundle", None), ("base encoder", args.base)):
        started = time.monotonic()
        embeddings = embed_texts(encoder, [row.text for row in rows])
        probabilities = cross_probabilities(embeddings, rows, gold, n_folds=5, seed=1)
        suspects = find_suspects(rows, gold, probabilities, taxonomy)
        seconds = time.monotonic() - started
        of_topics = [one for one in suspects if one.task == "topics"]
        listed = {
            "department": [(one.place, one.label) for one in suspects if one.task == "department"],
            "topic too many": [(one.place, one.label) for one in of_topics if one.label],
            "topic too few": [(one.place, one.suggested) for one in of_topics if one.suggested],
        }
        for error, given in listed.items():
            wanted = planted[error]
            first = set(given[: len(wanted)])
            cells = (len(given), len(wanted & set(given)), len(wanted & first), f"{seconds:.0f}")
            table.add_row(name, error, *map(str, cells))
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
