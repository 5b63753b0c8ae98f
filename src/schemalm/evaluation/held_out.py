"""Unseen documents: what a model was not trained on, the same ones wherever figures of them have this label.

In goes a prepared folder; out come all documents of its validation split, or evenly spaced ones of them, as indices,
tokens and values. Nothing is kept in memory but the indices. Not covered: validation during training, which may score
fewer documents so that it takes little time.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schemalm.bounds import check_number
from schemalm.dataset.echo import Int64Array
from schemalm.dataset.selection import evenly_spaced
from schemalm.dataset.store import Split, read_metadata
from schemalm.documents import JSONValue
from schemalm.errors import DataError
from schemalm.tokenizer import Tokenizer

SPLIT = "val"


@dataclass(frozen=True)
class UnseenDocuments:
    """The documents `indices` of the validation split, in ascending order; there is at least one."""

    split: Split
    indices: Int64Array

    def __len__(self) -> int:
        return len(self.indices)

    @property
    def num_tokens(self) -> Int64Array:
        """The number of tokens of each document."""
        offsets = self.split.offsets
        return offsets[self.indices + 1] - offsets[self.indices]

    @property
    def num_bytes(self) -> int:
        """The bytes of all documents as compact canonical JSON."""
        return int(self.split.num_bytes[self.indices].sum())

    def tokens(self) -> Iterator[list[int]]:
        """Yield the token ids of each document; raises `DataError` if the data is damaged."""
        for index in self.indices.tolist():
            yield self.split.document(index)[0].tolist()

    def values(self, tokenizer: Tokenizer) -> Iterator[JSONValue]:
        """Yield the value of each document; raises `DecodeError` if another tokenizer made the data."""
        return map(tokenizer.decode, self.tokens())


def unseen_documents(data: Path, num_documents: int | None = None) -> UnseenDocuments:
    """Return the unseen documents of a prepared folder: all, or at most `num_documents` evenly spaced ones.

    Raises `DataError` if the folder has no validation documents or is damaged, and `ConfigurationError` if
    `num_documents` is not at least 1.
    """
    if num_documents is not None:
        check_number("num_documents", num_documents, 1, is_whole=True)
    split = Split(data, SPLIT, read_metadata(data))
    if not split.num_documents:
        raise DataError("there are no documents to score: the split is empty")
    num_chosen = split.num_documents if num_documents is None else num_documents
    return UnseenDocuments(split, evenly_spaced(split.num_documents, num_chosen))
