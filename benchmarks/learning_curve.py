"""Quality on real verbatims against the number of training rows.

``python -m benchmarks.learning_curve [DATA] [--base build/base] [--json OUT]`` fits the heads as
logistic regression on the frozen base encoder with 500, 1 000, 2 000, 4 000 and all rows of the
train split (whole stories, drawn with a seed, three draws each) and prints macro-F1 of sentiment
and department and micro-F1 of topics per language, with 95 % bootstrap intervals over the rows of
DATA for the first draw.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks.quality import Predictions, measure, topic_matrix
from models.encoder.sentence_transformer import SentenceTransformerEncoder
from models.taxonomy import Taxonomy, read_taxonomy
from training.labelled import TAXONOMY, LabelledVerbatim, read_corpus, read_rows

SIZES = (500, 1000, 2000, 4000)
_TOPIC_CUT = 0.25  # one cut for all sizes, so that the curve shows the rows and not the cut


def draw_stories(
    rows: Sequence[LabelledVerbatim], n_rows: int, rng: np.random.Generator
) -> list[int]:
    """Indices of whole stories until ``n_rows`` are reached."""
    members: dict[str, list[int]] = {}
    for index, row in enumerate(rows):
        members.setdefault(row.story, []).append(index)
    drawn: list[int] = []
    for story in rng.permutation(sorted(members)):
        drawn += members[str(story)]
        if len(drawn) >= n_rows:
            break
    return drawn


def predict(
    X: np.ndarray, rows: Sequence[LabelledVerbatim], X_test: np.ndarray, taxonomy: Taxonomy
) -> Predictions:
    """Fit the three heads and label the test rows."""

    def head() -> object:
        return make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=1000))

    answers = {
        task: list(head().fit(X, [getattr(row.labels, task) for row in rows]).predict(X_test))
        for task in ("sentiment", "department")
    }
    topics = OneVsRestClassifier(head()).fit(X, topic_matrix(rows, taxonomy))
    return Predictions(topics=topics.predict_proba(X_test) >= _TOPIC_CUT, **answers)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--base", type=Path, default=Path("build/base"))
    parser.add_argument("--draws", type=int, default=3)
    parser.add_argument("--json", type=Path, dest="json_out")
    args = parser.parse_args()
    taxonomy = read_taxonomy(TAXONOMY)
    encoder = SentenceTransformerEncoder(str(args.base))
    train = [row for row in read_corpus() if row.split == "train"]
    test = read_rows([args.data])
    X, X_test = (encoder.encode([row.text for row in rows]) for rows in (train, test))
    table = Table(title=f"{args.data.name}, frozen base encoder: first draw with interval; mean")
    figures = ("sentiment_macro_f1", "department_macro_f1", "topics_micro_f1")
    for column in ("rows", "language", *figures):
        table.add_column(column.replace("_", " "), no_wrap=True)
    document = []
    for size in (*(size for size in SIZES if size < len(train)), len(train)):
        draws = []
        for draw in range(args.draws if size < len(train) else 1):
            chosen = draw_stories(train, size, np.random.default_rng(draw))
            predicted = predict(X[chosen], [train[i] for i in chosen], X_test, taxonomy)
            draws.append(measure(str(size), predicted, test, taxonomy, n_resamples=500))
        for place, record in enumerate(draws[0]):
            cells = []
            for figure in figures:
                mean = float(np.mean([records[place][figure].value for records in draws]))
                cells.append(f"{record[figure]}; {mean:.3f}")
                interval = record[figure]
                document.append(
                    {
                        "rows": size,
                        "language": record["language"],
                        "figure": figure,
                        "first": [interval.value, interval.low, interval.high],
                        "mean": mean,
                    }
                )
            table.add_row(str(size), str(record["language"]), *cells)
    Console(width=140).print(table)
    if args.json_out:
        args.json_out.write_text(json.dumps(document, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
