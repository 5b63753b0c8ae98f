"""The drafts of JSON Schema, and which of them each part of a schema is read by.

A part with a known `$schema` of its own is read by that draft, with all that lies inside it up to the next such part;
other parts are read as what encloses them. Source: JSON Schema 2020-12, section 9.3.2, on embedded resources. Elsewhere
the drafts forbid `$schema` in a part, or say nothing; there it means the same here as to common validators.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any
from urllib.parse import urljoin, urlsplit

import referencing
import referencing.jsonschema

# The drafts that a schema may name, oldest first.
DIALECTS = (
    "http://json-schema.org/draft-04/schema",
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-07/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
)
DRAFT4, DRAFT6, DRAFT7, DRAFT201909, DRAFT202012 = range(1, 6)
# Addresses that stand for whichever draft is the last one.
LATEST = ("", "http://json-schema.org/schema", "https://json-schema.org/schema")
SPECIFICATIONS = dict(
    enumerate(
        (
            referencing.jsonschema.DRAFT4,
            referencing.jsonschema.DRAFT6,
            referencing.jsonschema.DRAFT7,
            referencing.jsonschema.DRAFT201909,
            referencing.jsonschema.DRAFT202012,
        ),
        start=DRAFT4,
    )
)
# What holds subschemas, by what it has to be.
TABLES = frozenset({"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"})
LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
# Keywords that name a part of a schema.
NAMES = ("$id", "id", "$anchor", "$dynamicAnchor")


def dialect(tree: Any) -> str:
    """The `$schema` of a schema, without an empty fragment; empty where it names no draft."""
    declared = tree.get("$schema", "") if isinstance(tree, dict) else ""
    named = str(declared).rstrip("#")
    return "" if named in LATEST else named


def named_draft(node: dict[str, Any]) -> int | None:
    """The draft that a part names; None where it names none that is known."""
    declared = node.get("$schema")
    named = declared.rstrip("#") if isinstance(declared, str) else ""
    if named in DIALECTS:
        return DRAFT4 + DIALECTS.index(named)
    return DRAFT202012 if named and named in LATEST else None


class Drafts:
    """The draft of every part of a schema; `root` is that of the whole."""

    def __init__(self, schema: Any, is_mixed: bool) -> None:
        """`is_mixed`: whether parts may name a draft of their own."""
        self.root = DRAFT4 + DIALECTS.index(dialect(schema) or DIALECTS[-1])
        self._others: dict[int, int] = {}
        if is_mixed:
            self.add(schema)

    def add(self, schema: Any) -> None:
        """Reads the drafts of another schema's parts, which has to live as long as this."""
        stack: list[tuple[Any, int]] = [(schema, self.root)]
        while stack:
            node, draft = stack.pop()
            if isinstance(node, dict):
                draft = named_draft(node) or draft
                if draft != self.root:
                    self._others[id(node)] = draft
            inner = node.values() if isinstance(node, dict) else node
            stack += [(child, draft) for child in inner if isinstance(child, dict | list)]

    def of(self, node: Any) -> int:
        """The draft of an object of the schema, by identity."""
        return self._others.get(id(node), self.root)

    @property
    def is_mixed(self) -> bool:
        """Whether a part is of another draft than the whole."""
        return bool(self._others)

    def address_of(self, node: Any) -> str:
        """The address of the draft of an object of the schema."""
        return DIALECTS[self.of(node) - DRAFT4]

    def parts(self, contents: Any) -> Iterator[Any]:
        """The subschemas that are directly inside a node."""
        if isinstance(contents, dict):
            found = SPECIFICATIONS[self.of(contents)].subresources_of(_well_formed(contents))
            yield from (node for node in found if isinstance(node, dict | bool))

    def resource(self, contents: Any) -> referencing.Resource[Any]:
        """A part for the registry of a library, which would tell the drafts of what is inside by other rules."""
        return self._specification.create_resource(contents)

    def resources(self, schema: Any) -> Iterator[tuple[str, referencing.Resource[Any]]]:
        """Every part that has an address, the whole among them, with that address."""
        yield "", self.resource(schema)
        pending = [(schema, "")]
        while pending:
            node, base = pending.pop()
            name = self._id(node)
            if name is not None:
                base = urljoin(base, name.rstrip("#"))
                yield base, self.resource(node)
            pending += [(part, base) for part in self.parts(node)]

    @cached_property
    def _specification(self) -> referencing.Specification[Any]:
        make: Any = referencing.Specification
        made: referencing.Specification[Any] = make(
            name="mixed",
            id_of=self._id,
            subresources_of=lambda contents: (),
            maybe_in_subresource=self._enter,
            anchors_in=lambda _, contents: self._anchors(contents),
        )
        return made

    def _id(self, contents: Any) -> str | None:
        found = SPECIFICATIONS[self.of(contents)].id_of(contents) if _is_named(contents) else None
        return found if is_address(found) else None

    def _anchors(self, contents: Any) -> Iterator[Any]:
        """The anchors of a part, inside it as well, but for those of parts with an address of their own."""
        pending = [contents]
        while pending:
            node = pending.pop()
            if _is_named(node):
                yield from SPECIFICATIONS[self.of(node)].anchors_in(node)
            pending += [part for part in self.parts(node) if self._id(part) is None]

    def _enter(self, segments: Any, resolver: Any, subresource: Any) -> Any:
        """What resolves references after a step of a pointer, which may lead into a part of another draft."""
        for draft in dict.fromkeys((self.root, self.of(subresource.contents))):
            inside = SPECIFICATIONS[draft].maybe_in_subresource(segments, resolver, subresource)
            if inside is not resolver:
                return inside
        return resolver


def is_address(name: Any) -> bool:
    """Whether a name can be put together with other addresses."""
    try:
        return isinstance(name, str) and bool(urlsplit(name))
    except ValueError:
        return False


def _is_named(contents: Any) -> bool:
    """Whether a node is a schema of which every name is a text."""
    return isinstance(contents, dict) and all(isinstance(contents.get(name, ""), str) for name in NAMES)


def _well_formed(contents: dict[str, Any]) -> dict[str, Any]:
    """The node without what does not hold subschemas as its keyword says."""
    ill_formed = {name for name in TABLES & contents.keys() if not isinstance(contents[name], dict)}
    ill_formed |= {name for name in LISTS & contents.keys() if not isinstance(contents[name], list)}
    return {name: part for name, part in contents.items() if name not in ill_formed} if ill_formed else contents
