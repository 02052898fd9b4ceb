"""How causes are looked for."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterConfig:
    """How causes are found.

    ``n_causes`` asks for the layer nearest that number; None takes the most persistent layer of
    ``min_causes`` to ``max_causes``, which is what a reader can act on. A complaint whose
    membership is under ``min_membership`` is emerging, but never more than ``max_emerging_share``
    of them. Beyond ``max_fit_rows`` different complaints the causes are found in a sample of that
    many and all are placed in them, which keeps the time linear.
    """

    seed: int = 0
    n_causes: int | None = None
    min_causes: int = 10
    max_causes: int = 150
    max_themes: int = 20
    min_cause_size: int = 5
    min_membership: float = 0.4
    max_emerging_share: float = 0.05
    max_fit_rows: int = 60_000
