"""Traced stack entries are those of the machine, step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.machine.spanning import LEARNERS

from schemalm.compilation import compile_schema
from schemalm.machine import tracing
from schemalm.machine.tracing import Tracer
from schemalm.tokenizer import Tokenizer

TEXTS = {
    "type": "object",
    "properties": {"a": {"type": "string"}, "n": {"type": "number"}, "p": {"type": "string", "pattern": "^x+$"}},
    "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "array"}]},
}
GUARDED = {**TEXTS, "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "array", "uniqueItems": True}]}}
UNDECIDED = {"anyOf": [TEXTS, {"required": ["p"], "additionalProperties": {"type": ["string", "number", "array"]}}]}
VALUES = [
    {"a": "one two three", "n": 1.5, "p": "xxx"},
    {"a": "", "free": "späte Wörter, \u20ac und 😀", "other": ["a b", "b a", 1, 2]},
    {"free": "plain words here", "more": ["x", ["x"], {"y": "z"}]},
]


@pytest.mark.parametrize("schema", [TEXTS, GUARDED, UNDECIDED], ids=["texts", "guarded", "undecided"])
@pytest.mark.parametrize("limit", [1, 1000])
@pytest.mark.parametrize("learn", LEARNERS)
def test_a_trace_is_what_the_machine_does_token_by_token(
    schema: Any, limit: int, learn: Callable[..., Tokenizer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tracing, "MAX_REMEMBERED", limit)
    tokenizer = learn(compile_schema(schema), VALUES, vocab_size=330)
    tracer = Tracer(tokenizer.tables)
    for value in [*VALUES, *VALUES]:
        trace, machine = tracer.trace(tokenizer.encode_pieces(value)), tokenizer.machine()
        assert trace.tokens.tolist() == tokenizer.encode(value)
        for token, number in zip(trace.tokens.tolist(), trace.numbers.tolist(), strict=True):
            entry = tracer.entries[number]
            assert (entry.nonterminal, entry.path) == (machine.nonterminal, machine.path)
            machine.advance(token)
        assert machine.is_complete
    assert len({(entry.nonterminal, entry.path) for entry in tracer.entries}) == len(tracer.entries)
