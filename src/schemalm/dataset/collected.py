"""Reads and writes a collected corpus: the folder that `schemalm collect` writes.

    DIR/manifest.json     counts, settings, versions and the sha256 of every other file; written last
    DIR/README.md         the same for people
    DIR/train/000000.parquet, ..., DIR/val/...
        json      canonical JSON text of the value, keys in the document's order
        repo      the source; path: the document in it; license: empty if unknown
        sha256    of the value's canonical JSON with sorted keys, in hexadecimal
    DIR/rejected.jsonl    a row for every document that was left out, in the order of the corpus

The same corpus, settings and library versions give the same files, byte for byte. A folder without manifest.json is not
a collected corpus.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from msgspec import Meta

from schemalm.dataset.store import TRAIN, VAL, hash_file
from schemalm.documents.collected import MANIFEST_FILE, MAX_MANIFEST_BYTES, is_corpus_manifest
from schemalm.errors import DataError
from schemalm.files.typed_json import CheckedFile
from schemalm.files.writing import named_errors, sync_file, sync_folder
from schemalm.messages.visible import visible_name

FORMAT = 1
README_FILE = "README.md"
COLUMNS = ("json", "repo", "path", "license", "sha256")

_ROWS, _BYTES, _GROUPS = 4096, 1 << 23, 16  # limits of a row group, which one larger row may exceed; groups per file


@dataclass(frozen=True)
class Collected:
    """The folders of a collected corpus's splits, and the share of documents that training was meant to get."""

    train: Path
    val: Path
    train_split: float | None = None


def collected_split(path: Path) -> Collected | None:
    """Return the splits of a collected corpus, or None if the path is something else.

    Raises `DataError` for a corpus of another format version, or if a split's folder is missing.
    """
    manifest = read_manifest(path)
    if manifest is None:
        return None
    found = Collected(path / TRAIN, path / VAL, manifest.get("settings", {}).get("train_split"))
    missing = next((folder for folder in (found.train, found.val) if not folder.is_dir()), None)
    if missing is not None:
        raise DataError(f"{path} is a collected corpus, but {missing.name}/ is missing: collect it again")
    return found


def read_manifest(path: Path) -> dict[str, Any] | None:
    """Return the manifest of a collected corpus, or None if the path is not one.

    Raises `DataError` for another format version.
    """
    if not is_corpus_manifest(path / MANIFEST_FILE):
        return None
    file = CheckedFile(path, MANIFEST_FILE, DataError, "collect again", max_bytes=MAX_MANIFEST_BYTES)
    manifest = file.load(file.content())
    if manifest.get("format") != FORMAT:
        found = visible_name(str(manifest.get("format")))
        raise DataError(f"{path} is a collected corpus of format {found}, not {FORMAT}: collect again")
    file.convert({"settings": manifest.get("settings", {})}, dict[str, dict[str, Any]])
    share = manifest.get("settings", {}).get("train_split")
    file.convert(share, Annotated[float, Meta(gt=0, lt=1)] | None, "/settings/train_split")  # type: ignore[arg-type]
    return manifest


class TableWriter:
    """Writes the rows of a split as Parquet files into a new folder; only the rows determine where files end."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._folder = folder
        self._group: list[Any] = []
        self._num_rows = self._num_bytes = 0  # in the current group
        self._num_files = self._num_groups = 0  # files written; groups in the current file
        self._file: Any = None
        self.files: dict[str, str] = {}

    def add(self, table: Any) -> None:
        """Add rows: a table with the columns of the corpus."""
        import pyarrow.compute as pc  # noqa: PLC0415

        start = 0
        for index, size in enumerate(pc.binary_length(table["json"]).to_pylist()):
            if self._num_rows and (self._num_rows == _ROWS or self._num_bytes + size > _BYTES):
                self._group.append(table.slice(start, index - start))
                self._write_group()
                start = index
            self._num_rows += 1
            self._num_bytes += size
        self._group.append(table.slice(start))

    def finish(self) -> dict[str, str]:
        """Write the remaining rows, and return the sha256 of each file by name; raises `OSError` with the path."""
        if self._num_rows:
            self._write_group()
        self._close()
        sync_folder(self._folder)
        return self.files

    def _write_group(self) -> None:
        import pyarrow as pa  # noqa: PLC0415
        import pyarrow.parquet as pq  # noqa: PLC0415

        table = pa.concat_tables(self._group).combine_chunks()
        with named_errors(self._path):
            if self._file is None:
                names = ["repo", "license"]  # values of the other columns rarely repeat
                self._file = pq.ParquetWriter(self._path, table.schema, compression="zstd", use_dictionary=names)
            self._file.write_table(table, row_group_size=len(table))
        self._group, self._num_rows, self._num_bytes = [], 0, 0
        self._num_groups += 1
        if self._num_groups == _GROUPS:
            self._close()

    def _close(self) -> None:
        if self._file is None:
            return
        with named_errors(self._path):
            self._file.close()
            sync_file(self._path)
        self.files[self._path.name] = hash_file(self._path)
        self._file, self._num_groups = None, 0
        self._num_files += 1

    @property
    def _path(self) -> Path:
        return self._folder / f"{self._num_files:06}.parquet"
