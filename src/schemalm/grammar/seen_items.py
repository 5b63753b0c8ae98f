"""The items that a guarded array has so far.

Versions of one array share a log of their common items, so adding an item costs only that item. Results about the items
are cached in the log and extended when there are more items.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Container, Hashable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, TypeAlias, TypeVar

T = TypeVar("T")

# The symbols of an item, from its ITEM on. A number is written as one text, the first of those that equal it.
Form: TypeAlias = "tuple[int | bytes, ...]"


class SeenItem(NamedTuple):
    """An item: its identity, the nonterminal that derived it, and its form."""

    value: Hashable
    written_at: int
    form: Form


class Progress:
    """How far a search over a sequence has come, by the number of items that it takes into account."""

    __slots__ = ("_nums", "_positions")

    def __init__(self) -> None:
        self._nums, self._positions = [-1], [0]

    def advance(self, num: int, value_at: Callable[[int], T | None], is_done: Callable[[T], bool]) -> int:
        """Returns the position of the first value that is not done when there are `num` items, or the end.

        value_at: returns None beyond the end. A value that is done stays done when there are more items.
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
    """The items of all versions with a common history, and cached results about the first of them."""

    def __init__(self, entries: Sequence[SeenItem] = ()) -> None:
        self.entries = list(entries)
        self.numbers = {entry.value: number for number, entry in enumerate(entries)}
        self.sums: dict[Hashable, list[int]] = {}
        self.cache: dict[Hashable, Any] = {}


class SeenItems(Collection[Hashable]):
    """The identities of items, in order; immutable."""

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
        """Yields the items from a number on."""
        return islice(self._log.entries, begin, self._num)

    def with_hypothetical(self, value: Hashable) -> SeenItems:
        """Returns these items and one more that no log contains."""
        return SeenItems(self._log, self._num, (*self._hypothetical, value))

    def with_item(self, entry: SeenItem) -> SeenItems:
        """Returns these items and a new one."""
        log = self._log
        if self._num < len(log.entries) and log.entries[self._num] != entry:
            # Another version has added a different item, so this one needs a log of its own.
            log = _Log(log.entries[: self._num])
        if self._num == len(log.entries):
            log.numbers[entry.value] = self._num
            log.entries.append(entry)
        return SeenItems(log, self._num + 1)

    def count_among(self, key: Hashable, values: Container[Hashable]) -> int:
        """Returns how many items are among some values. `key`: identifies the values."""
        sums = self._log.sums.setdefault(key, [0])
        for entry in self.entries(len(sums) - 1):
            sums.append(sums[-1] + (entry.value in values))
        return sums[self._num] + sum(value in values for value in self._hypothetical)

    def highest_rank(self, key: Hashable, ranks: Mapping[Hashable, int]) -> int:
        """Returns the highest rank of an item; -1 if no item has one. `key`: identifies the ranks."""
        highest_rank = self._log.sums.setdefault(key, [-1])
        for entry in self.entries(len(highest_rank) - 1):
            highest_rank.append(max(highest_rank[-1], ranks.get(entry.value, -1)))
        return max(highest_rank[self._num], *(ranks.get(value, -1) for value in self._hypothetical), -1)

    def first_unseen(self, key: Hashable, values: Sequence[Hashable]) -> Hashable | None:
        """Returns the first of some values that is not an item; None if there is none. `key`: identifies the values."""
        numbers, progress = self._log.numbers, self.cached(("first", key), Progress)

        def value_at(position: int) -> Hashable | None:
            return values[position] if position < len(values) else None

        position = progress.advance(self._num, value_at, lambda value: numbers.get(value, self._num) < self._num)
        return value_at(position)

    def cached(self, key: Hashable, make: Callable[[], Any]) -> Any:
        """Returns the cached object for a key, or makes it."""
        if key not in self._log.cache:
            self._log.cache[key] = make()
        return self._log.cache[key]
