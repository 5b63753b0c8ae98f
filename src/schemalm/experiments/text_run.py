"""A text model as the generation engine sees it: what `Run`, `Tokenizer` and `Machine` are for a typed one.

In go a model, a tokenizer of byte BPE and a mask; out comes a `TextRun` for `generation.engine.Engine`, which asks it
for exactly the members here. A document is complete when the outermost object or list of its JSON closes. There is no
completion: what has reached the budget is cut off. `Generated.value` is the text, which may be no JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from schemalm.baselines import ByteBPETokenizer
from schemalm.baselines.byte_bpe import FIRST_TOKEN_ID
from schemalm.dataset.grammar_state import UNKNOWN_ROW
from schemalm.experiments.text_masks import Mask, Matcher, TextMask
from schemalm.generation.side_features import SideFeatures
from schemalm.model.inference import InferenceModel

_QUOTE, _ESCAPE = b'"\\'
_OPENING, _CLOSING = frozenset(b"{["), frozenset(b"}]")


class JSONEnd:
    """Finds where the outermost object or list of a JSON text closes, byte by byte."""

    def __init__(self) -> None:
        self.is_closed = False
        self.depth = 0
        self._in_string = self._is_escaped = False

    def read(self, text: bytes) -> None:
        """Read the next bytes; what follows the end is ignored."""
        for byte in text:
            if self._is_escaped:
                self._is_escaped = False
            elif byte == _QUOTE:
                self._in_string = not self._in_string
            elif self._in_string:
                self._is_escaped = byte == _ESCAPE
            elif byte in _OPENING:
                self.depth += 1
            elif byte in _CLOSING:
                self.depth -= 1
                self.is_closed |= self.depth <= 0

    def copy(self) -> JSONEnd:
        """Return an independent copy."""
        copied = JSONEnd()
        copied.__dict__.update(self.__dict__)
        return copied


class TextMachine:
    """A document of text in progress; it has the methods of `machine.Machine` that generation uses."""

    def __init__(self, tokens: Sequence[bytes], matcher: Matcher, end: JSONEnd) -> None:
        self._tokens, self._matcher, self._end = tokens, matcher, end
        self._mask: Mask | None = None

    @property
    def is_complete(self) -> bool:
        """Whether the document is whole."""
        return self._end.is_closed

    def mask(self) -> Mask:
        """Return which tokens may come next [vocab_size]: one alone if the engine knows that it is forced."""
        if self._mask is None:
            forced = self._matcher.forced()
            self._mask = self._matcher.mask() if forced is None else self._only(forced)
        return self._mask

    def mask_in_order(self, mask: Mask) -> Mask:
        """Return the whole mask: a text declares no names."""
        return mask

    def _only(self, token: int) -> Mask:
        mask = np.zeros(FIRST_TOKEN_ID + len(self._tokens), dtype=np.bool_)
        mask[token] = True
        return mask

    def advance(self, token: int) -> None:
        """Consume a token; raises ValueError if the mask forbids it."""
        self._matcher.advance(token)
        self._end.read(self._tokens[token - FIRST_TOKEN_ID])
        self._mask = None

    def completion(self) -> list[int]:
        """Return no tokens: text has no completion."""
        return []

    def closing_tokens(self, _last: int) -> list[int]:
        """Return no tokens: text is not steered."""
        return []

    @property
    def depth(self) -> int:
        """How many objects and lists are open."""
        return self._end.depth

    def copy(self) -> TextMachine:
        """Return an independent copy."""
        copied = TextMachine(self._tokens, self._matcher.copy(), self._end.copy())
        copied._mask = self._mask
        return copied


class TextWriter:
    """Begins documents, and returns the text of their tokens."""

    def __init__(self, tokenizer: ByteBPETokenizer, mask: TextMask) -> None:
        self._tokens, self._mask = tokenizer.tokens, mask

    def machine(self) -> TextMachine:
        """Return a machine at the beginning of a document."""
        return TextMachine(self._tokens, self._mask.begin(), JSONEnd())

    def decode(self, tokens: Sequence[int]) -> str:
        """Return the text of tokens, with replacement characters for what is not UTF-8."""
        return b"".join(self._tokens[token - FIRST_TOKEN_ID] for token in tokens).decode(errors="replace")


class NoStates:
    """A text model is told no state of a grammar."""

    def rows(self, machine: object) -> tuple[int, int]:
        """Return the rows of unknown states."""
        return UNKNOWN_ROW, UNKNOWN_ROW


@dataclass(frozen=True)
class TextRun:
    """A text model that is ready to write documents; `configuration` is the content of its config.json."""

    decoder: InferenceModel
    configuration: dict[str, Any]
    tokenizer: TextWriter
    side_features: SideFeatures
