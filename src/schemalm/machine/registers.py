"""The registers of a document: which names it has declared, promised and used so far.

They are immutable, so copies of a machine share them. A document declares few names, so a change copies one small
dictionary. Names are their UTF-8 bytes, as tokens spell them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple, TypeAlias

from schemalm.rules.names import Kind

# The number of a kind of names, and the keys that lead to the object within which its names count.
Instance: TypeAlias = "tuple[int, tuple[bytes, ...]]"
# Stands for a key where a place is outside of every scope of a kind. No key is equal to it: it is not UTF-8.
NOWHERE = b"\xff"


class Names(NamedTuple):
    """The names of one kind within one object.

    declared: in order of declaration. waiting: declared inside the item under way, so they count after it. promised:
    referred to, and not declared yet. are_unknown: whether every name counts as declared.
    """

    declared: tuple[bytes, ...] = ()
    waiting: tuple[bytes, ...] = ()
    promised: tuple[bytes, ...] = ()
    are_unknown: bool = False

    @property
    def known(self) -> tuple[bytes, ...]:
        """The names that a reference may always use."""
        return self.declared + self.promised

    @property
    def taken(self) -> tuple[bytes, ...]:
        """The names that stand in the document."""
        return self.declared + self.waiting


NO_NAMES = Names()


def known_names(kind: Kind, names: Names) -> tuple[bytes, ...]:
    """The names that a reference may always use, with those that need no declaration."""
    implied = kind.implied(declares=bool(names.taken))
    return (*names.known, *map(str.encode, implied)) if implied else names.known


def spelling(kind: Kind, names: Collection[bytes], name: bytes) -> bytes | None:
    """The spelling of a name among some names, if there is one that a reference of this kind means by it."""
    if name in names or not kind.ignore_case:
        return name if name in names else None
    return next((other for other in names if other.lower() == name.lower()), None)


class Registers:
    """The names of a document so far, and which declared name refers to which.

    edges: by the number of a kind and a name in the form that is compared, the names that it refers to.
    """

    __slots__ = ("_edges", "_names")

    def __init__(
        self,
        names: Mapping[Instance, Names] | None = None,
        edges: Mapping[tuple[int, bytes], tuple[bytes, ...]] | None = None,
    ) -> None:
        self._names: Mapping[Instance, Names] = names or {}
        self._edges: Mapping[tuple[int, bytes], tuple[bytes, ...]] = edges or {}

    def names(self, instance: Instance) -> Names:
        """The names of one kind within one object."""
        return self._names.get(instance, NO_NAMES)

    def declare(self, kind: Kind, instance: Instance, name: bytes) -> Registers:
        """The registers after a declaration, which may have to wait for the end of the item under way."""
        names = self.names(instance)
        if kind.starts_after_item:
            return self._with(instance, names._replace(waiting=(*names.waiting, name)))
        promised = tuple(other for other in names.promised if spelling(kind, (other,), name) is None)
        return self._with(instance, names._replace(declared=(*names.declared, name), promised=promised))

    def promise(self, instance: Instance, name: bytes) -> Registers:
        """The registers after a reference to a name that is declared later."""
        names = self.names(instance)
        return self._with(instance, names._replace(promised=(*names.promised, name)))

    def with_unknown(self, instance: Instance) -> Registers:
        """The registers after something that makes every name of the kind count as declared."""
        return self._with(instance, self.names(instance)._replace(are_unknown=True))

    def end_item(self, instance: Instance) -> Registers:
        """The registers after the item under way: its declarations count."""
        names = self.names(instance)
        return self._with(instance, names._replace(declared=names.taken, waiting=()))

    def leave(self, instance: Instance) -> Registers:
        """The registers after the object within which some names count."""
        return self._with(instance, NO_NAMES) if instance in self._names else self

    def refer(self, kind: Kind, name: bytes, target: bytes) -> Registers:
        """The registers after the object `name` of a kind has referred to `target`."""
        name, target = compared(kind, name), compared(kind, target)
        edges = {**self._edges, (kind.number, name): (*self._edges.get((kind.number, name), ()), target)}
        return Registers(self._names, edges)

    def leading_to(self, kind: Kind, name: bytes) -> frozenset[bytes]:
        """The names from which references lead to `name`, over any number of steps, and `name` itself."""
        name = compared(kind, name)
        found = {name}
        pending = [name]
        while pending:
            target = pending.pop()
            new = {
                source
                for (number, source), targets in self._edges.items()
                if number == kind.number and target in targets
            }
            pending += new - found
            found |= new
        return frozenset(found)

    def _with(self, instance: Instance, names: Names) -> Registers:
        return Registers({**self._names, instance: names}, self._edges)


def compared(kind: Kind, name: bytes) -> bytes:
    """A name in the form that references of a kind compare."""
    return name.lower() if kind.ignore_case else name
