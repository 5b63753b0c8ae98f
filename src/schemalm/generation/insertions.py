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
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import takewhile

import numpy as np

from schemalm.documents.cut import CutDocument
from schemalm.documents.cut.word import Word
from schemalm.documents.partial import ANYTHING, More, Partial, PartialArray, PartialObject
from schemalm.documents.value_paths import Path
from schemalm.errors import GuardError, PromptError
from schemalm.generation.next_choices import MAX_FILLED, NOT_REACHED, Cursor, is_byte
from schemalm.generation.prompts import tables_of
from schemalm.generation.run import Run
from schemalm.grammar.states import Object, Text
from schemalm.grammar.symbols import AS_KIND, END, FREE_KEY, OBJECT_END
from schemalm.machine import Machine, Tables
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


_Found = dict[tuple[bool, str], Insertion]  # by whether it is a key, and its JSON


def insertions(run: Run, word: Word, is_over: Callable[[], bool] = lambda: False) -> list[Insertion]:
    """Return what may be inserted in place of a word, the likeliest first.

    is_over: whether the time of the search is over; then what was found is returned. Raises PromptError if no document
    goes on with what stands before, LimitError if finding that takes too much work.
    """
    if word.is_key:
        found = _keys(run, word.before, is_over)
    else:
        cut = word.searched
        cursor = Cursor(run, cut, run.tokenizer.machine().tables if cut.partial == ANYTHING else None)
        left = cursor.write_to_cursor(is_over)
        found = _search(run, cursor, left, is_over)
        if word.begins_block and any(each.is_key for each in found.values()):
            _add_keys_after_required(run, cursor, [*left, *_opening(run, cursor, left)], found, is_over)
        found = {name: each for name, each in found.items() if word.begins_block or not each.is_key}
    return sorted(found.values(), key=lambda each: -each.probability)[:MAX_INSERTIONS]


def _keys(run: Run, cut: CutDocument, is_over: Callable[[], bool]) -> _Found:
    """Return the keys that the object at the cursor may get."""
    cursor, found = Cursor(run, cut, _tables(run, cut)), _Found()
    for _ in range(MAX_FILLED):
        ahead, is_reached, parts = cursor.walk()
        left, to_come = cursor.write(ahead, is_reached=is_reached), cut.keys_to_come(parts)
        if cursor.document.machine.is_complete or is_over():
            return found
        if to_come == set():
            at_end = _search(run, cursor, left, is_over)
            found |= {name: each for name, each in at_end.items() if each.is_key and name not in found}
            _add_keys_after_required(run, cursor, left, found, is_over)
            return found
        if to_come is not None:
            _add_named_keys(run, cursor, left, to_come, found)
        cursor.document.append(_next_token(run, cursor, left, to_come), 0.0)
    raise PromptError(NOT_REACHED, pointer=None)


def _add_named_keys(run: Run, cursor: Cursor, left: Sequence[int], given: set[str], found: _Found) -> bool:
    """Add the keys that the schema names and that may come next, unless they are given or known.

    Return whether the object may end instead.
    """
    chances: defaultdict[str, float] = defaultdict(float)
    may_end = False
    for symbols, chance in cursor.following(left):
        symbol = run.tokenizer.grammar.symbols.symbols[symbols[0]]
        may_end = may_end or symbol == OBJECT_END
        if symbol.label == "KEY" and symbol.text not in given:
            chances[symbol.text] += chance
    for name, chance in chances.items():
        found.setdefault((True, json.dumps(name)), Insertion(name, True, chance))
    return may_end


def _add_keys_after_required(
    run: Run, cursor: Cursor, left: Sequence[int], found: _Found, is_over: Callable[[], bool]
) -> None:
    """Add the keys that usually come after one that the schema wants and that is missing: a person may begin with them.

    left: symbols that lead into the object, whose keys before these are known. What is missing gets the cheapest value.
    """
    document = cursor.document
    for symbol in left:
        document.append(run.tokenizer.vocabulary.symbol_token(symbol), 0.0)
    depth = len(cursor.derivation().open_parts())
    with suppress(GuardError):
        while not _add_named_keys(run, cursor, (), set(), found) and not _knows_all(document.machine, found):
            for token in document.machine.completion():
                document.append(token, 0.0)
                parts = cursor.derivation().open_parts()
                if len(parts) == depth and parts[-1][1] is None:
                    break
            if document.machine.is_complete or is_over():
                return


def _knows_all(machine: Machine, found: _Found) -> bool:
    """Return whether all keys are found that may still come in an object, by their order."""
    state = machine.grammar.nonterminals[machine.stack[-1].nonterminal].state
    assert isinstance(state, Object)
    return all((True, json.dumps(name)) in found for name in state.order.names[state.position :])


def _next_token(run: Run, cursor: Cursor, left: Sequence[int], to_come: set[str] | None) -> int:
    """Return the likeliest token that leads to a given key, or the likeliest of all if none does."""
    probabilities_V = cursor.probabilities([])
    symbols = run.tokenizer.grammar.symbols.symbols

    def leads_on(token: int) -> bool:
        following = run.tokenizer.vocabulary.symbols[token][len(left) :]
        first = symbols[following[0]] if following else None
        return first is None or first.label == "FREE_KEY" or (first.label == "KEY" and first.text in (to_come or ()))

    ranked = np.argsort(-probabilities_V, kind="stable")[: int(np.count_nonzero(probabilities_V))].tolist()
    return next(filter(leads_on, ranked), ranked[0]) if to_come is not None else int(ranked[0])


def _search(run: Run, cursor: Cursor, left: Sequence[int], is_over: Callable[[], bool]) -> _Found:
    """Return the keys and scalars that may follow the symbols `left`, found from the likeliest tokens on."""
    found, reader, vocabulary = _Found(), _Reader(run, cursor, left), run.tokenizer.vocabulary
    waiting: list[tuple[float, list[int], list[int]]] = [(-1.0, [], [])]  # minus the probability, tokens, symbols
    for _ in range(MAX_PASSES):
        if not waiting or is_over():
            break
        negative, path, symbols = heapq.heappop(waiting)
        chances_V = -negative * cursor.probabilities(path)
        for token in np.flatnonzero(chances_V).tolist():
            chance, ahead = float(chances_V[token]), [*symbols, *vocabulary.symbols[token]]
            following = ahead[len(left) :]
            if chance < LEAST_PROBABILITY and not reader.is_named(following):
                continue
            read = reader.read(following)
            if read is _GOES_ON:
                heapq.heappush(waiting, (-chance, [*path, token], ahead))
            elif read is not None:
                value, is_key = read
                name = (is_key, json.dumps(value))
                before = found[name].probability if name in found else 0.0
                found[name] = Insertion(value, is_key, before + chance)
    return found


class _Reader:
    """Reads symbols at a cursor as a key or a scalar."""

    def __init__(self, run: Run, cursor: Cursor, left: Sequence[int]) -> None:
        self._symbols = run.tokenizer.grammar.symbols.symbols
        self._cursor, self._left = cursor, left
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


def _opening(run: Run, cursor: Cursor, left: Sequence[int]) -> list[int]:
    """Return the symbols that open the object in which keys were found after the symbols `left`."""
    machine, ids = cursor.document.machine.copy(), run.tokenizer.grammar.symbols.ids
    for symbol in left:
        machine.push(symbol)
    return [ids[AS_KIND["object"]]] if machine.admits(ids[AS_KIND["object"]]) else []


def _tables(run: Run, cut: CutDocument) -> Tables:
    """Return the tables of the documents that go on with a cut one, in whose object at the cursor any key may be new.

    The objects around it get no keys that usually stand before the given ones, unless the schema needs them.
    """
    try:
        return tables_of(run.tokenizer, _closed_above(cut.partial, cut.path))
    except PromptError:
        return tables_of(run.tokenizer, cut.partial)


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
