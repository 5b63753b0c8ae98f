"""The beginning of a derivation is merged as the whole derivation is."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.tokenizer import Tokenizer

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "steps": {"type": "array", "items": {"$ref": "#"}}},
}
DOCUMENT = {"name": "Set up Python now", "steps": [{"name": "Set up Python"}, {"name": "x", "other": 12}], "more": None}


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer.train(compile_schema(SCHEMA), [DOCUMENT] * 3, vocab_size=400)


def test_the_tokens_of_every_beginning_begin_the_tokens_of_the_document(tokenizer: Tokenizer) -> None:
    tokens = tokenizer.encode(DOCUMENT)
    symbols = [symbol for token in tokens for symbol in tokenizer.vocabulary.symbols[token]]
    assert tokenizer.encode_beginning(symbols, is_whole=True) == tokens
    for length in range(len(symbols)):
        begun = tokenizer.encode_beginning(symbols[:length], is_whole=False)
        assert begun == tokens[: len(begun)]
        num_symbols = sum(len(tokenizer.vocabulary.symbols[token]) for token in begun)
        assert length - num_symbols <= len("Set up Python now") + 2  # what is left out is one segment


def test_a_beginning_without_symbols_has_no_tokens(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode_beginning([], is_whole=True) == tokenizer.encode_beginning([], is_whole=False) == []
