"""Several listeners get the same events, and one that fails ends nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from schemalm.training.listeners import Listeners, WarningCollector
from schemalm.training.progress import Progress, StepReport

REPORT = StepReport(1, 2.0, 1.0, 0.1, 10.0, 0.5, 100)


class Recorder(Progress):
    """Records the names of events, and fails at one of them."""

    def __init__(self, fails_at: str = "") -> None:
        self.heard: list[str] = []
        self.messages: list[str] = []
        self._fails_at = fails_at

    def _record(self, name: str) -> None:
        self.heard.append(name)
        if name == self._fails_at:
            raise OSError("no route to host")

    def begin(self, step: int, num_steps: int) -> None:
        self._record("begin")

    def advance(self, report: StepReport) -> None:
        self._record("advance")

    def log(self, line: dict[str, Any]) -> None:
        self._record("log")

    def saved(self, run: Path, step: int) -> None:
        self._record("saved")

    def message(self, text: str) -> None:
        self.messages.append(text)

    def end(self) -> None:
        self._record("end")


ALL = ["begin", "advance", "log", "saved", "end"]


def go_through(listener: Progress) -> None:
    listener.begin(0, 1)
    listener.advance(REPORT)
    listener.log({"kind": "train", "step": 1})
    listener.saved(Path("run"), 1)
    listener.message("a message")
    listener.end()


def test_all_listeners_get_every_event() -> None:
    recorders = [Recorder(), Recorder(), Recorder()]
    go_through(Listeners(recorders[0], recorders[1:]))
    assert [recorder.heard for recorder in recorders] == [ALL] * 3
    assert [recorder.messages for recorder in recorders] == [["a message"]] * 3


@pytest.mark.parametrize("place", ALL)
def test_a_failing_listener_is_reported_once_and_removed(place: str) -> None:
    shown, broken, other = Recorder(), Recorder(fails_at=place), Recorder()
    go_through(Listeners(shown, [broken, other]))
    assert shown.heard == other.heard == ALL
    assert broken.heard == ALL[: ALL.index(place) + 1]
    (told,) = [text for text in shown.messages if text != "a message"]
    assert told == "Recorder failed and gets no further events; the run continues: OSError: no route to host"


def test_a_listener_cannot_end_the_program() -> None:
    class Leaving(Progress):
        def begin(self, step: int, num_steps: int) -> None:
            raise SystemExit("log in first")

    shown = Recorder()
    go_through(Listeners(shown, [Leaving()]))
    assert shown.heard == ALL
    assert "Leaving failed and gets no further events; the run continues: SystemExit: log in first" in shown.messages


def test_warnings_reach_all_listeners_and_are_collected() -> None:
    shown = Recorder()
    kept: list[str] = []
    Listeners(shown, [Listeners(Recorder(), [WarningCollector(kept)])]).warning("odd")
    assert shown.messages == ["odd"]
    assert kept == ["odd"]


def test_errors_of_the_shown_listener_are_raised() -> None:
    with pytest.raises(OSError, match="no route"):
        go_through(Listeners(Recorder(fails_at="log"), [Recorder()]))


def test_an_interruption_is_not_a_failure() -> None:
    class Interrupted(Progress):
        def begin(self, step: int, num_steps: int) -> None:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Listeners(Recorder(), [Interrupted()]).begin(0, 1)
