"""One value at a place of the rules, reached by the shortest keys: schemas rarely say different things about others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from schemalm.grammar.states import Key
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
    """What is on top after some symbols within a value of a kind; None if they are not admitted."""
    step = grammar.step(nonterminal, grammar.symbols.ids[AS_KIND[kind]])
    found = nonterminal if step is None else step.opened[0]
    for symbol in symbols:
        step = grammar.step(found, symbol)
        if step is None or not step.opened:
            return None
        found = step.opened[0]
    return found
