from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from schemalm.experiments.schema_cuts import AS_ANY_OF, LEFT_OUT, fit_schema
from schemalm.json_pointer import parts_of


def refusing(*keywords: str) -> Callable[[Any], str]:
    """A program that refuses schemas with some keywords or with no target of a reference, as far as the root leads."""

    def refusal(schema: Any) -> str:
        return next((f"{keyword} is unknown" for keyword in keywords if _has(schema, schema, keyword, set())), "")

    return refusal


def _has(root: Any, node: Any, keyword: str, seen: set[str]) -> bool:
    if isinstance(node, list):
        return any(_has(root, part, keyword, seen) for part in node)
    if not isinstance(node, dict):
        return False
    target = node.get("$ref")
    if isinstance(target, str) and target not in seen:
        seen.add(target)
        found = root
        for part in parts_of(unquote(target)):
            try:
                found = found[int(part)] if isinstance(found, list) else found[part]
            except (KeyError, IndexError):
                return True
        if _has(root, found, keyword, seen):
            return True
    return keyword in node or any(
        _has(root, part, keyword, seen) for name, part in node.items() if name != "definitions"
    )


def test_a_schema_that_is_accepted_stays_as_it_is() -> None:
    schema = {"type": "object", "not": {"required": ["a"]}}
    assert fit_schema(schema, refusing("if")) == (schema, [])
    assert fit_schema(True, refusing("if")) == (True, [])


def test_only_what_is_refused_is_cut_and_named() -> None:
    schema = {
        "definitions": {"name": {"type": "string", "not": {"const": ""}, "pattern": "a"}},
        "properties": {"a": {"$ref": "#/definitions/name"}, "b": {"items": {"minLength": 1, "not": True}}},
        "required": ["a"],
    }
    given = copy.deepcopy(schema)
    fitted, cuts = fit_schema(schema, refusing("not"))
    assert schema == given
    assert fitted == {
        "definitions": {"name": {"type": "string", "pattern": "a"}},
        "properties": {"a": {"$ref": "#/definitions/name"}, "b": {"items": {"minLength": 1}}},
        "required": ["a"],
    }
    assert [(cut.pointer, cut.change, cut.reason) for cut in cuts] == [
        ("/definitions/name/not", LEFT_OUT, "not is unknown"),
        ("/properties/b/items/not", LEFT_OUT, "not is unknown"),
    ]


def test_one_of_is_read_as_any_of_where_that_is_accepted() -> None:
    schema = {"oneOf": [{"type": "string"}, {"type": "null"}]}
    fitted, (cut,) = fit_schema(schema, refusing("oneOf"))
    assert fitted == {"anyOf": schema["oneOf"]}
    assert (cut.pointer, cut.change) == ("/oneOf", AS_ANY_OF)
    fitted, (cut,) = fit_schema(schema, refusing("oneOf", "anyOf"))
    assert (fitted, cut.change) == ({}, LEFT_OUT)


def test_keywords_that_need_others_are_put_back_after_them() -> None:
    def refusal(schema: Any) -> str:
        closed = schema.get("additionalProperties") is False and "required" in schema and "properties" not in schema
        return "nothing satisfies it" if closed else refusing("not")(schema)

    schema = {"required": ["a"], "additionalProperties": False, "not": {}, "properties": {"a": {}}}
    fitted, (cut,) = fit_schema(schema, refusal)
    assert cut.pointer == "/not"
    assert fitted == {name: schema[name] for name in ("required", "additionalProperties", "properties")}


def test_recursive_schemas_and_odd_names_are_fitted() -> None:
    schema = {
        "definitions": {
            "tree": {"properties": {"^a b/~%$": {"$ref": "#/definitions/tree"}, "c": {"$ref": "#"}}, "not": True}
        },
        "$ref": "#/definitions/tree",
    }
    fitted, (cut,) = fit_schema(schema, refusing("not"))
    assert cut.pointer == "/definitions/tree/not"
    del schema["definitions"]["tree"]["not"]  # type: ignore[index]
    assert fitted == schema


KEYWORDS = ("not", "oneOf", "anyOf", "items", "if")
SCHEMAS = st.recursive(
    st.sampled_from([{}, {"type": "string"}, {"$ref": "#/definitions/a"}, {"$ref": "#"}]),
    lambda inner: st.dictionaries(
        st.sampled_from(KEYWORDS), st.one_of(inner, st.lists(inner, min_size=1, max_size=2)), max_size=3
    ),
    max_leaves=8,
)


@given(SCHEMAS, SCHEMAS, st.sets(st.sampled_from(KEYWORDS), max_size=3))
def test_the_result_is_accepted_and_without_cuts_it_is_the_schema(root: Any, definition: Any, known: set[str]) -> None:
    schema = {**{name: value for name, value in root.items() if name != "$ref"}, "definitions": {"a": definition}}
    refusal = refusing(*known)
    fitted, cuts = fit_schema(schema, refusal)
    assert refusal(fitted) == ""
    assert (fitted == schema) == (not cuts)
