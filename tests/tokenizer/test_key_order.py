"""The canonical order of keys is the one that most documents use."""

from __future__ import annotations

from schemalm.compilation import compile_schema
from schemalm.tokenizer.key_order import learn_key_orders

SCHEMA = {"type": "object", "properties": {"a": {}, "b": {}, "c": {}, "d": {}}}


def test_the_order_of_most_documents_wins() -> None:
    values = [{"c": 1, "a": 1}] * 3 + [{"a": 1, "c": 1}] * 2
    orders = learn_key_orders(compile_schema(SCHEMA), values)
    assert orders[frozenset("abcd")].index("c") < orders[frozenset("abcd")].index("a")


def test_names_that_no_document_uses_keep_the_order_of_the_schema() -> None:
    assert learn_key_orders(compile_schema(SCHEMA), [])[frozenset("abcd")] == ("a", "b", "c", "d")


def test_nested_objects_are_counted() -> None:
    orders = learn_key_orders(compile_schema(SCHEMA), [{"a": [{"d": 1, "b": {"c": 1, "a": 1}}]}])
    assert orders[frozenset("abcd")].index("d") < orders[frozenset("abcd")].index("b")


def test_objects_that_no_document_contains_keep_the_order_of_the_schema() -> None:
    inner = {"type": "object", "properties": {"x": {}, "y": {}}}
    grammar = compile_schema({"type": "object", "properties": {"a": inner, "b": {"type": "null"}}})
    assert frozenset("xy") not in learn_key_orders(grammar, [{"b": None}])
    assert learn_key_orders(grammar, [{"b": None}, {"a": {"y": 1, "x": 2}}])[frozenset("xy")] == ("y", "x")


def test_learning_does_not_change_the_grammar() -> None:
    grammar = compile_schema(SCHEMA)
    before = grammar.num_states
    learn_key_orders(grammar, [{"d": 1, "a": 2}])
    assert grammar.num_states == before
