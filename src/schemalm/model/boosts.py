"""Boosts: what a model adds to the logits of echoed and recalled tokens (a pointer; Merity et al., 2017).

A hidden vector raises the logits of thousands of tokens by their rows of the head, which are small for rare tokens and
take long to learn. An echo or a recall names one token, so one number is enough to raise its logit: it is learned for
each echo, and for each certainty of each recall. It does not depend on what the model has read: if it does, the model
learns by heart when to believe in a small corpus that is read many times, and predicts unseen documents worse.

Tensor names: E echoes, R recalls, C certainties, J echoes and recalls, D model width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from schemalm.model.head_input import HeadInput
from schemalm.model.inputs import NEVER


class Boosts(nn.Module):
    """The boosts of a model; all parameters start at zero, so nothing is boosted.

    gain: the factor of the parameters; the larger it is, the faster they are learned. If it is 0, or the model has no
    echoes and recalls, nothing is boosted.
    """

    def __init__(self, num_echoes: int, num_recalls: int, num_certainties: int, gain: float) -> None:
        super().__init__()
        self._gain = gain
        self.echo = nn.Parameter(torch.zeros(num_echoes)) if num_echoes and gain else None
        self.recall = nn.Parameter(torch.zeros(num_recalls, num_certainties)) if num_recalls and gain else None

    def forward(self, vectors: Tensor, echoes: Tensor | None, recalls: Tensor | None) -> HeadInput:
        """Return the head's input for `vectors` [..., D], with the boosts of what follows each.

        `echoes` [..., E] and the first of each pair in `recalls` [..., R, 2] are tokens; `NEVER` is boosted by 0.
        """
        tokens: list[Tensor] = []
        boosts: list[Tensor] = []
        if self.echo is not None and echoes is not None:
            tokens.append(echoes)
            boosts.append(self.echo.expand(echoes.shape))
        if self.recall is not None and recalls is not None:
            recalled, certainties = recalls.unbind(-1)
            tokens.append(recalled)
            boosts.append(self.recall[torch.arange(len(self.recall), device=recalled.device), certainties])
        if not tokens:
            return HeadInput.plain(vectors)
        named = torch.cat(tokens, dim=-1)
        return HeadInput(vectors, named, self._gain * torch.cat(boosts, dim=-1) * (named != NEVER))
