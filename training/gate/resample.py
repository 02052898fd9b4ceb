"""Figures on many resamples of the rows at once.

A resample is a row of weights: how often each verbatim counts. Two bundles are compared on the
same weights, so that what is hard in a resample is hard for both (paired bootstrap: Efron &
Tibshirani 1993, chapter 8; Koehn 2004, EMNLP). Row 0 of the weights is all ones: what a figure
gives there is the figure itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_matrix

Weights = npt.NDArray[np.float32]
Values = npt.NDArray[np.float64]
BoolMatrix = npt.NDArray[np.bool_]
N_BINS = 15


def draw_weights(stories: Sequence[str], *, n_resamples: int, rng: np.random.Generator) -> Weights:
    """Draw resamples of whole stories: rows that tell one event are no independent evidence.

    Returns
    -------
    ndarray of shape (1 + n_resamples, n_rows), float32
        The first row is all ones.
    """
    names, story_of_row = np.unique(np.asarray(stories), return_inverse=True)
    n_stories = len(names)
    weights = np.ones((1 + n_resamples, len(story_of_row)), dtype=np.float32)
    for row in range(1, len(weights)):
        counts = np.bincount(rng.integers(0, n_stories, n_stories), minlength=n_stories)
        weights[row] = counts[story_of_row]
    return weights


def label_f1(weights: Weights, gold: BoolMatrix, given: BoolMatrix) -> Values:
    """F1 of each label; not a number where the gold has none of it.

    Parameters
    ----------
    weights : ndarray of shape (n_resamples, n_rows)
    gold, given : ndarray of shape (n_rows, n_labels)

    Returns
    -------
    ndarray of shape (n_resamples, n_labels)
    """
    hits, n_gold, n_given = _counts(weights, gold, given)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(n_gold > 0, 2 * hits / (n_gold + n_given), np.nan)


def macro_f1(weights: Weights, gold: BoolMatrix, given: BoolMatrix, *, min_gold: int = 1) -> Values:
    """Mean F1 over the labels that occur in the gold. Shape: (n_resamples,).

    A label with fewer gold rows than ``min_gold`` is left out; no number where none is left.
    """
    values = label_f1(weights, gold, given)[:, gold.sum(axis=0) >= min_gold]
    is_known = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.nansum(values, axis=1) / is_known.sum(axis=1))


def micro_f1(weights: Weights, gold: BoolMatrix, given: BoolMatrix) -> Values:
    """F1 over all answers of labels that occur in the gold. Shape: (n_resamples,)."""
    hits, n_gold, n_given = _counts(weights, gold, given)
    n_given = np.where(n_gold > 0, n_given, 0.0)
    with np.errstate(invalid="ignore"):
        return np.asarray(2 * hits.sum(axis=1) / (n_gold + n_given).sum(axis=1))


def calibration_error(
    weights: Weights, probability: npt.NDArray[np.floating], is_right: BoolMatrix
) -> Values:
    """Expected calibration error of answers (Naeini et al. 2015), 15 bins of equal width.

    Parameters
    ----------
    weights : ndarray of shape (n_resamples, n_rows)
    probability, is_right : ndarray of shape (n_rows, n_answers)
        Every row has as many answers.
    """
    bins = np.minimum((probability * N_BINS).astype(np.int64), N_BINS - 1)
    rows = np.broadcast_to(np.arange(len(bins))[:, None], bins.shape)
    gaps = np.zeros((len(bins), N_BINS))
    np.add.at(gaps, (rows, bins), is_right - probability)
    n_answers = weights.sum(axis=1) * bins.shape[1]
    return np.asarray(np.abs(weights @ gaps).sum(axis=1) / n_answers)


def weighted_mean(weights: Weights, values: npt.NDArray[np.floating]) -> Values:
    """Mean of a figure that each row has for itself. Shape: (n_resamples,)."""
    return np.asarray((weights @ values.astype(np.float64)) / weights.sum(axis=1))


def mutual_information(
    weights: Weights, truth: npt.NDArray[np.int64], found: npt.NDArray[np.int64]
) -> Values:
    """Mutual information of two groupings over the mean of their entropies (NMI)."""
    entropies = [_entropy(_sizes(weights, codes)) for codes in (truth, found)]
    joint = _entropy(_sizes(weights, _pair(truth, found)))
    mean = np.maximum(0.5 * (entropies[0] + entropies[1]), 1e-12)
    return np.asarray((entropies[0] + entropies[1] - joint) / mean)


def adjusted_rand(
    weights: Weights, truth: npt.NDArray[np.int64], found: npt.NDArray[np.int64]
) -> Values:
    """Pairs on which two groupings agree, less what chance gives (Hubert & Arabie 1985)."""
    both = _n_pairs(_sizes(weights, _pair(truth, found)))
    in_truth, in_found = (_n_pairs(_sizes(weights, codes)) for codes in (truth, found))
    n_rows = weights.sum(axis=1, dtype=np.float64)
    expected = in_truth * in_found / (n_rows * (n_rows - 1) / 2)
    return np.asarray((both - expected) / ((in_truth + in_found) / 2 - expected))


def _counts(weights: Weights, gold: BoolMatrix, given: BoolMatrix) -> tuple[Values, Values, Values]:
    """Right answers, gold labels and answers of each label, per resample."""
    hits, n_gold, n_given = (
        (weights @ indicator.astype(np.float32)).astype(np.float64)
        for indicator in (gold & given, gold, given)
    )
    return hits, n_gold, n_given


def _pair(truth: npt.NDArray[np.int64], found: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """One code for each pair of codes."""
    return truth * (int(found.max()) + 1) + found


def _sizes(weights: Weights, codes: npt.NDArray[np.int64]) -> Values:
    """Sizes of groups per resample. Shape: (n_resamples, n_groups)."""
    _, places = np.unique(codes, return_inverse=True)
    members = csr_matrix((np.ones(len(places)), (np.arange(len(places)), places)))
    return np.asarray((members.T @ weights.T.astype(np.float64)).T)


def _entropy(sizes: Values) -> Values:
    shares = sizes / sizes.sum(axis=1, keepdims=True)
    logs = np.log(np.where(shares > 0, shares, 1.0))
    return np.asarray(-(shares * logs).sum(axis=1))


def _n_pairs(sizes: Values) -> Values:
    return np.asarray((sizes * (sizes - 1) / 2).sum(axis=1))
