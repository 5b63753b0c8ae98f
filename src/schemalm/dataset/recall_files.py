"""The tables of recall as files: written once, and memory-mapped, so that processes share them.

A file has the keys of all entries, uint64, then their tokens, uint16 or uint32 as in the data, then their certainties,
uint8. Numbers are little-endian. Whoever opens a file checks that the keys rise and the rest is in range.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO, Final

import numpy as np

from schemalm.dataset.recall import NUM_CERTAINTIES, NUM_FOLDS, RecallTable
from schemalm.files.writing import named_errors

# The table of all training documents, and those without the sources of one fold.
RECALL_FILE: Final = "recall.bin"
RECALL_FILES: Final = (RECALL_FILE, *(f"recall-{fold}.bin" for fold in range(1, NUM_FOLDS + 1)))
MAX_RECALL_MEGABYTES: Final = 1024
_KEY, _CERTAINTY = np.dtype("<u8"), np.dtype("u1")


def entries_in(megabytes: float, token_dtype: str) -> int:
    """Return how many entries a file of this size has."""
    return int(megabytes * 1e6) // _entry_bytes(token_dtype)


def write_recall_table(path: Path, table: RecallTable, token_dtype: str) -> None:
    """Write a table, and flush it to disk; raises `OSError` with the path."""
    columns = (table.keys.astype(_KEY), table.tokens.astype(token_dtype), table.certainties.astype(_CERTAINTY))
    with named_errors(path), path.open("wb") as file:
        file.writelines(column.tobytes() for column in columns)
        file.flush()
        os.fsync(file.fileno())


def map_recall_table(file: BinaryIO, token_dtype: str, vocab_size: int) -> RecallTable:
    """Return the table in an open file; raises `ValueError` that says what is wrong with it."""
    size, entry_bytes = os.fstat(file.fileno()).st_size, _entry_bytes(token_dtype)
    if size % entry_bytes:
        raise ValueError(f"it has {size} bytes, expected a multiple of {entry_bytes}")
    if not size:
        return RecallTable(np.empty(0, _KEY), np.empty(0, token_dtype), np.empty(0, _CERTAINTY))
    # A plain array, since slices of a memmap are expensive; it keeps the map open.
    content, num_entries = np.asarray(np.memmap(file, np.uint8, "r")), size // entry_bytes
    tokens_end = num_entries * (entry_bytes - _CERTAINTY.itemsize)
    keys = content[: num_entries * _KEY.itemsize].view(_KEY)
    tokens = content[num_entries * _KEY.itemsize : tokens_end].view(token_dtype)
    certainties = content[tokens_end:]
    if (keys[1:] <= keys[:-1]).any():
        raise ValueError("its keys must rise")
    if tokens.max() >= vocab_size:
        raise ValueError(f"it has the token {tokens.max()}, expected tokens below {vocab_size}")
    if certainties.max() >= NUM_CERTAINTIES:
        raise ValueError(f"it has the certainty {certainties.max()}, expected less than {NUM_CERTAINTIES}")
    return RecallTable(keys, tokens, certainties)


def _entry_bytes(token_dtype: str) -> int:
    return _KEY.itemsize + np.dtype(token_dtype).itemsize + _CERTAINTY.itemsize
