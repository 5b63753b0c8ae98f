"""How an item may go on like one of some values, symbol by symbol.

A value is given by its form: its symbols, with every number as one text. Numbers have several texts, and free keys come
in any order: a form stands for every way to write the value. Forms are kept in a tree by what they begin with; a node
hands them on to its children when these are first asked for, so only ways that items really take are spelled out.
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


class Tail(NamedTuple):
    """What comes of a form: from `position` on, then the members whose numbers are not `used`, then `below`."""

    form: Form = ()
    position: int = 0
    members: tuple[Form, ...] = ()
    used: frozenset[int] = frozenset()
    below: Tail | None = None

    def steps(self, symbols: SymbolTable) -> Iterator[tuple[int, Tail]]:
        """The symbols that may come next, each with what comes after it."""
        form, position, members, used, below = self
        if position < len(form):
            part = form[position]
            rest = Tail(form, position + 1, members, used, below)
            if isinstance(part, bytes):
                for text in equal_number_texts(number_of_text(part.decode())):
                    first, *others = text.encode()
                    yield first, Tail(tuple(others), below=rest)
            elif part == symbols.ids[FREE_KEY]:
                free, end = _free_members(form, position, symbols)
                yield from Tail((), 0, free, frozenset(), Tail(form, end, members, used, below)).steps(symbols)
            else:
                yield part, rest
        elif len(used) < len(members):
            for index, member in enumerate(members):
                if index not in used:
                    yield symbols.ids[FREE_KEY], Tail(member, 1, below=Tail((), 0, members, used | {index}, below))
        elif below is not None:
            yield from below.steps(symbols)

    def spelled(self, symbols: SymbolTable) -> Symbols:
        """The symbols that come, each number as it stands in the form and keys in the form's order."""
        found: list[int] = []
        step = next(self.steps(symbols), None)
        while step is not None:
            found.append(step[0])
            step = next(step[1].steps(symbols), None)
        return tuple(found)


class Node:
    """Forms that begin alike.

    numbers: of the values that they belong to, ascending; ended: of the first one that ends here; exhausted: how many
    values it took until a search found no other way on, by what is searched; last_symbols, last_numbers: the symbols
    that a form ends with here, each with the number of its first value.
    """

    __slots__ = (
        "_children",
        "_open",
        "_pending",
        "_progress",
        "ended",
        "exhausted",
        "last_numbers",
        "last_symbols",
        "numbers",
    )

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.ended: int | None = None
        self.exhausted: dict[Hashable, int] = {}
        self._progress: dict[Hashable, Progress] = {}
        self._pending: list[tuple[int, Tail]] = []
        self._children: dict[int, Node] = {}
        self._open: dict[int, Node] = {}
        self.last_symbols: list[int] = []
        self.last_numbers: list[int] = []

    def add(self, number: int, tail: Tail) -> None:
        """Takes a form; numbers never fall."""
        self.numbers.append(number)
        self._pending.append((number, tail))

    def children(self, symbols: SymbolTable, budget: Budget) -> dict[int, Node]:
        """The nodes of the symbols that come next; a form that ends here is noted."""
        if self._pending:
            budget.work(len(self._pending))
            pending, self._pending = self._pending, []
            for number, tail in pending:
                goes_on = False
                for symbol, after in tail.steps(symbols):
                    goes_on = True
                    child = self._children.get(symbol)
                    if child is None:
                        child = self._new_child(symbol, number, after, symbols)
                    child.add(number, after)
                if not goes_on and self.ended is None:
                    self.ended = number
        return self._children

    def _new_child(self, symbol: int, number: int, after: Tail, symbols: SymbolTable) -> Node:
        child = self._children[symbol] = Node()
        if symbols.arities[symbol] or next(after.steps(symbols), None) is not None:
            self._open[symbol] = child
        else:
            self.last_symbols.append(symbol)
            self.last_numbers.append(number)
        return child

    def open_children(self, symbols: SymbolTable, budget: Budget) -> dict[int, Node]:
        """The nodes of the symbols that come next and with which no form ends."""
        self.children(symbols, budget)
        return self._open

    def progress(self, key: Hashable) -> Progress:
        """How far a search among values that begin like these has come; `key`: what is searched."""
        return self._progress.setdefault(key, Progress())

    def tails(self, num: int, symbols: SymbolTable, budget: Budget) -> Iterator[Symbols]:
        """How forms of the first `num` values go on, one way for each that is still to be told apart."""
        stack: list[tuple[Node, Symbols]] = [(self, ())]
        while stack:
            node, path = stack.pop()
            for number, tail in node._pending:
                if number < num:
                    yield (*path, *tail.spelled(symbols))
            if node.ended is not None and node.ended < num:
                yield path
            stack += [(child, (*path, symbol)) for symbol, child in reversed(node._children.items())]


class Beginnings(NamedTuple):
    """Where an item stands among some values: nodes, each with the number of values that count."""

    symbols: SymbolTable
    budget: Budget
    nodes: tuple[tuple[Node, int], ...] = ()

    def __bool__(self) -> bool:
        return bool(self.nodes)

    def with_forms(self, forms: Iterable[Form]) -> Beginnings:
        """These and some more values."""
        root = Node()
        for form in forms:
            root.add(0, Tail(form))
        return self.with_node(root, 1)

    def with_node(self, node: Node, num: int) -> Beginnings:
        """These and the first `num` values of a node."""
        if not node.numbers or node.numbers[0] >= num:
            return self
        return self._replace(nodes=(*self.nodes, (node, num)))

    def after(self, symbol: int) -> Beginnings:
        """Where it stands after one more symbol."""
        if not self.nodes:
            return self
        found = []
        for node, num in self.nodes:
            child = node.children(self.symbols, self.budget).get(symbol)
            if child is not None and child.numbers[0] < num:
                found.append((child, num))
        return Beginnings(self.symbols, self.budget, tuple(found))

    def after_all(self, symbols: Iterable[int]) -> Beginnings:
        """Where it stands after some more symbols."""
        found = self
        for symbol in symbols:
            found = found.after(symbol)
        return found

    @property
    def is_whole(self) -> bool:
        """Whether the item is one of the values."""
        for node, num in self.nodes:
            node.children(self.symbols, self.budget)
            if node.ended is not None and node.ended < num:
                return True
        return False

    @property
    def num_ways(self) -> int:
        """No fewer than the ways in which the item goes on to become one of the values."""
        return sum(bisect_left(node.numbers, num) for node, num in self.nodes)

    def open_symbols(self) -> set[int]:
        """The symbols with which the item goes on like one of the values, and does not end."""
        return {
            symbol
            for node, num in self.nodes
            for symbol, child in node.open_children(self.symbols, self.budget).items()
            if child.numbers[0] < num
        }

    def last_symbols(self) -> set[int]:
        """The symbols with which the item ends as one of the values."""
        found: set[int] = set()
        for node, num in self.nodes:
            node.children(self.symbols, self.budget)
            found.update(node.last_symbols[: bisect_left(node.last_numbers, num)])
        return found

    def tokens(self, trie: Trie) -> tuple[set[int], dict[int, Beginnings]]:
        """The tokens with which the item ends as one of the values, and those with which it goes on like one.

        With each of the latter: where it stands then.
        """
        last: set[int] = set()
        others: dict[int, Beginnings] = {}
        stack = [(self, trie)]
        while stack:
            beginnings, node = stack.pop()
            last.update(node[symbol][0] for symbol in beginnings.last_symbols() & node.keys())
            for symbol in beginnings.open_symbols() & node.keys():
                token, longer = node[symbol]
                after = beginnings.after(symbol)
                if token >= 0:
                    others[token] = after
                if longer:
                    stack.append((after, longer))
        return last, others

    def others(
        self, key: Hashable, value_at: Callable[[int], T | None], spelled: Callable[[T], Iterable[int]]
    ) -> Iterator[T]:
        """Those of some values, which `key` stands for, with whose symbols the item goes on like none of these."""
        position = 0
        if self.nodes:
            node, num = self.nodes[0]
            first = Beginnings(self.symbols, self.budget, self.nodes[:1])
            position = node.progress(key).advance(num, value_at, lambda value: bool(first.after_all(spelled(value))))
        while (value := value_at(position)) is not None:
            if not self.after_all(spelled(value)):
                yield value
            position += 1

    def ways(self) -> Iterator[Symbols]:
        """How the item goes on to become each of the values."""
        for node, num in self.nodes:
            yield from node.tails(num, self.symbols, self.budget)


def _free_members(form: Form, begin: int, symbols: SymbolTable) -> tuple[tuple[Form, ...], int]:
    """The free keys of an object with their values, from the first one on, and where the form goes on after them."""
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
