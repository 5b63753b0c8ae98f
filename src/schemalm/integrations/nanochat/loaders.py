"""Loaders of `x, y` for plain training loops, over `.pt` files and prepared folders.

`x` is [batch, context_size] and starts with the position token. `y` contains the token after each token of `x`, or
-100 for padding, which `cross_entropy` ignores. Both kinds of data give the same rows. Only one batch is in memory.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from itertools import count, islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, distributed
from torch.utils.data import DataLoader, Dataset, Sampler

from schemalm.bounds import check_number
from schemalm.dataset.loader import WindowOrder
from schemalm.dataset.pt import read_pt, read_pt_metadata
from schemalm.dataset.store import METADATA_FILE, PREPARED, Split, read_metadata
from schemalm.dataset.windows import training_windows
from schemalm.errors import ConfigurationError, DataError
from schemalm.machine.vocabulary import PAD_ID
from schemalm.model.inputs import IGNORED_TARGET

Batch = tuple[Tensor, Tensor]
Gather = Callable[[Sequence[int]], Tensor]
_SPLITS = ("train", "val")


class Rows(Dataset[Batch]):
    """The rows of a split by index; `gather` returns the rows of some indices [B, context_size + 1]."""

    def __init__(self, num_rows: int, context_size: int, pad_id: int, gather: Gather) -> None:
        self.context_size = context_size
        self._num_rows, self._pad_id, self._gather = num_rows, pad_id, gather

    def __len__(self) -> int:
        return self._num_rows

    def __getitem__(self, number: int) -> Batch:
        x_BT, y_BT = self.batch([number])
        return x_BT[0], y_BT[0]

    def __getitems__(self, numbers: list[int]) -> Batch:
        return self.batch(numbers)

    def batch(self, numbers: Sequence[int]) -> Batch:
        """Return the inputs and the targets of some rows, both [B, context_size]."""
        rows_BT = self._gather(numbers)
        x_BT, y_BT = rows_BT[:, :-1].contiguous(), rows_BT[:, 1:].contiguous()
        return x_BT, y_BT.masked_fill(y_BT == self._pad_id, IGNORED_TARGET)


class _Shuffled(Sampler[int]):
    """A random order of the rows for each pass, which depends on the seed and the number of the pass."""

    def __init__(self, num_rows: int, seed: int) -> None:
        self._order = WindowOrder(num_rows, seed)
        self._num_passes = 0

    def __len__(self) -> int:
        return self._order.num_rows

    def __iter__(self) -> Iterator[int]:
        epoch = self._num_passes
        self._num_passes += 1
        return (int(self._order.rows(epoch, row, row + 1)[0][0]) for row in range(len(self)))


def read_rows(path: str | Path, split: str) -> Rows:
    """Return the rows of a `.pt` file, or of a split of a folder with such files or with prepared data.

    Raises `DataError` if there is no such data, `ConfigurationError` for an unknown split.
    """
    if split not in _SPLITS:
        raise ConfigurationError(f"split must be one of {', '.join(_SPLITS)}, got {split!r}")
    path = Path(path)
    if not path.exists():
        raise DataError(f"{path} does not exist: name a .pt file or a folder that `schemalm prepare` wrote")
    if path.is_file():
        return _pt_rows(path)
    if (path / f"{split}.pt").exists():
        return _pt_rows(path / f"{split}.pt")
    return _prepared_rows(path / PREPARED if (path / PREPARED / METADATA_FILE).exists() else path, split)


def _pt_rows(file: Path) -> Rows:
    rows, described = read_pt(file), read_pt_metadata(file.parent)
    pad_id = PAD_ID if described is None else described.pad_id
    return Rows(len(rows), rows.shape[1] - 1, pad_id, lambda numbers: rows[torch.tensor(numbers)])


def _prepared_rows(folder: Path, split: str) -> Rows:
    metadata = read_metadata(folder)
    windows = training_windows(Split(folder, split, metadata))

    def gather(numbers: Sequence[int]) -> Tensor:
        return torch.from_numpy(windows.tokens(np.array(numbers)))

    return Rows(len(windows), metadata.context_size, metadata.pad_id, gather)


def create_dataloader(
    path: str | Path,
    batch_size: int,
    *,
    shuffle: bool = True,
    seed: int = 0,
    split: str = "train",
    context_size: int | None = None,
) -> DataLoader[Batch]:
    """Return a loader of `x, y` over a `.pt` file, or over a split of a folder with such files or with prepared data.

    Each pass contains every row once; the last batch may be smaller. The order depends on the seed and differs between
    passes.

    context_size: checked against the data if it is given.
    Raises `DataError` for missing or damaged data, `ConfigurationError` for settings that do not match it.
    """
    check_number("batch_size", batch_size, 1, is_whole=True)
    rows = read_rows(path, split)
    _check(path, rows, context_size)
    sampler = _Shuffled(len(rows), seed) if shuffle else None
    return DataLoader(rows, batch_size, sampler=sampler, collate_fn=_as_gathered)


def _as_gathered(batch: Any) -> Any:
    return batch


def create_train_val_loaders(
    train_path: str | Path,
    val_path: str | Path,
    batch_size: int,
    *,
    seed: int = 0,
    context_size: int | None = None,
) -> tuple[DataLoader[Batch], DataLoader[Batch]]:
    """Return two loaders: of shuffled training rows, and of validation rows in order; see `create_dataloader`.

    Both paths may be the same folder: each loader then takes its own split.
    """
    return (
        create_dataloader(train_path, batch_size, seed=seed, split="train", context_size=context_size),
        create_dataloader(val_path, batch_size, shuffle=False, split="val", context_size=context_size),
    )


def tokenizing_distributed_data_loader(
    device_batch_size: int,
    context_size: int,
    split: str,
    data_dir: str | Path,
    *,
    seed: int = 0,
    device: str | torch.device = "cpu",
) -> Iterator[Batch]:
    """Return endless batches of `x, y` on `device`; each process gets its own part of each global batch.

    The rank and the number of processes come from the open process group, or from torchrun (RANK and WORLD_SIZE).
    Every row occurs once before any row repeats; equal seeds give equal batches.
    Raises `DataError` for missing or damaged data, and `ConfigurationError` for settings that do not match it, both
    immediately when called.
    """
    check_number("device_batch_size", device_batch_size, 1, is_whole=True)
    rows = read_rows(data_dir, split)
    _check(data_dir, rows, context_size)
    rank, num_processes = _process()
    shuffled = _Shuffled(len(rows), seed)
    own = islice((number for _ in count() for number in shuffled), rank, None, num_processes)
    return _endless(rows, own, device_batch_size, torch.device(device))


def _endless(rows: Rows, numbers: Iterator[int], batch_size: int, device: torch.device) -> Iterator[Batch]:
    is_pinned = device.type == "cuda"
    while True:
        x_BT, y_BT = rows.batch([*islice(numbers, batch_size)])
        if is_pinned:
            x_BT, y_BT = x_BT.pin_memory(), y_BT.pin_memory()
        yield x_BT.to(device, non_blocking=is_pinned), y_BT.to(device, non_blocking=is_pinned)


def _check(path: str | Path, rows: Rows, context_size: int | None) -> None:
    if not len(rows):
        raise DataError(f"{path} has no rows: prepare it from more documents")
    if context_size is not None and context_size != rows.context_size:
        raise ConfigurationError(
            f"context_size is {context_size}, but {path} has windows of {rows.context_size}: pass context_size="
            f"{rows.context_size}, or prepare the data with --context-size {context_size}"
        )


def _process() -> tuple[int, int]:
    """Return the rank of this process and the number of processes."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    rank, num_processes = os.environ.get("RANK", "0"), os.environ.get("WORLD_SIZE", "1")
    if not (rank.isdecimal() and num_processes.isdecimal() and int(rank) < int(num_processes)):
        raise ConfigurationError(f"RANK {rank!r} and WORLD_SIZE {num_processes!r} must be those that torchrun sets")
    return int(rank), int(num_processes)
