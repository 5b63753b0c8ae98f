"""The grammar admits a symbol only if a finite completion exists, and reports what it enforces."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.documents.partial import opened, partial_of
from schemalm.errors import SchemaError
from schemalm.grammar import Grammar
from schemalm.grammar.symbols import ARRAY_END, CONST, FREE_KEY, ITEM, KEY, NULL, OBJECT_END, Symbol
from schemalm.tokenizer import Tokenizer


def names(grammar: Grammar, nonterminal: int) -> set[str]:
    """Returns the symbols that a nonterminal admits, without bytes."""
    return {str(grammar.symbols.symbols[symbol]) for symbol in grammar.admitted(nonterminal) if symbol >= 256}


def after(grammar: Grammar, nonterminal: int, symbol: Symbol) -> tuple[int, ...]:
    step = grammar.step(nonterminal, grammar.symbols.ids[symbol])
    assert step is not None
    return step.opened


def test_a_value_of_one_kind_needs_no_symbol_for_it() -> None:
    grammar = compile_schema({"type": "object", "properties": {"a": {}, "b": {}}, "additionalProperties": False})
    assert names(grammar, grammar.start) == {"KEY:a", "KEY:b", "OBJECT_END"}


def test_a_value_of_several_kinds_is_written_with_its_kind() -> None:
    grammar = compile_schema({"type": ["string", "array", "null", "boolean", "number"]})
    assert names(grammar, grammar.start) == {"AS:number", "AS:string", "AS:array", "NULL", "TRUE", "FALSE"}


def test_an_enum_of_strings_is_written_as_constants() -> None:
    grammar = compile_schema({"enum": ["a", "", None]})
    assert names(grammar, grammar.start) == {"CONST:a", "CONST:", "NULL"}


def test_keys_follow_their_order_and_required_ones_are_not_skipped() -> None:
    grammar = compile_schema({"type": "object", "properties": {"a": {}, "b": {}, "c": {}}, "required": ["b"]})
    assert names(grammar, grammar.start) == {"KEY:a", "KEY:b"}
    _, rest = after(grammar, grammar.start, KEY("b"))
    assert names(grammar, rest) == {"KEY:c", "FREE_KEY", "OBJECT_END"}


def test_another_order_of_keys_leaves_the_language_as_it_is() -> None:
    grammar = compile_schema({"type": "object", "properties": {"a": {}, "b": {}}, "required": ["a", "b"]})
    turned = grammar.with_key_orders({frozenset("ab"): ("b", "a")})
    assert names(turned, turned.start) == {"KEY:b"}
    value = {"a": 1, "b": 2}
    assert Tokenizer(turned).decode(Tokenizer(turned).encode(value)) == value


def test_a_value_that_cannot_be_finished_is_not_begun() -> None:
    tree = {"type": "object", "properties": {"next": {"$ref": "#"}, "end": {"type": "null"}}, "required": ["next"]}
    grammar = compile_schema({"anyOf": [{"type": "null"}, {"type": "array", "items": tree, "minItems": 0}]})
    assert names(grammar, grammar.start) == {"NULL", "AS:array"}
    endless = {"type": "object", "properties": {"next": {"$ref": "#/$defs/e"}}, "required": ["next"]}
    grammar = compile_schema({"$defs": {"e": endless}, "anyOf": [{"type": "null"}, {"$ref": "#/$defs/e"}]})
    assert names(grammar, grammar.start) == {"NULL"}


def test_exactly_one_of_two_required_sets_excludes_the_other() -> None:
    step = {"oneOf": [{"required": ["uses"]}, {"required": ["run"]}], "properties": {"uses": {}, "run": {}}}
    grammar = compile_schema({"type": "object", **step, "additionalProperties": False})
    _, rest = after(grammar, grammar.start, KEY("uses"))
    assert names(grammar, rest) == {"OBJECT_END"}
    assert names(grammar, grammar.start) == {"KEY:uses", "KEY:run"}


def test_the_outcome_of_a_child_settles_what_may_follow_it() -> None:
    schema = {
        "type": "object",
        "properties": {"kind": {"enum": ["circle", "square"]}, "radius": {}, "side": {}},
        "required": ["kind"],
        "if": {"properties": {"kind": {"const": "circle"}}},
        "then": {"required": ["radius"]},
        "else": {"required": ["side"]},
        "additionalProperties": False,
    }
    grammar = compile_schema(schema)
    child, rest = after(grammar, grammar.start, KEY("kind"))
    assert grammar.needs_outcome(rest)
    circle = grammar.step(child, grammar.symbols.ids[CONST("circle")])
    assert circle is not None
    settled = grammar.settle(rest, circle.outcome)
    assert names(grammar, settled) == {"KEY:radius"}


def test_the_shortest_array_ends_as_soon_as_it_may() -> None:
    grammar = compile_schema({"type": "array", "items": {"type": "null"}, "minItems": 1})
    assert names(grammar, grammar.start) == {"ITEM"}
    _, rest = after(grammar, grammar.start, ITEM)
    assert names(grammar, rest) == {"ITEM", "ARRAY_END"}
    assert grammar.step(rest, grammar.symbols.ids[ARRAY_END]) is not None
    assert grammar.step(rest, grammar.symbols.ids[NULL]) is None


def test_labels_name_nonterminals_and_differ() -> None:
    grammar = compile_schema("github-workflow", rules=None)
    Tokenizer(grammar).encode({"on": "push", "jobs": {"a": {"runs-on": "x", "steps": [{"run": "make"}]}}})
    labels = [grammar.label(number) for number in range(len(grammar.nonterminals))]
    assert len(set(labels)) == len(labels)
    assert grammar.label(0) == compile_schema("github-workflow", rules=None).label(0)


def test_labels_do_not_say_which_names_a_document_has() -> None:
    grammar = compile_schema("github-workflow")
    assert grammar.rules is not None
    kinds = frozenset(kind.name for kind in grammar.rules.names.kinds)
    closed = grammar.with_names(grammar.start, kinds, are_closed=True)
    assert closed not in (None, grammar.start)
    assert grammar.label(closed or 0) == grammar.label(grammar.start)


def test_every_keyword_and_rule_of_workflows_is_enforced_by_construction() -> None:
    uses = compile_schema("github-workflow").coverage()
    assert {use.status for use in uses} <= {"construction", "annotation"}
    assert len({use.pointer for use in uses}) == len(uses)
    of_rules = [use.pointer for use in uses if use.pointer.startswith("rules#")]
    of_schema = [use.pointer for use in uses[: len(uses) - len(of_rules)]]
    assert of_schema == sorted(of_schema)
    assert {pointer.split("/")[1] for pointer in of_rules} == {"amend", "expressions", "names"}


PROMPTED: list[tuple[Any, Any, bool]] = [
    ({"name": "x"}, {"name": "x", "tags": ["a"]}, True),
    ({"name": "x"}, {"name": "y"}, False),
    ({"tags": ["a"]}, {"tags": ["a", "b"]}, True),
    ({"tags": ["a"]}, {"tags": ["b", "a"]}, False),
    (
        {"free": 1, "other": {"deep": None}},
        {"name": "x", "free": 1, "other": {"deep": None, "more": 2}, "last": 0},
        True,
    ),
    ({"free": 1}, {"free": 1.0}, False),
    ({}, {}, True),
    ({"a/b^$\n": True}, {"a/b^$\n": True}, True),
]


@pytest.mark.parametrize(("prompt", "value", "fits"), PROMPTED)
def test_a_prompt_narrows_the_grammar_to_values_that_contain_it(prompt: Any, value: Any, fits: bool) -> None:
    schema = {"type": "object", "properties": {"name": {"enum": ["x", "y"]}, "tags": {"items": {"type": "string"}}}}
    grammar = compile_schema(schema)
    plain = Tokenizer(grammar)
    prompted = Tokenizer(grammar.with_prompt(opened(partial_of(prompt))))
    if fits:
        assert prompted.encode(value) == plain.encode(value)
    else:
        with pytest.raises(Exception, match=r"prompt|expected|cannot|not"):
            prompted.encode(value)


@pytest.mark.parametrize("prompt", [{"name": "z"}, [], {"tags": [1]}])
def test_a_prompt_that_no_value_contains_is_refused(prompt: Any) -> None:
    schema = {"type": "object", "properties": {"name": {"enum": ["x", "y"]}, "tags": {"items": {"type": "string"}}}}
    with pytest.raises(SchemaError):
        compile_schema(schema).with_prompt(partial_of(prompt))


def test_admitted_symbols_are_those_with_a_step() -> None:
    grammar = compile_schema("github-workflow")
    Tokenizer(grammar).encode({"on": "push", "jobs": {"a": {"runs-on": "x", "steps": [{"run": "make"}]}}})
    for nonterminal in range(0, len(grammar.nonterminals), 5):
        if grammar.needs_outcome(nonterminal):
            continue  # a rest that waits for its child is never on top
        steps = [symbol for symbol in range(len(grammar.symbols)) if grammar.step(nonterminal, symbol) is not None]
        assert grammar.admitted(nonterminal) == steps


@pytest.mark.slow
def test_labels_do_not_depend_on_the_process_or_on_earlier_calls() -> None:
    program = (
        "import sys\n"
        "from schemalm.compilation import compile_schema\n"
        "from schemalm.tokenizer import Tokenizer\n"
        "patterns = {'^a': {'type': 'number', 'minimum': 1}, 'b$': {'maxLength': 9}}\n"
        "schema = {'type': 'object', 'patternProperties': patterns,\n"
        "          'additionalProperties': {'items': {'format': 'date'}, 'contains': {'enum': ['x', 1]}}}\n"
        "tokenizer = Tokenizer(compile_schema(schema))\n"
        "if sys.argv[1] == 'more':\n"
        "    tokenizer.encode({'z': ['2024-02-29', 1], 'cb': 'other', 'aa': 12.5})\n"
        "machine = tokenizer.machine()\n"
        "for token in tokenizer.encode({'ab': 7, 'b': 'text', 'c': [1]}):\n"
        "    print(tokenizer.grammar.label(machine.nonterminal))\n"
        "    machine.advance(token)\n"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program, what],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed, what in (("0", "less"), ("1", "more"))
    }
    assert len(found) == 1


def test_nonterminals_are_made_when_documents_reach_them() -> None:
    grammar = compile_schema("github-workflow")
    assert len(grammar.nonterminals) < 40  # on the way to the arrays in which rules find names
    assert grammar.num_states < 2_000
    Tokenizer(grammar).encode({"on": "push", "jobs": {"a": {"runs-on": "x"}}})
    assert 10 < len(grammar.nonterminals) < 300


def test_texts_whose_counts_no_token_distinguishes_are_equivalent() -> None:
    grammar = compile_schema({"type": "string", "maxLength": 10**6})
    (one,) = grammar.step(grammar.start, ord("a")).opened  # type: ignore[union-attr]
    assert one != grammar.start
    assert grammar.equivalent(one) == grammar.equivalent(grammar.start)
    short = compile_schema({"type": "string", "maxLength": 3})
    assert short.equivalent(short.start) == short.start


def test_costs_are_returned_for_the_outcomes_that_the_parent_accepts() -> None:
    schema = {
        "type": "object",
        "properties": {"kind": {"enum": ["circle", "square"]}},
        "required": ["kind"],
        "if": {"properties": {"kind": {"const": "circle"}}},
        "then": {"required": ["radius"]},
        "else": {"required": ["side", "angle"]},
    }
    grammar = compile_schema(schema)
    child, rest = after(grammar, grammar.start, KEY("kind"))
    found = {}
    for outcome, cost in grammar.costs(child).items():
        found[cost + grammar.costs(grammar.settle(rest, outcome))[1]] = outcome
    assert sorted(found) == [4, 6]
    assert grammar.costs(grammar.start) == {1: 5}
    cheapest = grammar.cheapest(child, found[4])
    assert str(grammar.symbols.symbols[cheapest]) == "CONST:circle"


def test_a_grammar_with_another_order_reuses_the_languages() -> None:
    grammar = compile_schema({"type": "object", "properties": {"a": {"pattern": "^x"}, "b": {}}})
    assert grammar.with_key_orders({frozenset("ab"): ("b", "a")}).shapes is grammar.shapes
    assert grammar.with_prompt(partial_of({"b": 1})).automaton is grammar.automaton


def test_the_names_of_objects_are_known_once_documents_reach_them() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "object", "properties": {"x": {}, "y": {}}}, "b": {}}}
    grammar = compile_schema(schema)
    assert grammar.name_sets() == [("a", "b")]
    Tokenizer(grammar).encode({"a": {"x": 1}})
    assert ("x", "y") in grammar.name_sets()


def test_closing_symbols_open_nothing() -> None:
    grammar = compile_schema({"type": "object"})
    step = grammar.step(grammar.start, grammar.symbols.ids[OBJECT_END])
    assert step is not None
    assert step.opened == ()
    assert len(after(grammar, grammar.start, FREE_KEY)) == 1


@pytest.mark.parametrize(
    "keys",
    [{"enum": ["a", "b"]}, {"pattern": "^[ab]$"}, {"anyOf": [{"const": "a"}, {"const": "b"}]}, {"$ref": "#/$defs/n"}],
)
def test_objects_need_no_more_keys_than_property_names_permits(keys: Any) -> None:
    def schema(count: int) -> dict[str, Any]:
        return {"$defs": {"n": {"enum": ["a", "b"]}}, "type": "object", "propertyNames": keys, "minProperties": count}

    tokenizer = Tokenizer.from_grammar(compile_schema(schema(2)))
    assert tokenizer.decode(tokenizer.machine().completion()).keys() == {"a", "b"}
    with pytest.raises(SchemaError, match="no finite value"):
        compile_schema(schema(3))


def test_the_last_of_few_keys_does_not_precede_a_required_one() -> None:
    keys = {"properties": {"a": {}, "b": {}}, "propertyNames": {"enum": ["a", "b", "x"]}}
    grammar = compile_schema({"type": "object", "minProperties": 2, **keys})
    assert names(grammar, grammar.start) == {"KEY:a", "KEY:b"}
