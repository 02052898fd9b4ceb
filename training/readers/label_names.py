"""Labels as people write them: the label, in any case, or its Dutch or English name."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from models.taxonomy import TASKS, Label, Taxonomy

_SEPARATORS = re.compile(r"[|;\n]")


class LabelNames:
    """Finds the labels of a taxonomy by what stands in a cell."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        groups: dict[str, tuple[Label, ...]] = {
            "topics": taxonomy.topics,
            "sentiment": taxonomy.sentiments,
            "department": taxonomy.departments,
        }
        self._known: dict[str, dict[str, str]] = {}
        for task in TASKS:
            known: dict[str, str] = {}
            names = [(name, one.label) for one in groups[task] for name in one.name.values()]
            for name, label in names:
                key = _key(name)
                known[key] = "" if known.get(key, label) != label else label
            known = {key: label for key, label in known.items() if label}
            self._known[task] = known | {_key(one.label): one.label for one in groups[task]}

    def find(self, task: str, value: object) -> str | None:
        """The label that a value means, or None."""
        return self._known[task].get(_key(str(value)))

    def split_topics(self, cell: object) -> list[str]:
        """Topics in a cell: a list, a JSON list, or names parted by bar, semicolon or comma."""
        if cell is None:
            return []
        if isinstance(cell, Sequence) and not isinstance(cell, str):
            return [str(one) for one in cell if one is not None]
        text = str(cell).strip()
        if text.startswith("["):
            try:
                parsed: Any = json.loads(text)
            except ValueError:
                parsed = None
            if isinstance(parsed, list):
                return [str(one) for one in parsed]
        if self.find("topics", text) is not None:
            return [text]
        found: list[str] = []
        for part in _SEPARATORS.split(text):
            is_name = self.find("topics", part) is not None  # which may hold a comma itself
            found += [part] if is_name else part.split(",")
        return [part.strip() for part in found if part.strip()]

    def tasks_of(self, value: str) -> tuple[list[tuple[str, str]], bool]:
        """Tasks and labels that a value of a mixed list may mean; whether it names its task."""
        task, is_named, rest = value.partition(":")
        if is_named and task.strip() in TASKS:
            label = self.find(task.strip(), rest)
            return ([(task.strip(), label)] if label is not None else []), True
        found = [(one, self.find(one, value)) for one in TASKS]
        return [(one, label) for one, label in found if label is not None], False


def _key(name: str) -> str:
    return " ".join(name.casefold().split())
