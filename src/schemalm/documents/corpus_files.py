"""Which files of a corpus are read: a folder's, told by the ends of their names, whatever their case.

Nothing of a folder is passed over in silence: links, which are not followed, files of other kinds and what is no file
are noted in the `LeftOut` record. Hidden folders are searched as others are, Git's own (`.git`) are not.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path, PurePosixPath

from schemalm.documents.left_out import LINKS, LeftOut
from schemalm.errors import DataError

DOCUMENT_SUFFIXES = (".yml", ".yaml", ".json", ".jsonc")
ROW_SUFFIXES = tuple(f"{lines}{packed}" for lines in (".jsonl", ".ndjson") for packed in ("", ".gz", ".zst"))
TABLE_SUFFIXES = (".parquet",)
CORPUS_SUFFIXES = (*DOCUMENT_SUFFIXES, *ROW_SUFFIXES, *TABLE_SUFFIXES)
EXPECTED = f"a folder or a file that ends in {', '.join(CORPUS_SUFFIXES)}"

_GIT_FOLDER = ".git"

# Tells of a path in a Git checkout whether documents of the schema stand there.
DocumentsAt = Callable[[str], bool]


class Kind(Enum):
    """What a file of a corpus holds."""

    DOCUMENTS = DOCUMENT_SUFFIXES
    LINES = ROW_SUFFIXES
    TABLE = TABLE_SUFFIXES

    @classmethod
    def of(cls, name: str) -> Kind | None:
        """What a file of this name holds; None where no corpus is read from it."""
        return next((kind for kind in cls if name.lower().endswith(kind.value)), None)


@dataclass(frozen=True)
class CorpusFile:
    """A file to read: its path, and the name that its rows get.

    In a Git checkout `repository` is its source, whose `license` it has as far as that is known, and `name` its path
    there; elsewhere both are empty.
    """

    path: Path
    name: str
    kind: Kind
    repository: str = ""
    license: str = ""


def has_corpus_name(file: Path) -> bool:
    """Whether a file has a name that corpora are read from."""
    return Kind.of(file.name) is not None


def followed(path: Path) -> Path:
    """The path that is given, or what it leads to where it is a link and has no name to go by itself."""
    return path if has_corpus_name(path) else Path(os.path.realpath(path))


def is_corpus(path: Path) -> bool:
    """Whether a path that is given is a folder, or a file that corpora are read from."""
    return path.is_dir() or has_corpus_name(followed(path))


def corpus_files(
    paths: Iterable[Path], left_out: LeftOut, documents_at: DocumentsAt | None = None
) -> Iterator[CorpusFile]:
    """Yield the files that the paths stand for, those of a folder sorted by their path.

    Raises `DataError` where a path cannot be read or is of another kind.
    """
    for path in paths:
        yield from _files(path, left_out)


def _files(path: Path, left_out: LeftOut) -> Iterator[CorpusFile]:
    try:
        if path.is_dir():
            for file in files_in(path, left_out):
                kind = Kind.of(file.name)
                assert kind is not None
                yield CorpusFile(file, file.relative_to(path).as_posix(), kind)
            return
        is_file = path.is_file()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    if not is_file:
        raise DataError(f"{path}: {_absence(path)}; expected {EXPECTED}")
    kind = Kind.of(followed(path).name)
    if kind is None:
        raise DataError(f"{path}: not a corpus; expected {EXPECTED}")
    yield CorpusFile(followed(path), path.name, kind)


def _absence(path: Path) -> str:
    """Why there is nothing to read at a path that is neither a file nor a folder."""
    if path.is_symlink():
        return "a link that leads nowhere"
    return "neither a file nor a folder" if path.exists() else "no such file or folder"


def files_in(folder: Path, left_out: LeftOut) -> list[Path]:
    """The documents and JSON Lines of a folder and its folders, sorted; raises `DataError` where one is unreadable."""
    found: list[Path] = []
    folders = [folder]
    while folders:
        for entry in _entries(folders.pop()):
            path = Path(entry.path)
            if kind := _kind_passed_over(entry):
                left_out.pass_over(kind, path.relative_to(folder).as_posix())
            elif entry.is_dir(follow_symlinks=False):
                folders.append(path)
            else:
                found.append(path)
    return sorted(found)


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError as error:
        raise DataError(f"{error.filename}: cannot be read: {error.strerror}") from None


def _kind_passed_over(entry: os.DirEntry[str]) -> str:
    """What an entry of a folder is, where it is not read; else empty."""
    if entry.is_symlink():
        return LINKS
    if entry.is_dir(follow_symlinks=False):
        return "folders of Git" if entry.name == _GIT_FOLDER else ""
    if not entry.is_file(follow_symlinks=False):
        return "pipes, sockets and devices"
    if has_corpus_name(Path(entry.name)):
        return ""
    suffix = PurePosixPath(entry.name).suffix.lower()
    return f"{suffix} files" if suffix else "files without a suffix"
