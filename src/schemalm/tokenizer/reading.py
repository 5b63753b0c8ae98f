"""From the token ids of a document back to its value, by way of JSON text.

A document is cut into fields (`fields.py`), each field is written as the JSON that it stands for where it stands
(`positions.py`), and a library reads the whole. Texts of which nothing is asked are not looked at.

In: token ids; out: the value, or RefusedError for what the grammar does not derive. Left out, and refused too, is what
JSON text would not give back, or what hangs on the value of an item: integers beyond 64 bits, values nested deeper than
1,024 levels, and items that repeat where a schema may forbid that. `derivation.py`, which goes symbol by symbol, takes
its time for those, and says where a document goes wrong.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from functools import cached_property
from typing import Any

import orjson

from schemalm.documents.identity import identity
from schemalm.documents.values import levels
from schemalm.machine.vocabulary import Vocabulary
from schemalm.tokenizer.expansions import Expansions, RefusedError
from schemalm.tokenizer.fields import FieldWriter
from schemalm.tokenizer.positions import Positions


class Reader:
    """Reads whole documents of a grammar."""

    def __init__(self, expansions: Expansions, vocabulary: Vocabulary) -> None:
        self._expansions = expansions
        self._vocabulary = vocabulary
        self._positions = Positions(expansions)

    @cached_property
    def _writer(self) -> FieldWriter:
        return FieldWriter(self._vocabulary)

    def read(self, ids: Sequence[int]) -> Any:
        """The value of a whole document; raises RefusedError for anything else."""
        if self._positions.is_full:
            self._positions = Positions(self._expansions)
        try:
            value = orjson.loads(b"".join(self._written(self._writer.fields(ids))))
        except (KeyError, OverflowError, ValueError):
            raise RefusedError from None
        if self._expansions.grammar.has_guards and _has_repetition(value):
            raise RefusedError
        return value

    def _written(self, fields: list[bytes]) -> list[bytes]:
        """The JSON of each field; raises RefusedError, KeyError or ValueError where the grammar does not derive it."""
        position, opening = self._positions.start
        written = [opening]
        # The free keys of the objects at hand, by depth.
        keys: dict[int, set[bytes]] = {}
        for field in fields:
            position, piece, key = position[field]
            written.append(piece)
            if key is None:
                continue
            if key.is_first:
                keys[key.depth] = {key.text}
            elif key.text in keys[key.depth]:
                raise RefusedError
            else:
                keys[key.depth].add(key.text)
        if position is not self._positions.end:
            raise RefusedError
        return written


def _has_repetition(value: Any) -> bool:
    """Whether an array anywhere in a value has two equal items."""
    # What a container holds gets a number, so that nothing is compared once more for each level that encloses it.
    numbers: dict[Hashable, int] = {}
    containers: dict[int, Hashable] = {}

    def key(item: Any) -> Hashable:
        return containers[id(item)] if isinstance(item, list | dict) else identity(item)

    for level in reversed([*levels(value)]):
        for node in level:
            content: Hashable
            if isinstance(node, list):
                items = [*map(key, node)]
                if len(set(items)) < len(items):
                    return True
                content = tuple(items)
            elif isinstance(node, dict):
                content = frozenset((name, key(item)) for name, item in node.items())
            else:
                continue
            containers[id(node)] = ("container", numbers.setdefault(content, len(numbers)))
    return False
