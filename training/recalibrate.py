"""A bundle with new probabilities and bars, its encoder and heads untouched."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from models.bundle import read_manifest, resolve_bundle
from models.calibration import Calibration, softmax
from models.domain import FloatMatrix
from models.heads import TaskArrays
from models.taxonomy import TASKS, Taxonomy
from training.calibrate import (
    SINGLE_LABEL,
    Scaling,
    fit_scaling,
    prior_bias,
    seen_labels,
    set_bars,
    unseen_notes,
)
from training.derive import derive_bundle
from training.labelled import LabelledDataError, LabelledVerbatim
from training.prior_shift import PriorShift
from training.reliability import (
    class_wise_error,
    noise_floor,
    risk_coverage,
    top_label_error,
)
from training.shift_simulation import DAMPING, estimate_shift, try_shift
from training.targets import probability_rows

MIN_ROWS = 30
MIN_UNLABELLED = 100
"""With fewer texts the standard error of a share of 0.1 is above 0.03: a third of it."""
_FAR = 4
COVERAGES = (0.5, 0.7, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationPlan:
    """How to calibrate.

    Attributes
    ----------
    has_bias : bool
        Whether sentiment and department get a bias per label beside the temperature.
    precision : float
        Wanted share of right answers among those that need no review.
    has_label_bars : bool
        Whether each label gets a review bar of its own for that precision.
    topic_precision : float, optional
        Wanted precision of each topic; default: thresholds for the best F1.
    min_probability : float
        Below it sentiment and department are not given at all.
    answer_precision : float, optional
        Wanted share of right answers among all sentiments and departments that are given.
    damping : float
        Share of an estimated prior shift that is applied.
    n_folds, seed : int
        For the figures on rows that were not calibrated on.
    """

    has_bias: bool = True
    precision: float = 0.9
    has_label_bars: bool = True
    topic_precision: float | None = None
    min_probability: float = 0.3
    answer_precision: float | None = None
    damping: float = DAMPING
    n_folds: int = 5
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CalibrationFigures:
    """How good the probabilities of a task are, and what the surest answers are worth.

    ``way`` is ``as it stands``, ``recalibrated`` (on rows that were not calibrated on), or
    ``sector unseen`` without and with the shift corrected. ``precision_at`` has one entry per
    coverage.
    """

    task: str
    way: str
    n_rows: int
    accuracy: float
    top_label_error: float
    class_wise_error: float
    noise_floor: float
    precision_at: Mapping[str, float]
    coverage_at_precision: float
    risk_area: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Recalibration:
    """A new calibration, its figures, and the shifts that were corrected."""

    calibration: Calibration
    figures: tuple[CalibrationFigures, ...]
    shifts: Mapping[str, PriorShift]
    notes: tuple[str, ...]


def measure_probabilities(
    task: str, way: str, probabilities: FloatMatrix, gold: FloatMatrix, *, precision: float = 0.9
) -> CalibrationFigures:
    """Figures of a task.

    Parameters
    ----------
    probabilities, gold : ndarray of shape (n_rows, n_labels)
    precision : float
        Of which the coverage is told.
    """
    scores, truth = probabilities.astype(np.float64), gold.astype(np.float64)
    best = scores.argmax(axis=1)
    curve = risk_coverage(scores.max(axis=1), truth[np.arange(len(truth)), best] > 0)
    return CalibrationFigures(
        task=task,
        way=way,
        n_rows=len(truth),
        accuracy=curve.precision_at(1.0),
        top_label_error=top_label_error(scores, truth),
        class_wise_error=class_wise_error(scores, truth),
        noise_floor=noise_floor(scores, rng=np.random.default_rng(0)),
        precision_at={f"{share:.0%}": curve.precision_at(share) for share in COVERAGES},
        coverage_at_precision=curve.coverage_at(precision),
        risk_area=curve.area,
    )


def fold_of(rows: Sequence[LabelledVerbatim], *, n_folds: int, seed: int) -> npt.NDArray[np.int64]:
    """A fold per row, the same for all rows of a story."""
    stories = sorted({row.story for row in rows})
    drawn = np.random.default_rng(seed).permutation(len(stories)) % n_folds
    folds = dict(zip(stories, drawn, strict=True))
    return np.asarray([folds[row.story] for row in rows])


def recalibrate(
    logits: TaskArrays,
    rows: Sequence[LabelledVerbatim],
    taxonomy: Taxonomy,
    current: Calibration,
    plan: CalibrationPlan,
    *,
    unlabelled: TaskArrays | None = None,
    field_shares: Mapping[str, Mapping[str, float]] | None = None,
    tasks: Collection[str] = TASKS,
) -> Recalibration:
    """Calibrate anew on held-out rows.

    Parameters
    ----------
    logits : mapping of task to ndarray of shape (n_rows, n_labels)
        Of ``rows``, which the model did not learn from.
    current : Calibration
        What stands in the bundle, to compare with.
    unlabelled : mapping of task to ndarray, optional
        Logits of verbatims from where the model will work: the shares of labels there are
        estimated and corrected.
    field_shares : mapping of task to mapping of label to float, optional
        Those shares, where they are known.
    tasks : collection of str
        What is wanted. The others are calibrated as well, unless their rows do not allow it.

    Raises
    ------
    LabelledDataError
        If there are too few rows, rows of one label alone, or no unlabelled text.
    """
    if len(rows) < MIN_ROWS:
        raise LabelledDataError(
            f"{len(rows)} held-out rows can be scored; at least {MIN_ROWS} are needed to calibrate"
        )
    if unlabelled is not None and not len(unlabelled[SINGLE_LABEL[0]]):
        raise LabelledDataError(
            "no unlabelled text can be scored: the shares of labels cannot be estimated"
        )
    gold = probability_rows(rows, taxonomy)
    folds = fold_of(rows, n_folds=plan.n_folds, seed=plan.seed)
    before = current.probabilities(logits)
    notes = unseen_notes(gold, taxonomy, tasks)
    fits: dict[str, _Fit] = {}
    for task in SINGLE_LABEL:
        seen = _Seen(
            task=task,
            labels=taxonomy.labels(task),
            logits=logits[task],
            gold=gold[task],
            sectors=[row.sector for row in rows],
            plan=plan,
        )
        if seen_labels(gold[task]).sum() < 2:
            fits[task] = _keep(seen, current, is_wanted=task in tasks)
        else:
            shares = None if field_shares is None else field_shares[task]
            texts = None if unlabelled is None else unlabelled[task]
            fits[task] = _fit(seen, before[task], folds, texts, shares)
    calibration = set_bars(
        logits,
        gold,
        taxonomy,
        {task: fit.scaling for task, fit in fits.items()},
        shifts={task: fit.bias for task, fit in fits.items()},
        precision=plan.precision,
        min_probability=plan.min_probability,
        has_label_bars=plan.has_label_bars,
        topic_precision=plan.topic_precision,
        answer_precision=plan.answer_precision,
    )
    if unlabelled is not None:
        notes += _few_texts(len(unlabelled[SINGLE_LABEL[0]]))
    return Recalibration(
        calibration=calibration,
        figures=tuple(line for fit in fits.values() for line in fit.figures),
        shifts={task: fit.shift for task, fit in fits.items() if fit.shift is not None},
        notes=(*notes, *(note for fit in fits.values() for note in fit.notes)),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """What a task is calibrated on."""

    task: str
    labels: tuple[str, ...]
    logits: FloatMatrix
    gold: FloatMatrix
    sectors: Sequence[str]
    plan: CalibrationPlan

    def measure(
        self, way: str, probabilities: FloatMatrix, gold: FloatMatrix
    ) -> CalibrationFigures:
        """Figures of a way to calibrate."""
        precision = self.plan.precision
        return measure_probabilities(self.task, way, probabilities, gold, precision=precision)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Fit:
    """What came of a task; ``bias`` is the part of the scaling that corrects a shift."""

    scaling: Scaling
    bias: npt.NDArray[np.float64]
    figures: tuple[CalibrationFigures, ...] = ()
    shift: PriorShift | None = None
    notes: tuple[str, ...] = ()


def _keep(seen: _Seen, current: Calibration, *, is_wanted: bool) -> _Fit:
    """The scaling that stands, for a task with one label alone; an error where it is wanted."""
    if is_wanted:
        raise LabelledDataError(
            f"{seen.task}: all held-out rows have one label, "
            f"{seen.labels[int(seen.gold[0].argmax())]}: rows of at least two are needed to "
            "calibrate; add some, or name other --tasks"
        )
    bias = tuple(float(value) for value in current.bias[seen.task])
    scaling = Scaling(temperature=current.temperature[seen.task], bias=bias)
    return _Fit(scaling=scaling, bias=np.zeros(len(bias)))


def _fit(
    seen: _Seen,
    before: FloatMatrix,
    folds: npt.NDArray[np.int64],
    unlabelled: FloatMatrix | None,
    field_shares: Mapping[str, float] | None,
) -> _Fit:
    """Fit the scaling of a task, and measure it on rows that it was not fitted on."""
    scores, gold, has_bias = seen.logits, seen.gold, seen.plan.has_bias
    crossed = before.copy()  # stands where the other folds hold one label alone
    for fold in np.unique(folds):
        learnt = folds != fold
        if seen_labels(gold[learnt]).sum() > 1:
            fitted = fit_scaling(scores[learnt], gold[learnt], has_bias=has_bias)
            crossed[~learnt] = softmax(fitted.apply(scores[~learnt]))
    figures = [
        seen.measure(way, probabilities, gold)
        for way, probabilities in (("as it stands", before), ("recalibrated", crossed))
    ]
    scaling = fit_scaling(scores, gold, has_bias=has_bias)
    if unlabelled is not None:
        return _correct(seen, scaling, unlabelled, figures)
    bias = np.asarray(prior_bias(gold, seen.labels, field_shares))
    return _Fit(scaling=scaling.shifted(bias), bias=bias, figures=tuple(figures))


def _correct(
    seen: _Seen,
    scaling: Scaling,
    unlabelled: FloatMatrix,
    figures: Sequence[CalibrationFigures],
) -> _Fit:
    """Correct the shift to unlabelled texts, and tell what that does where it can be tried."""
    plan = seen.plan
    shift = estimate_shift(scaling, unlabelled, seen.logits)
    bias = plan.damping * np.where(seen_labels(seen.gold), shift.bias, 0.0)
    notes, tried = doubts_of(seen.task, shift, seen.labels), []
    trial = try_shift(
        seen.logits, seen.gold, seen.sectors, has_bias=plan.has_bias, damping=plan.damping
    )
    if trial is None:
        notes.append(
            f"{seen.task}: what the correction does could not be tried: that takes three "
            "sectors with 20 labelled rows each, and two labels among the others"
        )
    else:
        tried = [
            seen.measure(f"sector unseen{way}", probabilities, seen.gold[trial.places])
            for way, probabilities in (("", trial.plain), (", shift corrected", trial.corrected))
        ]
    return _Fit(
        scaling=scaling.shifted(bias, softening=trial.softening if trial else 1.0),
        bias=bias,
        figures=(*figures, *tried),
        shift=shift,
        notes=tuple(notes),
    )


def _few_texts(n_texts: int) -> list[str]:
    """What to tell of few unlabelled texts."""
    if n_texts >= MIN_UNLABELLED:
        return []
    return [
        f"the shares of labels are estimated on {n_texts} text(s) only: below {MIN_UNLABELLED} "
        "chance moves them much"
    ]


def doubts_of(task: str, shift: PriorShift, labels: Sequence[str]) -> list[str]:
    """What speaks against estimated shares: a search that did not end, labels that moved far."""
    doubts = []
    if not shift.has_converged:
        doubts.append(
            f"{task}: the estimate of shares still moved after {shift.n_steps} steps: check it on "
            "some texts"
        )
    ratios = np.exp(np.abs(shift.bias))
    far = [label for label, ratio in zip(labels, ratios, strict=True) if ratio > _FAR]
    if far:
        doubts.append(
            f"{task}: shares of {', '.join(far)} moved over {_FAR}-fold: check them on some texts"
        )
    return doubts


def rows_hash(rows: Sequence[LabelledVerbatim]) -> str:
    """sha256 over ids, texts and labels of the rows calibrated on."""
    digest = hashlib.sha256()
    for row in sorted(rows, key=lambda row: row.id):
        digest.update(repr((row.id, row.text, row.labels)).encode())
    return digest.hexdigest()


def keep_other_tasks(new: Calibration, old: Calibration, tasks: Collection[str]) -> Calibration:
    """The new calibration of some tasks, the old one of the others."""
    merged: dict[str, Any] = {
        "topic_thresholds": (new if "topics" in tasks else old).topic_thresholds
    }
    for name in (
        "temperature",
        "bias",
        "min_probability",
        "review_probability",
        "label_review_probability",
    ):
        merged[name] = {
            **{task: value for task, value in getattr(old, name).items() if task not in tasks},
            **{task: value for task, value in getattr(new, name).items() if task in tasks},
        }
    return Calibration(**merged)


def write_recalibrated(
    bundle: Path, out: Path, calibration: Calibration, record: Mapping[str, Any]
) -> str:
    """Write a bundle with another calibration into a new folder; gives its version.

    Parameters
    ----------
    bundle : Path
        Bundle to take everything else from; its hashes are checked.
    record : mapping
        What the manifest says of this calibration, under ``origin``.

    Raises
    ------
    FileExistsError
        If something stands at ``out``.
    """
    origin = {
        "recalibrated_from": read_manifest(resolve_bundle(bundle)).bundle_version,
        "calibration": dict(record),
    }
    return derive_bundle(bundle, out, {"calibration.json": calibration.save}, origin)


def record_of(
    result: Recalibration, rows: Sequence[LabelledVerbatim], plan: CalibrationPlan
) -> dict[str, Any]:
    """What the manifest keeps of a calibration."""
    return {
        "rows": len(rows),
        "rows_sha256": rows_hash(rows),
        "plan": asdict(plan),
        "prior_shift": {
            task: {
                "calibrated": [round(float(share), 4) for share in shift.calibrated],
                "field": [round(float(share), 4) for share in shift.field],
            }
            for task, shift in result.shifts.items()
        },
        "figures": [asdict(line) for line in result.figures],
    }
