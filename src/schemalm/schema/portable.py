"""Rewrites a schema for programs that would misread it or cannot read it.

In: a schema and its patterns, or its nodes. Out: a schema of the same draft with the same valid values, whose patterns
have the spelling of `regular/spelling.py`. A portable schema is simpler, too: every reference is a pointer to
`definitions`; no part has a name (`$id`, `$anchor`) or lies out of reach of the root; spellings of older drafts become
those of its own draft; keywords without effect, including annotations, are left out.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from schemalm.documents.identity import identity
from schemalm.errors import SchemaError
from schemalm.json_pointer import parts_of
from schemalm.regular.spelling import portable_pattern
from schemalm.schema.dialects import DRAFT6, DRAFT201909, DRAFT202012
from schemalm.schema.keyword_forms import CONSTRAINING
from schemalm.schema.nodes import Node, Nodes
from schemalm.schema.references import DYNAMIC, Resolver
from schemalm.schema.sources import Schema

DEFINITIONS = "definitions"
# The targets of references are written once more, and may contain one another.
MAX_PARTS = 1_000_000


def respelled_schema(schema: Schema, spellings: Mapping[str, str]) -> Schema:
    """The schema with other spellings of its patterns, by pointer; references through key patterns may break."""
    respelled: Schema = copy.deepcopy(schema)
    # Inner patterns come first, while their pointers are still valid.
    for pointer in sorted(spellings, key=lambda pointer: pointer.count("/"), reverse=True):
        node: Any = respelled
        *path, name = parts_of(pointer)
        for part in path:
            node = node[int(part)] if isinstance(node, list) else node[part]
        if isinstance(node[name], str):
            node[name] = spellings[pointer]
        else:
            members = list(node.items())
            node.clear()
            for key, inner in members:
                node[_free(node, spellings[pointer]) if key == name else key] = inner
    return respelled


def portable_schema(nodes: Nodes) -> Schema:
    """The schema in portable form; raises SchemaError if it has more than `MAX_PARTS` parts."""
    return _Writer(nodes).write()


class _Writer:
    """Writes the root, then the targets of references one by one."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes
        self._drafts = nodes.references.drafts
        self._numbers: dict[str, int] = {"": 0}
        self._waiting: list[tuple[Any, str, Resolver]] = []
        self._num_parts = 0

    def write(self) -> Schema:
        references = self._nodes.references
        root = self._node(self._nodes.schema, "", references.root, self._drafts.root)
        if isinstance(root, bool):
            return root
        definitions: dict[str, Any] = {}
        for number, waiting in enumerate(self._waiting, start=1):
            definitions[str(number)] = self._node(*waiting, self._drafts.root)
        return {"$schema": references.dialect, **root, **({DEFINITIONS: definitions} if definitions else {})}

    def _node(self, content: Any, pointer: str, resolver: Resolver, around: int) -> Schema:
        """A rewritten node; `around`: the draft of the schema around it."""
        if isinstance(content, bool):
            return content if around >= DRAFT6 else ({} if content else {"not": {}})
        self._num_parts += 1 + sum(len(part) for part in content.values() if isinstance(part, list | dict))
        if self._num_parts > MAX_PARTS:
            raise SchemaError(f"the portable form of the schema has more than {MAX_PARTS:,} parts")
        node = self._nodes.at(content, pointer, resolver)
        written: dict[str, Any] = {} if node.draft == around else {"$schema": self._drafts.address_of(content)}
        beside: list[Schema] = []
        for keyword in content:
            if keyword not in CONSTRAINING or not self._nodes.binds(node, keyword):
                continue
            for found in WRITERS.get(keyword, _Writer._value)(self, node, keyword):
                if written.keys().isdisjoint(found):
                    written |= found
                else:
                    beside.append(found)
        return {**written, "allOf": [*written.get("allOf", []), *beside]} if beside else written

    def _inner(self, node: Node, *path: str | int) -> Schema:
        return self._node(*self._nodes.inside(node, *path), node.draft)

    def _value(self, node: Node, keyword: str) -> list[dict[str, Any]]:
        """A keyword without subschemas, unchanged except for duplicates in a list."""
        value = node[keyword]
        listed = list({identity(item): item for item in value}.values()) if isinstance(value, list) else value
        return [{keyword: value if keyword == "const" else listed}]

    def _single(self, node: Node, keyword: str) -> list[dict[str, Any]]:
        return [{keyword: self._inner(node, keyword)}]

    def _listed(self, node: Node, keyword: str) -> list[dict[str, Any]]:
        return [{keyword: [self._inner(node, keyword, index) for index in range(len(node[keyword]))]}]

    def _table(self, node: Node, keyword: str) -> list[dict[str, Any]]:
        return [{keyword: {name: self._inner(node, keyword, name) for name in node[keyword]}}]

    def _reference(self, node: Node, keyword: str) -> list[dict[str, Any]]:
        found = self._nodes.referenced(node, keyword)
        if isinstance(found.node, bool):
            return [{"allOf": [self._node(found.node, "", None, node.draft)]}]
        location = self._nodes.references.location(found.pointer, found.resolver)
        if location not in self._numbers:
            self._waiting.append((found.node, found.pointer, found.resolver))
            self._numbers[location] = len(self._waiting)
        number = self._numbers[location]
        return [{"$ref": f"#/{DEFINITIONS}/{number}" if number else "#"}]

    def _pattern(self, node: Node, keyword: str) -> list[dict[str, Any]]:
        return [{keyword: portable_pattern(node[keyword])}]

    def _key_patterns(self, node: Node, keyword: str) -> list[dict[str, Any]]:
        found: dict[str, Schema] = {}
        for source in node[keyword]:
            found[_free(found, portable_pattern(source))] = self._inner(node, keyword, source)
        return [{keyword: found}]

    def _bound(self, node: Node, keyword: str) -> list[dict[str, Any]]:
        """A bound; `exclusiveMinimum: true` belongs to draft 4 and becomes the bound itself in later drafts."""
        value, exclusive = node[keyword], "exclusive" + keyword[0].upper() + keyword[1:]
        if node.draft < DRAFT6:
            return [{keyword: value}]
        if isinstance(value, bool):
            return []
        return [{exclusive if node.content.get(exclusive) is True else keyword: value}]

    def _required(self, node: Node, keyword: str) -> list[dict[str, Any]]:
        return self._value(node, keyword) if isinstance(node[keyword], list) else []

    def _items(self, node: Node, keyword: str) -> list[dict[str, Any]]:
        """`items`, or the keywords of this draft for a list of items and `additionalItems`."""
        if not isinstance(node[keyword], list):
            return self._single(node, keyword)
        listed, rest = ("prefixItems", "items") if node.draft >= DRAFT202012 else ("items", "additionalItems")
        found: dict[str, Any] = {listed: self._listed(node, keyword)[0][keyword]}
        if "additionalItems" in node:
            found[rest] = self._inner(node, "additionalItems")
        return [found]

    def _prefix(self, node: Node, keyword: str) -> list[dict[str, Any]]:
        return [] if isinstance(node.content.get("items"), list) else self._listed(node, keyword)

    def _dependencies(self, node: Node, keyword: str) -> list[dict[str, Any]]:
        """`dependencies`, which later drafts split into two keywords."""
        names = {name: value for name, value in node[keyword].items() if isinstance(value, list)}
        required = {name: list(dict.fromkeys(value)) for name, value in names.items()}
        schemas = {name: self._inner(node, keyword, name) for name in node[keyword] if name not in names}
        if node.draft < DRAFT201909:
            return [{keyword: required | schemas}]
        parts = {"dependentRequired": required, "dependentSchemas": schemas}
        return [{name: part} for name, part in parts.items() if part]

    def _nothing(self, node: Node, keyword: str) -> list[dict[str, Any]]:
        return []


def _free(taken: Mapping[str, Any], pattern: str) -> str:
    """The pattern, wrapped in groups until it differs from all keys in `taken`."""
    while pattern in taken:
        pattern = f"(?:{pattern})"
    return pattern


KeywordWriter = Callable[[_Writer, Node, str], list[dict[str, Any]]]
WRITERS: dict[str, KeywordWriter] = {
    **dict.fromkeys(("$ref", *DYNAMIC), _Writer._reference),
    **dict.fromkeys(("allOf", "anyOf", "oneOf"), _Writer._listed),
    **dict.fromkeys(("properties", "dependentSchemas"), _Writer._table),
    **dict.fromkeys(
        ("additionalProperties", "propertyNames", "contains", "not", "if", "then", "else"), _Writer._single
    ),
    **dict.fromkeys(("unevaluatedItems", "unevaluatedProperties"), _Writer._single),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _Writer._bound),
    **dict.fromkeys(("dependencies", "dependentRequired"), _Writer._dependencies),
    "pattern": _Writer._pattern,
    "patternProperties": _Writer._key_patterns,
    "required": _Writer._required,
    "items": _Writer._items,
    "prefixItems": _Writer._prefix,
    "additionalItems": _Writer._nothing,
}
