"""A document as a flat list of its values with their paths, as all statistics of samples read it.

In goes a value; out come its nodes: the value, each value inside it and each free key. A path looks like
`jobs.*.steps[].uses`: keys that the schema names, `*` for all others, `[]` for items. A free key is a node of its own,
a text at `jobs.*(key)`, so the names that documents make up can be counted like other texts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from schemalm.documents import JSONValue
from schemalm.grammar.grammar import ANY_ITEM, ANY_KEY
from schemalm.machine.stepper import extended_path
from schemalm.tokenizer import Tokenizer

KEY_TEXT = "(key)"


class Node(NamedTuple):
    """A value of a document, and the path of keys and items that leads to it."""

    path: str
    value: JSONValue

    @property
    def is_scalar(self) -> bool:
        """Whether it has no members; an empty object or list counts as a scalar."""
        return not (isinstance(self.value, dict | list) and self.value)


class Paths:
    """Tells the keys that a schema names from the free ones, at each path."""

    def __init__(self, named: Iterable[str], known: Iterable[str] = ()) -> None:
        """named: the keys that the schema names anywhere; known: paths at which the named and free keys are known.

        Elsewhere a key is named if the schema names it anywhere.
        """
        self._named, self._known = frozenset(named), frozenset(known)

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> Paths:
        """The paths of a tokenizer's schema; those that its training documents have are known."""
        return cls(tokenizer.grammar.symbols.keys, tokenizer.states.paths)

    def is_free(self, path: str, key: str) -> bool:
        """Return whether the schema does not name a key of the object at `path`."""
        if extended_path(path, key) in self._known:
            return False
        return key not in self._named or extended_path(path, ANY_KEY) in self._known

    def nodes(self, value: JSONValue) -> list[Node]:
        """Return the nodes of a value, level by level."""
        found = [Node("", value)]
        for path, node in found:  # the list grows meanwhile
            if type(node) is dict:
                for key, child in node.items():
                    is_free = self.is_free(path, key)
                    below = extended_path(path, ANY_KEY if is_free else key)
                    found.append(Node(below, child))
                    if is_free:
                        found.append(Node(below + KEY_TEXT, key))
            elif type(node) is list:
                below = extended_path(path, ANY_ITEM)
                found += [Node(below, child) for child in node]
        return found
