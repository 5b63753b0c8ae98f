"""U+0085, U+2028 and U+2029, which YAML 1.2 has for content (section 5.4) and YAML parsers for line breaks.

Before a text is parsed, each of them gives way to a stand-in: a character of no meaning to YAML that the text holds
neither raw nor escaped. So every place in the text stays what it is, and afterwards each stand-in in a string, a key or
a message is what it stood for.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass

from schemalm.documents.values import JSONValue
from schemalm.errors import DocumentError

_SEPARATORS = ("\x85", "\u2028", "\u2029")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))")
# An area for private use, which texts seldom hold, then the characters beyond 16 bits: none has a meaning to YAML.
_CANDIDATES = (range(0xE000, 0xF900), range(0x10000, 0x110000))


def has_separators(text: str) -> bool:
    """Tell whether a text holds one of the three characters."""
    return "\x85" in text or "\u2028" in text or "\u2029" in text


@dataclass(frozen=True)
class StandIns:
    """The stand-ins of one text, in the order U+0085, U+2028, U+2029."""

    characters: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> StandIns:
        """Choose the stand-ins of a text; raises `DocumentError` where it holds every character that could be one."""
        taken = {ord(character) for character in set(text)}
        taken.update(int(next(filter(None, found.groups())), 16) for found in _ESCAPE.finditer(text))
        free = (chr(code) for code in itertools.chain(*_CANDIDATES) if code not in taken)
        characters = tuple(itertools.islice(free, len(_SEPARATORS)))
        if len(characters) < len(_SEPARATORS):
            raise DocumentError("too many different characters beside U+0085, U+2028 or U+2029")
        return cls(characters)

    def hide(self, text: str) -> str:
        """The text with stand-ins."""
        for separator, stand_in in zip(_SEPARATORS, self.characters, strict=True):
            text = text.replace(separator, stand_in)
        return text

    def show(self, text: str) -> str:
        """What a string or key of the document was."""
        for separator, stand_in in zip(_SEPARATORS, self.characters, strict=True):
            text = text.replace(stand_in, separator)
        return text

    def show_message(self, message: str) -> str:
        """The message about the text itself, where it quotes a stand-in as it is or escaped."""
        for separator, stand_in in zip(_SEPARATORS, self.characters, strict=True):
            message = message.replace(repr(stand_in)[1:-1], repr(separator)[1:-1])
        return self.show(message)

    def show_value(self, value: JSONValue) -> JSONValue:
        """The value of the text itself, as a copy."""
        if isinstance(value, str):
            return self.show(value)
        if isinstance(value, list):
            return [self.show_value(item) for item in value]
        if isinstance(value, dict):
            return {self.show(key): self.show_value(item) for key, item in value.items()}
        return value
