"""The loader: endless training batches of a split's rows, in an order that only the seed and the epoch determine.

Batches do not depend on the number of processes: process r of n takes rows r, r + n, r + 2n, ... of each. Two integers
are enough to resume at the exact next batch. A batch that reaches the end of an epoch is completed from the next epoch,
so all batches have the same size.

A row is one window (`packing = "windows"`) or several (`"documents"`, see packing.py). Data stays in compressed,
memory-mapped files, which processes share. For a GPU, a thread prepares the next batch in pinned memory during the
current step; this has not been run on a GPU.

Tensor names: B rows, T context, W windows, E echoes, R recalls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, fields, replace
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from schemalm.dataset.echo import Int64Array
from schemalm.dataset.packing import PACKINGS, PackedOrder, Packer, random_bits
from schemalm.dataset.windows import Windows
from schemalm.errors import ConfigurationError, DataError
from schemalm.model.inputs import IGNORED_TARGET

CPU = torch.device("cpu")


@dataclass(frozen=True)
class Rows:
    """Rows for a model, which reads `inputs_BT` and predicts `targets_BT`; targets of -100 are ignored.

    `nonterminals_BT` and `states_BT2` are what the grammar expects before each target; they are None for data without a
    grammar. `echoes_BTE` and `recalls_BTR2` are the results of the n-gram look-ups before each target, in the document
    and in others; the latter are None for data without recall. `positions_BT` counts the positions of each window in a
    packed row from 0; it is None if each row is one window. `num_targets` counts the targets that are not ignored.
    """

    inputs_BT: Tensor
    targets_BT: Tensor
    nonterminals_BT: Tensor | None
    states_BT2: Tensor | None
    echoes_BTE: Tensor
    recalls_BTR2: Tensor | None
    positions_BT: Tensor | None
    num_targets: int

    def to(self, device: torch.device) -> Rows:
        """Return the rows on a device, without waiting for the copy from pinned memory."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=True))

    def pinned(self) -> Rows:
        """Return the rows in pinned memory, which a GPU can read directly."""
        return self._each(lambda tensor: tensor.pin_memory())

    def _each(self, change: Callable[[Tensor], Tensor]) -> Rows:
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        changed: dict[str, Any] = {name: change(value) for name, value in found.items() if isinstance(value, Tensor)}
        return replace(self, **changed)


def read_rows(windows: Windows, rows: Sequence[Int64Array], packing: str) -> Rows:
    """Return rows with the given windows: one row per window, or packed rows."""
    indices_W = np.concatenate(rows)
    batch, packer = windows.rows(indices_W), None
    if packing == "documents":
        packer = Packer(windows.lengths(indices_W), np.array([len(row) for row in rows]), windows.context_size)

    def tensor(array: Int64Array, padding: int = 0) -> Tensor:
        return torch.from_numpy(array if packer is None else packer.pack(array, padding))

    return Rows(
        inputs_BT=tensor(batch.tokens_BT[:, :-1], windows.pad_id),
        targets_BT=tensor(batch.targets_BT, IGNORED_TARGET),
        nonterminals_BT=None if batch.nonterminals_BT is None else tensor(batch.nonterminals_BT),
        states_BT2=None if batch.states_BT2 is None else tensor(batch.states_BT2),
        echoes_BTE=tensor(batch.echoes_BTE),
        recalls_BTR2=None if batch.recalls_BTR2 is None else tensor(batch.recalls_BTR2),
        positions_BT=None if packer is None else torch.from_numpy(packer.positions_BT),
        num_targets=int((batch.targets_BT != IGNORED_TARGET).sum()),
    )


class Order(Protocol):
    """The assignment of windows to the rows of an epoch."""

    num_rows: int

    def rows(self, epoch: int, begin: int, end: int) -> Sequence[Int64Array]:
        """Return the windows in each of the rows from `begin` to `end`."""


class WindowOrder:
    """One window per row, reshuffled in each epoch."""

    def __init__(self, num_windows: int, seed: int) -> None:
        self.num_rows = num_windows
        self._seed, self._epoch = seed, -1

    def rows(self, epoch: int, begin: int, end: int) -> Sequence[Int64Array]:
        """Return one window for each row."""
        if epoch != self._epoch:
            self._windows = np.argsort(random_bits(self.num_rows, self._seed, epoch), kind="stable")
            self._epoch = epoch
        return [self._windows[row : row + 1] for row in range(begin, end)]


def order_of(windows: Windows, packing: str, seed: int) -> Order:
    """Return the order for a packing; raises `DataError` if there are no windows."""
    if packing not in PACKINGS:
        raise ConfigurationError(f"packing must be one of {', '.join(PACKINGS)}, got {packing!r}")
    if not len(windows):
        raise DataError("there are no windows to read: the split has no documents")
    if packing == "documents":
        return PackedOrder(windows.all_lengths(), windows.context_size, seed)
    return WindowOrder(len(windows), seed)


def batches_once(windows: Windows, batch_size: int, packing: str) -> Iterator[Sequence[Int64Array]]:
    """Yield all windows once, as the windows of each row, in batches of `batch_size` rows; the last may be smaller.

    The targets of a batch's rows, one row after another, are those of its windows, one window after another.
    """
    order = order_of(windows, packing, seed=0)
    for begin in range(0, order.num_rows, batch_size):
        yield order.rows(0, begin, min(begin + batch_size, order.num_rows))


def rows_once(windows: Windows, batch_size: int, packing: str, device: torch.device = CPU) -> Iterator[Rows]:
    """Yield the rows of `batches_once`."""
    for rows in batches_once(windows, batch_size, packing):
        yield read_rows(windows, rows, packing).to(device)


@dataclass(frozen=True)
class LoaderState:
    """The position of a loader: `position` rows of `epoch` have been read."""

    epoch: int = 0
    position: int = 0


@dataclass(frozen=True)
class _LoadedBatch:
    """A process's share of a batch as micro-batches, the windows of the whole batch, and the state after it."""

    batches: list[Rows]
    windows_W: Int64Array
    state: LoaderState


class Loader:
    """An endless iterator over batches; each is a list of micro-batches: this process's share of `batch_size` rows.

    `micro_batch_size` is the most rows in a micro-batch; None puts the whole share into one. `state` is the state after
    the last batch returned. Raises `DataError` if there are no windows or `state` is beyond the end of the epoch, and
    `ConfigurationError` if a batch has fewer rows than there are processes.
    """

    def __init__(
        self,
        windows: Windows,
        batch_size: int,
        *,
        seed: int = 0,
        packing: str = "windows",
        state: LoaderState = LoaderState(),
        rank: int = 0,
        num_processes: int = 1,
        micro_batch_size: int | None = None,
        device: torch.device = CPU,
    ) -> None:
        if batch_size < num_processes:
            raise ConfigurationError(
                f"batch_size {batch_size} is less than one row for each of {num_processes} processes"
            )
        self._windows, self._batch_size, self._packing = windows, batch_size, packing
        self._order = order_of(windows, packing, seed)
        self._rank, self._num_processes = rank, num_processes
        self._micro_batch_size = micro_batch_size or batch_size
        self._device = device
        if not 0 <= state.position < self._order.num_rows:
            raise DataError(
                f"row {state.position:,} of an epoch is to be read next, but this data has {self._order.num_rows:,}"
            )
        self.state = state
        self._last: _LoadedBatch | None = None
        self._thread = None if device.type == "cpu" else ThreadPoolExecutor(1)
        self._next: Future[_LoadedBatch] | None = None

    def __iter__(self) -> Iterator[list[Rows]]:
        return self

    def __next__(self) -> list[Rows]:
        """Return the next batch."""
        self._last = loaded = self._load(self.state) if self._thread is None else self._loaded(self._thread)
        self.state = loaded.state
        return [rows.to(self._device) for rows in loaded.batches]

    def documents(self) -> list[int]:
        """Return the documents whose windows were in the last batch, over all processes."""
        return [] if self._last is None else self._windows.documents_of(self._last.windows_W).tolist()

    def close(self) -> None:
        """Stop the thread, if there is one."""
        if self._thread is not None:
            self._thread.shutdown(cancel_futures=True)

    def _loaded(self, thread: ThreadPoolExecutor) -> _LoadedBatch:
        """Return the batch that the thread has loaded, and let it load the next one."""
        loaded = (self._next or thread.submit(self._load, self.state)).result()
        self._next = thread.submit(self._load, loaded.state)
        return loaded

    def _load(self, state: LoaderState) -> _LoadedBatch:
        rows, after = self._drawn(state)
        share, size = rows[self._rank :: self._num_processes], self._micro_batch_size
        batches = [
            read_rows(self._windows, share[begin : begin + size], self._packing) for begin in range(0, len(share), size)
        ]
        if self._device.type == "cuda":
            batches = [batch.pinned() for batch in batches]
        return _LoadedBatch(batches, np.concatenate(rows), after)

    def _drawn(self, state: LoaderState) -> tuple[list[Int64Array], LoaderState]:
        """Return the windows of the next batch's rows, and the state after it."""
        rows: list[Int64Array] = []
        while len(rows) < self._batch_size:
            end = min(state.position + self._batch_size - len(rows), self._order.num_rows)
            rows += self._order.rows(state.epoch, state.position, end)
            state = LoaderState(state.epoch, end)
            if end == self._order.num_rows:
                state = LoaderState(state.epoch + 1, 0)
        return rows, state
