"""SIGINT and SIGTERM at any moment: the current step is saved, and the command in the exception resumes exactly."""

from __future__ import annotations

import pickle
import shutil
import signal
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from schemalm.interruption import SIGNALS, TrainingInterrupted
from schemalm.training import loop
from schemalm.training.checkpoint import checkpoint_steps
from schemalm.training.configuration import TrainingConfiguration
from schemalm.training.interruption import Interruption
from schemalm.training.loop import train
from schemalm.training.metrics import MEASURED_FIELDS, read_metrics
from schemalm.training.progress import Progress, StepReport
from schemalm.training.run import load_checkpoint

from .conftest import write_data
from .models import SMALL_MODEL

pytestmark = pytest.mark.usefixtures("assumed_peak")
CONFIGURATION = TrainingConfiguration(
    num_steps=20,
    model=SMALL_MODEL,
    batch_size=4,
    warmup_steps=5,
    log_every=3,
    evaluate_every=6,
    checkpoint_every=9,
    keep_checkpoints=2,
    num_evaluation_documents=4,
)


class Asker(Progress):
    """Sends a signal at an event: `advance 4` is the end of step 4."""

    def __init__(self, moment: str, number: int = signal.SIGINT, times: int = 1) -> None:
        self._moment, self._number, self._times = moment, number, times
        self.messages: list[str] = []
        self.saved_steps: list[int] = []

    def hear(self, moment: str) -> None:
        if moment == self._moment:
            for _ in range(self._times):
                signal.raise_signal(self._number)

    def begin(self, step: int, num_steps: int) -> None:
        self.hear("begin")

    def advance(self, report: StepReport) -> None:
        self.hear(f"advance {report.step}")

    def log(self, line: dict[str, Any]) -> None:
        self.hear(f"log {line['kind']} {line['step']}")

    def saved(self, run: Path, step: int) -> None:
        self.saved_steps.append(step)
        self.hear(f"saved {step}")

    def message(self, text: str) -> None:
        self.messages.append(text)

    def end(self) -> None:
        self.hear("end")


def without_clock(run: Path) -> list[dict[str, Any]]:
    return [{key: line[key] for key in line.keys() - MEASURED_FIELDS} for line in read_metrics(run)]


def interrupted(data: Path, run: Path, asker: Progress, **options: Any) -> TrainingInterrupted:
    handlers = [signal.getsignal(number) for number in SIGNALS]
    with pytest.raises(TrainingInterrupted) as caught:
        train(data, run, CONFIGURATION, report=asker, **options)
    assert [signal.getsignal(number) for number in SIGNALS] == handlers
    return caught.value


def assert_goes_on(data: Path, run: Path, stopped: TrainingInterrupted, whole: Path) -> None:
    """Following the exception's instructions gives the same run as without the interruption."""
    summary = train(data, run, CONFIGURATION, resume=stopped.resume)
    assert without_clock(run) == without_clock(whole)
    weights, expected = (load_checkpoint(folder)[0].state_dict() for folder in (run, whole))
    assert all(torch.equal(weights[name], expected[name]) for name in expected)
    assert summary.num_steps == 20


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_data(tmp_path_factory.mktemp("data") / "data")


@pytest.fixture(scope="module")
def whole(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The uninterrupted run."""
    run = tmp_path_factory.mktemp("whole") / "run"
    train(data, run, CONFIGURATION)
    return run


@pytest.fixture
def finished(whole: Path, tmp_path: Path) -> Path:
    """A copy of it, to resume at earlier steps."""
    return Path(shutil.copytree(whole, tmp_path / "finished"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("moment", "number", "saved_step"),
    [
        ("begin", signal.SIGTERM, None),
        ("begin", signal.SIGINT, None),
        ("advance 1", signal.SIGTERM, 1),
        ("advance 4", signal.SIGTERM, 4),
        ("advance 4", signal.SIGINT, 4),
        ("advance 6", signal.SIGTERM, 6),  # logged, then due for validation
        ("log train 3", signal.SIGINT, 3),
        ("log validation 6", signal.SIGTERM, 6),
        ("advance 9", signal.SIGINT, 9),
        ("saved 9", signal.SIGTERM, 9),
        ("advance 18", signal.SIGINT, 18),  # due for everything
        ("saved 18", signal.SIGINT, 18),
        ("advance 20", signal.SIGTERM, 20),
        ("log validation 20", signal.SIGINT, 20),
        ("end", signal.SIGTERM, 20),
    ],
)
def test_the_current_step_is_saved_and_the_run_resumes_exactly(
    data: Path, tmp_path: Path, whole: Path, moment: str, number: int, saved_step: int | None
) -> None:
    run, asker = tmp_path / "run", Asker(moment, number)
    stopped = interrupted(data, run, asker)
    assert (stopped.number, stopped.run, stopped.step, stopped.resume) == (number, run, saved_step, "auto")
    assert checkpoint_steps(run)[-1:] == ([] if saved_step is None else [saved_step])
    assert len(set(asker.saved_steps)) == len(asker.saved_steps)
    assert ("nothing is lost" in str(stopped)) == (moment != "begin")
    assert_goes_on(data, run, stopped, whole)


def asking(monkeypatch: pytest.MonkeyPatch, name: str, *, at_call: int = 1, after: bool = False) -> None:
    """Interrupt a function of the loop while it runs, at its n-th call."""
    real, calls = getattr(loop, name), []

    def called(*arguments: Any, **options: Any) -> Any:
        calls.append(name)
        if len(calls) == at_call and not after:
            signal.raise_signal(signal.SIGTERM)
        result = real(*arguments, **options)
        if len(calls) == at_call and after:
            signal.raise_signal(signal.SIGTERM)
        return result

    monkeypatch.setattr(loop, name, called)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "at_call", "saved_step"),
    [
        ("verify_files", 1, None),
        ("open_run", 1, None),
        ("save_checkpoint", 1, 9),
        ("prune_checkpoints", 2, 18),
        ("score_documents", 1, 6),
        ("score_documents", 3, 18),
        ("score_documents", 4, 20),
    ],
)
@pytest.mark.parametrize("after", [False, True])
def test_an_interruption_in_the_middle_of_something_resumes_exactly(
    data: Path,
    tmp_path: Path,
    whole: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    at_call: int,
    saved_step: int | None,
    after: bool,
) -> None:
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        asking(patch, name, at_call=at_call, after=after)
        stopped = interrupted(data, run, Progress())
    assert stopped.step == saved_step
    assert ("before training" in str(stopped)) == (saved_step is None)
    assert_goes_on(data, run, stopped, whole)


def test_a_run_that_is_interrupted_again_and_again_is_the_same(data: Path, tmp_path: Path, whole: Path) -> None:
    run, resume = tmp_path / "run", None
    for step in (2, 6, 7, 9, 17, 20):
        resume = interrupted(data, run, Asker(f"advance {step}"), resume=resume).resume
    assert checkpoint_steps(run)[-1] == 20
    train(data, run, CONFIGURATION, resume="auto")
    assert without_clock(run) == without_clock(whole)


def test_a_second_signal_ends_at_once_and_says_what_is_saved(data: Path, tmp_path: Path, whole: Path) -> None:
    run, asker = tmp_path / "run", Asker("advance 13", times=2)
    stopped = interrupted(data, run, asker)
    assert stopped.step == 9
    assert (
        str(stopped) == "interrupted at once, and the steps after the last checkpoint are lost: "
        f"the newest checkpoint is of step 9 in {run}"
    )
    assert_goes_on(data, run, stopped, whole)


def test_returning_to_a_step_is_still_advised_after_an_early_interruption(
    data: Path, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert checkpoint_steps(finished)[-1] == 20
    step = checkpoint_steps(finished)[0]
    with monkeypatch.context() as patch:
        asking(patch, "verify_files")
        assert interrupted(data, finished, Progress(), resume=step).resume == step
    assert checkpoint_steps(finished)[-1] == 20
    with monkeypatch.context() as patch:
        asking(patch, "open_run", after=True)
        stopped = interrupted(data, finished, Progress(), resume=step)
    assert (stopped.step, stopped.resume) in ((step, step), (step, "auto"))


def test_resuming_is_not_advised_for_a_folder_that_would_be_refused(
    data: Path, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking(monkeypatch, "verify_files")
    assert interrupted(data, finished, Progress()).resume is None


def test_the_signal_is_acknowledged_at_once(data: Path, tmp_path: Path) -> None:
    asker = Asker("advance 4")
    interrupted(data, tmp_path / "run", asker)
    assert "interrupt again to end at once" in asker.messages[0]


def test_checkpoints_of_interruptions_are_pruned_and_cope_without_validation(data: Path, tmp_path: Path) -> None:
    run, resume = tmp_path / "run", None
    for step in (1, 2, 3, 4, 5):
        resume = interrupted(data, run, Asker(f"advance {step}"), resume=resume).resume
    assert checkpoint_steps(run) == [4, 5]
    summary = train(data, run, CONFIGURATION, resume="auto")
    assert summary.best_step in checkpoint_steps(run)


def test_a_signal_that_another_process_reported_is_not_a_second_one(tmp_path: Path) -> None:
    interruption = Interruption(resume="auto")
    with pytest.raises(TrainingInterrupted, match="at once"), interruption.handling_signals(tmp_path):
        interruption.defer_first_signal()
        interruption.agree()
        signal.raise_signal(signal.SIGINT)
        assert interruption.is_agreed
        signal.raise_signal(signal.SIGINT)


def test_other_threads_leave_signals_alone(data: Path, tmp_path: Path) -> None:
    handlers: list[Any] = []

    class Watcher(Progress):
        def advance(self, report: StepReport) -> None:
            handlers.append([signal.getsignal(number) for number in SIGNALS])

    before = [signal.getsignal(number) for number in SIGNALS]
    options = {"report": Watcher()}
    configuration = replace(CONFIGURATION, num_steps=1)
    thread = threading.Thread(target=train, args=(data, tmp_path / "run", configuration), kwargs=options)
    thread.start()
    thread.join()
    assert handlers == [before]


def test_an_ignored_signal_stays_ignored(data: Path, tmp_path: Path) -> None:
    old = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert train(data, tmp_path / "run", CONFIGURATION, report=Asker("advance 4")).num_steps == 20
    finally:
        signal.signal(signal.SIGINT, old)


def test_a_listener_that_fails_on_a_signal_ends_nothing(data: Path, tmp_path: Path) -> None:
    class Broken(Asker):
        def message(self, text: str) -> None:
            if "interrupt again" in text:
                raise OSError("the terminal is gone")

    assert interrupted(data, tmp_path / "run", Broken("advance 4")).step == 4


@pytest.mark.parametrize("step", [None, 5])
def test_the_exception_survives_pickling(step: int | None) -> None:
    stopped = TrainingInterrupted(15, Path("runs/a"), "interrupted", step, "auto")
    again = pickle.loads(pickle.dumps(stopped))
    assert (type(again), vars(again), again.args) == (TrainingInterrupted, vars(stopped), stopped.args)
    assert str(again) == str(stopped)
    assert isinstance(again, KeyboardInterrupt)
