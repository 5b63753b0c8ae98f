"""What a model is told of the machine's place."""

from __future__ import annotations

from schemalm.dataset.grammar_state import UNKNOWN_ROW, GrammarStateReader
from schemalm.grammar import compile_schema
from schemalm.tokenizer import Tokenizer

SCHEMA = {"type": "object", "properties": {"a": {"type": "string"}}, "additionalProperties": {"$ref": "#"}}


def test_rows_name_what_training_met_and_the_rest_is_unknown() -> None:
    tokenizer = Tokenizer.train(compile_schema(SCHEMA), [{"a": "one two", "b": {"a": "x"}}] * 6, vocab_size=300)
    reader = GrammarStateReader(tokenizer)
    tokens = tokenizer.encode({"a": "two", "b": {"c": {}}})
    nonterminals, states = reader.trace(tokenizer.machine(), tokens)
    assert len(nonterminals) == len(states) == len(tokens)
    by_label, by_path = tokenizer.states.rows()
    machine = tokenizer.machine()
    for token, nonterminal, state in zip(tokens, nonterminals, states, strict=True):
        assert nonterminal == machine.nonterminal
        label = tokenizer.tables.label(machine.nonterminal)
        assert state == reader.rows(machine)
        assert state == (by_label.get(label, UNKNOWN_ROW), by_path.get(machine.path, UNKNOWN_ROW))
        machine.advance(token)
    assert UNKNOWN_ROW in {path for _, path in states}
    assert reader.rows(machine) == (UNKNOWN_ROW, UNKNOWN_ROW)
