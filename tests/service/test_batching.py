"""The queue in front of the encoder: its order, its bounds, and who gets an answer when."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import Any

import pytest

from models.classifier import Classifier
from models.domain import FailedVerbatim, TaggedVerbatim, Verbatim
from service.api.background import BackgroundClassifier
from service.api.batching import MicroBatcher, Priority, estimate_tokens
from service.api.engine import Engine, Outcome, Recipe, Task
from service.api.problems import Code, ProblemError
from service.observe.metrics import Metrics
from service.settings import Settings
from tests.service.api_app import make_classifier

LIMIT_S = 30


class RecordingEngine(Engine):
    """Notes every batch; waits at the gate before each."""

    def __init__(self, classifier: Classifier) -> None:
        super().__init__(classifier)
        self.batches: list[list[str]] = []
        self.gate = threading.Event()
        self.gate.set()
        self.is_running = threading.Event()
        self.breaks_with: Callable[[Sequence[Verbatim]], BaseException | None] = lambda _: None

    def run(self, recipe: Recipe, verbatims: Sequence[Verbatim]) -> Sequence[Outcome]:
        self.batches.append([verbatim.text for verbatim in verbatims])
        self.is_running.set()
        assert self.gate.wait(LIMIT_S)
        if error := self.breaks_with(verbatims):
            raise error
        return super().run(recipe, verbatims)


@pytest.fixture(scope="module")
def classifier() -> Classifier:
    return make_classifier()


@pytest.fixture
def engine(classifier: Classifier) -> RecordingEngine:
    return RecordingEngine(classifier)


@contextmanager
def batching(engine: Engine, *, n_workers: int = 1, **settings: Any) -> Iterator[MicroBatcher]:
    batcher = MicroBatcher(
        engine, settings=Settings(**settings), metrics=Metrics(), n_workers=n_workers
    )
    batcher.start()
    try:
        yield batcher
    finally:
        batcher.close(timeout_s=LIMIT_S)


def verbatims(*texts: str) -> list[Verbatim]:
    return [Verbatim(id="", text=text) for text in texts]


def submit(batcher: MicroBatcher, *texts: str, **options: Any) -> Future[list[Outcome]]:
    return batcher.submit(verbatims(*texts), Recipe(), **options)


@contextmanager
def held(engine: RecordingEngine, batcher: MicroBatcher) -> Iterator[Future[list[Outcome]]]:
    """Keep the worker busy with one text while the block fills the queue."""
    engine.gate.clear()
    engine.is_running.clear()
    first = submit(batcher, "eerste")
    assert engine.is_running.wait(LIMIT_S)
    engine.batches.clear()
    try:
        yield first
    finally:
        engine.gate.set()


def texts_of(outcomes: Sequence[Outcome]) -> list[str]:
    return [outcome.text for outcome in outcomes if isinstance(outcome, TaggedVerbatim)]


def test_outcomes_are_those_of_the_classifier_in_order(engine: RecordingEngine) -> None:
    texts = [f"{number} keer te laat" for number in range(200)]
    with batching(engine, batch_tokens=64, n_workers=2) as batcher:
        outcomes = submit(batcher, *texts).result(LIMIT_S)
    assert list(outcomes) == list(engine.classifier.classify(verbatims(*texts)))
    assert len(engine.batches) > 10


def test_a_call_of_nothing_is_answered_at_once(engine: RecordingEngine) -> None:
    with batching(engine) as batcher:
        assert submit(batcher).result(0) == []


def test_batches_keep_to_the_token_budget(engine: RecordingEngine) -> None:
    texts = [("woord " * (1 + number % 40)).strip() for number in range(200)]
    with batching(engine, batch_tokens=100) as batcher:
        submit(batcher, *texts).result(LIMIT_S)
    tokens = [[estimate_tokens(text) for text in batch] for batch in engine.batches]
    assert all(sum(batch[:-1]) < 100 for batch in tokens)
    assert sum(len(batch) for batch in tokens) == 200


def test_a_text_beyond_the_budget_is_a_batch_of_its_own(engine: RecordingEngine) -> None:
    with batching(engine, batch_tokens=10) as batcher:
        (outcome,) = submit(batcher, "woord " * 500).result(LIMIT_S)
    assert isinstance(outcome, TaggedVerbatim)


def test_small_calls_share_a_batch(engine: RecordingEngine) -> None:
    with batching(engine, batch_tokens=512) as batcher, held(engine, batcher):
        waiting = [submit(batcher, f"te duur {number}") for number in range(5)]
    for future in waiting:
        future.result(LIMIT_S)
    assert engine.batches == [[f"te duur {number}" for number in range(5)]]


def test_one_verbatim_does_not_wait_behind_a_thousand(engine: RecordingEngine) -> None:
    with batching(engine, batch_tokens=256) as batcher, held(engine, batcher):
        large = submit(batcher, *[f"groot {number}" for number in range(1000)])
        small = submit(batcher, "klein")
    small.result(LIMIT_S)
    assert len(large.result(LIMIT_S)) == 1000
    (place,) = [n for n, batch in enumerate(engine.batches) if "klein" in batch]
    assert place <= 1


def test_people_go_before_jobs_but_jobs_do_not_starve(engine: RecordingEngine) -> None:
    with batching(engine, batch_tokens=1) as batcher, held(engine, batcher):
        job = submit(batcher, *[f"job {n}" for n in range(3)], priority=Priority.BACKGROUND)
        calls = [submit(batcher, f"call {number}") for number in range(20)]
    for future in (job, *calls):
        future.result(LIMIT_S)
    order = ["job" if batch[0].startswith("job") else "call" for batch in engine.batches]
    assert order.index("job") in range(1, 8)
    assert order[:16].count("call") == 14


def test_calls_of_different_options_do_not_mix(engine: RecordingEngine) -> None:
    with batching(engine) as batcher, held(engine, batcher):
        vector = batcher.submit(verbatims("te duur"), Recipe(task=Task.VECTOR))
        unsure = batcher.submit(verbatims("te duur"), Recipe(sentiment_threshold=1.0))
        sure = submit(batcher, "te duur")
    assert len(vector.result(LIMIT_S)) == 1
    (first,), (second,) = unsure.result(LIMIT_S), sure.result(LIMIT_S)
    assert isinstance(first, TaggedVerbatim)
    assert isinstance(second, TaggedVerbatim)
    assert first.sentiment is not None
    assert second.sentiment is not None
    assert first.sentiment.sentiment is None
    assert second.sentiment.sentiment is not None


def test_a_batch_that_breaks_is_run_text_by_text(
    engine: RecordingEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    def breaks(sent: Sequence[Verbatim]) -> BaseException | None:
        return ValueError("geheim") if any("kapot" in one.text for one in sent) else None

    engine.breaks_with = breaks
    with batching(engine) as batcher, held(engine, batcher):
        calls = [submit(batcher, "te duur"), submit(batcher, "kapot", "te laat")]
    (good,), (bad, other) = (call.result(LIMIT_S) for call in calls)
    assert isinstance(good, TaggedVerbatim)
    assert isinstance(other, TaggedVerbatim)
    assert isinstance(bad, FailedVerbatim)
    assert "ValueError" in bad.detail
    assert "geheim" not in bad.detail


# Overload. Without a measurement the queue expects 4 000 tokens a second.


def test_a_call_that_would_wait_too_long_is_refused_at_once(engine: RecordingEngine) -> None:
    with batching(engine, max_queue_wait_s=0.01) as batcher, held(engine, batcher):
        accepted, refused = [], []
        for _ in range(100):
            try:
                accepted.append(submit(batcher, "te duur"))
            except ProblemError as error:
                refused.append(error)
    assert len(accepted) >= 1
    assert len(refused) >= 1
    assert {error.code for error in refused} == {Code.OVERLOADED}
    assert all(1 <= int(error.headers["Retry-After"]) <= 60 for error in refused)
    for future in accepted:
        assert texts_of(future.result(LIMIT_S)) == ["te duur"]


def test_the_queue_is_bounded_by_tokens(engine: RecordingEngine) -> None:
    with (
        batching(engine, queue_tokens=100, max_queue_wait_s=600) as batcher,
        held(engine, batcher),
    ):
        accepted = [submit(batcher, "x" * 140) for _ in range(2)]  # 40 tokens each
        with pytest.raises(ProblemError, match="more is waiting"):
            submit(batcher, "x" * 140)
    for future in accepted:
        future.result(LIMIT_S)


def test_an_idle_queue_takes_any_call(engine: RecordingEngine) -> None:
    with batching(engine, queue_tokens=1, max_queue_wait_s=0.001) as batcher:
        assert len(submit(batcher, *["te duur"] * 50).result(LIMIT_S)) == 50


def test_after_an_overload_calls_are_taken_again(engine: RecordingEngine) -> None:
    with batching(engine, queue_tokens=10) as batcher:
        with held(engine, batcher):
            waiting = submit(batcher, "te duur")
            with pytest.raises(ProblemError):
                submit(batcher, "te duur")
        waiting.result(LIMIT_S)
        assert submit(batcher, "te duur").result(LIMIT_S)


def test_a_job_is_not_refused_and_does_not_count_for_people(engine: RecordingEngine) -> None:
    with batching(engine, queue_tokens=10) as batcher, held(engine, batcher):
        jobs = [submit(batcher, "x" * 400, priority=Priority.BACKGROUND) for _ in range(5)]
        person = submit(batcher, "te duur")
    for future in (*jobs, person):
        assert len(future.result(LIMIT_S)) == 1


# Callers that go, and the end.


def test_a_cancelled_call_is_taken_out_of_the_queue(engine: RecordingEngine) -> None:
    with batching(engine, queue_tokens=20) as batcher:
        with held(engine, batcher):
            gone = submit(batcher, "weg " * 10)
            assert gone.cancel()
            stays = submit(batcher, "te duur")  # there is room for it again
        stays.result(LIMIT_S)
    assert engine.batches == [["te duur"]]


def test_a_call_that_is_cancelled_while_it_runs_harms_nobody(engine: RecordingEngine) -> None:
    with batching(engine) as batcher:
        with held(engine, batcher) as first:
            assert first.cancel()
            second = submit(batcher, "te duur")
        assert texts_of(second.result(LIMIT_S)) == ["te duur"]
        assert batcher.is_healthy


def test_closing_finishes_what_was_taken_and_takes_no_more(engine: RecordingEngine) -> None:
    batcher = MicroBatcher(engine, settings=Settings(), metrics=Metrics(), n_workers=2)
    batcher.start()
    with held(engine, batcher):
        waiting = [submit(batcher, f"te duur {number}") for number in range(20)]
        closing = threading.Thread(target=batcher.close)
        closing.start()
        while batcher.is_healthy:
            pass
        with pytest.raises(ProblemError) as refused:
            submit(batcher, "te laat")
    closing.join(LIMIT_S)
    assert refused.value.code is Code.SHUTTING_DOWN
    assert all(len(future.result(0)) == 1 for future in waiting)


def test_what_does_not_end_in_time_is_told_so(engine: RecordingEngine) -> None:
    batcher = MicroBatcher(engine, settings=Settings(), metrics=Metrics(), n_workers=1)
    batcher.start()
    with held(engine, batcher) as running:
        waiting = submit(batcher, "te duur")
        batcher.close(timeout_s=0)
        for future in (running, waiting):
            with pytest.raises(ProblemError) as told:
                future.result(0)
            assert told.value.code is Code.SHUTTING_DOWN


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_worker_that_dies_leaves_nobody_waiting(
    engine: RecordingEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    engine.breaks_with = lambda _: SystemExit("geheim")
    batcher = MicroBatcher(engine, settings=Settings(), metrics=Metrics(), n_workers=2)
    batcher.start()
    with pytest.raises(ProblemError) as told:
        submit(batcher, "te duur").result(LIMIT_S)
    assert told.value.code is Code.NOT_READY
    assert (batcher.is_healthy, batcher.is_broken) == (False, True)
    with pytest.raises(ProblemError, match="stopped"):
        submit(batcher, "te duur")
    batcher.close(timeout_s=LIMIT_S)
    assert "geheim" not in "".join(capfd.readouterr())


def test_the_depth_of_the_queue_can_be_watched(engine: RecordingEngine) -> None:
    metrics = Metrics()
    batcher = MicroBatcher(engine, settings=Settings(), metrics=metrics, n_workers=1)
    batcher.start()
    with held(engine, batcher):
        waiting = [submit(batcher, "te duur"), submit(batcher, "te laat", "te traag")]
        value = metrics.registry.get_sample_value
        assert value("klantstem_queue_verbatims") == 3
        assert value("klantstem_queue_tokens") == sum(
            map(estimate_tokens, ("te duur", "te laat", "te traag"))
        )
    for future in waiting:
        future.result(LIMIT_S)
    batcher.close(timeout_s=LIMIT_S)
    assert value("klantstem_queue_verbatims") == 0
    assert value("klantstem_batch_verbatims_sum") == 4
    assert value("klantstem_tokens_total") == value("klantstem_batch_tokens_sum")


def test_a_job_waits_in_its_thread_and_gets_vectors_if_it_wants_them(
    engine: RecordingEngine,
) -> None:
    with batching(engine) as batcher:
        behind = BackgroundClassifier(batcher)
        sent = verbatims("te duur", "", "te laat")
        assert behind.classify(sent) == engine.classifier.classify(sent)
        items = behind.embed(sent)
    assert [item.embedding is None for item in items] == [False, True, False]
