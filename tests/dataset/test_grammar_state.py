"""The embedding rows for the state of a machine."""

from __future__ import annotations

from schemalm.compilation import compile_schema
from schemalm.dataset.grammar_state import UNKNOWN_ROW, GrammarStateReader
from schemalm.tokenizer import Tokenizer

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"$ref": "#"}}


def test_rows_exist_for_the_training_corpus_and_the_rest_is_unknown() -> None:
    tokenizer = Tokenizer.train(compile_schema(SCHEMA), [{"a": "one two", "b": {"a": "x"}}] * 6, vocab_size=300)
    reader = GrammarStateReader(tokenizer)
    by_label, by_path = tokenizer.states.rows()
    machine, paths = tokenizer.machine(), set()
    for token in tokenizer.encode({"a": "two", "b": {"c": {}}}):
        label = tokenizer.tables.label(machine.nonterminal)
        state = reader.rows(machine)
        assert state == (by_label.get(label, UNKNOWN_ROW), by_path.get(machine.path, UNKNOWN_ROW))
        paths.add(state[1])
        machine.advance(token)
    assert UNKNOWN_ROW in paths
    assert reader.rows(machine) == (UNKNOWN_ROW, UNKNOWN_ROW)
