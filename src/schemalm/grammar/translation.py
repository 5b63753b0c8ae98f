"""From schema nodes to shapes: every keyword becomes assertions in a boolean formula.

In: a schema tree; out: the formula of its root, and of every node that a `$ref` leads to. What stays true: a value
satisfies the formula exactly where it is valid under the node. A keyword that constrains values and is not in the
tables here raises SchemaError; a keyword that JSON Schema does not define is an annotation, as it says.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import referencing
import referencing.exceptions
import referencing.jsonschema

from schemalm.errors import SchemaError
from schemalm.grammar.assertions import (
    Has,
    Items,
    KindIs,
    Members,
    MinItems,
    MinLength,
    MinProperties,
    Pattern,
    Reference,
    equals,
    one_of_values,
)
from schemalm.grammar.formula import FALSE, TRUE, Formula, all_of, any_of, exactly_one, negate
from schemalm.grammar.sources import Schema

# Drafts in which `$ref` stands alone: its siblings say nothing.
LONE_REFERENCE_DRAFTS = {
    referencing.jsonschema.DRAFT3,
    referencing.jsonschema.DRAFT4,
    referencing.jsonschema.DRAFT6,
    referencing.jsonschema.DRAFT7,
}
UNSUPPORTED = frozenset(
    "maxLength maxItems maxProperties minimum maximum exclusiveMinimum exclusiveMaximum multipleOf uniqueItems contains "
    "minContains maxContains propertyNames unevaluatedItems unevaluatedProperties prefixItems dependentRequired "
    "dependentSchemas $dynamicRef $recursiveRef format".split()
)


@dataclass(frozen=True)
class KeywordUse:
    """One constraining keyword at one place of the schema: `status` is construction, guard or annotation."""

    pointer: str
    keyword: str
    status: str


class Translator:
    """Translates the nodes of one schema; `uses` collects the keywords that it met."""

    def __init__(self, schema: Schema, formats: str) -> None:
        specification = referencing.jsonschema.specification_with(
            _dialect(schema), default=referencing.jsonschema.DRAFT202012
        )
        self.formats = formats
        self.lone_references = specification in LONE_REFERENCE_DRAFTS
        self.schema = schema
        self.places = _places(schema)
        self.uses: list[KeywordUse] = []
        self._shapes: dict[str, Formula] = {}
        self._waiting: list[tuple[str, Any, Any]] = []
        resource = referencing.Resource(contents=schema, specification=specification)
        registry: referencing.Registry[Any] = referencing.Registry().with_resource(uri="", resource=resource)
        self._root_resolver = registry.resolver_with_root(resource)

    def translate(self) -> Formula:
        """The shape of the root; afterwards `shape` knows every node that references lead to."""
        root = self._node(self.schema, "", self._root_resolver)
        self._shapes[""] = root
        while self._waiting:
            location, node, resolver = self._waiting.pop()
            if location not in self._shapes:
                self._shapes[location] = self._node(node, location, resolver)
        return root

    def shape(self, location: str) -> Formula:
        """The shape of the node that a reference leads to."""
        return self._shapes[location]

    def _node(self, node: Any, pointer: str, resolver: Any) -> Formula:
        if isinstance(node, bool):
            return TRUE if node else FALSE
        if "$id" in node and pointer:
            resolver = resolver.in_subresource(
                referencing.Resource(contents=node, specification=referencing.jsonschema.DRAFT7)
            )
        if "$ref" in node and self.lone_references:
            for keyword in node:
                if keyword in HANDLERS or keyword in COMPANIONS:
                    self._use(pointer, keyword, "annotation")
            return self._reference(node["$ref"], pointer, resolver)
        parts = []
        for keyword in node:
            here = f"{pointer}/{_escape(keyword)}"
            if keyword in UNSUPPORTED and not (keyword == "format" and self.formats == "annotate"):
                raise SchemaError(f"the keyword {keyword!r} is not supported yet", pointer=here, keyword=keyword)
            if keyword in HANDLERS:
                parts.append(HANDLERS[keyword](self, node, pointer, resolver))
            if keyword in HANDLERS or keyword in COMPANIONS:
                self._use(pointer, keyword, "construction")
        return all_of(parts)

    def _use(self, pointer: str, keyword: str, status: str) -> None:
        self.uses.append(KeywordUse(f"{pointer}/{_escape(keyword)}", keyword, status))

    def _reference(self, reference: str, pointer: str, resolver: Any) -> Formula:
        self._use(pointer, "$ref", "construction")
        try:
            resolved = resolver.lookup(reference)
        except referencing.exceptions.Unresolvable:
            raise SchemaError(
                f"$ref {reference!r} leads to nothing inside the schema; nothing is fetched",
                pointer=f"{pointer}/$ref",
                keyword="$ref",
            ) from None
        if isinstance(resolved.contents, bool):
            return TRUE if resolved.contents else FALSE
        location = self.places.get(id(resolved.contents))
        if location is None:
            raise SchemaError(f"$ref {reference!r} leads to no schema", pointer=f"{pointer}/$ref", keyword="$ref")
        self._waiting.append((location, resolved.contents, resolved.resolver))
        return Reference(location)

    def _inner(self, node: dict[str, Any], keyword: str, pointer: str, resolver: Any) -> Formula:
        return self._node(node[keyword], f"{pointer}/{_escape(keyword)}", resolver)

    def _list(self, node: dict[str, Any], keyword: str, pointer: str, resolver: Any) -> list[Formula]:
        return [
            self._node(item, f"{pointer}/{_escape(keyword)}/{index}", resolver)
            for index, item in enumerate(node[keyword])
        ]

    def _table(
        self, node: dict[str, Any], keyword: str, pointer: str, resolver: Any
    ) -> tuple[tuple[str, Formula], ...]:
        return tuple(
            (name, self._node(item, f"{pointer}/{_escape(keyword)}/{_escape(name)}", resolver))
            for name, item in node.get(keyword, {}).items()
        )

    def _type(self, node: dict[str, Any], *_: Any) -> Formula:
        kinds = node["type"]
        return KindIs(tuple(sorted([kinds] if isinstance(kinds, str) else kinds)))

    def _members(self, node: dict[str, Any], pointer: str, resolver: Any) -> Formula:
        rest = self._inner(node, "additionalProperties", pointer, resolver) if "additionalProperties" in node else TRUE
        return Members(
            self._table(node, "properties", pointer, resolver),
            self._table(node, "patternProperties", pointer, resolver),
            rest,
        )

    def _lone_pattern_members(self, node: dict[str, Any], pointer: str, resolver: Any) -> Formula:
        return TRUE if "properties" in node else self._members(node, pointer, resolver)

    def _lone_additional_members(self, node: dict[str, Any], pointer: str, resolver: Any) -> Formula:
        covered = "properties" in node or "patternProperties" in node
        return TRUE if covered else self._members(node, pointer, resolver)

    def _items(self, node: dict[str, Any], pointer: str, resolver: Any) -> Formula:
        if not isinstance(node["items"], list):
            return Items((), self._inner(node, "items", pointer, resolver))
        rest = self._inner(node, "additionalItems", pointer, resolver) if "additionalItems" in node else TRUE
        return Items(tuple(self._list(node, "items", pointer, resolver)), rest)

    def _dependencies(self, node: dict[str, Any], pointer: str, resolver: Any) -> Formula:
        parts = []
        for name, dependency in node["dependencies"].items():
            here = f"{pointer}/dependencies/{_escape(name)}"
            shape = (
                all_of(Has(other) for other in dependency)
                if isinstance(dependency, list)
                else self._node(dependency, here, resolver)
            )
            parts.append(any_of([negate(KindIs(("object",))), negate(Has(name)), shape]))
        return all_of(parts)

    def _condition(self, node: dict[str, Any], pointer: str, resolver: Any) -> Formula:
        condition = self._inner(node, "if", pointer, resolver)
        then = self._inner(node, "then", pointer, resolver) if "then" in node else TRUE
        otherwise = self._inner(node, "else", pointer, resolver) if "else" in node else TRUE
        return all_of([any_of([negate(condition), then]), any_of([condition, otherwise])])


Handler = Callable[[Translator, dict[str, Any], str, Any], Formula]

HANDLERS: dict[str, Handler] = {
    "$ref": lambda self, node, pointer, resolver: self._reference(node["$ref"], pointer, resolver),
    "type": Translator._type,
    "enum": lambda self, node, pointer, resolver: one_of_values(node["enum"]),
    "const": lambda self, node, pointer, resolver: equals(node["const"]),
    "pattern": lambda self, node, pointer, resolver: Pattern(node["pattern"]),
    "minLength": lambda self, node, pointer, resolver: _at_least(MinLength, node["minLength"]),
    "minItems": lambda self, node, pointer, resolver: _at_least(MinItems, node["minItems"]),
    "minProperties": lambda self, node, pointer, resolver: _at_least(MinProperties, node["minProperties"]),
    "required": lambda self, node, pointer, resolver: (
        all_of(Has(name) for name in node["required"]) if isinstance(node["required"], list) else TRUE
    ),
    "properties": Translator._members,
    "patternProperties": Translator._lone_pattern_members,
    "additionalProperties": Translator._lone_additional_members,
    "items": Translator._items,
    "dependencies": Translator._dependencies,
    "allOf": lambda self, node, pointer, resolver: all_of(self._list(node, "allOf", pointer, resolver)),
    "anyOf": lambda self, node, pointer, resolver: any_of(self._list(node, "anyOf", pointer, resolver)),
    "oneOf": lambda self, node, pointer, resolver: exactly_one(self._list(node, "oneOf", pointer, resolver)),
    "not": lambda self, node, pointer, resolver: negate(self._inner(node, "not", pointer, resolver)),
    "if": Translator._condition,
}
# Keywords that the handler of another one reads.
COMPANIONS = frozenset({"additionalItems", "then", "else"})


def _at_least(assertion: type[Formula], count: float) -> Formula:
    return assertion(int(count)) if count > 0 else TRUE


def _dialect(schema: Schema) -> str | None:
    dialect = schema.get("$schema") if isinstance(schema, dict) else None
    return dialect if isinstance(dialect, str) else None


def _places(schema: Schema) -> dict[int, str]:
    """The pointer of every object of the tree, by identity."""
    places: dict[int, str] = {}
    stack: list[tuple[Any, str]] = [(schema, "")]
    while stack:
        node, pointer = stack.pop()
        if isinstance(node, dict):
            places[id(node)] = pointer
            stack.extend((child, f"{pointer}/{_escape(name)}") for name, child in node.items())
        elif isinstance(node, list):
            stack.extend((child, f"{pointer}/{index}") for index, child in enumerate(node))
    return places


def _escape(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
