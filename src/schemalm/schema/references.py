"""Where the references of a schema lead: `$ref`, `$dynamicRef`, `$recursiveRef`, by the rules of its draft.

Nothing is fetched: a reference leads to a node of the schema or of a draft's own meta-schema, or raises SchemaError. A
node is named by its JSON pointer and, in schemas with dynamic references, by the resources it was entered through.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urljoin

import referencing.exceptions
import referencing.jsonschema
from jsonschema_specifications import REGISTRY as META_SCHEMAS

from schemalm.documents.values import levels
from schemalm.errors import SchemaError
from schemalm.json_pointer import escape, parts_of, pointer_to
from schemalm.schema.dialects import DIALECTS, Drafts, is_address
from schemalm.schema.sources import Schema

DYNAMIC = ("$dynamicRef", "$recursiveRef")
# Keywords that name a part of a schema, or make its references relative to it.
NAMING = ("$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor")
# Keywords that decide where the references of a schema lead, and which draft its parts are of.
TELLING = frozenset((*DYNAMIC, *NAMING, "$schema"))
NOWHERE = object()
# RFC 6901, section 4: no leading zeros.
INDEX = re.compile("0|[1-9][0-9]{0,9}")

Resolver = Any


@dataclass(frozen=True)
class SchemaLocation:
    """A node of the schema: its JSON pointer, what it is, and what resolves the references inside it."""

    pointer: str
    node: Any
    resolver: Resolver


class References:
    """Resolves the references of one schema; `drafts` knows the draft of every part."""

    def __init__(self, schema: Schema) -> None:
        names, is_mixed = _telling_keywords(schema)
        self.drafts = Drafts(schema, is_mixed)
        self._schema = schema
        self._is_dynamic = not names.isdisjoint(DYNAMIC)
        self._bases = _bases(schema) if self._is_dynamic else {}
        # Where nothing has a name of its own, a pointer means the same everywhere, and needs no resolver.
        self.root: Resolver = None if names.isdisjoint(NAMING) else self._root_resolver()

    @property
    def dialect(self) -> str:
        """The address of the draft of the whole schema."""
        return self.drafts.address_of(self._schema)

    def _root_resolver(self) -> Resolver:
        registry = META_SCHEMAS.with_resources(self.drafts.resources(self._schema)).crawl()
        return registry.resolver_with_root(self.drafts.resource(self._schema))

    def enter(self, node: Any, resolver: Resolver) -> Resolver:
        """What resolves the references of a node inside another one."""
        if resolver is None or not isinstance(node, dict) or not isinstance(node.get("$id", node.get("id")), str):
            return resolver
        return resolver.in_subresource(self.drafts.resource(node))

    def resolve(self, keyword: str, reference: str, pointer: str, resolver: Resolver) -> SchemaLocation:
        """The node that a reference leads to; raises SchemaError where that is no node of the schema."""
        own_pointer = f"{pointer}/{keyword}"
        if resolver is None and (reference == "#" or reference.startswith("#/")):
            path = parts_of(unquote(reference[1:]))
            target, inside, found = _at_path(self._schema, path), None, pointer_to(path)
        else:
            target, inside = self._look_up(keyword, reference, resolver)
            if target is NOWHERE and self.drafts.is_mixed:
                # The `id` of a part names nothing to those who go by the draft of what encloses it.
                target, inside = self._look_up(keyword, reference, self.root)
            found = self._pointer(target)
        if target is NOWHERE:
            message = f"{keyword} {reference!r} leads to nothing inside the schema; nothing is fetched"
            if _is_an_old_name(reference, self._schema):
                message += f'; names are given by $id: if `id` is to be one, write "$schema": "{DIALECTS[0]}#"'
            raise SchemaError(message, pointer=own_pointer, keyword=keyword)
        if not isinstance(target, dict | bool):
            raise SchemaError(f"{keyword} {reference!r} leads to no schema", pointer=own_pointer, keyword=keyword)
        return SchemaLocation(found, target, inside)

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

    def _pointer(self, target: Any) -> str:
        """The JSON pointer of an object of the schema, or its address in a meta-schema; empty for others."""
        found = self._pointers.get(id(target))
        if found is None and isinstance(target, dict):
            for address in META_SCHEMAS:
                self._pointers.update(_pointers(META_SCHEMAS.contents(address), address))
                self.drafts.add(META_SCHEMAS.contents(address))
        return self._pointers.get(id(target), "")

    @cached_property
    def _pointers(self) -> dict[int, str]:
        return _pointers(self._schema, "")

    def location(self, pointer: str, resolver: Resolver) -> str:
        """A name of a node: its pointer, and where references are dynamic the resources that lead to it."""
        if not self._is_dynamic or resolver is None:
            return pointer
        scope = [uri for uri, _ in resolver.dynamic_scope()][::-1]
        return " ".join([pointer, *dict.fromkeys([*scope, resolver._base_uri])])


def _is_an_old_name(reference: str, schema: Schema) -> bool:
    """Whether draft 4 would know a reference, by the `id` of some part."""
    return any(isinstance(node, dict) and node.get("id") == reference for level in levels(schema) for node in level)


def _at_path(node: Any, path: list[str]) -> Any:
    """What the parts of a JSON pointer lead to; NOWHERE where they lead to nothing."""
    for name in path:
        if isinstance(node, dict) and name in node:
            node = node[name]
        elif isinstance(node, list) and INDEX.fullmatch(name) and int(name) < len(node):
            node = node[int(name)]
        else:
            return NOWHERE
    return node


def _telling_keywords(schema: Schema) -> tuple[set[str], bool]:
    """The keywords of a tree that say something about references, and whether a part of it names a draft."""
    names: set[str] = set()
    is_mixed = False
    for level in levels(schema):
        for node in level:
            if isinstance(node, dict) and not TELLING.isdisjoint(node):
                found = {name for name in TELLING & node.keys() if isinstance(node[name], str | bool)}
                is_mixed = is_mixed or ("$schema" in found and node is not schema)
                names |= found
    return names, is_mixed


def _pointers(schema: Schema, address: str) -> dict[int, str]:
    """The pointer of every object of the tree, by identity."""
    pointers: dict[int, str] = {}
    stack: list[tuple[Any, str]] = [(schema, address)]
    while stack:
        node, pointer = stack.pop()
        if isinstance(node, dict):
            pointers[id(node)] = pointer
            pairs: Any = node.items()
        else:
            pairs = enumerate(node) if isinstance(node, list) else ()
        stack += [
            (child, f"{pointer}/{escape(name) if isinstance(name, str) else name}")
            for name, child in pairs
            if isinstance(child, dict | list)
        ]
    return pointers


def _bases(schema: Schema) -> dict[int, str]:
    """The address of the resource that every object of the tree belongs to, by identity."""
    bases: dict[int, str] = {}
    stack: list[tuple[Any, str]] = [(schema, "")]
    while stack:
        node, base = stack.pop()
        if isinstance(node, dict):
            base = urljoin(base, node["$id"]).rstrip("#") if is_address(node.get("$id")) else base
            bases[id(node)] = base
        inner = node.values() if isinstance(node, dict) else node
        stack += [(child, base) for child in inner if isinstance(child, dict | list)]
    return bases
