"""Free keys of an object: which tokens repeat one, and which languages of keys are infinite."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.machine.free_keys import MAX_UNITS, EndlessKeys, FreeKeys, KeyTokens
from schemalm.tokenizer import Tokenizer

NULLS = {"type": "object", "additionalProperties": {"type": "null"}}


def trained() -> Tokenizer:
    values = [{"cache key": None, "cache-hit": None, "key": None}] * 9
    return Tokenizer.train(compile_schema(NULLS), values, vocab_size=300)


def added(tokens: KeyTokens, *names: str) -> FreeKeys:
    keys = FreeKeys()
    for name in names:
        keys = keys.extended(name).with_key(tokens)
    return keys


def test_every_token_that_ends_a_key_as_an_earlier_one_is_known() -> None:
    tokenizer = trained()
    keys = added(KeyTokens(tokenizer.vocabulary), "cache key", "key")
    for prefix in ("", "c", "cache", "cache ", "cache key", "k", "key", "x"):
        begun_keys = keys.extended(prefix)
        expected = {
            token
            for token, spelling in enumerate(tokenizer.vocabulary.spellings)
            if spelling and prefix + spelling in (name + KeyTokens(tokenizer.vocabulary).end for name in keys)
        }
        assert set(begun_keys.repeating_tokens) == expected
        assert len(begun_keys.repeating_tokens) == len(expected)


def test_versions_of_an_object_keep_their_own_keys() -> None:
    tokens = KeyTokens(trained().vocabulary)
    keys = added(tokens, "key")
    one, other = keys.extended("one").with_key(tokens), keys.extended("other").with_key(tokens)
    assert ([*keys], [*one], [*other]) == (["key"], ["key", "one"], ["key", "other"])
    assert "one" in one
    assert "one" not in other
    assert not keys.extended("other").repeating_tokens
    assert not one.extended("other").repeating_tokens
    assert other.extended("other").repeating_tokens


@pytest.mark.parametrize(
    ("pattern", "is_endless"),
    [("", True), ("^[a-z]+$", True), ("^a*b$", False), ("^(include|x.*)$", False), ("^[a-q]{2,9}$", False)],
)
def test_finite_and_infinite_languages_of_keys_are_distinguished(pattern: str, is_endless: bool) -> None:
    schema: Any = {"type": "object", "patternProperties": {pattern: {"type": "null"}}, "additionalProperties": False}
    grammar = compile_schema(schema)
    opened = grammar.step(
        grammar.start,
        Tokenizer.from_grammar(grammar).encode({"aab" if "b" in pattern else "xx" if "x" in pattern else "aa": None})[0]
        - 2,
    )
    assert opened is not None
    assert EndlessKeys(grammar).contains(opened.opened[0]) == is_endless


def test_a_machine_starts_at_once_if_it_is_hard_to_decide_whether_keys_run_out() -> None:
    windows = {"allOf": [{"pattern": "a[ab]{40}a"}, {"pattern": "b[ab]{41}b"}]}
    grammar = compile_schema({"type": "object", "propertyNames": windows})
    before = grammar.budget.num_units
    Tokenizer.from_grammar(grammar).machine()
    assert grammar.budget.num_units - before < 4 * MAX_UNITS
