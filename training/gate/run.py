"""The gate as a whole: two bundles on the same rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.bundle import Manifest, load_bundle, read_manifest, resolve_bundle
from models.classifier import Classifier
from models.domain import Verbatim
from models.taxonomy import TASKS, Taxonomy
from training.gate.answers import Answers, Timing, ask_both
from training.gate.clustering import (
    ClusteredTexts,
    TwinTexts,
    compare_clustering,
    compare_neighbours,
)
from training.gate.config import GateConfig
from training.gate.judge import Comparison, compare_speed
from training.gate.quality import compare_quality
from training.gate.report import GateReport, now
from training.gate.resample import draw_weights
from training.labelled import LabelledVerbatim
from training.origins import corpus_hash
from training.recalibrate import rows_hash


class GateError(ValueError):
    """Two bundles cannot be compared; the message says why and what to do."""


def check_labels_are_equal(candidate: Taxonomy, current: Taxonomy) -> None:
    """Make sure that both bundles give the same labels.

    Raises
    ------
    GateError
        Names the labels that only one of them has.
    """
    differences = []
    for task in TASKS:
        new, old = set(candidate.labels(task)), set(current.labels(task))
        if new - old:
            differences.append(f"{task}: only the candidate has {', '.join(sorted(new - old))}")
        if old - new:
            differences.append(f"{task}: only the current one has {', '.join(sorted(old - new))}")
    if differences:
        raise GateError(
            "bundles of different labels cannot be compared: "
            + "; ".join(differences)
            + ". Measure each by 'klantstem-train evaluate', and promote with --force"
        )


def run_gate(
    candidate_folder: Path,
    current_folder: Path,
    rows: Sequence[LabelledVerbatim],
    *,
    clustering: Sequence[ClusteredTexts | TwinTexts] = (),
    config: GateConfig | None = None,
    n_threads: int | None = None,
    notes: Sequence[str] = (),
) -> GateReport:
    """Compare a candidate with the bundle in place.

    Parameters
    ----------
    candidate_folder, current_folder : Path
        Bundles, or folders of promoted bundles.
    rows : sequence of LabelledVerbatim
        Rows that neither was trained on.
    clustering : sequence of ClusteredTexts or TwinTexts
        Without any, the rows themselves are used.
    config : GateConfig, optional
    n_threads : int, optional
        Verbatims encoded at a time.
    notes : sequence of str
        What is known of the rows already, for the report.

    Raises
    ------
    GateError
        If the bundles have different labels, or there are too few rows for any answer.
    BundleError
        If a bundle is missing or altered.
    """
    config = config or GateConfig()
    if len(rows) < config.min_rows:
        raise GateError(
            f"{len(rows)} rows are too few to compare two bundles: at least {config.min_rows} are "
            "needed (--min-rows)"
        )
    folders = [resolve_bundle(folder) for folder in (candidate_folder, current_folder)]
    candidate_manifest, current_manifest = (read_manifest(folder) for folder in folders)
    candidate, current = (load_bundle(folder, n_threads=n_threads) for folder in folders)
    check_labels_are_equal(candidate.taxonomy, current.taxonomy)
    asked = _ask(candidate, current, rows)
    return GateReport(
        candidate=candidate_manifest.bundle_version,
        current=current_manifest.bundle_version,
        at=now(),
        data={"rows": len(rows), "sha256": corpus_hash(rows)},
        config=config,
        comparisons=tuple(_compare((candidate, current), asked, rows, clustering, config)),
        notes=(*notes, *notes_on_calibration(candidate_manifest, rows, asked[0].is_scored)),
    )


def notes_on_calibration(
    manifest: Manifest, rows: Sequence[LabelledVerbatim], is_scored: npt.NDArray[np.bool_]
) -> list[str]:
    """A note where the candidate's probabilities were set on these very rows.

    A calibration knows the rows that could be scored alone.
    """
    record = manifest.origin.get("calibration")
    known = record.get("rows_sha256") if isinstance(record, Mapping) else None
    scored = [row for row, seen in zip(rows, is_scored, strict=True) if seen]
    if known is None or known not in {rows_hash(rows), rows_hash(scored)}:
        return []
    return [
        "the candidate was calibrated on these very rows: its calibration error and what hangs on "
        "bars and thresholds look better here than they are; judge it on rows it never saw"
    ]


def compare_classifiers(
    candidate: Classifier,
    current: Classifier,
    rows: Sequence[LabelledVerbatim],
    clustering: Sequence[ClusteredTexts | TwinTexts],
    config: GateConfig,
) -> list[Comparison]:
    """All comparisons of two classifiers that give the same labels."""
    asked = _ask(candidate, current, rows)
    return _compare((candidate, current), asked, rows, clustering, config)


def _ask(
    candidate: Classifier, current: Classifier, rows: Sequence[LabelledVerbatim]
) -> tuple[Answers, Answers, Timing]:
    """What both say of the rows."""
    return ask_both(candidate, current, [Verbatim(id=row.id, text=row.text) for row in rows])


def _compare(
    pair: tuple[Classifier, Classifier],
    asked: tuple[Answers, Answers, Timing],
    rows: Sequence[LabelledVerbatim],
    clustering: Sequence[ClusteredTexts | TwinTexts],
    config: GateConfig,
) -> list[Comparison]:
    """All comparisons of what two classifiers said."""
    (candidate, current), (answers, current_answers, timing) = pair, asked
    weights = draw_weights(
        [row.story or row.id for row in rows],
        n_resamples=config.n_resamples,
        rng=np.random.default_rng(config.seed),
    )
    found = list(
        compare_quality(
            answers,
            current_answers,
            rows,
            taxonomy=candidate.taxonomy,
            weights=weights,
            config=config,
        )
    )
    if clustering:
        found += compare_clustering(candidate, current, clustering, config)
    else:
        found += compare_neighbours(answers, current_answers, candidate.taxonomy, rows, config)
    found.append(
        compare_speed(timing.n_verbatims, timing.candidate_s, timing.current_s, config=config)
    )
    return found
