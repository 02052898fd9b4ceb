"""The values of an evaluation, as they stand in its JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from training.metrics import Interval
from training.recalibrate import CalibrationFigures
from training.reliability import Bin

FORMAT = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupFigures:
    """A task on a group of rows: all, one language, variety, sector or length.

    ``macro_f1`` is the mean over labels that occur in the group's gold, ``micro_f1`` counts every
    label given; an abstention is a miss. ``calibration_error`` is that of the likeliest label,
    or of all topics.
    """

    task: str
    dimension: str
    group: str
    n_rows: int
    macro_f1: Interval
    micro_f1: Interval
    calibration_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelFigures:
    """One label: how often it is right, found, given."""

    task: str
    label: str
    n_gold: int
    n_given: int
    precision: float
    recall: float
    f1: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Counts of gold (rows) against given labels (columns, ``abstained`` last)."""

    task: str
    gold: tuple[str, ...]
    given: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reliability:
    """Bins of a task, and points of its curve: coverage and precision of the surest answers."""

    task: str
    bins: tuple[Bin, ...]
    curve: tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgreementFigures:
    """How well two annotators agree, and the model with the gold labels, in one task.

    ``kappa`` is Cohen's (sentiment, department), ``alpha`` Krippendorff's (MASI for topics).
    """

    task: str
    who: str
    n_rows: int
    kappa: float | None
    alpha: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SureError:
    """A wrong answer that the model was sure of; ``text`` only where it was asked for."""

    id: str
    lang: str
    sector: str
    task: str
    gold: str
    given: str
    probability: float
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AloneCheck:
    """Rows that were classified alone as well as in the batch."""

    n_rows: int
    n_different: int
    largest_gap: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evaluation:
    """Everything about a bundle on some rows."""

    bundle_version: str
    data: Mapping[str, Any]
    groups: tuple[GroupFigures, ...]
    labels: tuple[LabelFigures, ...]
    confusions: tuple[Confusion, ...]
    calibration: tuple[CalibrationFigures, ...]
    reliability: tuple[Reliability, ...]
    agreement: tuple[AgreementFigures, ...]
    alone: AloneCheck
    errors: tuple[SureError, ...]
    format: int = FORMAT
