"""The processes of a run: this one alone, or those that torchrun started.

Processes talk through gloo on CPUs and through NCCL on GPUs, one GPU for each. The first one writes; all of them read
the same folders.
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
# What gloo and NCCL say where another process is gone.
_LOST = re.compile("gloo|nccl|connection|socket", re.IGNORECASE)


@dataclass(frozen=True)
class Processes:
    """Where this process stands among `size` of them, the device that it computes on, and what signals asked for."""

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
        """Whether the run has to end: what all processes know alike, for it changes with `sums` alone."""
        interruption = self.interruption
        return interruption.is_agreed if self.size > 1 else interruption.number is not None

    def sums(self, *numbers: float) -> list[float]:
        """Each number summed over all processes; with them all agree on whether one was asked to end."""
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
        """Return once every process is here."""
        self.sums(0.0)

    def as_first_decides(self, decide: Callable[[], int]) -> int:
        """What `decide` gives on the first process (-1 or more); where it raises, all processes raise."""
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
            raise TrainingError("the first process gave up; its message says why")
        return answer


@contextmanager
def joined_processes(device: str, interruption: Interruption) -> Iterator[Processes]:
    """The processes that torchrun started this one among, or this one alone.

    Raises `TrainingError` where there are more processes than GPUs on a machine, and where another process ends early.
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
            f"process {rank} of {size} lost the others, one of which has ended: start the same command with "
            "--resume auto to go on from the last checkpoint"
        ) from error
    # Whatever still refers to the group has to go before it: freed later, it would wait for the group's threads while
    # they wait for Python. After an error the process ends with the group.
    gc.collect()
    distributed.destroy_process_group()


def _own_gpu(local_rank: int) -> int:
    if local_rank >= torch.cuda.device_count():
        raise TrainingError(
            f"torchrun started more processes here than there are GPUs ({torch.cuda.device_count()}): "
            "lower --nproc-per-node"
        )
    return local_rank
