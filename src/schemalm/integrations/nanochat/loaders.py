"""Loaders of `x, y` for plain training loops, over `.pt` files and prepared folders.

`x` is [batch, context_size], the position token first; `y` holds the token after each of `x`, -100 where a window is
filled up, which `cross_entropy` ignores. Both kinds of data give the same rows. Of the data only a batch is in memory.
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
    """The rows of a split by number; `gather` gives those of some numbers [B, context_size + 1]."""

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
        """What a model reads and what it is to predict, of some rows."""
        rows_BT = self._gather(numbers)
        x_BT, y_BT = rows_BT[:, :-1].contiguous(), rows_BT[:, 1:].contiguous()
        return x_BT, y_BT.masked_fill(y_BT == self._pad_id, IGNORED_TARGET)


class _Shuffled(Sampler[int]):
    """The order of each pass over rows: a function of the seed and of how many passes there were."""

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
    """The rows of a `.pt` file, or of a split of a folder with such files or with prepared data.

    Raises `DataError` where there is none, `ConfigurationError` for a split that there is not.
    """
    if split not in _SPLITS:
        raise ConfigurationError(f"split must be one of {', '.join(_SPLITS)}, got {split!r}")
    place = Path(path)
    if not place.exists():
        raise DataError(f"{place} does not exist: name a .pt file or a folder that `schemalm prepare` wrote")
    if place.is_file():
        return _pt_rows(place)
    if (place / f"{split}.pt").exists():
        return _pt_rows(place / f"{split}.pt")
    return _prepared_rows(place / PREPARED if (place / PREPARED / METADATA_FILE).exists() else place, split)


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
    """A loader of `x, y` over a `.pt` file, or over a split of a folder with such files or with prepared data.

    Each pass over it has every row once, the last batch what is left; equal seeds give equal orders, and each pass
    another one. context_size is checked against the data where it is given.
    Raises `DataError` for data that is missing or damaged, `ConfigurationError` for settings that do not fit it.
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
    """Two loaders: shuffled training rows, and validation rows in their order; see `create_dataloader`.

    A folder may be given for both: each takes its own split of it.
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
    """Endless batches of `x, y` on `device`: of each global batch this process has its own part.

    Which process this is, and of how many, is what torchrun says (RANK and WORLD_SIZE), or the process group that is
    open. All rows come once before any comes again; equal seeds give equal batches.
    Raises, when called, `DataError` for data that is missing or damaged, `ConfigurationError` for settings that do not
    fit it.
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
    """The number of this process and how many there are."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    rank, num_processes = os.environ.get("RANK", "0"), os.environ.get("WORLD_SIZE", "1")
    if not (rank.isdecimal() and num_processes.isdecimal() and int(rank) < int(num_processes)):
        raise ConfigurationError(f"RANK {rank!r} and WORLD_SIZE {num_processes!r} must be those that torchrun sets")
    return int(rank), int(num_processes)
