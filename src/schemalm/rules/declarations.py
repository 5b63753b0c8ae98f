"""The declarations of one value, by kind and scope, and which of them count for a reference.

Whether a declaration comes before a reference depends on the items of lists only: the keys of an object have no order
in a value, and the machine writes those that declare before those that refer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

from schemalm.rules.names import Kind, Scope

# A name as it is declared, and the path of its declaration.
Declaration: TypeAlias = "tuple[str, Scope]"


class Declarations:
    """What one value declares; `add` and `open` first, then the rest."""

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self._by_kind: list[dict[Scope, dict[str, list[Declaration]]]] = [{} for _ in kinds]
        self._opened: list[dict[Scope, list[Scope]]] = [{} for _ in kinds]

    def add(self, kind: Kind, names: Iterable[str], path: Scope, *, are_keys: bool) -> None:
        """Add declarations: the text at `path`, or keys of the object there."""
        scopes = self._by_kind[kind.number]
        scope = kind.scope_at(path)
        found = scopes.get(scope)
        if found is None:
            found = scopes[scope] = {}
        for name in names:
            declaration = (name, (*path, name) if are_keys else path)
            key = kind.key(name)
            if key in found:
                found[key].append(declaration)
            else:
                found[key] = [declaration]

    def open(self, kind: Kind, path: Scope) -> None:
        """Note that the value at `path` declares every name in its scope."""
        self._opened[kind.number].setdefault(kind.scope_at(path), []).append(path)

    def get(self, kind: Kind, scope: Scope, key: str) -> Sequence[Declaration]:
        """Return the declarations in a scope whose key (`Kind.key`) is this one."""
        found = self._by_kind[kind.number].get(scope)
        if found and key in found:
            return found[key]
        implied = kind.implied(declares=bool(found))
        return [(name, scope) for name in implied if kind.key(name) == key] if implied else ()

    def named(self, kind: Kind, scope: Scope, name: str) -> Sequence[Declaration]:
        """Return the declarations of a name in a scope."""
        return self.get(kind, scope, kind.key(name))

    def is_open(self, kind: Kind, scope: Scope, path: Scope, *, earlier: bool) -> bool:
        """Return whether every name counts as declared for a reference at `path`."""
        opened = self._opened[kind.number].get(scope, ())
        return bool(opened) and (not earlier or any(counts(kind, opening, path) for opening in opened))

    def names(self, kind: Kind, scope: Scope) -> list[str]:
        """Return the names declared in a scope."""
        found = self._by_kind[kind.number].get(scope, {})
        names = [declaration[0] for declared in found.values() for declaration in declared]
        return [*names, *kind.implied(declares=bool(found))]

    def scopes(self, kind: Kind) -> Iterator[list[Declaration]]:
        """Yield the declarations of each scope of a kind."""
        for found in self._by_kind[kind.number].values():
            yield [declaration for declared in found.values() for declaration in declared]


def counts(kind: Kind, declared: Scope, path: Scope) -> bool:
    """Return whether a declaration counts at `path`, for a reference that takes earlier ones only."""
    num_common = 0
    for ours, theirs in zip(declared, path, strict=False):
        if ours != theirs:
            if isinstance(ours, int) and isinstance(theirs, int) and ours > theirs:
                return False
            break
        num_common += 1
    if not kind.starts_after_item:
        return True
    indices = [position for position, step in enumerate(declared) if isinstance(step, int)]
    return not indices or num_common <= indices[-1]
