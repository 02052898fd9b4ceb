"""The jobs of one process: taken up at the start, left in order at the stop."""

from __future__ import annotations

from service.api.batching import MicroBatcher
from service.observe.metrics import Metrics
from service.settings import Settings
from service.store.store import Store


class Jobs:
    """The jobs of this process."""

    def close(self) -> None:
        """Stop working on jobs."""


def open_jobs(*, settings: Settings, store: Store, batcher: MicroBatcher, metrics: Metrics) -> Jobs:
    """Start working on jobs."""
    return Jobs()
