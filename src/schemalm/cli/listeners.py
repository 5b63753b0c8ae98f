"""What listens to a training run beside the person at the terminal, and the options for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from schemalm.cli.terminal import Terminal

if TYPE_CHECKING:
    from schemalm.training.progress import Progress

DEFAULT_SAMPLES = 4

Samples = Annotated[
    int, typer.Option(min=0, metavar="N", help="Documents that each checkpoint writes, with their verdicts; 0 is none.")
]
Track = Annotated[
    Literal["tensorboard", "trackio", "wandb"] | None, typer.Option(help="Show the metrics there too, as they come.")
]
Parent = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, metavar="RUN", help="The run that this one is a variation of."),
]


def listeners_for(terminal: Terminal, run: Path, *, samples: int, track: str | None) -> Progress:
    """Everything that listens to the run: the terminal, the tracker if there is one, and the samples.

    Raises `ConfigurationError` where the tracker's package is not installed.
    """
    from schemalm.evaluation.checkpoint_samples import CheckpointSamples  # noqa: PLC0415
    from schemalm.training.listeners import Listeners  # noqa: PLC0415
    from schemalm.training.trackers import make_tracker  # noqa: PLC0415

    shown = terminal.training_progress()
    others: list[Progress] = [] if track is None else [make_tracker(track, run)]
    if samples:
        others.append(CheckpointSamples(samples, shown.message, run, shown.warning))
    return Listeners(shown, others)
