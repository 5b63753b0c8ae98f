"""Guards: what no finite state carries, checked while decoding. Today that is `uniqueItems`.

An array whose items have to differ keeps its items so far. A token is struck where no item can begin with it that the
array can still take: that may not repeat an earlier one, or has to, and leaves enough values for the items after it.
Where many values begin with a token, some of which may not be, a search looks for another; it is bounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from heapq import heappop, heappush
from itertools import count, islice
from typing import TYPE_CHECKING, TypeAlias

from schemalm.grammar.grammar import Form, Grammar
from schemalm.grammar.identity import identity
from schemalm.grammar.states import Key, Text
from schemalm.grammar.supply import MAX_SPELLINGS
from schemalm.grammar.symbols import END, ITEM, KEY_END, NUM_BYTES
from schemalm.grammar.texts.numbers import number_of_text, texts_of_equals
from schemalm.machine.choices import Start
from schemalm.machine.costs import least_cost
from schemalm.machine.forms import Symbols, ways
from schemalm.tokenizer.derivation import Derivation
from schemalm.tokenizer.vocabulary import Vocabulary

if TYPE_CHECKING:
    from schemalm.machine.machine import Machine

# Nonterminals, the next one last.
Stack: TypeAlias = tuple[int, ...]
# Beginnings of items that one search for another item looks at.
MAX_SEARCHED = 3_000


@dataclass(frozen=True)
class Items:
    """The items of one guarded array so far, and how the next one has begun.

    begun, form: the symbols of that item from its ITEM on, and its form so far: a number that has not ended as it
    stands.
    """

    start: Start
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

    def ended(self, rest: int) -> Items | None:
        """The items once the one that has begun has ended and `rest` comes; None where it may not be what it is."""
        start = self.start
        derivation = Derivation(start.grammar, start.rest)
        for symbol in self.begun:
            derivation.push(symbol)
        item = identity(derivation.last_item())
        after = start.after(item, rest)
        if after is None:
            return None
        taken = start.taken if item in start.taken else {**start.taken, item: (start.opened[0], self.form)}
        return Items(Start(start.grammar, after, taken))

    def is_refused(self, symbols: Symbols, in_number: bool) -> bool:
        """Whether the item is one that may not be once some symbols of a text have ended it."""
        ended = self
        for symbol in symbols:
            ended = ended.after(symbol, in_number)
        return ended.form in self.start.refused

    def candidates(self, vocabulary: Vocabulary, forms: Iterable[Form]) -> set[int]:
        """The tokens with which the item goes on like a value of one of the forms."""
        found: set[int] = set()
        for way in self.ways(forms):
            node = vocabulary.trie
            for symbol in way:
                if symbol not in node:
                    break
                token, node = node[symbol]
                if token >= 0:
                    found.add(token)
        return found

    def ways(self, forms: Iterable[Form]) -> Iterator[Symbols]:
        """How the item goes on to become a value of one of the forms."""
        symbols = self.start.grammar.symbols
        return (way for form in forms for way in ways(form, self.form, symbols))

    def of_others(self) -> list[Stack]:
        """What is still to be expanded of the item if it is none that is named, in every way that this may be."""
        stacks = (stack_after(self.start.grammar, (other,), self.begun[1:]) for other in self.start.choice.others)
        return [stack for stack in stacks if stack]


def stack_after(grammar: Grammar, stack: Stack, symbols: Symbols) -> Stack | None:
    """What is still to be expanded after some symbols, the next one last; None where they are not admitted."""
    for symbol in symbols:
        step = grammar.step(stack[-1], symbol) if stack else None
        if step is None:
            return None
        stack = (*stack[:-1], *reversed(step.opened))
        if stack and not step.opened:
            stack = (*stack[:-1], grammar.settle(stack[-1], step.verdict))
    return stack


def tokens_that_enter_items(vocabulary: Vocabulary) -> frozenset[int]:
    """The tokens that open an array and begin its first item."""
    item = vocabulary.grammar.symbols.ids[ITEM]
    return frozenset(token for token, spelling in enumerate(vocabulary.symbols) if item in spelling[1:])


def enters_guard(grammar: Grammar, nonterminal: int, symbols: Symbols) -> bool:
    """Whether symbols begin the first item of an array that may not have every first item that finite states admit."""
    item = grammar.symbols.ids[ITEM]
    stack: Stack | None = (nonterminal,)
    for index, symbol in enumerate(symbols):
        if not stack:
            return False
        if index and symbol == item and grammar.is_guarded(stack[-1]) and not Start(grammar, stack[-1], {}).is_free:
            return True
        stack = stack_after(grammar, stack, (symbol,))
    return False


def has_end(machine: Machine) -> bool:
    """Whether the outermost item under way of which not all may be can be ended, if there is one."""
    heights = [height for height, items in machine.items.items() if items.begun and not items.start.is_free]
    return not heights or any(True for _ in other_ends(machine, heights[0] + 1))


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


def has_other_text(machine: Machine, num_refused: int) -> bool:
    """Whether on top is a string or number that has more ends than `num_refused` values can have."""
    node = machine.grammar.nonterminals[machine.nonterminal]
    if not isinstance(node.state, Text):
        return False
    num_texts = num_refused * (MAX_SPELLINGS if node.state.kind == "number" else 1)
    return machine.grammar.automaton.has_more_texts(node.state.place, frozenset(node.accepts), num_texts)


def other_ends(machine: Machine, height: int) -> Iterator[tuple[Symbols, Machine] | None]:
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
        for symbols in reversed(list(_continuations(current))):
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


def _continuations(machine: Machine) -> Iterator[Symbols]:
    """Symbols to go on with: of a text, as many whole ones as values are refused and one more."""
    grammar = machine.grammar
    node = grammar.nonterminals[machine.nonterminal]
    num_refused = sum(len(items.start.choice.refused) for items in machine.items.values() if items.begun)
    if not isinstance(node.state, Text | Key):
        # Of constants with the same verdict, too, one more than are refused is enough.
        num_constants: Counter[int] = Counter()
        for symbol in grammar.admitted(machine.nonterminal):
            step = grammar.step(machine.nonterminal, symbol)
            if step is not None and not step.opened:
                num_constants[step.verdict] += 1
                if num_constants[step.verdict] > num_refused + 1:
                    continue
            yield (symbol,)
        return
    texts = grammar.automaton.texts(node.state.place, frozenset(node.accepts))
    if isinstance(node.state, Key):
        num_taken = num_refused + len(machine.free_keys.whole)
        yield from ((*text, grammar.symbols.ids[KEY_END]) for text in islice(texts, num_taken + 1))
        return
    num_taken = num_refused * (MAX_SPELLINGS if node.state.kind == "number" else 1)
    whole = ((*text, grammar.symbols.ids[END]) for text in islice(texts, num_taken + 1))
    items = machine.items.get(machine.depth - 2)
    if items is None:
        yield from whole
    else:
        # The text ends the item: one that is not refused is as good as others.
        others = (symbols for symbols in whole if not items.is_refused(symbols, node.state.kind == "number"))
        yield from islice(others, 1 if items.start.takes_others else None)
