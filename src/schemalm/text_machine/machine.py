"""The machine over JSON text: which tokens of any vocabulary may come next, and what each does.

A mask is the union of the walks along the stack (`walks.py`), as finite states tell. What they cannot carry is struck
by looking: tokens that would repeat a free key are found along the keys that the object has; the few tokens that write
a whole key, or enter an array whose items must differ, are read by a copy. Inside such an array, and where an object
may run out of keys, every token that could matter is read by a copy.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import reduce

import numpy as np
from numpy.typing import NDArray

from schemalm.errors import ConfigurationError
from schemalm.grammar.grammar import Grammar
from schemalm.machine import Machine, Tables
from schemalm.machine.finite_tables import NO_NONTERMINAL
from schemalm.machine.masks import num_mask_bytes, unpack_mask
from schemalm.machine.vocabulary import Vocabulary
from schemalm.text_machine.byte_trie import NO_NODE, ROOT, ByteTrie
from schemalm.text_machine.ending import ending
from schemalm.text_machine.key_supply import KeySupply
from schemalm.text_machine.machine_derivation import MachineDerivation
from schemalm.text_machine.plain_text import plain_text
from schemalm.text_machine.reader import Place, Reader
from schemalm.text_machine.spellings import Spellings, escaped
from schemalm.text_machine.states import ReadingState, StateTable
from schemalm.text_machine.walks import Walker

Bits = NDArray[np.uint8]
# States that are remembered for one grammar and vocabulary, of about a kilobyte each.
MAX_STATES = 1 << 16


class ByteVocabulary:
    """The tokens of any vocabulary as bytes, with what every grammar needs of them."""

    def __init__(self, tokens: Sequence[bytes]) -> None:
        """tokens: the bytes of each token id; empty if no text contains the token."""
        self.trie = ByteTrie(tokens)
        self.plain_text = plain_text(self.trie)


class TextTables:
    """What all text machines of one grammar and vocabulary share.

    Raises ConfigurationError for a grammar with rules about names, which text is not checked against yet.
    """

    def __init__(self, grammar: Grammar, vocabulary: ByteVocabulary) -> None:
        if grammar.rules is not None:
            raise ConfigurationError("a machine over text does not know rules: compile the schema with rules=None")
        self.grammar, self.trie = grammar, vocabulary.trie
        self.machine_tables = Tables(grammar, Vocabulary(grammar, (), ()))
        self.spellings = Spellings(grammar)
        self.key_supply = KeySupply(self.machine_tables, self.trie)
        self._plain_text = vocabulary.plain_text
        self._begin()
        self.no_tokens: Bits = np.zeros(num_mask_bytes(self.trie.vocab_size), np.uint8)

    def _begin(self) -> None:
        self.states = StateTable(self.spellings)
        self.walker = Walker(self.trie, self.states, self._plain_text)

    def make_room(self) -> None:
        """Forgets what was found if it takes too much memory."""
        if len(self.states.states) > MAX_STATES:
            self._begin()


class TextMachine:
    """Follows one text, token by token."""

    def __init__(self, tables: TextTables, reader: Reader[MachineDerivation] | None = None) -> None:
        self.tables = tables
        self._reader = reader or Reader(tables.spellings, MachineDerivation(Machine(tables.machine_tables)))
        self._mask: Bits | None = None

    def copy(self) -> TextMachine:
        """Returns an independent copy."""
        other = TextMachine(self.tables, self._reader.copy())
        other._mask = self._mask
        return other

    @property
    def is_complete(self) -> bool:
        """Whether the text is a whole document. A number may be whole and still go on."""
        reader = self._reader
        if reader.derivation.is_complete:
            return True
        is_last = reader.place == Place.NUMBER and len(reader.derivation.machine.stack) == 1
        return is_last and reader.derivation.admits(self.tables.spellings.end)

    def advance(self, token: int) -> None:
        """Consumes a token; raises ValueError, and changes nothing, if it is not admitted."""
        mask = self.mask()
        if not 0 <= token < self.tables.trie.vocab_size or not mask[token >> 3] >> (token & 7) & 1:
            raise ValueError(f"token {token} is not admitted here")
        self._mask = None
        read = self._reader.read
        for byte in self.tables.trie.tokens[token]:
            read(byte)

    def read(self, text: bytes) -> int:
        """Reads a text, byte by byte, as far as it is admitted; returns how many bytes were."""
        for index, byte in enumerate(text):
            after = self._reader.copy()
            if not after.read(byte):
                return index
            self._reader, self._mask = after, None
        return len(text)

    def mask(self) -> Bits:
        """Returns the tokens that may come next, as bits, uint8 [ceil(vocab_size / 8)]; not to be changed.

        Tokens of more than MAX_TOKEN_BYTES bytes are left out. Raises LimitError if a step takes more work than the
        grammar's limits permit.
        """
        if self._mask is None:
            self._mask = self._find_mask()
        return self._mask

    def ending(self) -> bytes:
        """Returns a text that ends the document with few symbols; the machine is unchanged.

        Raises GuardError if no end was found that satisfies every guard, LimitError if the search takes more work than
        the grammar's limits permit.
        """
        return ending(self._reader)

    def _find_mask(self) -> Bits:
        reader = self._reader
        if reader.derivation.is_complete:
            return self.tables.no_tokens
        self.tables.make_room()
        masks, checked = self._walk_stack()
        bits = reduce(np.bitwise_or, masks)
        struck = [*self._repeating(), *self._refused(bits, checked)]
        if not struck:
            return bits
        bits = bits.copy()
        for token in struck:
            bits[token >> 3] &= ~(1 << (token & 7)) & 0xFF
        return bits

    def _walk_stack(self) -> tuple[list[Bits], set[int]]:
        """Returns the masks of the walks along the stack, and the tokens that only the machine can check."""
        tables, machine = self.tables, self._reader.derivation.machine
        walker, grammar = tables.walker, tables.grammar
        stack = [entry.nonterminal for entry in machine.stack]
        top = len(stack) - 1
        guarded = max(machine.items, default=-1)
        pending = [(top, tables.states.number(self._state(stack[-1])), walker.root)]
        masks: list[Bits] = []
        checked: set[int] = set()
        while pending:
            height, state, nodes = pending.pop()
            walk = walker.walk(state, nodes)
            masks.append(walk.mask)
            checked.update(*(tables.trie.below(node).tolist() for node in walk.checked))
            if height <= guarded and height < top:
                # An item has ended. Only the machine knows whether it and what follows are different.
                checked.update(np.flatnonzero(unpack_mask(walk.mask, tables.trie.vocab_size)).tolist())
            for outcome, exits in walk.exits if height else ():
                rests = [grammar.settle(stack[height - 1], outcome)]
                if height - 1 in machine.items:
                    # A schema may ask for an item that repeats an earlier one.
                    repeated = grammar.arrays.rest_after_repetition(rests[0])
                    rests += [repeated] if repeated is not None else []
                for rest in rests:
                    below = tables.states.number(ReadingState(Place.NEXT, None, (rest,)))
                    pending.append((height - 1, below, exits))
        return masks, checked

    def _state(self, top: int) -> ReadingState:
        """Returns the state of the top of the stack alone."""
        reader, grammar = self._reader, self.tables.grammar
        free = None
        if reader.free is not None:
            free = (grammar.equivalent(reader.free.nonterminal),)
        return ReadingState(reader.place, reader.detail, (grammar.equivalent(top),), free)

    def _repeating(self) -> Iterator[int]:
        """Yields the tokens that end the free key under way as one that the object has."""
        reader, trie = self._reader, self.tables.trie
        if reader.free is None:
            return
        keys = reader.free.machine.free_keys
        for key in keys:
            if key.startswith(keys.prefix):
                rest = escaped(key[len(keys.prefix) :].encode("latin-1"))
                begun = reader.detail[1]
                node = trie.find(rest[len(begun) :] + b'"') if rest.startswith(begun) else NO_NODE
                if node != NO_NODE:
                    yield from trie.below(node).tolist()

    def _refused(self, bits: Bits, checked: set[int]) -> Iterator[int]:
        """Yields the tokens of a mask that a copy refuses, or some that are not in it."""
        trie, reader = self.tables.trie, self._reader
        keys_may_run_out = self._may_run_out_of_keys()
        if keys_may_run_out or not _has_only_free_items(reader):
            admitted = unpack_mask(bits, trie.vocab_size)[trie.sorted_tokens]
            yield from self._refused_below(ROOT, reader, admitted, keys_may_run_out)
        for token in checked:
            after = reader.copy()
            if not all(map(after.read, trie.tokens[token])):
                yield token

    def _refused_below(
        self, node: int, reader: Reader[MachineDerivation], admitted: NDArray[np.bool_], keys_may_run_out: bool
    ) -> Iterator[int]:
        """Yields the tokens of a subtree that a reader refuses, until finite states tell the rest.

        admitted: for each of the sorted tokens, whether finite states admit it. keys_may_run_out: whether finite states
        tell the rest of none.
        """
        trie = self.tables.trie
        first = int(trie.first_child[node])
        for child in range(first, first + int(trie.num_children[node])):
            if not admitted[trie.begins[child] : trie.ends[child]].any():
                continue
            after = reader.copy()
            if not after.read(int(trie.bytes[child])):
                yield from trie.below(child).tolist()
            elif keys_may_run_out or not _has_only_free_items(after):
                yield from self._refused_below(child, after, admitted, keys_may_run_out)

    def _may_run_out_of_keys(self) -> bool:
        """Whether an object that has free keys could have all that it may have."""
        machine, free = self._reader.derivation.machine, self._reader.free
        objects = [(machine.stack[height].free_key, keys) for height, keys in machine.keys.items()]
        if objects and free is not None:
            objects.append((free.nonterminal, free.machine.free_keys))
        return any(key != NO_NONTERMINAL and self.tables.key_supply.may_run_out(key, keys) for key, keys in objects)


def _has_only_free_items(reader: Reader[MachineDerivation]) -> bool:
    """Whether finite states alone check what may still become of the open items."""
    machine = reader.derivation.machine
    return all(items.is_unconstrained(machine.history) for items in machine.items.values())
