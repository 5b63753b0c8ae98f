"""Guards: what no finite state carries, checked while decoding. Today that is `uniqueItems`.

An array whose items have to differ keeps its items so far. A token is struck where it ends an item as a repetition, and
where afterwards only repetitions are left. The search for another end of an item is bounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count, islice
from typing import TYPE_CHECKING

from schemalm.grammar.grammar import Grammar
from schemalm.grammar.identity import identity
from schemalm.grammar.states import Key, Text
from schemalm.grammar.symbols import END, ITEM, KEY_END, NUM_BYTES
from schemalm.grammar.texts.numbers import number_of_text, texts_of_equals
from schemalm.machine.costs import least_cost
from schemalm.tokenizer.derivation import Derivation
from schemalm.tokenizer.vocabulary import Vocabulary

if TYPE_CHECKING:
    from schemalm.machine.machine import Machine

# Beginnings of items that one search for another item looks at.
MAX_SEARCHED = 3_000
# A number has at most so many texts: 0, 0.0 and -0.0.
MAX_SPELLINGS = 3

Symbols = tuple[int, ...]
# Symbols, with every number as one text: equal numbers are written alike.
Form = tuple[int | bytes, ...]


@dataclass(frozen=True)
class Items:
    """The items of one guarded array so far: their identities and forms, each from its ITEM on.

    rest: the nonterminal at which the next item begins; begun, form: of that item so far, a number that has not ended
    as it stands.
    """

    rest: int
    identities: frozenset[Hashable] = frozenset()
    forms: tuple[Form, ...] = ()
    begun: Symbols = ()
    form: Form = ()

    def after(self, symbol: int, in_number: bool) -> Items:
        """The items after one more symbol; `in_number`: whether it belongs to a number or ends one."""
        *before, last = self.form or (None,)
        form = self.form
        if in_number and symbol < NUM_BYTES:
            begun = last if isinstance(last, bytes) else b""
            form = (*(before if begun else form), begun + bytes([symbol]))
        elif in_number and isinstance(last, bytes):
            canonical = texts_of_equals(number_of_text(last.decode()))[0].encode()
            form = (*before, canonical, symbol)
        else:
            form = (*form, symbol)
        return replace(self, begun=(*self.begun, symbol), form=form)

    def ended(self, grammar: Grammar, rest: int) -> Items | None:
        """The items after the one that has begun has ended and `rest` comes; None where it may not be what it is."""
        derivation = Derivation(grammar, self.rest)
        for symbol in self.begun:
            derivation.push(symbol)
        item = identity(derivation.last_item())
        if item not in self.identities:
            items = Items(rest, self.identities | {item}, (*self.forms, self.form))
            return items if grammar.is_alive(rest) else None
        repeated = grammar.repeated(rest)
        return None if repeated is None else Items(repeated, self.identities, self.forms)

    def candidates(self, vocabulary: Vocabulary) -> set[int]:
        """The tokens with which the item that has begun goes on like an earlier one."""
        found: set[int] = set()
        for way in self._ways():
            node = vocabulary.trie
            for symbol in way:
                if symbol not in node:
                    break
                token, node = node[symbol]
                if token >= 0:
                    found.add(token)
        return found

    def _ways(self) -> Iterator[Symbols]:
        """How the item goes on like an earlier one, as far as the end of the next number, which may vary."""
        *whole, last = self.form or (None,)
        begun = last if isinstance(last, bytes) else b""
        known = tuple(whole) if begun else self.form
        for form in self.forms:
            if form[: len(known)] == known:
                rest = form[len(known) :]
                first = next((index for index, part in enumerate(rest) if isinstance(part, bytes)), len(rest))
                if not begun:
                    yield _symbols(rest)
                if first < len(rest) and (first == 0 or not begun):
                    number = rest[first]
                    assert isinstance(number, bytes)
                    for text in texts_of_equals(number_of_text(number.decode())):
                        if text.encode().startswith(begun):
                            yield (*_symbols(rest[:first]), *text.encode()[len(begun) :], *_symbols(rest[first + 1 :]))


def _symbols(form: Form) -> Symbols:
    return tuple(symbol for part in form for symbol in (part if isinstance(part, bytes) else (part,)))


def tokens_that_pass_items(vocabulary: Vocabulary) -> frozenset[int]:
    """The tokens inside which an item ends that the token itself has begun."""
    item = vocabulary.grammar.symbols.ids[ITEM]
    arities = vocabulary.grammar.symbols.arities
    found = set()
    for token, spelling in enumerate(vocabulary.symbols):
        # How many nonterminals are open; where that falls back to the rest of an array, an item has ended.
        num_open, rests = 1, []
        for index, symbol in enumerate(spelling):
            num_open += arities[symbol] - 1
            if symbol == item:
                rests.append(num_open - 1)
            if index + 1 < len(spelling) and num_open in rests:
                found.add(token)
    return frozenset(found)


def has_other_text(machine: Machine, num_items: int) -> bool:
    """Whether on top is a string or number that has more ends than `num_items` items can have taken."""
    node = machine.grammar.nonterminals[machine.nonterminal]
    if not isinstance(node.state, Text):
        return False
    num_taken = num_items * (MAX_SPELLINGS if node.state.kind == "number" else 1)
    return machine.grammar.automaton.has_more_texts(node.state.place, frozenset(node.accepts), num_taken)


def other_ends(machine: Machine, height: int, num_items: int) -> Iterator[tuple[Symbols, Machine] | None]:
    """Ways to come down to `height` nonterminals, as symbols and the machine afterwards, cheap ones first.

    Gives None, once and last, where the search is given up.
    """
    # Among ways that are equally cheap, the newest comes first: it is closest to its end, and continuations are pushed
    # with the most readable one last.
    turn = count(0, -1)
    queue: list[tuple[int, int, Symbols, Machine]] = [(least_cost(machine, height), next(turn), (), machine)]
    while queue:
        _, _, path, current = heappop(queue)
        if current.depth == height:
            yield path, current
            continue
        for symbols in reversed(list(_continuations(current, num_items))):
            after = current.copy()
            try:
                for symbol in symbols:
                    after.push(symbol)
            except ValueError:
                continue
            longer = (*path, *symbols)
            heappush(queue, (len(longer) + least_cost(after, height), next(turn), longer, after))
            if next(turn) < -MAX_SEARCHED:
                yield None
                return


def _continuations(machine: Machine, num_items: int) -> Iterator[Symbols]:
    """Symbols to go on with: of a text, as many whole ones as there are items and one more."""
    grammar = machine.grammar
    node = grammar.nonterminals[machine.nonterminal]
    if not isinstance(node.state, Text | Key):
        # Of constants with the same verdict, too, one more than there are items is enough.
        num_constants: Counter[int] = Counter()
        for symbol in grammar.admitted(machine.nonterminal):
            step = grammar.step(machine.nonterminal, symbol)
            if step is not None and not step.opened:
                num_constants[step.verdict] += 1
                if num_constants[step.verdict] > num_items + 1:
                    continue
            yield (symbol,)
        return
    texts = grammar.automaton.texts(node.state.place, frozenset(node.accepts))
    num_taken = num_items * (MAX_SPELLINGS if node.state == Text("number", node.state.place) else 1)
    if isinstance(node.state, Key):
        num_taken += len(machine.free_keys.whole)
    end = grammar.symbols.ids[KEY_END if isinstance(node.state, Key) else END]
    yield from ((*text, end) for text in islice(texts, num_taken + 1))
