"""The places of expressions that a rules file makes."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.rules import read_rules
from schemalm.rules.expression_places import ExpressionPlaces, kinds_of, own_kinds
from schemalm.rules.expressions import ExpressionPlace

TEXT = {"at": ["/text"], "form": "text", "contexts": ["tools"], "functions": ["join"]}
JOIN = {"parameters": ["any"], "more": "any", "returns": "any"}


def place(context: Any = "any", join: Any = JOIN, members: Any = "any", **fields: Any) -> ExpressionPlace:
    """The place of a file with one context, one function and one kind of names."""
    expressions = {
        "delimiters": ["{{", "}}"],
        "contexts": {"tools": context},
        "functions": {"join": join},
        "places": [TEXT | fields],
    }
    tool = {"declared": [{"keys": "/tools"}], "members": members}
    part = {"declared": [{"keys": "/tools/*/parts"}], "scope": "/tools/*"}
    file = read_rules({"rules": 1, "expressions": expressions, "names": {"tool": tool, "part": part}})
    assert file.expressions is not None
    return ExpressionPlaces(file.expressions, file.names).place(file.expressions.places[0])


def test_types_do_not_bind_where_all_are_any() -> None:
    assert not place(context={"values": {"items": "any"}}).syntax.checked


@pytest.mark.parametrize(
    "part",
    [
        {"context": {"properties": {"name": "string"}}},
        {"join": JOIN | {"parameters": ["string"]}},
        {"join": JOIN | {"more": "string"}},
        {"join": JOIN | {"returns": "string"}},
        {"members": {"values": "string"}},
        {"accepts": {"any_of": ["any", "number"]}},
    ],
    ids=lambda part: next(iter(part)),
)
def test_types_bind_if_any_part_of_the_file_has_one(part: dict[str, Any]) -> None:
    assert place(**part).syntax.checked


def test_the_names_after_a_name_are_not_of_the_place_itself() -> None:
    found = place(context={"names": "tool"}, members={"properties": {"parts": {"names": "part"}}})
    assert kinds_of(found) == {"tool", "part"}
    assert own_kinds(found) == {"tool"}
