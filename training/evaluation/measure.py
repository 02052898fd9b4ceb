"""Measure a bundle on labelled verbatims."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from sklearn.metrics import cohen_kappa_score

from models.classifier import Classifier
from models.domain import TaggedVerbatim, Verbatim
from models.heads import TaskArrays
from models.taxonomy import TASKS, Taxonomy
from training.agreement import LabelPair, krippendorff_alpha, masi_distance
from training.calibrate import SINGLE_LABEL
from training.evaluation.neighbours import check_alone
from training.evaluation.report import (
    AgreementFigures,
    Confusion,
    Evaluation,
    GroupFigures,
    LabelFigures,
    Reliability,
    SureError,
)
from training.gate.resample import draw_weights, label_f1, macro_f1, micro_f1
from training.labelled import LabelledDataError, LabelledVerbatim, Labels
from training.metrics import Interval
from training.recalibrate import measure_probabilities, rows_hash
from training.reliability import bin_answers, calibration_error, risk_coverage
from training.scoring import Scored, given_rows, score_rows
from training.targets import gold_rows, probability_rows

ABSTAINED = "abstained"
LENGTHS = ((1, 5), (6, 15), (16, 40), (41, None))
"""Bands of words."""
_MIN_GROUP = 5
_CURVE_POINTS = 101
Bools = npt.NDArray[np.bool_]
Arrays = Mapping[str, Bools]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationPlan:
    """How to evaluate.

    ``n_alone`` rows are classified one by one; ``with_texts`` puts the redacted text beside each
    of the ``n_errors`` surest errors.
    """

    n_resamples: int = 1000
    n_errors: int = 50
    n_alone: int = 50
    with_texts: bool = False
    seed: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Seen:
    """Rows, their gold labels, and what the bundle said of them.

    Labels given are held against ``gold``, probabilities against ``truth``, where a topic brings
    those above it.
    """

    rows: Sequence[LabelledVerbatim]
    scored: Scored
    gold: Arrays
    truth: Arrays
    given: Arrays
    probabilities: TaskArrays
    taxonomy: Taxonomy
    plan: EvaluationPlan


def evaluate(
    classifier: Classifier,
    rows: Sequence[LabelledVerbatim],
    plan: EvaluationPlan,
    *,
    pairs: Sequence[LabelPair] = (),
) -> Evaluation:
    """Measure a bundle on labelled verbatims.

    Parameters
    ----------
    rows : sequence of LabelledVerbatim
        Their labels are the gold.
    pairs : sequence of LabelPair
        What two annotators said of verbatims of this kind, to show beside the model.

    Raises
    ------
    LabelledDataError
        If there are no rows, or none that can be scored.
    """
    if not rows:
        raise LabelledDataError("there is no row to evaluate on: look at --split")
    taxonomy = classifier.taxonomy
    scored = score_rows(classifier, rows)
    if not scored.is_scored.any():
        raise LabelledDataError(
            f"none of the {len(rows)} rows can be scored: they are empty, too long, without "
            "letters, or in another language"
        )
    gold = {task: values > 0 for task, values in gold_rows(rows, taxonomy).items()}
    truth = {task: values > 0 for task, values in probability_rows(rows, taxonomy).items()}
    given = given_rows(scored.results, taxonomy)
    probabilities = classifier.calibration.probabilities(scored.logits)
    kept = np.flatnonzero(scored.is_scored)
    seen = _Seen(
        rows=rows,
        scored=scored,
        gold=gold,
        truth=truth,
        given=given,
        probabilities=probabilities,
        taxonomy=taxonomy,
        plan=plan,
    )
    figures = [
        measure_probabilities(
            task, "as it stands", probabilities[task][kept], gold[task][kept].astype(np.float32)
        )
        for task in SINGLE_LABEL
    ]
    alone = check_alone(
        classifier,
        [Verbatim(id=row.id, text=row.text) for row in rows],
        scored.results,
        n_rows=plan.n_alone,
        rng=np.random.default_rng(plan.seed),
    )
    return Evaluation(
        bundle_version=classifier.bundle_version,
        data={
            "rows": len(rows),
            "sha256": rows_hash(rows),
            "without_labels": int((~scored.is_scored).sum()),
            "languages": dict(sorted(Counter(row.lang for row in rows).items())),
        },
        groups=tuple(_groups(seen)),
        labels=tuple(_labels(seen)),
        confusions=tuple(_confusion(seen, task) for task in SINGLE_LABEL),
        calibration=tuple(figures),
        reliability=tuple(
            measure_reliability(task, probabilities[task][kept], truth[task][kept])
            for task in TASKS
        ),
        agreement=tuple(_agreement(rows, scored, pairs)),
        alone=alone,
        errors=_surest_errors(seen),
    )


def group_rows(rows: Sequence[LabelledVerbatim]) -> dict[str, dict[str, npt.NDArray[np.int64]]]:
    """Places of the rows of each language, variety, sector and length."""
    names = {
        "language": [row.lang for row in rows],
        "variety": [row.variety for row in rows],
        "sector": [row.sector for row in rows],
        "length": [_length(row.text) for row in rows],
    }
    groups: dict[str, dict[str, npt.NDArray[np.int64]]] = {"all": {"all": np.arange(len(rows))}}
    for dimension, values in names.items():
        array = np.asarray(values, dtype=object)
        groups[dimension] = {
            str(name): np.flatnonzero(array == name) for name in _ordered(dimension, values)
        }
    return groups


def _ordered(dimension: str, values: Sequence[str]) -> list[str]:
    found = set(values) - {""}
    if dimension == "length":
        return [name for name in map(_band, LENGTHS) if name in found]
    return sorted(found)


def _band(bounds: tuple[int, int | None]) -> str:
    low, high = bounds
    return f"{low} words or more" if high is None else f"{low} to {high} words"


def _length(text: str) -> str:
    n_words = max(1, len(text.split()))
    return next(_band((a, b)) for a, b in LENGTHS if n_words >= a and (b is None or n_words <= b))


def _groups(seen: _Seen) -> Iterator[GroupFigures]:
    """Figures of each group with at least five rows, intervals over resampled stories."""
    for dimension, groups in group_rows(seen.rows).items():
        for name, places in groups.items():
            if len(places) < _MIN_GROUP and dimension != "all":
                continue
            weights = _weights(seen, places)
            scored = places[seen.scored.is_scored[places]]
            for task in TASKS:
                gold, given = seen.gold[task][places], seen.given[task][places]
                answers = _answers(task, seen.probabilities[task][scored], seen.truth[task][scored])
                yield GroupFigures(
                    task=task,
                    dimension=dimension,
                    group=name,
                    n_rows=len(places),
                    macro_f1=_interval(macro_f1(weights, gold, given)),
                    micro_f1=_interval(micro_f1(weights, gold, given)),
                    calibration_error=calibration_error(*answers),
                )


def _weights(seen: _Seen, places: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """Resamples of the stories of some rows."""
    stories = [seen.rows[place].story for place in places]
    rng = np.random.default_rng(seen.plan.seed)
    return draw_weights(stories, n_resamples=seen.plan.n_resamples, rng=rng)


def _answers(
    task: str, probabilities: npt.NDArray[np.float32], gold: Bools
) -> tuple[npt.NDArray[np.float64], Bools]:
    """Probability and rightness of each answer: the likeliest label, or each topic."""
    scores = probabilities.astype(np.float64)
    if task == "topics":
        return scores.ravel(), gold.ravel()
    best = scores.argmax(axis=1)
    return scores.max(axis=1, initial=0.0), gold[np.arange(len(gold)), best]


def _interval(values: npt.NDArray[np.float64]) -> Interval:
    """The figure, which stands first, and the bounds over its resamples."""
    drawn = values[1:][~np.isnan(values[1:])]
    low, high = np.quantile(drawn, [0.025, 0.975]) if drawn.size else (np.nan, np.nan)
    return Interval(value=float(values[0]), low=float(low), high=float(high))


def _labels(seen: _Seen) -> Iterator[LabelFigures]:
    """Figures of every label of the taxonomy."""
    weights = _weights(seen, np.arange(len(seen.rows)))
    gold, given = seen.gold, seen.given
    for task in TASKS:
        values = label_f1(weights, gold[task], given[task])
        for column, label in enumerate(seen.taxonomy.labels(task)):
            truth, answers = gold[task][:, column], given[task][:, column]
            hits, n_gold, n_given = int((truth & answers).sum()), truth.sum(), answers.sum()
            yield LabelFigures(
                task=task,
                label=label,
                n_gold=int(n_gold),
                n_given=int(n_given),
                precision=hits / n_given if n_given else float("nan"),
                recall=hits / n_gold if n_gold else float("nan"),
                f1=_interval(values[:, column]),
            )


def _confusion(seen: _Seen, task: str) -> Confusion:
    """Gold against given labels of a task with one label per row."""
    labels, given = seen.taxonomy.labels(task), seen.given[task]
    answers = np.column_stack([given, ~given.any(axis=1)]).astype(np.int64)
    counts = seen.gold[task].astype(np.int64).T @ answers
    return Confusion(
        task=task,
        gold=labels,
        given=(*labels, ABSTAINED),
        counts=tuple(tuple(int(count) for count in line) for line in counts),
    )


def measure_reliability(
    task: str, probabilities: npt.NDArray[np.float32], gold: Bools
) -> Reliability:
    """Bins and curve; each topic of each row is an answer, on the curve from 0.5 on.

    The curve is empty where no topic reaches that.
    """
    scores, is_right = _answers(task, probabilities, gold)
    bins = bin_answers(scores, is_right)
    if task == "topics":
        scores, is_right = scores[scores >= 0.5], is_right[scores >= 0.5]
    curve = risk_coverage(scores, is_right)
    n_points = min(_CURVE_POINTS, len(curve.coverage))
    places = np.unique(np.linspace(0, len(curve.coverage) - 1, n_points).astype(np.int64))
    points = [(float(curve.coverage[i]), float(curve.precision[i])) for i in places]
    return Reliability(task=task, bins=bins, curve=tuple(points))


def annotator_pairs(rows: Sequence[LabelledVerbatim]) -> list[LabelPair]:
    """The first two annotations of each row that has two."""
    return [
        LabelPair(
            id=row.id,
            lang=row.lang,
            first=row.annotations[0].labels,
            second=row.annotations[1].labels,
        )
        for row in rows
        if len(row.annotations) > 1
    ]


def _agreement(
    rows: Sequence[LabelledVerbatim], scored: Scored, pairs: Sequence[LabelPair]
) -> Iterator[AgreementFigures]:
    """Annotators with each other, where known, and the model with the gold."""
    pairs = [*pairs, *annotator_pairs(rows)]
    model = []
    for row, result in zip(rows, scored.results, strict=True):
        if isinstance(result, TaggedVerbatim) and result.sentiment and result.department:
            labels = Labels(
                sentiment=result.sentiment.sentiment or ABSTAINED,
                topics=tuple(tag.topic for tag in result.topics),
                department=result.department.department or ABSTAINED,
            )
            model.append(LabelPair(id=row.id, lang=row.lang, first=row.labels, second=labels))
    for who, found in (("two annotators", pairs), ("model and gold", model)):
        for task in TASKS if found else ():
            yield _agree(task, who, found)


def _agree(task: str, who: str, pairs: Sequence[LabelPair]) -> AgreementFigures:
    """Agreement in one task."""
    if task == "topics":
        first, second = (
            [frozenset(getattr(pair, side).topics) for pair in pairs]
            for side in ("first", "second")
        )
        alpha = krippendorff_alpha(first, second, masi_distance)
        return AgreementFigures(task=task, who=who, n_rows=len(pairs), kappa=None, alpha=alpha)
    mine, theirs = (
        [getattr(getattr(p, side), task) for p in pairs] for side in ("first", "second")
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # undefined where only one label occurs: told as NaN
        kappa = float(cohen_kappa_score(mine, theirs))
    return AgreementFigures(
        task=task,
        who=who,
        n_rows=len(pairs),
        kappa=kappa,
        alpha=krippendorff_alpha(mine, theirs),
    )


def _surest_errors(seen: _Seen) -> tuple[SureError, ...]:
    """Wrong labels that were given, the surest first."""
    found = []
    for task in TASKS:
        for place, column in np.argwhere(seen.given[task] & ~seen.gold[task]):
            found.append((float(seen.probabilities[task][place, column]), task, int(place), column))
    found.sort(key=lambda one: (-one[0], one[2], one[1]))
    errors = []
    for probability, task, place, column in found[: seen.plan.n_errors]:
        row, result = seen.rows[place], seen.scored.results[place]
        text = result.text if seen.plan.with_texts and isinstance(result, TaggedVerbatim) else ""
        names = [seen.taxonomy.labels(task)[at] for at in np.flatnonzero(seen.gold[task][place])]
        errors.append(
            SureError(
                id=row.id,
                lang=row.lang,
                sector=row.sector,
                task=task,
                gold=", ".join(names),
                given=seen.taxonomy.labels(task)[column],
                probability=probability,
                text=text,
            )
        )
    return tuple(errors)
