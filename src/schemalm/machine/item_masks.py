"""The tokens that a mask excludes because the items of an array have to differ.

A token is excluded if its array cannot contain any item that continues with it. A token after which no forbidden value
is a candidate is never checked on its own.
"""

from __future__ import annotations

import numpy as np

from schemalm.grammar.states import Key, Text
from schemalm.grammar.symbols import ITEM
from schemalm.machine.completion import endings_of_item, has_end
from schemalm.machine.form_trie import Candidates
from schemalm.machine.guards import ArrayItems, PendingItem
from schemalm.machine.stepper import stack_after
from schemalm.machine.symbol_machine import SymbolMachine


def tokens_forbidden_by_items(machine: SymbolMachine, tokens: set[int]) -> list[int]:
    """Returns those of some tokens that would break a guard, or after which every ending breaks one."""
    with_whole_items = machine.tables.tokens_with_whole_items & tokens
    excluded = {
        token for token in with_whole_items if (after := _machine_after(machine, token)) is None or not has_end(after)
    }
    for height, items in machine.items.items():
        if not items.is_unconstrained(machine.history):
            excluded |= _forbidden_in_array(machine, height, items, tokens - with_whole_items)
    return sorted(excluded)


def _forbidden_in_array(machine: SymbolMachine, height: int, items: ArrayItems, tokens: set[int]) -> set[int]:
    """Returns those of some tokens with which the guarded array at a height cannot contain any item."""
    vocabulary, choice = machine.tables.vocabulary, items.start.choice
    pending = items.pending(machine.history)
    if machine.history is items.before_item:
        item = machine.grammar.symbols.ids[ITEM]
        tokens = {token for token in tokens if vocabulary.symbols[token][0] == item}
        if choice.is_possible:
            tokens -= {vocabulary.symbol_token(item)}
    ends_allowed, continues_allowed = _matching_tokens(machine, pending.allowed, tokens)
    allowed_tokens = ends_allowed | continues_allowed.keys()
    if not choice.alternatives and not choice.is_exhaustive:
        return tokens - allowed_tokens
    if choice.is_exhaustive and not choice.is_possible:
        return tokens
    excluded, continuing = _matching_tokens(machine, pending.forbidden, tokens - allowed_tokens)
    if choice.is_exhaustive:
        return excluded | continuing.keys()
    outside = set() if items.only_forbids else _outside_alternatives(machine, pending, tokens - allowed_tokens)
    others = {token: forbidden for token, forbidden in continuing.items() if token not in outside}
    return excluded | outside | _without_ending(machine, height, others)


def _matching_tokens(
    machine: SymbolMachine, candidates: Candidates, tokens: set[int]
) -> tuple[set[int], dict[int, Candidates]]:
    """Returns those of some tokens that end the item as a candidate, and those that continue it like one.

    Each of the latter has the candidates that remain after it.
    """
    if not candidates or not tokens:
        return set(), {}
    vocabulary = machine.tables.vocabulary
    if len(tokens) > 1:
        last, others = candidates.tokens(vocabulary.trie)
        return last & tokens, {token: after for token, after in others.items() if token in tokens}
    (token,) = tokens
    after = candidates.after_all(vocabulary.symbols[token])
    if not after:
        return set(), {}
    return (tokens, {}) if after.is_match else (set(), {token: after})


def _outside_alternatives(machine: SymbolMachine, pending: PendingItem, tokens: set[int]) -> set[int]:
    """Returns those of some tokens that no alternative of the item admits, as far as finite states determine."""
    if pending.has_begun:
        masks = (machine.tables.mask(stack[-1]) for stack in pending.stacks)
        return tokens - {token for mask in masks for token in np.flatnonzero(mask).tolist()}
    grammar, spellings = machine.grammar, machine.tables.vocabulary.symbols
    return {
        token
        for token in tokens
        if all(stack_after(grammar, stack, spellings[token][1:]) is None for stack in pending.stacks)
    }


def _without_ending(machine: SymbolMachine, height: int, tokens: dict[int, Candidates]) -> set[int]:
    """Returns those of some tokens after which the item of the array at `height` could only be a forbidden value.

    tokens: each with the forbidden candidates that remain after it.
    """
    num_more = _num_forbidden_endings(machine) if tokens else None
    return {
        token
        for token, forbidden in tokens.items()
        if not (num_more is not None and _has_more_texts(machine, token, forbidden.num_endings + num_more))
        and not _can_end(machine, height, token)
    }


def _num_forbidden_endings(machine: SymbolMachine) -> int | None:
    """Returns an upper bound on the forbidden endings of all open items; None if an item has few allowed endings."""
    constrained_items = machine.constrained_items()
    if not all(items.only_forbids for items in constrained_items):
        return None
    num_endings = (items.pending(machine.history).forbidden.num_endings for items in constrained_items)
    return sum(num_endings) + len(machine.free_keys)


def _has_more_texts(machine: SymbolMachine, token: int, count: int) -> bool:
    """Whether more than `count` texts may follow a token. Then forbidden values cannot exclude all of them."""
    transition = machine.tables.transition(machine.top, token)
    if transition is None or not transition.opened or transition.opens_guarded_array:
        return False
    node = machine.grammar.nonterminals[transition.opened[-1].nonterminal]
    return isinstance(node.state, Text | Key) and machine.tables.texts.has_more(
        node.state.dfa_state, node.accepts, count
    )


def _can_end(machine: SymbolMachine, height: int, token: int) -> bool:
    """Whether the item of the guarded array at `height` can end after a token."""
    after = _machine_after(machine, token)
    return after is not None and any(True for _ in endings_of_item(after, height + 1))


def _machine_after(machine: SymbolMachine, token: int) -> SymbolMachine | None:
    """Returns the machine after a token, or None if it does not admit the token."""
    after = machine.copy()
    try:
        after.take(token)
    except ValueError:
        return None
    return after
