"""Converts symbols back into a value and checks each symbol against the grammar."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.states import Array, Key, Object, Text
from schemalm.grammar.symbols import NUM_BYTES
from schemalm.machine.stepper import advance
from schemalm.regular.numbers import number_of_text


class NotDerivableError(ValueError):
    """A symbol that the grammar does not admit at this point."""


class Derivation:
    """Builds the value of a derivation. `push` consumes one symbol at a time."""

    def __init__(self, grammar: Grammar, start: int | None = None) -> None:
        """start: the nonterminal to derive, by default the document."""
        self._grammar = grammar
        self._stack = [grammar.start if start is None else start]
        self._containers: list[Any] = []
        # The free keys of every open object, as they are compared. The grammar keeps them apart from its own keys.
        self._free_keys: list[set[bytes]] = []
        # The identities of the items of every open array that have to differ.
        self._items: list[set[Hashable]] = []
        self._keys: list[str] = []
        self._text: bytearray | None = None
        self.value: Any = None
        self._enter(self._stack[0])

    @property
    def is_complete(self) -> bool:
        """Whether the value is complete."""
        return not self._stack

    def push(self, symbol: int) -> None:
        """Consumes one symbol. Raises NotDerivableError if the grammar does not admit it."""
        if not self._stack:
            raise NotDerivableError("the document already ended here")
        nonterminal = self._stack[-1]
        step = advance(self._grammar, self._stack, symbol)
        if step is None:
            raise NotDerivableError(f"{self._grammar.symbols.symbols[symbol]} is not admitted here")
        self._build(nonterminal, symbol)
        if len(step.opened) == 2 or (len(step.opened) == 1 and self._grammar.symbols.symbols[symbol].label == "AS"):
            self._enter(step.opened[0])
        if not step.opened and self._stack:
            self._stack[-1] = self._after_item(self._stack[-1])

    def open_parts(self) -> list[tuple[Any, str | None]]:
        """Returns the open lists and objects, the outermost first, each with the key of the value that is under way.

        They have what is complete. The key is None for a list, and for an object whose last value is complete.
        """
        keys = iter(self._keys)
        return [(part, next(keys, None) if isinstance(part, dict) else None) for part in self._containers]

    def last_item(self) -> Any:
        """Returns the newest item of the innermost open array."""
        return self._containers[-1][-1]

    def _after_item(self, rest: int) -> int:
        """Returns the rest below a value that has ended. In a guarded array, checks the item first."""
        if not self._grammar.arrays.is_guarded(rest):
            return rest
        after = self._grammar.arrays.after_item(rest, self.last_item(), self._items[-1])
        if after is None:
            raise NotDerivableError(f"the item {self.last_item()!r} repeats")
        return after

    def _enter(self, nonterminal: int) -> None:
        """Opens the container or text of a value if its nonterminal already fixes the kind."""
        state = self._grammar.nonterminals[nonterminal].state
        if isinstance(state, Object):
            self._containers.append({})
            self._free_keys.append(set())
        elif isinstance(state, Array):
            self._containers.append([])
            self._items.append(set())
        elif isinstance(state, Text):
            self._text = bytearray()

    def _build(self, nonterminal: int, symbol: int) -> None:
        if symbol < NUM_BYTES:
            assert self._text is not None
            self._text.append(symbol)
            return
        name = self._grammar.symbols.symbols[symbol]
        if name.label == "KEY":
            self._keys.append(name.text)
        elif name.label == "FREE_KEY":
            self._text = bytearray()
        elif name.label == "KEY_END":
            self._end_key()
        elif name.label == "END":
            self._end_text(nonterminal)
        elif name.label in ("OBJECT_END", "ARRAY_END"):
            (self._items if name.label == "ARRAY_END" else self._free_keys).pop()
            self._finish(self._containers.pop())
        elif name.label in ("TRUE", "FALSE", "NULL"):
            self._finish({"TRUE": True, "FALSE": False, "NULL": None}[name.label])
        elif name.label == "CONST":
            self._finish(name.text)

    def _end_key(self) -> None:
        assert self._text is not None
        key = self._text.decode()
        compared = bytes(self._text.lower() if self._grammar.shapes.ignores_key_case else self._text)
        if compared in self._free_keys[-1]:
            raise NotDerivableError(f"the key {key!r} repeats")
        self._free_keys[-1].add(compared)
        self._keys.append(key)

    def _end_text(self, nonterminal: int) -> None:
        state = self._grammar.nonterminals[nonterminal].state
        assert isinstance(state, Text) and not isinstance(state, Key) and self._text is not None
        text = self._text.decode()
        self._finish(text if state.kind == "string" else number_of_text(text))

    def _finish(self, value: Any) -> None:
        if not self._containers:
            self.value = value
        elif isinstance(self._containers[-1], list):
            self._containers[-1].append(value)
        else:
            self._containers[-1][self._keys.pop()] = value
