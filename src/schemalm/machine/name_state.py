"""What one machine knows about names, and what the modules about names use of a machine."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple, Protocol, Self

from schemalm.grammar.grammar import Grammar
from schemalm.machine.free_keys import FreeKeys
from schemalm.machine.registers import NOWHERE, Instance, Registers, spelling
from schemalm.rules.names import Kind, Reference
from schemalm.rules.paths import ITEM, Steps
from schemalm.rules.structure import MOSTLY_EARLIER


class Level(NamedTuple):
    """A key that leads to the top and tells scopes apart: the height of the rest, the steps before the key, the key."""

    height: int
    steps: Steps
    key: bytes

    @property
    def depth(self) -> int:
        """The number of steps before the key."""
        return len(self.steps)


class NameState(NamedTuple):
    """What one machine knows about names.

    levels: from the outermost on. prefix: the name under way. chain: the declared names before it in the same
    expression, such as `build` in `needs.build.outputs.version`; None after one that is not known. is_ending: whether a
    completion is under way, which makes no promise without need. keeps_order: whether references of the order
    "mostly-earlier" make none.
    """

    registers: Registers = Registers()
    levels: tuple[Level, ...] = ()
    prefix: bytes = b""
    chain: tuple[bytes, ...] | None = ()
    is_ending: bool = False
    keeps_order: bool = False

    def may_promise(self, reference: Reference) -> bool:
        """Whether a reference may precede its declaration now."""
        is_unusual = self.keeps_order and reference.order == MOSTLY_EARLIER
        return not (self.is_ending or reference.earlier or is_unusual)

    def instance(self, kind: Kind, chain: Collection[bytes] = ()) -> Instance:
        """The scope of a kind at the top, or the one that the names of a chain lead to."""
        if not kind.levels:
            return kind.number, ()
        keys = {level.depth: level.key for level in self.levels if kind.scope[: level.depth] == level.steps}
        keys |= {depth: b"" for depth in kind.levels if kind.scope[depth] is ITEM}
        keys |= dict(zip(reversed(kind.levels), reversed([*chain]), strict=False))
        return kind.number, tuple(keys.get(depth, NOWHERE) for depth in kind.levels)

    def height(self, kind: Kind) -> int:
        """The height of the rest that holds the scope of a kind; -1 if that is the document."""
        levels = (level for level in self.levels if level.depth in kind.levels)
        return max((level.height for level in levels if kind.scope[: level.depth] == level.steps), default=-1)

    def owner(self, reference: Reference) -> bytes:
        """The declared key that holds the top, where references may not lead in a circle."""
        return next(level.key for level in self.levels if level.depth == reference.owner)


class NamedMachine(Protocol):
    """A machine as the modules about names see it. Its tables and stack entries are those of `finite_tables.py`."""

    tables: Any
    stack: list[Any]
    keys: dict[int, FreeKeys]
    names: NameState | None

    @property
    def grammar(self) -> Grammar:
        """The grammar of the document."""

    @property
    def top(self) -> Any:
        """The entry that the next symbol expands."""

    @property
    def nonterminal(self) -> int:
        """The number of its nonterminal."""

    @property
    def free_keys(self) -> FreeKeys:
        """The free keys of the object on top."""

    def copy(self) -> Self:
        """Returns an independent machine in the same state."""

    def consume(self, token: int) -> None:
        """Applies an admitted token to the stack alone."""

    def push(self, symbol: int) -> None:
        """Consumes one symbol."""

    def admits(self, symbol: int) -> bool:
        """Whether a symbol may come next."""


def chain_after(names: NameState, kind: Kind, name: bytes) -> tuple[bytes, ...] | None:
    """The chain after one more name of a kind."""
    if names.chain is None:
        return None
    known = names.registers.names(names.instance(kind, names.chain))
    found = spelling(kind, known.known, name)
    if found is None:
        return None if known.are_unknown else (*names.chain, name)
    return (*names.chain, found)
