"""The syntax tree of a regular expression.

Nodes are immutable and compare by value. Groups that capture are groups like others.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from functools import lru_cache

from schemalm.regular.character_ranges import LINE_ENDS, Ranges, complement


@dataclass(frozen=True)
class Characters:
    """One character out of normalized ranges."""

    ranges: Ranges


@dataclass(frozen=True)
class Group:
    """Alternatives, each a sequence of nodes."""

    alternatives: tuple[tuple[Node, ...], ...]


@dataclass(frozen=True)
class Repetition:
    """A node between `minimum` and `maximum` times; no upper bound where `maximum` is None."""

    node: Node
    minimum: int
    maximum: int | None


@dataclass(frozen=True)
class Look:
    """A look-ahead: nothing, where `node` matches right after this point; `negated`: where it does not."""

    node: Node
    negated: bool


class Anchor(Enum):
    """Nothing, at the start or the end of the text; the value is what writes it."""

    START = "^"
    END = "$"


Node = Characters | Group | Repetition | Look | Anchor

START, END = Anchor.START, Anchor.END
NO_CHARACTERS = Group(((),))
NO_MATCH = Group(())
DOT = Characters(complement(LINE_ENDS))


@lru_cache(maxsize=1024)
def single(code: int) -> Characters:
    """The node of one code point."""
    return Characters(((code, code),))


def consumes(node: Node) -> bool:
    """Whether a match of the node may hold a character."""
    if isinstance(node, Group):
        return any(consumes(inner) for alternative in node.alternatives for inner in alternative)
    return isinstance(node, Characters) or (isinstance(node, Repetition) and node.maximum != 0 and consumes(node.node))
