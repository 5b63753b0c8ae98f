"""What an editor may insert at a cursor: whole keys and whole scalar values, each with its probability.

In goes the word at the cursor; out come the keys and values that the schema and the rules admit there, the likeliest
first. The keys of an object may be written in any order, so the probability of a key is that at its own place among the
keys that the object has; keys that usually stand before these are offered as well. Texts are found by a search that
follows the likeliest tokens first, and ends when it has enough, or when its time is over.
"""

from __future__ import annotations

import heapq
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import NamedTuple

import numpy as np

from schemalm.documents.cut.word import Word
from schemalm.documents.partial import ANYTHING, More, Partial, PartialArray, PartialObject
from schemalm.documents.value_paths import Path
from schemalm.errors import GuardError, PromptError
from schemalm.generation.completing import continued
from schemalm.generation.next_choices import MAX_FILLED, NOT_REACHED, Cursor, Parts, is_byte
from schemalm.generation.prompts import tables_of
from schemalm.generation.run import Run
from schemalm.grammar.states import Object, Text
from schemalm.grammar.symbols import AS_KIND, END, FREE_KEY, OBJECT_END, Symbol
from schemalm.machine import Tables
from schemalm.regular.numbers import number_of_text

# The most insertions, and how likely the least likely is.
MAX_INSERTIONS, LEAST_PROBABILITY = 50, 0.001
# How many times the model is asked in one search at most.
MAX_PASSES = 24
_Read = tuple[str | int | float | bool | None, bool]
_GOES_ON = ("", False)  # told apart by identity
_CONSTANTS: dict[str, bool | None] = {"TRUE": True, "FALSE": False, "NULL": None}


@dataclass(frozen=True)
class Insertion:
    """A key, by its name, or a scalar value. The probabilities of several keys may add up to more than 1."""

    value: str | int | float | bool | None
    is_key: bool
    probability: float


class _Step(NamedTuple):
    """A place with a choice on the way to the cursor.

    left: the symbols without a choice that no token has yet. parts: what is open. to_come: the given keys that its
    innermost object does not have yet; None if it is none around the cursor.
    """

    left: list[int]
    parts: Parts
    to_come: set[str] | None
    is_reached: bool


def insertions(run: Run, word: Word, is_over: Callable[[], bool] = lambda: False) -> list[Insertion]:
    """Return what may be inserted in place of a word, the likeliest first.

    is_over: whether the time of the search is over; then what was found is returned. Raises PromptError if no document
    goes on with what stands before, or if nothing was found in time; LimitError or GuardError if finding a document
    takes too much work.
    """
    search = _Search(run, word, is_over)
    try:
        if word.is_key:
            search.add_keys()
        else:
            search.add_values()
    except PromptError:
        if not search.found:
            raise
    return sorted(search.found.values(), key=lambda each: -each.probability)[:MAX_INSERTIONS]


class _Search:
    """A search at one cursor; `found`: the insertions, by whether each is a key, and by its JSON."""

    def __init__(self, run: Run, word: Word, is_over: Callable[[], bool]) -> None:
        self._word, self._cut, self._is_over = word, word.searched, is_over
        self._vocabulary, self._symbols = run.tokenizer.vocabulary, run.tokenizer.grammar.symbols
        self._cursor = Cursor(run, self._cut, _tables(run, word))
        self.found: dict[tuple[bool, str], Insertion] = {}

    def add_keys(self) -> None:
        """Find the keys that the object at the cursor may get."""
        for left, parts, to_come, _ in self._steps():
            is_there = to_come is not None and len(parts) == self._cut.depth
            if is_there and to_come:
                self._add_named_keys(left, to_come)
            elif is_there:
                self._add_likely(left, takes_keys=True, takes_values=False)
                self._add_keys_after_required(left)
                return

    def add_values(self) -> None:
        """Find the scalars that may stand at the cursor, and the keys if an object may begin there."""
        left = next(left for left, *_, is_reached in self._steps() if is_reached)
        self._add_likely(left, takes_keys=self._word.begins_block, takes_values=True)
        if any(is_key for is_key, _ in self.found):
            self._add_keys_after_required([*left, *self._opening(left)])

    def _steps(self) -> Iterator[_Step]:
        """Write the document up to the cursor and yield each place with a choice on the way to it, and the last one."""
        cursor = self._cursor
        for _ in range(MAX_FILLED):
            ahead, is_reached, parts = cursor.walk()
            left, to_come = cursor.write(ahead, is_reached=is_reached), self._cut.keys_to_come(parts)
            if cursor.document.machine.is_complete or self._is_over():
                break
            yield _Step(left, parts, to_come, is_reached)
            token = self._leading_token(left, to_come)
            if token is None:
                self._write_required(left)
            else:
                cursor.document.append(token, 0.0)
        raise PromptError(NOT_REACHED, pointer=None)

    def _leading_token(self, left: Sequence[int], to_come: set[str] | None) -> int | None:
        """Return the likeliest token that leads to a given key; the likeliest of all outside objects around the cursor.

        None if another key must come first.
        """
        probabilities_V = self._cursor.probabilities([])
        if to_come is None:
            return int(probabilities_V.argmax())

        def leads_on(token: int) -> bool:
            following = self._vocabulary.symbols[token][len(left) :]
            first = self._symbols.symbols[following[0]] if following else None
            return first is None or first == FREE_KEY or (first.label == "KEY" and first.text in to_come)

        ranked = np.argsort(-probabilities_V, kind="stable")[: int(np.count_nonzero(probabilities_V))].tolist()
        return next(filter(leads_on, ranked), None)

    def _write_required(self, left: Sequence[int]) -> None:
        """Write the key that must come next in an object, with the cheapest value."""
        document = self._cursor.document
        for symbol in left:
            document.append(self._vocabulary.symbol_token(symbol), 0.0)
        derivation = self._cursor.derivation()
        parts = derivation.open_parts()
        depth, num_members = len(parts), len(parts[-1][0])
        for token in document.machine.completion():
            document.append(token, 0.0)
            for symbol in self._vocabulary.symbols[token]:
                derivation.push(symbol)
            parts = derivation.open_parts()
            # A free key may take several tokens, and is no part before its last.
            if len(parts) == depth and parts[-1][1] is None and len(parts[-1][0]) > num_members:
                return

    def _add_named_keys(self, left: Sequence[int], given: set[str]) -> bool:
        """Add the keys that the schema names and that may come next, unless they are given or known.

        Return whether the object may end instead.
        """
        chances: defaultdict[str, float] = defaultdict(float)
        may_end = False
        for symbols, chance in self._cursor.following(left):
            symbol = self._symbols.symbols[symbols[0]]
            may_end = may_end or symbol == OBJECT_END
            if symbol.label == "KEY" and symbol.text not in given:
                chances[symbol.text] += chance
        for name, chance in chances.items():
            self.found.setdefault((True, json.dumps(name)), Insertion(name, True, chance))
        return may_end

    def _add_keys_after_required(self, left: Sequence[int]) -> None:
        """Add the keys that usually come after one that is missing and required: a person may begin with them.

        left: symbols that lead into the object.
        """
        with suppress(GuardError):
            while not self._add_named_keys(left, set()) and not self._is_over():
                self._write_required(left)
                left = ()
                if self._cursor.document.machine.is_complete or self._knows_all():
                    return

    def _knows_all(self) -> bool:
        """Return whether all keys are found that may still come in the object, by their order."""
        machine = self._cursor.document.machine
        state = machine.grammar.nonterminals[machine.stack[-1].nonterminal].state
        assert isinstance(state, Object)
        return all((True, json.dumps(name)) in self.found for name in state.order.names[state.position :])

    def _add_likely(self, left: Sequence[int], *, takes_keys: bool, takes_values: bool) -> None:
        """Add the likely keys and scalars after the symbols `left`, found from the likeliest tokens on."""
        reader = _Reader(self._symbols.symbols, self._cursor, left)
        waiting: list[tuple[float, list[int], list[int]]] = [(-1.0, [], [])]  # minus the probability, tokens, symbols
        for _ in range(MAX_PASSES):
            if not waiting or self._is_over():
                break
            negative, path, symbols = heapq.heappop(waiting)
            chances_V = -negative * self._cursor.probabilities(path)
            for token in np.flatnonzero(chances_V).tolist():
                chance, ahead = float(chances_V[token]), [*symbols, *self._vocabulary.symbols[token]]
                following = ahead[len(left) :]
                if chance < LEAST_PROBABILITY and not reader.is_named(following):
                    continue
                read = reader.read(following)
                if read is _GOES_ON:
                    heapq.heappush(waiting, (-chance, [*path, token], ahead))
                elif read is not None and (takes_keys if read[1] else takes_values):
                    self._add(*read, chance)

    def _add(self, value: str | int | float | bool | None, is_key: bool, chance: float) -> None:
        name = (is_key, json.dumps(value))
        before = self.found[name].probability if name in self.found else 0.0
        self.found[name] = Insertion(value, is_key, before + chance)

    def _opening(self, left: Sequence[int]) -> list[int]:
        """Return the symbol that makes the value after the symbols `left` an object; empty if it is one anyway."""
        machine, as_object = self._cursor.document.machine.copy(), self._symbols.ids[AS_KIND["object"]]
        for symbol in left:
            machine.push(symbol)
        return [as_object] if machine.admits(as_object) else []


class _Reader:
    """Reads symbols at a cursor as a key or a scalar."""

    def __init__(self, symbols: Sequence[Symbol], cursor: Cursor, left: Sequence[int]) -> None:
        self._symbols, self._cursor, self._left = symbols, cursor, left
        self._given = cursor.text_before(left)

    def is_named(self, symbols: Sequence[int]) -> bool:
        """Return whether symbols begin with a key or a value that the schema names; all of these are found."""
        return bool(symbols) and self._symbols[symbols[0]].label in ("KEY", "CONST", *_CONSTANTS)

    def read(self, symbols: Sequence[int]) -> _Read | None:
        """Return the key or scalar that symbols begin with; `_GOES_ON` if more are needed; None for anything else."""
        opening = [*takewhile(lambda symbol: self._symbols[symbol].label in ("AS", "ITEM"), symbols)]
        following = symbols[len(opening) :]
        if not following:
            return _GOES_ON
        first = self._symbols[following[0]]
        if self.is_named(following):
            return _CONSTANTS.get(first.label, first.text), first.label == "KEY"
        if not (first in (FREE_KEY, END) or is_byte(following[0])):
            return None
        return self._text(opening, following)

    def _text(self, opening: Sequence[int], following: Sequence[int]) -> _Read:
        """Return the free key, the string or the number that symbols write, after those that open it."""
        is_key = self._symbols[following[0]] == FREE_KEY
        written = bytes([*takewhile(is_byte, following[is_key:])])
        if len(written) + is_key == len(following):
            return _GOES_ON
        text = ((b"" if is_key else self._given) + written).decode(errors="replace")
        if is_key or self._is_string(opening):
            return text, is_key
        return number_of_text(text), False

    def _is_string(self, opening: Sequence[int]) -> bool:
        """Return whether the text that comes after some symbols is a string."""
        machine = self._cursor.document.machine.copy()
        for symbol in (*self._left, *opening):
            machine.push(symbol)
        state = machine.grammar.nonterminals[machine.stack[-1].nonterminal].state
        return isinstance(state, Text) and state.kind == "string"


def _tables(run: Run, word: Word) -> Tables:
    """Return the tables of the documents that go on with what stands before a word.

    Where a key is wanted, the object at the cursor may get any key, but those around it get none that usually stand
    before the given ones, unless the schema needs them.
    """
    partial = word.searched.partial
    if partial == ANYTHING:
        return run.tokenizer.machine().tables
    if not word.is_key:
        return continued(run, word.searched)
    try:
        return tables_of(run.tokenizer, _closed_above(partial, word.path))
    except PromptError:
        return tables_of(run.tokenizer, partial)


def _closed_above(partial: Partial, path: Path) -> Partial:
    """Return what is stated if the open objects on a path only get keys that usually follow those that they have."""
    if not path:
        return partial
    first, *rest = path
    if isinstance(partial, PartialArray) and isinstance(first, int):
        item = partial.items[first]
        inner = item if isinstance(item, More) else _closed_above(item, tuple(rest))
        return PartialArray((*partial.items[:first], inner, *partial.items[first + 1 :]))
    if isinstance(partial, PartialObject):
        entries = (
            (key, _closed_above(child, tuple(rest)) if key == first else child) for key, child in partial.entries
        )
        return replace(partial, entries=tuple(entries), others_last=True)
    return partial
