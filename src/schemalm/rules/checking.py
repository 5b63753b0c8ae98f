"""Checks the names of a whole value: each reference needs a declaration that counts, and some may not repeat.

In: a value, the compiled names, and a function that finds the references in expressions. Out: the violations, level by
level of the value. Only the places that rules name are visited, and texts without an expression are not read.

A reference within an expression is a chain of names, as in `needs.NAME.outputs.NAME`: each is declared in the scope
that the names before it lead to. If a name does not exist, the rest of its chain is not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain, islice
from typing import Any, NamedTuple, TypeAlias

from schemalm.memo import Allowance, Memo
from schemalm.rules.circles import circles
from schemalm.rules.declarations import Declarations, counts
from schemalm.rules.names import Kind, Names, PlaceNames, Reference, Scope, folded
from schemalm.rules.paths import ITEM, Place, Steps
from schemalm.rules.violations import (
    Violation,
    circle_message,
    repeated_message,
    too_early_message,
    undeclared_message,
)


class Link(NamedTuple):
    """A name of a chain: its kind, and where in the text it is."""

    kind: str
    name: str
    start: int
    end: int


class _Name(NamedTuple):
    """A link whose kind is resolved.

    key: the form of the name that is compared. is_earlier: whether only some declarations may count here: the kind
    wants earlier ones, and a list may hold both a declaration and this reference.
    """

    kind: Kind
    link: Link
    key: str
    is_earlier: bool


# Finds the chains of names in a text that is, or holds, expressions.
FindReferences: TypeAlias = Callable[[Place, str], Iterable[Sequence[Link]]]

# The memory for references of texts that have been read, in characters.
MAX_REMEMBERED = 4_000_000
# Longer texts rarely repeat.
MAX_TEXT_LENGTH = 1_000
MAX_CIRCLES = 20


class NameChecker:
    """Checks the names of values; it remembers the references of texts."""

    def __init__(
        self, names: Names, find_references: FindReferences, opening: Callable[[Place], str | None] = lambda _: None
    ) -> None:
        """opening: the text without which a text at a place holds no expression; None if none there does."""
        self._kinds = names.kinds
        self._allowance = Allowance(MAX_REMEMBERED)
        links = _Links(names, find_references)
        self._nodes = [_Node(place, links, opening(place), self._allowance) for place in names.tree]
        for node, place in zip(self._nodes, names.tree, strict=True):
            node.connect(place, self._nodes)

    def violations(self, value: Any) -> list[Violation]:
        """Return everything that is wrong with the names of a value."""
        collected = self._collected(value)
        return list(chain(_faults_of_expressions(collected), _faults_of_references(collected), _repeated(collected)))

    def references(self, value: Any) -> list[tuple[str, bool]]:
        """Return each reference of a value: its kind, and whether a declaration counts for it.

        Where every name counts as declared, a reference has one. After a name that nothing declares, the rest of its
        chain is left out.
        """
        collected = self._collected(value)
        return [*_resolved_in_expressions(collected), *_resolved_outside(collected)]

    def _collected(self, value: Any) -> _Collected:
        if self._allowance.is_spent:
            for node in self._nodes:
                node.references.clear()
            self._allowance.restore()
        return _collect(self._nodes[0], value, self._kinds)


class _Links:
    """Resolves the links that are found in texts."""

    def __init__(self, names: Names, find_references: FindReferences) -> None:
        self._by_name, self._find = names.by_name, find_references
        self._lists: dict[str, set[Steps]] = {
            kind.name: {prefix for steps in kind.declared for prefix in _lists_around(steps)} for kind in names.kinds
        }

    def of(self, place: Place, text: str) -> tuple[tuple[_Name, ...], ...]:
        """Return the chains of a text at a place."""
        return tuple(tuple(self._resolved(place, link) for link in links) for links in self._find(place, text) if links)

    def _resolved(self, place: Place, link: Link) -> _Name:
        kind = self._by_name[link.kind]
        is_earlier = kind.earlier and not self._lists[link.kind].isdisjoint(_lists_around(place.steps))
        return _Name(kind, link, kind.key(link.name), is_earlier)


def _lists_around(steps: Steps) -> Iterator[Steps]:
    """The paths of the items that hold a place."""
    return (steps[: index + 1] for index, step in enumerate(steps) if step is ITEM)


class _Node:
    """A place, with what the check looks up there."""

    __slots__ = (
        "has_members",
        "item",
        "keys_matter",
        "named",
        "names",
        "opening",
        "other",
        "references",
        "scalars_matter",
    )

    def __init__(self, place: Place, links: _Links, opening: str | None, allowance: Allowance) -> None:
        self.opening = opening
        self.references: Memo[str, tuple[tuple[_Name, ...], ...]] = Memo(
            lambda text: links.of(place, text), allowance, MAX_TEXT_LENGTH
        )
        self.names: PlaceNames = place.names or PlaceNames()
        self.keys_matter = bool(self.names.declared_keys or self.names.referred_keys)
        self.scalars_matter = bool(self.names.declared_values or self.names.referred_values or self.names.opened)
        self.named: dict[str, _Node] = {}
        self.other: _Node | None = None
        self.item: _Node | None = None
        self.has_members = True

    def connect(self, place: Place, nodes: Sequence[_Node]) -> None:
        """Link the node of a place with those inside it; nodes: by number of their places."""
        self.named = {key: nodes[inner.number] for key, inner in place.named.items()}
        self.other = nodes[place.other.number] if place.other else None
        self.item = nodes[place.item.number] if place.item else None
        self.has_members = self.keys_matter or bool(self.named or self.other or self.item)


_NO_NAMED: dict[str, _Node] = {}


class _Collected:
    """What the walk through a value finds."""

    __slots__ = ("declarations", "expressions", "kinds", "references")

    def __init__(self, kinds: Sequence[Kind]) -> None:
        self.kinds = kinds
        self.declarations = Declarations(kinds)
        self.expressions: list[tuple[Scope, tuple[tuple[_Name, ...], ...]]] = []
        self.references: list[tuple[Reference, str, Scope]] = []

    def add_keys(self, node: _Node, value: dict[str, Any], path: Scope) -> None:
        """Note the keys of an object that are names."""
        names = [key for key in value if key not in node.named]
        for kind in node.names.declared_keys:
            self.declarations.add(kind, names, path, are_keys=True)
        for reference in node.names.referred_keys:
            self.references += [(reference, name, (*path, name)) for name in names]

    def add_scalar(self, node: _Node, value: Any, path: Scope) -> None:
        """Note the names in a text, the text that is a name, and a value that opens a scope."""
        if type(value) is str:
            if node.opening is not None and node.opening in value:
                references = node.references[value]
                if references:
                    self.expressions.append((path, references))
            for kind in node.names.declared_values:
                self.declarations.add(kind, (value,), path, are_keys=False)
            for reference in node.names.referred_values:
                name = reference.name_in(value)
                if name is not None:
                    self.references.append((reference, name, path))
        for kind in node.names.opened:
            self.declarations.open(kind, path)


def _collect(root: _Node, value: Any, kinds: Sequence[Kind]) -> _Collected:
    """Walk through the places of a value, level by level."""
    collected = _Collected(kinds)
    waiting: list[tuple[_Node, Any, Scope]] = [(root, value, ())]
    if type(value) is not dict and type(value) is not list:
        collected.add_scalar(root, waiting.pop()[1], ())
    for node, container, path in waiting:
        named, other = _NO_NAMED, node.item
        members: Iterable[tuple[Any, Any]] = enumerate(container)
        if type(container) is dict:
            named, other, members = node.named, node.other, container.items()
            if node.keys_matter:
                collected.add_keys(node, container, path)
        for key, inner in members:
            child = named.get(key, other)
            if child is None:
                continue
            kind = type(inner)
            if kind is str:
                opening = child.opening
                if (opening is not None and opening in inner) or child.scalars_matter:
                    collected.add_scalar(child, inner, (*path, key))
            elif kind is dict or kind is list:
                if child.has_members:
                    waiting.append((child, inner, (*path, key)))
            elif child.scalars_matter:
                collected.add_scalar(child, inner, (*path, key))
    return collected


def _faults_of_expressions(collected: _Collected) -> Iterator[Violation]:
    """What is wrong with the names in expressions."""
    declarations = collected.declarations
    for path, chains in collected.expressions:
        for names in chains:
            if not _is_fine(declarations, names, path):
                fault = _fault_of_chain(declarations, names, path)
                if fault:
                    yield fault


def _is_fine(declarations: Declarations, names: Sequence[_Name], path: Scope) -> bool:
    """Return whether a quick look shows that a chain is right: each name is declared, in one spelling."""
    way: tuple[str, ...] = ()
    for kind, (_, name, _, _), key, is_earlier in names:
        declared = declarations.get(kind, kind.scope_through(path, way), key)
        if not declared:
            return False
        spelling, where = declared[0]
        if is_earlier and not counts(kind, where, path):
            return False
        if len(names) > 1 and spelling != name:
            return False
        way = (*way, name)
    return True


def _fault_of_chain(declarations: Declarations, names: Sequence[_Name], path: Scope) -> Violation | None:
    """What is wrong with the first wrong name of a chain in an expression at `path`."""
    ways: list[tuple[str, ...]] = [()]
    for kind, (_, name, start, end), _, is_earlier in names:
        scopes = [kind.scope_through(path, way) for way in ways]
        reached = [
            (*way, spelling)
            for way, scope in zip(ways, scopes, strict=True)
            for spelling in _spellings(declarations, kind, scope, name, path, is_earlier)
        ]
        if not reached:
            if any(declarations.is_open(kind, scope, path, earlier=kind.earlier) for scope in scopes):
                return None
            return _missing(declarations, kind, scopes, name, path, (start, end))
        ways = reached
    return None


def _resolved_in_expressions(collected: _Collected) -> Iterator[tuple[str, bool]]:
    """The kind of each name in an expression, and whether it is declared."""
    for path, chains in collected.expressions:
        for names in chains:
            fault = _fault_of_chain(collected.declarations, names, path)
            for kind, link, _, _ in names:
                is_missing = fault is not None and fault.span == (link.start, link.end)
                yield kind.name, not is_missing
                if is_missing:
                    break


def _resolved_outside(collected: _Collected) -> Iterator[tuple[str, bool]]:
    """The kind of each reference outside expressions, and whether its name is declared."""
    declarations = collected.declarations
    for reference, name, path in collected.references:
        kind, earlier = reference.kind, reference.earlier
        scope = kind.scope_at(path)
        is_declared = bool(_spellings(declarations, kind, scope, name, path, earlier))
        yield kind.name, is_declared or declarations.is_open(kind, scope, path, earlier=earlier)


def _faults_of_references(collected: _Collected) -> Iterator[Violation]:
    """What is wrong with the references outside expressions."""
    declarations = collected.declarations
    led: dict[tuple[int, Scope], dict[str, list[tuple[str, Scope]]]] = {}
    for reference, name, path in collected.references:
        kind, earlier = reference.kind, reference.earlier
        scope = kind.scope_at(path)
        spellings = _spellings(declarations, kind, scope, name, path, earlier)
        if reference.owner is not None:
            targets = led.setdefault((kind.number, scope), {}).setdefault(str(path[reference.owner]), [])
            targets += [(spelling, path) for spelling in spellings]
        if not spellings and not declarations.is_open(kind, scope, path, earlier=earlier):
            yield _missing(declarations, kind, [scope], name, path)
    for (number, _), references in led.items():
        kind = collected.kinds[number]
        for names, path in islice(circles(references), MAX_CIRCLES):
            yield Violation(path, kind.name, names[-1], "circle", circle_message(kind, names))


def _spellings(
    declarations: Declarations, kind: Kind, scope: Scope, name: str, path: Scope, earlier: bool
) -> list[str]:
    """How the declarations that count for a reference write its name; each spelling once."""
    declared = declarations.named(kind, scope, name)
    if earlier:
        declared = [declaration for declaration in declared if counts(kind, declaration[1], path)]
    return [*dict.fromkeys(spelling for spelling, _ in declared)]


def _missing(
    declarations: Declarations,
    kind: Kind,
    scopes: Sequence[Scope],
    name: str,
    path: Scope,
    span: tuple[int, int] | None = None,
) -> Violation:
    """The violation of a reference that no declaration counts for."""
    for scope in scopes:
        for _, declared in declarations.named(kind, scope, name):
            return Violation(path, kind.name, name, "too-early", too_early_message(kind, name), span, declared)
    names = [*dict.fromkeys(declared for scope in scopes for declared in declarations.names(kind, scope))]
    return Violation(path, kind.name, name, "undeclared", undeclared_message(kind, name, names), span)


def _repeated(collected: _Collected) -> Iterator[Violation]:
    """Declarations of the same name, where names must be unique."""
    for kind in collected.kinds:
        if kind.unique:
            for declared in collected.declarations.scopes(kind):
                yield from _repeated_in(kind, declared)


def _repeated_in(kind: Kind, declared: Sequence[tuple[str, Scope]]) -> Iterator[Violation]:
    first: dict[str, tuple[str, Scope]] = {}
    for name, path in declared:
        key = folded(name) if kind.unique == "ignore-case" else name
        if key in first:
            first_name, first_path = first[key]
            message = repeated_message(kind, name, first_name)
            yield Violation(path, kind.name, name, "repeated", message, related=first_path)
        else:
            first[key] = (name, path)
