"""Where the application is in its life."""

from __future__ import annotations


class Health:
    """Whether requests are taken; set by the start, the stop and a signal to end.

    ``start_error`` is what kept the application from starting.
    """

    def __init__(self) -> None:
        self.start_error: Exception | None = None
        self.is_started = False
        self.is_stopping = False
