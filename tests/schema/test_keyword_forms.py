"""The form of each keyword is checked when it is read, since no meta-schema checks everything."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import SchemaError
from schemalm.schema.keyword_forms import CONSTRAINING, FORMS, fault_of
from schemalm.schema.translation import KEYWORDS

VALUES: tuple[Any, ...] = (None, True, -1, 1.5, 1e300, "", "a", [], [1], [[]], {}, {"a": 1}, {"a": [1]}, [{}, 1])


def test_every_keyword_that_binds_has_a_form() -> None:
    # Keywords that are read together with another one.
    companions = {"additionalItems", "then", "else", "minContains", "maxContains"}
    assert KEYWORDS.keys() | companions == CONSTRAINING


@pytest.mark.slow
@pytest.mark.parametrize("keyword", FORMS)
@pytest.mark.parametrize("companions", [{}, {"if": True, "contains": {}, "items": [{}]}])
def test_any_value_of_a_keyword_gives_a_grammar_or_a_schema_error(keyword: str, companions: dict[str, Any]) -> None:
    for value in VALUES:
        node = {**companions, keyword: value}
        # Draft 4 has few keywords, and no meta-schema checks the values of unknown ones.
        for schema in (node, {"$ref": "#/unknown/a", "unknown": {"a": node}}, {"not": node, "$anchor": "b"}):
            try:
                compile_schema(schema)
            except SchemaError as error:
                assert error.message


def test_a_bad_value_behind_a_reference_is_refused_with_its_location() -> None:
    with pytest.raises(SchemaError, match=r"minLength must be a non-negative integer, found 'a'") as caught:
        compile_schema({"properties": {"a": {"$ref": "#/parts/a"}}, "parts": {"a": {"minLength": "a"}}})
    assert (caught.value.pointer, caught.value.keyword) == ("/parts/a/minLength", "minLength")


def test_a_keyword_of_a_later_draft_may_be_anything() -> None:
    odd = {"const": [], "contains": 1, "if": "", "dependentRequired": 2, "prefixItems": None, "$dynamicRef": 3}
    compile_schema({"$schema": "http://json-schema.org/draft-04/schema#", **odd})


@pytest.mark.parametrize(("keyword", "value"), [("maxLength", 2.0), ("required", True), ("exclusiveMinimum", False)])
def test_spellings_that_some_draft_allows_fit(keyword: str, value: Any) -> None:
    assert fault_of(keyword, value) == ""
