"""The places that documents pass through: what a machine expects before each token.

In: values; out: their tokens, and the number of the place before each of them. Encoding has checked a value, so a trace
only follows it. Each stretch of a document expands the place on top and nothing below, so what it passes through is
remembered for the two; where that does not hold, a machine takes every token. Inside a text of which nothing is asked
one place stays on top from the first byte to the last.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from schemalm.grammar.symbols import END
from schemalm.machine.machine import Machine
from schemalm.machine.tables import Place
from schemalm.tokenizer.segmentation import Stretch

if TYPE_CHECKING:
    from schemalm.tokenizer import Tokenizer

# Passages that are remembered, and the most tokens of one.
MAX_REMEMBERED = 1 << 15
MAX_REMEMBERED_TOKENS = 32


class Trace(NamedTuple):
    """A document's tokens; the machine is at `tracer.places[numbers[i]]` before token i."""

    tokens: list[int]
    numbers: list[int]


class _Passage(NamedTuple):
    """The numbers of the places before the tokens of a stretch; what it leaves, as a `Transition` says it."""

    numbers: list[int]
    opened: tuple[Place, ...]
    verdict: int


class Tracer:
    """Follows documents; `places` holds each place that one has met, in the order met."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.places: list[Place] = []
        self._tokenizer = tokenizer
        self._tables = tokenizer.tables
        self._grammar = tokenizer.grammar
        # Guards hang on the values of items; where texts are joined with structure, a stretch reaches below the top.
        self._needs_machine = self._grammar.has_guards or tokenizer.merge_scope == "derivation"
        self._end_token = tokenizer.vocabulary.symbol_token(tokenizer.grammar.symbols.ids[END])
        self._numbers: dict[tuple[int, str], int] = {}
        self._passages: dict[tuple[Place, Stretch], _Passage] = {}
        self._end_at: Callable[[Place], _Passage | None] = lru_cache(MAX_REMEMBERED)(self._end)

    def trace(self, value: Any) -> Trace:
        """The tokens and places of a value; raises InvalidDocument where the schema refuses it."""
        stretches = self._tokenizer.encode_stretches(value)
        tokens = [token for _, found in stretches for token in found]
        return Trace(tokens, self._on_machine(tokens) if self._needs_machine else self._along(stretches))

    def _on_machine(self, tokens: list[int]) -> list[int]:
        machine, numbers = Machine(self._tables), []
        for token in tokens:
            numbers.append(self._number(machine.place))
            machine.advance(token)
        return numbers

    def _along(self, stretches: list[tuple[Stretch, list[int]]]) -> list[int]:
        stack = [self._tables.place(self._grammar.start, "")]
        numbers: list[int] = []
        for stretch, tokens in stretches:
            place = stack.pop()
            # Other texts may leave the place in the middle of a character.
            if stretch.kind == "content" and stretch.text.isascii() and (end := self._end_at(place)):
                passage = end
                numbers += end.numbers * len(tokens)
            else:
                passage = self._passages.get((place, stretch)) or self._passage(place, stretch, tokens)
                numbers += passage.numbers
            if passage.opened:
                stack += passage.opened
            elif stack:
                stack.append(self._settled(stack.pop(), passage.verdict))
        return numbers

    def _passage(self, place: Place, stretch: Stretch, tokens: list[int]) -> _Passage:
        passage = self._follow(place, tokens)
        if len(tokens) <= MAX_REMEMBERED_TOKENS:
            if len(self._passages) >= MAX_REMEMBERED:
                self._passages.clear()
            self._passages[place, stretch] = passage
        return passage

    def _end(self, place: Place) -> _Passage | None:
        """The end of a text of which nothing is asked; None at other places."""
        return self._follow(place, [self._end_token]) if self._grammar.admits_every_text(place.nonterminal) else None

    def _follow(self, place: Place, tokens: list[int]) -> _Passage:
        """Takes the tokens of a stretch that expands a place."""
        stack, numbers, verdict = [place], [], 0
        for token in tokens:
            top = stack.pop()
            numbers.append(self._number(top))
            transition = self._tables.transition(top, token)
            assert transition is not None, "tokens of a document are admitted"
            stack += transition.opened
            verdict = transition.verdict
            if stack and not transition.opened:
                stack.append(self._settled(stack.pop(), verdict))
        return _Passage(numbers, tuple(stack), verdict)

    def _settled(self, rest: Place, verdict: int) -> Place:
        """The rest of an object or array after a whole member."""
        return self._tables.place(self._grammar.settle(rest.nonterminal, verdict), rest.path) if rest.waits else rest

    def _number(self, place: Place) -> int:
        key = place.nonterminal, place.path
        if key not in self._numbers:
            self._numbers[key] = len(self.places)
            self.places.append(place)
        return self._numbers[key]
