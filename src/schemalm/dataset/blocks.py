"""Stores token ids in compressed blocks, so that one document can be read without the others.

    blocks.zst   consecutive zstd frames: each contains the tokens of some whole documents, then their states, and a
                 checksum, so that a changed byte is detected whenever the block is read
    blocks.bin   int64 [num_blocks + 1, 2]: the first document of each block and the start of its frame; then the ends

Documents of one source are neighbours and resemble each other, and a state predicts much of its token: 4 bytes a token
uncompressed shrink to 0.7, measured on real workflows. The document that fills a block is its last one, so a document
is never divided. Reading needs memory for one block: one long document, or a few thousand tokens of short ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import zstandard
from numpy.typing import NDArray

from schemalm.errors import DataError

FRAMES_FILE, INDEX_FILE = "blocks.zst", "blocks.bin"
# Larger blocks are smaller on disk, but reading one document takes longer.
TOKENS_AT_ONCE = 1 << 12
# Higher levels take much longer and save a few per cent.
_LEVEL = 3

Ids = NDArray[Any]


class BlockBuilder:
    """Collects documents until they fill a block."""

    def __init__(self) -> None:
        self._compressor = zstandard.ZstdCompressor(_LEVEL, write_checksum=True)
        self._documents: list[Sequence[Ids]] = []
        self._num_tokens = 0

    @property
    def num_documents(self) -> int:
        """The number of documents collected."""
        return len(self._documents)

    @property
    def is_full(self) -> bool:
        """Whether the collected documents fill a block."""
        return self._num_tokens >= TOKENS_AT_ONCE

    def add(self, ids: Sequence[Ids]) -> None:
        """Add a document: its tokens and, with a grammar, its states."""
        self._documents.append(ids)
        self._num_tokens += len(ids[0])

    def build(self) -> bytes:
        """Return the frame of the collected documents, and start the next block."""
        content = b"".join(part.tobytes() for stream in zip(*self._documents, strict=True) for part in stream)
        self._documents, self._num_tokens = [], 0
        return self._compressor.compress(content)


class BlockReader:
    """Reads documents from the blocks of a split, and keeps the last block in memory."""

    def __init__(
        self, folder: Path, frames: NDArray[np.uint8], index: NDArray[np.int64], offsets: NDArray[np.int64]
    ) -> None:
        """frames, index: the contents of the files; offsets: the start of each document [num_documents + 1]."""
        self._path = folder / FRAMES_FILE
        self._frames, self._index, self._offsets = frames, index, offsets
        self._decompressor = zstandard.ZstdDecompressor()
        self._block = -1
        self._ids: list[Ids] = []

    def read(self, document: int, dtypes: Sequence[str]) -> list[Ids]:
        """Return a document's tokens and, with a grammar, its states; raises `DataError` if the block is damaged."""
        block = int(np.searchsorted(self._index[:-1, 0], document, side="right")) - 1
        first, end = self._index[block, 0], self._index[block + 1, 0]
        if block != self._block:
            self._ids = self._unpacked(block, int(self._offsets[end] - self._offsets[first]), dtypes)
            self._block = block
        begin, stop = self._offsets[[document, document + 1]] - self._offsets[first]
        return [ids[begin:stop] for ids in self._ids]

    def _unpacked(self, block: int, num_tokens: int, dtypes: Sequence[str]) -> list[Ids]:
        frame = self._frames[self._index[block, 1] : self._index[block + 1, 1]].tobytes()
        sizes = [num_tokens * np.dtype(dtype).itemsize for dtype in dtypes]
        try:
            if (found := zstandard.frame_content_size(frame)) != sum(sizes):
                raise zstandard.ZstdError(f"it has {found} bytes, expected {sum(sizes)} for its tokens and states")
            content = self._decompressor.decompress(frame)
        except zstandard.ZstdError as error:
            raise DataError(f"{self._path} is damaged, block {block}: {error}; prepare the data again") from None
        starts = np.cumsum([0, *sizes[:-1]]).tolist()
        return [np.frombuffer(content, dtype, num_tokens, start) for dtype, start in zip(dtypes, starts, strict=True)]
