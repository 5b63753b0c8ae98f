"""The syntax tree of a regular expression.

Nodes are immutable and compare by value. Capturing groups are not marked.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from schemalm.regular.character_ranges import LINE_ENDS, Ranges, complement


@dataclass(frozen=True)
class Characters:
    """One character in normalized ranges."""

    ranges: Ranges


@dataclass(frozen=True)
class Group:
    """Alternatives, each a sequence of nodes."""

    alternatives: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True)
class Repetition:
    """A node repeated between `minimum` and `maximum` times; `maximum` None: no upper bound."""

    node: Node
    minimum: int
    maximum: int | None


@dataclass(frozen=True)
class Lookahead:
    """A look-ahead, which reads nothing: `group` matches at this point, or does not if `negated`."""

    group: Group
    negated: bool


class Anchor(Enum):
    """The start or the end of the text, which reads nothing; the value is its spelling."""

    START = "^"
    END = "$"


Node = Characters | Group | Repetition | Lookahead | Anchor

START, END = Anchor.START, Anchor.END
NO_CHARACTERS = Group(((),))
NO_MATCH = Group(())
DOT = Characters(complement(LINE_ENDS))


@lru_cache(maxsize=1024)
def single(code: int) -> Characters:
    """The node of one code point."""
    return Characters(((code, code),))


def consumes(node: Node) -> bool:
    """Whether a match of the node may contain a character."""
    if isinstance(node, Group):
        return any(consumes(inner) for alternative in node.alternatives for inner in alternative)
    return isinstance(node, Characters) or (isinstance(node, Repetition) and node.maximum != 0 and consumes(node.node))
