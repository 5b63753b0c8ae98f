"""A small schema with every sort of symbol, and documents of it."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.grammar import Grammar
from schemalm.grammar.symbols import NUM_BYTES, symbol_of
from schemalm.tokenizer import Tokenizer

SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "kind": {"enum": ["small", "large", ""]},
        "tags": {"type": "array", "items": {"type": ["string", "number", "null"]}},
        "child": {"$ref": "#"},
        "": {"type": "boolean"},
    },
    "additionalProperties": {"type": ["string", "object"]},
}


@pytest.fixture(scope="session")
def grammar() -> Grammar:
    return compile_schema(SCHEMA)


@pytest.fixture(scope="session")
def documents() -> list[Any]:
    """Two hundred documents that share words, values and the order kind before name."""
    words = ("alpha beta", "beta-gamma", "naïve 𝄞 clef", "line one\nline two\n", "x" * 40, "")
    return [
        {
            "kind": ("small", "large")[index % 2],
            "name": words[index % len(words)],
            "tags": [words[(index + 1) % len(words)], index / 4, None],
            "child": {"free key": "shared value here", "": index % 2 == 0, "tags": []},
            f"own {index % 7}": "shared value here",
        }
        for index in range(200)
    ]


def segments_of(tokenizer: Tokenizer, value: Any) -> list[str]:
    """The segments for people: structure by name, bytes as they are."""
    symbols = tokenizer.grammar.symbols.symbols
    return [
        " ".join(
            character if symbol_of(character) < NUM_BYTES else str(symbols[symbol_of(character)])
            for character in segment
        )
        for segment in tokenizer.segments(value)
    ]
