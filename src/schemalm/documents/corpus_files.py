"""Which files of a corpus are read: a folder's, told by the ends of their names, whatever their case.

Nothing of a folder is passed over in silence: links, which are not followed, files of other kinds and what is no file
are noted in the `LeftOut` record. Hidden folders are searched as others are, Git's own (`.git`) are not.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from schemalm.documents.left_out import LINKS, LeftOut
from schemalm.errors import DataError

DOCUMENT_SUFFIXES = (".yml", ".yaml", ".json", ".jsonc")
ROW_SUFFIXES = (".jsonl", ".jsonl.zst")
CORPUS_SUFFIXES = (*DOCUMENT_SUFFIXES, *ROW_SUFFIXES)

_GIT_FOLDER = ".git"


def is_rows(name: str) -> bool:
    """Whether a file of this name holds JSON Lines."""
    return name.lower().endswith(ROW_SUFFIXES)


def has_corpus_name(file: Path) -> bool:
    """Whether a file has a name that corpora are read from."""
    return file.name.lower().endswith(CORPUS_SUFFIXES)


def followed(path: Path) -> Path:
    """The path that is given, or what it leads to where it is a link and has no name to go by itself."""
    return path if has_corpus_name(path) else Path(os.path.realpath(path))


def is_corpus(path: Path) -> bool:
    """Whether a path that is given is a folder, or a file that corpora are read from."""
    return path.is_dir() or has_corpus_name(followed(path))


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
