"""Computes the gradients of a batch, over micro-batches and processes.

The loss of a step is the mean over all targets of its batch, so dividing the batch differently among micro-batches and
processes changes only the last digits, and what dropout drops.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from schemalm.dataset.loader import Rows
from schemalm.errors import TrainingError
from schemalm.model.gpt import GPT
from schemalm.training.configuration import DTYPES, TrainingConfiguration
from schemalm.training.processes import Processes
from schemalm.training.scoring import batch_loss


@dataclass(frozen=True)
class StepResult:
    """The result of an update: the summed loss in nats, the targets, and the gradient norm before clipping."""

    loss_sum: float
    num_targets: int
    gradient_norm: float


class _Loss(nn.Module):
    """A module that returns the loss of a batch, so that DistributedDataParallel wraps model and loss together."""

    def __init__(self, model: GPT, masks_packed: Tensor | None, dtype: torch.dtype) -> None:
        super().__init__()
        self.model = model
        self._masks_packed, self._dtype = masks_packed, dtype

    def forward(self, rows: Rows) -> Tensor:
        """Return the summed loss in nats."""
        return batch_loss(self.model, rows, self._masks_packed, self._dtype)


class GradientAccumulator:
    """Computes the gradients of this process's share of batches."""

    def __init__(
        self, model: GPT, masks_packed: Tensor | None, configuration: TrainingConfiguration, processes: Processes
    ) -> None:
        self._model = model
        self._configuration, self._processes = configuration, processes
        loss = _Loss(model, masks_packed, DTYPES[configuration.dtype])
        self._loss: nn.Module = loss if processes.size == 1 else DistributedDataParallel(loss)

    def gradients(self, batches: Sequence[Rows], step: int) -> StepResult:
        """Store the clipped gradient of the mean loss over micro-batches in the model's parameters.

        The seed, the step, the process and the micro-batch determine what dropout drops. Raises `TrainingError` if
        memory does not suffice.
        """
        processes = self._processes
        (num_targets,) = processes.sums(sum(batch.num_targets for batch in batches))
        loss_sum = 0.0
        with _memory_explained(self._configuration):
            for index, batch in enumerate(batches):
                is_last = index == len(batches) - 1
                with nullcontext() if is_last else self._without_reduction(), self._seeded_dropout(step, index):
                    loss = self._loss(batch)
                    # Processes average their gradients, but the mean is over all targets.
                    (loss * (processes.size / num_targets)).backward()
                loss_sum += float(loss.detach())
        (loss_sum,) = processes.sums(loss_sum)
        norm = torch.nn.utils.clip_grad_norm_(self._model.parameters(), self._configuration.gradient_clip)
        return StepResult(loss_sum, int(num_targets), float(norm))

    @contextmanager
    def _seeded_dropout(self, step: int, index: int) -> Iterator[None]:
        """Seed dropout by these numbers; does nothing for a model without dropout."""
        if not self._model.configuration.dropout:
            yield
            return
        device = self._processes.device
        seed = np.random.SeedSequence((self._configuration.seed, step, self._processes.rank, index))
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(int(seed.generate_state(1, np.uint64)[0]))
            yield

    def _without_reduction(self) -> AbstractContextManager[None]:
        """Accumulate gradients in this process only."""
        parallel: Any = self._loss
        return parallel.no_sync() if isinstance(parallel, DistributedDataParallel) else nullcontext()


@contextmanager
def _memory_explained(configuration: TrainingConfiguration) -> Iterator[None]:
    try:
        yield
    except RuntimeError as error:
        if not isinstance(error, torch.OutOfMemoryError) and "allocate memory" not in str(error):
            raise
        size = configuration.micro_batch_size or configuration.batch_size
        raise TrainingError(
            f"there is not enough memory for {size} rows at once: set micro_batch_size to {max(1, size // 2)} or less"
            f"{'' if configuration.activation_checkpointing else ', or activation_checkpointing'}, and continue from "
            "the last checkpoint with --resume auto"
        ) from error
