"""Whether the embeddings of two bundles serve clustering: neighbours, clusters, twins."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.classifier import Classifier
from models.domain import FloatMatrix, Language
from models.taxonomy import Taxonomy
from models.text.clean import clean
from training.gate.answers import Answers
from training.gate.config import GateConfig, Kind
from training.gate.judge import Comparison, compare
from training.gate.resample import (
    BoolMatrix,
    Values,
    adjusted_rand,
    draw_weights,
    mutual_information,
    weighted_mean,
)
from training.labelled import LabelledDataError, LabelledVerbatim, read_jsonl, story_pairs
from training.targets import gold_rows

N_NEIGHBOURS = 5
_N_STARTS = 5  # of k-means; its figures are means over them, so that one lucky start says little
_BLOCK_ROWS = 2048

IntVector = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusteredTexts:
    """Texts, each with the cluster that a person gave it."""

    name: str
    texts: tuple[str, ...]
    languages: tuple[Language, ...]
    clusters: IntVector


@dataclass(frozen=True, slots=True, kw_only=True)
class TwinTexts:
    """Sentences that mean the same in Dutch and English."""

    name: str
    dutch: tuple[str, ...]
    english: tuple[str, ...]


def read_clustering(path: Path, *, max_rows: int, seed: int) -> ClusteredTexts | TwinTexts:
    """Read a JSONL file of objects with ``text``, ``lang`` and ``cluster``, or ``nl`` and ``en``.

    Of more than ``max_rows`` objects as many are drawn.

    Raises
    ------
    LabelledDataError
        If a line lacks a field, or there is nothing to tell apart; the message names the line.
    """
    objects: list[dict[str, str]] = []
    fields: tuple[str, ...] = ()
    for number, entry in read_jsonl(path):
        fields = fields or (("text", "lang", "cluster") if "text" in entry else ("nl", "en"))
        missing = [name for name in fields if not isinstance(entry.get(name), str)]
        if missing:
            raise LabelledDataError(
                f"{path.name}:{number}: {', '.join(missing)} must be text: each line needs text, "
                "lang and cluster, or nl and en"
            )
        objects.append(entry)
    if len(objects) > max_rows:
        chosen = np.random.default_rng(seed).permutation(len(objects))[:max_rows]
        objects = [objects[place] for place in np.sort(chosen)]
    if fields == ("nl", "en"):
        if len(objects) < 2:
            raise LabelledDataError(f"{path.name}: 1 pair of sentences: nothing to compare")
        return TwinTexts(
            name=path.stem,
            dutch=tuple(entry["nl"] for entry in objects),
            english=tuple(entry["en"] for entry in objects),
        )
    names, clusters = np.unique([entry["cluster"] for entry in objects], return_inverse=True)
    if not 1 < len(names) < len(objects):
        raise LabelledDataError(
            f"{path.name}: {len(objects)} rows in {len(names)} clusters: nothing to compare"
        )
    known = {language.value: language for language in Language}
    return ClusteredTexts(
        name=path.stem,
        texts=tuple(entry["text"] for entry in objects),
        languages=tuple(known.get(entry["lang"], Language.UND) for entry in objects),
        clusters=clusters.astype(np.int64),
    )


def compare_clustering(
    candidate: Classifier,
    current: Classifier,
    data: Sequence[ClusteredTexts | TwinTexts],
    config: GateConfig,
) -> Iterator[Comparison]:
    """Compare both bundles on files with clusters or twins."""
    for part in data:
        if isinstance(part, TwinTexts):
            n_rows = len(part.dutch)
            pairs = [
                _finds_twin(
                    embed(classifier, part.dutch, [Language.NL] * n_rows),
                    embed(classifier, part.english, [Language.EN] * n_rows),
                )
                for classifier in (current, candidate)
            ]
            yield _compare_means("twin is nearest", part.name, pairs, config)
            continue
        embeddings = [
            embed(classifier, part.texts, part.languages) for classifier in (current, candidate)
        ]
        purities = [_purity(rows, part.clusters) for rows in embeddings]
        yield _compare_means("neighbours of the same cluster", part.name, purities, config)
        yield from _compare_clusters(part, embeddings, config)


def compare_neighbours(
    candidate: Answers,
    current: Answers,
    taxonomy: Taxonomy,
    rows: Sequence[LabelledVerbatim],
    config: GateConfig,
) -> Iterator[Comparison]:
    """Compare what the labelled rows themselves tell, where no file of clusters is given.

    The share of nearest neighbours that have a topic in common, and, of stories told in both
    languages, whether the twin is nearest. Rows of one story are resampled together.
    """
    places = np.flatnonzero(candidate.is_scored & current.is_scored)
    topics = gold_rows(rows, taxonomy)["topics"][places] > 0
    embeddings = [answers.embeddings[places] for answers in (current, candidate)]
    if len(places) > N_NEIGHBOURS:
        shares = [_shared_topics(found, topics) for found in embeddings]
        stories = [rows[int(place)].story or rows[int(place)].id for place in places]
        yield _compare_means("neighbours with a shared topic", "all", shares, config, stories)
    twins = story_pairs(rows[int(place)] for place in places)
    if len(twins) > 1:
        dutch, english = [pair[0] for pair in twins], [pair[1] for pair in twins]
        found = [_finds_twin(vectors[dutch], vectors[english]) for vectors in embeddings]
        yield _compare_means("twin is nearest", "all", found, config)


def embed(
    classifier: Classifier, texts: Sequence[str], languages: Sequence[Language]
) -> FloatMatrix:
    """Aligned embeddings of texts, personal data masked. Shape: (n_texts, dim)."""
    pooled = classifier.encoder.encode([clean(text).text for text in texts])
    return classifier.space.alignment.align(classifier.space.embed(pooled), languages)


def _compare_means(
    figure: str,
    group: str,
    per_row: Sequence[npt.NDArray[np.floating]],
    config: GateConfig,
    stories: Sequence[str] | None = None,
) -> Comparison:
    """Compare a figure that each row has for itself; first the current bundle's."""
    n_rows = len(per_row[0])
    weights = _weights(n_rows, config, stories)
    current, candidate = (weighted_mean(weights, values) for values in per_row)
    return compare(
        Kind.CLUSTERING, figure, current, candidate, n_rows=n_rows, group=group, config=config
    )


def _compare_clusters(
    part: ClusteredTexts, embeddings: Sequence[FloatMatrix], config: GateConfig
) -> Iterator[Comparison]:
    """Compare k-means, told how many clusters there are, with the clusters of a person."""
    from sklearn.cluster import KMeans

    n_rows = len(part.clusters)
    weights = _weights(n_rows, config)
    values: dict[str, list[Values]] = {"NMI of k-means": [], "ARI of k-means": []}
    for rows in embeddings:
        nmi, ari = np.zeros(len(weights)), np.zeros(len(weights))
        for start in range(_N_STARTS):
            means = KMeans(int(part.clusters.max()) + 1, n_init=1, random_state=config.seed + start)
            found = means.fit_predict(rows).astype(np.int64)
            nmi += mutual_information(weights, part.clusters, found) / _N_STARTS
            ari += adjusted_rand(weights, part.clusters, found) / _N_STARTS
        values["NMI of k-means"].append(nmi)
        values["ARI of k-means"].append(ari)
    for figure, (current, candidate) in values.items():
        yield compare(
            Kind.CLUSTERING,
            figure,
            current,
            candidate,
            n_rows=n_rows,
            group=part.name,
            config=config,
        )


def _weights(
    n_rows: int, config: GateConfig, stories: Sequence[str] | None = None
) -> npt.NDArray[np.float32]:
    """Resamples of stories; without any, each row is one of its own."""
    rng = np.random.default_rng(config.seed)
    names = stories or [str(place) for place in range(n_rows)]
    return draw_weights(names, n_resamples=config.n_resamples, rng=rng)


def _neighbours(embeddings: FloatMatrix) -> IntVector:
    """Nearest other rows by cosine. Shape: (n_rows, n_neighbours)."""
    n_near = min(N_NEIGHBOURS, len(embeddings) - 1)
    nearest = np.empty((len(embeddings), n_near), dtype=np.int64)
    for start in range(0, len(embeddings), _BLOCK_ROWS):
        similarity = embeddings[start : start + _BLOCK_ROWS] @ embeddings.T
        rows = np.arange(len(similarity))
        similarity[rows, start + rows] = -np.inf
        nearest[start + rows] = np.argsort(-similarity, axis=1, kind="stable")[:, :n_near]
    return nearest


def _purity(embeddings: FloatMatrix, clusters: IntVector) -> Values:
    """Share of each row's nearest neighbours that are in its cluster."""
    same = clusters[_neighbours(embeddings)] == clusters[:, None]
    return np.asarray(same.mean(axis=1))


def _shared_topics(embeddings: FloatMatrix, topics: BoolMatrix) -> Values:
    """Share of each row's nearest neighbours that have a topic in common with it."""
    near = topics[_neighbours(embeddings)]
    return np.asarray((near & topics[:, None, :]).any(axis=2).mean(axis=1))


def _finds_twin(dutch: FloatMatrix, english: FloatMatrix) -> Values:
    """Of each pair, in how many of the two directions the twin is nearest: 0, 0.5 or 1."""
    similarity = dutch @ english.T
    places = np.arange(len(dutch))
    there = similarity.argmax(axis=1) == places
    back = similarity.argmax(axis=0) == places
    return np.asarray((there.astype(np.float64) + back) / 2)
