"""The interface of all engines, so that training, sampling and parity checks are written once.

An engine has a model, its weights and an optimizer. It takes and returns weights, gradients and logits as float64
arrays. Tokens are [B, T]; losses are means over all positions, in nats.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

from schemalm.reference.configuration import ReferenceConfiguration
from schemalm.reference.optimizers import Moments, adamw, sgd
from schemalm.reference.weights import Array, Tokens, Weights


class Engine(ABC):
    """A model in training; this base class uses the reference implementation's own optimizers."""

    def __init__(self, configuration: ReferenceConfiguration, vocab_size: int, weights: Weights) -> None:
        self._configuration, self._settings = configuration, configuration.model_configuration(vocab_size)
        self._weights, self._gradients = dict(weights), dict[str, Array]()
        self._moments: dict[str, Moments] = dict.fromkeys(weights, (0.0, 0.0))
        self._num_steps = 0

    @abstractmethod
    def logits(self, tokens_BT: Tokens) -> Array:
        """Return the logits [B, T, V] of the token after each position."""

    @abstractmethod
    def loss(self, tokens_BT: Tokens, targets_BT: Tokens) -> float:
        """Return the loss of a batch; its derivatives are kept for `gradients` and `step`."""

    def gradients(self) -> Weights:
        """Return the derivatives of the last loss with respect to every weight."""
        return dict(self._gradients)

    def weights(self) -> Weights:
        """Return the current weights."""
        return dict(self._weights)

    def step(self, rate: float) -> None:
        """Update the weights by the optimizer's rule at this learning rate."""
        self._num_steps += 1
        rule = {"sgd": sgd, "adamw": adamw}[self._configuration.optimizer]
        for name, gradient in self._gradients.items():
            updated = rule(
                self._weights[name], gradient, self._moments[name], rate, self._num_steps, self._configuration
            )
            self._weights[name], self._moments[name] = updated
