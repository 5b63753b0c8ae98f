"""The use of a tokenizer in a corpus: how often each token occurs, and how many tokens documents have.

In go the tokens of documents; out come statistics. Quantiles are lengths that occur: `quantile(0.9)` is the smallest
length that nine tenths of the documents do not exceed.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CONTEXT_SIZES = (512, 1024, 2048)


@dataclass(frozen=True)
class Usage:
    """The counts of a corpus: uses of each token id [vocab_size], tokens of each document, and bytes in total."""

    uses: NDArray[np.int64]
    lengths: NDArray[np.int64]
    num_bytes: int

    @property
    def num_documents(self) -> int:
        """The number of documents measured."""
        return len(self.lengths)

    @property
    def num_tokens(self) -> int:
        """The number of tokens of all documents."""
        return int(self.uses.sum())

    @property
    def tokens_per_byte(self) -> float:
        """The number of tokens per byte of compact JSON."""
        return self.num_tokens / self.num_bytes

    @property
    def num_used(self) -> int:
        """The number of different tokens that occur."""
        return int(np.count_nonzero(self.uses))

    @property
    def entropy_bits(self) -> float:
        """The entropy of a token drawn from the corpus, in bits."""
        shares = self.uses[self.uses > 0] / self.num_tokens
        return float(-(shares * np.log2(shares)).sum())

    @property
    def effective_size(self) -> float:
        """The number of equally frequent tokens that would have the same entropy."""
        return float(2**self.entropy_bits)

    def quantile(self, share: float) -> int:
        """Return the smallest length in tokens that `share` of the documents (0 to 1) do not exceed."""
        return int(np.quantile(self.lengths, share, method="inverted_cdf"))

    def share_within(self, num_tokens: int) -> float:
        """Return the share of documents that have at most `num_tokens` tokens."""
        return float(np.mean(self.lengths <= num_tokens))

    def most_frequent(self, num_tokens: int) -> list[int]:
        """Return the ids of the most frequent tokens, the most frequent first, without any that never occur."""
        order = np.argsort(-self.uses, kind="stable")[:num_tokens]
        return [int(token) for token in order if self.uses[token]]


def measure_usage(documents: Iterable[tuple[Sequence[int], int]], vocab_size: int) -> Usage:
    """Measure the usage in documents, each given as its tokens and the number of bytes of its compact JSON.

    Raises ValueError if there is no document.
    """
    uses = np.zeros(vocab_size, dtype=np.int64)
    lengths = array("q")
    num_bytes = 0
    for tokens, size in documents:
        uses += np.bincount(np.asarray(tokens, dtype=np.int64), minlength=vocab_size)
        lengths.append(len(tokens))
        num_bytes += size
    if not lengths:
        raise ValueError("there is no document to measure")
    return Usage(uses, np.asarray(lengths, dtype=np.int64), num_bytes)
