"""An inspected document is complete, and each token has its span, its symbols and its nonterminal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemalm.baselines import ByteBPETokenizer
from schemalm.compilation import compile_schema
from schemalm.documents import canonical_json, dump_document
from schemalm.errors import DecodeError, DocumentError
from schemalm.inspection import Inspection, inspect_value
from schemalm.inspection.tokens import inspect_tokens
from schemalm.tokenizer import Tokenizer

ANY_TEXT = Tokenizer.from_grammar(compile_schema({"type": "string"}))


def text_of(inspection: Inspection) -> str:
    return "".join(run.text for run in inspection.runs() if not run.is_mark)


def cut(inspection: Inspection) -> list[str]:
    """Return the text that each token shows."""
    shown = [""] * len(inspection.tokens)
    for run in inspection.runs():
        if run.token is not None:
            shown[run.token] += run.text
    return shown


def test_the_runs_are_the_document_in_canonical_order(typed: Tokenizer, documents: list[dict[str, Any]]) -> None:
    for value in documents:
        inspection = inspect_value(typed, dict(reversed(value.items())))
        assert inspection.text == dump_document(typed.decode(typed.encode(value)))
        assert text_of(inspection) == inspection.text.removesuffix("\n")


def test_every_token_shows_something_at_its_own_position(typed: Tokenizer, documents: list[dict[str, Any]]) -> None:
    inspection = inspect_value(typed, documents[0])
    assert all(cut(inspection))
    order = [run.token for run in inspection.runs() if run.token is not None]
    assert order == sorted(order)


def test_scripts_show_as_many_tokens(typed: Tokenizer) -> None:
    inspection = inspect_value(typed, {"kind": "alpha", "run": "make all\n\necho unheard of"})
    assert "”" in cut(inspection) or cut(inspection)[-2].endswith("f")
    script = [token for token in inspection.tokens if token.path == "run"]
    assert len(script) > 8
    assert sum(shown.count("↵") for shown in cut(inspection)) == 2


def test_tokens_carry_their_id_symbols_path_nonterminal_and_choice(typed: Tokenizer) -> None:
    value = {"kind": "beta", "tags": ["x"], "env": {"B": None}}
    inspection = inspect_value(typed, value)
    assert [token.id for token in inspection.tokens] == typed.encode(value)
    assert [token.symbols for token in inspection.tokens] == [typed.describe(id) for id in typed.encode(value)]
    paths = {token.path for token in inspection.tokens}
    assert paths >= {"", "tags[]", "env.*"}
    machine = typed.machine()
    for token in inspection.tokens:
        assert token.nonterminal == typed.grammar.label(machine.nonterminal)
        assert token.num_admitted == machine.mask().sum()
        machine.advance(token.id)
    assert inspection.num_forced == sum(token.num_admitted == 1 for token in inspection.tokens)


def test_text_tokens_show_the_text_that_they_encode(
    text_tokenizer: ByteBPETokenizer, documents: list[dict[str, Any]]
) -> None:
    inspection = inspect_value(text_tokenizer, documents[0])
    expected = dump_document(documents[0]) if text_tokenizer.text == "yaml" else canonical_json(documents[0]).decode()
    assert inspection.text == expected
    assert text_of(inspection) == expected.removesuffix("\n")
    assert all(cut(inspection))
    assert inspection.tokens[0].nonterminal is None
    assert inspection.num_forced == 0


def test_a_character_of_several_text_tokens_belongs_to_the_first(text_tokenizer: ByteBPETokenizer) -> None:
    inspection = inspect_value(text_tokenizer, ["😀x"])
    shown = cut(inspection)
    start = next(index for index, text in enumerate(shown) if "😀" in text)
    assert shown[start + 1 : start + 4] == ["·"] * 3


@given(st.text(st.characters(codec="utf-8"), max_size=20))
def test_runs_have_no_hidden_or_control_characters(text: str) -> None:
    for line in inspect_value(ANY_TEXT, text).lines():
        assert all(character.isprintable() or character == "\t" for run in line for character in run.text)


def test_tokens_that_encode_does_not_choose_are_shown_as_they_are(
    typed: Tokenizer, documents: list[dict[str, Any]]
) -> None:
    symbols = Tokenizer.from_grammar(typed.grammar)
    for value in documents:
        chosen = typed.encode(value)
        # The ids of single symbols are the same in every tokenizer of a grammar.
        single = symbols.encode(value)
        assert len(single) > len(chosen)
        inspection = inspect_tokens(typed, single)
        assert [token.id for token in inspection.tokens] == single
        assert inspection.text == inspect_tokens(typed, chosen).text == dump_document(typed.decode(chosen))


def test_nonterminals_have_the_same_labels_under_new_tables(monkeypatch: pytest.MonkeyPatch) -> None:
    schema = {"type": "array", "items": {"enum": ["a", "b", 1]}, "minItems": 2, "maxItems": 20}
    tokenizer = Tokenizer.from_grammar(compile_schema(schema))
    assert inspect_value(tokenizer, 12 * ["a"])
    expected = inspect_value(tokenizer, ["a", 1, "b"]).tokens
    monkeypatch.setattr("schemalm.machine.shared_tables.MAX_STATES_ADDED", -1)
    assert inspect_value(tokenizer, ["a", 1, "b"]).tokens == expected


def test_lines_are_the_text_without_line_feeds(typed: Tokenizer, documents: list[dict[str, Any]]) -> None:
    for value in documents:
        inspection = inspect_value(typed, value)
        lines = ["".join(run.text for run in line if not run.is_mark) for line in inspection.lines()]
        assert lines == inspection.text.removesuffix("\n").split("\n")
        assert all(run.text for line in inspection.lines() for run in line)


@given(st.text())
def test_each_line_of_a_text_shows_its_own_tokens(text: str) -> None:
    inspection = inspect_value(ANY_TEXT, text)
    shown = [run.text for line in inspection.lines() for run in line]
    assert "".join(shown).replace("\n", "") == "".join(run.text for run in inspection.runs()).replace("\n", "")
    assert len(inspection.lines()) == inspection.text.count("\n")


def test_what_is_no_document_or_too_deep_for_yaml_is_not_shown(typed: Tokenizer) -> None:
    with pytest.raises(DecodeError):
        inspect_tokens(typed, typed.encode({"kind": "alpha"})[:-1])
    lists = Tokenizer.from_grammar(compile_schema({"type": "array", "items": {"$ref": "#"}}))
    value: list[Any] = []
    for _ in range(200):
        value = [value]
    with pytest.raises(DocumentError, match="nested deeper"):
        inspect_tokens(lists, lists.encode(value))
