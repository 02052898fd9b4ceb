"""Runs one system on one file of embeddings and writes its labels, seconds and peak memory.

``python -m benchmarks.clustering.worker SYSTEM FOLDER`` is started by ``benchmarks.clustering`` in
a process of its own, with the peers' interpreter for a peer, so it imports nothing of the project
that it does not measure. ``FOLDER`` holds ``texts.json``, ``rows.npy`` and ``task.json``; the
answer goes to ``answer.npz`` there. Each process clusters twice: the first time numba may compile.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.memory import peak_mib

Cluster = Callable[[list[str], np.ndarray, int], np.ndarray]


def make_klantstem(task: dict[str, Any]) -> Cluster:
    """Mentions taken off, near-duplicates collapsed, causes found, every row assigned."""
    from models.root_cause.cluster import fit_clusters, place_all
    from models.root_cause.cluster_config import ClusterConfig
    from models.root_cause.duplicates import collapse_duplicates
    from models.root_cause.mentions import estimate_mentions

    def cluster(texts: list[str], rows: np.ndarray, seed: int) -> np.ndarray:
        config = ClusterConfig(seed=seed)
        rows = estimate_mentions(texts, rows).take_off(texts, rows)
        collapsed = collapse_duplicates(texts, rows, seed=seed)
        clusters = fit_clusters(rows[collapsed.rows], collapsed.weights, config)
        return place_all(clusters, rows, config)[1].cause

    return cluster


def make_bertopic(task: dict[str, Any]) -> Cluster:
    """BERTopic as it comes; it takes the embeddings as given, and has no seed by default."""
    from bertopic import BERTopic
    from bertopic.backend import BaseEmbedder

    def cluster(texts: list[str], rows: np.ndarray, seed: int) -> np.ndarray:
        model = BERTopic(embedding_model=BaseEmbedder())
        return np.asarray(model.fit_transform(texts, embeddings=rows)[0])

    return cluster


def make_umap_hdbscan(task: dict[str, Any]) -> Cluster:
    """The two clustering steps of BERTopic alone, with its settings, without its keywords."""
    from hdbscan import HDBSCAN
    from umap import UMAP

    def cluster(texts: list[str], rows: np.ndarray, seed: int) -> np.ndarray:
        reduced = UMAP(
            n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", low_memory=False
        ).fit_transform(rows)
        found = HDBSCAN(
            min_cluster_size=10,
            metric="euclidean",
            cluster_selection_method="eom",
            prediction_data=True,
        ).fit(reduced)
        return np.asarray(found.labels_)

    return cluster


def make_turftopic(task: dict[str, Any]) -> Cluster:
    """Turftopic's clustering model as it comes: TSNE to two dimensions, then HDBSCAN."""
    from turftopic import ClusteringTopicModel

    class GivenEncoder:
        """Stands for the encoder: the embeddings are given, words take random directions."""

        def encode(self, texts: list[str], **options: object) -> np.ndarray:
            rng = np.random.default_rng(0)
            return rng.standard_normal((len(texts), task["dim"])).astype(np.float32)

    def cluster(texts: list[str], rows: np.ndarray, seed: int) -> np.ndarray:
        model = ClusteringTopicModel(encoder=GivenEncoder(), random_state=seed)
        model.fit(texts, embeddings=rows)
        return np.asarray(model.labels_)

    return cluster


def make_top2vec(task: dict[str, Any]) -> Cluster:
    """Top2Vec as it comes; every text belongs to the topic of the nearest centre."""
    from top2vec import Top2Vec

    def cluster(texts: list[str], rows: np.ndarray, seed: int) -> np.ndarray:
        given = dict(zip(texts, rows, strict=True))
        rng = np.random.default_rng(0)

        def embed(batch: list[str]) -> np.ndarray:
            """The given rows; words take random directions."""
            words = rng.standard_normal((len(batch), task["dim"])).astype(np.float32)
            return np.stack(
                [given.get(text, word) for text, word in zip(batch, words, strict=True)]
            )

        model = Top2Vec(documents=texts, embedding_model=embed, workers=2, verbose=False)
        return np.asarray(model.doc_top)

    return cluster


def make_kmeans(task: dict[str, Any]) -> Cluster:
    """K-means that is told the true number of clusters."""
    from sklearn.cluster import KMeans

    def cluster(texts: list[str], rows: np.ndarray, seed: int) -> np.ndarray:
        return KMeans(task["n_true"], n_init=10, random_state=seed).fit_predict(rows)

    return cluster


MAKERS: dict[str, Callable[[dict[str, Any]], Cluster]] = {
    "klantstem": make_klantstem,
    "bertopic": make_bertopic,
    "umap-hdbscan": make_umap_hdbscan,
    "turftopic": make_turftopic,
    "top2vec": make_top2vec,
    "k-means": make_kmeans,
}


def main() -> None:
    """Cluster twice and write what came of it."""
    system, folder = sys.argv[1], Path(sys.argv[2])
    warnings.filterwarnings("ignore")
    texts = json.loads((folder / "texts.json").read_text(encoding="utf-8"))
    rows = np.load(folder / "rows.npy")
    task = json.loads((folder / "task.json").read_text(encoding="utf-8"))
    seconds, cpu_seconds, labels = [], [], []
    with contextlib.redirect_stdout(sys.stderr):
        cluster = MAKERS[system](task)
        before = peak_mib()
        for run in range(task["n_runs"]):
            start, cpu_start = time.perf_counter(), time.process_time()
            labels.append(cluster(texts, rows, task["seed"] + run))
            seconds.append(time.perf_counter() - start)
            cpu_seconds.append(time.process_time() - cpu_start)
    np.savez(
        folder / "answer.npz",
        labels=np.asarray(labels, dtype=np.int64),
        seconds=np.asarray(seconds),
        cpu_seconds=np.asarray(cpu_seconds),
        peak_mib=peak_mib(),
        before_mib=before,
    )


if __name__ == "__main__":
    main()
