"""The token store: a prepared data folder, written as a stream and read one document at a time.

    DATA/metadata.json     sizes, counts and the sha256 of every other file; written last
    DATA/tokenizer.json
    DATA/masks.npy         uint8 [num_masks, ceil(vocab_size / 8)], little-endian bits: the admitted tokens; no two are
                           equal
    DATA/places.npy        uint32 [num_places, 3]: the states, each a row of masks.npy and two rows of the grammar-state
                           embedding, for the nonterminal and for the path; no two are equal
    DATA/recall.bin, DATA/recall-1.bin ...
                           tables of recall, of all training documents and without each fold (see recall_files.py)
    DATA/train/, DATA/val/
        blocks.zst         tokens, uint16 (uint32 if the vocabulary exceeds 65,536), and the state before each of
        blocks.bin         them, uint16 (uint32 if there are more than 65,536), in compressed blocks (see blocks.py)
        documents.bin      int64 [num_documents + 1]: the start of each document's tokens, and the end
        bytes.bin          int64 [num_documents]: bytes of each document's compact canonical JSON
        folds.bin          uint8 [num_documents]: the table of recall for training on each document; only in train/

Data of a text tokenizer, without a grammar, has no masks and no states. There may be no recall. Numbers are
little-endian. A folder without metadata.json is not a data set, so an interrupted preparation is never read. Opening
checks sizes; `verify_files` checks contents. Only the masks and the table of states are read into memory.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Annotated, Any, BinaryIO

import numpy as np
from msgspec import Meta
from numpy.lib import format as npy
from numpy.typing import ArrayLike, NDArray

from schemalm.dataset.blocks import FRAMES_FILE, INDEX_FILE, BlockBuilder, BlockReader
from schemalm.dataset.echo import Int64Array
from schemalm.dataset.recall import RecallTable
from schemalm.dataset.recall_files import MAX_RECALL_MEGABYTES, RECALL_FILE, RECALL_FILES, map_recall_table
from schemalm.dataset.window_counts import MAX_CONTEXT_SIZE, windows_of
from schemalm.errors import DataError
from schemalm.files.folders import open_inside, path_inside, read_inside
from schemalm.files.typed_json import MAX_TOKENIZER_BYTES, CheckedFile, Count, Sha256
from schemalm.files.writing import named_errors, sync_folder, write_atomically
from schemalm.machine.masks import num_mask_bytes
from schemalm.messages.visible import visible_name
from schemalm.messages.wording import reason_of

FORMAT_VERSION = 3
TRAIN, VAL = "train", "val"
METADATA_FILE = "metadata.json"
# The subfolder of a folder of `.pt` files (`pt.py`) with its prepared data.
PREPARED = "prepared"
TOKENIZER_FILE = "tokenizer.json"
MASKS_FILE = "masks.npy"
STATE_TABLE_FILE = "places.npy"
_OFFSETS, _BYTES, _FOLDS = "documents.bin", "bytes.bin", "folds.bin"
_SPLIT_FILES = frozenset({FRAMES_FILE, INDEX_FILE, _OFFSETS, _BYTES})
_PREPARE_AGAIN = "prepare the data again"
# A mask has a bit for each token, and a model has a row.
MAX_VOCAB_SIZE = 1 << 24
# Ids are stored as uint32.
Ids = Annotated[int, Meta(ge=0, le=1 << 32)]
# The header readers of .npy files by version, and the longest header accepted.
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
_MAX_HEADER = 1 << 12
# The number of documents whose offsets are checked at once.
_DOCUMENTS_AT_ONCE = 1 << 20


@dataclass(frozen=True)
class SplitMetadata:
    """The contents of one split; `files` maps each file's name to its sha256."""

    num_documents: Count
    num_tokens: Count
    num_windows: Count
    num_bytes: Count
    files: dict[str, Sha256]


@dataclass(frozen=True)
class Metadata:
    """The contents of a prepared data folder; `files` maps the names of files outside the splits to their sha256.

    `num_places` is the number of states, `num_states` the number of rows of the grammar-state embedding. `recall`:
    whether there are tables of recall. Raises `ValueError` for sizes that contradict each other, and for unexpected
    file names.
    """

    context_size: Annotated[int, Meta(ge=1, le=MAX_CONTEXT_SIZE)]
    stride: Annotated[int, Meta(ge=1)]
    vocab_size: Annotated[int, Meta(ge=1, le=MAX_VOCAB_SIZE)]
    pad_id: Annotated[int, Meta(ge=0)]
    num_masks: Ids
    num_places: Ids
    num_states: Ids
    tokenizer_sha256: Sha256
    files: dict[str, Sha256]
    splits: dict[str, SplitMetadata]
    recall: bool = False
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        if self.stride > self.context_size:
            raise ValueError(f"stride must be at most context_size {self.context_size}, found {self.stride}")
        if self.pad_id >= self.vocab_size:
            raise ValueError(f"pad_id must be below vocab_size {self.vocab_size}, found {self.pad_id}")
        known = {TOKENIZER_FILE, *([MASKS_FILE, STATE_TABLE_FILE] if self.num_places else [])}
        known |= {*(RECALL_FILES if self.recall else ())}
        if self.files.keys() != known:
            raise ValueError(_other_files("files", self.files, known))
        for name, split in self.splits.items():
            if name in ("", ".", "..") or "/" in name or "\0" in name:
                raise ValueError(f"a split must have the name of a folder, such as train, found {visible_name(name)!r}")
            expected = _SPLIT_FILES | {*((_FOLDS,) if self.recall and name == TRAIN else ())}
            if split.files.keys() != expected:
                raise ValueError(_other_files(f"the files of the split {visible_name(name)!r}", split.files, expected))

    @property
    def dtype(self) -> str:
        """The NumPy type of tokens: the smaller of uint16 and uint32 that can represent every token id."""
        return smallest_dtype(self.vocab_size)

    @property
    def dtypes(self) -> tuple[str, ...]:
        """The NumPy types of a document's ids: its tokens and, with a grammar, its states."""
        return (self.dtype, smallest_dtype(self.num_places)) if self.num_places else (self.dtype,)


def smallest_dtype(num_ids: int) -> str:
    """Return the name of the smallest type for ids below `num_ids`."""
    return "uint16" if num_ids <= 1 << 16 else "uint32"


def hash_file(path: Path) -> str:
    """Return the sha256 of a file, in hexadecimal; raises `DataError` if it cannot be read."""
    try:
        with open_inside(path.parent, path.name) as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({reason_of(error)})") from None


class _HashedFile:
    """A file that is written once from start to end, with its sha256 and number of bytes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO = path.open("wb")
        self._hash = hashlib.sha256()
        self.num_bytes = 0

    def write(self, content: bytes) -> None:
        with named_errors(self._path):
            self._file.write(content)
        self._hash.update(content)
        self.num_bytes += len(content)

    def finish(self) -> str:
        with named_errors(self._path):
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        return self._hash.hexdigest()

    def abandon(self) -> None:
        # Closing writes buffered content, which is not wanted after an error, and fails again if the disk is full.
        with suppress(OSError):
            self._file.close()


def refuse_data_set(folder: Path) -> None:
    """Raise `DataError` if a folder already is a data set; data sets are never overwritten."""
    if (folder / METADATA_FILE).exists():
        raise DataError(f"{folder} already contains a prepared data set: choose another folder or delete it")


class SplitWriter:
    """Writes one split document by document, in constant memory.

    A context manager: `finish` returns the metadata. Leaving it without `finish` leaves files that no `Split` reads,
    since metadata.json is missing. `num_places` is the number of states, 0 for data without a grammar. Raises
    `DataError` if the parent folder already is a data set.
    """

    def __init__(self, folder: Path, *, vocab_size: int, context_size: int, stride: int, num_places: int = 0) -> None:
        refuse_data_set(folder.parent)
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._context_size, self._stride = context_size, stride
        self._limits = {"tokens": vocab_size, "states": num_places}
        self._streams = {name: _HashedFile(folder / name) for name in (FRAMES_FILE, INDEX_FILE, _OFFSETS, _BYTES)}
        self._num_documents = self._num_tokens = self._num_windows = self._num_bytes = 0
        self._streams[_OFFSETS].write(bytes(8))
        self._block = BlockBuilder()

    def __enter__(self) -> SplitWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for stream in self._streams.values():
            stream.abandon()

    def add(self, tokens: ArrayLike, states: ArrayLike | None, num_bytes: int) -> None:
        """Append a document: its tokens [T], the state before each of them [T], and its number of bytes."""
        self.extend(tokens, states, [np.size(np.asarray(tokens))], [num_bytes])

    def extend(self, tokens: ArrayLike, states: ArrayLike | None, lengths: ArrayLike, num_bytes: ArrayLike) -> None:
        """Append documents: tokens and states of all [T], number of tokens of each [D], and bytes of each [D]."""
        lengths_D, bytes_D = np.asarray(lengths, dtype=np.int64), np.asarray(num_bytes, dtype=np.int64)
        if (lengths_D < 1).any():
            raise DataError(f"{self._folder}, document {self._num_documents}: expected at least one token")
        streams = [
            self._checked(name, None if ids is None else np.asarray(ids), int(lengths_D.sum()))
            for name, ids in (("tokens", tokens), ("states", states))
        ]
        ends_D = np.cumsum(lengths_D)
        for begin, end in zip((ends_D - lengths_D).tolist(), ends_D.tolist(), strict=True):
            self._block.add([ids[begin:end] for ids in streams if ids is not None])
            self._num_documents += 1
            if self._block.is_full:
                self._write_block()
        self._streams[_OFFSETS].write((self._num_tokens + ends_D).tobytes())
        self._streams[_BYTES].write(bytes_D.tobytes())
        self._num_tokens += int(lengths_D.sum())
        self._num_windows += int(windows_of(lengths_D, self._context_size, self._stride).sum())
        self._num_bytes += int(bytes_D.sum())

    def _write_block(self) -> None:
        """Write the pending documents as one block."""
        first = self._num_documents - self._block.num_documents
        self._write_to_index(first)
        self._streams[FRAMES_FILE].write(self._block.build())

    def _write_to_index(self, document: int) -> None:
        """Record the first document of the next block, or the end of the blocks."""
        self._streams[INDEX_FILE].write(np.array([document, self._streams[FRAMES_FILE].num_bytes], np.int64).tobytes())

    def _checked(self, name: str, ids: NDArray[Any] | None, num_tokens: int) -> NDArray[Any] | None:
        """Check ids, and return them in the type in which they are stored."""
        which, limit = f"{self._folder}: the {name} of document {self._num_documents}", self._limits[name]
        if (ids is None) != (limit == 0):
            raise DataError(f"{which} are {'missing' if ids is None else 'given, but this split declares none'}")
        if ids is None:
            return None
        if ids.shape != (num_tokens,):
            raise DataError(f"{which}: expected shape {(num_tokens,)}, got {ids.shape}")
        if ids.size and not 0 <= ids.min() <= ids.max() < limit:
            raise DataError(f"{which}: ids must lie in 0 .. {limit - 1}, got {ids.min()} .. {ids.max()}")
        return ids.astype(smallest_dtype(limit))

    def finish(self) -> SplitMetadata:
        """Flush the files to disk, close them, and return the split's metadata."""
        if self._block.num_documents:
            self._write_block()
        self._write_to_index(self._num_documents)
        files = {name: stream.finish() for name, stream in self._streams.items()}
        sync_folder(self._folder)
        return SplitMetadata(
            num_documents=self._num_documents,
            num_tokens=self._num_tokens,
            num_windows=self._num_windows,
            num_bytes=self._num_bytes,
            files=files,
        )


def write_array(path: Path, array: NDArray[Any]) -> str:
    """Write an .npy file, flush it to disk, and return its sha256."""
    with named_errors(path), path.open("wb") as file:
        np.save(file, array, allow_pickle=False)
        file.flush()
        os.fsync(file.fileno())
    return hash_file(path)


def write_metadata(folder: Path, metadata: Metadata) -> None:
    """Write metadata.json, which turns `folder` into a data set: the last step of a preparation."""
    content = json.dumps({**asdict(metadata), "dtype": metadata.dtype}, indent=2, sort_keys=True) + "\n"
    write_atomically(folder / METADATA_FILE, content.encode())


def read_metadata(folder: Path) -> Metadata:
    """Read metadata.json; raises `DataError` if the folder is not a finished data set of this format version."""
    absent = (
        f"{folder} is not a prepared data set: it has no {METADATA_FILE}; `schemalm prepare` makes one, and if it was "
        "interrupted, run it again"
    )
    file = CheckedFile(folder, METADATA_FILE, DataError, _PREPARE_AGAIN, absent)
    fields = file.read(dict[str, Any])
    if "total_workflows" in fields:
        raise DataError(f"{folder} contains .pt files; the prepared data is in {folder / PREPARED}")
    if "format_version" not in fields:
        file.fail("it has no format_version")
    version = fields["format_version"]
    if version != FORMAT_VERSION:
        raise DataError(
            f"{file.shown} has format version {visible_name(str(version))}, this version reads {FORMAT_VERSION}; "
            "prepare again"
        )
    stated = fields.pop("dtype", None)
    metadata = file.convert(fields, Metadata)
    if stated not in (None, metadata.dtype):
        file.fail(f"expected {metadata.dtype}, which follows from the vocabulary", ("dtype",))
    return metadata


def _path_in(folder: Path, *names: str) -> Path:
    """Return the path of a file or folder in a data folder; raises `DataError` if it leads through a link."""
    try:
        return path_inside(folder, *names)
    except OSError as error:
        raise DataError(f"{error.filename} cannot be read: {reason_of(error)}") from None


def _other_files(which: str, found: Iterable[str], known: Iterable[str]) -> str:
    return f"{which} must be {', '.join(sorted(known))}, found {visible_name(', '.join(sorted(found)) or 'none')}"


def read_tokenizer(folder: Path) -> bytes:
    """Return the content of a data folder's tokenizer file; raises `DataError` if it cannot be read."""
    try:
        return read_inside(folder, TOKENIZER_FILE, max_bytes=MAX_TOKENIZER_BYTES)
    except OSError as error:
        raise DataError(f"{folder / TOKENIZER_FILE} cannot be read: {reason_of(error)}") from None


def read_recall(folder: Path) -> bytes:
    """Return the content of a data folder's table of recall; raises `DataError` if it cannot be read."""
    try:
        return read_inside(folder, RECALL_FILE, max_bytes=MAX_RECALL_MEGABYTES * 10**6)
    except OSError as error:
        raise DataError(f"{folder / RECALL_FILE} cannot be read: {reason_of(error)}") from None


def split_counts(folder: Path, name: str, metadata: Metadata) -> SplitMetadata:
    """Return the metadata of a split; raises `DataError` if there is no split of this name."""
    if name not in metadata.splits:
        raise DataError(f"{folder} has no split {name!r}; it has {', '.join(sorted(metadata.splits)) or 'none'}")
    return metadata.splits[name]


def verify_files(folder: Path, metadata: Metadata) -> None:
    """Compare every file's size and sha256 with the metadata; raises `DataError` that names the first difference."""
    most = {
        TOKENIZER_FILE: MAX_TOKENIZER_BYTES,
        MASKS_FILE: metadata.num_masks * num_mask_bytes(metadata.vocab_size) + _MAX_HEADER,
        STATE_TABLE_FILE: 12 * metadata.num_places + _MAX_HEADER,
        **dict.fromkeys(RECALL_FILES, MAX_RECALL_MEGABYTES * 10**6),
    }
    for name in metadata.files:
        with _opened(_path_in(folder, name)) as file:
            if (size := os.fstat(file.fileno()).st_size) > most[name]:
                raise DataError(f"{folder / name} is damaged: it has {size} bytes, expected {most[name]} at most")
    for split in metadata.splits:
        Split(folder, split, metadata)
    expected = {_path_in(folder, name): digest for name, digest in metadata.files.items()}
    for split, split_metadata in metadata.splits.items():
        expected |= {_path_in(folder, split, name): digest for name, digest in split_metadata.files.items()}
    for path, digest in expected.items():
        if hash_file(path) != digest:
            raise DataError(f"{path} is damaged: its sha256 differs from {METADATA_FILE}; prepare the data again")


class Split:
    """One split of a data folder: memory-mapped `offsets` and `num_bytes` of its documents, and their ids.

    `state_table`, int64 [num_places, 3], contains the states (see above); it is None for data without a grammar. Raises
    `DataError` with the file's name if a file is missing or its size differs from the metadata.
    """

    def __init__(self, folder: Path, name: str, metadata: Metadata | None = None) -> None:
        metadata = read_metadata(folder) if metadata is None else metadata
        counts = split_counts(folder, name, metadata)
        self.metadata = metadata
        self.num_documents = counts.num_documents
        self.state_table = load_state_table(folder, metadata)
        self._folder = path = _path_in(folder, name)
        self.offsets: Int64Array = _map_stream(path / _OFFSETS, "int64", counts.num_documents + 1)
        self.num_bytes: Int64Array = _map_stream(path / _BYTES, "int64", counts.num_documents)
        if not _rises(self.offsets, counts.num_tokens):
            raise DataError(f"{path / _OFFSETS} is damaged: offsets must rise from 0 to {counts.num_tokens}")
        index = _map_stream(path / INDEX_FILE, "(2,)int64")
        if not (_rises(index[:, 0], counts.num_documents) and _rises(index[:, 1])):
            raise DataError(f"{path / INDEX_FILE} is damaged: its numbers must rise; prepare the data again")
        frames, end = _map_stream(path / FRAMES_FILE, "uint8"), index[-1, 1]
        if len(frames) != end:
            found = f"the blocks end at byte {end}, but the file has {len(frames)} bytes"
            raise DataError(f"{path / FRAMES_FILE} or {path / INDEX_FILE} is damaged: {found}; prepare the data again")
        self._blocks = BlockReader(path, frames, index, self.offsets)
        self._recall_tables = self._folds = None
        if metadata.recall:
            is_train = name == TRAIN
            files = RECALL_FILES if is_train else (RECALL_FILE,)
            self._recall_tables = [open_recall_table(folder, file, metadata.vocab_size) for file in files]
            self._folds = _map_folds(path / _FOLDS, counts.num_documents) if is_train else None

    def document(self, number: int) -> tuple[NDArray[Any], NDArray[Any] | None]:
        """Return the tokens of a document [T] and, with a grammar, the state before each of them [T], read-only.

        Raises `DataError` if the file is damaged.
        """
        ids = self._blocks.read(number, self.metadata.dtypes)
        for stream, limit in zip(ids, (self.metadata.vocab_size, self.metadata.num_places), strict=False):
            if stream.max() >= limit:
                raise DataError(
                    f"{self._folder} is damaged: document {number} has the id {stream.max()}, expected ids below "
                    f"{limit}; prepare the data again"
                )
        return ids[0], ids[1] if len(ids) > 1 else None

    def recall_tables(self, documents: Int64Array) -> list[RecallTable] | None:
        """Return the table that each document may recall from; None for data without recall."""
        if self._recall_tables is None:
            return None
        numbers = np.zeros_like(documents) if self._folds is None else self._folds[documents]
        return [self._recall_tables[number] for number in numbers.tolist()]


def _rises(offsets: Int64Array, end: int | None = None) -> bool:
    """Return whether offsets start at 0, increase strictly, and end at `end` if it is given; works in blocks."""
    starts = range(0, len(offsets), _DOCUMENTS_AT_ONCE)
    rise = all((np.diff(offsets[start : start + _DOCUMENTS_AT_ONCE + 1]) >= 1).all() for start in starts)
    return rise and len(offsets) > 0 and offsets[0] == 0 and end in (None, offsets[-1])


def load_masks(folder: Path, metadata: Metadata) -> NDArray[np.uint8] | None:
    """Read the packed masks of a data folder into memory; None for data without a grammar."""
    if not metadata.num_masks:
        return None
    return _load_array(folder / MASKS_FILE, (metadata.num_masks, num_mask_bytes(metadata.vocab_size)), "uint8")


def load_state_table(folder: Path, metadata: Metadata) -> Int64Array | None:
    """Read the states of a data folder, [num_places, 3]; None for data without a grammar."""
    if not metadata.num_places:
        return None
    path = folder / STATE_TABLE_FILE
    rows = _load_array(path, (metadata.num_places, 3), "uint32").astype(np.int64)
    limits = (metadata.num_masks, metadata.num_states, metadata.num_states)
    if (rows >= limits).any():
        raise DataError(f"{path} is damaged: it refers to rows that do not exist; prepare the data again")
    return rows


def open_recall_table(folder: Path, name: str, vocab_size: int) -> RecallTable:
    """Map a table of recall into memory; raises `DataError` if it is missing or damaged."""
    path = _path_in(folder, name)
    with _opened(path) as file:
        try:
            return map_recall_table(file, smallest_dtype(vocab_size), vocab_size)
        except ValueError as error:
            raise DataError(f"{path} is damaged: {error}; {_PREPARE_AGAIN}") from None


def _map_folds(path: Path, num_documents: int) -> NDArray[np.uint8]:
    """Map the number of each training document's table of recall."""
    folds = _map_stream(path, "uint8", num_documents)
    if num_documents and folds.max() >= len(RECALL_FILES):
        raise DataError(f"{path} is damaged: it has the table {folds.max()}, expected less than {len(RECALL_FILES)}")
    return folds


def write_folds(folder: Path, split: SplitMetadata, folds: NDArray[np.uint8]) -> SplitMetadata:
    """Write the table of recall of each document of the finished training split in `folder`; return its metadata."""
    path = folder / _FOLDS
    with named_errors(path), path.open("wb") as file:
        file.write(folds.tobytes())
        file.flush()
        os.fsync(file.fileno())
    return replace(split, files={**split.files, _FOLDS: hash_file(path)})


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file of a data folder for reading; raises `DataError`."""
    try:
        with open_inside(path.parent, path.name) as file:
            yield file
    except FileNotFoundError:
        raise DataError(f"{path} is missing; {_PREPARE_AGAIN}") from None
    except OSError as error:
        raise DataError(f"{path} cannot be read: {reason_of(error)}") from None


def _map_stream(path: Path, dtype: str, size: int | None = None) -> NDArray[Any]:
    """Map the numbers in a file; there must be `size` of them unless it is None."""
    item_bytes = np.dtype(dtype).itemsize
    with _opened(path) as file:
        found = os.fstat(file.fileno()).st_size
        expected = found - found % item_bytes if size is None else size * item_bytes
        if found != expected:
            raise DataError(f"{path} is damaged: it has {found} bytes, expected {expected}; {_PREPARE_AGAIN}")
        # A plain array, since slices of a memmap are expensive; it keeps the map open.
        return np.asarray(np.memmap(file, dtype=dtype, mode="r")) if expected else np.zeros(0, dtype=dtype)


def _load_array(path: Path, shape: tuple[int, ...], dtype: str) -> NDArray[Any]:
    """Load an .npy file; its header must declare the expected shape and type before memory is allocated."""
    with _opened(path) as file:
        try:
            found_shape, _, found_dtype = _HEADERS[npy.read_magic(file)](file, max_header_size=_MAX_HEADER)
            is_expected = found_shape == shape and found_dtype == np.dtype(dtype)
            size = os.fstat(file.fileno()).st_size - file.tell()
            if is_expected and size == math.prod(shape) * found_dtype.itemsize:
                file.seek(0)
                array: NDArray[Any] = np.load(file, allow_pickle=False)
                return array
        except (KeyError, ValueError, EOFError) as error:
            raise DataError(f"{path} is damaged ({reason_of(error)}); {_PREPARE_AGAIN}") from None
    raise DataError(
        f"{path} is damaged: it contains {size} bytes of {found_dtype} {found_shape}, expected {dtype} {shape}; "
        f"{_PREPARE_AGAIN}"
    )
