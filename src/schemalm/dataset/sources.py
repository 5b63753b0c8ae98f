"""The source of a document: what it shares with its other versions and with documents of the same people.

Splits and recall go by sources, since documents of one source resemble each other more than new documents resemble any.
"""

from __future__ import annotations

import hashlib
import re

from schemalm.dataset.collect_settings import SplitBy
from schemalm.documents.corpus_files import Kind

_HOST = re.compile(r"^(?:\w+://)?(?:[^/@]*@)?[^/:]*\.[^/:]*[/:](?=[^/]+/.)")


def source_of(repository: str, path: str, split_by: SplitBy) -> str:
    """Return the source that a document is split by: its repository, that repository's owner, or the document itself.

    A document without a repository is its own source. Case is ignored. The owner is the part before the first `/`,
    without a host.
    """
    if is_own_source(repository, path):
        return repository
    name = repository.lower()
    return _HOST.sub("", name).partition("/")[0] if split_by == "owner" else name


def is_own_source(repository: str, path: str) -> bool:
    """Whether a document has no repository and is its own source: a file, or a row such as `rows.jsonl:7`."""
    file, _, number = repository.rpartition(":")
    is_row = number.isdecimal() and Kind.of(file) in (Kind.LINES, Kind.TABLE)
    return is_row or path == repository or path.startswith(f"{repository}#")


def source_number(source: str) -> int:
    """Return a hash of a source, below 2**32: two sources rarely share one."""
    return int.from_bytes(hashlib.sha256(source.encode()).digest()[:4], "big")
