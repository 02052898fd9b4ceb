"""Prometheus instruments, one set per application.

No label names a tenant, a key or anything from a text.
"""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Sequence

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Info,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)

from models.domain import FailedVerbatim, TaggedVerbatim

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
_ITEMS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_TOKENS = (8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 16384, 65536)


class Metrics:
    """All instruments of one application, on a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        registry = self.registry
        self.requests = Counter(
            "klantstem_requests",
            "Answered requests.",
            ["method", "route", "status"],
            registry=registry,
        )
        self.request_seconds = Histogram(
            "klantstem_request_seconds",
            "Time from the head of a request to the end of its answer.",
            ["route"],
            buckets=_SECONDS,
            registry=registry,
        )
        self.refused = Counter(
            "klantstem_refused", "Refused requests, by code.", ["code"], registry=registry
        )
        self.queue_verbatims = Gauge(
            "klantstem_queue_verbatims", "Verbatims that wait for the encoder.", registry=registry
        )
        self.queue_tokens = Gauge(
            "klantstem_queue_tokens",
            "Estimated tokens that wait for the encoder.",
            registry=registry,
        )
        self.batch_verbatims = Histogram(
            "klantstem_batch_verbatims",
            "Verbatims in a batch.",
            buckets=_ITEMS,
            registry=registry,
        )
        self.batch_tokens = Histogram(
            "klantstem_batch_tokens",
            "Estimated tokens in a batch.",
            buckets=_TOKENS,
            registry=registry,
        )
        self.batch_seconds = Histogram(
            "klantstem_batch_seconds",
            "Time to tag a batch.",
            buckets=_SECONDS,
            registry=registry,
        )
        self.tokens = Counter(
            "klantstem_tokens", "Estimated tokens that went through the encoder.", registry=registry
        )
        self.verbatims = Counter(
            "klantstem_verbatims",
            "Verbatims by what became of them.",
            ["status", "language"],
            registry=registry,
        )
        self.labels = Counter(
            "klantstem_labels", "Labels given to verbatims.", ["task", "label"], registry=registry
        )
        self.jobs = Counter(
            "klantstem_jobs", "Jobs by what became of them.", ["kind", "status"], registry=registry
        )
        self.job_rows = Counter(
            "klantstem_job_rows", "Rows of jobs that were done.", ["kind"], registry=registry
        )
        self.bundle = Info("klantstem_bundle", "The bundle that is served.", registry=registry)
        self.bundle_changes = Counter(
            "klantstem_bundle_changes",
            "New bundles by what became of them: swapped, refused.",
            ["outcome"],
            registry=registry,
        )
        self.ready = Gauge(
            "klantstem_ready", "1 while requests are taken, else 0.", registry=registry
        )
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)

    def watch_queue(self, verbatims: Callable[[], float], tokens: Callable[[], float]) -> None:
        """Read the depth of the queue whenever the metrics are asked for."""
        self.queue_verbatims.set_function(verbatims)
        self.queue_tokens.set_function(tokens)

    def count_results(self, results: Sequence[TaggedVerbatim | FailedVerbatim]) -> None:
        """Count what became of verbatims and the labels they got."""
        statuses: Tally[tuple[str, str]] = Tally()
        labels: Tally[tuple[str, str]] = Tally()
        for result in results:
            if isinstance(result, FailedVerbatim):
                statuses[result.status.value, ""] += 1
                continue
            statuses[result.status.value, result.language.language.value] += 1
            for topic in result.topics:
                labels["topics", topic.topic] += 1
            if result.sentiment is not None:
                labels["sentiment", result.sentiment.sentiment or "abstained"] += 1
            if result.department is not None:
                labels["department", result.department.department or "abstained"] += 1
        for (status, language), count in statuses.items():
            self.verbatims.labels(status, language).inc(count)
        for (task, label), count in labels.items():
            self.labels.labels(task, label).inc(count)

    def exposition(self) -> bytes:
        """Give all instruments in the text format of Prometheus."""
        return generate_latest(self.registry)
