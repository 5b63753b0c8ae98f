"""A mask that is filled level by level is what the grammar admits symbol by symbol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from tests.machine.spanning import SpanningTokenizer

from schemalm.compilation import compile_schema
from schemalm.machine.filling import NO_NODE, ROOT, MaskFiller, SpellingTrie
from schemalm.machine.tracing import Tracer
from schemalm.tokenizer import Tokenizer

TEXTS: dict[str, Any] = {
    "a pattern": {"type": "string", "pattern": "^(ab|a-b)+é?$"},
    "a length": {"type": "string", "minLength": 2, "maxLength": 6},
    "any text": {"type": "string"},
    "a number": {"type": "number", "minimum": -2, "maximum": 40},
    "several at once": {"anyOf": [{"type": "string", "pattern": "^a"}, {"type": "string", "maxLength": 3}]},
}
WORDS = ["abab", "a-b", "ab", "a-ba-b", "abé", "aaa", "a b a b", "日本"]


def tokenizer_of(items: Any, values: list[Any], learn: Callable[..., Tokenizer]) -> Tokenizer:
    free = {"type": "object", "patternProperties": {"^a": items}, "additionalProperties": {"type": "null"}}
    grammar = compile_schema({"type": "array", "items": {"anyOf": [items, free, {"type": "boolean"}]}})
    documents = [[value, {"ab": value, "zz zz": None}, True] for value in values]
    valid = [document for document in documents for _ in range(4) if _is_valid(grammar, document)]
    tokenizer = learn(grammar, valid, vocab_size=360)
    tracer = Tracer(tokenizer.tables)
    for document in valid:
        # The grammar numbers what documents pass through.
        tracer.trace(tokenizer.encode_pieces(document))
    return tokenizer


def _is_valid(grammar: Any, document: Any) -> bool:
    return not isinstance(Tokenizer.from_grammar(grammar).encode_batch([document], on_error="return")[0], Exception)


@pytest.mark.slow
@pytest.mark.parametrize("learn", [Tokenizer.train, SpanningTokenizer.learn], ids=["segments", "spanning"])
@pytest.mark.parametrize("name", TEXTS)
def test_a_mask_is_what_symbols_admit_one_by_one(name: str, learn: Callable[..., Tokenizer]) -> None:
    tokenizer = tokenizer_of(TEXTS[name], [*WORDS, 12, 3.25, -1], learn)
    grammar, filler = tokenizer.grammar, MaskFiller(tokenizer.grammar, tokenizer.vocabulary)
    nonterminals = [number for number in range(len(grammar.nonterminals)) if not grammar.needs_outcome(number)]
    assert len(nonterminals) >= 10
    for nonterminal in nonterminals:
        mask = filler.fill(nonterminal)
        entry = tokenizer.tables.entry(nonterminal, "", None)
        admitted = [tokenizer.tables.transition(entry, token) is not None for token in range(len(mask))]
        assert mask.tolist() == admitted


def test_the_trie_finds_every_spelling() -> None:
    tokenizer = tokenizer_of(TEXTS["any text"], WORDS, SpanningTokenizer.learn)
    end = tokenizer.encode(["ab"])[-1]
    trie = SpellingTrie(tokenizer.vocabulary, (end,))
    for token, spelling in enumerate(tokenizer.vocabulary.symbols):
        node = ROOT
        for symbol in spelling:
            if symbol >= 256:
                node = trie.child(node, symbol)
            else:
                children, _ = trie.children_by_bytes(np.array([node], np.int32))
                node = int(children[trie.symbols[children] == symbol][0])
            assert node != NO_NODE
        assert not spelling or trie.tokens[node] == token
