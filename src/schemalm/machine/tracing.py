"""Traces documents: the stack entry on top of a machine before each token.

The input is a document in pieces. Each piece contains the tokens of a text, or of the structure before one. The output
is its tokens and, for each token, the number of the stack entry on top before it. The tokens of a document are known to
be admitted, so nothing is checked. Like a token, a piece expands only the entry on top, so its effect there is computed
once. Only if the items of arrays have to differ, a machine consumes the tokens one by one.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from itertools import chain
from typing import NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from schemalm.grammar.symbols import END
from schemalm.machine.finite_tables import StackEntry
from schemalm.machine.machine import Machine
from schemalm.machine.stepper import replace_top
from schemalm.machine.tables import Tables

Piece: TypeAlias = tuple[int, ...]
# The most tokens of remembered pieces, at all entries together.
MAX_REMEMBERED = 1 << 20


class Trace(NamedTuple):
    """A document's tokens [T]. `tracer.entries[numbers[i]]` is on top before token i."""

    tokens: NDArray[np.int64]
    numbers: NDArray[np.int64]


class Tracer:
    """Traces documents. `entries` contains each stack entry that has been on top, in order of first use."""

    def __init__(self, tables: Tables) -> None:
        self.entries: list[StackEntry] = []
        self.tables = tables
        self.num_remembered = 0
        end = tables.grammar.symbols.ids[END]
        self.end_token = tables.vocabulary.symbol_token(end)
        character, spellings = tables.grammar.symbols.characters[end], tables.vocabulary.spellings
        # By token: whether it is ASCII, ignoring the end of a text; and whether it ends a text.
        self.is_ascii = [spelling.rstrip(character).isascii() for spelling in spellings]
        self.is_end = [spelling.endswith(character) for spelling in spellings]
        self._traced: dict[tuple[int, str], _TracedEntry] = {}

    def trace(self, pieces: Iterable[Piece]) -> Trace:
        """Returns the tokens of a complete document, and the number of the entry on top before each."""
        marked = self._on_machine(pieces) if self.tables.grammar.has_guards else self._trace_on_stack(pieces)
        numbers, tokens = np.divmod(np.array(marked, dtype=np.int64), len(self.tables.vocabulary))
        return Trace(tokens, numbers)

    def _trace_on_stack(self, pieces: Iterable[Piece]) -> list[int]:
        """Returns the tokens, each combined with the entry before it."""
        marked: list[int] = []
        stack = [self.at(self.tables.start)]
        for piece in pieces:
            marked_here, opened, outcome = stack[-1][piece]
            marked += marked_here
            replace_top(stack, opened, outcome, _TracedEntry.settled)
        return marked

    def _on_machine(self, pieces: Iterable[Piece]) -> list[int]:
        machine, marked = Machine(self.tables, follows_names=False), []
        for token in chain.from_iterable(pieces):
            marked.append(self.at(machine.top).mark + token)
            machine.advance(token)
        return marked

    def at(self, entry: StackEntry) -> _TracedEntry:
        """Returns the traced entry: its number and the effects of pieces there."""
        key = entry.nonterminal, entry.path
        found = self._traced.get(key)
        if found is None:
            found = self._traced[key] = _TracedEntry(self, entry)
        return found


# The marked tokens of a piece, the entries that it opens, and the outcome that it ends with.
Steps: TypeAlias = "tuple[tuple[int, ...], tuple[_TracedEntry, ...], int]"


class _TracedEntry(dict[Piece | int, Steps]):
    """A stack entry, and the effects of pieces and single tokens there."""

    def __init__(self, tracer: Tracer, entry: StackEntry) -> None:
        self._tracer, self._entry = tracer, entry

    @cached_property
    def mark(self) -> int:
        """The offset of tokens before which this entry is on top: its number times the vocabulary size.

        The entry gets its number on first use.
        """
        self._tracer.entries.append(self._entry)
        return (len(self._tracer.entries) - 1) * len(self._tracer.tables.vocabulary)

    @cached_property
    def is_free_text(self) -> bool:
        """Whether this is a text without constraints. Then the same entry is on top after each character."""
        return self._tracer.tables.grammar.admits_every_text(self._entry.nonterminal) and not self._entry.is_key

    def __missing__(self, piece: Piece | int) -> Steps:
        tracer = self._tracer
        found = self._one_step(piece) if isinstance(piece, int) else self._steps(piece)
        if tracer.num_remembered < MAX_REMEMBERED:
            tracer.num_remembered += len(found[0])
            self[piece] = found
        return found

    def _one_step(self, token: int) -> Steps:
        transition = self._tracer.tables.transition(self._entry, token)
        assert transition is not None, "tokens of a document are admitted"
        return (self.mark + token,), tuple(map(self._tracer.at, transition.opened)), transition.outcome

    def _steps(self, piece: Piece) -> Steps:
        is_ascii, is_end, end_token = self._tracer.is_ascii, self._tracer.is_end, self._tracer.end_token
        marked: list[int] = []
        stack, outcome = [self], 0
        for token in piece:
            top = stack[-1]
            marked.append(top.mark + token)
            if not (top.is_free_text and is_ascii[token]):
                _, opened, outcome = top[token]
            elif is_end[token]:
                _, opened, outcome = top[end_token]
            else:
                continue
            replace_top(stack, opened, outcome, _TracedEntry.settled)
        return tuple(marked), tuple(stack), outcome

    def settled(self, outcome: int) -> _TracedEntry:
        """Returns the rest of an object or array after a complete child."""
        if not self._entry.needs_outcome:
            return self
        return self._tracer.at(self._tracer.tables.settle(self._entry, outcome))
