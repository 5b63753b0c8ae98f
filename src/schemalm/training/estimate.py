"""Estimates what a run needs before it starts: parameters, operations, memory, time and cost."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from schemalm.dataset.packing import num_rows
from schemalm.dataset.store import Split, read_metadata
from schemalm.dataset.windows import training_windows
from schemalm.model.gpt import GPT
from schemalm.training.configuration import DTYPES, TrainingConfiguration
from schemalm.training.memory import Memory, available_memory, needed_memory
from schemalm.training.peak import matmul_peak

# The share of the machine's peak speed of matrix products that training is assumed to reach.
ASSUMED_SHARE = 0.4


@dataclass(frozen=True)
class Estimate:
    """What a run needs.

    `num_places` is the number of positions in all rows read, including padding; `num_epochs` is the number of passes
    over the data. `flops_per_token` is for one position of a full context. `peak` is the measured number of operations
    per second of matrix products in one process. `seconds` assumes `ASSUMED_SHARE` of the peak. `cost` uses a price per
    process and hour, and is None without a price.
    """

    num_parameters: int
    flops_per_token: int
    memory: Memory
    available_memory: int | None
    num_steps: int
    num_places: int
    num_epochs: float
    peak: float
    num_processes: int
    seconds: float
    cost: float | None


def estimate_run(
    data: Path, configuration: TrainingConfiguration, *, num_processes: int = 1, price: float | None = None
) -> Estimate:
    """Estimate a run on the prepared folder `data`; `price` is the cost of one process for an hour."""
    metadata = read_metadata(data)
    device = torch.device(configuration.device)
    with torch.device("meta"):
        model = GPT(configuration.model_configuration(metadata))
    windows = training_windows(Split(data, "train", metadata))
    num_rows_once = num_rows(windows.all_lengths(), metadata.context_size, configuration.packing)
    num_places = configuration.num_steps * configuration.batch_size * metadata.context_size
    peak = matmul_peak(device, DTYPES[configuration.dtype])
    seconds = num_places * model.flops_per_token() / (peak * num_processes * ASSUMED_SHARE)
    return Estimate(
        num_parameters=model.num_parameters(),
        flops_per_token=model.flops_per_token(),
        memory=needed_memory(model, configuration, device.type, num_processes),
        available_memory=available_memory(device),
        num_steps=configuration.num_steps,
        num_places=num_places,
        num_epochs=configuration.num_steps * configuration.batch_size / num_rows_once,
        peak=peak,
        num_processes=num_processes,
        seconds=seconds,
        cost=None if price is None else price * num_processes * seconds / 3600,
    )
