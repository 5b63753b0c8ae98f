"""Text as it may be shown: characters that hide, move or control something are written as escapes.

In goes any text, out comes one without control characters, bidirectional controls, zero-width characters and rare
spaces. For eyes only: what comes out is no YAML any more where something was escaped, but for `printable`.
Names, keys, pointers and values of files that anybody may have made are shown on one line, and cut where they are long.
"""

from __future__ import annotations

import re
import shlex

from schemalm.messages.wording import shortened

MAX_NAME = 240
# Line feeds and tabs are left as they are; the surrogates are what file names that are not UTF-8 turn into.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def visible(text: str) -> str:
    r"""The text with every character that is not printable as `\u202e`, line feeds and tabs aside."""
    return _escaped(text, "\n\t")


def visible_line(text: str) -> str:
    r"""The text as one line: line feeds and tabs are escaped too, `\u000a`."""
    return _escaped(text, "")


def visible_name(text: str, most: int = MAX_NAME) -> str:
    """A name, key or pointer as one line of at most so many characters, the end cut off."""
    return shortened(visible_line(text[: most + 1]), most)


def printable(text: str) -> str:
    r"""The text with control characters as `\u001b`, which strings of JSON and quoted ones of YAML read as the same."""
    return _CONTROL.sub(lambda match: _escape(match[0]), text)


def shell_word(text: str) -> str:
    r"""The text as one word of a command line, which stays the same word; what is not printable as in $'\x1b'."""
    if text.isprintable():
        return shlex.quote(text)
    return f"$'{''.join(map(_shell_character, text))}'"


def _shell_character(character: str) -> str:
    if character in "'\\":
        return f"\\{character}"
    if character.isprintable():
        return character
    # In file names, surrogates of this range stand for single bytes.
    handling = "surrogateescape" if "\udc80" <= character <= "\udcff" else "surrogatepass"
    return "".join(f"\\x{byte:02x}" for byte in character.encode(errors=handling))


def _escaped(text: str, kept: str) -> str:
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in kept else _escape(character) for character in text
    )


def _escape(character: str) -> str:
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
