"""The search for the files of a corpus, which are recognized by their suffixes in upper or lower case.

Links are followed, and each folder and file is read once, whichever path leads to it. In a Git checkout below the given
path, only the files are read whose paths match those of the schema's documents; the same is true of a given path that
is a checkout with such files. No link may lead out of a checkout: someone else's repository must not draw private files
into a corpus. Nothing is skipped silently: files that are not read are recorded in `LeftOut`. Memory is bounded by the
entries of the folders above a file, and by a number for each file and folder.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path, PurePath

from schemalm.documents.checkouts import GIT_FOLDER, Checkout, is_inside
from schemalm.documents.collected import kinds_in
from schemalm.documents.left_out import LeftOut, Rejection
from schemalm.errors import DataError
from schemalm.messages.wording import reason_of

DOCUMENT_SUFFIXES = (".yml", ".yaml", ".json", ".jsonc")
ROW_SUFFIXES = tuple(f"{lines}{packed}" for lines in (".jsonl", ".ndjson") for packed in ("", ".gz", ".zst"))
TABLE_SUFFIXES = (".parquet",)
CORPUS_SUFFIXES = (*DOCUMENT_SUFFIXES, *ROW_SUFFIXES, *TABLE_SUFFIXES)
EXPECTED = f"a folder or a file that ends in {', '.join(CORPUS_SUFFIXES)}"

# The kinds of files and folders that are not read.
DEAD_LINKS = "links that cannot be followed"
LINKS_OUT = "links out of a Git checkout"
LINKS_INSIDE = "links whose targets are read anyway"
OTHER_WAYS = "duplicate paths to a file or folder"
OTHER_PLACES = "documents of Git checkouts at other paths"
_PACKED = (".gz", ".zst", ".bz2", ".xz", ".zip")

# Tells whether a path in a Git checkout is one of the schema's documents.
PathMatcher = Callable[[str], bool]


class Kind(Enum):
    """The kind of content that a file of a corpus has."""

    DOCUMENTS = DOCUMENT_SUFFIXES
    LINES = ROW_SUFFIXES
    TABLE = TABLE_SUFFIXES

    @classmethod
    def of(cls, name: str) -> Kind | None:
        """Return the kind of a file by its name; None if no corpus is read from such a file."""
        return next((kind for kind in cls if name.lower().endswith(kind.value)), None)


@dataclass(frozen=True)
class CorpusFile:
    """A file to read: its path, its kind, and the name for its rows.

    For a file of a Git checkout, `repository` is the source, `license` its licence if known, and `name` the path in the
    checkout; elsewhere `repository` is empty. `name` and `shown` are text even if the path is not UTF-8.
    """

    path: Path
    name: str
    kind: Kind
    repository: str = ""
    license: str = ""

    @property
    def shown(self) -> str:
        """The path as text, for messages."""
        return as_text(str(self.path))


def as_text(path: str) -> str:
    r"""Return a path as text that can be encoded: bytes that are not UTF-8 become `\xff`."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


def has_corpus_name(file: Path) -> bool:
    """Return whether a file has a suffix that corpora are read from."""
    return Kind.of(file.name) is not None


def followed(path: Path) -> Path:
    """Return the given path, or its target if it is a link without a corpus suffix."""
    return path if has_corpus_name(path) else Path(os.path.realpath(path))


def is_corpus(path: Path) -> bool:
    """Return whether a given path is a folder, or a file that corpora are read from."""
    return path.is_dir() or has_corpus_name(followed(path))


def corpus_files(
    paths: Iterable[Path], left_out: LeftOut, path_matcher: PathMatcher | None = None
) -> Iterator[CorpusFile]:
    """Yield the files at the given paths, those of a folder sorted by path.

    `path_matcher` tells which paths in a Git checkout are documents of the schema; None accepts all paths. Raises
    `DataError` if a path cannot be read or is of another kind.
    """
    for path in paths:
        try:
            mode = path.stat().st_mode
        except OSError as error:
            raise DataError(f"{as_text(str(path))}: {_absence(path, error)}; expected {EXPECTED}") from None
        if stat.S_ISDIR(mode):
            yield from _Walk(path, left_out, path_matcher).files()
        else:
            yield _given(path, mode)


def _given(path: Path, mode: int) -> CorpusFile:
    """Return the corpus file for a path that was given directly."""
    kind = Kind.of(followed(path).name)
    if kind is None or not stat.S_ISREG(mode):
        found = "not a corpus" if stat.S_ISREG(mode) else "neither a file nor a folder"
        raise DataError(f"{as_text(str(path))}: {found}; expected {EXPECTED}")
    return CorpusFile(followed(path), as_text(path.name), kind)


def _absence(path: Path, error: OSError) -> str:
    """Say why there is nothing to read at a path."""
    if path.is_symlink():
        return "a link that leads nowhere"
    return "no such file or folder" if isinstance(error, FileNotFoundError) else f"cannot be read: {reason_of(error)}"


@dataclass(frozen=True)
class _Entry:
    """An entry of a folder: its path, its name relative to the given folder, and its checkout.

    `name_in_checkout` is its name relative to the checkout. `is_link`: it is a link itself; `is_linked`: it or a folder
    above it is a link.
    """

    path: Path
    name: str = ""
    checkout: Checkout | None = None
    name_in_checkout: str = ""
    is_link: bool = False
    is_linked: bool = False

    def below(self, name: str, is_link: bool) -> _Entry:
        """Return an entry of this folder."""
        text = as_text(name)
        return _Entry(
            self.path / name,
            f"{self.name}/{text}".lstrip("/"),
            self.checkout,
            f"{self.name_in_checkout}/{text}".lstrip("/"),
            is_link,
            is_link or self.is_linked,
        )


class _Walk:
    """The walk through one given folder."""

    def __init__(self, root: Path, left_out: LeftOut, path_matcher: PathMatcher | None) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._left_out = left_out
        self._path_matcher = path_matcher
        self._seen: set[tuple[int, int]] = set()  # device and inode of each file and folder

    def files(self) -> Iterator[CorpusFile]:
        """Yield the files of the folder and of those below it."""
        yield from self._files(_Entry(self._root, checkout=self._root_checkout()))

    def _root_checkout(self) -> Checkout | None:
        """Return the checkout if the given folder is one; without its repository if it is a data set kept in Git."""
        if not _is_checkout(self._root):
            return None
        checkout = Checkout.at(self._root, as_text(Path(self._real_root).name))
        if self._path_matcher is not None:
            trial = _Walk(self._root, LeftOut(), self._path_matcher)
            files = trial._files(_Entry(self._root, checkout=checkout))
            if any(file.repository == checkout.repository for file in files):
                return checkout
        return replace(checkout, repository="")

    def _files(self, folder: _Entry) -> Iterator[CorpusFile]:
        self._is_new(folder.path.stat())
        open_folders = [self._entries(folder)]
        while open_folders:
            found = next(open_folders[-1], None)
            if found is None:
                open_folders.pop()
            elif isinstance(found, _Entry):
                open_folders.append(self._entries(found))
            else:
                yield found

    def _entries(self, folder: _Entry) -> Iterator[_Entry | CorpusFile]:
        """Yield the folders in a folder and the files to read; record the other entries."""
        try:
            with os.scandir(folder.path) as entries:
                found = sorted((entry.name, entry.is_symlink()) for entry in entries)
        except OSError as error:
            if folder.path == self._root:
                raise DataError(f"{as_text(str(folder.path))}: cannot be read: {reason_of(error)}") from None
            self._reject(folder, "the folder", error)
            return
        own = kinds_in(folder.path, [name for name, _ in found])
        for name, is_link in found:
            entry = folder.below(name, is_link)
            if name in own:
                self._left_out.pass_over(own[name], entry.name)
                continue
            try:
                status = entry.path.stat()
            except OSError as error:
                if entry.is_link:
                    self._left_out.pass_over(DEAD_LINKS, entry.name)
                else:
                    self._reject(entry, "the file", error)
                continue
            if kind := self._kind_passed_over(entry, status):
                self._left_out.pass_over(kind, entry.name)
            elif not stat.S_ISDIR(status.st_mode):
                yield from self._file(entry)
            elif _is_checkout(entry.path):
                yield replace(entry, checkout=Checkout.at(entry.path, entry.name), name_in_checkout="")
            else:
                yield entry

    def _kind_passed_over(self, entry: _Entry, status: os.stat_result) -> str:
        """Return the kind of an entry that is not read; empty for one that is."""
        is_folder = stat.S_ISDIR(status.st_mode)
        if entry.path.name == GIT_FOLDER:
            return "folders of Git"
        if entry.is_link and (kind := self._kind_of_link(entry.path, entry.checkout)):
            return kind
        if not is_folder:
            if not stat.S_ISREG(status.st_mode):
                return "pipes, sockets and devices"
            if kind := self._kind_not_read(entry.path.name, entry.name_in_checkout, entry.checkout):
                return kind
            if status.st_nlink == 1 and not entry.is_linked:  # no other path leads to it
                return ""
        return "" if self._is_new(status) else OTHER_WAYS

    def _is_new(self, status: os.stat_result) -> bool:
        """Return whether a file or folder is seen for the first time, and remember it."""
        number = (status.st_dev, status.st_ino)
        is_new = number not in self._seen
        self._seen.add(number)
        return is_new

    def _kind_of_link(self, link: Path, checkout: Checkout | None) -> str:
        """Return the kind of a link that is not followed; empty for one that is."""
        real = os.path.realpath(link)
        if checkout and not checkout.contains(real):
            return LINKS_OUT
        return LINKS_INSIDE if self._has_other_name(real, checkout) else ""

    def _has_other_name(self, real: str, checkout: Checkout | None) -> bool:
        """Return whether the walk also reaches a link's target by its own name."""
        if GIT_FOLDER in PurePath(real).parts:
            return False
        is_here = is_inside(real, self._real_root) or bool(checkout)
        name_in_checkout = as_text(os.path.relpath(real, checkout.folder)) if checkout else ""
        return is_here and (Path(real).is_dir() or not self._kind_not_read(real, name_in_checkout, checkout))

    def _kind_not_read(self, name: str, name_in_checkout: str, checkout: Checkout | None) -> str:
        """Return the kind of a file that is not read, by its name and path; empty for one that is."""
        if self._path_matcher and checkout and checkout.repository:
            if self._path_matcher(name_in_checkout):
                return ""
            if Kind.of(name):
                return OTHER_PLACES
        return "" if Kind.of(name) else _by_suffix(name)

    def _file(self, entry: _Entry) -> Iterator[CorpusFile]:
        """Yield the file of an entry, unless it has rows and cannot be read."""
        kind = Kind.of(entry.path.name) or Kind.DOCUMENTS  # without a suffix, its path made it a document
        try:
            if kind is not Kind.DOCUMENTS:
                entry.path.open("rb").close()
        except OSError as error:
            self._reject(entry, "the file", error)
            return
        checkout = entry.checkout
        if checkout and checkout.repository:
            yield CorpusFile(entry.path, entry.name_in_checkout, kind, checkout.repository, checkout.license)
        else:
            yield CorpusFile(entry.path, entry.name, kind, license=checkout.license if checkout else "")

    def _reject(self, entry: _Entry, what: str, error: OSError) -> None:
        """Record a folder or file that cannot be read, as one rejection: its number of documents is unknown."""
        shown = as_text(str(entry.path))
        reason = f"{shown}: {what} cannot be read: {reason_of(error)}"
        self._left_out.reject(Rejection(entry.name, reason, file=shown))


def _is_checkout(folder: Path) -> bool:
    return os.path.lexists(folder / GIT_FOLDER)


def _by_suffix(name: str) -> str:
    """Return the kind of a file that no corpus is read from, such as `.txt files`."""
    first, last = ("", *PurePath(name.lower()).suffixes)[-2:] if "." in name else ("", "")
    suffix = as_text(first + last if last in _PACKED else last)
    return f"{suffix} files" if suffix else "files without a suffix"
