"""Measure whether documents differ from each other and from the training documents.

In go documents and the training documents, as values, as nodes (`paths.py`) or as a prepared split. Two documents are
equal if their canonical JSON with sorted keys is equal, so the order of keys does not matter. The softer measure is the
Jaccard similarity of the two documents' multisets of (path, scalar) pairs: 1 for the same content in any order of
items, 0 if nothing is shared. Free keys are pairs of their own, so that renaming one job does not make a document new.
Every function is deterministic.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from schemalm.dataset.store import Split
from schemalm.documents import JSONValue, canonical_json
from schemalm.evaluation.samples.paths import Node
from schemalm.tokenizer import Tokenizer

# A path and a scalar as JSON, with the number of its occurrence in the document, which turns multisets into sets.
Feature = tuple[str, bytes, int]


class Neighbour(NamedTuple):
    """The nearest of some documents: its number, counted from 0, and its similarity, 0 to 1."""

    number: int
    similarity: float


def identity(value: JSONValue) -> bytes:
    """Return bytes that are equal for two documents if and only if they are equal up to the order of keys."""
    return canonical_json(value, sort_keys=True)


def distinct_share(values: Sequence[JSONValue]) -> float:
    """Return the number of different documents divided by the number of documents; 0 if there are none."""
    return len({identity(value) for value in values}) / max(len(values), 1)


def decode_documents(tokenizer: Tokenizer, split: Split, documents: Iterable[int]) -> Iterator[JSONValue]:
    """Yield the values of a split's documents by index; raises `DecodeError` if another tokenizer made the data."""
    for document in documents:
        yield tokenizer.decode(split.document(document)[0].tolist())


def copied(values: Sequence[JSONValue], tokenizer: Tokenizer, split: Split) -> list[bool]:
    """Return for each value whether it equals any document of the split.

    Sorting keys does not change the length of canonical JSON, so only documents of the same length are decoded.
    """
    identities = [identity(value) for value in values]
    candidates = np.flatnonzero(np.isin(split.num_bytes, [len(text) for text in set(identities)]))
    known = {identity(value) for value in decode_documents(tokenizer, split, candidates.tolist())}
    return [text in known for text in identities]


def features(document: Iterable[Node]) -> set[Feature]:
    """Return the multiset of (path, scalar) pairs of a document's nodes, as a set of numbered pairs."""
    counts: Counter[tuple[str, bytes]] = Counter()
    found: set[Feature] = set()
    for node in document:
        if node.is_scalar:
            pair = (node.path, canonical_json(node.value))
            found.add((*pair, counts[pair]))
            counts[pair] += 1
    return found


class Neighbours:
    """An inverted index of documents, given as nodes, to find the document nearest to another one."""

    def __init__(self, documents: Iterable[Iterable[Node]] = ()) -> None:
        self._postings: dict[Feature, array[int]] = defaultdict(lambda: array("q"))
        self._sizes = array("q")
        for document in documents:
            self.add(document)

    def add(self, document: Iterable[Node]) -> None:
        """Add a document; its number is that of the documents before it."""
        found = features(document)
        for feature in found:
            self._postings[feature].append(len(self._sizes))
        self._sizes.append(len(found))

    def nearest(self, document: Iterable[Node]) -> Neighbour | None:
        """Return the document with the greatest similarity, the first of them; None if none shares anything."""
        found = features(document)
        hits = [np.array(self._postings[feature]) for feature in found if feature in self._postings]
        if not hits:
            return None
        shared = np.bincount(np.concatenate(hits), minlength=len(self._sizes))
        similarity = shared / (np.array(self._sizes) + len(found) - shared)
        number = int(similarity.argmax())
        return Neighbour(number, float(similarity[number]))
