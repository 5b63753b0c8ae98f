"""Encoding and decoding take linear work, measured in executed lines and in symbols per segment."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.tokenizer import Tokenizer
from schemalm.tokenizer.pretokenizer import MAX_SEGMENT_SYMBOLS, MergeScope

ANYTHING = compile_schema(True)


def nested(depth: int) -> Any:
    value: Any = "x"
    for level in range(depth):
        value = [value] if level % 2 else {"k": value}
    return value


def many_keys(count: int) -> dict[str, int]:
    return {f"key {number}": number for number in range(count)}


@pytest.mark.slow
@pytest.mark.parametrize("scope", ["word", "value"])
@pytest.mark.parametrize("character", ["a", " ", "\n", "ä", "😀", '"', "\x00"])
def test_a_text_of_one_repeated_character_is_split_into_short_segments(character: str, scope: MergeScope) -> None:
    tokenizer = Tokenizer(ANYTHING, merge_scope=scope)
    text = character * (1_000_000 // len(character.encode()))
    segments = tokenizer.pretokenizer.split("content", text)
    assert max(map(len, segments)) <= MAX_SEGMENT_SYMBOLS
    assert sum(map(len, segments)) == len(text.encode()) + 1
    assert tokenizer.decode(tokenizer.encode(text)) == text


@pytest.mark.slow
@pytest.mark.parametrize("direction", ["encode", "decode"])
@pytest.mark.parametrize(
    ("make", "size"),
    [(many_keys, 50_000), (nested, 500), (lambda size: "a" * size, 500_000), (lambda size: ["a b"] * size, 20_000)],
    ids=["keys", "depth", "text", "items"],
)
def test_a_document_of_twice_the_size_takes_at_most_twice_the_lines(
    num_lines: Callable[[Callable[[], object]], int], make: Callable[[int], Any], size: int, direction: str
) -> None:
    def lines(value: Any) -> int:
        tokenizer = Tokenizer(ANYTHING)
        ids = tokenizer.encode(value)
        fresh = Tokenizer(ANYTHING)
        return num_lines((lambda: fresh.encode(value)) if direction == "encode" else (lambda: fresh.decode(ids)))

    assert lines(make(2 * size)) <= 2.1 * lines(make(size))
