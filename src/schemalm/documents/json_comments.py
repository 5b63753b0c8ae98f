"""JSON as editors' configuration files have it: with comments and trailing commas.

Both give way to blanks, so what is left is strict JSON in which every place is where it was. Comments are `// ...` to
the end of the line and `/* ... */`; a trailing comma stands between a value and the bracket that closes its list or
object. Nothing else that JSON does not have is allowed for.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
    (?P<string> "(?:[^"\\\r\n]++|\\[^\r\n])*+"? )
    | (?P<comment> //[^\r\n]* | /\*(?:[^*]++|\*(?!/))*+\*/ )
    | (?P<unfinished> /\*.* )
    | (?P<blank> [\x20\t\r\n]+ )
    | (?P<mark> [\[\]{},:] )
    | (?P<other> [^"/\x20\t\r\n\[\]{},:]+ | / )
    """,
    re.VERBOSE | re.DOTALL,
)
_NOT_BREAK = re.compile(r"[^\r\n]")


def blank_comments(text: str) -> str:
    """The text with blanks for comments and trailing commas, as long as it was; the same text where it has none."""
    pieces: list[str] = []
    comma: int | None = None  # the piece of a comma that follows a value, while nothing but blanks follows it
    follows_value = False
    for token in _TOKEN.finditer(text):
        kind, piece = token.lastgroup, token[0]
        if kind == "comment":
            piece = _NOT_BREAK.sub(" ", piece)
        elif kind != "blank":
            if piece in ("]", "}") and comma is not None:
                pieces[comma] = " "
            comma = len(pieces) if piece == "," and follows_value else None
            follows_value = kind != "mark" or piece in ("]", "}")
        pieces.append(piece)
    return "".join(pieces)
