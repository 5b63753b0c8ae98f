"""Documents as fields: each token writes bytes, and their marks cut a document into few pieces.

A field is a text with all the structure before it, `FIELD_END` follows it; what comes after the last text is a field
too. The text stands as in JSON, with the quotation mark that ends it. Structure stands between the marks `RUN` and
`RUN_END`, a character for each symbol, once for each token that it was cut into. JSON escapes the bytes of all marks,
so fields say what the symbols are.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import orjson
import tiktoken

from schemalm.grammar.symbols import END, KEY_END, NUM_BYTES
from schemalm.machine.vocabulary import Vocabulary

FIELD_END = b"\x00"
RUN = b"\x01"
RUN_END = b"\x02"
TEXT_END = b'"' + FIELD_END


class FieldWriter:
    """Writes tokens as fields; the library `tiktoken` puts their bytes together."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        symbols = vocabulary.grammar.symbols
        end, self._key_end = (symbols.characters[symbols.ids[symbol]] for symbol in (END, KEY_END))
        self._written = {chr(byte): orjson.dumps(chr(byte))[1:-1] for byte in range(0x80)}
        self._written |= {chr(byte): bytes([byte]) for byte in range(0x80, NUM_BYTES)}
        self._written[end] = TEXT_END
        # The end of a key begins a run.
        pieces = re.compile(rf"[\x00-\xff{end}]|[^\x00-\xff{end}][^\x00-\xff{end}{self._key_end}]*")
        ranks = {
            b"".join(map(self._piece, pieces.findall(spelling))): token
            for token, spelling in enumerate(vocabulary.spellings)
            if spelling
        }
        self._engine = tiktoken.Encoding("fields", pat_str=".", mergeable_ranks=ranks, special_tokens={})

    def _piece(self, characters: str) -> bytes:
        """What a byte, the end of a text, or a run of other structure writes."""
        if characters in self._written:
            return self._written[characters]
        run = RUN + characters.encode() + RUN_END
        return TEXT_END + run if characters[0] == self._key_end else run

    def fields(self, ids: Sequence[int]) -> list[bytes]:
        """The fields of some tokens; raises KeyError or OverflowError for an id that is no token of a document."""
        found = self._engine.decode_bytes(ids).split(FIELD_END)
        if not found[-1]:
            found.pop()
        return found
