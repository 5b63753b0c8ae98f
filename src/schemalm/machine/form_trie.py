"""Tries of forms: the values that a pending item can still become, symbol by symbol.

A value is given by its form: its symbols, with every number as one text. Numbers have several texts, and free keys may
have any order, so a form stands for every way to write the value. A trie groups forms by their prefixes. A node passes
its forms on to its children only when these are first needed, so only prefixes of real items are expanded.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import NamedTuple, TypeAlias, TypeVar

from schemalm.grammar.seen_items import Form, Progress
from schemalm.grammar.symbols import FREE_KEY, KEY_END, SymbolTable
from schemalm.limits import Budget
from schemalm.machine.vocabulary import Trie
from schemalm.regular.numbers import equal_number_texts, number_of_text

T = TypeVar("T")

Symbols: TypeAlias = "tuple[int, ...]"


class Suffix(NamedTuple):
    """The suffix of a form: from `position` on, then the members whose indices are not in `used`, then `below`."""

    form: Form = ()
    position: int = 0
    members: tuple[Form, ...] = ()
    used: frozenset[int] = frozenset()
    below: Suffix | None = None

    def steps(self, symbols: SymbolTable) -> Iterator[tuple[int, Suffix]]:
        """Yields the symbols that may come next, each with the suffix after it."""
        form, position, members, used, below = self
        if position < len(form):
            part = form[position]
            rest = Suffix(form, position + 1, members, used, below)
            if isinstance(part, bytes):
                for text in equal_number_texts(number_of_text(part.decode())):
                    first, *others = text.encode()
                    yield first, Suffix(tuple(others), below=rest)
            elif part == symbols.ids[FREE_KEY]:
                free, end = _free_members(form, position, symbols)
                yield from Suffix((), 0, free, frozenset(), Suffix(form, end, members, used, below)).steps(symbols)
            else:
                yield part, rest
        elif len(used) < len(members):
            for index, member in enumerate(members):
                if index not in used:
                    yield symbols.ids[FREE_KEY], Suffix(member, 1, below=Suffix((), 0, members, used | {index}, below))
        elif below is not None:
            yield from below.steps(symbols)

    def spelled(self, symbols: SymbolTable) -> Symbols:
        """Returns the symbols of the suffix, with numbers and the order of free keys as in the form."""
        found: list[int] = []
        step = next(self.steps(symbols), None)
        while step is not None:
            found.append(step[0])
            step = next(step[1].steps(symbols), None)
        return tuple(found)


class TrieNode:
    """A trie node: the forms that share a prefix.

    numbers: the numbers of their values, ascending. first_ended: the number of the first value that ends here.
    exhausted: by what was searched, with how many values a search found no ending. last_symbols, last_numbers: the
    symbols that end a form from here, each with the number of its first value.
    """

    __slots__ = (
        "_children",
        "_continuing",
        "_pending",
        "_progress",
        "exhausted",
        "first_ended",
        "last_numbers",
        "last_symbols",
        "numbers",
    )

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.first_ended: int | None = None
        self.exhausted: dict[Hashable, int] = {}
        self._progress: dict[Hashable, Progress] = {}
        self._pending: list[tuple[int, Suffix]] = []
        self._children: dict[int, TrieNode] = {}
        self._continuing: dict[int, TrieNode] = {}
        self.last_symbols: list[int] = []
        self.last_numbers: list[int] = []

    def add(self, number: int, suffix: Suffix) -> None:
        """Adds the suffix of a value's form. Numbers must not decrease."""
        self.numbers.append(number)
        self._pending.append((number, suffix))

    def children(self, symbols: SymbolTable, budget: Budget) -> dict[int, TrieNode]:
        """Returns the child nodes by symbol, and records the first form that ends here."""
        if self._pending:
            budget.work(len(self._pending))
            pending, self._pending = self._pending, []
            for number, suffix in pending:
                continues = False
                for symbol, after in suffix.steps(symbols):
                    continues = True
                    child = self._children.get(symbol)
                    if child is None:
                        child = self._new_child(symbol, number, after, symbols)
                    child.add(number, after)
                if not continues and self.first_ended is None:
                    self.first_ended = number
        return self._children

    def _new_child(self, symbol: int, number: int, after: Suffix, symbols: SymbolTable) -> TrieNode:
        child = self._children[symbol] = TrieNode()
        if symbols.arities[symbol] or next(after.steps(symbols), None) is not None:
            self._continuing[symbol] = child
        else:
            self.last_symbols.append(symbol)
            self.last_numbers.append(number)
        return child

    def continuing_children(self, symbols: SymbolTable, budget: Budget) -> dict[int, TrieNode]:
        """Returns the child nodes of symbols with which no form ends."""
        self.children(symbols, budget)
        return self._continuing

    def progress(self, key: Hashable) -> Progress:
        """Returns how far a search among values with this prefix has come. `key`: identifies the search."""
        return self._progress.setdefault(key, Progress())

    def endings(self, num: int, symbols: SymbolTable, budget: Budget) -> Iterator[Symbols]:
        """Yields suffixes of the first `num` values: one per form, or one per node whose forms were passed on."""
        stack: list[tuple[TrieNode, Symbols]] = [(self, ())]
        while stack:
            node, path = stack.pop()
            for number, suffix in node._pending:
                if number < num:
                    yield (*path, *suffix.spelled(symbols))
            if node.first_ended is not None and node.first_ended < num:
                yield path
            stack += [(child, (*path, symbol)) for symbol, child in reversed(node._children.items())]


class Candidates(NamedTuple):
    """The values of a set that a pending item can still become: trie nodes, each with the number of values counted."""

    symbols: SymbolTable
    budget: Budget
    nodes: tuple[tuple[TrieNode, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.nodes)

    def with_forms(self, forms: Iterable[Form]) -> Candidates:
        """Returns these candidates and some more values."""
        root = TrieNode()
        for form in forms:
            root.add(0, Suffix(form))
        return self.with_node(root, 1)

    def with_node(self, node: TrieNode, num: int) -> Candidates:
        """Returns these candidates and the first `num` values of a node."""
        if not node.numbers or node.numbers[0] >= num:
            return self
        return self._replace(nodes=(*self.nodes, (node, num)))

    def after(self, symbol: int) -> Candidates:
        """Returns the candidates that remain after one more symbol."""
        if not self.nodes:
            return self
        found = []
        for node, num in self.nodes:
            child = node.children(self.symbols, self.budget).get(symbol)
            if child is not None and child.numbers[0] < num:
                found.append((child, num))
        return Candidates(self.symbols, self.budget, tuple(found))

    def after_all(self, symbols: Iterable[int]) -> Candidates:
        """Returns the candidates that remain after some more symbols."""
        found = self
        for symbol in symbols:
            found = found.after(symbol)
        return found

    @property
    def is_match(self) -> bool:
        """Whether the item, as it is now, is one of the values."""
        for node, num in self.nodes:
            node.children(self.symbols, self.budget)
            if node.first_ended is not None and node.first_ended < num:
                return True
        return False

    @property
    def num_endings(self) -> int:
        """An upper bound on the number of endings with which the item becomes one of the values."""
        return sum(bisect_left(node.numbers, num) for node, num in self.nodes)

    def continuing_symbols(self) -> set[int]:
        """Returns the symbols with which the item continues like one of the values and does not end."""
        return {
            symbol
            for node, num in self.nodes
            for symbol, child in node.continuing_children(self.symbols, self.budget).items()
            if child.numbers[0] < num
        }

    def last_symbols(self) -> set[int]:
        """Returns the symbols with which the item ends as one of the values."""
        found: set[int] = set()
        for node, num in self.nodes:
            node.children(self.symbols, self.budget)
            found.update(node.last_symbols[: bisect_left(node.last_numbers, num)])
        return found

    def tokens(self, trie: Trie) -> tuple[set[int], dict[int, Candidates]]:
        """Returns the tokens that end the item as one of the values, and those that continue it like one.

        Each of the latter has the candidates that remain after it.
        """
        last: set[int] = set()
        others: dict[int, Candidates] = {}
        stack = [(self, trie)]
        while stack:
            candidates, node = stack.pop()
            last.update(node[symbol][0] for symbol in candidates.last_symbols() & node.keys())
            for symbol in candidates.continuing_symbols() & node.keys():
                token, longer = node[symbol]
                after = candidates.after(symbol)
                if token >= 0:
                    others[token] = after
                if longer:
                    stack.append((after, longer))
        return last, others

    def non_matching(
        self, key: Hashable, value_at: Callable[[int], T | None], spelled: Callable[[T], Iterable[int]]
    ) -> Iterator[T]:
        """Yields those of some values whose symbols leave no candidate. `key`: identifies the sequence of values."""
        position = 0
        if self.nodes:
            node, num = self.nodes[0]
            first = Candidates(self.symbols, self.budget, self.nodes[:1])
            position = node.progress(key).advance(num, value_at, lambda value: bool(first.after_all(spelled(value))))
        while (value := value_at(position)) is not None:
            if not self.after_all(spelled(value)):
                yield value
            position += 1

    def endings(self) -> Iterator[Symbols]:
        """Yields the symbols with which the item becomes each of the values."""
        for node, num in self.nodes:
            yield from node.endings(num, self.symbols, self.budget)


def _free_members(form: Form, begin: int, symbols: SymbolTable) -> tuple[tuple[Form, ...], int]:
    """Returns the free keys and values of an object from `begin` on, and the index in the form after them."""
    members = []
    while form[begin] == symbols.ids[FREE_KEY]:
        end, num_open = form.index(symbols.ids[KEY_END], begin) + 1, 1
        while num_open:
            part = form[end]
            num_open += 0 if isinstance(part, bytes) else symbols.arities[part] - 1
            end += 1
        members.append(form[begin:end])
        begin = end
    return tuple(members), begin
