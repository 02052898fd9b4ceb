"""What the routes work with, made once per application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from service.settings import Settings

if TYPE_CHECKING:
    from models.classifier import Classifier
    from service.api.auth import Authenticator
    from service.api.batching import MicroBatcher
    from service.api.bundles import BundleWatcher
    from service.jobs.runner import Jobs
    from service.observe.metrics import Metrics
    from service.store.store import Store

LoadClassifier = Callable[[], "Classifier"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that a route may need; lives at ``app.state.services``.

    ``batcher`` is the only way to encoding: :func:`service.api.calls.run_call` in routes,
    :class:`service.api.background.BackgroundClassifier` in threads of jobs. ``bundles`` looks
    after the bundle that is served.
    """

    settings: Settings
    store: Store
    authenticator: Authenticator
    batcher: MicroBatcher
    bundles: BundleWatcher
    metrics: Metrics
    jobs: Jobs

    @property
    def classifier(self) -> Classifier:
        """The classifier of now, for what needs no encoding (taxonomy, bundle_version)."""
        return self.batcher.classifier


def get_services(request: Request) -> Services:
    """Give the services of the application that answers this request."""
    services: Services = request.app.state.services
    return services


ServicesDep = Annotated[Services, Depends(get_services)]
