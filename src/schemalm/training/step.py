"""One update of the weights: the gradients of a batch, over micro-batches and processes, and what they say.

The loss of a step is the mean over all targets of its batch, so how the batch is divided among micro-batches and
processes changes nothing but the last digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel

from schemalm.dataset.echo import Int64Array
from schemalm.dataset.windows import IGNORED_TARGET, Batch, Windows
from schemalm.errors import ConfigurationError, TrainingError
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

    def forward(self, batch: Batch) -> Tensor:
        """The summed loss in nats."""
        return batch_loss(self.model, batch, self._masks_packed, self._dtype)[0]


class Stepper:
    """Computes the gradients of batches of windows, this process's share of them."""

    def __init__(
        self,
        model: GPT,
        windows: Windows,
        masks_packed: Tensor | None,
        configuration: TrainingConfiguration,
        processes: Processes,
    ) -> None:
        if configuration.batch_size < processes.size:
            raise ConfigurationError(
                f"batch_size {configuration.batch_size} is less than one window for each of {processes.size} processes"
            )
        self._model, self._windows = model, windows
        self._configuration, self._processes = configuration, processes
        loss = _Loss(model, masks_packed, DTYPES[configuration.dtype])
        self._loss: nn.Module = loss if processes.size == 1 else DistributedDataParallel(loss)

    def gradients(self, indices: Int64Array) -> StepResult:
        """Put the clipped gradient of the mean loss over the windows `indices` into the model's parameters.

        Raises `TrainingError` where memory does not suffice.
        """
        processes = self._processes
        batches = [self._windows.rows(rows) for rows in self._micro_batches(indices)]
        (num_targets,) = processes.sums(sum(int((batch.targets_BT != IGNORED_TARGET).sum()) for batch in batches))
        loss_sum = 0.0
        with _memory_explained(self._configuration):
            for batch in batches:
                with nullcontext() if batch is batches[-1] else self._without_exchange():
                    loss = self._loss(batch)
                    # Processes average their gradients, but the mean is taken over all targets.
                    (loss * (processes.size / num_targets)).backward()
                loss_sum += float(loss.detach())
        (loss_sum,) = processes.sums(loss_sum)
        norm = torch.nn.utils.clip_grad_norm_(self._model.parameters(), self._configuration.gradient_clip)
        return StepResult(loss_sum, int(num_targets), float(norm))

    def documents(self, indices: Int64Array) -> list[int]:
        """The documents that windows are of, over all processes."""
        documents: list[int] = self._windows.rows(indices).documents_B.tolist()
        return documents

    def _micro_batches(self, indices: Int64Array) -> list[Int64Array]:
        share = indices[self._processes.rank :: self._processes.size]
        size = self._configuration.micro_batch_size or len(share)
        return [share[start : start + size] for start in range(0, len(share), size)]

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
            f"memory does not suffice for {size} windows at once: set micro_batch_size to {max(1, size // 2)} or less"
            f"{'' if configuration.activation_checkpointing else ', or activation_checkpointing'}, and go on from the "
            "last checkpoint with --resume auto"
        ) from error
