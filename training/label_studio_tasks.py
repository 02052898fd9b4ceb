"""Tasks and the labelling configuration for Label Studio; its export is read back as it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.etree import ElementTree

from models.taxonomy import Label, Taxonomy


def make_task(
    data: Mapping[str, object],
    suggested: Mapping[str, Sequence[str]],
    *,
    version: str,
    score: float,
) -> dict[str, Any]:
    """A task; suggestions, where there are any, become a prediction to start from."""
    task: dict[str, Any] = {"data": dict(data)}
    result = [
        {
            "from_name": name,
            "to_name": "text",
            "type": "choices",
            "value": {"choices": list(labels)},
        }
        for name, labels in suggested.items()
        if labels
    ]
    if result:
        task["predictions"] = [{"model_version": version, "score": score, "result": result}]
    return task


def make_config(taxonomy: Taxonomy) -> str:
    """The labelling configuration: one group of choices per task, with definitions as hints."""
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Text", name="text", value="$text")
    groups = (
        ("sentiment", taxonomy.sentiments, "single-radio"),
        ("topics", taxonomy.topics, "multiple"),
        ("department", taxonomy.departments, "single-radio"),
    )
    for name, labels, choice in groups:
        ElementTree.SubElement(view, "Header", value=name)
        box = ElementTree.SubElement(
            view,
            "Choices",
            name=name,
            toName="text",
            choice=choice,
            required="true",
            showInline="true",
        )
        for label in labels:
            ElementTree.SubElement(box, "Choice", value=label.label, hint=_hint(label))
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode")


def _hint(label: Label) -> str:
    return label.definition.get("en") or next(iter(label.definition.values()), "")
