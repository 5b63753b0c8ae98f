"""Where the references of a schema lead: `$ref`, `$dynamicRef`, `$recursiveRef`, by the rules of its draft.

Nothing is fetched: a reference leads to a node of the schema or of a draft's own meta-schema, or raises SchemaError. A
node is named by its JSON pointer and, in schemas with dynamic references, by the resources it was entered through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote, urljoin

import referencing
import referencing.exceptions
import referencing.jsonschema
from jsonschema_specifications import REGISTRY as SPECIFICATIONS

from schemalm.documents.pointer import escape, parts_of
from schemalm.documents.values import levels
from schemalm.errors import SchemaError
from schemalm.grammar.sources import DIALECTS, Schema, dialect

# In the order of `DIALECTS`.
DRAFTS = (
    referencing.jsonschema.DRAFT4,
    referencing.jsonschema.DRAFT6,
    referencing.jsonschema.DRAFT7,
    referencing.jsonschema.DRAFT201909,
    referencing.jsonschema.DRAFT202012,
)
DRAFT4, DRAFT6, DRAFT7, DRAFT201909, DRAFT202012 = range(1, 6)
DYNAMIC = ("$dynamicRef", "$recursiveRef")
# Keywords that give a place inside a schema a name, or make its references relative to it.
NAMING = ("$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor")
NOWHERE = object()
# RFC 6901, section 4: no leading zeros.
INDEX = re.compile("0|[1-9][0-9]{0,9}")

Resolver = Any


@dataclass(frozen=True)
class Place:
    """A node of the schema: its JSON pointer, what it is, and what resolves the references inside it."""

    pointer: str
    node: Any
    resolver: Resolver


class References:
    """Resolves the references of one schema; `draft` is one of DRAFT4 to DRAFT202012, `dialect` its address."""

    def __init__(self, schema: Schema) -> None:
        self.dialect = dialect(schema) or DIALECTS[-1]
        self.draft = DRAFT4 + DIALECTS.index(self.dialect)
        self._specification = _careful(DRAFTS[self.draft - DRAFT4])
        self._schema = schema
        self._pointers, names = _survey(schema, "")
        self._bases = _bases(schema) if not names.isdisjoint(DYNAMIC) else {}
        self._is_dynamic = not names.isdisjoint(DYNAMIC)
        # Where nothing has a name of its own, a pointer leads to the same place everywhere, and needs no resolver.
        self.root: Resolver = None if names.isdisjoint(NAMING) else self._root_resolver()

    def _root_resolver(self) -> Resolver:
        resource = self._specification.create_resource(self._schema)
        return SPECIFICATIONS.with_resource(uri="", resource=resource).crawl().resolver_with_root(resource)

    def enter(self, node: Any, resolver: Resolver) -> Resolver:
        """What resolves the references of a node inside another one."""
        if resolver is None or not isinstance(node, dict) or not isinstance(node.get("$id", node.get("id")), str):
            return resolver
        return resolver.in_subresource(self._specification.create_resource(node))

    def resolve(self, keyword: str, reference: str, pointer: str, resolver: Resolver) -> Place:
        """The place that a reference leads to; raises SchemaError where that is no node of the schema."""
        place = f"{pointer}/{keyword}"
        if resolver is None and (reference == "#" or reference.startswith("#/")):
            target, inside = _at_pointer(self._schema, unquote(reference[1:])), None
        else:
            target, inside = self._look_up(keyword, reference, resolver)
        if target is NOWHERE:
            message = f"{keyword} {reference!r} leads to nothing inside the schema; nothing is fetched"
            if _is_an_old_name(reference, self._schema):
                message += f'; names are given by $id: if `id` is to be one, write "$schema": "{DIALECTS[0]}#"'
            raise SchemaError(message, pointer=place, keyword=keyword)
        found = "" if isinstance(target, bool) else self._pointer(target)
        if found is None or not isinstance(target, dict | bool):
            raise SchemaError(f"{keyword} {reference!r} leads to no schema", pointer=place, keyword=keyword)
        return Place(found, target, inside)

    def _look_up(self, keyword: str, reference: str, resolver: Resolver) -> tuple[Any, Resolver]:
        try:
            resolver = resolver or self._root_resolver()
            if keyword == "$recursiveRef":
                resolved = referencing.jsonschema.lookup_recursive_ref(resolver)
            else:
                resolved = resolver.lookup(reference)
                if keyword == "$dynamicRef" and id(resolved.contents) in self._bases:
                    # The library keeps the address of the anchor that it has found first.
                    inside = resolved.resolver._evolve(base_uri=self._bases[id(resolved.contents)])
                    return resolved.contents, inside
        # What is no schema may have anything under the names that references go by.
        except (referencing.exceptions.Unresolvable, ValueError, AttributeError, TypeError):
            return NOWHERE, None
        return resolved.contents, resolved.resolver

    def _pointer(self, target: Any) -> str | None:
        """The JSON pointer of an object of the schema, or its address in a meta-schema; None for others."""
        if id(target) not in self._pointers:
            for address in SPECIFICATIONS:
                self._pointers.update(_survey(SPECIFICATIONS.contents(address), address)[0])
        return self._pointers.get(id(target))

    def location(self, pointer: str, resolver: Resolver) -> str:
        """A name of a node: its pointer, and where references are dynamic the resources that lead to it."""
        if not self._is_dynamic or resolver is None:
            return pointer
        scope = [uri for uri, _ in resolver.dynamic_scope()][::-1]
        return " ".join([pointer, *dict.fromkeys([*scope, resolver._base_uri])])


def _careful(specification: referencing.Specification[Any]) -> referencing.Specification[Any]:
    """The draft for trees that may have anything where it expects a schema or a name."""

    def identifier(contents: Any) -> str | None:
        return specification.id_of(contents) if _is_named(contents) else None

    def anchors(_: referencing.Specification[Any], contents: Any) -> Iterable[Any]:
        return specification.anchors_in(contents) if _is_named(contents) else []

    def inner(contents: Any) -> Iterable[Any]:
        found = specification.subresources_of(contents) if isinstance(contents, dict) else []
        return (node for node in found if isinstance(node, dict | bool))

    make: Any = referencing.Specification
    made: referencing.Specification[Any] = make(
        name=specification.name,
        id_of=identifier,
        subresources_of=inner,
        maybe_in_subresource=specification.maybe_in_subresource,
        anchors_in=anchors,
    )
    return made


def _is_named(contents: Any) -> bool:
    """Whether a node is a schema of which every name is a text."""
    names = ("$id", "id", "$anchor", "$dynamicAnchor")
    return isinstance(contents, dict) and all(isinstance(contents.get(name, ""), str) for name in names)


def _is_an_old_name(reference: str, schema: Schema) -> bool:
    """Whether draft 4 would know a reference, by the `id` of some part."""
    return any(isinstance(node, dict) and node.get("id") == reference for level in levels(schema) for node in level)


def _at_pointer(node: Any, pointer: str) -> Any:
    """What a JSON pointer leads to; NOWHERE where it leads to nothing."""
    for name in parts_of(pointer):
        if isinstance(node, dict) and name in node:
            node = node[name]
        elif isinstance(node, list) and INDEX.fullmatch(name) and int(name) < len(node):
            node = node[int(name)]
        else:
            return NOWHERE
    return node


def _survey(schema: Schema, address: str) -> tuple[dict[int, str], set[str]]:
    """The pointer of every object of the tree, by identity, and the names that say something about references."""
    pointers: dict[int, str] = {}
    names: set[str] = set()
    stack: list[tuple[Any, str]] = [(schema, address)]
    while stack:
        node, pointer = stack.pop()
        if isinstance(node, dict):
            pointers[id(node)] = pointer
            names.update(name for name in (*DYNAMIC, *NAMING) if name in node and isinstance(node[name], str | bool))
            pairs: Any = node.items()
        else:
            pairs = enumerate(node) if isinstance(node, list) else ()
        stack += [
            (child, f"{pointer}/{escape(name) if isinstance(name, str) else name}")
            for name, child in pairs
            if isinstance(child, dict | list)
        ]
    return pointers, names


def _bases(schema: Schema) -> dict[int, str]:
    """The address of the resource that every object of the tree belongs to, by identity."""
    bases: dict[int, str] = {}
    stack: list[tuple[Any, str]] = [(schema, "")]
    while stack:
        node, base = stack.pop()
        if isinstance(node, dict):
            base = urljoin(base, node["$id"]).rstrip("#") if isinstance(node.get("$id"), str) else base
            bases[id(node)] = base
        inner = node.values() if isinstance(node, dict) else node
        stack += [(child, base) for child in inner if isinstance(child, dict | list)]
    return bases
