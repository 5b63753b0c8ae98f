"""The places that documents pass through: what a machine expects before each token.

In: values; out: their tokens, and the number of the place before each of them. Encoding checks a value, so a trace only
follows it: each stretch expands the place on top and nothing below, so what it passes through is worked out once for
the two. Where that does not hold, a machine takes every token. Inside a text of which nothing is asked one place stays
on top from the first byte to the last.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemalm.machine.machine import Machine
from schemalm.machine.tables import Place, extended_path
from schemalm.tokenizer.writing import ShortTexts, Writing

if TYPE_CHECKING:
    from schemalm.tokenizer import Tokenizer

# Texts that are remembered, at all places together.
MAX_REMEMBERED = 1 << 16


class Trace(NamedTuple):
    """A document's tokens [T]; the machine is at `tracer.places[numbers[i]]` before token i."""

    tokens: NDArray[np.int64]
    numbers: NDArray[np.int64]


class Tracer:
    """Follows documents; `places` holds each place that one has met, in the order met."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.places: list[Place] = []
        self._tokenizer = tokenizer
        self._vocab_size = tokenizer.vocab_size
        self._numbers: dict[tuple[int, str], int] = {}
        grammar = tokenizer.grammar
        # Guards hang on the values of items; where texts are joined with structure, a stretch reaches below the top.
        needs_machine = grammar.has_guards or tokenizer.merge_scope == "derivation"
        self._write = self._on_machine if needs_machine else tokenizer.writer(_TracedWriting(self.mark, tokenizer))

    def trace(self, value: Any) -> Trace:
        """The tokens and places of a value; raises InvalidDocument where the schema refuses it."""
        numbers, tokens = np.divmod(np.array(self._write(value), dtype=np.int64), self._vocab_size)
        return Trace(tokens, numbers)

    def mark(self, place: Place) -> int:
        """What a token is marked with, as one integer, whose place this is: the place's number, times all tokens."""
        key = place.nonterminal, place.path
        number = self._numbers.get(key)
        if number is None:
            number = self._numbers[key] = len(self.places)
            self.places.append(place)
        return number * self._vocab_size

    def _on_machine(self, value: Any) -> list[int]:
        machine, marked = Machine(self._tokenizer.tables), []
        for token in self._tokenizer.encode(value):
            marked.append(self.mark(machine.place) + token)
            machine.advance(token)
        return marked


class _TracedWriting(Writing[int]):
    """Tokens, each marked with the number of the place before it."""

    def __init__(self, mark: Callable[[Place], int], tokenizer: Tokenizer) -> None:
        super().__init__(tokenizer.tokens_of)
        self._num_remembered = 0
        self._mark = mark
        self._tables = tokenizer.tables
        self._grammar = tokenizer.grammar
        self._texts_at: dict[tuple[int, str], ShortTexts[int]] = {}

    def path(self, above: str, element: str) -> str:
        """The path as the machine has it."""
        return extended_path(above, element)

    def place(self, nonterminal: int, path: str) -> Place:
        """The place of a nonterminal and a path."""
        return self._tables.place(nonterminal, path)

    def structure(self, place: Place, spelling: str) -> tuple[tuple[int, ...], Place]:
        """Marked tokens of symbols that lead to a text or key, and the place of that."""
        return self._follow(place, self._structure[spelling])

    def closing(self, place: Place, spelling: str) -> tuple[int, ...]:
        """Marked tokens of symbols of which the last closes a value."""
        return self._follow(place, self._structure[spelling])[0]

    def key(self, place: Place, text: str) -> tuple[tuple[int, ...], Place]:
        """Marked tokens of a free key, and the place after it."""
        return self._follow(place, self._keys[text])

    def texts(self, place: Place) -> Mapping[str, tuple[int, ...]]:
        """Marked tokens of each content at a place."""
        key = place.nonterminal, place.path
        if key not in self._texts_at:
            is_free = self._grammar.admits_every_text(place.nonterminal)
            # After a whole character of such a text the same is on top as before it.
            mark = self._mark(place) if is_free else None
            self._texts_at[key] = ShortTexts(lambda text: self._marked(place, text, mark), self._has_room)
        return self._texts_at[key]

    def _marked(self, place: Place, text: str, mark: int | None) -> tuple[int, ...]:
        """Marked tokens of a content at a place; `mark`: of each token, where it is the same for all."""
        tokens = self._texts[text]
        # Other texts may leave the place in the middle of a character.
        if mark is not None and text.isascii():
            return tuple([mark + token for token in tokens])
        return self._follow(place, tokens)[0]

    def _has_room(self) -> bool:
        if self._num_remembered >= MAX_REMEMBERED:
            return False
        self._num_remembered += 1
        return True

    def _follow(self, place: Place, tokens: tuple[int, ...]) -> tuple[tuple[int, ...], Place]:
        """Marks the tokens of a stretch that expands a place; the place on top afterwards, or that place at the end."""
        marked: list[int] = []
        stack, transition_at = [place], self._tables.transition
        for token in tokens:
            top = stack.pop()
            marked.append(self._mark(top) + token)
            transition = transition_at(top, token)
            assert transition is not None, "tokens of a document are admitted"
            stack += transition.opened
            if stack and not transition.opened:
                stack.append(self._settled(stack.pop(), transition.outcome))
        return tuple(marked), stack[-1] if stack else place

    def _settled(self, rest: Place, outcome: int) -> Place:
        """The rest of an object or array after a whole member."""
        return (
            self._tables.place(self._grammar.settle(rest.nonterminal, outcome), rest.path)
            if rest.needs_outcome
            else rest
        )
