"""From the symbols of a derivation back to its value, the way of `linearization.py` in the other direction.

In: the spelling of a whole document, one character per symbol; out: the value, or RefusedError where the grammar does
not derive it. Where it goes wrong is for `derivation.py` to say, which goes symbol by symbol and takes its time.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from typing import Any

from schemalm.grammar.symbols import END, FREE_KEY, ITEM, KEY_END
from schemalm.grammar.texts.numbers import number_of_text
from schemalm.tokenizer.expansions import EACH_ITEM, Entry, Expansions, RefusedError, Rest

# Stretches of bytes, and each symbol of structure by itself.
STRETCHES = re.compile("[\x00-\xff]+|[^\x00-\xff]")


@dataclass(slots=True)
class Container:
    """An object or array under way: what it has so far, the rest after it, and the key at hand."""

    value: Any
    rest: Rest
    name: str = ""
    seen: set[Hashable] = field(default_factory=set)

    def add(self, item: Any, verdict: int) -> None:
        """Takes in a whole member."""
        rest = self.rest
        if rest.ranks is None:
            self.value.append(item)
        else:
            self.value[self.name] = item
        if rest.needs_verdict:
            self.rest = rest.after(verdict, item, self.seen)


class Reader:
    """Reads whole documents of a grammar."""

    def __init__(self, expansions: Expansions) -> None:
        characters, ids = expansions.characters, expansions.ids
        self._expansions = expansions
        self._end, self._key_end, self._free_key, self._item = (
            characters[ids[symbol]] for symbol in (END, KEY_END, FREE_KEY, ITEM)
        )

    def read(self, spelling: str) -> Any:
        """The value of a whole document; raises RefusedError for anything else."""
        stretches = iter(STRETCHES.findall(spelling))
        try:
            value = self._read(stretches)
        except (KeyError, StopIteration, UnicodeError):
            raise RefusedError from None
        if next(stretches, None) is not None:
            raise RefusedError
        return value

    def _read(self, stretches: Iterator[str]) -> Any:
        containers: list[Container] = []
        entry: Entry | None = self._expansions.start
        while True:
            assert entry is not None
            begun = self._begin(entry, stretches)
            if isinstance(begun, Rest):
                containers.append(Container([] if begun.ranks is None else {}, begun))
            elif not containers:
                return begun[0]
            else:
                containers[-1].add(*begun)
            while (entry := self._next_entry(containers[-1], stretches)) is None:
                ended = containers.pop()
                if not containers:
                    return ended.value
                containers[-1].add(ended.value, ended.rest.end()[1])

    def _begin(self, entry: Entry, stretches: Iterator[str]) -> Rest | tuple[Any, int]:
        """The rest of an object or array that begins, or a whole scalar with its verdict."""
        content = entry.contents.get("")
        if content is None:
            character = next(stretches)
            constant = entry.constants.get(character)
            if constant is not None:
                return constant
            content = entry.contents[character]
        if isinstance(content, Rest):
            return content
        text = self._text(next(stretches), self._end, stretches)
        verdict = content.verdicts[text]
        return (text if content.is_string else number_of_text(text)), verdict

    def _text(self, stretch: str, end: str, stretches: Iterator[str]) -> str:
        """The text of a stretch of bytes, which `end` follows; empty where `end` comes at once."""
        if stretch == end:
            return ""
        if next(stretches) != end:
            raise RefusedError
        return stretch if stretch.isascii() else stretch.encode("latin-1").decode()

    def _next_entry(self, container: Container, stretches: Iterator[str]) -> Entry | None:
        """What the container's next member is; None where it ends."""
        character, rest = next(stretches), container.rest
        name = EACH_ITEM if character == self._item else self._expansions.names.get(character)
        if character == self._free_key:
            name = self._text(next(stretches), self._key_end, stretches)
            if name in container.value:
                raise RefusedError
        if name is None:
            if rest.end()[0] != character:
                raise RefusedError
            return None
        member = rest.members[name]
        if member.prefix != character:
            raise RefusedError
        container.name, container.rest = name, member.rest
        return member.child
