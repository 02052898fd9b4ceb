"""Quality on real verbatims, beside three baselines trained on the same corpus.

``python -m benchmarks.quality FOLDER_OR_FILE [--json OUT]`` reads labelled verbatims
(``dev.jsonl`` of a folder) and prints macro-F1 of sentiment and department and micro- and
macro-F1 of topics, per language, with 95 % bootstrap intervals. The files belong to others and
are not part of this project.

Every system gives one sentiment, one department and the topics it decides on; an abstention counts
as wrong. The baselines choose their topic threshold on the validation split of the corpus.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.dummy import DummyClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline, make_union
from sklearn.preprocessing import StandardScaler

from models.bundle import load_bundle
from models.domain import Verbatim
from models.taxonomy import Taxonomy
from training.evaluation.measure import ABSTAINED
from training.labelled import LabelledVerbatim, read_corpus, read_rows
from training.metrics import bootstrap_interval, macro_f1, topics_f1
from training.scoring import given_rows, labels_given
from training.targets import gold_rows


@dataclass(frozen=True, slots=True, kw_only=True)
class Predictions:
    """Labels of one system. ``topics`` has shape (n_rows, n_topics)."""

    sentiment: Sequence[str]
    department: Sequence[str]
    topics: np.ndarray


def topic_matrix(rows: Sequence[LabelledVerbatim], taxonomy: Taxonomy) -> np.ndarray:
    """Topic indicators. Shape: (n_rows, n_topics)."""
    return gold_rows(rows, taxonomy)["topics"] > 0


def classify_with_bundle(bundle: Path | None, rows: Sequence[LabelledVerbatim]) -> Predictions:
    """What the product answers, through the whole path."""
    classifier = load_bundle(bundle)
    results = classifier.classify([Verbatim(id=row.id, text=row.text) for row in rows])
    single = {
        task: [next(iter(labels_given(result, task)), ABSTAINED) for result in results]
        for task in ("sentiment", "department")
    }
    return Predictions(topics=given_rows(results, classifier.taxonomy)["topics"], **single)


def fit_baseline(
    features: Callable[[Sequence[LabelledVerbatim]], object],
    make_model: Callable[[], object],
    corpus: Sequence[LabelledVerbatim],
    rows: Sequence[LabelledVerbatim],
    taxonomy: Taxonomy,
) -> Predictions:
    """Fit one scikit-learn model per task on the train split and label the rows."""
    train = [row for row in corpus if row.split == "train"]
    held_out = [row for row in corpus if row.split == "validation"]
    X, X_held_out, X_rows = features(train), features(held_out), features(rows)
    answers = {}
    for task in ("sentiment", "department"):
        model = make_model().fit(X, [getattr(row.labels, task) for row in train])
        answers[task] = list(model.predict(X_rows))
    model = OneVsRestClassifier(make_model()).fit(X, topic_matrix(train, taxonomy))
    gold = topic_matrix(held_out, taxonomy)
    scores = model.predict_proba(X_held_out)
    cuts = np.arange(0.05, 0.9, 0.05)
    cut = cuts[int(np.argmax([topics_f1(gold, scores >= c, "micro") for c in cuts]))]
    topics = model.predict_proba(X_rows) >= cut
    return Predictions(topics=topics, **answers)


def measure(
    name: str,
    predicted: Predictions,
    rows: Sequence[LabelledVerbatim],
    taxonomy: Taxonomy,
    *,
    n_resamples: int,
) -> list[dict[str, object]]:
    """Figures of one system: all rows and per language."""
    gold_topics = topic_matrix(rows, taxonomy)
    lang = np.asarray([row.lang for row in rows])
    records: list[dict[str, object]] = []
    for language in ("all", *sorted(set(lang))):
        chosen = np.flatnonzero((lang == language) | (language == "all"))
        record: dict[str, object] = {"system": name, "language": language, "rows": len(chosen)}
        for task in ("sentiment", "department"):
            gold = np.asarray([getattr(row.labels, task) for row in rows], dtype=object)[chosen]
            given = np.asarray(getattr(predicted, task), dtype=object)[chosen]
            record[f"{task}_macro_f1"] = bootstrap_interval(
                lambda index, gold=gold, given=given: macro_f1(gold[index], given[index]),
                len(chosen),
                rng=np.random.default_rng(0),
                n_resamples=n_resamples,
            )
        for average in ("micro", "macro"):
            truth, given = gold_topics[chosen], predicted.topics[chosen]
            record[f"topics_{average}_f1"] = bootstrap_interval(
                lambda index, truth=truth, given=given, a=average: topics_f1(
                    truth[index], given[index], a
                ),
                len(chosen),
                rng=np.random.default_rng(0),
                n_resamples=n_resamples,
            )
        records.append(record)
    return records


def run(
    data: Path, bundle: Path | None, base: Path | None, n_resamples: int
) -> list[dict[str, object]]:
    """Measure the bundle and the baselines."""
    rows = read_rows([data])
    corpus = read_corpus()
    taxonomy = load_bundle(bundle).taxonomy
    systems = {"klantstem": lambda: classify_with_bundle(bundle, rows)}
    texts = lambda part: [row.text for row in part]  # noqa: E731

    def logistic() -> object:
        return LogisticRegression(C=4.0, max_iter=2000)

    vectoriser = make_union(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), min_df=3, sublinear_tf=True),
    ).fit(texts([row for row in corpus if row.split == "train"]))
    systems["majority"] = lambda: fit_baseline(
        lambda part: np.zeros((len(part), 1)), DummyClassifier, corpus, rows, taxonomy
    )
    systems["tf-idf + LR"] = lambda: fit_baseline(
        lambda part: vectoriser.transform(texts(part)), logistic, corpus, rows, taxonomy
    )
    if base is not None:
        from models.encoder.sentence_transformer import SentenceTransformerEncoder

        encoder = SentenceTransformerEncoder(str(base))

        def scaled() -> object:
            return make_pipeline(StandardScaler(), LogisticRegression(C=0.02, max_iter=2000))

        systems["frozen base + LR"] = lambda: fit_baseline(
            lambda part: encoder.encode(texts(part)), scaled, corpus, rows, taxonomy
        )
    records = []
    for name, predict in systems.items():
        records += measure(name, predict(), rows, taxonomy, n_resamples=n_resamples)
    return records


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--bundle", type=Path, help="default: the released bundle")
    parser.add_argument("--base", type=Path, default=Path("build/base"), help="base encoder")
    parser.add_argument("--resamples", type=int, default=1000)
    parser.add_argument("--json", type=Path, dest="json_out")
    args = parser.parse_args()
    data = args.data / "dev.jsonl" if args.data.is_dir() else args.data
    if not data.exists():
        sys.exit(f"{data} does not exist: name a file of labelled verbatims")
    base = args.base if args.base.exists() else None
    if base is None:
        print(f"{args.base} does not exist, 'frozen base + LR' is left out", file=sys.stderr)
    records = run(data, args.bundle, base, args.resamples)
    figures = [key for key in records[0] if key.endswith("_f1")]
    table = Table(title=f"{data.name}: {records[0]['rows']} rows; 95 % bootstrap intervals")
    for column in ("system", "language", *figures):
        table.add_column(column.replace("_", " "), no_wrap=column in figures)
    for record in records:
        table.add_row(*(str(record[key]) for key in ("system", "language", *figures)))
    Console(width=150).print(table)
    if args.json_out:
        plain = [
            {k: v if isinstance(v, str | int) else [v.value, v.low, v.high] for k, v in r.items()}
            for r in records
        ]
        args.json_out.write_text(json.dumps(plain, indent=1), encoding="utf-8")


if __name__ == "__main__":
    main()
