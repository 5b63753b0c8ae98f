"""Which tokens are struck from a mask where the items of an array have to differ.

A token is struck where no item can go on with it that its array can still take. Tokens with which an item goes on like
none that is refused are never looked at one by one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from schemalm.grammar.states import Text
from schemalm.grammar.symbols import ITEM, NUM_BYTES
from schemalm.machine.endings import has_end, other_ends
from schemalm.machine.forms import Beginnings
from schemalm.machine.guards import Items, Position, stack_after

if TYPE_CHECKING:
    from schemalm.machine.machine import Machine


def struck_by_items(machine: Machine, tokens: set[int]) -> list[int]:
    """Those of some tokens that would break a guard, or leave no way but to break one."""
    passing = machine.tables.tokens_that_pass_items & tokens
    struck = {token for token in passing if (after := _after(machine, token)) is None or not has_end(after)}
    for height, items in machine.items.items():
        if not items.is_free(machine.begun):
            struck |= _struck_in(machine, height, items, tokens - passing)
    return sorted(struck)


def _struck_in(machine: Machine, height: int, items: Items, tokens: set[int]) -> set[int]:
    """Those of some tokens with which the guarded array at one height can take no item."""
    vocabulary, choice = machine.tables.vocabulary, items.start.choice
    position = items.position(machine.begun)
    if machine.begun is items.since:
        item = machine.grammar.symbols.ids[ITEM]
        tokens = {token for token in tokens if vocabulary.symbols[token][0] == item}
        if choice.is_possible:
            tokens -= {vocabulary.symbol_token(item)}
    named = _along(machine, position.named, tokens).keys()
    if not choice.others and not choice.is_listed:
        return tokens - named
    if choice.is_listed and not choice.is_possible:
        return tokens
    alike = _along(machine, position.refused, tokens - named)
    if choice.is_listed:
        return set(alike)
    barred = set() if items.takes_others else _barred(machine, position, tokens - named)
    others = {token: refused for token, refused in alike.items() if token not in barred}
    return barred | _without_end(machine, height, items, others)


def _along(machine: Machine, beginnings: Beginnings, tokens: set[int]) -> dict[int, Beginnings]:
    """Those of some tokens with which an item goes on like one of some values, and where it stands after each."""
    if not beginnings or not tokens:
        return {}
    vocabulary = machine.tables.vocabulary
    if len(tokens) > 1:
        return {token: after for token, after in beginnings.tokens(vocabulary.trie) if token in tokens}
    (token,) = tokens
    after = beginnings.after_all(vocabulary.symbols[token])
    return {token: after} if after else {}


def _barred(machine: Machine, position: Position, tokens: set[int]) -> set[int]:
    """Those of some tokens with which an item goes on as none that may be, as far as finite states tell."""
    if position.has_begun:
        masks = (machine.tables.mask(stack[-1]) for stack in position.stacks)
        return tokens - {token for mask in masks for token in np.flatnonzero(mask).tolist()}
    grammar, spellings = machine.grammar, machine.tables.vocabulary.symbols
    return {
        token
        for token in tokens
        if all(stack_after(grammar, stack, spellings[token][1:]) is None for stack in position.stacks)
    }


def _without_end(machine: Machine, height: int, items: Items, tokens: dict[int, Beginnings]) -> set[int]:
    """Those of some tokens after which the item of the guarded array at `height` can be none but what is refused.

    tokens: each with where the item then stands among what is refused.
    """
    is_item = items.takes_others and machine.depth == height + 2
    return {
        token
        for token, refused in tokens.items()
        if refused.is_whole
        or not ((is_item and _has_more_texts(machine, token, refused.num_ways)) or _can_end(machine, height, token))
    }


def _has_more_texts(machine: Machine, token: int, count: int) -> bool:
    """Whether the text on top can go on in more than `count` ways after a token inside it; False for other values."""
    node, symbols = machine.grammar.nonterminals[machine.nonterminal], machine.tables.vocabulary.symbols[token]
    if not isinstance(node.state, Text) or max(symbols) >= NUM_BYTES:
        return False
    place = machine.grammar.automaton.run(bytes(symbols), node.state.place)
    return machine.tables.texts.are_more(place, node.accepts, count)


def _can_end(machine: Machine, height: int, token: int) -> bool:
    """Whether the item of the guarded array at `height` can end after a token."""
    after = _after(machine, token)
    return after is not None and any(True for _ in other_ends(after, height + 1))


def _after(machine: Machine, token: int) -> Machine | None:
    """The machine after a token, as far as items so far tell; None where that is not admitted."""
    after = machine.copy()
    try:
        after.take(token)
    except ValueError:
        return None
    return after
