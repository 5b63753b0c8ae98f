"""The span of every symbol is its text in the YAML of the value, whatever the scalar style."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemalm.compilation import compile_schema
from schemalm.documents import dump_document, parse_document
from schemalm.inspection.alignment import NEWLINE_MARK, Span, align
from schemalm.tokenizer import Tokenizer

SCHEMA = {
    "type": ["object", "array", "string", "number", "boolean", "null"],
    "properties": {"on": {}, "a: b": {"enum": ["x", "it's\nlong", ""]}, "run": {"type": "string"}},
}
NASTY = "ab1 -:#'\"\\|\n\t}]é✓\U0001f600\x1b\x07\u202e\u2028\ufeff\xa0"
TEXTS = st.text(st.sampled_from(NASTY), max_size=12) | st.text(st.characters(codec="utf-8"), max_size=8)
SCALARS = TEXTS | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.booleans() | st.none()
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(TEXTS, inner, max_size=3)
        | st.fixed_dictionaries({}, optional={"on": inner, "a: b": st.sampled_from(["x", "it's\nlong", ""])})
    ),
    max_leaves=8,
)
# Text that belongs to no symbol: white space, opening quotes and block headers, the question mark of long keys.
UNSPELLED = re.compile(r"\s*(\? )?(['\"]|\|[0-9]?[-+]?)?\s*")


@cache
def tokenizer() -> Tokenizer:
    return Tokenizer.from_grammar(compile_schema(SCHEMA))


def aligned(value: Any) -> tuple[str, list[tuple[str, Span]]]:
    """Return the YAML of a value, and its symbols (bytes as Latin-1) with their spans."""
    ids = tokenizer().encode(value)
    table = tokenizer().grammar.symbols
    symbols = [symbol for token in ids for symbol in tokenizer().vocabulary.symbols[token]]
    text = dump_document(tokenizer().decode(ids))
    names = [chr(symbol) if symbol < 256 else str(table.symbols[symbol]) for symbol in symbols]
    return text, list(zip(names, align(text, symbols, table), strict=True))


def shown(value: Any) -> list[tuple[str, str]]:
    """Return each symbol with the text at its span, or with its mark."""
    text, spans = aligned(value)
    return [(name, text[span.start : span.end] or span.mark) for name, span in spans]


def read(written: str) -> str:
    """Return the character that a part of YAML represents: itself, an escape, a doubled quote or a line feed."""
    if len(written) > 1 and written[0] == "\\":
        return str(parse_document(f'"{written}"'))
    return {"''": "'", "": "\n"}.get(written, written)


@given(VALUES)
def test_spans_are_in_order_and_leave_out_only_yaml_punctuation(value: Any) -> None:
    text, spans = aligned(value)
    at = 0
    for _, span in spans:
        assert at <= span.start <= span.end
        assert UNSPELLED.fullmatch(text[at : span.start]), text[at : span.start]
        at = span.end
    assert not text[at:].strip()


@given(TEXTS, st.sampled_from(["under a name", "item", "key"]))
def test_characters_have_the_span_where_they_are_written(text: str, role: str) -> None:
    assume(text not in SCHEMA["properties"])
    value = {"under a name": {"run": text}, "item": [[text]], "key": {text: None}}[role]
    written, spans = aligned(value)
    beginnings = [(name, span) for name, span in spans if len(name) == 1 and not 0x80 <= ord(name) < 0xC0]
    assert len(beginnings) == len(text)
    for character, (_, span) in zip(text, beginnings, strict=True):
        assert read(written[span.start : span.end]) == character
        assert span.start < span.end or span.mark == NEWLINE_MARK


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"run": "make"}, [("KEY:run", "run:"), ("m", "m"), ("a", "a"), ("k", "k"), ("e", "e"), ("END", "”")]),
        ({"run": "it's: é"}, [("'", "''"), ("s", "s"), (":", ":"), (" ", " "), ("Ã", "é"), ("©", "·"), ("END", "'")]),
        ({"run": "\x1b"}, [("KEY:run", "run:"), ("\x1b", "\\e"), ("END", '"')]),
        ({"run": "a\n\nb\n"}, [("a", "a"), ("\n", "↵"), ("\n", "↵"), ("b", "b"), ("\n", "↵"), ("END", "”")]),
        ({"run": " a\nb"}, [(" ", " "), ("a", "a"), ("\n", "↵"), ("b", "b"), ("END", "”")]),
        ({"a: b": "it's\nlong"}, [("KEY:a: b", "'a: b':"), ("CONST:it's\nlong", "|-\n  it's\n  long")]),
        ({"on": "\n"}, [("KEY:on", "on:"), ("AS:string", '"'), ("\n", "\\n"), ("END", '"'), ("OBJECT_END", "}")]),
        ({"on": None}, [("KEY:on", "on:"), ("NULL", "·"), ("OBJECT_END", "}")]),
        ({"on": {}}, [("KEY:on", "on:"), ("AS:object", "·"), ("OBJECT_END", "{}"), ("OBJECT_END", "}")]),
        ([None, []], [("ITEM", "-"), ("NULL", "null"), ("ITEM", "-"), ("AS:array", "·"), ("ARRAY_END", "[]")]),
        ({"on": 1e16}, [("AS:number", "·"), ("1", "1.0e+16"), ("e", "·"), ("+", "·"), ("1", "·"), ("6", "·")]),
        ({"'": ""}, [("FREE_KEY", "'"), ("'", "''"), ("KEY_END", "':"), ("AS:string", "'"), ("END", "'")]),
    ],
)
def test_symbols_have_the_span_of_their_text_or_a_mark(value: Any, expected: list[tuple[str, str]]) -> None:
    found = shown(value)
    starts = [start for start in range(len(found)) if found[start : start + len(expected)] == expected]
    assert starts, found


@pytest.mark.parametrize(("value", "colon"), [({"k" * 200: "x"}, "\n:"), ({"a": {"k" * 200: "x"}}, "\n  :")])
def test_long_keys_follow_their_question_mark(value: Any, colon: str) -> None:
    text, spans = aligned(value)
    assert "? k" in text
    assert [text[span.start : span.end] for name, span in spans if name == "KEY_END"][-1] == colon


def test_the_text_of_another_value_is_refused() -> None:
    ids = tokenizer().encode({"run": "make"})
    symbols = [symbol for token in ids for symbol in tokenizer().vocabulary.symbols[token]]
    with pytest.raises(ValueError, match="expected ':' at character 3"):
        align("running: make\n", symbols, tokenizer().grammar.symbols)
