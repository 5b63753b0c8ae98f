"""Corpora: folders of documents, single files, JSON Lines and Parquet, read row by row.

In go paths; out come rows, each with a value or the error that prevented it (`rows`): one bad row never stops the
reading. Rows follow the order of the paths given; the files of a folder are sorted by path. Memory is bounded as in
`pieces`, whatever the size of the corpus. Rows are not validated against a schema.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from schemalm.documents.corpus_files import PathMatcher
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
    path_matcher: PathMatcher | None = None,
) -> Iterator[CorpusRow]:
    """Yield the rows of documents, JSON Lines and Parquet files, and of the folders that contain them.

    A row of JSON Lines or of a table is an object with `json` (a value, or JSON text), `yaml` (text) or `value`; the
    first of these that is not null counts. It may also have `repo`, `path` and `license`. `merge_keys` resolves `<<`
    instead of refusing it. `path_matcher` and the errors raised are those of `read_pieces`. Skipped files are recorded
    in `left_out`; the caller records the rows with an error.
    """
    noted = LeftOut() if left_out is None else left_out
    for piece in read_pieces(paths, noted, path_matcher=path_matcher, limits=limits):
        yield from rows_of(piece, limits=limits, merge_keys=merge_keys, left_out=noted)


def deduplicate(rows: Iterable[CorpusRow], left_out: LeftOut | None = None) -> Iterator[CorpusRow]:
    """Yield each row whose value differs from all earlier ones, and record the others as duplicates.

    The order of keys does not matter. Rows with an error are all kept.
    """
    noted = LeftOut() if left_out is None else left_out
    seen: dict[bytes, str] = {}  # digest -> the name of the first document
    for row in rows:
        if row.error is None:
            digest = value_digest(row.value)
            original = seen.get(digest)
            if original is not None:
                noted.drop(Duplicate(row.name, original))
                continue
            seen[digest] = row.name
        yield row
