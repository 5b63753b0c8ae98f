"""The listeners of a training run (terminal, tracker, samples), and their options."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from schemalm.cli.terminal import Terminal

if TYPE_CHECKING:
    from schemalm.training.progress import Progress

DEFAULT_SAMPLES = 4

Samples = Annotated[
    int, typer.Option(min=0, metavar="N", help="Documents to sample and judge at each checkpoint; 0 for none.")
]
Track = Annotated[
    Literal["tensorboard", "trackio", "wandb"] | None, typer.Option(help="Also send the metrics to this tracker.")
]
Parent = Annotated[
    Path | None,
    typer.Option(exists=True, file_okay=False, metavar="RUN", help="The run that this run is a variation of."),
]


def listeners_for(terminal: Terminal, run: Path, *, samples: int, track: str | None) -> Progress:
    """Return a listener that combines the terminal, the tracker if there is one, and the samples of checkpoints.

    samples: documents per checkpoint.
    Raises `ConfigurationError` if the tracker's package is not installed.
    """
    from schemalm.evaluation.checkpoint_samples import CheckpointSamples  # noqa: PLC0415
    from schemalm.training.listeners import Listeners  # noqa: PLC0415
    from schemalm.training.trackers import make_tracker  # noqa: PLC0415

    shown = terminal.training_progress()
    others: list[Progress] = [] if track is None else [make_tracker(track, run)]
    if samples:
        others.append(CheckpointSamples(samples, shown.message, run, shown.warning))
    return Listeners(shown, others)
