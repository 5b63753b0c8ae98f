"""Masks and transitions by stack entry, as far as finite states determine them.

All machines of a tokenizer share these tables. They are filled on first use and bounded in memory. A token is a
connected piece of one derivation, so its effect depends only on the nonterminal on top of the stack: the mask is a row
of bits, and the transition is a fixed tuple of stack entries. Least recently used entries are dropped and computed
again when they are needed. The limit does not cover the grammar, which numbers nonterminals without a bound, some
hundred bytes each, beside their states. A text with a counted length adds one nonterminal per character. What documents
and prompts add is bounded by `shared_tables.py`.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from functools import cached_property, lru_cache
from typing import NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from schemalm.documents.partial import Partial
from schemalm.grammar.grammar import ANY_ITEM, ANY_KEY, Grammar
from schemalm.grammar.states import Key, Object, Text
from schemalm.grammar.symbols import END, FREE_KEY, ITEM, KEY_END
from schemalm.machine.filling import MaskFiller
from schemalm.machine.free_keys import EndlessKeys, KeyTokens
from schemalm.machine.guards import tokens_with_whole_items
from schemalm.machine.masks import num_mask_bytes, pack_masks, unpack_mask
from schemalm.machine.name_masks import NameMasks
from schemalm.machine.naming import Naming
from schemalm.machine.slots import AnySlot, Contact, SlotReader, SlotRow
from schemalm.machine.stepper import advance, advance_paths
from schemalm.machine.structure_checks import NameAhead, StructureChecks
from schemalm.machine.texts import Texts
from schemalm.machine.values import Values
from schemalm.machine.vocabulary import FIRST_SYMBOL_ID, Vocabulary
from schemalm.machine.watched_places import Watched, WatchedPlaces
from schemalm.rules.paths import Place, Steps, path_text
from schemalm.weak_methods import weak

# Memory for the masks and transitions of one tokenizer, in bytes.
LIMIT_BYTES = 32 << 20
# Overhead of a cache entry; also the size of a transition with its share of stack entries, in bytes. A test checks it.
ENTRY_BYTES = 400
NO_NONTERMINAL = -1


class StackEntry:
    """An entry of a machine's stack: a nonterminal and the path of keys that leads to it.

    row: the nonterminal whose mask serves this one. is_key: whether this is the rest of a free key. free_key: if this
    is an object that can run out of free keys, the nonterminal at which a free key begins, else NO_NONTERMINAL.
    has_dynamic_mask: whether the mask also depends on earlier keys or items. needs_outcome: whether the outcome of the
    entry above settles this one. place: where the value stands in the tree of the rules, if they speak of it. watched:
    the rules about names there. slot: the name under way, if rules compare it with others. has_expressions: whether
    this is a text that may hold expressions. is_text: whether this is the rest of a string.
    """

    __slots__ = (
        "free_key",
        "has_dynamic_mask",
        "has_expressions",
        "is_key",
        "is_text",
        "needs_outcome",
        "nonterminal",
        "path",
        "place",
        "row",
        "slot",
        "watched",
    )
    slot: AnySlot | None
    watched: Watched | None

    def __init__(
        self,
        nonterminal: int,
        path: str,
        place: Place | None,
        row: int,
        is_key: bool,
        free_key: int,
        needs_outcome: bool,
    ) -> None:
        self.nonterminal = nonterminal
        self.path = path
        self.place = place
        self.slot = self.watched = None
        self.has_expressions = self.is_text = False
        self.row = row
        self.is_key = is_key
        self.free_key = free_key
        self.has_dynamic_mask = is_key or free_key != NO_NONTERMINAL
        self.needs_outcome = needs_outcome


class Transition(NamedTuple):
    """What a token does to the top of the stack.

    opened: the entries that replace the top, the next one last. If it is empty, the top has ended with `outcome`.
    opens_guarded_array: whether a guarded array comes to the top inside the token, so that its items have to be
    recorded. is_watched: whether rules about names apply to a place that comes to the top inside the token.
    """

    opened: tuple[StackEntry, ...]
    outcome: int
    opens_guarded_array: bool
    is_watched: bool


class FiniteTables:
    """Masks and transitions of one vocabulary under a grammar with the same symbols, as finite states determine them.

    packed: returns the mask of a nonterminal as bits, uint8 [ceil(vocab_size / 8)]. unpacked: returns the same mask as
    bool [vocab_size], read-only. Call both with the `row` of an entry. entry: returns the entry of a nonterminal and a
    path. transition: returns what a token does to an entry on top, or None if it is not admitted.
    """

    def __init__(self, grammar: Grammar, vocabulary: Vocabulary, limit_bytes: int = LIMIT_BYTES) -> None:
        """limit_bytes: memory for masks and transitions. At least one of each is kept."""
        # Tables of a prompt share what is found with these, which have to be there as long.
        self._base: Self | None = None
        self.grammar = grammar
        self.vocabulary = vocabulary
        self.limit_bytes = limit_bytes
        self.tokens_with_whole_items = tokens_with_whole_items(vocabulary) if grammar.has_guards else frozenset()
        self.empty_mask = np.zeros(len(vocabulary), dtype=np.bool_)
        self.empty_mask.flags.writeable = False
        self.texts = Texts(grammar)
        self.values = Values(grammar, self.texts)
        self._filler = MaskFiller(grammar, vocabulary)
        self._free_key, self._item, self._key_end = (grammar.symbols.ids[s] for s in (FREE_KEY, ITEM, KEY_END))
        self.root_place = grammar.rules.names.tree.root if grammar.rules is not None else None
        self.watched_places = WatchedPlaces(grammar.rules)
        self.free_key_token = vocabulary.symbol_token(self._free_key)
        self._elements = {
            grammar.symbols.ids[ITEM]: ANY_ITEM,
            grammar.symbols.ids[KEY_END]: ANY_KEY,
            **{number: name for name, number in grammar.symbols.keys.items()},
        }
        num_packed = max(1, limit_bytes // 4 // (num_mask_bytes(len(vocabulary)) + ENTRY_BYTES))
        num_unpacked = max(1, limit_bytes // 4 // (len(vocabulary) + ENTRY_BYTES))
        num_transitions = max(1, limit_bytes // 2 // ENTRY_BYTES)
        self.num_packed = num_packed
        self.packed: Callable[[int], NDArray[np.uint8]] = lru_cache(num_packed)(weak(self._packed))
        self.unpacked: Callable[[int], NDArray[np.bool_]] = lru_cache(num_unpacked)(weak(self._unpacked))
        self.transition: Callable[[StackEntry, int], Transition | None] = lru_cache(num_transitions)(
            weak(self._transition)
        )
        self.entry: Callable[[int, str, Place | None], StackEntry] = lru_cache(max(1, num_transitions // 16))(
            weak(self._entry)
        )
        self.slot_row: Callable[[StackEntry], SlotRow] = lru_cache(num_unpacked)(weak(self._slot_row))
        self.contacts: Callable[[StackEntry, int], tuple[Contact, ...]] = lru_cache(num_transitions // 4 + 1)(
            weak(self._contacts)
        )
        self._text_end = vocabulary.grammar.symbols.characters[grammar.symbols.ids[END]]
        self.name_masks = NameMasks()
        self.structure_checks = StructureChecks(
            grammar, vocabulary, self.watched_places, self.unpacked, self.transition
        )
        self.checked_tokens: Callable[[StackEntry], dict[int, NameAhead | None]] = lru_cache(num_unpacked)(
            self.structure_checks.tokens
        )
        self.naming = Naming(grammar, grammar.rules, self.watched_places) if grammar.rules is not None else None
        self._is_endless: Callable[[int], bool] = lru_cache(1024)(EndlessKeys(grammar).contains)
        self._labels: Callable[[int], str] = lru_cache(num_packed)(grammar.label)

    def with_prompt(self, prompt: Partial) -> Self:
        """Returns the tables of the documents that a partial value states, which share all that is found with these.

        Raises SchemaError if there are no such documents.
        """
        prompted = copy(self)
        prompted._base = self
        prompted.grammar = self.grammar.with_prompt(prompt)
        return prompted

    def begun_anew(self) -> Self:
        """Returns tables of the same vocabulary and schema in which nothing is found yet."""
        grammar = self.grammar.with_key_orders(self.grammar.key_orders)
        return type(self)(grammar, self.vocabulary, self.limit_bytes)

    @cached_property
    def key_tokens(self) -> KeyTokens:
        """The tokens that end a free key."""
        return KeyTokens(self.vocabulary)

    @cached_property
    def slots(self) -> SlotReader:
        """What tokens write into names. Only rules ask for it."""
        return SlotReader(self.grammar, self.vocabulary)

    def ends_text(self, token: int) -> bool:
        """Whether a token of a text ends it."""
        return self.vocabulary.spellings[token].endswith(self._text_end)

    def mask(self, nonterminal: int) -> NDArray[np.bool_]:
        """Returns the tokens that `nonterminal` admits: bool [vocab_size], read-only."""
        return self.unpacked(self.grammar.equivalent(nonterminal))

    def label(self, nonterminal: int) -> str:
        """Returns the label of the nonterminal, which is the same in every process."""
        return self._labels(nonterminal)

    def _packed(self, nonterminal: int) -> NDArray[np.uint8]:
        with self.grammar.budget.call("mask"):
            return pack_masks(self._fill(nonterminal))

    def _fill(self, nonterminal: int) -> NDArray[np.bool_]:
        """Returns the mask of a nonterminal, bool [vocab_size]."""
        return self._filler.fill(nonterminal)

    def _unpacked(self, nonterminal: int) -> NDArray[np.bool_]:
        return unpack_mask(self.packed(nonterminal), len(self.vocabulary))

    def _contacts(self, entry: StackEntry, token: int) -> tuple[Contact, ...]:
        assert entry.place is not None
        return self.slots.contacts(entry.nonterminal, entry.slot, entry.place, token)

    def _slot_row(self, entry: StackEntry) -> SlotRow:
        assert entry.place is not None
        with self.grammar.budget.call("mask"):
            return self.slots.row(entry.nonterminal, entry.slot, entry.place, self.unpacked(entry.row))

    def _entry(self, nonterminal: int, path: str, place: Place | None) -> StackEntry:
        grammar = self.grammar
        is_key = isinstance(grammar.nonterminals[nonterminal].state, Key)
        entry = StackEntry(
            nonterminal,
            path,
            place,
            grammar.equivalent(nonterminal),
            is_key,
            self._exhaustible_key(nonterminal),
            grammar.needs_outcome(nonterminal),
        )
        entry.has_dynamic_mask |= bool(self.tokens_with_whole_items)
        if place is not None:
            entry.watched = self.watched_places.at(place)
            entry.slot = self.slots.slot(nonterminal, place, entry.watched)
            state = grammar.nonterminals[nonterminal].state
            entry.is_text = isinstance(state, Text) and state.kind == "string"
            entry.has_expressions = entry.is_text and place.expression is not None
        return entry

    def place_at(self, steps: Steps) -> Place:
        """Returns the place at some steps of a path of the rules."""
        assert self.grammar.rules is not None
        return self.grammar.rules.names.tree.at(path_text(steps))

    def like(self, entry: StackEntry, nonterminal: int) -> StackEntry:
        """Returns the entry of another nonterminal at the same place."""
        return self.entry(nonterminal, entry.path, entry.place)

    def _exhaustible_key(self, nonterminal: int) -> int:
        """Returns the nonterminal at which a free key begins, if the object can run out of free keys.

        A rest that still needs an outcome is never on top, so it has none.
        """
        if self.grammar.needs_outcome(nonterminal) or not isinstance(
            self.grammar.nonterminals[nonterminal].state, Object
        ):
            return NO_NONTERMINAL
        with self.grammar.budget.call("mask"):
            step = self.grammar.step(nonterminal, self._free_key)
        return step.opened[0] if step is not None and not self._is_endless(step.opened[0]) else NO_NONTERMINAL

    def can_run_out(self, key: int) -> bool:
        """Whether the texts of the free key `key` may run out. True also if this is not known."""
        return not self._is_endless(key)

    @property
    def start(self) -> StackEntry:
        """The entry of a whole document."""
        return self.entry(self.grammar.start, "", self.root_place)

    def settle(self, rest: StackEntry, outcome: int) -> StackEntry:
        """Returns the rest of an object or array after a complete child."""
        if not rest.needs_outcome:
            return rest
        with self.grammar.budget.call("advance"):
            return self.like(rest, self.grammar.settle(rest.nonterminal, outcome))

    def _transition(self, entry: StackEntry, token: int) -> Transition | None:
        with self.grammar.budget.call("advance"):
            return self._walk(entry, token)

    def _walk(self, entry: StackEntry, token: int) -> Transition | None:
        """Computes a transition by walking the token's symbols through the grammar."""
        grammar = self.grammar
        if not FIRST_SYMBOL_ID <= token < len(self.vocabulary):
            return None
        stack, paths, places = [entry.nonterminal], [entry.path], [entry.place]
        outcome, opens_guarded_array, is_watched = 0, False, False
        for symbol in self.vocabulary.symbols[token]:
            step = advance(grammar, stack, symbol)
            if step is None:
                return None
            is_watched = is_watched or self.watched_places.at(places[-1]) is not None
            advance_paths(paths, len(step.opened), self._elements.get(symbol, ""))
            self._advance_places(places, len(step.opened), symbol)
            outcome = step.outcome
            opens_guarded_array = opens_guarded_array or (bool(stack) and grammar.arrays.is_guarded(stack[-1]))
        return Transition(tuple(map(self.entry, stack, paths, places)), outcome, opens_guarded_array, is_watched)

    def _advance_places(self, places: list[Place | None], arity: int, symbol: int) -> None:
        """Advances the places of a stack by one symbol, as `advance_paths` does with paths."""
        place = places.pop()
        if arity != 2:
            places += [place] * arity
        elif place is None:
            places += [None, None]
        else:
            places += [place, self._place_below(place, symbol)]

    def _place_below(self, place: Place, symbol: int) -> Place | None:
        if symbol == self._item:
            return place.item
        name = self._elements[symbol]
        return place.other if symbol == self._key_end else place.child(name)
