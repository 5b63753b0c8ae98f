"""Each symbol of a document is found where it is written, in any style."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.generation.conftest import SCHEMA

from schemalm.checking.spans import joined, symbol_spans
from schemalm.compilation import compile_schema
from schemalm.documents import dump_document, parse_document
from schemalm.grammar.symbols import NUM_BYTES
from schemalm.tokenizer import Tokenizer

TOKENIZER = Tokenizer.from_grammar(compile_schema(SCHEMA))
TABLE = TOKENIZER.grammar.symbols


def written(text: str) -> list[tuple[str, str | None]]:
    """The symbols of a document, each with what is written for it."""
    symbols = [
        symbol for token in TOKENIZER.encode(parse_document(text)) for symbol in TOKENIZER.vocabulary.symbols[token]
    ]
    spans = symbol_spans(text, symbols, TABLE)
    return [
        (chr(symbol) if symbol < NUM_BYTES else str(TABLE.symbols[symbol]), text[span[0] : span[1]] if span else None)
        for symbol, span in zip(symbols, spans, strict=True)
    ]


def shown(text: str) -> list[str]:
    return [found for _, found in written(text) if found is not None]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("kind: job # ok\nsteps: [{run: a b}]\n", ["kind", "job", "steps", "run", "a", " ", "b"]),
        ('{"kind": "job", "steps": [{"run": "\\u00e9\\n"}]}', ["kind", "job", "steps", "run", "\\u00e9"]),
        ("kind: 'job'\nsteps:\n- run: 'it''s'\n", ["kind", "job", "steps", "run", "i", "t", "''", "s"]),
        ("kind: job\nsteps:\n- run: |\n    a\n\n      é\n", ["kind", "job", "steps", "run", "a", "é"]),
        ("steps:\n- run: x\nkind: service\n", ["kind", "service", "steps", "run", "x"]),
        ("\ufeffkind: job\nsteps: [{run: x}]\n", ["kind", "job", "steps", "run", "x"]),
        (
            "kind: &k job\nenv: {'a b': *k}\nsteps: [{run: x}]\n",
            ["kind", "job", "env", "a", " ", "b", "steps", "run", "x"],
        ),
        ("kind: job\nreplicas: 0x1F\nsteps: [{run: x}]\n", ["kind", "job", "replicas", "steps", "run", "x"]),
    ],
)
def test_keys_constants_and_characters_have_spans(text: str, expected: list[str]) -> None:
    assert shown(text) == expected


# Control characters are written with escapes that only YAML has.
texts = st.text(st.characters(exclude_categories=["C", "Z"], include_characters=" "), max_size=12)
values = st.fixed_dictionaries(
    {
        "kind": st.sampled_from(["job", "service"]),
        "env": st.dictionaries(
            st.text(min_size=1, max_size=5), st.one_of(st.text(max_size=8), st.integers(-99, 99)), max_size=3
        ),
        "steps": st.lists(st.builds(lambda run: {"run": run}, texts), min_size=1, max_size=3),
    }
)


@given(values, st.booleans())
def test_what_is_written_plainly_is_found_character_by_character(value: Any, is_json: bool) -> None:
    text = json.dumps(value, ensure_ascii=False) if is_json else dump_document(value)
    for symbol, found in written(text):
        if len(symbol) == 1 and symbol.isascii() and symbol.isalnum():
            assert found == symbol
        elif found is not None and symbol.startswith("KEY:"):
            assert found == symbol.removeprefix("KEY:")


def test_spans_on_one_line_are_joined_over_their_gaps() -> None:
    text = "uses: a\nrun: b"
    assert joined(text, [(0, 4), None, (6, 7)]) == [(0, 7)]
    assert joined(text, [(0, 4), (8, 11)]) == [(0, 4), (8, 11)]
    assert joined(text, [(8, 11), (0, 4)]) == [(8, 11), (0, 4)]
    assert joined(text, [None]) == []
