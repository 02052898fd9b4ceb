"""The bundle that is served: loaded, watched, and exchanged for a new one while requests go on."""

from __future__ import annotations

import ctypes
import sys
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from models.bundle import FILES, MANIFEST, resolve_bundle
from models.domain import Language, TaggedVerbatim, Verbatim
from models.errors import BundleError, KlantstemError
from service.api.engine import Engine
from service.api.services import LoadClassifier
from service.observe.logs import code_places
from service.observe.metrics import Metrics
from service.settings import Settings

if TYPE_CHECKING:
    from models.classifier import Classifier
    from service.api.batching import MicroBatcher

_WARM_UP = ((Language.NL, "Prima geholpen, maar duur."), (Language.EN, "Nice, but too late."))
_STOP_S = 10.0
_FREE_S = 1.0  # how often it is looked whether the last call has left an old bundle

Fingerprint = tuple[object, ...]


class BundleWatcher:
    """Loads the bundle, and a new one whenever its folder changes or somebody asks.

    The new one is loaded and warmed beside the one that serves; then calls go to it, and those
    that were taken before finish on the old one, which is freed with the last of them. A new one
    that cannot be used is refused with a line in the log, and tried again when its folder
    changes.

    Parameters
    ----------
    load : callable
        Gives the classifier of the settings' bundle.
    settings : Settings
        ``bundle`` and ``bundle_poll_s`` apply. The released bundle is not watched: it changes
        with the program.
    metrics : Metrics
    """

    def __init__(self, load: LoadClassifier, *, settings: Settings, metrics: Metrics) -> None:
        self._load = load
        self._folder = settings.bundle
        self._poll_s = settings.bundle_poll_s if settings.bundle else 0.0
        self._metrics = metrics
        self._seen = take_fingerprint(self._folder)
        self._wake = threading.Event()
        self._is_asked = self._is_closed = self._is_unreadable = False
        self._old: weakref.ref[Classifier] | None = None
        self._batcher: MicroBatcher | None = None
        self._thread = threading.Thread(target=self._watch, name="bundle-watcher", daemon=True)

    def load(self) -> Classifier:
        """Load the classifier and let each language pass through it.

        Raises
        ------
        KlantstemError
            If the bundle cannot be used.
        """
        classifier = self._load()
        results = classifier.classify(
            [Verbatim(id="", text=text, language=language) for language, text in _WARM_UP]
            + [Verbatim(id="", text=text) for _, text in _WARM_UP]
        )
        if not all(isinstance(result, TaggedVerbatim) for result in results):
            raise BundleError(f"bundle {classifier.bundle_version} fails on plain sentences")
        return classifier

    def start(self, batcher: MicroBatcher) -> None:
        """Look after the bundle behind a batcher."""
        self._batcher = batcher
        self._tell_served(batcher.classifier)
        self._thread.start()

    def ask(self) -> None:
        """Load the bundle again soon, whether its folder changed or not; returns at once."""
        self._is_asked = True
        self._wake.set()

    def check(self, *, is_asked: bool = False) -> bool:
        """Look for a new bundle and go over to it; whether that was done."""
        log = structlog.get_logger("service")
        try:
            seen = take_fingerprint(self._folder)
        except (OSError, RuntimeError) as error:  # no access, or links in a circle
            if is_asked or not self._is_unreadable:  # told once, not at every look
                log.error("bundle_unreadable", **_reason(error))
            self._is_unreadable = True
            return False
        self._is_unreadable = False
        if self._batcher is None or (seen == self._seen and not is_asked):
            return False
        self._seen = seen
        old = weakref.ref(self._batcher.classifier)
        before = self._batcher.classifier.bundle_version
        try:
            classifier = self.load()
        except Exception as error:  # whatever is wrong with it, the old one serves on
            self._metrics.bundle_changes.labels("refused").inc()
            log.error("bundle_refused", serving=before, **_reason(error))
            return False
        if classifier.bundle_version == before:
            log.info("bundle_unchanged", bundle_version=before)
            return False
        self._batcher.replace_engine(Engine(classifier))
        self._old = old
        self._tell_served(classifier)
        self._metrics.bundle_changes.labels("swapped").inc()
        log.info("bundle_swapped", bundle_version=classifier.bundle_version, before=before)
        return True

    def close(self) -> None:
        """Watch no longer."""
        self._is_closed = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(_STOP_S)

    def _tell_served(self, classifier: Classifier) -> None:
        self._metrics.bundle.info({"bundle_version": classifier.bundle_version})

    def _watch(self) -> None:
        """Check now and then until closed."""
        while True:
            self._wake.wait(_FREE_S if self._old is not None else self._poll_s or None)
            self._wake.clear()
            if self._is_closed:
                return
            try:
                if self._old is not None and self._old() is None:
                    self._old = None
                    give_memory_back()
                is_asked, self._is_asked = self._is_asked, False
                self.check(is_asked=is_asked)
            except Exception as error:  # a thread that dies unseen would watch no more
                structlog.get_logger("service").error("bundle_watch_failed", **_reason(error))


def give_memory_back() -> None:
    """Let the system have what the old bundle took; the C library would keep it for later.

    Measured: without it every swap leaves some 85 MiB more behind.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc alone
        if trim is not None:
            trim(0)


def take_fingerprint(folder: Path | None) -> Fingerprint:
    """What tells whether a bundle folder was exchanged or written to, without reading it."""
    if folder is None:
        return ()
    folder = resolve_bundle(folder)
    marks: list[object] = [folder]
    for name in (MANIFEST, *FILES):
        try:
            stat = (folder / name).stat()
        except OSError:
            marks.append(None)
        else:
            marks.append((stat.st_ino, stat.st_mtime_ns, stat.st_size))
    return tuple(marks)


def _reason(error: Exception) -> dict[str, object]:
    """What a log may say of an error: the message only of those that hold no text."""
    if isinstance(error, KlantstemError):
        return {"error": type(error).__name__, "reason": str(error)}
    return {"error": type(error).__name__, "places": code_places(error)}
