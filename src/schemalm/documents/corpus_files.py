"""Which files of a corpus are read: a folder's, told by the ends of their names, whatever their case.

Links are followed, and each folder and file is read once, by whichever way. In a Git checkout below the given path, and
in a given one that holds documents at the place where the schema's documents stand, only the files at that place are
read, and no link leads out of the checkout: a foreign repository must not draw private files into a corpus. Nothing is
passed over in silence: what is not read is noted in the `LeftOut` record. Memory is bounded by the entries of the
folders on the way to a file, and by a number for each file and folder.
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

# What is passed over; links first in what people are told, as documents may stand behind them.
DEAD_LINKS = "links that cannot be followed"
LINKS_OUT = "links out of a Git checkout"
LINKS_INSIDE = "links to what has another name here"
OTHER_WAYS = "second ways to a file or folder"
OTHER_PLACES = "documents of Git checkouts at other places"
_PACKED = (".gz", ".zst", ".bz2", ".xz", ".zip")

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
    there; elsewhere both are empty. `name` and `shown`, the path as messages have it, are text, whatever the bytes.
    """

    path: Path
    name: str
    kind: Kind
    repository: str = ""
    license: str = ""

    @property
    def shown(self) -> str:
        """The path as text."""
        return as_text(str(self.path))


def as_text(path: str) -> str:
    r"""A path as text that can be encoded: bytes that are no UTF-8 become `\xff`."""
    return path if path.isascii() else os.fsencode(path).decode("utf-8", "backslashreplace")


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

    `documents_at` tells the places in a Git checkout where documents of the schema stand; all where None. Raises
    `DataError` where a path cannot be read or is of another kind.
    """
    for path in paths:
        try:
            mode = path.stat().st_mode
        except OSError as error:
            raise DataError(f"{as_text(str(path))}: {_absence(path, error)}; expected {EXPECTED}") from None
        if stat.S_ISDIR(mode):
            yield from _Walk(path, left_out, documents_at).files()
        else:
            yield _given(path, mode)


def _given(path: Path, mode: int) -> CorpusFile:
    """A file that is given by its name."""
    kind = Kind.of(followed(path).name)
    if kind is None or not stat.S_ISREG(mode):
        found = "not a corpus" if stat.S_ISREG(mode) else "neither a file nor a folder"
        raise DataError(f"{as_text(str(path))}: {found}; expected {EXPECTED}")
    return CorpusFile(followed(path), as_text(path.name), kind)


def _absence(path: Path, error: OSError) -> str:
    """Why there is nothing to read at a path."""
    if path.is_symlink():
        return "a link that leads nowhere"
    return "no such file or folder" if isinstance(error, FileNotFoundError) else f"cannot be read: {reason_of(error)}"


@dataclass(frozen=True)
class _Place:
    """Where a folder or one of its entries stands: its path, its name below the given folder, and its checkout.

    `name_in_checkout` is its name below the folder of the checkout. `is_link`: it is a link itself, `is_linked`: one is
    on the way to it.
    """

    path: Path
    name: str = ""
    checkout: Checkout | None = None
    name_in_checkout: str = ""
    is_link: bool = False
    is_linked: bool = False

    def below(self, name: str, is_link: bool) -> _Place:
        """The place of an entry."""
        text = as_text(name)
        return _Place(
            self.path / name,
            f"{self.name}/{text}".lstrip("/"),
            self.checkout,
            f"{self.name_in_checkout}/{text}".lstrip("/"),
            is_link,
            is_link or self.is_linked,
        )


class _Walk:
    """The way through one given folder."""

    def __init__(self, root: Path, left_out: LeftOut, documents_at: DocumentsAt | None) -> None:
        self._root = root
        self._real_root = os.path.realpath(root)
        self._left_out = left_out
        self._documents_at = documents_at
        self._seen: set[tuple[int, int]] = set()  # devices and inodes of what was come upon

    def files(self) -> Iterator[CorpusFile]:
        """Yield the files of the folder and of those below it."""
        yield from self._files(_Place(self._root, checkout=self._root_checkout()))

    def _root_checkout(self) -> Checkout | None:
        """The checkout that the given folder is; without its repository where it is a data set that Git keeps."""
        if not _is_checkout(self._root):
            return None
        checkout = Checkout.at(self._root, as_text(Path(self._real_root).name))
        if self._documents_at is not None:
            trial = _Walk(self._root, LeftOut(), self._documents_at)
            files = trial._files(_Place(self._root, checkout=checkout))
            if any(file.repository == checkout.repository for file in files):
                return checkout
        return replace(checkout, repository="")

    def _files(self, folder: _Place) -> Iterator[CorpusFile]:
        self._is_new(folder.path.stat())
        on_the_way = [self._entries(folder)]
        while on_the_way:
            found = next(on_the_way[-1], None)
            if found is None:
                on_the_way.pop()
            elif isinstance(found, _Place):
                on_the_way.append(self._entries(found))
            else:
                yield found

    def _entries(self, folder: _Place) -> Iterator[_Place | CorpusFile]:
        """Yield the folders in a folder, and its files that are read; notes the other entries."""
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
            place = folder.below(name, is_link)
            if name in own:
                self._left_out.pass_over(own[name], place.name)
                continue
            try:
                status = place.path.stat()
            except OSError as error:
                if place.is_link:
                    self._left_out.pass_over(DEAD_LINKS, place.name)
                else:
                    self._reject(place, "the file", error)
                continue
            if kind := self._kind_passed_over(place, status):
                self._left_out.pass_over(kind, place.name)
            elif not stat.S_ISDIR(status.st_mode):
                yield from self._file(place)
            elif _is_checkout(place.path):
                yield replace(place, checkout=Checkout.at(place.path, place.name), name_in_checkout="")
            else:
                yield place

    def _kind_passed_over(self, place: _Place, status: os.stat_result) -> str:
        """What an entry of a folder is where it is not read; else empty."""
        is_folder = stat.S_ISDIR(status.st_mode)
        if place.path.name == GIT_FOLDER:
            return "folders of Git"
        if place.is_link and (kind := self._kind_of_link(place.path, place.checkout)):
            return kind
        if not is_folder:
            if not stat.S_ISREG(status.st_mode):
                return "pipes, sockets and devices"
            if kind := self._kind_not_read(place.path.name, place.name_in_checkout, place.checkout):
                return kind
            if status.st_nlink == 1 and not place.is_linked:  # there is no second way to it
                return ""
        return "" if self._is_new(status) else OTHER_WAYS

    def _is_new(self, status: os.stat_result) -> bool:
        """Whether a file or folder was not come upon before; from now on it was."""
        number = (status.st_dev, status.st_ino)
        is_new = number not in self._seen
        self._seen.add(number)
        return is_new

    def _kind_of_link(self, link: Path, checkout: Checkout | None) -> str:
        """What a link is that is not followed; else empty."""
        real = os.path.realpath(link)
        if checkout and not checkout.holds(real):
            return LINKS_OUT
        return LINKS_INSIDE if self._has_other_name(real, checkout) else ""

    def _has_other_name(self, real: str, checkout: Checkout | None) -> bool:
        """Whether the walk comes upon what a link leads to by its own name."""
        if GIT_FOLDER in PurePath(real).parts:
            return False
        is_here = is_inside(real, self._real_root) or bool(checkout)
        name_in_checkout = as_text(os.path.relpath(real, checkout.folder)) if checkout else ""
        return is_here and (Path(real).is_dir() or not self._kind_not_read(real, name_in_checkout, checkout))

    def _kind_not_read(self, name: str, name_in_checkout: str, checkout: Checkout | None) -> str:
        """What a file is that is not read, by its name and place; else empty."""
        if self._documents_at and checkout and checkout.repository:
            if self._documents_at(name_in_checkout):
                return ""
            if Kind.of(name):
                return OTHER_PLACES
        return "" if Kind.of(name) else _by_suffix(name)

    def _file(self, place: _Place) -> Iterator[CorpusFile]:
        """Yield the file of a place, unless it holds many rows and cannot be read."""
        kind = Kind.of(place.path.name) or Kind.DOCUMENTS  # a document without the ending has the place of one
        try:
            if kind is not Kind.DOCUMENTS:
                place.path.open("rb").close()
        except OSError as error:
            self._reject(place, "the file", error)
            return
        checkout = place.checkout
        if checkout and checkout.repository:
            yield CorpusFile(place.path, place.name_in_checkout, kind, checkout.repository, checkout.license)
        else:
            yield CorpusFile(place.path, place.name, kind, license=checkout.license if checkout else "")

    def _reject(self, place: _Place, what: str, error: OSError) -> None:
        """Note what cannot be read; nobody knows how many documents are in a folder or in a file of rows."""
        shown = as_text(str(place.path))
        reason = f"{shown}: {what} cannot be read: {reason_of(error)}"
        self._left_out.reject(Rejection(place.name, reason, file=shown))


def _is_checkout(folder: Path) -> bool:
    return os.path.lexists(folder / GIT_FOLDER)


def _by_suffix(name: str) -> str:
    """The kind of a file that no corpus is read from."""
    first, last = ("", *PurePath(name.lower()).suffixes)[-2:] if "." in name else ("", "")
    suffix = as_text(first + last if last in _PACKED else last)
    return f"{suffix} files" if suffix else "files without a suffix"
