"""The places that documents pass through are those of the machine, step by step."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.grammar import compile_schema
from schemalm.machine.tracing import trace
from schemalm.tokenizer import Tokenizer

SCHEMA = {
    "type": "object",
    "properties": {"a": {"type": "string"}, "n": {"type": "number"}, "p": {"type": "string", "pattern": "^x+$"}},
    "additionalProperties": {"anyOf": [{"type": "string"}, {"type": "array", "uniqueItems": True}]},
}
VALUES = [
    {"a": "one two three", "n": 1.5, "p": "xxx"},
    {"a": "", "free": "späte Wörter, \u20ac und 😀", "other": ["a b", "b a", 1, 2]},
    {"free": "plain words here", "more": ["x", ["x"], {"y": "z"}]},
]


@pytest.mark.parametrize("value", VALUES)
def test_a_trace_is_what_the_machine_does_token_by_token(value: Any) -> None:
    tokenizer = Tokenizer.train(compile_schema(SCHEMA), VALUES, vocab_size=330)
    found, machine = trace(tokenizer, value), tokenizer.machine()
    assert found.tokens == tokenizer.encode(value)
    places = [place for place, length in zip(found.places, found.lengths, strict=True) for _ in range(length)]
    for token, place in zip(found.tokens, places, strict=True):
        assert (place.nonterminal, place.path) == (machine.nonterminal, machine.path)
        machine.advance(token)
    assert machine.is_complete
