"""The processes of a run: this one alone, or those that torchrun started.

Processes communicate through gloo on CPUs and through NCCL on GPUs, one GPU per process. The first process writes; all
of them read the same folders.
"""

from __future__ import annotations

import gc
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import torch
from torch import distributed

from schemalm.errors import SchemaLMError, TrainingError
from schemalm.training.interruption import Interruption
from schemalm.training.launch import num_processes

_FAILED = -2
# Errors of gloo and NCCL if another process is gone.
_LOST = re.compile("gloo|nccl|connection|socket", re.IGNORECASE)


@dataclass(frozen=True)
class Processes:
    """The rank of this process among `size`, its device, and the signals received."""

    device: torch.device
    rank: int = 0
    size: int = 1
    interruption: Interruption = field(default_factory=Interruption)

    @property
    def is_first(self) -> bool:
        """Whether this is the process that writes."""
        return self.rank == 0

    @property
    def are_interrupted(self) -> bool:
        """Whether the run must end; the same in all processes, since it changes only in `sums`."""
        interruption = self.interruption
        return interruption.is_agreed if self.size > 1 else interruption.number is not None

    def sums(self, *numbers: float) -> list[float]:
        """Return each number summed over all processes; they also agree on whether one of them received a signal."""
        if self.size == 1:
            return list(numbers)
        is_asked = self.interruption.number is not None
        tensor = torch.tensor([*numbers, is_asked], dtype=torch.float64, device=self.device)
        distributed.all_reduce(tensor)
        *totals, num_asked = tensor.tolist()
        if num_asked:
            self.interruption.agree()
        return totals

    def wait(self) -> None:
        """Wait for all processes."""
        self.sums(0.0)

    def decided_by_first(self, decide: Callable[[], int]) -> int:
        """Return the result of `decide` (-1 or more) on the first process; if it raises, all processes raise."""
        if self.size == 1:
            return decide()
        answer, error = 0, None
        if self.is_first:
            try:
                answer = decide()
            except SchemaLMError as failure:
                answer, error = _FAILED, failure
        (answer,) = map(int, self.sums(answer))
        if error is not None:
            raise error
        if answer == _FAILED:
            raise TrainingError("the first process failed; its message says why")
        return answer


@contextmanager
def joined_processes(device: str, interruption: Interruption) -> Iterator[Processes]:
    """Join the processes that torchrun started, or yield this process alone.

    Raises `TrainingError` if there are more processes than GPUs on a machine, or if another process ends early.
    """
    size = num_processes()
    if size == 1 or distributed.is_initialized():
        yield Processes(torch.device(device), interruption=interruption)
        return
    rank, own = int(os.environ["RANK"]), torch.device(device)
    if own.type == "cuda":
        own = torch.device("cuda", _own_gpu(int(os.environ["LOCAL_RANK"])))
        torch.cuda.set_device(own)
    distributed.init_process_group("nccl" if own.type == "cuda" else "gloo")
    try:
        yield Processes(own, rank, size, interruption)
    except (RuntimeError, distributed.DistError) as error:
        if not _LOST.search(str(error)):
            raise
        raise TrainingError(
            f"process {rank} of {size} lost the others, one of which has ended: run the same command with "
            "--resume auto to continue from the last checkpoint"
        ) from error
    # Everything that refers to the group must be freed before it: freed later, it would wait for the group's threads
    # while they wait for Python. After an error the process ends together with the group.
    gc.collect()
    distributed.destroy_process_group()


def _own_gpu(local_rank: int) -> int:
    if local_rank >= torch.cuda.device_count():
        raise TrainingError(
            f"torchrun started more processes here than there are GPUs ({torch.cuda.device_count()}): "
            "lower --nproc-per-node"
        )
    return local_rank
