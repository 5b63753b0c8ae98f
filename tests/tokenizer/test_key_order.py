"""Objects take the order of keys that most documents prefer."""

from __future__ import annotations

from schemalm.grammar import compile_schema
from schemalm.tokenizer.key_order import learn_key_orders

SCHEMA = {"type": "object", "properties": {"a": {}, "b": {}, "c": {}, "d": {}}}


def test_the_order_of_most_documents_wins() -> None:
    values = [{"c": 1, "a": 1}] * 3 + [{"a": 1, "c": 1}] * 2
    orders = learn_key_orders(compile_schema(SCHEMA), values)
    assert orders[frozenset("abcd")].index("c") < orders[frozenset("abcd")].index("a")


def test_names_that_no_document_has_keep_the_order_of_the_schema() -> None:
    assert learn_key_orders(compile_schema(SCHEMA), [])[frozenset("abcd")] == ("a", "b", "c", "d")


def test_nested_objects_count() -> None:
    orders = learn_key_orders(compile_schema(SCHEMA), [{"a": [{"d": 1, "b": {"c": 1, "a": 1}}]}])
    assert orders[frozenset("abcd")].index("d") < orders[frozenset("abcd")].index("b")
