"""The torch engine: SchemaLM's own model, loss and gradients, with torch's optimizers.

`schemalm train` runs the same `schemalm.model.GPT` and `head_cross_entropy`, so parity with the other engines verifies
the fast implementation. SchemaLM has no bigram model; a table of embeddings implements one here.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from schemalm.model.gpt import GPT
from schemalm.model.loss import head_cross_entropy
from schemalm.reference.configuration import ReferenceConfiguration
from schemalm.reference.engine import Engine
from schemalm.reference.weights import Array, Tokens, Weights


class TorchEngine(Engine):
    """The engine with SchemaLM's model; weights are float32 as in training, or float64 for comparison."""

    def __init__(self, configuration: ReferenceConfiguration, vocab_size: int, weights: Weights) -> None:
        super().__init__(configuration, vocab_size, weights)
        dtype = {"float32": torch.float32, "float64": torch.float64}[configuration.dtype]
        if configuration.model == "bigram":
            self._model: nn.Module = nn.Sequential()
            self._model.add_module("logits", nn.Embedding(vocab_size, vocab_size, dtype=dtype))
        else:
            self._model = GPT(self._settings, dtype=dtype)
        self._model.load_state_dict({name: torch.from_numpy(weight) for name, weight in weights.items()})
        self._optimizer: torch.optim.Optimizer = torch.optim.SGD(self._model.parameters())
        if configuration.optimizer == "adamw":
            betas, decay = (configuration.beta1, configuration.beta2), configuration.weight_decay
            self._optimizer = torch.optim.AdamW(
                self._model.parameters(), betas=betas, eps=configuration.epsilon, weight_decay=decay
            )

    def logits(self, tokens_BT: Tokens) -> Array:
        """See `Engine`."""
        with torch.no_grad():
            return _array(self._model(torch.from_numpy(tokens_BT)))

    def loss(self, tokens_BT: Tokens, targets_BT: Tokens) -> float:
        """See `Engine`."""
        tokens, targets = torch.from_numpy(tokens_BT), torch.from_numpy(targets_BT)
        if isinstance(self._model, GPT):
            total, num_targets = head_cross_entropy(self._model, self._model.hidden(tokens), targets)
            loss = total / num_targets
        else:
            loss = F.cross_entropy(self._model(tokens).flatten(0, 1), targets.flatten())
        self._optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def gradients(self) -> Weights:
        """See `Engine`."""
        return {name: _array(weight.grad) for name, weight in self._model.named_parameters() if weight.grad is not None}

    def step(self, rate: float) -> None:
        """Update the weights by torch's optimizer at this learning rate."""
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        self._optimizer.step()

    def weights(self) -> Weights:
        """See `Engine`."""
        return {name: _array(weight) for name, weight in self._model.state_dict().items()}


def _array(tensor: Tensor) -> Array:
    array: Array = tensor.detach().to(torch.float64, copy=True).numpy()
    return array
