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
        If a key is missing or unknown, a value is of the wrong kind or range, a label stands
        twice, no sentiment makes a complaint, or a parent does not exist or stands below its
        own child.
    """
    try:
        taxonomy = Taxonomy(
            name=document["name"],
            version=int(document["version"]),
            max_topics=_parse_max_topics(document["max_topics"]),
            topics=tuple(_parse_label(entry) for entry in document["topics"]),
            sentiments=tuple(_parse_label(entry) for entry in document["sentiments"]),
            departments=tuple(_parse_label(entry) for entry in document["departments"]),
            document=dict(document),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise TaxonomyError(f"the taxonomy has a missing or unknown key: {error}") from error
    for task in TASKS:
        labels = taxonomy.labels(task)
        if len(labels) < 2 or len(set(labels)) != len(labels):
            raise TaxonomyError(f"{task}: needs at least two labels, each once; got {labels}")
    if not taxonomy.negative_sentiments:
        # Without one nothing would be a complaint, and root causes would come out empty.
        raise TaxonomyError(
            "sentiments: at least one needs a score below 0 (-1 is the worst): it makes a complaint"
        )
    known = set(taxonomy.labels("topics"))
    for topic in taxonomy.topics:
        if topic.parent is not None and topic.parent not in known:
            raise TaxonomyError(f"topic {topic.label}: parent {topic.parent!r} does not exist")
        if taxonomy.ancestors(topic.label)[-1:] == (topic.label,):
            raise TaxonomyError(f"topic {topic.label}: it stands above itself")
    return taxonomy


def _parse_max_topics(value: object) -> int:
    """How many topics a text is given at most; it gets at least one."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise TaxonomyError(f"max_topics must be a whole number from 1. Got {value!r} instead")
    return value


def _parse_label(entry: Mapping[str, Any]) -> Label:
    """A label whose values are of the right kind."""
    label = Label(**entry)
    if not isinstance(label.label, str) or not label.label.strip():
        raise TaxonomyError(f"label must be a text. Got {label.label!r} instead")
    for key in ("name", "definition"):
        texts = getattr(label, key)
        if not isinstance(texts, Mapping) or not all(isinstance(v, str) for v in texts.values()):
            raise TaxonomyError(
                f"{label.label}: {key} must hold a text per language, as "
                f'{{"nl": "...", "en": "..."}}. Got {texts!r} instead'
            )
    if label.parent is not None and not isinstance(label.parent, str):
        raise TaxonomyError(f"{label.label}: parent must be a label. Got {label.parent!r} instead")
    is_number = isinstance(label.score, int | float) and not isinstance(label.score, bool)
    if not is_number or not -1 <= label.score <= 1:
        raise TaxonomyError(
            f"{label.label}: score must be a number from -1 to 1. Got {label.score!r} instead"
        )
    for key in ("is_exclusive", "is_zero_shot", "is_no_owner"):
        if not isinstance(getattr(label, key), bool):
            raise TaxonomyError(
                f"{label.label}: {key} must be true or false. Got {getattr(label, key)!r} instead"
            )
    return label


def read_taxonomy(path: Path) -> Taxonomy:
    """Read a taxonomy from a JSON file."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TaxonomyError(f"{path.name}: not a readable JSON file: {error}") from error
    return parse_taxonomy(document)
