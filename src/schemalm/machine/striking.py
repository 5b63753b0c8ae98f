"""Which tokens are struck from a mask where the items of an array have to differ.

A token is struck where no item can go on with it that its array can still take. Tokens with which an item goes on like
none that is refused are never looked at one by one.
"""

from __future__ import annotations

import numpy as np

from schemalm.grammar.states import Key, Text
from schemalm.grammar.symbols import ITEM
from schemalm.machine.completion import ends_of, has_end
from schemalm.machine.forms import Beginnings
from schemalm.machine.guards import Items, Position
from schemalm.machine.stepper import stack_after
from schemalm.machine.symbol_machine import SymbolMachine


def struck_by_items(machine: SymbolMachine, tokens: set[int]) -> list[int]:
    """Those of some tokens that would break a guard, or leave no way but to break one."""
    passing = machine.tables.tokens_that_pass_items & tokens
    struck = {token for token in passing if (after := _after(machine, token)) is None or not has_end(after)}
    for height, items in machine.items.items():
        if not items.is_free(machine.begun):
            struck |= _struck_in(machine, height, items, tokens - passing)
    return sorted(struck)


def _struck_in(machine: SymbolMachine, height: int, items: Items, tokens: set[int]) -> set[int]:
    """Those of some tokens with which the guarded array at one height can take no item."""
    vocabulary, choice = machine.tables.vocabulary, items.start.choice
    position = items.position(machine.begun)
    if machine.begun is items.since:
        item = machine.grammar.symbols.ids[ITEM]
        tokens = {token for token in tokens if vocabulary.symbols[token][0] == item}
        if choice.is_possible:
            tokens -= {vocabulary.symbol_token(item)}
    as_named, like_named = _along(machine, position.named, tokens)
    named = as_named | like_named.keys()
    if not choice.others and not choice.is_listed:
        return tokens - named
    if choice.is_listed and not choice.is_possible:
        return tokens
    struck, alike = _along(machine, position.refused, tokens - named)
    if choice.is_listed:
        return struck | alike.keys()
    barred = set() if items.takes_others else _barred(machine, position, tokens - named)
    others = {token: refused for token, refused in alike.items() if token not in barred}
    return struck | barred | _without_end(machine, height, others)


def _along(machine: SymbolMachine, beginnings: Beginnings, tokens: set[int]) -> tuple[set[int], dict[int, Beginnings]]:
    """Those of some tokens with which an item ends as one of some values, and those with which it goes on like one.

    With each of the latter: where it stands then.
    """
    if not beginnings or not tokens:
        return set(), {}
    vocabulary = machine.tables.vocabulary
    if len(tokens) > 1:
        last, others = beginnings.tokens(vocabulary.trie)
        return last & tokens, {token: after for token, after in others.items() if token in tokens}
    (token,) = tokens
    after = beginnings.after_all(vocabulary.symbols[token])
    if not after:
        return set(), {}
    return (tokens, {}) if after.is_whole else (set(), {token: after})


def _barred(machine: SymbolMachine, position: Position, tokens: set[int]) -> set[int]:
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


def _without_end(machine: SymbolMachine, height: int, tokens: dict[int, Beginnings]) -> set[int]:
    """Those of some tokens after which the item of the guarded array at `height` can be none but what is refused.

    tokens: each with where the item then stands among what is refused.
    """
    num_more = _num_refused(machine) if tokens else None
    return {
        token
        for token, refused in tokens.items()
        if not (num_more is not None and _has_more_texts(machine, token, refused.num_ways + num_more))
        and not _can_end(machine, height, token)
    }


def _num_refused(machine: SymbolMachine) -> int | None:
    """No fewer than the ways in which what is under way may not go on; None where few ways are open."""
    under_way = machine.under_way()
    if not all(items.takes_others for items in under_way):
        return None
    num_ways = (items.position(machine.begun).refused.num_ways for items in under_way)
    return sum(num_ways) + len(machine.free_keys)


def _has_more_texts(machine: SymbolMachine, token: int, count: int) -> bool:
    """Whether more than `count` texts may come next after a token; then nothing is in the way of what follows."""
    transition = machine.tables.transition(machine.top, token)
    if transition is None or not transition.opened or transition.meets_guard:
        return False
    node = machine.grammar.nonterminals[transition.opened[-1].nonterminal]
    return isinstance(node.state, Text | Key) and machine.tables.texts.are_more(
        node.state.dfa_state, node.accepts, count
    )


def _can_end(machine: SymbolMachine, height: int, token: int) -> bool:
    """Whether the item of the guarded array at `height` can end after a token."""
    after = _after(machine, token)
    return after is not None and any(True for _ in ends_of(after, height + 1))


def _after(machine: SymbolMachine, token: int) -> SymbolMachine | None:
    """The machine after a token, as far as items so far tell; None where that is not admitted."""
    after = machine.copy()
    try:
        after.take(token)
    except ValueError:
        return None
    return after
