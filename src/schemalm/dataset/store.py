"""The token store: a prepared data folder, written as a stream and read through memory maps.

    DATA/metadata.json     sizes, counts and the sha256 of every other file; written last
    DATA/tokenizer.json
    DATA/masks.npy         uint8 [num_nonterminals, ceil(vocab_size / 8)], little-endian bits: the tokens admitted
    DATA/train/, DATA/val/
        tokens.bin         uint16 (uint32 where the vocabulary exceeds 65,536) [num_tokens]
        nonterminals.bin   uint32 [num_tokens]: the row of masks.npy in force before each token
        states.bin         uint32 [num_tokens, 2]: rows of the grammar-state embedding before each token
        echoes.bin         as tokens.bin, [num_tokens, 4]: what came next last time (see echo.py), before each token
        documents.npy      int64 [num_documents + 1]: where each document's tokens begin
        bytes.npy          int64 [num_documents]: bytes of each document's compact canonical JSON

Data without a grammar (a text tokenizer) has no masks, nonterminals and states. A folder without metadata.json is no
data set, so a preparation that was interrupted is never read. Opening checks sizes; `verify_files` checks contents.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import ArrayLike, NDArray

from schemalm.dataset.echo import ORDERS, Int64Array, echoes
from schemalm.dataset.windows import count_windows
from schemalm.errors import DataError
from schemalm.files import named_errors, sync_folder, write_atomically
from schemalm.machine.masks import num_mask_bytes
from schemalm.wording import reason_of

FORMAT_VERSION = 2
METADATA_FILE = "metadata.json"
TOKENIZER_FILE = "tokenizer.json"
MASKS_FILE = "masks.npy"
_TOKENS, _NONTERMINALS, _STATES, _ECHOES = "tokens.bin", "nonterminals.bin", "states.bin", "echoes.bin"
# Documents are written when so many tokens are there.
TOKENS_AT_ONCE = 1 << 14
_OFFSETS, _BYTES = "documents.npy", "bytes.npy"


@dataclass(frozen=True)
class SplitMetadata:
    """What one split holds; `files` maps each file's name to its sha256."""

    num_documents: int
    num_tokens: int
    num_windows: int
    num_bytes: int
    files: dict[str, str]


@dataclass(frozen=True)
class Metadata:
    """What a prepared data folder holds; `files` maps the names of files outside the splits to their sha256."""

    context_size: int
    stride: int
    vocab_size: int
    pad_id: int
    num_nonterminals: int
    num_states: int
    tokenizer_sha256: str
    files: dict[str, str]
    splits: dict[str, SplitMetadata]
    format_version: int = FORMAT_VERSION

    @property
    def dtype(self) -> str:
        """The NumPy type of tokens.bin: the smallest of uint16 and uint32 that holds every token id."""
        return "uint16" if self.vocab_size <= 1 << 16 else "uint32"


def hash_file(path: Path) -> str:
    """The sha256 of a file, in hexadecimal; raises `DataError` where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from None


class _HashedFile:
    """A file written once from front to back, with its sha256 and number of bytes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO = path.open("wb")
        self._hash = hashlib.sha256()

    def write(self, array: NDArray[Any]) -> None:
        content = np.ascontiguousarray(array).tobytes()
        with named_errors(self._path):
            self._file.write(content)
        self._hash.update(content)

    def finish(self) -> str:
        with named_errors(self._path):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        return self._hash.hexdigest()

    def abandon(self) -> None:
        # Closing writes what is left; after an error that is not wanted, and fails once more where the disk is full.
        with suppress(OSError):
            self._file.close()


def refuse_data_set(folder: Path) -> None:
    """Raise `DataError` where a folder already is a data set, which is never written over."""
    if (folder / METADATA_FILE).exists():
        raise DataError(f"{folder} already holds a prepared data set: choose another folder or delete it")


class SplitWriter:
    """Writes one split as documents come, in constant memory but for two numbers per document.

    A context manager: `finish` gives the metadata; leaving without it leaves files that no `Split` reads, since
    metadata.json is missing. Raises `DataError` where the parent folder already is a data set.
    """

    def __init__(
        self,
        folder: Path,
        *,
        vocab_size: int,
        context_size: int,
        stride: int,
        num_nonterminals: int = 0,
        num_states: int = 0,
    ) -> None:
        refuse_data_set(folder.parent)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._context_size, self._stride = context_size, stride
        self._token_dtype = np.uint16 if vocab_size <= 1 << 16 else np.uint32
        self._limits = {_TOKENS: vocab_size, _NONTERMINALS: num_nonterminals, _STATES: num_states}
        self._limits[_ECHOES] = vocab_size
        present = [name for name, limit in self._limits.items() if limit > 0]
        self._streams = {name: _HashedFile(folder / name) for name in present}
        self._lengths: list[int] = []
        self._bytes: list[int] = []
        self._num_windows = 0
        self._forget()

    def _forget(self) -> None:
        # Documents wait for others: NumPy's calls take longer than their work on one of them.
        self._waiting: dict[str, list[NDArray[np.int64]]] = {_TOKENS: [], _NONTERMINALS: [], _STATES: []}
        self._begins: list[int] = []
        self._num_waiting = 0

    def __enter__(self) -> SplitWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in self._streams.values():
            stream.abandon()

    def add(
        self,
        tokens: Sequence[int] | NDArray[np.int64],
        nonterminals: ArrayLike | None,
        states: ArrayLike | None,
        num_bytes: int,
    ) -> None:
        """Append a document: its tokens [T], nonterminals [T] and states [T, 2] before each token, and its bytes."""
        arrays: dict[str, Any] = {
            _TOKENS: np.asarray(tokens, dtype=np.int64),
            _NONTERMINALS: None if nonterminals is None else np.asarray(nonterminals, dtype=np.int64),
            _STATES: None if states is None else np.asarray(states, dtype=np.int64),
        }
        num_tokens = len(tokens)
        for name, array in arrays.items():
            shape = (num_tokens, 2) if name == _STATES else (num_tokens,)
            self._check(name, array, shape)
        for name, array in arrays.items():
            if array is not None:
                self._waiting[name].append(array)
        self._begins.append(self._num_waiting)
        self._num_waiting += num_tokens
        if self._num_waiting >= TOKENS_AT_ONCE:
            self._write()
        self._lengths.append(num_tokens)
        self._bytes.append(num_bytes)
        self._num_windows += count_windows(num_tokens, self._context_size, self._stride)

    def _write(self) -> None:
        """Writes the documents that wait, with their echoes."""
        arrays = {name: np.concatenate(found) for name, found in self._waiting.items() if found}
        if arrays:
            arrays[_ECHOES] = echoes(arrays[_TOKENS], self._begins)
        for name, array in arrays.items():
            self._streams[name].write(array.astype(self._token_dtype if name in (_TOKENS, _ECHOES) else np.uint32))
        self._forget()

    def _check(self, name: str, array: NDArray[np.int64] | None, shape: tuple[int, ...]) -> None:
        place, limit = f"{self._folder / name}, document {len(self._lengths)}", self._limits[name]
        if (array is None) != (limit == 0):
            raise DataError(f"{place}: data is {'missing' if array is None else 'given, but this split declares none'}")
        if array is None:
            return
        if array.shape != shape or not array.size:
            raise DataError(f"{place}: expected shape {shape} with at least one token, got {array.shape}")
        if array.min() < 0 or array.max() >= limit:
            raise DataError(f"{place}: ids must lie in 0 .. {limit - 1}, got {array.min()} .. {array.max()}")

    def finish(self) -> SplitMetadata:
        """Close the files durably and return what they hold."""
        self._write()
        files = {name: stream.finish() for name, stream in self._streams.items()}
        offsets = np.concatenate(([0], np.cumsum(self._lengths))).astype(np.int64)
        for name, array in ((_OFFSETS, offsets), (_BYTES, np.array(self._bytes, dtype=np.int64))):
            files[name] = write_array(self._folder / name, array)
        sync_folder(self._folder)
        return SplitMetadata(
            num_documents=len(self._lengths),
            num_tokens=int(offsets[-1]),
            num_windows=self._num_windows,
            num_bytes=sum(self._bytes),
            files=files,
        )


def write_array(path: Path, array: NDArray[Any]) -> str:
    """Write an .npy file durably and return its sha256."""
    with named_errors(path), path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    return hash_file(path)


def write_metadata(folder: Path, metadata: Metadata) -> None:
    """Write metadata.json, which turns `folder` into a data set; the last step of a preparation."""
    content = json.dumps({**asdict(metadata), "dtype": metadata.dtype}, indent=2, sort_keys=True) + "\n"
    write_atomically(folder / METADATA_FILE, content.encode())


def read_metadata(folder: Path) -> Metadata:
    """Read metadata.json; raises `DataError` where the folder is no finished data set of this version."""
    path = folder / METADATA_FILE
    try:
        fields = json.loads(path.read_bytes())
        fields.pop("dtype")
        splits = {name: SplitMetadata(**split) for name, split in fields.pop("splits").items()}
        metadata = Metadata(splits=splits, **fields)
    except FileNotFoundError:
        raise DataError(
            f"{folder} is no prepared data set, for it has no {METADATA_FILE}: `schemalm prepare` makes one; where it "
            "was interrupted, run it again"
        ) from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {reason_of(error)}") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise DataError(f"{path} is damaged ({error}); prepare the data again") from None
    if metadata.format_version != FORMAT_VERSION:
        raise DataError(
            f"{path} has format version {metadata.format_version}, this version reads {FORMAT_VERSION}; prepare again"
        )
    return metadata


def verify_files(folder: Path, metadata: Metadata) -> None:
    """Compare every file's sha256 with the metadata; raises `DataError` naming the first that differs."""
    expected = {folder / name: digest for name, digest in metadata.files.items()}
    for split, split_metadata in metadata.splits.items():
        expected |= {folder / split / name: digest for name, digest in split_metadata.files.items()}
    for path, digest in expected.items():
        if hash_file(path) != digest:
            raise DataError(f"{path} is damaged: its sha256 differs from {METADATA_FILE}; prepare the data again")


class Split:
    """One split of a data folder, memory-mapped: `tokens`, `nonterminals`, `states`, `echoes`, `offsets`, `num_bytes`.

    Raises `DataError` naming the file where one is missing or does not have the size that the metadata gives.
    """

    def __init__(self, folder: Path, name: str, metadata: Metadata | None = None) -> None:
        metadata = read_metadata(folder) if metadata is None else metadata
        if name not in metadata.splits:
            raise DataError(f"{folder} has no split {name!r}; it has {', '.join(sorted(metadata.splits))}")
        counts = metadata.splits[name]
        self.metadata = metadata
        self.num_documents = counts.num_documents
        place = folder / name
        self.tokens = _map_stream(place / _TOKENS, metadata.dtype, (counts.num_tokens,))
        self.echoes = _map_stream(place / _ECHOES, metadata.dtype, (counts.num_tokens, len(ORDERS)))
        self.nonterminals: NDArray[Any] | None = None
        self.states: NDArray[Any] | None = None
        if metadata.num_nonterminals:
            self.nonterminals = _map_stream(place / _NONTERMINALS, "uint32", (counts.num_tokens,))
        if metadata.num_states:
            self.states = _map_stream(place / _STATES, "uint32", (counts.num_tokens, 2))
        self.offsets: Int64Array = _load_array(place / _OFFSETS, (counts.num_documents + 1,))
        self.num_bytes: Int64Array = _load_array(place / _BYTES, (counts.num_documents,))
        if self.offsets[0] != 0 or self.offsets[-1] != counts.num_tokens or (np.diff(self.offsets) < 1).any():
            raise DataError(f"{place / _OFFSETS} is damaged: offsets must rise from 0 to {counts.num_tokens}")


def load_masks(folder: Path, metadata: Metadata) -> NDArray[np.uint8] | None:
    """The packed masks of a data folder, read into memory; None for data without a grammar."""
    if not metadata.num_nonterminals:
        return None
    shape = (metadata.num_nonterminals, num_mask_bytes(metadata.vocab_size))
    return _load_array(folder / MASKS_FILE, shape, "uint8")


def _map_stream(path: Path, dtype: str, shape: tuple[int, ...]) -> NDArray[Any]:
    expected = int(np.prod(shape)) * np.dtype(dtype).itemsize
    try:
        size = path.stat().st_size
    except OSError:
        raise DataError(f"{path} is missing; prepare the data again") from None
    if size != expected:
        raise DataError(f"{path} is damaged: it has {size} bytes, expected {expected}; prepare the data again")
    return np.memmap(path, dtype=dtype, mode="r", shape=shape) if expected else np.zeros(shape, dtype=dtype)


def _load_array(path: Path, shape: tuple[int, ...], dtype: str = "int64") -> NDArray[Any]:
    try:
        array: NDArray[Any] = np.load(path, allow_pickle=False)
    except FileNotFoundError:
        raise DataError(f"{path} is missing; prepare the data again") from None
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path} is damaged ({reason_of(error)}); prepare the data again") from None
    if array.shape != shape or array.dtype != np.dtype(dtype):
        raise DataError(
            f"{path} is damaged: it holds {array.dtype} {array.shape}, expected {dtype} {shape}; prepare the data again"
        )
    return array
