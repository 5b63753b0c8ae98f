"""The drafts of JSON Schema, and the draft of each part of a schema.

A part with a known `$schema` is read by that draft, including everything inside it up to the next such part. Other
parts have the draft of the part around them. Source: JSON Schema 2020-12, section 9.3.2, on embedded resources. The
other drafts forbid `$schema` in a part or do not mention it; it is read here as common validators read it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin, urlsplit

if TYPE_CHECKING:
    import referencing

# The drafts that a schema may name, the oldest first.
DIALECTS = (
    "http://json-schema.org/draft-04/schema",
    "http://json-schema.org/draft-06/schema",
    "http://json-schema.org/draft-07/schema",
    "https://json-schema.org/draft/2019-09/schema",
    "https://json-schema.org/draft/2020-12/schema",
)
DRAFT4, DRAFT6, DRAFT7, DRAFT201909, DRAFT202012 = range(1, 6)
# Addresses that mean the latest draft.
LATEST = ("", "http://json-schema.org/schema", "https://json-schema.org/schema")
# Keywords whose value contains subschemas, by the form of the value.
TABLES = frozenset({"$defs", "definitions", "dependencies", "dependentSchemas", "patternProperties", "properties"})
LISTS = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
# Keywords that name a part of a schema.
NAMES = ("$id", "id", "$anchor", "$dynamicAnchor")


@cache
def _specification(draft: int) -> referencing.Specification[Any]:
    """What the library for references knows about a draft; it is slow to import, and few schemas need it."""
    import referencing.jsonschema as library  # noqa: PLC0415

    drafts = (library.DRAFT4, library.DRAFT6, library.DRAFT7, library.DRAFT201909, library.DRAFT202012)
    return drafts[draft - DRAFT4]


def dialect(tree: Any) -> str:
    """The `$schema` of a schema without an empty fragment; empty if it names no draft."""
    declared = tree.get("$schema", "") if isinstance(tree, dict) else ""
    named = str(declared).rstrip("#")
    return "" if named in LATEST else named


def named_draft(node: dict[str, Any]) -> int | None:
    """The draft that a part names; None if it names no known draft."""
    declared = node.get("$schema")
    named = declared.rstrip("#") if isinstance(declared, str) else ""
    if named in DIALECTS:
        return DRAFT4 + DIALECTS.index(named)
    return DRAFT202012 if named and named in LATEST else None


class Drafts:
    """The draft of every part of a schema; `root` is the draft of the whole."""

    def __init__(self, schema: Any, is_mixed: bool) -> None:
        """`is_mixed`: whether parts may name drafts of their own."""
        self.root = DRAFT4 + DIALECTS.index(dialect(schema) or DIALECTS[-1])
        self._others: dict[int, int] = {}
        if is_mixed:
            self.add(schema)

    def add(self, schema: Any) -> None:
        """Adds the drafts of the parts of another schema, which must live as long as this object."""
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
        """Whether the draft of a part differs from the draft of the whole."""
        return bool(self._others)

    def address_of(self, node: Any) -> str:
        """The address of the draft of a schema object."""
        return DIALECTS[self.of(node) - DRAFT4]

    def parts(self, contents: Any) -> Iterator[Any]:
        """The direct subschemas of a node."""
        if isinstance(contents, dict):
            found = _specification(self.of(contents)).subresources_of(_well_formed(contents))
            yield from (node for node in found if isinstance(node, dict | bool))

    def resource(self, contents: Any) -> referencing.Resource[Any]:
        """A part as a resource for the registry of `referencing`, with the rules of this class for drafts."""
        return self._specification.create_resource(contents)

    def resources(self, schema: Any) -> Iterator[tuple[str, referencing.Resource[Any]]]:
        """Yield every part with an address, including the whole schema, with its address."""
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
        import referencing  # noqa: PLC0415

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
        found = _specification(self.of(contents)).id_of(contents) if _is_named(contents) else None
        return found if is_address(found) else None

    def _anchors(self, contents: Any) -> Iterator[Any]:
        """Yield the anchors of a part and its subschemas, except those of parts with an address of their own."""
        pending = [contents]
        while pending:
            node = pending.pop()
            if _is_named(node):
                yield from _specification(self.of(node)).anchors_in(node)
            pending += [part for part in self.parts(node) if self._id(part) is None]

    def _enter(self, segments: Any, resolver: Any, subresource: Any) -> Any:
        """The resolver after a step of a pointer, which may lead into a part of another draft."""
        for draft in dict.fromkeys((self.root, self.of(subresource.contents))):
            inside = _specification(draft).maybe_in_subresource(segments, resolver, subresource)
            if inside is not resolver:
                return inside
        return resolver


def is_address(name: Any) -> bool:
    """Whether a name can be joined with other addresses."""
    try:
        return isinstance(name, str) and bool(urlsplit(name))
    except ValueError:
        return False


def _is_named(contents: Any) -> bool:
    """Whether a node is a schema object whose names are all strings."""
    return isinstance(contents, dict) and all(isinstance(contents.get(name, ""), str) for name in NAMES)


def _well_formed(contents: dict[str, Any]) -> dict[str, Any]:
    """The node without keywords whose value does not have the form that they require."""
    ill_formed = {name for name in TABLES & contents.keys() if not isinstance(contents[name], dict)}
    ill_formed |= {name for name in LISTS & contents.keys() if not isinstance(contents[name], list)}
    return {name: part for name, part in contents.items() if name not in ill_formed} if ill_formed else contents
