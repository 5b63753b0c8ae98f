"""Tables that nobody reads under are free at once, without the garbage collector."""

from __future__ import annotations

import gc
import weakref

from schemalm.compilation import compile_schema
from schemalm.text_machine import ByteVocabulary, TextMachine, TextTables

SCHEMA = {
    "type": "object",
    "patternProperties": {
        "^[ab]{1,60}$": {"type": "array", "items": {"enum": [1, 2, 3]}, "uniqueItems": True},
    },
    "additionalProperties": False,
}


def test_tables_of_texts_are_free_at_once() -> None:
    vocabulary = ByteVocabulary([bytes([byte]) for byte in range(256)] + [b'":1,"'])
    grammar = compile_schema(SCHEMA)
    gc.disable()
    try:
        tables = TextTables(grammar, vocabulary)
        machine = TextMachine(tables)
        for byte in b'{"a":[1,':
            machine.mask()
            machine.read(bytes([byte]))
        machine.mask()
        alive = [weakref.ref(part) for part in (tables, tables.walker, tables.key_supply, tables.machine_tables)]
        del tables, machine
        assert [part() for part in alive] == [None] * len(alive)
    finally:
        gc.enable()
