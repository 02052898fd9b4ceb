"""Features of labelled rows, computed once by a frozen encoder and read back in pieces.

A store is one file of float32 records on disk, so that memory stays flat however many rows there
are. It is named after everything that decides its content.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from models.domain import FloatMatrix
from models.encoder.protocol import Encoder, pool_spans, pool_verbatim, unit_rows
from models.taxonomy import TASKS, Taxonomy
from models.text.clean import CleanText, clean
from training.labelled import LabelledVerbatim
from training.targets import target_rows
from training.writing import TrainingError, written_beside

_PIECE_ROWS = 4096
_BEFORE_TARGETS = 1  # a record: is it a segment, targets of all tasks, features


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Some records. Shapes: features (n, dim), targets (n, n_labels) each, is_segment (n,)."""

    features: FloatMatrix
    targets: Mapping[str, FloatMatrix]
    is_segment: npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class FeatureStore:
    """A file of records; ``n_labels`` holds the width of each task's targets, in order."""

    path: Path
    dim: int
    n_labels: Mapping[str, int]

    @property
    def _width(self) -> int:
        return _BEFORE_TARGETS + sum(self.n_labels.values()) + self.dim

    def __len__(self) -> int:
        return self.path.stat().st_size // (4 * self._width)

    def pieces(self) -> Iterator[Piece]:
        """All records, some thousands at a time.

        Raises
        ------
        TrainingError
            If the file was cut off.
        """
        if self.path.stat().st_size % (4 * self._width):
            raise TrainingError(f"{self.path} is damaged: delete it, it is then computed again")
        with self.path.open("rb") as stream:
            while True:
                block = np.fromfile(stream, np.float32, _PIECE_ROWS * self._width)
                if not block.size:
                    return
                block = block.reshape(-1, self._width)
                targets, start = {}, _BEFORE_TARGETS
                for task, n_labels in self.n_labels.items():
                    targets[task] = block[:, start : start + n_labels]
                    start += n_labels
                yield Piece(features=block[:, start:], targets=targets, is_segment=block[:, 0] > 0)

    def whole_texts(self) -> tuple[FloatMatrix, dict[str, FloatMatrix]]:
        """Features and targets of all records that are no segments, in memory."""
        parts = [(piece, ~piece.is_segment) for piece in self.pieces()]
        features = np.concatenate([piece.features[is_whole] for piece, is_whole in parts])
        targets = {
            task: np.concatenate([piece.targets[task][is_whole] for piece, is_whole in parts])
            for task in self.n_labels
        }
        return features, targets


def store_name(
    rows: Iterable[LabelledVerbatim],
    taxonomy: Taxonomy,
    *,
    encoder_hash: str,
    second_owner_share: float,
) -> str:
    """Name over everything that decides a store's content: encoder, rows in order, labels."""
    digest = hashlib.sha256(encoder_hash.encode())
    digest.update(json.dumps([taxonomy.labels(task) for task in TASKS]).encode())
    parents = [topic.parent for topic in taxonomy.topics]
    digest.update(json.dumps([parents, second_owner_share]).encode())
    for row in rows:
        segments = [[part.start, part.end, part.labels] for part in row.segments]
        digest.update(json.dumps([row.id, row.text, row.labels, segments]).encode())
    return f"features-{digest.hexdigest()[:20]}.f32"


def compute_store(
    rows: Sequence[LabelledVerbatim],
    encoder: Encoder,
    taxonomy: Taxonomy,
    path: Path,
    *,
    second_owner_share: float,
    what: str = "rows",
) -> FeatureStore:
    """Encode rows and their labelled segments, unless the file is there already.

    Parameters
    ----------
    what : str
        What the progress bar calls the rows.

    Raises
    ------
    TrainingError
        If the file cannot be written.
    """
    store = FeatureStore(
        path=path, dim=encoder.dim, n_labels={task: len(taxonomy.labels(task)) for task in TASKS}
    )
    if path.exists():
        return store
    path.parent.mkdir(parents=True, exist_ok=True)
    with written_beside(path) as partial, partial.open("wb") as stream:
        for record in _records(rows, encoder, taxonomy, second_owner_share, what):
            stream.write(np.ascontiguousarray(record, dtype=np.float32).tobytes())
    return store


def _records(
    rows: Sequence[LabelledVerbatim],
    encoder: Encoder,
    taxonomy: Taxonomy,
    second_owner_share: float,
    what: str,
) -> Iterator[FloatMatrix]:
    """The records of each row: the text, then its segments."""
    from tqdm.auto import tqdm

    waiting: deque[tuple[LabelledVerbatim, CleanText]] = deque()

    def texts() -> Iterator[str]:
        for row in rows:
            text = clean(row.text)
            waiting.append((row, text))
            yield text.text

    interval = 0.5 if sys.stderr.isatty() else 30.0
    states = encoder.encode_states(texts())
    for tokens in tqdm(states, total=len(rows), desc=f"encode {what}", mininterval=interval):
        row, text = waiting.popleft()
        spans, labels = [], [row.labels]
        for part in row.segments:
            inside = (text.source_starts >= part.start) & (text.source_ends <= part.end)
            places = np.flatnonzero(inside)
            if places.size:
                spans.append((int(places[0]), int(places[-1]) + 1))
                labels.append(part.labels)
        pooled = np.vstack([pool_verbatim(tokens)[None, :], pool_spans(tokens, spans)])
        targets = target_rows(labels, taxonomy, second_owner_share=second_owner_share)
        is_segment = np.arange(len(labels), dtype=np.float32)[:, None] > 0
        yield np.hstack([is_segment, *(targets[task] for task in TASKS), unit_rows(pooled)])
