"""Root-cause analysis in the manner of scikit-learn: ``fit``, ``assign``, ``report``."""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from models.classifier import Classifier, EmbeddedVerbatim
from models.domain import FloatMatrix, Language
from models.embedding import LanguageAlignment
from models.root_cause.arrays import IntVector
from models.root_cause.cluster import (
    Assignment,
    cause_centres,
    fit_clusters,
    place_all,
)
from models.root_cause.cluster_config import ClusterConfig
from models.root_cause.complaint_map import lay_map
from models.root_cause.describe import (
    Terms,
    build_causes,
    build_cross_tables,
    build_themes,
    topic_names_by_cause,
)
from models.root_cause.duplicates import Collapsed, collapse_duplicates
from models.root_cause.exemplars import pick_exemplars
from models.root_cause.feedback import TaggedFeedback, collect_feedback
from models.root_cause.frames import Columns, VerbatimTable, read_table, read_verbatims
from models.root_cause.html import facts_from_table
from models.root_cause.impact import ImpactTable, estimate_impact
from models.root_cause.join import join_clauses
from models.root_cause.key_terms import KeyTerm, find_key_terms
from models.root_cause.mentions import estimate_mentions
from models.root_cause.model_io import RootCauseModel
from models.root_cause.names import CauseName, name_causes
from models.root_cause.notes import collect_notes
from models.root_cause.numba_cache import ensure_numba_cache
from models.root_cause.outputs import AnalysisOutputs
from models.root_cause.owner import estimate_owners
from models.root_cause.placing import (
    assign_complaints,
    common_alignment,
    list_assignments,
    match_previous,
)
from models.root_cause.report import ComplaintAssignment, RootCauseReport
from models.root_cause.scores import Metric, MetricValues, guess_metric, metric_values
from models.root_cause.select import Complaints
from models.root_cause.stability import (
    Matching,
    estimate_stability,
    make_id,
)
from models.root_cause.trend import estimate_trends
from models.root_cause.word_lists import stop_words
from models.taxonomy import Taxonomy

_STREAMS = {"owner": 1, "impact": 2, "stability": 3, "segments": 4}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Run:
    """What the steps of one fit share."""

    feedback: TaggedFeedback
    table: VerbatimTable
    complaints: Complaints
    rows: FloatMatrix
    collapsed: Collapsed
    assignment: Assignment


class RootCauseAnalyser(AnalysisOutputs):
    """Finds the causes behind complaints, their owners, their cost and their trend.

    Parameters
    ----------
    taxonomy : Taxonomy
        The labels of the classifier that made the embeddings.
    alignment : LanguageAlignment, optional
        What each language adds to an embedding. Without it the mean of all complaints is taken
        off, and language may split causes.
    config : ClusterConfig, optional
        How causes are found; its seed governs all that is random.
    metric : {"nps", "csat", "ces"}, optional
        What the score column holds; default: guessed from its range.
    period : {"week", "month"}, optional
        Default: by the span of the dates.
    excluded_terms : sequence of str
        Names of the organisation, its brands and products: they name no cause.
    n_exemplars : int, default=5
    n_bootstrap : int, default=300
    n_resamples : int, default=5
        Of the stability estimate; 0 leaves it out.

    Attributes
    ----------
    model_ : RootCauseModel
        Causes as data, for ``save_model``.
    assignments_ : tuple of ComplaintAssignment
        Every complaint, in the order of the verbatims.
    report_ : RootCauseReport
    facts_ : dict of str to VerbatimFacts
        Score, date and segment values by verbatim id.

    Examples
    --------
    From a notebook, with a frame of pandas or polars::

        classifier = load_bundle()
        analyser = RootCauseAnalyser(classifier.taxonomy, alignment=classifier.space.alignment)
        analyser.fit_frame(classifier, frame, columns=Columns(text="answer", score="nps"))
        analyser.causes_frame()
        analyser.report("report", language="en")
    """

    def __init__(
        self,
        taxonomy: Taxonomy,
        *,
        alignment: LanguageAlignment | None = None,
        config: ClusterConfig | None = None,
        metric: str | None = None,
        period: str | None = None,
        excluded_terms: Sequence[str] = (),
        n_exemplars: int = 5,
        n_bootstrap: int = 300,
        n_resamples: int = 5,
    ) -> None:
        self.taxonomy = taxonomy
        self.alignment = alignment
        self.config = config
        self.metric = metric
        self.period = period
        self.excluded_terms = excluded_terms
        self.n_exemplars = n_exemplars
        self.n_bootstrap = n_bootstrap
        self.n_resamples = n_resamples

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The arguments of the constructor, by name."""
        names = list(inspect.signature(type(self).__init__).parameters)[1:]
        return {name: getattr(self, name) for name in names}

    def set_params(self, **params: Any) -> Self:
        """Change arguments of the constructor."""
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise ValueError(
                    f"{name!r} is no parameter of RootCauseAnalyser; known: {[*known]}"
                )
            setattr(self, name, value)
        return self

    def fit(
        self,
        embedded: Sequence[EmbeddedVerbatim] | TaggedFeedback,
        frame: Any | None = None,
        *,
        columns: Columns | None = None,
        previous: RootCauseModel | None = None,
    ) -> Self:
        """Find the causes in embedded verbatims.

        Parameters
        ----------
        embedded : sequence of EmbeddedVerbatim, or TaggedFeedback
            From ``Classifier.embed``; those without a complaint count in rates and impact. A
            ``FeedbackCollector`` takes them batch by batch, in a tenth of the memory.
        frame : pandas or polars frame, or mapping of lists, optional
            Scores, dates and segment columns.
        columns : Columns, optional
            Where they stand in the frame.
        previous : RootCauseModel, optional
            An earlier run, whose ids are carried over.

        Returns
        -------
        RootCauseAnalyser
            Itself. No complaint at all is no error: the report says so.

        Raises
        ------
        ValueError
            If the frame does not fit, or a parameter is out of range.
        """
        ensure_numba_cache()
        metric = None if self.metric is None else Metric(self.metric)
        config = self.config or ClusterConfig()
        feedback = self._collect(embedded)
        ids = feedback.ids
        table = read_table(frame, columns or Columns(), ids)
        complaints = feedback.complaints
        alignment = self.alignment or common_alignment(complaints.embeddings)
        complaints = join_clauses(complaints, alignment)
        rows = alignment.align(complaints.embeddings, complaints.languages)
        mentions = estimate_mentions(complaints.texts, rows)
        rows = mentions.take_off(complaints.texts, rows)
        collapsed = collapse_duplicates(complaints.texts, rows, seed=config.seed)
        unique = rows[collapsed.rows]
        clusters = fit_clusters(unique, collapsed.weights, config)
        clusters, assignment = place_all(clusters, rows, config)
        run = _Run(
            feedback=feedback,
            table=table,
            complaints=complaints,
            rows=rows,
            collapsed=collapsed,
            assignment=assignment,
        )
        cause = run.assignment.cause
        sizes = np.bincount(cause[cause >= 0], minlength=clusters.n_causes).astype(np.float64)
        matching = match_previous(
            previous, complaints, cause, sizes, bundle_version=feedback.bundle_version
        )
        cause_ids = (
            tuple(change.cause_id for change in matching.causes)
            if matching
            else tuple(make_id(row + 1) for row in range(clusters.n_causes))
        )
        terms = self._terms(run, cause[collapsed.rows])
        topics = topic_names_by_cause(cause, complaints.topics, clusters.n_causes, self.taxonomy)
        by_language = Counter(
            (int(cause[row]), complaints.languages[row]) for row in collapsed.rows.tolist()
        )
        names = name_causes(terms, clusters.n_causes, topic_names=topics, sizes=by_language)
        self.model_ = RootCauseModel(
            clusters=clusters,
            alignment=alignment,
            mentions=mentions,
            config=config,
            cause_ids=cause_ids,
            names=names,
            sizes=sizes,
            next_number=matching.next_number if matching else clusters.n_causes + 1,
            bundle_version=feedback.bundle_version,
        )
        self.assignments_ = list_assignments(ids, complaints, run.assignment, cause_ids)
        self.facts_ = facts_from_table(table)
        self.report_ = self._report(
            run, names, terms, matching, metric, has_previous=previous is not None
        )
        return self

    def fit_frame(
        self,
        classifier: Classifier,
        frame: Any,
        *,
        columns: Columns,
        previous: RootCauseModel | None = None,
    ) -> Self:
        """Embed the texts of a frame, personal data masked, and fit."""
        embedded = classifier.embed(read_verbatims(frame, columns))
        return self.fit(embedded, frame, columns=columns, previous=previous)

    def assign(
        self, embedded: Sequence[EmbeddedVerbatim] | TaggedFeedback
    ) -> tuple[ComplaintAssignment, ...]:
        """Place the complaints of other verbatims in the causes that were found.

        Raises
        ------
        NotFittedError
            If ``fit`` has not been called.
        """
        feedback = self._collect(embedded)
        return assign_complaints(self._fitted().model_, feedback.complaints, feedback.ids)

    def assign_frame(
        self, classifier: Classifier, frame: Any, *, columns: Columns
    ) -> tuple[ComplaintAssignment, ...]:
        """Embed the texts of a frame, personal data masked, and place their complaints."""
        return self.assign(classifier.embed(read_verbatims(frame, columns)))

    def _collect(self, embedded: Sequence[EmbeddedVerbatim] | TaggedFeedback) -> TaggedFeedback:
        """Complaints of verbatims."""
        if isinstance(embedded, TaggedFeedback):
            return embedded
        return collect_feedback(embedded, self.taxonomy)

    def _rng(self, step: str) -> np.random.Generator:
        """A stream per step, so that one step's draws do not move another's."""
        seed = (self.config or ClusterConfig()).seed
        return np.random.default_rng([seed, _STREAMS[step]])

    def _terms(
        self, run: _Run, cause: IntVector
    ) -> dict[tuple[int, Language], tuple[KeyTerm, ...]]:
        """Key terms of the causes, duplicates counted once."""
        unique = run.collapsed.rows.tolist()
        return find_key_terms(
            [run.complaints.texts[row] for row in unique],
            [run.complaints.languages[row] for row in unique],
            cause.tolist(),
            excluded=self.excluded_terms,
        )

    def _impact(self, run: _Run, values: MetricValues | None) -> ImpactTable | None:
        """Impact, where the scores can be read."""
        if values is None:
            return None
        return estimate_impact(
            values,
            run.assignment.cause,
            run.complaints.verbatim,
            self.model_.clusters.n_causes,
            rng=self._rng("impact"),
            n_bootstrap=self.n_bootstrap,
        )

    def _report(
        self,
        run: _Run,
        names: tuple[CauseName, ...],
        terms: Terms,
        matching: Matching | None,
        metric: Metric | None,
        *,
        has_previous: bool,
    ) -> RootCauseReport:
        """All estimates on the causes."""
        clusters, cause = self.model_.clusters, run.assignment.cause
        verbatim, complaints = run.complaints.verbatim, run.complaints
        metric = metric or guess_metric(run.table.scores)
        values = metric_values(run.table.scores, metric) if metric else None
        impact = self._impact(run, values)
        trend = estimate_trends(
            run.table.dates.days, cause, verbatim, clusters.n_causes, period=self.period
        )
        stability = estimate_stability(
            run.rows[run.collapsed.rows],
            run.collapsed.weights,
            cause[run.collapsed.rows],
            clusters.n_causes,
            self.model_.config,
            rng=self._rng("stability"),
            n_resamples=self.n_resamples,
        )
        owners = estimate_owners(
            complaints.departments,
            self.taxonomy.labels("department"),
            cause,
            verbatim,
            clusters.n_causes,
            rng=self._rng("owner"),
            n_bootstrap=self.n_bootstrap,
            no_owner=self.taxonomy.no_owner_departments,
        )
        unique = run.collapsed.rows
        exemplars = pick_exemplars(
            run.rows[unique],
            cause[unique],
            cause_centres(clusters),
            texts=[complaints.texts[row] for row in unique],
            languages=[complaints.languages[row] for row in unique],
            membership=run.assignment.membership[unique],
            key_words={
                place: [frozenset(term.text.split()) - stop_words(place[1]) for term in found[:5]]
                for place, found in terms.items()
            },
            n_exemplars=self.n_exemplars,
        )
        causes = build_causes(
            self.model_,
            names,
            complaints,
            cause,
            ids=run.table.ids,
            owners=owners,
            impact=impact,
            trend=trend,
            stability=stability,
            matching=matching,
            terms=terms,
            exemplars={label: unique[list(rows)] for label, rows in exemplars.items()},
        )
        return RootCauseReport(
            n_verbatims=len(run.feedback),
            n_tagged=run.feedback.n_tagged,
            n_complaining=len(np.unique(verbatim)),
            n_complaints=len(complaints),
            n_unique=len(unique),
            emerging_share=float((cause < 0).mean()) if len(cause) else 0.0,
            causes=causes,
            themes=build_themes(causes, clusters.theme_of_cause, complaints, cause, self.taxonomy),
            impact=impact,
            trend=trend,
            stability=stability.score if stability else None,
            gone=matching.gone if matching else (),
            cross_tables=build_cross_tables(
                run.table.segments,
                cause,
                verbatim,
                self.model_.cause_ids,
                values if impact else None,
                rng=self._rng("segments"),
            ),
            notes=collect_notes(
                run.feedback,
                run.table,
                n_complaints=len(complaints),
                n_unique=len(unique),
                n_causes=clusters.n_causes,
                impact=impact,
                trend=trend,
                has_alignment=self.alignment is not None,
                has_other_previous=has_previous and matching is None,
            ),
            seed=self.model_.config.seed,
            bundle_version=run.feedback.bundle_version,
            map_points=lay_map(
                run.rows[unique],
                cause[unique],
                cause_ids=self.model_.cause_ids,
                texts=[complaints.texts[row] for row in unique],
                seed=self.model_.config.seed,
            ),
        )
