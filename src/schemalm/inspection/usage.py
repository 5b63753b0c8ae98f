"""What a tokenizer makes of a corpus: how often each token comes, and how long documents become.

In go documents' tokens, out come figures. Quantiles are lengths that occur: `quantile(0.9)` is the least length that
nine tenths of the documents do not exceed.
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
    """Documents of a corpus as counts: uses by token id [vocab_size], lengths in tokens by document, bytes in all."""

    uses: NDArray[np.int64]
    lengths: NDArray[np.int64]
    num_bytes: int

    @property
    def num_documents(self) -> int:
        """How many documents were measured."""
        return len(self.lengths)

    @property
    def num_tokens(self) -> int:
        """How many tokens they have in all."""
        return int(self.uses.sum())

    @property
    def tokens_per_byte(self) -> float:
        """Tokens per byte of compact JSON."""
        return self.num_tokens / self.num_bytes

    @property
    def num_used(self) -> int:
        """How many tokens of the vocabulary came at all."""
        return int(np.count_nonzero(self.uses))

    @property
    def entropy_bits(self) -> float:
        """The entropy of a token drawn from the corpus, in bits."""
        shares = self.uses[self.uses > 0] / self.num_tokens
        return float(-(shares * np.log2(shares)).sum())

    @property
    def effective_size(self) -> float:
        """How many equally frequent tokens would have the same entropy."""
        return float(2**self.entropy_bits)

    def quantile(self, share: float) -> int:
        """The least length in tokens that `share` of the documents (0 to 1) do not exceed."""
        return int(np.quantile(self.lengths, share, method="inverted_cdf"))

    def share_within(self, num_tokens: int) -> float:
        """The share of documents that have at most so many tokens."""
        return float(np.mean(self.lengths <= num_tokens))

    def most_frequent(self, num_tokens: int) -> list[int]:
        """The ids of the tokens that come most often, the most frequent first; none that never comes."""
        order = np.argsort(-self.uses, kind="stable")[:num_tokens]
        return [int(token) for token in order if self.uses[token]]


def measure_usage(documents: Iterable[tuple[Sequence[int], int]], vocab_size: int) -> Usage:
    """The usage in documents given as their tokens and the number of bytes of their compact JSON.

    Raises ValueError where there is no document.
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
