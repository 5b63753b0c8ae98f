"""What every engine is, so that training, sampling and parity are written once.

An engine has a model, its weights and an optimizer. Weights, gradients and logits go in and out as float64 arrays.
Tokens are [B, T]; losses are means over all positions, in nats.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from schemalm.reference.configuration import ReferenceConfiguration
from schemalm.reference.optimizers import Moments, adamw, sgd
from schemalm.reference.weights import Array, Tokens, Weights


class Engine(ABC):
    """A model under training, here with the reference implementation's own optimizers."""

    def __init__(self, configuration: ReferenceConfiguration, vocab_size: int, weights: Weights) -> None:
        self._configuration, self._settings = configuration, configuration.model_configuration(vocab_size)
        self._weights, self._gradients = dict(weights), dict[str, Array]()
        self._moments: dict[str, Moments] = dict.fromkeys(weights, (0.0, 0.0))
        self._num_steps = 0

    @abstractmethod
    def logits(self, tokens_BT: Tokens) -> Array:
        """Logits [B, T, V] of the token after each."""

    @abstractmethod
    def loss(self, tokens_BT: Tokens, targets_BT: Tokens) -> float:
        """The loss of a batch; its derivatives are kept for `gradients` and `step`."""

    def gradients(self) -> Weights:
        """The derivatives of the last loss with respect to every weight."""
        return dict(self._gradients)

    def weights(self) -> Weights:
        """The weights as they are now."""
        return dict(self._weights)

    def step(self, rate: float) -> None:
        """Move the weights by the optimizer's rule."""
        self._num_steps += 1
        rule = {"sgd": sgd, "adamw": adamw}[self._configuration.optimizer]
        for name, gradient in self._gradients.items():
            moved = rule(self._weights[name], gradient, self._moments[name], rate, self._num_steps, self._configuration)
            self._weights[name], self._moments[name] = moved
