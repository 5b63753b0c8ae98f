"""Measures the effect of packing on padding, training speed and learning.

    python benchmarks/packing.py DATA... [--steps 200] [--seeds 0,1] [--publish]

DATA are prepared folders; one at stride 256 and one at stride 512 are most informative. For each folder, it measures:
the share of padding in training rows; the targets per second of CPU time that the tiny model trains on, including
loading, with windows and documents in turns; and the bits per byte of validation documents that a narrow model reaches
with equally many positions, for each seed. One thread on a CPU. `--publish` writes
`benchmarks/results/packing.json` and the table of `docs/benchmarks.md`.
"""

from __future__ import annotations

import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import torch
import typer
from rich.console import Console
from rich.markdown import Markdown

from limits import processor
from page import replace_section
from schemalm.dataset.loader import Loader
from schemalm.dataset.packing import PACKINGS
from schemalm.dataset.padding import padding_share
from schemalm.dataset.store import Split, load_masks, read_metadata
from schemalm.dataset.windows import training_windows
from schemalm.files.writing import write_atomically
from schemalm.model.configuration import GPTConfiguration
from schemalm.model.gpt import GPT
from schemalm.training.configuration import TrainingConfiguration, sizes_of_data
from schemalm.training.loop import train
from schemalm.training.optimizer import Optimizers
from schemalm.training.processes import Processes
from schemalm.training.progress import Progress, StepReport
from schemalm.training.step import GradientAccumulator

REPOSITORY = Path(__file__).resolve().parents[1]
RESULTS = REPOSITORY / "benchmarks" / "results" / "packing.json"
PAGE = REPOSITORY / "docs" / "benchmarks.md"
BATCH_SIZE, NUM_ROUNDS, NUM_SCORED = 4, 20, 200
NARROW: dict[str, Any] = {
    "num_layers": 2,
    "num_heads": 1,
    "num_key_value_heads": 1,
    "model_width": 64,
    "mlp_width": 256,
}
console = Console(stderr=True)


def narrow_model(data: Path) -> GPTConfiguration:
    """Returns the configuration of a model that learns something in a minute of training."""
    return GPTConfiguration(**NARROW, **sizes_of_data(read_metadata(data), grammar_state=True, echo=True))


def configuration_of(
    model: str | GPTConfiguration, packing: str, num_steps: int, seed: int = 0
) -> TrainingConfiguration:
    """Returns the default settings, except for the batch size and a single validation."""
    return TrainingConfiguration(
        num_steps=num_steps,
        model=model,
        packing=packing,
        batch_size=BATCH_SIZE,
        seed=seed,
        evaluate_every=num_steps,
        checkpoint_every=num_steps,
        num_evaluation_documents=NUM_SCORED,
    )


def make_step(data: Path, configuration: TrainingConfiguration) -> Callable[[], float]:
    """Returns a function that loads and trains on a batch, and returns its targets per CPU second."""
    metadata, alone = read_metadata(data), Processes(torch.device("cpu"))
    model = GPT(configuration.model_configuration(metadata))
    model.initialize(0)
    masks = load_masks(data, metadata)
    accumulator = GradientAccumulator(model, None if masks is None else torch.from_numpy(masks), configuration, alone)
    windows = training_windows(Split(data, "train", metadata))
    loader = Loader(windows, configuration.batch_size, packing=configuration.packing)
    optimizers = Optimizers(model, configuration, alone)
    counter = iter(range(1, configuration.num_steps))

    def step() -> float:
        started, number = time.process_time(), next(counter)
        result = accumulator.gradients(next(loader), number)
        optimizers.step(number)
        return result.num_targets / (time.process_time() - started)

    return step


def measure_speed(data: Path) -> dict[str, float]:
    """Returns targets per second of CPU time by packing: medians over rounds, in turns."""
    steps = {packing: make_step(data, configuration_of("tiny", packing, 1_000_000)) for packing in PACKINGS}
    rates: dict[str, list[float]] = {packing: [] for packing in PACKINGS}
    for number in range(NUM_ROUNDS + 2):
        for packing, step in steps.items():
            rate = step()
            if number >= 2:
                rates[packing].append(rate)
    return {packing: statistics.median(found) for packing, found in rates.items()}


class Clock(Progress):
    """Measures CPU seconds from the beginning of training to its last step."""

    seconds = 0.0

    def begin(self, step: int, num_steps: int) -> None:
        """Starts the clock."""
        self._started = time.process_time()

    def advance(self, report: StepReport) -> None:
        """Records the time."""
        self.seconds = time.process_time() - self._started


def learn(data: Path, configuration: TrainingConfiguration) -> dict[str, float]:
    """Trains a run and returns its figures."""
    clock = Clock()
    with tempfile.TemporaryDirectory() as folder:
        summary = train(data, Path(folder) / "run", configuration, report=clock)
    return {
        "seed": configuration.seed,
        "num_tokens": summary.num_tokens,
        "cpu_seconds": clock.seconds,
        "bits_per_byte": summary.bits_per_byte,
    }


def measure(data: Path, num_steps: int, seeds: list[int]) -> dict[str, Any]:
    """Measures all figures of a prepared folder."""
    split = Split(data, "train")
    shares = {packing: padding_share(split, packing) for packing in PACKINGS}
    console.print(f"{data}: padding {shares}", markup=False)
    speeds = measure_speed(data)
    console.print(f"  targets per second {speeds}", markup=False)
    runs: dict[str, list[dict[str, float]]] = {packing: [] for packing in PACKINGS}
    for seed in seeds:
        for packing in PACKINGS:
            runs[packing].append(learn(data, configuration_of(narrow_model(data), packing, num_steps, seed)))
            console.print(f"  {packing}: {runs[packing][-1]}", markup=False)
    metadata = split.metadata
    return {
        "context_size": metadata.context_size,
        "stride": metadata.stride,
        "num_documents": split.num_documents,
        "batch_size": BATCH_SIZE,
        "num_steps": num_steps,
        "padding_share": shares,
        "targets_per_second": speeds,
        "runs": runs,
    }


def table(results: list[dict[str, Any]]) -> list[str]:
    """Returns the results as lines of Markdown."""
    columns = ("stride", "rows of", "padded", "targets/s", "bits per byte by seed", "targets seen", "CPU s")
    lines = [f"| {' | '.join(columns)} |", "|" + " --- |" * len(columns)]
    for result in results:
        for packing in PACKINGS:
            runs = result["runs"][packing]
            cells = (
                str(result["stride"]),
                packing,
                f"{result['padding_share'][packing]:.1%}",
                f"{result['targets_per_second'][packing]:,.0f}",
                ", ".join(f"{run['bits_per_byte']:.3f}" for run in runs),
                f"{statistics.mean(run['num_tokens'] for run in runs):,.0f}",
                f"{statistics.mean(run['cpu_seconds'] for run in runs):,.0f}",
            )
            lines.append(f"| {' | '.join(cells)} |")
    return lines


def main(
    data: Annotated[list[Path], typer.Argument(exists=True, file_okay=False, help="Prepared folders.")],
    steps: Annotated[int, typer.Option(min=1, help="Steps of each run.")] = 200,
    seeds: Annotated[str, typer.Option(help="Seeds, separated by commas.")] = "0,1",
    publish: Annotated[bool, typer.Option(help="Write the results and the page.")] = False,
) -> None:
    """Measure each folder."""
    torch.set_num_threads(1)
    results = [measure(folder, steps, [int(seed) for seed in seeds.split(",")]) for folder in data]
    today, first = f"{datetime.now(UTC):%Y-%m-%d}", results[0]
    machine = f"1 thread of {processor()}; python {platform.python_version()}, torch {torch.__version__}"
    conditions = (
        f"Measured on {today}: {machine}. {first['num_documents']:,} documents, context {first['context_size']}, "
        f"{BATCH_SIZE} rows a step. Targets per second of CPU time: a tiny model. Bits per byte of documents of "
        f"other repositories: a model of 2 layers and width 64 after {steps} steps "
        f"({steps * BATCH_SIZE * first['context_size']:,} positions), in the CPU seconds of the last column."
    )
    lines = [conditions, "", *table(results)]
    Console().print(Markdown("\n".join(lines)))
    if publish:
        content = {"machine": machine, "date": today, "results": results}
        write_atomically(RESULTS, json.dumps(content, indent=2).encode() + b"\n")
        write_atomically(PAGE, replace_section(PAGE.read_text(), "packing", "\n".join(lines)).encode())


if __name__ == "__main__":
    typer.run(main)
