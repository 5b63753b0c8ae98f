"""Progress is a bar on a terminal and plain lines elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from schemalm.training import progress as progress_module
from schemalm.training.progress import LogProgress, StepReport, TerminalProgress, choose_progress


def report(step: int, loss: float) -> StepReport:
    return StepReport(
        step=step,
        loss=loss,
        gradient_norm=0.75,
        learning_rate=2e-3,
        tokens_per_second=1234.0,
        share_of_peak=0.42,
        memory_bytes=3 << 29,
    )


@pytest.mark.parametrize(("is_terminal", "kind"), [(True, TerminalProgress), (False, LogProgress)])
def test_both_kinds_show_loss_rate_and_messages(is_terminal: bool, kind: type, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(progress_module, "_SECONDS_BETWEEN_LINES", 0.0)
    stream = io.StringIO()
    progress = choose_progress(Console(file=stream, force_terminal=is_terminal, width=160))
    assert type(progress) is kind
    progress.begin(3, 10)
    progress.advance(report(4, 2.5))
    progress.message("[bold] stays as it is")
    progress.warning("[bold] too")
    progress.advance(report(10, 2.25))
    progress.end()
    text = stream.getvalue()
    assert "2.250" in text
    for expected in ("1,234 tokens/s", "42% of peak", "gradient 0.75", "rate 2.0e-03", "1.50 GiB"):
        assert expected in text
    assert "[bold] stays as it is" in text
    assert "warning: [bold] too" in text


def test_plain_lines_are_rare() -> None:
    stream = io.StringIO()
    progress = LogProgress(Console(file=stream))
    progress.begin(0, 1000)
    for step in range(1, 1000):
        progress.advance(report(step, 1.0))
    assert len(stream.getvalue().splitlines()) == 1
