"""A slow and obvious checker of names: it reads the rules as they are written and looks at every pair of places.

It gives a verdict as a set: `("missing", kind, path, name)` for a reference that no declaration counts for,
`("repeated", kind, scope)` for a scope with two equal declarations, `("circle", kind, scope)` for one with a name that
leads back to itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

Path = tuple[str | int, ...]
Rules = dict[str, dict[str, Any]]
# The chains (kind, name) in a text at a place of the rules.
Chains = Callable[[str, str], list[list[tuple[str, str]]]]


def verdict(rules: Rules, expression_paths: list[str], chains: Chains, value: Any) -> set[tuple[Any, ...]]:
    """Return what is wrong with the names of a value."""
    return _Document(rules, expression_paths, value).faults(chains)


class _Document:
    def __init__(self, rules: Rules, expression_paths: list[str], value: Any) -> None:
        self.rules, self.expression_paths = rules, [_split(path) for path in expression_paths]
        self.known = [_split(path) for path in _all_paths(rules)] + self.expression_paths
        self.values = dict(_values(value, ()))

    def pattern(self, path: Path) -> tuple[str, ...] | None:
        """The path of the rules that leads to a place; a key that a rule names is never `*`."""
        pattern: tuple[str, ...] = ()
        for step in path:
            wanted = ["[]"] if isinstance(step, int) else [step, "*"]
            possible = [(*pattern, part) for part in wanted if self.is_known((*pattern, part))]
            if not possible:
                return None
            pattern = possible[0]
        return pattern

    def is_known(self, pattern: tuple[str, ...]) -> bool:
        return any(known[: len(pattern)] == pattern for known in self.known)

    def names_at(self, part: dict[str, str]) -> Iterator[tuple[Path, str]]:
        """The names that `{keys: ...}` or `{values: ...}` means, each with its path."""
        for path, value in self.values.items():
            if "values" in part and self.pattern(path) == _split(part["values"]) and isinstance(value, str):
                yield path, value
            if "keys" in part and self.pattern(path) == _split(part["keys"]) and isinstance(value, dict):
                for key in value:
                    if not self.is_known((*_split(part["keys"]), key)):
                        yield (*path, key), key

    def scope(self, kind: str, path: Path) -> Path:
        return path[: len(_split(self.rules[kind]["scope"]))]

    def declarations(self, kind: str) -> list[tuple[Path, str]]:
        parts = {tuple(part.items()) for part in self.rules[kind]["declared"]}
        return [found for part in parts for found in self.names_at(dict(part))]

    def openings(self, kind: str) -> list[Path]:
        unknown = [_split(path) for path in self.rules[kind].get("unknown", [])]
        return [
            path
            for path, value in self.values.items()
            if self.pattern(path) in unknown and not isinstance(value, dict | list)
        ]

    def equal(self, kind: str, left: str, right: str) -> bool:
        return _folded(left) == _folded(right) if self.rules[kind].get("ignore_case") else left == right

    def matching(self, kind: str, scope: Path, name: str, path: Path, order: str) -> set[str]:
        """How the declarations that count write a name."""
        return {
            declared
            for where, declared in self.declarations(kind)
            if self.scope(kind, where) == scope
            and self.equal(kind, declared, name)
            and (order == "any" or self.is_earlier(kind, where, path))
        }

    def is_open(self, kind: str, scope: Path, path: Path, order: str) -> bool:
        return any(
            self.scope(kind, where) == scope and (order == "any" or self.is_earlier(kind, where, path))
            for where in self.openings(kind)
        )

    def is_earlier(self, kind: str, declaration: Path, reference: Path) -> bool:
        """Whether no list has the declaration in a later item; with `starts: item`, whether its item has ended."""
        for length in range(min(len(declaration), len(reference))):
            shared, ours, theirs = declaration[:length] == reference[:length], declaration[length], reference[length]
            if shared and isinstance(ours, int) and isinstance(theirs, int) and ours > theirs:
                return False
        if self.rules[kind].get("starts") != "item":
            return True
        items = [length for length in range(1, len(declaration) + 1) if isinstance(declaration[length - 1], int)]
        return not items or declaration[: items[-1]] != reference[: items[-1]]

    def scope_through(self, kind: str, path: Path, names: list[str]) -> Path:
        """The scope that names lead to: the keys of its path are the names, and before them those that lead here."""
        pattern = _split(self.rules[kind]["scope"])
        wildcards = [index for index, step in enumerate(pattern) if step in ("*", "[]")]
        scope: list[str | int] = list(pattern)
        names = names[len(names) - min(len(names), len(wildcards)) :]
        for index, name in zip(wildcards[len(wildcards) - len(names) :], names, strict=True):
            scope[index] = name
        for index in wildcards[: len(wildcards) - len(names)]:
            if len(path) <= index or path[:index] != tuple(scope[:index]):
                return ("nowhere", *pattern)
            scope[index] = path[index]
        return tuple(scope)

    def faults(self, chains: Chains) -> set[tuple[Any, ...]]:
        found: set[tuple[Any, ...]] = set()
        for kind, rule in self.rules.items():
            for part in rule.get("referred", []):
                for path, name in self.names_at(part):
                    scope, order = self.scope(kind, path), part.get("order", "earlier")
                    is_declared = self.matching(kind, scope, name, path, order)
                    if not is_declared and not self.is_open(kind, scope, path, order):
                        found.add(("missing", kind, path, name))
            found |= self.repeated(kind) | self.in_circles(kind)
        for path, value in self.values.items():
            pattern = self.pattern(path)
            if isinstance(value, str) and pattern is not None and pattern in self.expression_paths:
                for links in chains("".join(f"/{step}" for step in pattern), value):
                    found |= self.chain_faults(path, links)
        return found

    def chain_faults(self, path: Path, links: list[tuple[str, str]]) -> set[tuple[Any, ...]]:
        ways: list[list[str]] = [[]]
        for kind, name in links:
            order = self.rules[kind].get("order", "earlier")
            scopes = [self.scope_through(kind, path, way) for way in ways]
            longer = [
                [*way, spelling]
                for way, scope in zip(ways, scopes, strict=True)
                for spelling in self.matching(kind, scope, name, path, order)
            ]
            if not longer:
                free = any(self.is_open(kind, scope, path, order) for scope in scopes)
                return set() if free else {("missing", kind, path, name)}
            ways = longer
        return set()

    def repeated(self, kind: str) -> set[tuple[Any, ...]]:
        unique = self.rules[kind].get("unique")
        declared = self.declarations(kind)
        return {
            ("repeated", kind, self.scope(kind, path))
            for index, (path, name) in enumerate(declared)
            for other_path, other in declared[:index]
            if unique
            and self.scope(kind, path) == self.scope(kind, other_path)
            and (name == other if unique == "exact" else _folded(name) == _folded(other))
        }

    def in_circles(self, kind: str) -> set[tuple[Any, ...]]:
        edges = {
            (self.scope(kind, path), self.owner(kind, path), target)
            for part in self.rules[kind].get("referred", [])
            if part.get("acyclic")
            for path, name in self.names_at(part)
            for target in self.matching(kind, self.scope(kind, path), name, path, part.get("order", "earlier"))
        }
        while True:
            longer = {(scope, a, d) for scope, a, b in edges for other, c, d in edges if (scope, b) == (other, c)}
            if longer <= edges:
                return {("circle", kind, scope) for scope, a, b in edges if a == b}
            edges |= longer

    def owner(self, kind: str, path: Path) -> str | int:
        """The declared key that holds a place."""
        keys = [_split(part["keys"]) for part in self.rules[kind]["declared"] if "keys" in part]
        lengths = [len(steps) for steps in keys if self.pattern(path[: len(steps)]) == steps]
        [length, *_] = [length for length in lengths if len(path) > length]
        return path[length]


def _folded(name: str) -> str:
    return "".join(letter.lower() if letter.isascii() else letter for letter in name)


def _split(path: str) -> tuple[str, ...]:
    return tuple(path.split("/")[1:])


def _all_paths(rules: Rules) -> Iterator[str]:
    for rule in rules.values():
        yield from (rule["scope"], *rule.get("unknown", []))
        for part in (*rule["declared"], *rule.get("referred", [])):
            yield part["keys"] if "keys" in part else part["values"]


def _values(value: Any, path: Path) -> Iterator[tuple[Path, Any]]:
    yield path, value
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _values(inner, (*path, key))
    if isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _values(inner, (*path, index))
