"""Corpora: folders of documents, single files, JSON Lines and Parquet, read row by row.

In go paths, out come rows with a value or the error that stands in its way (`rows`): one bad row never stops the
reading. Rows come in the order of the paths given, files of a folder sorted by their path. Memory is bounded as that of
`pieces`, whatever the size of the corpus. Rows are not validated.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from schemalm.documents.corpus_files import DocumentsAt
from schemalm.documents.left_out import Duplicate, LeftOut
from schemalm.documents.limits import DEFAULT_LIMITS, DocumentLimits
from schemalm.documents.pieces import read_pieces, rows_of
from schemalm.documents.rows import CorpusRow
from schemalm.documents.values import value_digest


def read_corpus(
    paths: Iterable[Path],
    *,
    limits: DocumentLimits = DEFAULT_LIMITS,
    merge_keys: bool = False,
    left_out: LeftOut | None = None,
    documents_at: DocumentsAt | None = None,
) -> Iterator[CorpusRow]:
    """Yield the rows of folders (searched for the files that follow), of documents, JSON Lines and Parquet.

    A row of JSON Lines or of a table is an object with `json` (a value, or JSON text), `yaml` (text) or `value`, the
    first of these that it has and that is not null, and optionally `repo`, `path` and `license`. `merge_keys`: resolve
    `<<` in place of refusing it. `documents_at` and what is raised are those of `read_pieces`. What is passed over is
    noted in `left_out`; rows with an error are the caller's to note.
    """
    noted = LeftOut() if left_out is None else left_out
    for piece in read_pieces(paths, noted, documents_at=documents_at, limits=limits):
        yield from rows_of(piece, limits=limits, merge_keys=merge_keys, left_out=noted)


def deduplicate(rows: Iterable[CorpusRow], left_out: LeftOut | None = None) -> Iterator[CorpusRow]:
    """Yield the rows whose value no earlier row has, key order aside, and note the others.

    Rows with an error are all kept.
    """
    noted = LeftOut() if left_out is None else left_out
    seen: dict[bytes, str] = {}  # the name of the first document by its digest
    for row in rows:
        if row.error is None:
            digest = value_digest(row.value)
            original = seen.get(digest)
            if original is not None:
                noted.drop(Duplicate(row.name, original))
                continue
            seen[digest] = row.name
        yield row
