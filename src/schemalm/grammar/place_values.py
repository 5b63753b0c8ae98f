"""One value at a place of the rules, reached by the shortest keys: schemas rarely say different things about others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from schemalm.grammar.states import Key, Object
from schemalm.grammar.symbols import AS_KIND, FREE_KEY, ITEM, KEY_END
from schemalm.rules.paths import ITEM as ANY_ITEM
from schemalm.rules.paths import Place, Wildcard

if TYPE_CHECKING:
    from schemalm.grammar.grammar import Grammar


def value_at(grammar: Grammar, place: Place) -> int | None:
    """The nonterminal of a value at a place; None if none was found."""
    ids = grammar.symbols.ids
    found: int | None = grammar.start
    for step in place.steps:
        assert found is not None
        if step is ANY_ITEM:
            found = after(grammar, found, "array", [ids[ITEM]])
        elif isinstance(step, Wildcard):
            found = next(_members(grammar, found), None)
        else:
            found = after(grammar, found, "object", [grammar.symbols.keys[step]])
        if found is None:
            return None
    return found


def _members(grammar: Grammar, value: int) -> Iterator[int]:
    """Yields values of an object under keys that no path names."""
    ids = grammar.symbols.ids
    key = after(grammar, value, "object", [ids[FREE_KEY]])
    if key is not None:
        node = grammar.nonterminals[key]
        assert isinstance(node.state, Key)
        text = next(grammar.automaton.texts(node.state.dfa_state, frozenset(node.accepts)), None)
        found = None if text is None else after(grammar, value, "object", [ids[FREE_KEY], *text, ids[KEY_END]])
        if found is not None:
            yield found
    for symbol in grammar.symbols.keys.values():
        found = after(grammar, value, "object", [symbol])
        if found is not None:
            yield found


def after(grammar: Grammar, nonterminal: int, kind: str, symbols: list[int]) -> int | None:
    """What is on top after some symbols within a value of a kind; None if they are not admitted.

    If the first symbol has to wait for required keys of an object, the cheapest values of these come before it.
    """
    step = grammar.step(nonterminal, grammar.symbols.ids[AS_KIND[kind]])
    found: int | None = nonterminal if step is None else step.opened[0]
    if symbols and kind == "object":
        found = _with_room(grammar, found, symbols[0])
    for symbol in symbols:
        step = grammar.step(found, symbol) if found is not None else None
        if step is None or not step.opened:
            return None
        found = step.opened[0]
    return found


def _with_room(grammar: Grammar, rest: int | None, symbol: int) -> int | None:
    """The rest of an object in which a symbol may come, after the required keys before it; None if it never may."""
    while rest is not None and grammar.step(rest, symbol) is None:
        rest = _after_required(grammar, rest)
    return rest


def _after_required(grammar: Grammar, rest: int) -> int | None:
    """The rest of an object after the next key of its cheapest end; None if that has no key of the schema."""
    costs = grammar.costs(rest)
    if not costs or not isinstance(grammar.nonterminals[rest].state, Object):
        return None
    key = grammar.cheapest(rest, min(costs, key=costs.__getitem__))
    step = grammar.step(rest, key)
    if step is None or len(step.opened) < 2 or key == grammar.symbols.ids[FREE_KEY]:
        return None
    value, after_key = step.opened[0], step.opened[1]
    ends = grammar.costs(value)
    return grammar.settle(after_key, min(ends, key=ends.__getitem__)) if ends else None
