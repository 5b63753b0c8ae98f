"""The head's input: hidden vectors, and named tokens whose logits are raised.

`hidden` of a model returns it, and `logits` turns it into logits: products of the vectors with the head, plus the boost
of each named token, softly capped.

Tensor names: J named tokens of a position, D model width, V vocabulary.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor


@dataclass(frozen=True)
class HeadInput:
    """Hidden vectors [..., D]; named tokens [..., J] with the boost of each [..., J]. A plain model names no tokens."""

    vectors: Tensor
    tokens: Tensor
    boosts: Tensor

    @classmethod
    def plain(cls, vectors: Tensor) -> HeadInput:
        """Return vectors without named tokens."""
        shape = *vectors.shape[:-1], 0
        return cls(vectors, vectors.new_empty(shape).long(), vectors.new_empty(shape))

    def flat(self) -> HeadInput:
        """Return all positions as one list [N, ...]."""
        return HeadInput(self.vectors.flatten(0, -2), self.tokens.flatten(0, -2), self.boosts.flatten(0, -2))

    def at(self, positions: Any) -> HeadInput:
        """Return some positions of a list, by their indices or as a slice."""
        return HeadInput(self.vectors[positions], self.tokens[positions], self.boosts[positions])

    def raised(self, logits: Tensor) -> Tensor:
        """Add the boosts to logits [..., V] in place, and return them; boosts of the same token add up.

        Logits of another type than the boosts must be a list of positions [N, V].
        """
        if logits.dtype == self.boosts.dtype:
            return logits.scatter_add_(-1, self.tokens, self.boosts)
        # On a CPU, scatter_add_ copies all logits of a narrow type, twice.
        positions_N1 = torch.arange(len(logits), device=logits.device)[:, None]
        return logits.index_put_((positions_N1, self.tokens), self.boosts.to(logits.dtype), accumulate=True)
