"""The kinds of tokens follow from their symbols, and from the value where the symbols spell a text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.evaluation.likelihood.token_kinds import KINDS, TokenKinds
from schemalm.tokenizer import Tokenizer

from .documents import documents, tokenizer


def kinds_of(ours: Tokenizer, value: Any) -> list[tuple[str, str]]:
    """Each token of a document in readable form, with its kind."""
    tokens = ours.encode(value)
    kinds = TokenKinds(ours).of(tokens, value)
    return [(ours.describe(token), KINDS[kind]) for token, kind in zip(tokens, kinds.tolist(), strict=True)]


def slow_kinds(ours: Tokenizer, value: Any) -> list[str]:
    """The kind of each token, symbol by symbol: a cursor over the document's content follows the symbols."""
    content = content_of(value, ())
    symbols = ours.grammar.symbols.symbols
    found = []
    is_inside, kind = False, ""
    for token in ours.encode(value):
        kinds = []
        for symbol in ours.vocabulary.symbols[token]:
            label = symbols[symbol].label
            if label in ("KEY", "CONST", "TRUE", "FALSE", "NULL"):
                next(content)
                kinds.append("structure" if label == "KEY" else "constants")
            elif label.startswith("0x") or label in ("END", "KEY_END"):
                kind = kind if is_inside else next(content)
                is_inside = label.startswith("0x")
                kinds.append(kind)
            else:
                kinds.append("structure")
        found.append(next((kind for kind in kinds if kind != "structure"), "structure"))
    return found


def content_of(value: Any, path: tuple[Any, ...]) -> Iterator[str]:
    """The kind of every key and scalar as a text."""
    if isinstance(value, dict):
        for key, child in value.items():
            yield "names"
            yield from content_of(child, (*path, key))
    elif isinstance(value, list):
        for child in value:
            yield from content_of(child, (*path, 0))
    elif not isinstance(value, str):
        yield "numbers"
    elif path[:1] == ("jobs",) and (path[2] == "needs" or value.startswith("job:")):
        yield "names"
    else:
        yield "scripts" if "\n" in value else "strings"


@pytest.mark.slow
@given(documents(), st.sampled_from(["word", "value"]))
def test_kinds_equal_those_found_symbol_by_symbol(value: Any, scope: Any) -> None:
    ours = tokenizer(scope)
    in_order = ours.decode(ours.encode(value))
    assert [kind for _, kind in kinds_of(ours, in_order)] == slow_kinds(ours, in_order)


@pytest.mark.parametrize(
    ("value", "kinds"),
    [
        ({"on": "push"}, ["structure", "constants", "structure"]),
        ({"debug": True}, ["structure", "constants", "structure"]),
        ({"debug": "7"}, ["structure", "structure", "strings", "strings", "structure"]),
        ({"count": 7}, ["structure", "numbers", "numbers", "structure"]),
        ({"level": 2}, ["structure", "structure", "numbers", "numbers", "structure"]),
        ({"run": "\n"}, ["structure", "scripts", "scripts", "structure"]),
        ({"run": ""}, ["structure", "strings", "structure"]),
        ({"jobs": {"b": {}}}, ["structure", "structure", "names", "names", *["structure"] * 3]),
    ],
)
def test_a_token_per_symbol_has_the_kind_of_the_symbol(value: Any, kinds: list[str]) -> None:
    assert [kind for _, kind in kinds_of(Tokenizer.from_grammar(tokenizer().grammar), value)] == kinds


def test_a_merged_token_has_the_kind_of_its_first_symbol_of_content() -> None:
    kinds = dict(kinds_of(tokenizer(), {"on": "push", "debug": True, "jobs": {"build": {"needs": ["build"]}}}))
    assert kinds["KEY:on CONST:push"] == "constants"
    assert kinds["'build' KEY_END"] == "names"


def test_a_deep_value_takes_no_recursion() -> None:
    value: Any = "a"
    for _ in range(3000):
        value = [value]
    ours = Tokenizer.from_grammar(tokenizer().grammar)
    tokens = ours.encode({"extra": value})
    assert TokenKinds(ours).of(tokens, {"extra": value}).tolist().count(KINDS.index("strings")) == 2
