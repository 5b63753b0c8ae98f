"""Random small schemas of every draft and with every keyword, and values to try on them.

A schema names its draft in `$schema`; without it, the newest draft applies. Some schemas are left out because an oracle
departs from the specification there. A comment at the strategy says so.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import jsonschema_rs
from hypothesis import strategies as st

Strategy = st.SearchStrategy[Any]

NAMES = ("a", "b", "c", "", "x/y~z", "é")
KEYS = (*NAMES, "x-1", "x-2", "ab", "include", "1")
FORMATTED = (
    *("2024-02-29", "2023-02-29", "12:30:00Z", "2024-02-29T12:30:00Z", "P1DT2H", "a@b.example", "127.0.0.1", "1.2.3"),
    *("::1", "3d9a4f0c-8b1e-4a39-9d5e-0f3b6c2a7e11", "/a~0b", "a:b", "#/a"),
)
STRINGS = ("", "a", "b", "ab", "abc", "x-1", "include", "é", "𝄞 b", "12", *FORMATTED)
NUMBERS = (0, 1, 1.0, -1, 2, 3, 0.5, -0.0, 0.1, 0.3, 2.5, 1.5e300, 10**18, 1e16)
BOUNDS = (-1, 0, 1, 2, 0.5, 1.0, 10, -2.5, 1e16)
DIVISORS = (1, 2, 3, 10, 0.5, 0.1, 2.5, 1.0, 0.25)
# No dot in patterns: at a carriage return or U+2028 the oracle departs from ECMA-262.
PATTERNS = ("^a", "b$", "^(include|x.*)$", "^[ab]$", "^x-", "", "^[^b]{2,3}$", "[0-9]+", "^(a|b|c)?$", "^[^a]*$")
KINDS = ("null", "boolean", "integer", "number", "string", "array", "object")
# Only formats with an exact language. For the others, some texts can be encoded neither as valid nor as invalid.
FORMATS = ("date", "ipv4", "ipv6", "uri", "unknown")
# Nodes under these keywords may have to be false, and references reach the definitions from anywhere.
NEGATING = ("not", "if", "oneOf", "contains", "definitions", "$defs")
# The oracle knows these formats from the draft that introduced them; SchemaLM knows them in every draft.
NEWER_FORMATS = {"json-pointer": 6, "uri-reference": 6, "uuid": 2019, "duration": 2019}


@dataclass(frozen=True)
class Dialect:
    """A draft by its year or number, and how its schemas are written."""

    draft: int
    uri: str | None
    validator: Any

    @property
    def definitions(self) -> str:
        """The keyword that contains nodes for references."""
        return "definitions" if self.draft < 2019 else "$defs"

    @property
    def formats(self) -> tuple[str, ...]:
        """The formats that the oracle asserts, and an unknown one."""
        return (*FORMATS, *(name for name, since in NEWER_FORMATS.items() if self.draft >= since))


DIALECTS = (
    Dialect(4, "http://json-schema.org/draft-04/schema#", jsonschema_rs.Draft4Validator),
    Dialect(6, "http://json-schema.org/draft-06/schema#", jsonschema_rs.Draft6Validator),
    Dialect(7, "http://json-schema.org/draft-07/schema#", jsonschema_rs.Draft7Validator),
    Dialect(2019, "https://json-schema.org/draft/2019-09/schema", jsonschema_rs.Draft201909Validator),
    Dialect(2020, "https://json-schema.org/draft/2020-12/schema", jsonschema_rs.Draft202012Validator),
    Dialect(2020, None, jsonschema_rs.Draft202012Validator),
)

scalars = st.one_of(st.none(), st.booleans(), st.sampled_from(STRINGS), st.sampled_from(NUMBERS))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(KEYS), inner, max_size=4)),
    max_leaves=8,
)
small_values = st.one_of(scalars, st.lists(scalars, max_size=2), st.dictionaries(st.sampled_from(NAMES), scalars))
counts = st.integers(0, 3)
members = st.sampled_from(("a", "b", 1))


def is_ordinary(value: Any) -> bool:
    """Whether every float has exact text. A schema that constrains numbers may leave out those beyond 15 digits."""
    if isinstance(value, dict | list):
        return all(map(is_ordinary, value.values() if isinstance(value, dict) else value))
    return not isinstance(value, float) or (value == float(f"{value:.15g}") and abs(value) < 1e16)


def some(required: dict[str, Any] | None = None, /, **optional: Strategy) -> Strategy:
    """Returns objects with these entries and any of the optional ones; `_if` is the keyword `if`."""
    named = {name.removeprefix("_"): strategy for name, strategy in optional.items()}
    listed = (required or {}).items()
    fixed = {name: value if isinstance(value, st.SearchStrategy) else st.just(value) for name, value in listed}
    return st.fixed_dictionaries(fixed, optional=named)


def _identity(value: Any) -> str:
    """Returns equal results for equal JSON values, such as 1 and 1.0, which an `enum` may not repeat."""
    if isinstance(value, float) and value.is_integer():
        return repr(int(value))
    if isinstance(value, dict):
        return repr(sorted((name, _identity(item)) for name, item in value.items()))
    return repr([_identity(item) for item in value]) if isinstance(value, list) else repr(value)


def tables(names: tuple[str, ...], inner: Strategy) -> Strategy:
    """Returns objects that map names to nodes."""
    return st.dictionaries(st.sampled_from(names), inner, min_size=1, max_size=3)


def lists(inner: Strategy) -> Strategy:
    """Returns lists of nodes."""
    return st.lists(inner, min_size=1, max_size=3)


def required_names(dialect: Dialect) -> Strategy:
    """Returns values of `required`, which may not be empty in draft 4."""
    return st.lists(st.sampled_from(NAMES), min_size=int(dialect.draft == 4), max_size=2, unique=True)


def references(dialect: Dialect) -> list[Strategy]:
    """Returns references to the nodes that `schemas` defines, by pointer, anchor, identifier and dynamic anchor."""
    found = [f"#/{dialect.definitions}/r", "#", "http://laws.example/inner"]
    if dialect.draft >= 2019:
        found.append("#anchor")
    by_name = [st.sampled_from(found).map(lambda target: {"$ref": target})]
    if dialect.draft == 2019:
        by_name.append(st.just({"$recursiveRef": "#"}))
    if dialect.draft == 2020:
        by_name.append(st.sampled_from(("#node", "inner#node", "#anchor")).map(lambda target: {"$dynamicRef": target}))
    return by_name


def number_nodes(dialect: Dialect) -> Strategy:
    """Returns nodes about numbers."""
    bounds = st.sampled_from(BOUNDS)
    old = dialect.draft == 4
    lower = {"minimum": bounds, "exclusiveMinimum": st.booleans()} if old else {"exclusiveMinimum": bounds}
    upper = {"maximum": bounds, "exclusiveMaximum": st.booleans()} if old else {"exclusiveMaximum": bounds}
    kinds = st.sampled_from(("integer", "number"))
    return st.one_of(
        some({"minimum": bounds}, type=kinds, maximum=bounds),
        some(lower, type=kinds, maximum=bounds),
        some(upper, type=kinds, minimum=bounds),
        some({"multipleOf": st.sampled_from(DIVISORS)}, type=kinds, minimum=bounds, maximum=bounds),
    )


def leaves(dialect: Dialect) -> Strategy:
    """Returns nodes without inner nodes."""
    constants = st.lists(small_values, min_size=1, max_size=4, unique_by=_identity)
    kinds = st.one_of(st.sampled_from(KINDS), st.lists(st.sampled_from(KINDS), min_size=1, unique=True))
    found = [
        st.builds(dict),
        *references(dialect),
        some({"type": kinds}),
        some({"type": kinds}),
        some({"enum": constants}),
        some({"type": "string"}, pattern=st.sampled_from(PATTERNS), minLength=counts, maxLength=counts),
        some({"pattern": st.sampled_from(PATTERNS)}, maxLength=st.integers(1, 4)),
        some({"format": st.sampled_from(dialect.formats)}, type=st.just("string"), maxLength=st.sampled_from((10, 20))),
        some({"required": required_names(dialect)}),
        number_nodes(dialect),
    ]
    if dialect.draft >= 6:
        found += [st.booleans(), some({"const": small_values})]
    return st.one_of(found)


def objects(dialect: Dialect, inner: Strategy) -> Strategy:
    """Returns nodes about objects."""
    rest = st.one_of(st.just(False), inner)
    names = required_names(dialect)
    kind = st.just("object")
    listed = {"properties": tables(NAMES, inner), "required": names}
    counted = {"minProperties": counts, "maxProperties": counts}
    dependencies = tables(NAMES, st.one_of(inner, names))
    found = [
        some({}, type=kind, **listed, patternProperties=tables(PATTERNS, inner), additionalProperties=rest, **counted),
        some({"dependencies": dependencies}, **listed, additionalProperties=rest),
        some({"minProperties": counts}, **listed, maxProperties=counts, additionalProperties=rest),
    ]
    if dialect.draft >= 6:
        keys = st.one_of(inner, st.sampled_from(PATTERNS).map(lambda source: {"pattern": source}))
        found.append(some({"propertyNames": keys}, type=kind, **listed, **counted))
    if dialect.draft >= 2019:
        found += [
            some({"dependentRequired": tables(NAMES, names)}, **listed, additionalProperties=rest),
            some({"dependentSchemas": tables(NAMES, inner)}, **listed, unevaluatedProperties=rest),
        ]
    return st.one_of(found)


def arrays(dialect: Dialect, inner: Strategy) -> Strategy:
    """Returns nodes about arrays."""
    rest = st.one_of(st.just(False), inner)
    counted = {"type": st.just("array"), "minItems": counts, "maxItems": counts}
    if dialect.draft == 2020:
        listed: dict[str, Strategy] = {"prefixItems": lists(inner), "items": rest if dialect.draft >= 6 else inner}
    else:
        listed = {"items": st.one_of(inner, lists(inner)), "additionalItems": rest}
    unique = st.one_of(some({"enum": st.just(["a", "b", 1, 0, None])}), some({"type": "boolean"}), inner)
    found = [
        some({}, **counted, **listed),
        some({"items": unique, "uniqueItems": True}, **counted),
        some({"uniqueItems": st.booleans()}, **counted, **listed),
    ]
    if dialect.draft >= 6:
        few = {"minContains": counts, "maxContains": counts} if dialect.draft >= 2019 else {}
        found.append(some({"contains": inner}, **counted, **listed, **few, uniqueItems=st.booleans()))
    if dialect.draft >= 2019:
        found.append(some({"unevaluatedItems": rest}, **counted, **listed, contains=inner))
    return st.one_of(found)


def applicators(dialect: Dialect, inner: Strategy, single: Strategy) -> Strategy:
    """Returns nodes that combine others; `single`: nodes about objects or arrays."""
    branches = [some({keyword: lists(st.one_of(inner, single))}) for keyword in ("allOf", "anyOf", "oneOf")]
    guards = st.one_of(some({"uniqueItems": True, "items": some({"type": st.sampled_from(KINDS)})}), inner)
    found = [
        *branches,
        some({"not": st.one_of(inner, single)}),
        some({"type": "object", "properties": tables(NAMES, inner), "oneOf": lists(single)}),
        st.one_of(*(some({keyword: st.lists(guards, min_size=2, max_size=2)}) for keyword in ("anyOf", "oneOf"))),
        some({"not": some({"uniqueItems": True})}, type=st.just("array"), items=inner, maxItems=counts),
    ]
    if dialect.draft >= 7:
        found.append(some({"if": inner}, then=inner, _else=inner))
        found.append(some({"if": some({"uniqueItems": True}), "then": inner}, _else=inner))
    return st.one_of(found)


def undecided(dialect: Dialect, inner: Strategy) -> Strategy:
    """Returns nodes whose branches differ under the same few keys, so that a child's outcome settles them."""
    member = st.one_of(some({"enum": st.lists(members, min_size=1, unique=True)}), inner)
    branch = some({"properties": tables(("a", "b"), member)}, required=st.just(["a"]), minProperties=st.just(2))
    found = [
        *(some({keyword: st.lists(branch, min_size=2, max_size=3)}) for keyword in ("anyOf", "oneOf")),
        some({"not": branch}),
        some({"not": some({"items": member})}),
        some({"not": some({"additionalProperties": member})}),
    ]
    if dialect.draft >= 7:
        found.append(some({"if": branch, "then": branch}, _else=branch))
    return st.one_of(found)


def unevaluated(dialect: Dialect, inner: Strategy, single: Strategy) -> Strategy:
    """Returns nodes whose `unevaluatedProperties` or `unevaluatedItems` depend on which branches match."""
    rest = st.one_of(st.just(False), inner)
    branch = st.one_of(some({"properties": tables(("a", "b"), inner)}, required=st.just(["a"])), single)
    beside = {
        "properties": tables(("b", "c"), inner),
        "allOf": lists(branch),
        "anyOf": lists(branch),
        "oneOf": lists(branch),
        "not": branch,
        "_if": branch,
        "then": branch,
        "_else": branch,
        "dependentSchemas": tables(("a", "b"), branch),
        "$ref": st.sampled_from((f"#/{dialect.definitions}/r", "#anchor")),
    }
    kind = st.sampled_from(("unevaluatedProperties", "unevaluatedItems"))
    chosen = st.sampled_from([*beside, ("anyOf", "$ref"), ("properties", "oneOf"), ("_if", "then", "_else")])

    def node(pair: tuple[str, Any]) -> Strategy:
        keyword, names = pair
        listed = names if isinstance(names, tuple) else (names,)
        return some({keyword: rest, **{name.removeprefix("_"): beside[name] for name in listed}})

    return st.tuples(kind, chosen).flatmap(node)


def nodes(dialect: Dialect) -> Strategy:
    """Returns nodes of one draft."""

    def containers(inner: Strategy) -> Strategy:
        single = st.one_of(objects(dialect, inner), arrays(dialect, inner))
        found = [single, single, applicators(dialect, inner, single), undecided(dialect, inner)]
        if dialect.draft >= 2019:
            found.append(unevaluated(dialect, inner, single))
        node = st.one_of(found)
        return st.one_of(node, node, st.builds(lambda left, right: {**left, **right}, node, node))

    return st.recursive(leaves(dialect), containers, max_leaves=7)


def _whole(dialect: Dialect, root: Any, shared: Any, other: Any) -> dict[str, Any]:
    """Returns a schema with the nodes that `references` names."""
    key = "id" if dialect.draft == 4 else "$id"
    inner: dict[str, Any] = {key: "http://laws.example/inner"}
    named = _plain(other)
    if dialect.draft >= 2019:
        named = {"$anchor": "anchor", **named}
    if dialect.draft == 2020:
        inner = {**inner, "$dynamicAnchor": "node"}
        named = {"$dynamicAnchor": "node", **named}
    if dialect.draft == 2019:
        inner = {**inner, "$recursiveAnchor": True}
    inner["properties"] = {"a": shared}
    return {
        **({"$schema": dialect.uri} if dialect.uri else {}),
        key: "http://laws.example/root",
        dialect.definitions: {"r": shared, "n": named, "i": inner},
        **_plain(root),
    }


def _plain(node: Any) -> dict[str, Any]:
    """Returns the node as an object whose siblings count."""
    if isinstance(node, bool):
        return {"allOf": [node]}
    return {"allOf": [node]} if "$ref" in node else node


def dialect_of(schema: dict[str, Any]) -> Dialect:
    """Returns the draft of a schema."""
    return next(dialect for dialect in DIALECTS if dialect.uri == schema.get("$schema"))


def schemas_of(dialect: Dialect) -> Strategy:
    """Returns whole schemas of one draft."""
    node = nodes(dialect)
    return st.builds(lambda *parts: _whole(dialect, *parts), node, node, node)


def is_judged_well(schema: dict[str, Any]) -> bool:
    """Whether the oracles follow the specification. In 2019-09 they wrongly let `contains` evaluate items.

    Section 9.3.1.3 of that draft does not list it; the one of 2020-12 does.
    """
    text = json.dumps(schema)
    return dialect_of(schema).draft != 2019 or not ('"contains"' in text and '"unevaluatedItems"' in text)


def is_free_of_negated_guards(node: Any, negated: bool = False) -> bool:
    """Whether no array may have to repeat an item: no `uniqueItems` is under a negation."""
    if isinstance(node, list):
        return all(is_free_of_negated_guards(item, negated) for item in node)
    if not isinstance(node, dict):
        return True
    return not (negated and "uniqueItems" in node) and all(
        is_free_of_negated_guards(item, negated or name in NEGATING) for name, item in node.items()
    )


schemas = st.one_of([schemas_of(dialect) for dialect in DIALECTS]).filter(is_judged_well)
