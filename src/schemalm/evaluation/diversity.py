"""Measure whether a model writes many different documents, and documents that are not in the training data.

The functions take sampled values and the training documents, as values or as a prepared split. Two documents are equal
if their canonical JSON with sorted keys is equal, so the order of keys does not matter. The softer measure is the
Jaccard similarity of the two documents' multisets of (path, scalar) pairs: 1 for the same content in any order of
items, 0 if nothing is shared. Paths omit array positions and keys that the schema does not name (the name of a job);
such keys are pairs of their own, so that renaming one job does not make a document new. Every function is
deterministic.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from schemalm.dataset.store import Split
from schemalm.documents import JSONValue, canonical_json
from schemalm.tokenizer import Tokenizer

ITEM, FREE_KEY, KEY_TEXT = "[]", "*", "key"
# Named keys are written as `.name`, so they never equal one of the constants above.
KeyPath = tuple[str, ...]
# A (path, scalar as JSON) pair with the number of its occurrence in the document, which turns multisets into sets.
Feature = tuple[KeyPath, bytes, int]


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


def named_keys(tokenizer: Tokenizer) -> frozenset[str]:
    """Return all keys that the tokenizer's schema names."""
    return frozenset(symbol.text for symbol in tokenizer.grammar.symbols.symbols if symbol.label == "KEY")


def features(value: JSONValue, named: frozenset[str]) -> set[Feature]:
    """Return the multiset of (path, scalar) pairs of a document, as a set of numbered pairs.

    named: the keys that paths contain. Empty containers count as scalars.
    """
    counts: Counter[tuple[KeyPath, bytes]] = Counter()
    found: set[Feature] = set()
    for path, scalar in _pairs(value, named):
        pair = (path, canonical_json(scalar))
        found.add((*pair, counts[pair]))
        counts[pair] += 1
    return found


def _pairs(value: JSONValue, named: frozenset[str]) -> Iterator[tuple[KeyPath, JSONValue]]:
    rest: list[tuple[KeyPath, JSONValue]] = [((), value)]
    while rest:
        path, node = rest.pop()
        if isinstance(node, dict) and node:
            for key, child in node.items():
                rest.append(((*path, f".{key}" if key in named else FREE_KEY), child))
                if key not in named:
                    yield (*path, KEY_TEXT), key
        elif isinstance(node, list) and node:
            rest.extend(((*path, ITEM), child) for child in node)
        else:
            yield path, node


class Neighbours:
    """An inverted index of documents, to find the document nearest to a value; `named`: the keys that paths contain."""

    def __init__(self, documents: Iterable[JSONValue], named: frozenset[str]) -> None:
        self._named = named
        postings: dict[Feature, list[int]] = defaultdict(list)
        sizes: list[int] = []
        for index, document in enumerate(documents):
            found = features(document, named)
            sizes.append(len(found))
            for feature in found:
                postings[feature].append(index)
        self._postings = {feature: np.array(indices) for feature, indices in postings.items()}
        self._sizes: NDArray[np.int64] = np.array(sizes, dtype=np.int64)

    def similarity(self, value: JSONValue) -> float:
        """Return the Jaccard similarity, 0 to 1, of the nearest document; 0 if there are no documents."""
        found = features(value, self._named)
        hits = [self._postings[feature] for feature in found if feature in self._postings]
        if not hits:
            return 0.0
        shared = np.bincount(np.concatenate(hits), minlength=len(self._sizes))
        return float((shared / (self._sizes + len(found) - shared)).max())
