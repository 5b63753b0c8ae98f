"""Boosts: what a model adds to the logits of echoed and recalled tokens (a pointer; Merity et al., 2017).

A hidden vector raises the logits of thousands of tokens by their rows of the head, which are small for rare tokens and
take long to learn. An echo or a recall names one token, so one number is enough to raise its logit: a bias, which is
learned for each echo and for each certainty of each recall, plus a product of the hidden vector with a learned vector,
so that the model decides by the context whom it believes.

Tensor names: E echoes, R recalls, C certainties, J echoes and recalls, D model width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from schemalm.model.head_input import HeadInput
from schemalm.model.inputs import NEVER


class Boosts(nn.Module):
    """The boosts of a model with echoes and recalls; all parameters start at zero, so nothing is boosted.

    gain: the factor of the biases; the larger it is, the faster they are learned.
    """

    def __init__(self, num_echoes: int, num_recalls: int, num_certainties: int, width: int, gain: float) -> None:
        super().__init__()
        self._gain = gain
        self.echo_bias = nn.Parameter(torch.zeros(num_echoes)) if num_echoes else None
        self.recall_bias = nn.Parameter(torch.zeros(num_recalls, num_certainties)) if num_recalls else None
        self.weight = nn.Parameter(torch.zeros(num_echoes + num_recalls, width))

    def forward(self, x: Tensor, vectors: Tensor, echoes: Tensor | None, recalls: Tensor | None) -> HeadInput:
        """Return the head's input for `vectors` [..., D], with the boosts that hidden vectors `x` [..., D] ask for.

        `echoes` [..., E] and the first of each pair in `recalls` [..., R, 2] are tokens; `NEVER` is boosted by 0.
        """
        tokens: list[Tensor] = []
        biases: list[Tensor] = []
        if self.echo_bias is not None and echoes is not None:
            tokens.append(echoes)
            biases.append(self.echo_bias.expand(echoes.shape))
        if self.recall_bias is not None and recalls is not None:
            recalled, certainties = recalls.unbind(-1)
            tokens.append(recalled)
            biases.append(self.recall_bias[torch.arange(len(self.recall_bias), device=x.device), certainties])
        named = torch.cat(tokens, dim=-1)
        boosts = self._gain * torch.cat(biases, dim=-1) + F.linear(x, self.weight)
        return HeadInput(vectors, named, boosts * (named != NEVER))
