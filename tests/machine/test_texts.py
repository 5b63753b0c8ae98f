"""Lazy lists of texts."""

from __future__ import annotations

from itertools import islice

import pytest

from schemalm.compilation import compile_schema
from schemalm.errors import LimitError
from schemalm.grammar.grammar import Grammar
from schemalm.grammar.states import Text
from schemalm.limits import Limits
from schemalm.machine.texts import Texts


def first_texts(grammar: Grammar, texts: Texts) -> list[bytes]:
    node = grammar.nonterminals[grammar.start]
    assert isinstance(node.state, Text)
    return [*islice(texts.all(node.state.dfa_state, node.accepts), 40)]


def test_a_lazy_list_continues_after_a_call_that_took_too_much_work() -> None:
    grammar = compile_schema({"type": "string"}, limits=Limits(call_work=100))
    texts = Texts(grammar)
    with pytest.raises(LimitError), grammar.budget.call("mask"):
        first_texts(grammar, texts)
    assert first_texts(grammar, texts) == first_texts(grammar, Texts(grammar))
