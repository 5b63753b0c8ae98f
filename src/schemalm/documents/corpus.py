"""Corpora: folders of documents, single files, and JSON Lines, read row by row.

In go paths, out come rows with a value or the error that stands in its way (`rows`): one bad row never stops the
reading. Rows come in the order of the paths given, files of a folder sorted by their path. Memory is bounded by the
largest row that the limits allow and the names of a folder's files, whatever the size of the corpus. A path that is
given is followed where it is a link; those inside a folder are passed over, and noted (`corpus_files`). Rows are not
validated.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from schemalm.documents.corpus_files import CORPUS_SUFFIXES, files_in, followed, has_corpus_name, is_rows
from schemalm.documents.left_out import Duplicate, LeftOut, too_little
from schemalm.documents.limits import DEFAULT_LIMITS, DocumentLimits
from schemalm.documents.rows import CorpusRow, RowReader
from schemalm.documents.values import canonical_json
from schemalm.errors import DataError

_SUFFIXES = ", ".join(CORPUS_SUFFIXES)
_EXPECTED = f"a folder or a file that ends in {_SUFFIXES}"


def read_corpus(
    paths: Iterable[Path],
    *,
    limits: DocumentLimits = DEFAULT_LIMITS,
    merge_keys: bool = False,
    left_out: LeftOut | None = None,
) -> Iterator[CorpusRow]:
    """Yield the rows of folders (searched for the files that follow), of documents, `.jsonl` and `.jsonl.zst`.

    A row of JSON Lines is an object with `json` (a value, or JSON text), `yaml` (text) or `value`, the first of
    these that it has and that is not null, and optionally `repo` and `path`. `merge_keys`: resolve `<<` in place of
    refusing it. What is passed over is noted in `left_out`; rows with an error are the caller's to note. Raises
    `DataError` where a path cannot be read, is of another kind or is damaged, and at the end where there was no
    document at all.
    """
    noted = LeftOut() if left_out is None else left_out
    reader = RowReader(limits, merge_keys, noted)
    given = list(paths)
    num_rows = 0
    for path in given:
        for file, name in _files(path, noted):
            num_before = num_rows
            for row in reader.rows(file, name) if is_rows(file.name) else reader.documents(file, name):
                num_rows += 1
                yield row
            if num_rows == num_before:
                noted.pass_over("files without a row", name)
    if not num_rows:
        raise too_little(
            f"{', '.join(map(str, given))}: no documents found; expected files that end in {_SUFFIXES}", noted
        )


def deduplicate(rows: Iterable[CorpusRow], left_out: LeftOut | None = None) -> Iterator[CorpusRow]:
    """Yield the rows whose value no earlier row has, key order aside, and note the others.

    Rows with an error are all kept.
    """
    noted = LeftOut() if left_out is None else left_out
    seen: dict[bytes, str] = {}  # the name of the first document by its digest
    for row in rows:
        if row.error is None:
            digest = hashlib.sha256(canonical_json(row.value, sort_keys=True)).digest()
            original = seen.get(digest)
            if original is not None:
                noted.duplicates.append(Duplicate(row.name, original))
                continue
            seen[digest] = row.name
        yield row


def _files(path: Path, left_out: LeftOut) -> Iterator[tuple[Path, str]]:
    """Yield the files that a path stands for, each with the name that its rows get."""
    try:
        if path.is_dir():
            for file in files_in(path, left_out):
                yield file, file.relative_to(path).as_posix()
            return
        is_file = path.is_file()
    except OSError as error:
        raise DataError(f"{path}: cannot be read: {error.strerror}") from None
    if not is_file:
        raise DataError(f"{path}: {_absence(path)}; expected {_EXPECTED}")
    file = followed(path)
    if not has_corpus_name(file):
        raise DataError(f"{path}: not a corpus; expected {_EXPECTED}")
    yield file, path.name


def _absence(path: Path) -> str:
    """Why there is nothing to read at a path that is neither a file nor a folder."""
    if path.is_symlink():
        return "a link that leads nowhere"
    return "neither a file nor a folder" if path.exists() else "no such file or folder"
