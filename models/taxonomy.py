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
    ``is_zero_shot`` marks a label that is scored by its definition alone, without examples.
    ``is_no_owner`` (departments) marks the label for texts without a cause.
    """

    label: str
    name: Mapping[str, str]
    definition: Mapping[str, str]
    parent: str | None = None
    score: float = 0.0
    is_exclusive: bool = False
    is_zero_shot: bool = False
    is_no_owner: bool = False


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
    _above: Mapping[str, tuple[str, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        parents = {entry.label: entry.parent for entry in self.topics}
        above = {label: _climb(label, parents) for label in parents}
        object.__setattr__(self, "_above", above)

    def labels(self, task: str) -> tuple[str, ...]:
        """Labels of ``topics``, ``sentiment`` or ``department``, in output order."""
        return tuple(label.label for label in self.entries(task))

    def entries(self, task: str) -> tuple[Label, ...]:
        """The labels of a task with all that is said of them, in output order."""
        return {
            "topics": self.topics,
            "sentiment": self.sentiments,
            "department": self.departments,
        }[task]

    def ancestors(self, topic: str) -> tuple[str, ...]:
        """The topics above one, the nearest first."""
        return self._above.get(topic, ())

    @property
    def exclusive_topics(self) -> frozenset[str]:
        """Topics that stand alone."""
        return frozenset(topic.label for topic in self.topics if topic.is_exclusive)

    @property
    def negative_sentiments(self) -> frozenset[str]:
        """Sentiments that make a complaint: those below the middle of the scale."""
        return frozenset(label.label for label in self.sentiments if label.score < 0)

    @property
    def no_owner_departments(self) -> frozenset[str]:
        """Departments that stand for no owner: those marked so, or else ``none``."""
        marked = {label.label for label in self.departments if label.is_no_owner}
        return frozenset(marked or {"none"} & set(self.labels("department")))


def _climb(topic: str, parents: Mapping[str, str | None]) -> tuple[str, ...]:
    """The topics above one, the nearest first; a loop ends where it closes."""
    above: list[str] = []
    parent = parents[topic]
    while parent is not None and parent not in above:
        above.append(parent)
        if parent == topic:
            break
        parent = parents.get(parent)
    return tuple(above)


def parse_taxonomy(document: Mapping[str, Any]) -> Taxonomy:
    """Check a taxonomy document and turn it into values.

    Raises
    ------
    TaxonomyError
        If a key is missing or unknown, a label stands twice, or a parent does not exist or
        stands below its own child.
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
        if taxonomy.ancestors(topic.label)[-1:] == (topic.label,):
            raise TaxonomyError(f"topic {topic.label}: it stands above itself")
    return taxonomy


def read_taxonomy(path: Path) -> Taxonomy:
    """Read a taxonomy from a JSON file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TaxonomyError(f"{path.name}: not a readable JSON file: {error}") from error
    return parse_taxonomy(document)
