"""Labelled rows as token ids, spans and targets for one training step."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from tqdm.auto import tqdm

from models.taxonomy import TASKS, Taxonomy
from models.text.clean import clean
from training.config import TrainConfig
from training.labelled import LabelledVerbatim
from training.targets import target_rows

PAD_ID = 1


def redraw_seconds() -> float:
    """Seconds between two redraws of a progress bar; a log needs few."""
    return 0.5 if sys.stderr.isatty() else 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One row, ready to be batched.

    ``spans`` holds token ranges: first the whole text with its special tokens, then each
    labelled segment. ``targets`` has one array of shape (n_spans, n_labels) per task.
    """

    ids: npt.NDArray[np.int64]
    spans: tuple[tuple[int, int], ...]
    targets: dict[str, npt.NDArray[np.float32]]
    story: str
    lang: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One training step.

    Shapes: ids and mask (batch, seq); ``span_rows``, ``span_starts``, ``span_ends`` and
    ``is_segment`` (n_spans,); targets (n_spans, n_labels) per task.
    """

    ids: torch.Tensor
    mask: torch.Tensor
    span_rows: torch.Tensor
    span_starts: torch.Tensor
    span_ends: torch.Tensor
    is_segment: torch.Tensor
    targets: dict[str, torch.Tensor]

    def to(self, device: torch.device) -> Batch:
        """The same batch on a device; itself where it is there already."""
        if self.ids.device == device:
            return self
        moved: dict[str, Any] = {
            name: getattr(self, name).to(device)
            for name in ("ids", "mask", "span_rows", "span_starts", "span_ends", "is_segment")
        }
        targets = {task: rows.to(device) for task, rows in self.targets.items()}
        return Batch(**moved, targets=targets)


def build_examples(
    rows: Sequence[LabelledVerbatim],
    tokenizer: Tokenizer,
    taxonomy: Taxonomy,
    *,
    prompt: str,
    config: TrainConfig,
) -> list[Example]:
    """Tokenise rows the way the service does: cleaned, prompted, segments as token ranges."""
    examples = []
    for row in tqdm(rows, desc="tokenise", delay=2, mininterval=redraw_seconds()):
        text = clean(row.text)
        encoding = tokenizer.encode(prompt + text.text)
        ids = np.asarray(encoding.ids[: config.max_tokens], dtype=np.int64)
        offsets = np.asarray(encoding.offsets[: len(ids)], dtype=np.int64) - len(prompt)
        middles, is_word = offsets.mean(axis=1), offsets[:, 1] > np.maximum(offsets[:, 0], 0)
        spans, labels = [(0, len(ids))], [row.labels]
        for part in row.segments:
            inside = (text.source_starts >= part.start) & (text.source_ends <= part.end)
            places = np.flatnonzero(inside)
            if places.size == 0:
                continue
            low, high = places[0], places[-1] + 1
            tokens = np.flatnonzero(is_word & (middles >= low) & (middles < high))
            if tokens.size:
                spans.append((int(tokens[0]), int(tokens[-1]) + 1))
                labels.append(part.labels)
        examples.append(
            Example(
                ids=ids,
                spans=tuple(spans),
                targets=target_rows(labels, taxonomy, second_owner_share=config.second_owner_share),
                story=row.story,
                lang=row.lang,
            )
        )
    return examples


def build_unlabelled(
    texts: Sequence[str],
    tokenizer: Tokenizer,
    taxonomy: Taxonomy,
    *,
    prompt: str,
    config: TrainConfig,
) -> list[Example]:
    """Tokenise whole texts that have no labels; their targets are zero."""
    targets = target_rows([], taxonomy, second_owner_share=0.0)
    none = {task: np.zeros((1, rows.shape[1]), np.float32) for task, rows in targets.items()}
    examples = []
    for text in texts:
        ids = np.asarray(tokenizer.encode(prompt + text).ids[: config.max_tokens], dtype=np.int64)
        examples.append(Example(ids=ids, spans=((0, len(ids)),), targets=none, story="", lang=""))
    return examples


def collate(examples: Sequence[Example], *, multiple_of: int = 1) -> Batch:
    """Pad a few examples to one batch, its width a multiple of a number."""
    width = max(len(example.ids) for example in examples)
    width += -width % multiple_of
    ids = np.full((len(examples), width), PAD_ID, dtype=np.int64)
    for row, example in enumerate(examples):
        ids[row, : len(example.ids)] = example.ids
    flat = [(row, *span) for row, example in enumerate(examples) for span in example.spans]
    rows, starts, ends = (torch.tensor(column) for column in zip(*flat, strict=True))
    is_segment = [place > 0 for example in examples for place in range(len(example.spans))]
    return Batch(
        ids=torch.from_numpy(ids),
        mask=torch.from_numpy((ids != PAD_ID).astype(np.int64)),
        span_rows=rows,
        span_starts=starts,
        span_ends=ends,
        is_segment=torch.tensor(is_segment),
        targets={
            task: torch.from_numpy(np.concatenate([example.targets[task] for example in examples]))
            for task in TASKS
        },
    )


def plan_batches(
    lengths: npt.NDArray[np.int64], *, batch_size: int, rng: np.random.Generator
) -> list[npt.NDArray[np.int64]]:
    """Shuffle rows into batches of like length, so that little is spent on padding.

    Rows are shuffled, sorted by length within pools of 16 batches, cut, and the batches shuffled.
    """
    order = rng.permutation(len(lengths))
    pool = 16 * batch_size
    batches: list[npt.NDArray[np.int64]] = []
    for start in range(0, len(order), pool):
        members = order[start : start + pool]
        members = members[np.argsort(lengths[members], kind="stable")]
        batches += [members[i : i + batch_size] for i in range(0, len(members), batch_size)]
    return [batches[index] for index in rng.permutation(len(batches))]


def plan_parts(
    lengths: npt.NDArray[np.int64], *, call_tokens: int, most_tokens: int, multiple_of: int = 1
) -> list[npt.NDArray[np.int64]]:
    """Cut one batch by length, so that padding and calls cost least together.

    Parameters
    ----------
    lengths : ndarray of shape (n,)
    call_tokens : int
        What a call of the network costs besides its tokens, in tokens.
    most_tokens : int
        A part holds at most this many, padding included, or else as few rows as it may.
    multiple_of : int
        Parts have a multiple of so many rows; the last one has what is left.

    Returns
    -------
    list of ndarray
        Places of the rows of each part, short ones first.
    """
    order = np.argsort(lengths, kind="stable")
    ends = [*range(multiple_of, len(order), multiple_of), len(order)]
    best, cuts = {0: 0.0}, dict[int, int]()
    for end in ends:
        width = int(lengths[order[end - 1]])
        starts = [start for start in best if (end - start) * width <= most_tokens]
        costs = {
            start: best[start] + (end - start) * width + call_tokens
            for start in starts or [max(best)]
        }
        cuts[end] = min(costs, key=lambda start: costs[start])
        best[end] = costs[cuts[end]]
    parts, end = [], len(order)
    while end:
        parts.append(order[cuts[end] : end])
        end = cuts[end]
    return parts[::-1]
