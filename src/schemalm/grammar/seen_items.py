"""The items that an array has so far, as far as they have to differ.

Versions of one array share what they have in common: taking an item costs no more than the item itself. What is worked
out about the items is kept with them and goes on from where it was left when more have come.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Container, Hashable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeAlias, TypeVar

T = TypeVar("T")

# The symbols of an item, from its ITEM on; a number stands as one text, the first of those that equal it.
Form: TypeAlias = "tuple[int | bytes, ...]"


class SeenItem(NamedTuple):
    """An item: its identity, the nonterminal that it was written at, and its form."""

    value: Hashable
    written_at: int
    form: Form


class Progress:
    """How far a search over a sequence has come, by the number of items that it knows of."""

    __slots__ = ("_nums", "_positions")

    def __init__(self) -> None:
        self._nums, self._positions = [-1], [0]

    def advance(self, num: int, value_at: Callable[[int], T | None], is_done: Callable[[T], bool]) -> int:
        """The position of the first value that is not done with when there are `num` items, or of the end.

        value_at: None beyond the end. What is done with stays so when more items come.
        """
        index = bisect_right(self._nums, num) - 1
        start = position = self._positions[index]
        while (value := value_at(position)) is not None and is_done(value):
            position += 1
        if index == len(self._nums) - 1 and position > start:
            self._nums.append(num)
            self._positions.append(position)
        return position


class _Log:
    """The items of all versions that have not parted, and what is known about the first of them."""

    def __init__(self, entries: Sequence[SeenItem] = ()) -> None:
        self.entries = list(entries)
        self.numbers = {entry.value: number for number, entry in enumerate(entries)}
        self.sums: dict[Hashable, list[int]] = {}
        self.cache: dict[Hashable, Any] = {}


class SeenItems(Collection[Hashable]):
    """Identities of items in their order; immutable."""

    __slots__ = ("_hypothetical", "_log", "_num")

    def __init__(self, log: _Log | None = None, num: int = 0, more: tuple[Hashable, ...] = ()) -> None:
        self._log = log if log is not None else _Log()
        self._num = num
        self._hypothetical = more

    def __len__(self) -> int:
        return self._num + len(self._hypothetical)

    def __contains__(self, value: object) -> bool:
        return self._log.numbers.get(value, self._num) < self._num or value in self._hypothetical

    def __iter__(self) -> Iterator[Hashable]:
        yield from (entry.value for entry in self.entries())
        yield from self._hypothetical

    def entries(self, begin: int = 0) -> Iterator[SeenItem]:
        """The items from a number on."""
        return islice(self._log.entries, begin, self._num)

    def with_hypothetical(self, value: Hashable) -> SeenItems:
        """These items and one more that is only thought of."""
        return SeenItems(self._log, self._num, (*self._hypothetical, value))

    def with_item(self, entry: SeenItem) -> SeenItems:
        """These items and a new one."""
        log = self._log
        if self._num < len(log.entries) and log.entries[self._num] != entry:
            # Another version has gone on in another way: from here on they share nothing.
            log = _Log(log.entries[: self._num])
        if self._num == len(log.entries):
            log.numbers[entry.value] = self._num
            log.entries.append(entry)
        return SeenItems(log, self._num + 1)

    def count_among(self, key: Hashable, values: Container[Hashable]) -> int:
        """How many of the items are among some values, which `key` stands for."""
        sums = self._log.sums.setdefault(key, [0])
        for entry in self.entries(len(sums) - 1):
            sums.append(sums[-1] + (entry.value in values))
        return sums[self._num] + sum(value in values for value in self._hypothetical)

    def highest_rank(self, key: Hashable, ranks: Mapping[Hashable, int]) -> int:
        """The highest rank of an item, by ranks that `key` stands for; -1 where none has one."""
        highest_rank = self._log.sums.setdefault(key, [-1])
        for entry in self.entries(len(highest_rank) - 1):
            highest_rank.append(max(highest_rank[-1], ranks.get(entry.value, -1)))
        return max(highest_rank[self._num], *(ranks.get(value, -1) for value in self._hypothetical), -1)

    def first_unseen(self, key: Hashable, values: Sequence[Hashable]) -> Hashable | None:
        """The first of some values, which `key` stands for, that no item is; None where there is none."""
        numbers, progress = self._log.numbers, self.cached(("first", key), Progress)

        def value_at(position: int) -> Hashable | None:
            return values[position] if position < len(values) else None

        position = progress.advance(self._num, value_at, lambda value: numbers.get(value, self._num) < self._num)
        return value_at(position)

    def cached(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """What is kept about the items under a key."""
        if key not in self._log.cache:
            self._log.cache[key] = make()
        return self._log.cache[key]
