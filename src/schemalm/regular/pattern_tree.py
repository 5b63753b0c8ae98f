"""The syntax tree of a regular expression, in which `^`, `$`, `\\b` and `\\B` are look-around too.

Nodes are immutable and compare by value. Groups that capture are groups like others.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from schemalm.regular.character_ranges import ANY, LINE_ENDS, WORD, Ranges, complement


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
    """Nothing, where `body` matches right after this place (`ahead`) or right before; `negated`: where it does not."""

    body: Node
    ahead: bool
    negated: bool


Node = Characters | Group | Repetition | Look

NO_CHARACTERS = Group(((),))
ANY_CHARACTER = Characters(ANY)
DOT = Characters(complement(LINE_ENDS))
START = Look(ANY_CHARACTER, ahead=False, negated=True)
END = Look(ANY_CHARACTER, ahead=True, negated=True)
_WORD_BEFORE, _NO_WORD_BEFORE = (Look(Characters(WORD), False, negated) for negated in (False, True))
_WORD_AFTER, _NO_WORD_AFTER = (Look(Characters(WORD), True, negated) for negated in (False, True))
BOUNDARIES = {
    "b": Group(((_WORD_BEFORE, _NO_WORD_AFTER), (_NO_WORD_BEFORE, _WORD_AFTER))),
    "B": Group(((_WORD_BEFORE, _WORD_AFTER), (_NO_WORD_BEFORE, _NO_WORD_AFTER))),
}


@lru_cache(maxsize=1024)
def single(code: int) -> Characters:
    """The node of one code point."""
    return Characters(((code, code),))


def consumes(node: Node) -> bool:
    """Whether a match of the node may hold a character."""
    if isinstance(node, Group):
        return any(consumes(inner) for alternative in node.alternatives for inner in alternative)
    return isinstance(node, Characters) or (isinstance(node, Repetition) and node.maximum != 0 and consumes(node.node))
