"""Text that is safe to show: characters that hide, move or control something are escaped.

In goes any text; out comes text without control characters, bidirectional controls, zero-width characters and rare
spaces. It is for display only: after escaping, it may not be valid YAML any more, except for `printable`. Names, keys,
pointers and values from untrusted files are shown on one line, and long ones are shortened.
"""

from __future__ import annotations

import re
import shlex

from schemalm.messages.wording import shortened

MAX_NAME = 240
# Line feeds and tabs are left as they are; surrogates appear in file names that are not UTF-8.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def visible(text: str) -> str:
    r"""Return the text with unprintable characters escaped as `\u202e`, except line feeds and tabs."""
    return _escaped(text, "\n\t")


def visible_line(text: str) -> str:
    r"""Return the text as one line: line feeds and tabs are escaped too, as `\u000a`."""
    return _escaped(text, "")


def visible_name(text: str, most: int = MAX_NAME) -> str:
    """Return a name, key or pointer as one line, shortened to `most` characters."""
    return shortened(visible_line(text[: most + 1]), most)


def printable(text: str) -> str:
    r"""Return the text with control characters escaped as `\u001b`, which JSON and quoted YAML strings read back."""
    return _CONTROL.sub(lambda match: _escape(match[0]), text)


def shell_word(text: str) -> str:
    r"""Return the text quoted as one word of a shell command; unprintable characters are written as in $'\x1b'."""
    if text.isprintable():
        return shlex.quote(text)
    return f"$'{''.join(map(_shell_character, text))}'"


def _shell_character(character: str) -> str:
    if character in "'\\":
        return f"\\{character}"
    if character.isprintable():
        return character
    # In file names, surrogates in this range represent single bytes.
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
