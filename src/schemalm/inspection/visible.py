"""Text as it may be shown: characters that hide, move or control something are written as escapes.

In goes any text, out comes one without control characters, bidirectional controls, zero-width characters and rare
spaces; line feeds and tabs stay. For eyes only: what comes out is no YAML any more where something was escaped.
"""

from __future__ import annotations


def visible(text: str) -> str:
    r"""The text with every character that is not printable as `\u202e`, line feeds and tabs aside."""
    if text.isprintable():
        return text
    return "".join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    if character.isprintable() or character in "\n\t":
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
