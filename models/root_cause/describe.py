"""Puts the estimates on each cause together: causes, themes and cross tables."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import TypeVar

import numpy as np

from models.domain import Language
from models.root_cause.arrays import IntVector
from models.root_cause.impact import ImpactTable
from models.root_cause.key_terms import KeyTerm
from models.root_cause.model_io import RootCauseModel
from models.root_cause.names import CauseName, name_themes
from models.root_cause.owner import OwnerMix
from models.root_cause.report import Cause, CrossTable, Exemplar, Theme
from models.root_cause.scores import MetricValues
from models.root_cause.segment_impact import SegmentImpacts, estimate_segment_impacts
from models.root_cause.select import Complaints
from models.root_cause.stability import Matching, Stability
from models.root_cause.trend import TrendTable
from models.taxonomy import Taxonomy

Key = TypeVar("Key", str, Language)
N_TOPIC_NAMES = 3
MAX_IMPACT_VALUES = 60
"""Values of a segment column within which impacts are estimated."""
Terms = Mapping[tuple[int, Language], tuple[KeyTerm, ...]]


def build_causes(
    model: RootCauseModel,
    names: Sequence[CauseName],
    complaints: Complaints,
    cause: IntVector,
    *,
    ids: Sequence[str],
    owners: Sequence[OwnerMix],
    impact: ImpactTable | None,
    trend: TrendTable | None,
    stability: Stability | None,
    matching: Matching | None,
    terms: Terms,
    exemplars: Mapping[int, IntVector],
) -> tuple[Cause, ...]:
    """One value per cause, in the order of the model."""
    causes = []
    for label, cause_id in enumerate(model.cause_ids):
        rows = np.flatnonzero(cause == label)
        causes.append(
            Cause(
                cause_id=cause_id,
                name=names[label],
                theme=int(model.clusters.theme_of_cause[label]),
                n_complaints=len(rows),
                n_verbatims=len(np.unique(complaints.verbatim[rows])),
                share=len(rows) / max(1, len(complaints)),
                owner=owners[label],
                impact=impact.causes[label] if impact else None,
                trend=trend.causes[label] if trend else None,
                stability=stability.by_cause[label] if stability else None,
                change=matching.causes[label] if matching else None,
                key_terms={
                    language: terms.get((label, language), ())
                    for language in (Language.NL, Language.EN)
                },
                exemplars=tuple(
                    Exemplar(
                        verbatim_id=ids[int(complaints.verbatim[row])],
                        language=complaints.languages[row],
                        text=complaints.texts[row],
                    )
                    for row in exemplars.get(label, np.empty(0, dtype=np.int64)).tolist()
                ),
                topic_mix=shares(complaints.topics[row] for row in rows if complaints.topics[row]),
                languages=shares(complaints.languages[row] for row in rows),
            )
        )
    return tuple(causes)


def shares(values: Iterable[Key]) -> dict[Key, float]:
    """Share of each value, most first, ties by name."""
    counts = Counter(values)
    total = sum(counts.values())
    ranked = sorted(counts.items(), key=lambda item: (-item[1], str(item[0])))
    return {value: count / total for value, count in ranked}


def topic_names_by_cause(
    cause: IntVector, topics: Sequence[str], n_causes: int, taxonomy: Taxonomy
) -> dict[int, dict[Language, tuple[str, ...]]]:
    """Names of the topics that most complaints of each cause, or theme, have, per language."""
    known = {label.label: label for label in taxonomy.topics}
    counts: dict[int, Counter[str]] = {label: Counter() for label in range(n_causes)}
    for label, topic in zip(cause.tolist(), topics, strict=True):
        if label >= 0 and topic in known:
            counts[label][topic] += 1
    result = {}
    for label, own in counts.items():
        ranked = sorted(own, key=lambda topic: (-own[topic], topic))[:N_TOPIC_NAMES]
        if ranked:
            result[label] = {
                language: tuple(
                    known[topic].name.get(language.value, known[topic].label) for topic in ranked
                )
                for language in (Language.NL, Language.EN)
            }
    return result


def build_themes(
    causes: Sequence[Cause],
    theme_of_cause: IntVector,
    complaints: Complaints,
    cause: IntVector,
    taxonomy: Taxonomy,
) -> tuple[Theme, ...]:
    """Themes by number; a theme of one cause bears that cause's name."""
    if not causes:
        return ()
    theme = np.where(cause >= 0, theme_of_cause[np.maximum(cause, 0)], -1)
    n_themes = int(theme_of_cause.max()) + 1
    topics = topic_names_by_cause(theme, complaints.topics, n_themes, taxonomy)
    names = name_themes(topics, n_themes)
    themes = []
    for label in range(n_themes):
        members = [each for each in causes if each.theme == label]
        n_complaints = sum(each.n_complaints for each in members)
        themes.append(
            Theme(
                name=members[0].name if len(members) == 1 else names[label],
                cause_ids=tuple(each.cause_id for each in members),
                n_complaints=n_complaints,
                share=n_complaints / max(1, len(complaints)),
            )
        )
    return tuple(themes)


def build_cross_tables(
    segments: Mapping[str, Sequence[str]],
    cause: IntVector,
    verbatim: IntVector,
    cause_ids: Sequence[str],
    metric: MetricValues | None,
    *,
    rng: np.random.Generator,
) -> tuple[CrossTable, ...]:
    """Verbatims per cause and value of every segment column; empty cells are left out.

    Impacts are estimated within the values that most verbatims have, ``MAX_IMPACT_VALUES`` a
    column.
    """

    def within(rows: IntVector) -> SegmentImpacts | None:
        if metric is None:
            return None
        return estimate_segment_impacts(metric, rows, cause, verbatim, cause_ids, rng=rng)

    pairs = np.unique(np.stack([verbatim, cause], axis=1)[cause >= 0], axis=0).tolist()
    tables = []
    for column, values in segments.items():
        counts: dict[str, Counter[str]] = {value: Counter() for value in sorted(set(values) - {""})}
        for row, label in pairs:
            if values[row]:
                counts[values[row]][cause_ids[label]] += 1
        sizes = Counter(values)
        ranked = sorted(counts, key=lambda value: -sizes[value])[:MAX_IMPACT_VALUES]
        cells = np.asarray(values, dtype=object)
        impacts = {value: within(np.flatnonzero(cells == value)) for value in ranked}
        tables.append(
            CrossTable(
                column=column,
                n_verbatims={value: sizes[value] for value in counts},
                counts={value: dict(sorted(own.items())) for value, own in counts.items()},
                impacts={value: found for value, found in impacts.items() if found},
            )
        )
    return tuple(tables)
