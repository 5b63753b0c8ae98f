"""The `.pt` format: all windows of prepared data as tensors, for training with other programs.

    DATA/train.pt, DATA/val.pt   one tensor each, int64 [N, context_size + 1]: a window's position token, then its
                                 tokens, padded with pad_id
    DATA/metadata.json           context_size, stride, total_workflows, vocab_size, pad_id; written last
    DATA/tokenizer.json          the tokenizer
    DATA/prepared/               the prepared data that the windows are cut from, for SchemaLM's own training loop

The files contain the records that `torch.save` writes for such a tensor, so `torch.load` reads them with `weights_only`
and with `mmap`. They are written as a stream, since overlapping windows take many times the memory of their tokens.
Equal data gives equal bytes.
"""

from __future__ import annotations

import json
import pickle
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO
from zipfile import ZipFile, ZipInfo

import numpy as np
import torch
from torch import Tensor

from schemalm.dataset.store import (
    METADATA_FILE,
    PREPARED,
    TOKENIZER_FILE,
    Metadata,
    Split,
    read_metadata,
    refuse_data_set,
)
from schemalm.dataset.windows import training_windows
from schemalm.errors import DataError
from schemalm.files.typed_json import CheckedFile, Count
from schemalm.files.writing import opened_atomically, remove_partial, write_atomically

_IDS = np.dtype("<i8")
# The number of ids in memory at once.
_IDS_AT_ONCE = 1 << 19
_TOP = "archive"
_FORMAT_VERSION = b"3\n"
# `torch.load` maps storages that start at a multiple of this; a zip header field that readers ignore fills the gap.
_ALIGNMENT = 64
_PADDING_FIELD = b"FB"
_LOCAL_HEADER_BYTES, _ZIP64_FIELD_BYTES, _FIELD_HEADER_BYTES = 30, 20, 4

# Called with the number of windows written.
Progress = Callable[[int], None]


@dataclass(frozen=True)
class PtMetadata:
    """The contents of `.pt` files: the size of the windows, the number of documents, and the ids."""

    context_size: Count
    stride: Count
    total_workflows: Count
    vocab_size: Count
    pad_id: Count


def write_pt(out: Path, progress: Progress = lambda num_windows: None) -> PtMetadata:
    """Write the windows of `out/prepared` as `.pt` files into `out`; memory does not grow with their number.

    Removes what a killed command left half-written. Raises `DataError` if `out/prepared` is not prepared data, and
    `OSError` with the path if a file cannot be written; no half-written file remains.
    """
    metadata = read_metadata(out / PREPARED)
    remove_partial(out)
    num_before = 0
    for name, counts in metadata.splits.items():
        shape = (counts.num_windows, metadata.context_size + 1)
        with opened_atomically(out / f"{name}.pt") as file:
            _write_tensor(file, shape, _rows(out / PREPARED, name, metadata, num_before, progress))
        num_before += counts.num_windows
    write_atomically(out / TOKENIZER_FILE, (out / PREPARED / TOKENIZER_FILE).read_bytes())
    written = _described(metadata)
    write_atomically(out / METADATA_FILE, json.dumps(asdict(written), indent=2).encode() + b"\n")
    return written


def _described(metadata: Metadata) -> PtMetadata:
    return PtMetadata(
        context_size=metadata.context_size,
        stride=metadata.stride,
        total_workflows=sum(split.num_documents for split in metadata.splits.values()),
        vocab_size=metadata.vocab_size,
        pad_id=metadata.pad_id,
    )


def _rows(prepared: Path, name: str, metadata: Metadata, num_before: int, progress: Progress) -> Iterator[bytes]:
    """Yield the bytes of all rows of a split, in blocks."""
    windows = training_windows(Split(prepared, name, metadata))
    num_rows = max(1, _IDS_AT_ONCE // (metadata.context_size + 1))
    for begin in range(0, len(windows), num_rows):
        indices = np.arange(begin, min(begin + num_rows, len(windows)))
        yield windows.tokens(indices).astype(_IDS).tobytes()
        progress(num_before + int(indices[-1]) + 1)


def _write_tensor(file: BinaryIO, shape: tuple[int, int], content: Iterator[bytes]) -> None:
    """Write a tensor of 64-bit integers as `torch.save` does, streaming its content."""
    with ZipFile(file, "w") as archive:
        archive.writestr(ZipInfo(f"{_TOP}/data.pkl"), _pickled(shape))
        archive.writestr(ZipInfo(f"{_TOP}/byteorder"), b"little")
        archive.writestr(ZipInfo(f"{_TOP}/version"), _FORMAT_VERSION)
        storage = ZipInfo(f"{_TOP}/data/0")
        storage.extra = _padding(file.tell() + _LOCAL_HEADER_BYTES + len(storage.filename) + _ZIP64_FIELD_BYTES)
        with archive.open(storage, "w", force_zip64=True) as record:
            for part in content:
                record.write(part)


def _padding(position: int) -> bytes:
    """Return a zip header field that moves what follows `position` to a multiple of the alignment."""
    num_bytes = -(position + _FIELD_HEADER_BYTES) % _ALIGNMENT
    return _PADDING_FIELD + num_bytes.to_bytes(2, "little") + bytes(num_bytes)


class _Storage:
    """Represents a tensor's content, which has its own record."""


class _TensorOnDisk:
    """Pickles as a contiguous tensor of 64-bit integers."""

    def __init__(self, shape: tuple[int, int]) -> None:
        self._shape = shape

    def __reduce__(self) -> tuple[Any, ...]:
        hooks: dict[str, Any] = OrderedDict()
        return torch._utils._rebuild_tensor_v2, (_Storage(), 0, self._shape, (self._shape[1], 1), False, hooks)


def _pickled(shape: tuple[int, int]) -> bytes:
    """Return the pickle that describes the record data/0 as a tensor of this shape."""

    class Pickler(pickle.Pickler):
        def persistent_id(self, item: Any) -> Any:
            is_content = isinstance(item, _Storage)
            return ("storage", torch.LongStorage, "0", "cpu", shape[0] * shape[1]) if is_content else None

    content = BytesIO()
    Pickler(content, protocol=2).dump(_TensorOnDisk(shape))
    return content.getvalue()


def refuse_prepared(folder: Path) -> None:
    """Raise `DataError` if a folder itself is prepared data; `.pt` files must not be written into it."""
    if read_pt_metadata(folder) is None:
        refuse_data_set(folder)


def read_pt(path: Path) -> Tensor:
    """Return the rows of a `.pt` file [N, context_size + 1], memory-mapped.

    Raises `DataError` if the file is missing or contains something else.
    """
    try:
        rows = torch.load(path, weights_only=True, mmap=True)
    except FileNotFoundError:
        raise DataError(f"{path} is missing: `schemalm prepare --format pt` writes it") from None
    except (OSError, RuntimeError, ValueError, EOFError, pickle.UnpicklingError) as error:
        reason = str(error).strip().split("\n", 1)[0]
        raise DataError(f"{path} cannot be read as a .pt file ({reason}): write it again") from None
    if not isinstance(rows, Tensor) or rows.dtype != torch.int64 or rows.ndim != 2 or rows.shape[1] < 2:
        found = f"{rows.dtype} {tuple(rows.shape)}" if isinstance(rows, Tensor) else type(rows).__name__
        raise DataError(f"{path} contains {found}, expected one tensor of torch.int64 [N, context_size + 1]")
    return rows


def read_pt_metadata(folder: Path) -> PtMetadata | None:
    """Return what metadata.json says of the `.pt` files in a folder, or None if it does not describe such files."""
    file = CheckedFile(folder, METADATA_FILE, DataError, "write the files again")
    with suppress(DataError):
        return file.read(PtMetadata)
    return None
