"""Keys of bounded length run out where few go on, and not before."""

from __future__ import annotations

from typing import Any

import pytest

from schemalm.compilation import compile_schema
from schemalm.text_machine import ByteVocabulary, TextMachine, TextTables
from schemalm.text_machine.key_supply import MANY

TOKENS = [bytes([byte]) for byte in range(256)] + [b'":1,"']
VOCABULARY = ByteVocabulary(TOKENS)


def is_plentiful(pattern: str, text: str) -> bool:
    """Whether keys of a pattern cannot run out after the beginning of an object."""
    schema: dict[str, Any] = {"type": "object", "patternProperties": {pattern: {}}, "additionalProperties": False}
    machine = TextMachine(TextTables(compile_schema(schema), VOCABULARY))
    assert machine.read(text.encode()) == len(text)
    return not machine._may_run_out_of_keys()


@pytest.mark.parametrize(
    ("pattern", "text", "expected"),
    [
        ("^[ab]{1,60}$", '{"a":1,', True),
        ("^[ab]{1,60}$", '{"a":1,"ab', True),
        ("^[ab]{1,60}$", '{"' + 57 * "a" + '":1,', False),
        ("^[ab]{1,60}$", '{"' + 57 * "a" + '":1,"a', False),
        ("^[ab]{1,60}$", '{"' + 57 * "a" + '":1,"b', False),
        ("^[ab]+$", '{"' + 57 * "a" + '":1,', True),
        ("^[ab]{1,9}$", '{"a":1,', False),
        ("^([ab]{1,60}|x[ab])$", '{"a":1,', False),
        ("^[a-z]{1,60}$", "{" + "".join(f'"{chr(97 + n // 26)}{chr(97 + n % 26)}":1,' for n in range(MANY)), False),
    ],
)
def test_keys_are_plentiful_unless_few_go_on_from_a_beginning_in_use(pattern: str, text: str, expected: bool) -> None:
    assert is_plentiful(pattern, text) == expected


def test_a_token_longer_than_keys_may_write_them_all() -> None:
    schema = {"type": "object", "patternProperties": {"^[ab]{1,14}$": {}}, "additionalProperties": False}
    for token, expected in ((b'","', True), (b'":1,"aaaaaaaaaaaa":1,"', False)):
        machine = TextMachine(TextTables(compile_schema(schema), ByteVocabulary([*TOKENS, token])))
        machine.read(b'{"a":1,')
        assert machine._may_run_out_of_keys() != expected
