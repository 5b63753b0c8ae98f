"""Prompts share tables, and what was asked before changes no mask."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
from tests.garbage import left_by

from schemalm.compilation import compile_schema
from schemalm.documents.partial import Partial, partial_of
from schemalm.errors import SchemaError
from schemalm.grammar.symbols import ITEM, OBJECT_END
from schemalm.limits import Limits
from schemalm.machine import Machine, Tables
from schemalm.tokenizer import Tokenizer

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "kind": {"enum": ["a", "b"]},
        "steps": {"type": "array", "items": {"$ref": "#/$defs/step"}, "maxItems": 3},
        "tags": {"type": "array", "items": {"enum": ["x", "y", "z"]}, "uniqueItems": True},
    },
    "$defs": {
        "step": {
            "type": "object",
            "properties": {"id": {"type": "string"}, "run": {"type": "string"}},
            "additionalProperties": False,
        }
    },
    "additionalProperties": {"type": "string"},
}
RULES: dict[str, Any] = {
    "rules": 1,
    "names": {"step": {"declared": [{"values": "/steps/[]/id"}], "unique": "exact"}},
}
PROMPTS = [
    {"kind": "a", "steps": [{"id": "x", "run": ...}, ...], ...: ...},
    {"steps": [..., {"run": "make", ...: ...}]},
    {"kind": ..., "tags": ["y", ..., "x"], "name": "some words", ...: ...},
]


def new_tokenizer() -> Tokenizer:
    return Tokenizer.from_grammar(compile_schema(SCHEMA, rules=RULES))


def stated(prompt: Any) -> Partial:
    return partial_of(prompt, is_open=True)


def masks(tables: Tables) -> list[list[bool]]:
    """The masks along the cheapest document."""
    machine, found = Machine(tables), []
    for token in machine.completion():
        found.append(machine.mask().tolist())
        machine.advance(token)
    return found


@pytest.mark.parametrize("prompt", PROMPTS)
def test_earlier_prompts_change_no_mask(prompt: Any) -> None:
    alone, shared = new_tokenizer(), new_tokenizer()
    for other in PROMPTS:
        masks(shared.tables_with(stated(other)))
    assert masks(shared.tables_with(stated(prompt))) == masks(alone.tables_with(stated(prompt)))
    assert masks(shared.tables) == masks(alone.tables)


def test_what_a_prompt_leaves_open_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = new_tokenizer()
    expected = masks(tokenizer.tables_with(stated(PROMPTS[0])))
    monkeypatch.setattr("schemalm.machine.filling.MaskFiller.fill", None)
    assert masks(tokenizer.tables_with(stated(PROMPTS[0]))) == expected


def test_after_many_states_new_tables_are_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = new_tokenizer()
    tables = [tokenizer.tables_with(stated(prompt)) for prompt in PROMPTS]
    assert all(each.grammar.nonterminals is tokenizer.grammar.nonterminals for each in tables)
    monkeypatch.setattr("schemalm.machine.shared_tables.MAX_STATES_ADDED", 0)
    renewed = tokenizer.tables_with(stated(PROMPTS[0]))
    assert renewed.grammar.nonterminals is not tokenizer.grammar.nonterminals
    assert masks(renewed) == masks(tables[0])


def test_documents_without_prompts_are_begun_in_new_tables_too(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = new_tokenizer()
    assert tokenizer.machine().tables is tokenizer.tables
    expected = masks(tokenizer.tables)
    monkeypatch.setattr("schemalm.machine.shared_tables.MAX_STATES_ADDED", 0)
    renewed = tokenizer.machine().tables
    assert renewed is not tokenizer.tables
    assert masks(renewed) == expected


@pytest.mark.parametrize("prompt", [None, *PROMPTS])
def test_tables_that_nobody_writes_under_are_free_at_once(monkeypatch: pytest.MonkeyPatch, prompt: Any) -> None:
    tokenizer = new_tokenizer()
    monkeypatch.setattr("schemalm.machine.shared_tables.MAX_STATES_ADDED", -1)
    gc.disable()
    try:
        tables = tokenizer.machine().tables if prompt is None else tokenizer.tables_with(stated(prompt))
        masks(tables)
        old = [weakref.ref(part) for part in (tables, tables.grammar, tables.grammar.arrays, tables.naming)]
        del tables
        tokenizer.machine()
        assert [part() for part in old] == [None] * len(old)
    finally:
        gc.enable()


@pytest.mark.slow
def test_a_large_grammar_is_free_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema("github-workflow", rules="github-workflow-strict"))
    monkeypatch.setattr("schemalm.machine.shared_tables.MAX_STATES_ADDED", -1)
    prompt = {"on": "push", "jobs": {"a": {"needs": ["b", ...], ...: ...}, ...: ...}, ...: ...}

    def write_and_renew() -> None:
        masks(tokenizer.tables_with(stated(prompt)))
        tokenizer.machine()

    assert left_by(write_and_renew) == []


@pytest.mark.parametrize("prompt", PROMPTS)
def test_documents_go_on_under_tables_that_are_no_longer_shared(monkeypatch: pytest.MonkeyPatch, prompt: Any) -> None:
    tokenizer = new_tokenizer()
    monkeypatch.setattr("schemalm.machine.shared_tables.MAX_STATES_ADDED", -1)
    prompted = tokenizer.tables_with(stated(prompt))
    tokenizer.machine()
    assert masks(prompted) == masks(new_tokenizer().tables_with(stated(prompt)))


def test_a_prompt_narrows_its_own_place_alone() -> None:
    """The first item states an id; the schema allows others in later items."""
    tokenizer = new_tokenizer()
    machine = Machine(tokenizer.tables_with(stated({"steps": [{"id": "x"}, ...]})))
    after_item = [
        tokenizer.vocabulary.symbol_token(tokenizer.grammar.symbols.ids[symbol]) for symbol in (OBJECT_END, ITEM)
    ]
    for token in machine.completion():
        machine.advance(token)
        if token == after_item[0]:
            break
    machine.advance(after_item[1])
    assert "KEY:id" in {tokenizer.describe(int(token)) for token in machine.mask().nonzero()[0]}


def test_a_refused_prompt_does_not_limit_the_time_of_later_calls() -> None:
    """The time to compile is counted while a prompt is compiled, and not afterwards."""
    tokenizer = Tokenizer.from_grammar(compile_schema(SCHEMA, limits=Limits(compile_seconds=5.0)))
    with pytest.raises(SchemaError):
        tokenizer.tables_with(stated({"kind": "c"}))
    assert tokenizer.grammar.budget._deadline is None
