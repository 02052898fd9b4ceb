"""Places complaints in causes that exist: those of this run, and those of a run before."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from models.domain import FloatMatrix
from models.embedding import LanguageAlignment
from models.root_cause.arrays import FloatVector, IntVector
from models.root_cause.cluster import Assignment, assign_clusters
from models.root_cause.join import join_clauses
from models.root_cause.model_io import RootCauseModel
from models.root_cause.report import ComplaintAssignment
from models.root_cause.select import Complaints
from models.root_cause.stability import Matching, count_overlap, match_causes


def assign_complaints(
    model: RootCauseModel, complaints: Complaints, ids: Sequence[str]
) -> tuple[ComplaintAssignment, ...]:
    """Place complaints in the causes of a model, each on its own.

    Parameters
    ----------
    model : RootCauseModel
        Fitted, or read with ``load_model``.
    complaints : Complaints
        What ``select_complaints`` took from the verbatims.
    ids : sequence of str
        Ids of all those verbatims.
    """
    if len(complaints) == 0:
        return ()
    complaints = join_clauses(complaints, model.alignment)
    rows = place_rows(model, complaints)
    return list_assignments(ids, complaints, assign_clusters(model.clusters, rows), model.cause_ids)


def place_rows(model: RootCauseModel, complaints: Complaints) -> FloatMatrix:
    """Complaints in the space of a model. Shape: (n_complaints, dim)."""
    rows = model.alignment.align(complaints.embeddings, complaints.languages)
    return model.mentions.take_off(complaints.texts, rows)


def list_assignments(
    ids: Sequence[str],
    complaints: Complaints,
    assignment: Assignment,
    cause_ids: Sequence[str],
) -> tuple[ComplaintAssignment, ...]:
    """One value per complaint."""
    return tuple(
        ComplaintAssignment(
            verbatim_id=ids[verbatim],
            segment=segment,
            text=text,
            cause_id=cause_ids[cause] if cause >= 0 else None,
            nearest_id=cause_ids[nearest] if nearest >= 0 else None,
            membership=membership,
            language=language,
        )
        for verbatim, segment, text, language, cause, nearest, membership in zip(
            complaints.verbatim.tolist(),
            complaints.segment.tolist(),
            complaints.texts,
            complaints.languages,
            assignment.cause.tolist(),
            assignment.nearest.tolist(),
            assignment.membership.tolist(),
            strict=True,
        )
    )


def match_previous(
    previous: RootCauseModel | None,
    complaints: Complaints,
    cause: IntVector,
    sizes: FloatVector,
    *,
    bundle_version: str,
) -> Matching | None:
    """The causes against those of a previous run; None without one, or on another bundle."""
    if previous is None or previous.bundle_version != bundle_version:
        return None
    rows = place_rows(previous, complaints)
    before = assign_clusters(previous.clusters, rows).cause
    overlap = count_overlap(
        before, cause, previous.clusters.n_causes, len(sizes), np.ones(len(cause))
    )
    return match_causes(
        overlap, previous.cause_ids, previous.sizes, sizes, next_number=previous.next_number
    )


def common_alignment(embeddings: FloatMatrix) -> LanguageAlignment:
    """The mean of all complaints for both languages, where no alignment is known."""
    dim = embeddings.shape[1]
    mean = embeddings.mean(axis=0, dtype=np.float64) if len(embeddings) > 1 else np.zeros(dim)
    # A mean that is nearly the rows themselves (all alike) would leave only rounding noise.
    if len(embeddings) and float(np.abs(embeddings - mean).max()) < 1e-3:
        mean = np.zeros(dim)
    return LanguageAlignment(means=np.stack([mean, mean]), matrix=np.eye(dim))
