"""Follow a grammar along JSON text: which pieces of bytes keep a text the beginning of a valid document.

In go a grammar and the bytes of each token of any vocabulary; out come masks over that vocabulary, and the cheapest end
of a text.

The text is compact JSON, as `canonical_json` writes it: named keys in the grammar's order, no white space, one spelling
of each string and number. So a value has one text, and a text never stops growing by white space alone.
"""

from schemalm.text_machine.byte_trie import MAX_TOKEN_BYTES
from schemalm.text_machine.machine import ByteVocabulary, TextMachine, TextTables

__all__ = ["MAX_TOKEN_BYTES", "ByteVocabulary", "TextMachine", "TextTables"]
