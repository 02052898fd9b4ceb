"""The fixed label tree: topics, sentiments, departments, with names and definitions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from models.errors import TaxonomyError

TASKS = ("topics", "sentiment", "department")


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """One label with its name and definition per language code.

    ``score`` (sentiments) is the label's place on the scale from -1 to 1. ``is_exclusive``
    (topics) marks a label that stands alone. ``parent`` (topics) is the label above it.
    """

    label: str
    name: Mapping[str, str]
    definition: Mapping[str, str]
    parent: str | None = None
    score: float = 0.0
    is_exclusive: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Taxonomy:
    """All labels, in the order of the heads' outputs."""

    name: str
    version: int
    max_topics: int
    topics: tuple[Label, ...]
    sentiments: tuple[Label, ...]
    departments: tuple[Label, ...]
    document: Mapping[str, Any] = field(repr=False, compare=False)

    def labels(self, task: str) -> tuple[str, ...]:
        """Labels of ``topics``, ``sentiment`` or ``department``, in output order."""
        group = {
            "topics": self.topics,
            "sentiment": self.sentiments,
            "department": self.departments,
        }[task]
        return tuple(label.label for label in group)

    @property
    def exclusive_topics(self) -> frozenset[str]:
        """Topics that stand alone."""
        return frozenset(topic.label for topic in self.topics if topic.is_exclusive)


def parse_taxonomy(document: Mapping[str, Any]) -> Taxonomy:
    """Check a taxonomy document and turn it into values.

    Raises
    ------
    TaxonomyError
        If a key is missing or unknown, a label stands twice, or a parent does not exist.
    """
    try:
        taxonomy = Taxonomy(
            name=document["name"],
            version=int(document["version"]),
            max_topics=int(document["max_topics"]),
            topics=tuple(Label(**entry) for entry in document["topics"]),
            sentiments=tuple(Label(**entry) for entry in document["sentiments"]),
            departments=tuple(Label(**entry) for entry in document["departments"]),
            document=dict(document),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TaxonomyError(f"the taxonomy has a missing or unknown key: {error}") from error
    for task in TASKS:
        labels = taxonomy.labels(task)
        if len(labels) < 2 or len(set(labels)) != len(labels):
            raise TaxonomyError(f"{task}: needs at least two labels, each once; got {labels}")
    known = set(taxonomy.labels("topics"))
    for topic in taxonomy.topics:
        if topic.parent is not None and topic.parent not in known:
            raise TaxonomyError(f"topic {topic.label}: parent {topic.parent!r} does not exist")
    return taxonomy


def read_taxonomy(path: Path) -> Taxonomy:
    """Read a taxonomy from a JSON file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TaxonomyError(f"{path.name}: not a readable JSON file: {error}") from error
    return parse_taxonomy(document)
