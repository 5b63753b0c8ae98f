"""The selection of raw rows of a corpus by index."""

from __future__ import annotations

from collections.abc import Iterable


class RowSelection:
    """Tells for each raw row, in order, whether it is selected; without indices, which must ascend, all rows are."""

    def __init__(self, chosen: Iterable[int] | None = None) -> None:
        self.num_seen = 0
        self._chosen = None if chosen is None else iter(chosen)
        self._next = self._following()

    def takes_next(self) -> bool:
        """Advance by one row and return whether it is selected."""
        return bool(self.take(1))

    def take(self, num_rows: int) -> list[int]:
        """Advance by `num_rows` rows and return which of them are selected, as indices from the first of them."""
        first, self.num_seen = self.num_seen, self.num_seen + num_rows
        if self._chosen is None:
            return list(range(num_rows))
        taken: list[int] = []
        while self._next is not None and self._next < self.num_seen:
            if self._next >= first:
                taken.append(self._next - first)
            self._next = self._following()
        return taken

    def skip(self, num_rows: int) -> bool:
        """Return whether none of the next `num_rows` rows is selected; only then advance past them."""
        if self._chosen is None or (self._next is not None and self._next < self.num_seen + num_rows):
            return False
        self.num_seen += num_rows
        return True

    def _following(self) -> int | None:
        return None if self._chosen is None else next(self._chosen, None)
