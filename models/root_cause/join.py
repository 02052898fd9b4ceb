"""Joins the clauses of a verbatim that complain of one thing into one complaint."""

from __future__ import annotations

import numpy as np

from models.domain import FloatMatrix
from models.embedding import LanguageAlignment
from models.root_cause.arrays import BoolVector, FloatVector, IntVector, Matrix, as_float32, unit
from models.root_cause.select import Complaints

SAME_SIMILARITY = 0.55
"""Cosine of two clauses, aligned, from which they tell of one thing.

On 900 authored complaints of a webshop the clusters of joined clauses have NMI 0.64 with the
causes that the authors meant, those of single clauses 0.54. A lower bound joins nearly all clauses
of a verbatim, also where it holds two causes.
"""
GAP = " … "


def join_clauses(complaints: Complaints, alignment: LanguageAlignment) -> Complaints:
    """Join clauses that follow each other in a verbatim and share topic or meaning.

    Parameters
    ----------
    complaints : Complaints
        As ``select_complaints`` gives them, one per clause.
    alignment : LanguageAlignment

    Returns
    -------
    Complaints
        ``segment`` is the first clause of each; texts of clauses with something else between
        them are joined by an ellipsis. Embeddings and departments are means, weighted by the
        length of the clauses; the topic is that of the longest clause that has one.

    Notes
    -----
    A verbatim's complaints depend on no other verbatim.
    """
    if len(complaints) < 2:
        return complaints
    starts = np.flatnonzero(~_continues(complaints, alignment))
    if len(starts) == len(complaints):
        return complaints
    ends = np.append(starts[1:], len(complaints))
    lengths = np.array([max(1, len(text)) for text in complaints.texts], dtype=np.float64)
    topics, texts = [], []
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        own = range(start, end)
        topics.append(
            max(own, key=lambda row: (complaints.topics[row] != "", lengths[row], -row))
            if end - start > 1
            else start
        )
        texts.append(_join_texts(complaints, start, end))
    return Complaints(
        verbatim=complaints.verbatim[starts],
        segment=complaints.segment[starts],
        texts=tuple(texts),
        languages=tuple(complaints.languages[row] for row in starts.tolist()),
        topics=tuple(complaints.topics[row] for row in topics),
        embeddings=as_float32(unit(_means(complaints.embeddings, lengths, starts))),
        departments=_means(complaints.departments, lengths, starts),
    )


def _continues(complaints: Complaints, alignment: LanguageAlignment) -> BoolVector:
    """Whether each clause goes on with what the one before it complains of."""
    rows = alignment.align(complaints.embeddings, complaints.languages)
    topics = np.array(complaints.topics)
    likeness = np.einsum("ij,ij->i", rows[1:], rows[:-1])
    is_same = (likeness >= SAME_SIMILARITY) | ((topics[1:] == topics[:-1]) & (topics[1:] != ""))
    in_one = complaints.verbatim[1:] == complaints.verbatim[:-1]
    result: BoolVector = np.concatenate([[False], in_one & is_same])
    return result


def _join_texts(complaints: Complaints, start: int, end: int) -> str:
    """Texts of the clauses from ``start`` up to ``end``."""
    text = complaints.texts[start]
    for row in range(start + 1, end):
        is_next = complaints.segment[row] == complaints.segment[row - 1] + 1
        text += (" " if is_next else GAP) + complaints.texts[row].strip()
    return text


def _means(rows: FloatMatrix | Matrix, lengths: FloatVector, starts: IntVector) -> Matrix:
    """Weighted mean of each run of rows."""
    total = np.add.reduceat(rows * lengths[:, None], starts, axis=0)
    result: Matrix = total / np.add.reduceat(lengths, starts)[:, None]
    return result
