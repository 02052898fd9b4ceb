"""What an analysis found, as plain values: the contents of every report, page and export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from models.domain import Language
from models.root_cause.impact import Impact, ImpactTable
from models.root_cause.key_terms import KeyTerm
from models.root_cause.names import CauseName
from models.root_cause.owner import OwnerMix
from models.root_cause.segment_impact import SegmentImpacts
from models.root_cause.stability import CauseChange
from models.root_cause.trend import Trend, TrendTable


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that the analysis could not do, or a reader must know.

    ``code`` is stable, ``count`` the number of rows concerned, ``detail`` a sentence in English.
    """

    code: str
    detail: str
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Exemplar:
    """A real, redacted complaint that stands for its cause."""

    verbatim_id: str
    language: Language
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintAssignment:
    """Where one complaint belongs.

    ``cause_id`` is None for an emerging complaint; ``nearest_id`` is the nearest cause in any
    case, None only where there is no cause at all. ``language`` is that of the verbatim.
    """

    verbatim_id: str
    segment: int
    text: str
    cause_id: str | None
    nearest_id: str | None
    membership: float
    language: Language = Language.UND


@dataclass(frozen=True, slots=True, kw_only=True)
class MapPoint:
    """Place of one complaint on the map: near those that mean much the same.

    ``x`` and ``y`` are in [0, 1] and have no meaning of their own; ``cause_id`` is None for an
    emerging complaint.
    """

    x: float
    y: float
    cause_id: str | None
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause with everything known of it.

    ``share`` is of all complaints. ``impact``, ``trend``, ``stability`` and ``change`` are None
    where there was nothing to estimate them on. ``topic_mix`` and ``languages`` hold shares.
    """

    cause_id: str
    name: CauseName
    theme: int
    n_complaints: int
    n_verbatims: int
    share: float
    owner: OwnerMix
    impact: Impact | None
    trend: Trend | None
    stability: float | None
    change: CauseChange | None
    key_terms: Mapping[Language, tuple[KeyTerm, ...]]
    exemplars: tuple[Exemplar, ...]
    topic_mix: Mapping[str, float]
    languages: Mapping[Language, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """Causes that lie together; ``share`` is of all complaints."""

    name: CauseName
    cause_ids: tuple[str, ...]
    n_complaints: int
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossTable:
    """Verbatims with each cause per value of a segment column.

    ``n_verbatims`` has the verbatims of each value; ``counts`` per value the verbatims with each
    cause, by cause id, ``impacts`` what they cost there, where the scores can be read.
    """

    column: str
    n_verbatims: Mapping[str, int]
    counts: Mapping[str, Mapping[str, int]]
    impacts: Mapping[str, SegmentImpacts] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class RootCauseReport:
    """All that one run found; causes by number of complaints, most first.

    ``map_points`` are a sample of the complaints. ``names_polished_by`` is the language model that
    wrote the names, "" where they are key phrases of the complaints.
    """

    n_verbatims: int
    n_tagged: int
    n_complaining: int
    n_complaints: int
    n_unique: int
    emerging_share: float
    causes: tuple[Cause, ...]
    themes: tuple[Theme, ...]
    impact: ImpactTable | None
    trend: TrendTable | None
    stability: float | None
    gone: tuple[str, ...]
    cross_tables: tuple[CrossTable, ...]
    notes: tuple[Note, ...]
    seed: int
    bundle_version: str
    map_points: tuple[MapPoint, ...] = ()
    names_polished_by: str = ""

    def by_impact(self) -> tuple[Cause, ...]:
        """Causes by adjusted impact, the costliest first; none without scores."""
        known = [(cause.impact.adjusted.value, cause) for cause in self.causes if cause.impact]
        return tuple(cause for _, cause in sorted(known, key=lambda pair: pair[0]))
