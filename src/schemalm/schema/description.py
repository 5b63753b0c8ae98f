"""What a schema says to people about a place in its documents: titles, descriptions, types, constants, defaults.

In goes a schema and the path of a value; out comes a `Description`, put together from all parts of the schema that may
speak of the value there, whatever the branches around them: a person who writes a document has not decided yet.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from schemalm.errors import LimitError, SchemaError
from schemalm.limits import Limits
from schemalm.regular.matching import PatternMatcher
from schemalm.regular.pattern import PatternError
from schemalm.schema.dialects import DRAFT201909
from schemalm.schema.nodes import Node, Nodes

# The most parts of a schema that are read for one place.
MAX_PARTS = 2000
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_BRANCHES = ("allOf", "anyOf", "oneOf")
_CONDITIONAL = ("then", "else")


@dataclass(frozen=True)
class Description:
    """What a schema says about the values at a place, each part once, in the order of the schema.

    types: the JSON types that are named; none if any type may come. constants: of `enum` and `const`.
    """

    titles: tuple[str, ...] = ()
    descriptions: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    constants: tuple[Any, ...] = ()
    defaults: tuple[Any, ...] = ()


def description_at(nodes: Nodes, path: Sequence[str | int]) -> Description:
    """Return what a schema says about the values at a path; empty if it says nothing, or is damaged there."""
    found = [(nodes.schema, "", nodes.references.root)]
    for part in path:
        found = [child for node in _applying(nodes, found) for child in _children(nodes, node, part)]
    return _described(list(_applying(nodes, found)))


def _applying(nodes: Nodes, locations: Sequence[tuple[Any, str, Any]]) -> Iterator[Node]:
    """Yield the schema objects at some locations, with those that they refer to and their branches, each once."""
    waiting, seen = [*locations], set[str]()
    while waiting and len(seen) < MAX_PARTS:
        content, pointer, resolver = waiting.pop(0)
        if not isinstance(content, dict) or pointer in seen:
            continue
        seen.add(pointer)
        with suppress(SchemaError):  # a part of the wrong form says nothing
            node = nodes.at(content, pointer, resolver)
            if node.draft >= DRAFT201909 or "$ref" not in node:  # before, what stands beside `$ref` is ignored
                yield node
            waiting[:0] = _branches(nodes, node)


def _branches(nodes: Nodes, node: Node) -> list[tuple[Any, str, Any]]:
    referenced = [nodes.referenced(node, keyword) for keyword in _REFERENCES if nodes.binds(node, keyword)]
    found = [(target.node, target.pointer, target.resolver) for target in referenced]
    for keyword in _BRANCHES:
        if nodes.binds(node, keyword):
            found += [nodes.inside(node, keyword, index) for index in range(len(node[keyword]))]
    return found + [nodes.inside(node, keyword) for keyword in _CONDITIONAL if nodes.binds(node, keyword)]


def _children(nodes: Nodes, node: Node, part: str | int) -> Iterator[tuple[Any, str, Any]]:
    """Yield the schemas of a key or an item of the values of a node."""
    paths = _of_key(nodes, node, part) if isinstance(part, str) else _of_item(nodes, node, part)
    for keyword, *rest in paths:
        if nodes.binds(node, keyword):
            yield nodes.inside(node, keyword, *rest)


def _of_key(nodes: Nodes, node: Node, key: str) -> list[tuple[str, *tuple[str | int, ...]]]:
    found: list[tuple[str, *tuple[str | int, ...]]] = []
    if key in node.content.get("properties", {}):
        found.append(("properties", key))
    found += [("patternProperties", each) for each in node.content.get("patternProperties", {}) if _has(each, key)]
    return found or [("additionalProperties",), ("unevaluatedProperties",)]


def _of_item(nodes: Nodes, node: Node, index: int) -> list[tuple[str, *tuple[str | int, ...]]]:
    for keyword in ("prefixItems", "items"):
        listed = node.content.get(keyword)
        if isinstance(listed, list) and index < len(listed):
            return [(keyword, index)]
    if isinstance(node.content.get("items"), list):
        return [("additionalItems",)]
    return [("items",), ("unevaluatedItems",)]


def _has(pattern: str, key: str) -> bool:
    """Return whether a pattern has a match in a key; a pattern that cannot be read has none."""
    try:
        return PatternMatcher(pattern, Limits())(key)
    except (PatternError, LimitError):
        return False


def _described(nodes: Sequence[Node]) -> Description:
    def texts(keyword: str) -> tuple[str, ...]:
        found = (node[keyword] for node in nodes if isinstance(node.content.get(keyword), str))
        return tuple(dict.fromkeys(text.strip() for text in found))

    types = (node.content.get("type", ()) for node in nodes)
    named = dict.fromkeys(name for found in types for name in ([found] if isinstance(found, str) else found))
    constants = [
        value for node in nodes for value in ([node["const"]] if "const" in node else node.content.get("enum", []))
    ]
    defaults = [node["default"] for node in nodes if "default" in node]
    return Description(texts("title"), texts("description"), tuple(named), _each_once(constants), _each_once(defaults))


def _each_once(values: Sequence[Any]) -> tuple[Any, ...]:
    return tuple({repr(value): value for value in values}.values())
