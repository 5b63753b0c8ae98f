"""Documents join and leave one batch; whatever fails, everybody gets one answer and the rest goes on."""

from __future__ import annotations

import ctypes
import math
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from tests.hosting.conftest import until

from schemalm.errors import CheckpointError, GuardError
from schemalm.generation import Generated, Run, generate
from schemalm.generation.engine import Engine, Request
from schemalm.generation.prompts import prompt_tables
from schemalm.generation.results import Piece
from schemalm.generation.sampling import Sampling
from schemalm.hosting.worker import BusyError, Job, Worker, WorkerError


@dataclass
class Waiting:
    """Somebody who waits for a document."""

    job: Job = field(init=False)
    found: list[Generated | Exception] = field(default_factory=list)
    arrived: threading.Event = field(default_factory=threading.Event)

    def get(self) -> Any:
        self.arrived.wait()
        (found,) = self.found
        return found


def asked(worker: Worker, *requests: Request, deadline: float = math.inf, follow: Any = None) -> list[Waiting]:
    waiting = [Waiting() for _ in requests]
    for each, request in zip(waiting, requests, strict=True):

        def receive(item: Generated | Exception, each: Waiting = each) -> None:
            each.found.append(item)
            each.arrived.set()

        each.job = Job(request, deadline, receive, follow)
    worker.submit([each.job for each in waiting])
    return waiting


@pytest.fixture
def worker(run: Run) -> Iterator[Worker]:
    found = Worker(run, batch_size=3, max_waiting=50)
    yield found
    found.stop()


@pytest.fixture(scope="module")
def long(run: Run) -> Callable[[int], Request]:
    """Makes requests of documents with hundreds of texts to write, so that a test can do something meanwhile."""
    tables = prompt_tables(run.tokenizer, {"kind": "job", "steps": [{"run": ...}] * 400})
    return lambda number: Request(number, 0, 100_000, tables, sampling=Sampling(1.0))


def test_documents_are_the_same_as_without_the_others(worker: Worker, run: Run) -> None:
    waiting = asked(worker, *(Request(number, 7, 30) for number in range(8)))
    later = asked(worker, *(Request(number, 9, 30) for number in range(4)))
    for seed, group in ((7, waiting), (9, later)):
        expected = generate(run, num_samples=len(group), seed=seed, max_tokens=30)
        assert [each.get().tokens for each in group] == [document.tokens for document in expected]


def test_a_worker_that_warms_up_answers_others(worker: Worker, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    (expected,) = generate(run, seed=7, max_tokens=30)
    written, step = list[Generated](), Engine.step

    def noted(engine: Engine, requests: Iterator[Request]) -> Iterator[tuple[Request, Piece]]:
        for request, piece in step(engine, requests):
            written.extend(filter(None, [piece.generated]))
            yield request, piece

    monkeypatch.setattr(Engine, "step", noted)
    worker.warm_up()
    (waiting,) = asked(worker, Request(0, 7, 30))
    assert waiting.get().tokens == expected.tokens
    until(lambda: len(written) == 2)


def test_a_call_is_answered_while_documents_are_written(worker: Worker, long: Callable[[int], Request]) -> None:
    (first,) = asked(worker, long(0))
    until(lambda: worker.num_running == 1)
    assert worker.call(lambda: worker.num_running).result() == 1
    with pytest.raises(ZeroDivisionError):
        worker.call(lambda: 1 // 0).result()
    first.job.cancel()


def test_a_document_joins_the_batch_that_is_running(worker: Worker, long: Callable[[int], Request]) -> None:
    (first,) = asked(worker, long(0))
    until(lambda: worker.num_running == 1)
    (second,) = asked(worker, Request(0, 1, 5))
    assert isinstance(second.get(), Generated)
    assert not first.arrived.is_set()
    first.job.cancel()


def test_a_cancelled_document_leaves_its_row(worker: Worker, long: Callable[[int], Request]) -> None:
    running = asked(worker, *(long(number) for number in range(3)))
    (waits,) = asked(worker, Request(0, 1, 5))
    for each in running:
        each.job.cancel()
    assert isinstance(waits.get(), Generated)
    until(lambda: worker.num_running == 0)
    assert not any(each.found for each in running)


def test_a_document_whose_time_is_over_is_closed_and_valid(
    worker: Worker, long: Callable[[int], Request], run: Run
) -> None:
    (late,) = asked(worker, long(0))
    until(lambda: worker.num_running == 1)
    late.job.deadline = time.monotonic()
    found = late.get()
    assert (found.finish, found.closed_by) == ("closed", "time")
    assert run.tokenizer.encode(found.value)


def test_a_document_that_has_waited_too_long_is_refused(worker: Worker) -> None:
    (late,) = asked(worker, Request(0, 0, 5), deadline=time.monotonic() - 1)
    assert isinstance(late.get(), BusyError)


def test_too_many_documents_are_refused_at_once(run: Run) -> None:
    worker = Worker(run, batch_size=1, max_waiting=3)
    with pytest.raises(BusyError):
        asked(worker, *(Request(number, 0, 5) for number in range(4)))
    assert worker.num_waiting == 0
    worker.stop()


def test_an_error_about_one_document_ends_that_one_alone(
    worker: Worker, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, finish = Request(1, 3, 20), Engine._finish

    def failing(engine: Engine, document: Any) -> Generated:
        if any(row.request is broken and row.document is document for row in engine._rows if row is not None):
            raise GuardError("uniqueItems", "steps")
        return finish(engine, document)

    monkeypatch.setattr(Engine, "_finish", failing)
    requests = [Request(0, 3, 20), broken, *(Request(number, 3, 20) for number in range(2, 6))]
    found = [each.get() for each in asked(worker, *requests)]
    assert found[1] == GuardError("uniqueItems", "steps")
    expected = generate(run, num_samples=6, seed=3, max_tokens=20)
    assert [each.tokens for each in (found[0], *found[2:])] == [each.tokens for each in (expected[0], *expected[2:])]


def test_a_step_that_fails_ends_its_batch_and_the_next_is_written(
    worker: Worker, monkeypatch: pytest.MonkeyPatch
) -> None:
    step, has_failed = Engine._step, threading.Event()

    def failing(engine: Engine, active: Any) -> None:
        if not has_failed.is_set():
            has_failed.set()
            raise CheckpointError("the model's logits are not finite")
        step(engine, active)

    monkeypatch.setattr(Engine, "_step", failing)
    found = [each.get() for each in asked(worker, *(Request(number, 0, 20) for number in range(6)))]
    kinds = [isinstance(each, Generated) for each in found]
    assert kinds == [False, False, False, True, True, True]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_if_the_thread_ends_everybody_is_told_and_the_next_document_is_written(
    worker: Worker, long: Callable[[int], Request]
) -> None:
    waiting = asked(worker, *(long(number) for number in range(5)))
    until(lambda: worker.num_running == 3)
    thread = worker._thread
    assert thread is not None and thread.ident is not None
    ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(thread.ident), ctypes.py_object(SystemExit))
    assert all(isinstance(each.get(), WorkerError) for each in waiting)
    thread.join()
    (after,) = asked(worker, Request(0, 1, 5))
    assert isinstance(after.get(), Generated)


def test_a_stopped_worker_answers_who_waits_and_takes_nothing(worker: Worker, long: Callable[[int], Request]) -> None:
    waiting = asked(worker, *(long(number) for number in range(5)))
    worker.stop()
    assert all(isinstance(each.get(), WorkerError) for each in waiting)
    with pytest.raises(WorkerError):
        asked(worker, Request(0, 0, 5))
    with pytest.raises(WorkerError):
        worker.call(lambda: None)
