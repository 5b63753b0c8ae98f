"""Resolves the references of a schema: `$ref`, `$dynamicRef`, `$recursiveRef`, by the rules of its draft.

Nothing is fetched: a reference leads to a node of the schema or of a draft's meta-schema, or raises SchemaError. A node
is identified by its JSON pointer and, in schemas with dynamic references, by the resources on the way to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote, urljoin

from schemalm.documents.values import levels
from schemalm.errors import SchemaError
from schemalm.json_pointer import escape, parts_of, pointer_to
from schemalm.schema.dialects import DIALECTS, Drafts, is_address
from schemalm.schema.sources import Schema

DYNAMIC = ("$dynamicRef", "$recursiveRef")
# Keywords that name a part of a schema, or set the base of its references.
NAMING = ("$id", "id", "$anchor", "$dynamicAnchor", "$recursiveAnchor")
# Keywords that affect the targets of references and the drafts of parts.
REFERENCE_KEYWORDS = frozenset((*DYNAMIC, *NAMING, "$schema"))
NOWHERE = object()
# RFC 6901, section 4: no leading zeros.
INDEX = re.compile("0|[1-9][0-9]{0,9}")

Resolver = Any


@dataclass(frozen=True)
class SchemaLocation:
    """A node of the schema: its JSON pointer, its content, and the resolver of its references."""

    pointer: str
    node: Any
    resolver: Resolver


class References:
    """Resolves the references of one schema; `drafts`: the draft of every part."""

    def __init__(self, schema: Schema) -> None:
        names, inner_names, is_mixed = _reference_keywords(schema)
        self.drafts = Drafts(schema, is_mixed)
        self._schema = schema
        self._is_dynamic = not names.isdisjoint(DYNAMIC)
        self._bases = _bases(schema) if self._is_dynamic else {}
        # If no part but the whole has a name, a pointer has the same target everywhere and needs no resolver. The
        # library that makes resolvers is slow to import.
        named = names if self._is_dynamic or is_mixed else inner_names
        self.root: Resolver = None if named.isdisjoint(NAMING) else self._root_resolver()

    @property
    def dialect(self) -> str:
        """The address of the draft of the whole schema."""
        return self.drafts.address_of(self._schema)

    def _root_resolver(self) -> Resolver:
        from jsonschema_specifications import REGISTRY as META_SCHEMAS  # noqa: PLC0415

        registry = META_SCHEMAS.with_resources(self.drafts.resources(self._schema)).crawl()
        return registry.resolver_with_root(self.drafts.resource(self._schema))

    def enter(self, node: Any, resolver: Resolver) -> Resolver:
        """The resolver for the references of a node inside another one."""
        if resolver is None or not isinstance(node, dict) or not isinstance(node.get("$id", node.get("id")), str):
            return resolver
        return resolver.in_subresource(self.drafts.resource(node))

    def resolve(self, keyword: str, reference: str, pointer: str, resolver: Resolver) -> SchemaLocation:
        """The target of a reference; raises SchemaError if it is not a node of the schema."""
        own_pointer = f"{pointer}/{keyword}"
        if resolver is None and (reference == "#" or reference.startswith("#/")):
            path = parts_of(unquote(reference[1:]))
            target, inside, found = _at_path(self._schema, path), None, pointer_to(path)
        else:
            target, inside = self._look_up(keyword, reference, resolver)
            if target is NOWHERE and self.drafts.is_mixed:
                # By the draft of the enclosing part, the `id` of this part names nothing.
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
        import referencing.jsonschema  # noqa: PLC0415

        try:
            resolver = resolver or self._root_resolver()
            if keyword == "$recursiveRef":
                resolved = referencing.jsonschema.lookup_recursive_ref(resolver)
            else:
                resolved = resolver.lookup(reference)
                if keyword == "$dynamicRef" and id(resolved.contents) in self._bases:
                    # The library keeps the address of the anchor that it found first.
                    inside = resolved.resolver._evolve(base_uri=self._bases[id(resolved.contents)])
                    return resolved.contents, inside
        # A value that is not a schema may have anything under naming keywords.
        except (referencing.exceptions.Unresolvable, ValueError, AttributeError, TypeError):
            return NOWHERE, None
        return resolved.contents, resolved.resolver

    def _pointer(self, target: Any) -> str:
        """The JSON pointer of a schema object, or its address in a meta-schema; empty for other values."""
        found = self._pointers.get(id(target))
        if found is None and isinstance(target, dict):
            from jsonschema_specifications import REGISTRY as META_SCHEMAS  # noqa: PLC0415

            for address in META_SCHEMAS:
                self._pointers.update(_pointers(META_SCHEMAS.contents(address), address))
                self.drafts.add(META_SCHEMAS.contents(address))
        return self._pointers.get(id(target), "")

    @cached_property
    def _pointers(self) -> dict[int, str]:
        return _pointers(self._schema, "")

    def location(self, pointer: str, resolver: Resolver) -> str:
        """An identifier of a node: its pointer and, if references are dynamic, the resources on the way to it."""
        if not self._is_dynamic or resolver is None:
            return pointer
        scope = [uri for uri, _ in resolver.dynamic_scope()][::-1]
        return " ".join([pointer, *dict.fromkeys([*scope, resolver._base_uri])])


def _is_an_old_name(reference: str, schema: Schema) -> bool:
    """Whether a reference would be valid in draft 4, by the `id` of some part."""
    return any(isinstance(node, dict) and node.get("id") == reference for level in levels(schema) for node in level)


def _at_path(node: Any, path: list[str]) -> Any:
    """The value at a path of a JSON pointer; NOWHERE if there is none."""
    for name in path:
        if isinstance(node, dict) and name in node:
            node = node[name]
        elif isinstance(node, list) and INDEX.fullmatch(name) and int(name) < len(node):
            node = node[int(name)]
        else:
            return NOWHERE
    return node


def _reference_keywords(schema: Schema) -> tuple[set[str], set[str], bool]:
    """The keywords of a tree that affect references, those without the address of the whole, and whether it is mixed.

    It is mixed if a part names a draft.
    """
    names: set[str] = set()
    inner_names: set[str] = set()
    is_mixed = False
    for level in levels(schema):
        for node in level:
            if isinstance(node, dict) and not REFERENCE_KEYWORDS.isdisjoint(node):
                found = {name for name in REFERENCE_KEYWORDS & node.keys() if isinstance(node[name], str | bool)}
                is_mixed = is_mixed or ("$schema" in found and node is not schema)
                names |= found
                inner_names |= found - {"$id", "id"} if node is schema else found
    return names, inner_names, is_mixed


def _pointers(schema: Schema, address: str) -> dict[int, str]:
    """The pointer of every object of the tree, by `id`."""
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
    """The address of the resource that contains each object of the tree, by `id`."""
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
