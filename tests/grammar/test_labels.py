from __future__ import annotations

from collections.abc import Iterator

import schemalm
from schemalm.grammar.labels import FORMULA_NAMES
from schemalm.schema.assertions import Assertion
from schemalm.schema.formula import Atom, Connective, Formula
from schemalm.schema.keywords.arrays import ArrayAssertion
from schemalm.schema.keywords.objects import ObjectAssertion
from schemalm.schema.keywords.strings import InLanguage

BASES = {Assertion, ObjectAssertion, ArrayAssertion, InLanguage, Atom, Connective}
SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "minLength": 2}, "tags": {"items": {"enum": ["a", 1, None]}}},
    "required": ["name"],
    "patternProperties": {"^x-": {"anyOf": [{"type": "integer"}, {"maxItems": 3}]}},
}


def kinds_of_formula(base: type[Formula]) -> Iterator[type[Formula]]:
    for kind in base.__subclasses__():
        yield kind
        yield from kinds_of_formula(kind)


def test_every_formula_has_a_name_of_its_own() -> None:
    assert set(kinds_of_formula(Formula)) - BASES == set(FORMULA_NAMES)
    assert len(set(FORMULA_NAMES.values())) == len(FORMULA_NAMES)


def test_labels_stay_those_of_tokenizer_files() -> None:
    tokenizer = schemalm.Tokenizer.from_grammar(schemalm.compile_schema(SCHEMA))
    machine, labels = tokenizer.machine(), []
    for token in tokenizer.encode({"name": "ab", "tags": [None], "x-a": 3}):
        labels.append(tokenizer.grammar.label(machine.nonterminal))
        machine.advance(token)
    assert labels == [
        *("ae3aa17b99efec45", "d547ac3356d31467", "f989dddf408c483a", "c98a28b86702aa75", "6d2ee9e6f524f2d1"),
        *("1cf66303bddb76ba", "8eee4f73e9c915a1", "15e2e091466ea17a", "8eee4f73e9c915a1", "f366dbd41b4e4486"),
        *("0aebf3d79c53b5f7", "d23449b83d7e2660", "ecb9d3d6e73f5e4f", "ecb9d3d6e73f5e4f", "7560bbe8e8144353"),
        *("1c3b32f647cefbf5", "119e28e21038f343", "f366dbd41b4e4486"),
    ]
