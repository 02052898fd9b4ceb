"""The model card of a bundle, written from its manifest and its run."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.bundle import Manifest
from models.taxonomy import TASKS, Taxonomy
from training.labelled import LabelledVerbatim
from training.writing import save_text

CARD = "README.md"
_TASK_NAMES = {"topics": "Topics", "sentiment": "Sentiment", "department": "Department"}


def write_card(
    folder: Path,
    manifest: Manifest,
    taxonomy: Taxonomy,
    *,
    rows: Sequence[LabelledVerbatim],
    history: Sequence[Mapping[str, float]],
) -> None:
    """Write ``README.md`` into a bundle folder.

    Parameters
    ----------
    rows : sequence of LabelledVerbatim
        What the run learnt from and was validated on.
    history : sequence of mapping
        Figures of each epoch (or penalty).
    """
    parts = [
        _head(manifest),
        _data(manifest, rows),
        _figures(manifest),
        _history(history),
        _labels(taxonomy, rows),
        _limits(manifest, taxonomy),
    ]
    save_text("\n\n".join(part for part in parts if part) + "\n", folder / CARD)


def _head(manifest: Manifest) -> str:
    """What it is and how it was made."""
    origin, config = manifest.origin, manifest.origin["config"]
    packages = ", ".join(f"{name} {version}" for name, version in origin["packages"].items())
    settings = ", ".join(f"{key} {value}" for key, value in config.items())
    added = origin.get("added_labels")
    extended = (
        f"\n- Extends bundle {origin['extends']} by labels, with their examples: "
        + ", ".join(f"{label} {n}" for label, n in added.items())
        if added
        else ""
    )
    return (
        f"# Model card: bundle {manifest.bundle_version}\n\n"
        f"Written by `klantstem-train` from the run; `manifest.json` holds the same in full.\n\n"
        f"- Base model and its licence: {origin['base_model']}\n"
        f"- Mode: {config['mode']}; seed {config['seed']}; encoder exported as "
        f"{config['quantisation']}\n"
        f"- Settings: {settings}\n"
        f"- Packages: {packages}{extended}"
    )


def _data(manifest: Manifest, rows: Sequence[LabelledVerbatim]) -> str:
    """What it learnt from."""
    split = Counter(row.split for row in rows)
    lang = Counter(row.lang for row in rows)
    shares = "yes" if manifest.origin["field_shares"] else "no"
    languages = ", ".join(f"{n} {code}" for code, n in sorted(lang.items()))
    return (
        "## Data\n\n"
        f"- {len(rows)} verbatims ({split['train']} learnt, {split['validation']} validation; "
        f"{languages}); sha256 of rows and labels `{manifest.origin['corpus_sha256']}`\n"
        f"- Shares of labels in the field given: {shares}"
    )


def _figures(manifest: Manifest) -> str:
    """What was measured, and on what."""
    metrics = manifest.metrics
    if "validation_rows" not in metrics:
        return "## Figures\n\nNone measured: evaluate it on rows of your own before you use it."
    lines = [
        "## Figures",
        "",
        f"On the {metrics['validation_rows']} validation rows, which also chose the epoch and the "
        "thresholds and are therefore no figure of the field:",
        "",
        "| figure | value |",
        "|---|---|",
    ]
    lines += [
        f"| {name.removeprefix('validation_').replace('_', ' ')} | {value:.3f} |"
        for name, value in metrics.items()
        if name.startswith("validation_") and isinstance(value, float)
    ]
    for reference, shares in metrics["label_agreement_with_torch"].items():
        told = ", ".join(f"{name.replace('_', ' ')} {share:.4f}" for name, share in shares.items())
        lines += ["", f"Labels equal to those of the model as {reference}: {told}."]
    return "\n".join(lines)


def _history(history: Sequence[Mapping[str, float]]) -> str:
    """The course of the run as a table."""
    if not history:
        return ""
    names = list(history[0])
    rows = [
        "| " + " | ".join(_number(entry.get(name)) for name in names) + " |" for entry in history
    ]
    head = ["| " + " | ".join(names) + " |", "|" + "---|" * len(names)]
    return "\n".join(["## Course of the run", "", *head, *rows])


def _number(value: Any) -> str:
    """A figure in three places, a whole number as it is."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:.3f}" if abs(value) >= 0.1 else f"{value:.4g}"
    return "" if value is None else f"{value:g}"


def _labels(taxonomy: Taxonomy, rows: Sequence[LabelledVerbatim]) -> str:
    """How many examples each label had."""
    counts: dict[str, Counter[str]] = {task: Counter() for task in TASKS}
    for row in rows:
        if row.split != "train":
            continue
        counts["topics"].update(row.labels.topics)
        counts["sentiment"][row.labels.sentiment] += 1
        counts["department"][row.labels.department] += 1
    lines = [
        f"## Labels\n\nTaxonomy {taxonomy.name}, version {taxonomy.version}; "
        "texts of split train with each label:\n"
    ]
    for task in TASKS:
        told = ", ".join(
            f"{entry.label} {counts[task][entry.label]}"
            + (" (zero-shot: from its definition alone)" if entry.is_zero_shot else "")
            for entry in taxonomy.entries(task)
        )
        lines.append(f"- {_TASK_NAMES[task]}: {told}")
    return "\n".join(lines)


def _limits(manifest: Manifest, taxonomy: Taxonomy) -> str:
    """What it is not fit for."""
    lines = [
        "## Limits",
        "",
        "- For sorting feedback and finding the rows that need a person; not for judging single "
        "employees or customers, nor for decisions about a person.",
        "- Other texts than those it learnt from: expect less than the figures above. Measure it "
        "with `klantstem-train evaluate` on rows of your own.",
    ]
    if manifest.origin.get("zero_shot"):
        lines.append(
            "- Labels marked zero-shot were never learnt; their probabilities are guesses of "
            "scale and frequency. Label at least 8 texts of each."
        )
    few = [
        entry.label
        for task in TASKS
        for entry in taxonomy.entries(task)
        if task == "topics" and entry.parent is not None
    ]
    if few:
        lines.append("- Of topics that stand above one another the lowest alone is given.")
    return "\n".join(lines)
