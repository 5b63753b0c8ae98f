from __future__ import annotations

from collections import Counter

from tests.machine.spanning import SpanningTokenizer

from schemalm.baselines import ByteBPETokenizer
from schemalm.compilation import compile_schema
from schemalm.inspection import count_kinds, kinds_of_tokens, longest_tokens, spelled_length
from schemalm.tokenizer import Tokenizer

from .conftest import DOCUMENTS, SCHEMA


def described(tokenizer: Tokenizer, kind: str) -> list[str]:
    return [tokenizer.describe(token) for token, found in enumerate(kinds_of_tokens(tokenizer)) if found == kind]


def test_symbols_fall_into_bytes_names_constants_and_structure() -> None:
    tokenizer = Tokenizer.from_grammar(compile_schema(SCHEMA))
    kinds = Counter(kinds_of_tokens(tokenizer))
    assert kinds["outside documents"] == 2
    assert kinds["bytes"] == 256
    assert described(tokenizer, "property names") == ["KEY:kind", "KEY:run", "KEY:tags", "KEY:env"]
    assert {"CONST:alpha", "CONST:beta", "NULL"} <= set(described(tokenizer, "constants"))
    assert {"ITEM", "OBJECT_END", "AS:string", "FREE_KEY", "END"} <= set(described(tokenizer, "structure"))
    assert sum(kinds.values()) == tokenizer.vocab_size


def test_learned_tokens_are_whole_values_or_merges(typed: Tokenizer) -> None:
    kinds = Counter(kinds_of_tokens(typed))
    assert kinds["whole values"] == len(typed.vocabulary.whole_values)
    assert all("KEY:" in symbols or "ITEM" in symbols for symbols in described(typed, "merges of structure"))
    assert not any("KEY:" in symbols for symbols in described(typed, "merges of text"))
    assert kinds["merges of text"] > 0


def test_tokens_of_other_vocabularies_may_hold_structure_and_text() -> None:
    tokenizer = SpanningTokenizer.learn(compile_schema(SCHEMA), DOCUMENTS, vocab_size=340)
    assert any("KEY:" in symbols and "'" in symbols for symbols in described(tokenizer, "merges of both"))


def test_the_longest_come_first(typed: Tokenizer) -> None:
    tokens = longest_tokens(typed, ("merges of text",), 5)
    lengths = [spelled_length(typed, token) for token in tokens]
    assert lengths == sorted(lengths, reverse=True)
    assert len(tokens) == 5
    assert not longest_tokens(typed, ("pieces of text",), 5)


def test_text_tokenizers_have_pieces_of_text(text_tokenizer: ByteBPETokenizer) -> None:
    kinds = Counter(kinds_of_tokens(text_tokenizer))
    assert kinds == {"outside documents": 2, "pieces of text": text_tokenizer.vocab_size - 2}
    assert len(longest_tokens(text_tokenizer, ("pieces of text",), 3)) == 3


def test_kinds_are_counted_with_their_uses(typed: Tokenizer) -> None:
    uses = [0] * typed.vocab_size
    uses[typed.vocabulary.ids["a"]] = 3
    counts = {count.kind: count for count in count_kinds(typed, uses)}
    assert (counts["bytes"].num_tokens, counts["bytes"].num_used, counts["bytes"].uses) == (256, 1, 3)
    assert sum(count.num_tokens for count in counts.values()) == typed.vocab_size
    assert "pieces of text" not in counts
