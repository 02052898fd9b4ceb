"""Micro-batching: one queue in front of the classifier, fair to small calls, bounded in time.

A call is split into verbatims. Workers take a token budget at a time, a share of every waiting
call in turn, so that one verbatim never waits behind another call's thousand. Work of jobs is
taken when no call of a person waits, and at least once in eight batches.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from enum import IntEnum
from typing import TYPE_CHECKING

import structlog

from models.domain import Verbatim
from service.api.engine import Engine, Outcome, Recipe, failed
from service.api.problems import Code, ProblemError
from service.observe.logs import code_places
from service.observe.metrics import Metrics
from service.settings import Settings

if TYPE_CHECKING:
    from models.classifier import Classifier

FIRST_TOKENS_PER_S = 4000.0
"""Speed that is expected before any was measured; two slow cores do better."""

_CHARACTERS_PER_TOKEN = 4  # measured: 4.2 in Dutch, 4.4 in English; the labelled corpus
_TOKENS_AROUND = 5  # prompt and special tokens
_CALL_SHARE = 50  # of a large call, one verbatim in so many is taken a turn
_PATIENCE = 3  # a call may wait for others this many times as long as for its own work
_BACKGROUND_TURN = 8
_SPEED_WINDOW_S = 0.25
_SPEED_WEIGHT = 0.3


class Priority(IntEnum):
    """Who waits: a person's call, or a job."""

    INTERACTIVE = 0
    BACKGROUND = 1


class _Call:
    """A submitted call: what of it still waits, and the future of its results."""

    __slots__ = (
        "engine",
        "future",
        "n_left",
        "n_turn",
        "next",
        "outcomes",
        "priority",
        "recipe",
        "tokens",
        "verbatims",
        "waiting_tokens",
    )

    def __init__(
        self, verbatims: Sequence[Verbatim], recipe: Recipe, priority: Priority, engine: Engine
    ) -> None:
        self.engine = engine
        self.verbatims = verbatims
        self.recipe = recipe
        self.priority = priority
        self.tokens = [estimate_tokens(verbatim.text) for verbatim in verbatims]
        self.waiting_tokens = sum(self.tokens)
        self.outcomes: list[Outcome | None] = [None] * len(verbatims)
        self.next = 0
        self.n_left = len(verbatims)
        self.n_turn = max(1, len(verbatims) // _CALL_SHARE)
        self.future: Future[list[Outcome]] = Future()

    def tokens_in(self, n_turns: int) -> float:
        """Tokens that this call takes in the next turns."""
        n_waiting = len(self.verbatims) - self.next
        share = min(1.0, n_turns * self.n_turn / max(1, n_waiting))
        return share * self.waiting_tokens


_Piece = tuple[_Call, int]


def estimate_tokens(text: str) -> int:
    """Tokens that a text is likely to have; counting them would cost a tenth of encoding them."""
    return len(text) // _CHARACTERS_PER_TOKEN + _TOKENS_AROUND


class MicroBatcher:
    """Takes calls, hands batches to the engine, gives each call its outcomes.

    Parameters
    ----------
    engine : Engine
        Takes all calls until :meth:`replace_engine` names another.
    settings : Settings
        ``batch_tokens``, ``max_queue_wait_s`` and ``queue_tokens`` apply.
    metrics : Metrics
    n_workers : int, default=2
        Batches at a time: while one waits for its last text, the next keeps the cores busy.

    Notes
    -----
    A call is admitted at once or refused at once. It is refused when the calls before it would
    keep it waiting longer than ``max_queue_wait_s`` and three times what its own work takes,
    judged by the speed measured of late, or when ``queue_tokens`` are waiting. An idle queue
    takes any call.
    """

    def __init__(
        self, engine: Engine, *, settings: Settings, metrics: Metrics, n_workers: int = 2
    ) -> None:
        self._engine = engine
        self._settings = settings
        self._metrics = metrics
        self._changed = threading.Condition()
        self._queues: dict[Priority, deque[_Call]] = {kind: deque() for kind in Priority}
        self._running: set[_Piece] = set()
        self._n_batches = 0
        self._is_open = False
        self._is_broken = False
        self._speed = _Speed()
        self._workers = [
            threading.Thread(target=self._work, name=f"batcher-{number}", daemon=True)
            for number in range(n_workers)
        ]
        metrics.watch_queue(self._count_waiting, self._count_waiting_tokens)

    @property
    def engine(self) -> Engine:
        """The engine of calls that are submitted now."""
        return self._engine

    @property
    def classifier(self) -> Classifier:
        """The classifier of calls that are submitted now."""
        return self._engine.classifier

    @property
    def dim(self) -> int:
        """Length of an embedding."""
        return self._engine.dim

    @property
    def is_healthy(self) -> bool:
        """Whether calls are taken and worked on."""
        return self._is_open and not self._is_broken

    @property
    def is_broken(self) -> bool:
        """Whether a worker died: only a new process helps."""
        return self._is_broken

    def replace_engine(self, engine: Engine) -> None:
        """Give calls from now on to another engine; those taken before finish on theirs."""
        self._engine = engine

    def start(self) -> None:
        """Start the workers."""
        self._is_open = True
        for worker in self._workers:
            worker.start()

    def submit(
        self,
        verbatims: Sequence[Verbatim],
        recipe: Recipe,
        *,
        priority: Priority = Priority.INTERACTIVE,
        engine: Engine | None = None,
    ) -> Future[list[Outcome]]:
        """Put a call in the queue.

        Parameters
        ----------
        verbatims : sequence of Verbatim
        recipe : Recipe
        priority : Priority, default=Priority.INTERACTIVE
            A background call is never refused for the length of the queue.
        engine : Engine, optional
            Default: the one of now. One engine answers the whole call.

        Returns
        -------
        Future of list of Outcome
            One outcome per verbatim, in order. Cancelling it takes what still waits out of the
            queue.

        Raises
        ------
        ProblemError
            OVERLOADED, with ``Retry-After``; SHUTTING_DOWN; NOT_READY after a worker died.
        """
        call = _Call(verbatims, recipe, priority, engine or self._engine)
        if not verbatims:
            call.future.set_result([])
            return call.future
        with self._changed:
            if self._is_broken:
                raise ProblemError(Code.NOT_READY, "the classifier stopped; the service restarts")
            if not self._is_open:
                raise _shutting_down()
            if priority is Priority.INTERACTIVE:
                self._admit(call)
            self._queues[priority].append(call)
            self._changed.notify(len(self._workers))
        call.future.add_done_callback(lambda future: self._drop(call, future))
        return call.future

    def close(self, timeout_s: float | None = None) -> None:
        """Take no more calls, finish those that were taken, stop the workers.

        What is unfinished after ``timeout_s`` fails with SHUTTING_DOWN.
        """
        with self._changed:
            self._is_open = False
            self._changed.notify_all()
        limit = self._settings.shutdown_grace_s if timeout_s is None else timeout_s
        deadline = time.monotonic() + limit
        for worker in self._workers:
            if worker.is_alive():
                worker.join(max(0.0, deadline - time.monotonic()))
        self._fail_waiting(_shutting_down())

    def _admit(self, call: _Call) -> None:
        """Refuse a call that would wait too long; the lock is held."""
        waiting = self._queues[Priority.INTERACTIVE]
        if not waiting:
            return
        n_turns = math.ceil(len(call.verbatims) / call.n_turn)
        ahead = sum(other.tokens_in(n_turns) for other in waiting)
        ahead += sum(piece[0].tokens[piece[1]] for piece in self._running)
        speed = self._speed.tokens_per_s
        wait_s, own_s = ahead / speed, call.waiting_tokens / speed
        total = sum(other.waiting_tokens for other in waiting)
        if (
            wait_s <= self._settings.max_queue_wait_s + _PATIENCE * own_s
            and total + call.waiting_tokens <= self._settings.queue_tokens
        ):
            return
        retry_s = max(1, min(60, math.ceil(total / speed / 2)))
        raise ProblemError(
            Code.OVERLOADED,
            "more is waiting than can be answered in time; try again after Retry-After seconds",
            headers={"Retry-After": str(retry_s)},
        )

    def _drop(self, call: _Call, future: Future[list[Outcome]]) -> None:
        """Take a cancelled call out of the queue."""
        if future.cancelled():
            with self._changed:
                queue = self._queues[call.priority]
                if call in queue:
                    queue.remove(call)

    def _work(self) -> None:
        """Run batches until the batcher is closed; never die with somebody waiting."""
        try:
            while self._run_next():
                pass
        except BaseException as error:
            with self._changed:
                self._is_broken = True
            structlog.get_logger("service").critical(
                "batcher_died", error=type(error).__name__, places=code_places(error)
            )
            self._fail_waiting(
                ProblemError(Code.NOT_READY, "the classifier stopped; the service restarts")
            )
            raise

    def _run_next(self) -> bool:
        """Run a batch; False when there is no more. What was run is not held while it waits."""
        pieces = self._take()
        if pieces:
            self._run(pieces)
        return bool(pieces)

    def _take(self) -> list[_Piece]:
        """Wait for work and take a batch; empty when all is done and the batcher is closed."""
        with self._changed:
            while not any(self._queues.values()):
                if not self._is_open or self._is_broken:
                    return []
                self._changed.wait()
            self._n_batches += 1
            first, second = Priority.INTERACTIVE, Priority.BACKGROUND
            if self._n_batches % _BACKGROUND_TURN == 0:
                first, second = second, first
            queue = self._queues[first] or self._queues[second]
            pieces = _take_turns(queue, self._settings.batch_tokens)
            self._running.update(pieces)
            self._speed.start(is_saturated=any(self._queues.values()))
            return pieces

    def _run(self, pieces: Sequence[_Piece]) -> None:
        """Run a batch and hand out what it gave."""
        began = time.perf_counter()
        alike: dict[tuple[Engine, Recipe], list[_Piece]] = {}
        for call, index in pieces:
            alike.setdefault((call.engine, call.recipe), []).append((call, index))
        n_tokens = sum(call.tokens[index] for call, index in pieces)
        for (engine, recipe), group in alike.items():
            self._deliver(group, self._outcomes(engine, recipe, group))
        with self._changed:
            self._running.difference_update(pieces)
            self._speed.finish(n_tokens)
        self._metrics.batch_seconds.observe(time.perf_counter() - began)
        self._metrics.batch_verbatims.observe(len(pieces))
        self._metrics.batch_tokens.observe(n_tokens)
        self._metrics.tokens.inc(n_tokens)

    def _outcomes(
        self, engine: Engine, recipe: Recipe, group: Sequence[_Piece]
    ) -> Sequence[Outcome]:
        """Run the engine; where it raises, each verbatim alone, so that one fails alone."""
        verbatims = [call.verbatims[index] for call, index in group]
        try:
            return engine.run(recipe, verbatims)
        except Exception as error:
            structlog.get_logger("service").error(
                "batch_failed", error=type(error).__name__, places=code_places(error)
            )
            return [self._outcome_alone(engine, recipe, verbatim) for verbatim in verbatims]

    def _outcome_alone(self, engine: Engine, recipe: Recipe, verbatim: Verbatim) -> Outcome:
        try:
            return engine.run(recipe, [verbatim])[0]
        except Exception as error:
            return failed(verbatim, error)

    def _deliver(self, group: Sequence[_Piece], outcomes: Sequence[Outcome]) -> None:
        """Give each call its outcomes, and tell those that are complete."""
        complete: list[_Call] = []
        with self._changed:
            for (call, index), outcome in zip(group, outcomes, strict=True):
                call.outcomes[index] = outcome
                call.n_left -= 1
                if call.n_left == 0:
                    complete.append(call)
        for call in complete:
            del call.engine  # call and future refer to each other: an old engine would linger
            _settle(call.future, [outcome for outcome in call.outcomes if outcome is not None])

    def _fail_waiting(self, error: ProblemError) -> None:
        """Answer everybody who still waits."""
        with self._changed:
            calls = {call for queue in self._queues.values() for call in queue}
            calls |= {call for call, _ in self._running}
            for queue in self._queues.values():
                queue.clear()
        for call in calls:
            _settle(call.future, error)

    def _count_waiting(self) -> float:
        with self._changed:
            calls = [call for queue in self._queues.values() for call in queue]
            return float(sum(len(call.verbatims) - call.next for call in calls))

    def _count_waiting_tokens(self) -> float:
        with self._changed:
            return float(
                sum(call.waiting_tokens for queue in self._queues.values() for call in queue)
            )


class _Speed:
    """Tokens per second of late, measured only while there was more to do than was being done."""

    def __init__(self) -> None:
        self.tokens_per_s = FIRST_TOKENS_PER_S
        self._began: float | None = None
        self._n_tokens = 0
        self._n_running = 0
        self._is_saturated = True

    def start(self, *, is_saturated: bool) -> None:
        """A batch begins; whether others wait."""
        self._n_running += 1
        self._is_saturated = self._is_saturated and is_saturated
        if self._began is None:
            self._began, self._n_tokens, self._is_saturated = time.monotonic(), 0, is_saturated

    def finish(self, n_tokens: int) -> None:
        """A batch ended."""
        self._n_running -= 1
        self._n_tokens += n_tokens
        elapsed = time.monotonic() - (self._began or 0.0)
        if elapsed >= _SPEED_WINDOW_S or self._n_running == 0:
            if self._is_saturated and elapsed >= _SPEED_WINDOW_S:
                found = self._n_tokens / elapsed
                self.tokens_per_s += _SPEED_WEIGHT * (found - self.tokens_per_s)
            self._began = None


def _take_turns(queue: deque[_Call], budget: int) -> list[_Piece]:
    """Take verbatims, a share of each call in turn, until the budget is used."""
    pieces: list[_Piece] = []
    while queue and budget > 0:
        call = queue.popleft()
        end = min(call.next + call.n_turn, len(call.verbatims))
        while call.next < end and budget > 0:
            pieces.append((call, call.next))
            budget -= call.tokens[call.next]
            call.waiting_tokens -= call.tokens[call.next]
            call.next += 1
        if call.next < len(call.verbatims):
            queue.append(call)
    return pieces


def _settle(future: Future[list[Outcome]], outcome: list[Outcome] | ProblemError) -> None:
    """Give a future its end, unless its caller has gone."""
    try:
        if isinstance(outcome, ProblemError):
            future.set_exception(outcome)
        else:
            future.set_result(outcome)
    except InvalidStateError:
        pass


def _shutting_down() -> ProblemError:
    return ProblemError(
        Code.SHUTTING_DOWN, "the service is stopping; try again", headers={"Retry-After": "5"}
    )
