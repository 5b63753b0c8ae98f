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
    of_kind,
    one_of_values,
)
from schemalm.grammar.formula import FALSE, TRUE, Formula, all_of, any_of, exactly_one, negate
from schemalm.grammar.limits import Limits
from schemalm.grammar.sources import Schema

DRAFTS = (
    referencing.jsonschema.DRAFT3,
    referencing.jsonschema.DRAFT4,
    referencing.jsonschema.DRAFT6,
    referencing.jsonschema.DRAFT7,
    referencing.jsonschema.DRAFT201909,
    referencing.jsonschema.DRAFT202012,
)
DRAFT6, DRAFT7, DRAFT201909, DRAFT202012 = range(2, 6)
# Keywords that are annotations in the drafts before.
INTRODUCED = {
    "const": DRAFT6,
    "contains": DRAFT6,
    "propertyNames": DRAFT6,
    "if": DRAFT7,
    "then": DRAFT7,
    "else": DRAFT7,
    "dependentRequired": DRAFT201909,
    "dependentSchemas": DRAFT201909,
    "minContains": DRAFT201909,
    "maxContains": DRAFT201909,
    "unevaluatedItems": DRAFT201909,
    "unevaluatedProperties": DRAFT201909,
    "$recursiveRef": DRAFT201909,
    "prefixItems": DRAFT202012,
    "$dynamicRef": DRAFT202012,
}
UNSUPPORTED = {
    *("maxLength", "maxItems", "maxProperties", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"),
    *("multipleOf", "uniqueItems", "contains", "minContains", "maxContains", "propertyNames", "format"),
    *("unevaluatedItems", "unevaluatedProperties", "prefixItems", "dependentRequired", "dependentSchemas"),
    *("$dynamicRef", "$recursiveRef"),
}


@dataclass(frozen=True)
class KeywordUse:
    """One constraining keyword at one place of the schema: `status` is construction, guard or annotation."""

    pointer: str
    keyword: str
    status: str


class Translator:
    """Translates the nodes of one schema; `uses` collects the keywords that it met."""

    def __init__(self, schema: Schema, formats: str, limits: Limits) -> None:
        self._specification = referencing.jsonschema.specification_with(_dialect(schema), default=DRAFTS[DRAFT202012])
        self._draft = DRAFTS.index(self._specification)
        self.formats = formats
        self.limits = limits
        self.schema = schema
        self.places = _places(schema)
        self.uses: list[KeywordUse] = []
        self._shapes: dict[str, Formula] = {}
        self._waiting: list[tuple[str, Any, Any]] = []
        resource = self._specification.create_resource(schema)
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
        if pointer:
            resolver = resolver.in_subresource(self._specification.create_resource(node))
        # Before 2019-09 a `$ref` stands alone: its siblings say nothing.
        alone = "$ref" in node and self._draft < DRAFT201909
        parts = []
        for keyword in node:
            here = f"{pointer}/{_escape(keyword)}"
            if keyword not in HANDLERS and keyword not in COMPANIONS and keyword not in UNSUPPORTED:
                continue
            if (alone and keyword != "$ref") or self._is_annotation(keyword):
                self.uses.append(KeywordUse(here, keyword, "annotation"))
                continue
            if keyword in UNSUPPORTED:
                raise SchemaError(f"the keyword {keyword!r} is not supported yet", pointer=here, keyword=keyword)
            if keyword in HANDLERS:
                parts.append(HANDLERS[keyword](self, node, pointer, resolver))
            self.uses.append(KeywordUse(here, keyword, "construction"))
        return all_of(parts)

    def _is_annotation(self, keyword: str) -> bool:
        """Whether a keyword says nothing in this draft, or by the setting of `formats`."""
        return INTRODUCED.get(keyword, 0) > self._draft or (keyword == "format" and self.formats == "annotate")

    def _reference(self, reference: str, pointer: str, resolver: Any) -> Formula:
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
        return KindIs(tuple(sorted([kinds] if isinstance(kinds, str) else kinds)), self._draft >= DRAFT6)

    def _at_least(self, node: dict[str, Any], keyword: str, pointer: str) -> Formula:
        assertion, limit = {
            "minLength": (MinLength, self.limits.pattern_repeat),
            "minItems": (MinItems, self.limits.pattern_repeat),
            "minProperties": (MinProperties, self.limits.finite_pattern_keys),
        }[keyword]
        count = int(node[keyword])
        if count > limit:
            message = f"{keyword} is {count}, over the limit of {limit}"
            raise SchemaError(message, pointer=f"{pointer}/{keyword}", keyword=keyword)
        return assertion(count) if count > 0 else TRUE

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
            parts.append(any_of([negate(of_kind("object")), negate(Has(name)), shape]))
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
    "pattern": lambda self, node, *_: Pattern(node["pattern"]),
    "minLength": lambda self, node, pointer, _: self._at_least(node, "minLength", pointer),
    "minItems": lambda self, node, pointer, _: self._at_least(node, "minItems", pointer),
    "minProperties": lambda self, node, pointer, _: self._at_least(node, "minProperties", pointer),
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


def _dialect(schema: Schema) -> str:
    return str(schema.get("$schema", "")) if isinstance(schema, dict) else ""


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
