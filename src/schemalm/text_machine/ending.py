"""The end of a text: the symbols of the machine's completion, written as JSON."""

from __future__ import annotations

from schemalm.documents import canonical_json
from schemalm.grammar.symbols import NUM_BYTES
from schemalm.machine import Machine
from schemalm.text_machine.machine_derivation import MachineDerivation
from schemalm.text_machine.reader import Place, Reader
from schemalm.text_machine.spellings import ESCAPED, Spellings, Texts, escaped

_OPENING = {"object": b"{", "array": b"[", "string": b'"', "number": b""}
_CLOSING = {
    "OBJECT_END": b"}",
    "ARRAY_END": b"]",
    "KEY_END": b'":',
    "TRUE": b"true",
    "FALSE": b"false",
    "NULL": b"null",
}


def ending(reader: Reader[MachineDerivation]) -> bytes:
    """Returns the text of a cheap end of a reader's document; the reader is unchanged."""
    machine = (reader.free or reader.derivation).machine.copy()
    writer = _Writer(reader.spellings, machine, is_first=reader.place in (Place.FIRST, Place.KEY))
    writer.is_value = reader.place in (Place.VALUE, Place.COLON)
    if reader.place == Place.COLON:
        writer.text += b":"
    writer.finish_spelling(reader)
    for token in machine.completion():
        writer.write(machine.tables.vocabulary.symbols[token][0])
    return bytes(writer.text)


class _Writer:
    """Writes symbols as JSON.

    is_first: whether the next key or item is the first one, or its comma is written. is_value: whether a value begins.
    """

    def __init__(self, spellings: Spellings, machine: Machine, *, is_first: bool) -> None:
        self._spellings, self._machine = spellings, machine
        self.text = bytearray()
        self.is_first, self.is_value = is_first, False

    def finish_spelling(self, reader: Reader[MachineDerivation]) -> None:
        """Writes the rest of a symbol whose text has begun."""
        if self._machine.is_complete:
            return
        nonterminal = self._machine.nonterminal
        if reader.place == Place.KEY:
            self._write_key(self._spellings.names(nonterminal))
        elif reader.place == Place.WORD:
            rest, symbol = reader.detail
            self.text += rest
            self._machine.advance(self._machine.tables.vocabulary.symbol_token(symbol))
        elif reader.place == Place.CONSTANT:
            self._finish(self._spellings.constants(nonterminal), reader.detail)
        elif reader.place == Place.STRING and reader.detail:
            self._finish(ESCAPED, reader.detail)
        elif reader.place == Place.NAME and reader.free is None:
            self._finish(self._spellings.names(nonterminal), reader.detail[0])
            self.text += b":"
            self.is_value = True
        elif reader.place == Place.NAME and reader.detail[1]:
            self._finish(ESCAPED, reader.detail[1])

    def _write_key(self, names: Texts) -> None:
        """Writes a key, which must follow a comma: the first name that may come, else the beginning of a free key."""
        symbols = (*names.symbols.values(), self._spellings.free_key)
        self.write(next(filter(self._machine.admits, symbols)))

    def _finish(self, texts: Texts, begun: bytes) -> None:
        """Writes the rest of the first text that may come."""
        symbol = next(filter(self._machine.admits, texts.by_prefix[begun]))
        text = next(text for text, other in texts.symbols.items() if other == symbol)
        self.text += text[len(begun) :]
        self._machine.advance(self._machine.tables.vocabulary.symbol_token(symbol))

    def write(self, symbol: int) -> None:
        """Writes the next symbol."""
        spellings, machine = self._spellings, self._machine
        kind = spellings.kind(machine.nonterminal)
        if self.is_value and kind is not None:
            self._open(kind)
        label, _, text = spellings.grammar.symbols.symbols[symbol]
        if symbol < NUM_BYTES:
            self.text += bytes((symbol,)) if kind == "number" else escaped(bytes((symbol,)))
        elif label == "AS":
            self._open(text)
        elif label in ("KEY", "FREE_KEY", "ITEM"):
            self.text += b"" if self.is_first else b","
            self.text += canonical_json(text) + b":" if label == "KEY" else b'"' if label == "FREE_KEY" else b""
            self.is_first, self.is_value = False, label != "FREE_KEY"
        else:
            self.text += self._closing(label, text, kind)
            self.is_first, self.is_value = False, label == "KEY_END"
        machine.advance(machine.tables.vocabulary.symbol_token(symbol))

    def _open(self, kind: str) -> None:
        self.text += _OPENING[kind]
        self.is_first, self.is_value = True, False

    def _closing(self, label: str, text: str, kind: str | None) -> bytes:
        if label == "CONST":
            return canonical_json(text)
        if label == "END":
            return b"" if kind == "number" else b'"'
        return _CLOSING[label]
