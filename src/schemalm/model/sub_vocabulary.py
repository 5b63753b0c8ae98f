"""The part of the vocabulary that narrow masks admit: products with the whole head would be wasted on the rest.

At a sixth of a workflow's positions the grammar admits some hundred tokens at most, and all such tokens together are
few: names of keys and members of enums. A sub-vocabulary numbers these anew.

Tensor names: N positions, U distinct nonterminals, V vocabulary, W tokens of the sub-vocabulary, D model width.
"""

from __future__ import annotations

import torch
from torch import Tensor

# A narrow mask admits at most this share of the vocabulary.
_NARROW_SHARE = 16
# oneDNN caches some megabytes of code for each shape of a product, so sizes are rounded up.
_SIZE_MULTIPLE = 256


class SubVocabulary:
    """The tokens that some masks admit, and at least one place more, for all others.

    `masks_UW` are the masks over these tokens.
    """

    def __init__(self, masks_UV: Tensor) -> None:
        is_admitted_V = masks_UV.any(dim=0)
        admitted = is_admitted_V.nonzero().squeeze(1)
        num_others = _SIZE_MULTIPLE - len(admitted) % _SIZE_MULTIPLE
        # Any token may stand at the places of the others, since no mask admits these.
        self._tokens_W = torch.cat((admitted, admitted.new_zeros(num_others)))
        is_used_W = torch.arange(len(self._tokens_W), device=masks_UV.device) < len(admitted)
        self.masks_UW = masks_UV.index_select(1, self._tokens_W) & is_used_W
        self._places_V = torch.where(is_admitted_V, is_admitted_V.cumsum(0) - 1, len(admitted))

    def rows(self, head_VD: Tensor) -> Tensor:
        """Return the head's rows of these tokens [W, D]."""
        return head_VD.index_select(0, self._tokens_W)

    def places(self, tokens: Tensor) -> Tensor:
        """Return the number of each token here [...]; all tokens that no mask admits have the same one."""
        return self._places_V[tokens]


def narrow_masks(masks_UV: Tensor) -> Tensor:
    """Return which masks admit so few tokens that a sub-vocabulary is worth it [U]."""
    return masks_UV.sum(dim=1) <= masks_UV.shape[1] // _NARROW_SHARE
