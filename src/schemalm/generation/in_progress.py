"""One document being written: its machine, its tokens so far, and the tokens that the model has not read yet.

The model reads windows as in training: a position token, then content. When a window is full, the next one starts at a
multiple of the stride that keeps half of the context. Where windows start depends on the document's tokens alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.dataset.echo import EchoMemory
from schemalm.errors import GuardError, LimitError
from schemalm.generation.results import ClosedBy
from schemalm.generation.side_features import SideFeatures
from schemalm.generation.steering import Steering
from schemalm.machine import Machine
from schemalm.rules.violations import NAMES


@dataclass(frozen=True)
class WindowShape:
    """The shape of windows: `context_size` tokens with the position token, which counts in units of `stride` tokens."""

    context_size: int
    stride: int


class ModelInput(NamedTuple):
    """Tokens for the model, and the side features of the token after each."""

    tokens: list[int]
    side_features: list[tuple[int, ...]]


# Finds the next tokens that a prompt leaves no choice about.
StatedTokens = Callable[[Machine], list[int]]


def completed(machine: Machine, stated: StatedTokens | None) -> list[int]:
    """Return the cheapest tokens that end a machine's document; the machine is unchanged.

    What a prompt states next is taken token by token, so that a long prompt does not use up the work of one call.
    Raises GuardError if no ending is found, LimitError if that takes more work than the limits permit.
    """
    machine, tokens = machine.copy(), list[int]()
    while stated is not None and (following := stated(machine)):
        _advance(machine, following)
        tokens += following
    try:
        return tokens + machine.completion()
    except GuardError:
        if machine.names is None:
            raise
    # The way that names lead to may miss what the prompt states. The cheapest way without names may keep the rules.
    unnamed = machine.copy()
    unnamed.names = None
    ending = unnamed.completion()
    _advance(machine, ending)
    return tokens + ending


def _advance(machine: Machine, tokens: list[int]) -> None:
    """Consume tokens; raises GuardError if one of them is not admitted."""
    for token in tokens:
        try:
            machine.advance(token)
        except ValueError:
            raise GuardError(NAMES, machine.path) from None


class DocumentInProgress:
    """A document in progress, with a budget of `max_tokens` tokens.

    machines: the first provides the grammar state for the model; the last decides which tokens are admitted, and knows
    the prompt if there is one.
    admitted: the tokens among which the model has to choose the next one [A]; None if there is no choice.
    preferred: which of these may be chosen [A]; the others name what is not declared yet, which is rare. None: all.
    num_read: how many tokens of the window the model has read, the position token included.
    is_steered: whether an object or list had to end where the model had a choice.
    is_stopped: whether the next step exceeds the limits on work, so that the document must be ended.
    is_stuck: whether no token may come next, because the prompt refers to a name that was not declared before.
    is_out_of_time: whether the document must be ended because its time is over.
    """

    def __init__(
        self,
        machines: list[Machine],
        side_features_of: SideFeatures,
        shape: WindowShape,
        max_tokens: int,
        stated: StatedTokens | None = None,
        num_stated: int = 0,
    ) -> None:
        """stated: finds the next tokens that a prompt leaves no choice about.

        num_stated: how many tokens of the budget are for these.
        """
        self.machines = machines
        self.side_features_of = side_features_of
        self._shape = shape
        self.max_tokens = max_tokens
        self.tokens: list[int] = []
        self.logprobs: list[float] = []
        self.num_forced = 0
        self.echoes = EchoMemory()
        # One entry before each token, and one before the next token.
        self.side_features = [side_features_of.before_next(machines[0], self.echoes)]
        self.admitted: NDArray[np.intp] | None = None
        self.preferred: NDArray[np.bool_] | None = None
        self._window_start = 0
        self.num_read = 0
        self.is_stopped = self.is_stuck = self.is_steered = self.is_out_of_time = False
        self._stated = stated
        self._steering = Steering(max_tokens, num_stated)

    @property
    def machine(self) -> Machine:
        """The machine that decides which tokens may come next."""
        return self.machines[-1]

    @property
    def room(self) -> int:
        """How many more tokens the window has room for, before the document may be steered; 0 or less if none."""
        in_window = self._window_start + self._shape.context_size - 1
        return min(in_window, self._steering.start) - len(self.tokens)

    @property
    def closed_by(self) -> ClosedBy | None:
        """Why the completion must end the document, besides its budget in tokens; None if nothing does."""
        return "limit" if self.is_stopped or self.is_stuck else "time" if self.is_out_of_time else None

    def close(self) -> None:
        """Leave the model no further choice, because the time is over."""
        self.is_out_of_time, self.admitted = True, None

    def append(self, token: int, logprob: float) -> None:
        """Consume a token with this log-probability in nats; raises LimitError if that exceeds the limits."""
        for machine in self.machines:
            machine.advance(token)
        self.echoes.add(token)
        self.side_features.append(self.side_features_of.before_next(self.machines[0], self.echoes))
        self.tokens.append(token)
        self.logprobs.append(logprob)

    def take(self, token: int, logprob: float) -> None:
        """Consume a token, or stop if that exceeds the limits."""
        try:
            self.append(token, logprob)
        except LimitError:
            self.is_stopped = True

    def take_forced(self) -> None:
        """Consume tokens while there is no choice; they cost no call of the model. Then set `admitted`."""
        self.admitted = None
        while not (self.machine.is_complete or self.is_stopped or self.is_stuck or self._must_close()):
            if self._take_stated():
                continue
            try:
                mask = self.machine.mask()
            except LimitError:
                self.is_stopped = True
                return
            num_admitted = int(np.count_nonzero(mask))
            if not num_admitted:
                self.is_stuck = True
                return
            end = self._steering.end(self.machine, mask, self.tokens, self._num_ending)
            if num_admitted > 1 and end is None:
                self._offer(mask)
                return
            self.is_steered |= num_admitted > 1
            self._take_forced(int(mask.argmax()) if end is None else end)

    def _offer(self, mask: NDArray[np.bool_]) -> None:
        """Set `admitted` and `preferred` by a mask, or stop if that exceeds the limits."""
        try:
            preferred = self.machine.mask_in_order(mask)
        except LimitError:
            self.is_stopped = True
            return
        self.admitted = np.flatnonzero(mask)
        self.preferred = None if preferred is mask else preferred[self.admitted]

    def _must_close(self) -> bool:
        return self._steering.must_close(self.machine, len(self.tokens), self._num_ending)

    def _num_ending(self) -> int:
        """Return the number of tokens of the cheapest completion; 0 if finding it exceeds the limits."""
        try:
            return len(completed(self.machine, self._stated))
        except (LimitError, GuardError):
            return 0

    def _take_stated(self) -> bool:
        """Consume the next tokens that the prompt states; return whether there are any."""
        stated = self._stated(self.machine) if self._stated is not None else []
        stated = stated[: self.max_tokens - len(self.tokens)]
        for token in stated:
            if self.is_stopped:
                break
            try:
                self._take_forced(token)
            except ValueError:
                self.is_stuck = True
                break
            self._steering.start += 1
        return bool(stated)

    def _take_forced(self, token: int) -> None:
        self.take(token, 0.0)
        self.num_forced += not self.is_stopped

    def ending(self) -> list[int]:
        """Return the cheapest tokens that end the document, after what the prompt states next.

        If finding them exceeds the limits, or there are none, half of the tokens are removed, and again half: an empty
        document has an ending that was found when the schema or the prompt was compiled. Raises LimitError or
        GuardError if even that fails.
        """
        while True:
            try:
                return completed(self.machine, self._stated)
            except (LimitError, GuardError):
                if not self.tokens:
                    raise
                self.is_stopped = True
                self._truncate(len(self.tokens) // 2)

    def _truncate(self, num_kept: int) -> None:
        """Keep the first `num_kept` tokens, in the tokens and in the machine that decides."""
        del self.tokens[num_kept:], self.logprobs[num_kept:]
        self.machines[-1] = machine = Machine(self.machine.tables)
        for token in self.tokens:
            machine.advance(token)

    def begin_window(self) -> bool:
        """Begin the next window if the next choice needs it, or the first; return whether one begins."""
        # The last token of a window is predicted, but never read.
        if len(self.tokens) - self._window_start > self._shape.context_size - 1:
            stride, context_size = self._shape.stride, self._shape.context_size
            least = -(-(len(self.tokens) - context_size + 1) // stride)
            self._window_start = max((len(self.tokens) - context_size // 2) // stride, least) * stride
            self.num_read = 0
        return not self.num_read

    def unread(self) -> ModelInput:
        """Return what the model has to read in the window before it can predict the next token."""
        if not self.num_read:
            return self.window()
        start = self._window_start + self.num_read
        return ModelInput(self.tokens[start - 1 :], self.side_features[start:])

    def window(self) -> ModelInput:
        """Return all that the model reads in the window before it predicts the next token."""
        start = self._window_start
        return ModelInput([start // self._shape.stride, *self.tokens[start:]], self.side_features[start:])
