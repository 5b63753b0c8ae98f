"""One update of the weights: the gradients of a batch, over micro-batches and processes, and what they say.

The loss of a step is the mean over all targets of its batch, so how the batch is divided among micro-batches and
processes changes nothing but the last digits, and what a model with dropout drops.
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
    """What an update saw: the summed loss in nats, its targets, and the norm of the gradient before clipping."""

    loss_sum: float
    num_targets: int
    gradient_norm: float


class _Loss(nn.Module):
    """A model that gives the loss of a batch: what is run in parallel is the whole of it."""

    def __init__(self, model: GPT, masks_packed: Tensor | None, dtype: torch.dtype) -> None:
        super().__init__()
        self.model = model
        self._masks_packed, self._dtype = masks_packed, dtype

    def forward(self, rows: Rows) -> Tensor:
        """The summed loss in nats."""
        return batch_loss(self.model, rows, self._masks_packed, self._dtype)


class Stepper:
    """Computes the gradients of batches, this process's share of them."""

    def __init__(
        self, model: GPT, masks_packed: Tensor | None, configuration: TrainingConfiguration, processes: Processes
    ) -> None:
        self._model = model
        self._configuration, self._processes = configuration, processes
        loss = _Loss(model, masks_packed, DTYPES[configuration.dtype])
        self._loss: nn.Module = loss if processes.size == 1 else DistributedDataParallel(loss)

    def gradients(self, batches: Sequence[Rows], step: int) -> StepResult:
        """Put the clipped gradient of the mean loss over micro-batches into the model's parameters.

        What a model drops is drawn from the seed, the step, the process and the micro-batch. Raises `TrainingError`
        where memory does not suffice.
        """
        processes = self._processes
        (num_targets,) = processes.sums(sum(batch.num_targets for batch in batches))
        loss_sum = 0.0
        with _memory_explained(self._configuration):
            for index, batch in enumerate(batches):
                is_last = index == len(batches) - 1
                with nullcontext() if is_last else self._without_exchange(), self._drawing(step, index):
                    loss = self._loss(batch)
                    # Processes average their gradients, but the mean is taken over all targets.
                    (loss * (processes.size / num_targets)).backward()
                loss_sum += float(loss.detach())
        (loss_sum,) = processes.sums(loss_sum)
        norm = torch.nn.utils.clip_grad_norm_(self._model.parameters(), self._configuration.gradient_clip)
        return StepResult(loss_sum, int(num_targets), float(norm))

    @contextmanager
    def _drawing(self, step: int, index: int) -> Iterator[None]:
        """While what is dropped is a function of these numbers; nothing where the model drops nothing."""
        if not self._model.configuration.dropout:
            yield
            return
        device = self._processes.device
        seed = np.random.SeedSequence((self._configuration.seed, step, self._processes.rank, index))
        with torch.random.fork_rng([device] if device.type == "cuda" else []):
            torch.manual_seed(int(seed.generate_state(1, np.uint64)[0]))
            yield

    def _without_exchange(self) -> AbstractContextManager[None]:
        """While gradients only add up in this process."""
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
            f"memory does not suffice for {size} rows at once: set micro_batch_size to {max(1, size // 2)} or less"
            f"{'' if configuration.activation_checkpointing else ', or activation_checkpointing'}, and go on from the "
            "last checkpoint with --resume auto"
        ) from error
